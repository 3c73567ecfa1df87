#include "readers/poll_loop.h"

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "support/manual_clock.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0); }
  ~Pipe() {
    for (int end : ends) {
      if (end >= 0) close(end);
    }
  }
  void say(std::string_view text) { EXPECT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size())); }
  std::array<int, 2> ends = {-1, -1};
};

class PollLoopTest : public testing::Test {
 protected:
  SystemClock clock;
  std::unique_ptr<PollLoop> loop = std::move(PollLoop::create(clock)).value();
};

TEST_F(PollLoopTest, RunsWhatOtherThreadsPostInOrder) {
  std::vector<int> seen;
  std::thread sender([&] {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(loop->post([&seen, i] { seen.push_back(i); }));
    EXPECT_TRUE(loop->post([&] { loop->stop(); }));
  });
  loop->run();
  sender.join();
  ASSERT_EQ(seen.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i);
  EXPECT_GT(loop->turns(), 0U);
}

TEST_F(PollLoopTest, StopFromAnotherThreadEndsAnIdleLoop) {
  std::atomic<bool> running = false;
  EXPECT_TRUE(loop->post([&] { running = true; }));
  std::thread runner([&] { loop->run(); });
  while (!running) std::this_thread::yield();
  loop->stop();
  runner.join();
}

TEST_F(PollLoopTest, RefusesTasksBeyondItsLimit) {
  for (int i = 0; i < 65'536; ++i) ASSERT_TRUE(loop->post([] {}));
  EXPECT_FALSE(loop->post([] {}));
}

TEST_F(PollLoopTest, TimersRunInOrderOfTheirTime) {
  std::string order;
  loop->after(3ms, [&] { order += 'c', loop->stop(); });
  loop->after(1ms, [&] { order += 'a'; });
  loop->after(2ms, [&] { order += 'b'; });
  loop->run();
  EXPECT_EQ(order, "abc");
}

TEST_F(PollLoopTest, ACancelledTimerNeverRunsEvenWhenItIsDue) {
  std::string order;
  PollLoop::TimerId second = 0;
  loop->after(0ms, [&] { order += 'a', loop->cancel(second); });
  second = loop->after(0ms, [&] { order += 'b'; });
  loop->after(1ms, [&] { loop->stop(); });
  loop->run();
  EXPECT_EQ(order, "a");
}

TEST_F(PollLoopTest, ATimerThatSetsItselfAgainStarvesNobody) {
  std::function<void()> again = [&] { loop->after(0ms, again); };
  again();
  EXPECT_TRUE(loop->post([&] { loop->after(1ms, [&] { loop->stop(); }); }));
  loop->run();
}

TEST_F(PollLoopTest, AnEndlessDelayDoesNotOverflow) {
  bool ran = false;
  loop->after(std::chrono::nanoseconds::max(), [&] { ran = true; });
  loop->after(0ms, [&] { loop->stop(); });
  loop->run();
  EXPECT_FALSE(ran);
}

TEST_F(PollLoopTest, SaysWhenADescriptorIsReadableAndWhenItHangsUp) {
  Pipe pipe;
  std::string got;
  std::uint32_t last = 0;
  const auto ready = [&](std::uint32_t events) {
    char text[16];
    const auto count = read(pipe.ends[0], text, sizeof text);
    if (count > 0) got.append(text, static_cast<std::size_t>(count));
    if (got.size() == 4 && pipe.ends[1] >= 0) close(pipe.ends[1]), pipe.ends[1] = -1;
    if ((events & EPOLLHUP) != 0) last = events, loop->stop();
  };
  ASSERT_TRUE(loop->watch(pipe.ends[0], EPOLLIN, ready));
  pipe.say("21.5");
  loop->run();
  EXPECT_EQ(got, "21.5");
  EXPECT_NE(last & EPOLLHUP, 0U);
}

TEST_F(PollLoopTest, ACallbackMayUnwatchItself) {
  Pipe pipe;
  int calls = 0;
  const auto ready = [&, note = std::string("the callback's own state outlives the call")](std::uint32_t) {
    loop->unwatch(pipe.ends[0]);
    ++calls;
    EXPECT_EQ(note.substr(0, 12), "the callback");
    loop->after(1ms, [&] { loop->stop(); });
  };
  ASSERT_TRUE(loop->watch(pipe.ends[0], EPOLLIN, ready));
  pipe.say("x");
  loop->run();
  EXPECT_EQ(calls, 1);
}

TEST_F(PollLoopTest, AnEventOfAClosedDescriptorIsNotGivenToItsSuccessor) {
  Pipe first, second;
  int stale = 0;
  // Whichever comes first closes the other one and opens a silent pipe under the same number.
  const auto replace = [&](int& fd) {
    loop->unwatch(fd);
    Pipe silent;
    ASSERT_EQ(dup3(silent.ends[0], fd, O_CLOEXEC), fd);
    ASSERT_TRUE(loop->watch(fd, EPOLLIN, [&](std::uint32_t events) { stale += (events & EPOLLIN) != 0; }));
  };
  bool replaced = false;
  const auto handler = [&](int& other) {
    return [&](std::uint32_t) {
      if (!std::exchange(replaced, true)) replace(other), loop->after(1ms, [&] { loop->stop(); });
    };
  };
  ASSERT_TRUE(loop->watch(first.ends[0], EPOLLIN, handler(second.ends[0])));
  ASSERT_TRUE(loop->watch(second.ends[0], EPOLLIN, handler(first.ends[0])));
  first.say("x");
  second.say("x");
  loop->run();
  EXPECT_TRUE(replaced);
  EXPECT_EQ(stale, 0);
}

TEST_F(PollLoopTest, ChangeAsksForOtherEvents) {
  Pipe pipe;
  bool writable = false;
  ASSERT_TRUE(loop->watch(pipe.ends[1], 0, [&](std::uint32_t events) { writable = (events & EPOLLOUT) != 0, loop->stop(); }));
  loop->after(1ms, [&] { loop->change(pipe.ends[1], EPOLLOUT); });
  loop->run();
  EXPECT_TRUE(writable);
}

TEST_F(PollLoopTest, WatchSaysWhyADescriptorCannotBeWatched) {
  const auto watched = loop->watch(-1, EPOLLIN, [](std::uint32_t) {});
  ASSERT_FALSE(watched);
  EXPECT_NE(watched.error().message.find("Bad file descriptor"), std::string::npos);
}

TEST(PollLoop, TakesTimeFromItsClock) {
  ManualClock clock;
  auto loop = std::move(PollLoop::create(clock)).value();
  bool ran = false;
  loop->after(24h, [&] { ran = true, loop->stop(); });
  EXPECT_TRUE(loop->post([&] {
    EXPECT_FALSE(ran);
    clock.advance(24h);
  }));
  loop->run();
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace weir::firmware
