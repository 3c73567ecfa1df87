#include "server/transports/message_deflate.h"

#include <gtest/gtest.h>

namespace weir::gateway {
namespace {

using namespace std::string_literals;

constexpr std::size_t bytes_max = 1000;

std::string message_of(std::size_t bytes) {
  std::string message;
  while (message.size() < bytes) message += R"({"device":"boiler-)" + std::to_string(message.size()) + R"(","value":21.5})";
  message.resize(bytes);
  return message;
}

TEST(MessageDeflate, WhatIsCompressedComesBackAndEachMessageStandsByItself) {
  MessageDeflate deflate;
  for (const std::size_t bytes : {100U, 999U, 1000U}) {
    const std::string message = message_of(bytes);
    const std::string first(deflate.compress(message));
    EXPECT_LT(first.size(), bytes);
    EXPECT_EQ(deflate.compress(message), first);  // no window is left from the one before
    const auto back = MessageDeflate().expand(first, bytes_max);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, message);
  }
  EXPECT_EQ(deflate.compressed(), 6U);
}

TEST(MessageDeflate, WhatWouldNotBeShorterStaysAsItIs) {
  MessageDeflate deflate;
  EXPECT_EQ(deflate.compress(std::string(MessageDeflate::bytes_min - 1, 'x')), "");
  std::string noise;
  for (std::uint32_t state = 1; noise.size() < 200; state = state * 1'664'525 + 1'013'904'223)
    noise += static_cast<char>(state >> 24U);
  EXPECT_EQ(deflate.compress(noise), "");
}

// RFC 7692 section 7.2.3: the examples.
TEST(MessageDeflate, ExpandsTheExamplesOfTheStandard) {
  MessageDeflate deflate;
  const auto expand = [&](const std::string& payload) {
    const auto message = deflate.expand(payload, bytes_max);
    return message ? *message : message.error().message;
  };
  EXPECT_EQ(expand("\xf2\x48\xcd\xc9\xc9\x07\x00"s), "Hello");                          // 7.2.3.1: one block
  EXPECT_EQ(expand("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s), "Hello");          // 7.2.3.3: not compressed
  EXPECT_EQ(expand("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), "Hello");                      // 7.2.3.4: the last block
  EXPECT_EQ(expand("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), "Hello");  // 7.2.3.5: two blocks
  EXPECT_EQ(expand("\x00"s), "");                                                       // 7.2.3.6: nothing
}

TEST(MessageDeflate, ABombStopsAtTheLimit) {
  MessageDeflate deflate;
  const std::string bomb(deflate.compress(std::string(std::size_t{16} << 20U, '0')));
  EXPECT_LT(bomb.size(), 100'000U);
  const auto expanded = deflate.expand(bomb, bytes_max);
  ASSERT_FALSE(expanded.ok());
  EXPECT_EQ(expanded.error().code, ErrorCode::full);
  const std::string most(bytes_max, '0'), more(bytes_max + 1, '0');
  EXPECT_EQ(*deflate.expand(std::string(deflate.compress(most)), bytes_max), most);
  EXPECT_FALSE(deflate.expand(std::string(deflate.compress(more)), bytes_max).ok());
}

TEST(MessageDeflate, GarbageAndWhatIsCutOffAreRefusedAndTheNextMessageIsRead) {
  MessageDeflate deflate;
  const std::string message = message_of(500), payload(deflate.compress(message));
  const auto refused = [&](const std::string& bytes) {
    const auto expanded = deflate.expand(bytes, bytes_max);
    return !expanded && expanded.error().code == ErrorCode::invalid;
  };
  EXPECT_TRUE(refused("\xff\xff\xff\xff garbage"));
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("\xf3\x48\xcd\xc9\xc9\x07\x00"s));  // a last block, and nothing behind it
  for (std::size_t bytes = 1; bytes < payload.size(); ++bytes) EXPECT_TRUE(refused(payload.substr(0, bytes))) << bytes;
  const auto expanded = deflate.expand(payload, bytes_max);
  ASSERT_TRUE(expanded.ok());
  EXPECT_EQ(*expanded, message);
}

TEST(DeflateOffer, OneThatAsksNothingOfTheServerIsTaken) {
  for (const char* taken :
       {"permessage-deflate", "permessage-deflate; client_max_window_bits", "permessage-deflate;client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=\"15\"", "x-other, permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover"}) {
    EXPECT_TRUE(offers_deflate(taken)) << taken;
  }
  for (const char* refused : {"", "permessage-bzip2", "permessage-deflatex", "permessage-deflate; server_max_window_bits=10",
                              "permessage-deflate; client_max_window_bits=16", "permessage-deflate; client_max_window_bits=",
                              "permessage-deflate; server_no_context_takeover=1", "permessage-deflate; unknown",
                              "permessage-deflate;", "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
                              "permessage-deflate, permessage-deflate; client_max_window_bits"}) {
    EXPECT_FALSE(offers_deflate(refused)) << refused;
  }
}

}  // namespace
}  // namespace weir::gateway
