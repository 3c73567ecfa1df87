// What every Reader promises (readers/reader.h), run over every implementation. A new one: a line in `kinds`.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "readers/mqtt/mqtt_reader.h"
#include "readers/reader.h"
#include "readers/serial/serial_reader.h"
#include "support/fake_intake.h"
#include "support/loop_thread.h"
#include "support/mosquitto.h"
#include "support/wait_until.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;

/// A reader named "contract" whose other side is not there: no broker listens, no port exists.
struct Kind {
  const char* kind;
  std::function<std::unique_ptr<Reader>(ReaderContext)> make_unconnected;
};

// Names the tests; without it a parameter is printed as bytes.
void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.kind; }

std::unique_ptr<Reader> mqtt(int version, ReaderContext context) {
  MqttOptions options;
  options.name = "contract";
  options.url = "mqtt://user:secret@127.0.0.1:" + std::to_string(test::free_port());
  options.version = version;
  options.client_id = "weir-contract";
  options.password = "secret";
  options.commands.publish = "sensors/{device}/commands";
  options.subscriptions = {{"sensors/+/+", 1, {}}};
  options.subscriptions[0].mapping.device = "{1}";
  options.subscriptions[0].mapping.metric = "{2}";
  return std::move(MqttReader::create(options, context)).value();
}

std::unique_ptr<Reader> serial(Framing framing, ReaderContext context) {
  SerialOptions options;
  options.name = "contract";
  options.port.path = "/dev/weir-contract-no-such-port";
  options.framing = framing;
  options.mapping.decode = "json";
  return std::move(SerialReader::create(options, context)).value();
}

const std::vector<Kind> kinds = {
    {"mqtt", [](ReaderContext context) { return mqtt(5, context); }},
    {"mqtt", [](ReaderContext context) { return mqtt(3, context); }},
    {"serial", [](ReaderContext context) { return serial(Framing::wire, context); }},
    {"serial", [](ReaderContext context) { return serial(Framing::lines, context); }},
};

class ReaderContract : public testing::TestWithParam<Kind> {
 protected:
  ReaderContract() {
    loop.call([this] { reader = GetParam().make_unconnected({loop.loop(), intake, listener, loop.clock()}); });
  }
  ~ReaderContract() override {
    loop.call([this] { reader.reset(); });
  }
  std::chrono::steady_clock::duration time_to(const std::function<void()>& task) {
    const auto begun = std::chrono::steady_clock::now();
    loop.call(task);
    return std::chrono::steady_clock::now() - begun;
  }
  bool says_why() {
    return test::wait_until([this] { return !reader->status().detail.empty() && !reader->status().connected; });
  }

  test::LoopThread loop;
  test::FakeIntake intake;
  test::FakeListener listener;
  std::unique_ptr<Reader> reader;
};

TEST_P(ReaderContract, StartAndStopMayBeRepeatedAndReturnInTime) {
  EXPECT_LT(time_to([this] { reader->stop(); }), 500ms) << "never started";
  for (int round = 0; round < 2; ++round) {
    EXPECT_LT(time_to([this] { reader->start(); }), 500ms);
    EXPECT_LT(time_to([this] { reader->start(); }), 500ms);
    EXPECT_TRUE(says_why());
    EXPECT_LT(time_to([this] { reader->stop(); }), 2500ms);
    EXPECT_LT(time_to([this] { reader->stop(); }), 500ms);
  }
}

TEST_P(ReaderContract, StatusWhileDisconnectedSaysWhy) {
  loop.call([this] { reader->start(); });
  ASSERT_TRUE(says_why());
  const auto status = reader->status();
  EXPECT_EQ(status.name, "contract");
  EXPECT_EQ(status.kind, GetParam().kind);
  EXPECT_FALSE(status.where.empty());
  EXPECT_EQ(status.connects, 0U);
  EXPECT_EQ((status.where + status.detail).find("secret"), std::string::npos);
}

TEST_P(ReaderContract, CommandToAnUnconnectedDeviceIsUnavailableAndAnsweredOnce) {
  std::atomic<int> answers = 0;
  std::atomic<bool> unavailable = false;
  const auto send = [&] {
    reader->send({"c1", "boiler", "set", "{}", from_nanoseconds(4'000'000'000'000'000'000)}, [&](const Result<void>& result) {
      ++answers;
      unavailable = !result.ok() && result.error().code == ErrorCode::unavailable && !result.error().message.empty();
    });
  };
  loop.call(send);  // not started
  EXPECT_TRUE(test::wait_until([&] { return answers == 1 && unavailable; }));
  loop.call([this] { reader->start(); });
  ASSERT_TRUE(says_why());
  unavailable = false;
  loop.call(send);
  EXPECT_TRUE(test::wait_until([&] { return answers == 2 && unavailable; }));
  loop.call([this] { reader->stop(); });
  loop.call([] {});
  EXPECT_EQ(answers, 2);
}

TEST_P(ReaderContract, IsNotTheWayToADeviceItNeverHeardOf) {
  loop.call([this] {
    reader->start();
    EXPECT_FALSE(reader->reaches("somebody-else"));
  });
}

TEST_P(ReaderContract, StatusMayBeAskedFromAnyThreadAtAnyTime) {
  std::atomic<bool> done = false;
  std::uint64_t asked = 0;
  std::thread asker([&] {
    do {
      asked += reader->status().name == "contract" ? 1 : 0;
    } while (!done);
  });
  loop.call([this] { reader->start(); });
  EXPECT_TRUE(says_why());
  loop.call([this] { reader->stop(); });
  done = true;
  asker.join();
  EXPECT_GT(asked, 0U);
}

TEST_P(ReaderContract, DestroyedWhileConnectingLeavesNothingBehind) {
  loop.call([this] {
    reader->start();
    reader.reset();
  });
  loop.call([] {});  // what it had posted has run
  EXPECT_TRUE(intake.readings().empty());
}

INSTANTIATE_TEST_SUITE_P(Readers, ReaderContract, testing::ValuesIn(kinds),
                         [](const auto& tested) { return std::string(tested.param.kind) + std::to_string(tested.index); });

}  // namespace
}  // namespace weir::firmware
