#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "load/http.h"
#include "load/websocket.h"

namespace weir::bench {
namespace {

TEST(ResponseHead, IsParsedWhenItIsComplete) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 12\r\ntransfer-encoding:chunked\r\n\r\n";
  EXPECT_FALSE(parse_head(head.substr(0, head.size() - 1)));
  const auto parsed = parse_head(head + "body");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->size, head.size());
  EXPECT_EQ(parsed->status, 200);
  EXPECT_EQ(parsed->length, 12U);
  EXPECT_TRUE(parsed->chunked);
  EXPECT_THROW(parse_head("SSH-2.0\r\n\r\n"), std::runtime_error);
}

TEST(Dechunker, GivesTheSamePayloadInWhateverPieces) {
  const std::string framed = "5\r\nhello\r\n1A;note=x\r\n, this is twenty-six bytes\r\n0\r\nTrailer: x\r\n\r\n";
  for (std::size_t piece = 1; piece <= framed.size(); ++piece) {
    Dechunker dechunker;
    std::string out;
    for (std::size_t at = 0; at < framed.size(); at += piece) {
      std::string bytes = framed.substr(at, piece);
      out.append(bytes.data(), dechunker.decode(bytes.data(), bytes.data() + bytes.size()));
    }
    EXPECT_EQ(out, "hello, this is twenty-six bytes") << piece;
    EXPECT_TRUE(dechunker.ended());
  }
  std::string wrong = "xyz\r\n";
  EXPECT_THROW(Dechunker().decode(wrong.data(), wrong.data() + wrong.size()), std::runtime_error);
}

TEST(Frame, IsFoundInEachOfItsThreeLengths) {
  for (const std::size_t size : {0U, 125U, 126U, 65'535U, 65'536U}) {
    std::string bytes = "\x81";
    const int more = size < 126 ? 0 : size < 65'536 ? 2 : 8;
    bytes += static_cast<char>(more == 0 ? size : more == 2 ? 126 : 127);
    for (int i = more - 1; i >= 0; --i) bytes += static_cast<char>(size >> (8 * i));
    bytes.append(size, 'p');
    EXPECT_FALSE(parse_frame(std::string_view(bytes).substr(0, bytes.size() - 1)));
    const auto frame = parse_frame(bytes + "next");
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->size, bytes.size());
    EXPECT_EQ(frame->payload.size(), size);
    EXPECT_TRUE(frame->last);
    EXPECT_EQ(frame->opcode, Opcode::text);
  }
}

}  // namespace
}  // namespace weir::bench
