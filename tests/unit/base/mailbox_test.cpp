#include "base/mailbox.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Mailbox, HandsOverInOrderAndWakesOncePerBatch) {
  int wakes = 0;
  Mailbox<std::string> box(10, [&] { ++wakes; });
  std::vector<std::string> out = {"old"};
  EXPECT_TRUE(box.push("a"));
  EXPECT_TRUE(box.push("b"));
  EXPECT_EQ(wakes, 1);
  box.drain(out);
  EXPECT_EQ(out, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(box.push("c"));
  EXPECT_EQ(wakes, 2);
}

TEST(Mailbox, FullRefusesAndLeavesTheItemToTheSender) {
  Mailbox<std::string> box(1, [] {});
  EXPECT_TRUE(box.push("a"));
  std::string item = "this text is kept by its sender";
  EXPECT_FALSE(box.push(std::move(item)));
  EXPECT_EQ(item, "this text is kept by its sender");
  EXPECT_EQ(box.refused(), 1U);
  EXPECT_EQ(box.size(), 1U);
}

TEST(Mailbox, LosesNothingBetweenThreads) {
  constexpr int each = 10'000;
  Mailbox<int> box(4 * each, [] {});
  std::vector<std::thread> senders;
  for (int s = 0; s < 4; ++s) {
    senders.emplace_back([&] {
      for (int i = 0; i < each; ++i) EXPECT_TRUE(box.push(1));
    });
  }
  std::vector<int> out;
  std::size_t got = 0;
  while (got < 4 * each) box.drain(out), got += out.size();
  for (auto& sender : senders) sender.join();
  EXPECT_EQ(got, std::size_t{4 * each});
}

}  // namespace
}  // namespace weir
