// MqttReader against a real broker.
#include "readers/mqtt/mqtt_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "support/fake_intake.h"
#include "support/loop_thread.h"
#include "support/mosquitto.h"
#include "support/wait_until.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;
using test::wait_until;

MqttOptions options_for(const std::string& url, int version) {
  MqttOptions options;
  options.name = "field";
  options.url = url;
  options.version = version;
  options.client_id = "weir-test";
  Mapping json;
  json.decode = "json";
  json.device = "{1}";
  options.subscriptions = {{"json/+", 1, json}};
  Mapping value;
  value.device = "{1}";
  value.metric = "{2}";
  options.subscriptions.push_back({"sensors/+/+", 1, value});
  options.commands.publish = "sensors/{device}/commands";
  options.commands.replies = "sensors/+/replies";
  return options;
}

class Bench {
 public:
  explicit Bench(MqttOptions options) {
    loop.call([&] {
      reader = std::move(MqttReader::create(std::move(options), {loop.loop(), intake, listener, loop.clock()})).value();
    });
  }
  ~Bench() {
    loop.call([this] { reader.reset(); });
  }
  void start() {
    loop.call([this] { reader->start(); });
  }
  void stop() {
    loop.call([this] { reader->stop(); });
  }
  bool connects(std::uint64_t times = 1) {
    return wait_until([&] { return reader->status().connected && reader->status().connects >= times; });
  }
  bool has(double value) {
    return wait_until([&] { return intake.has_value(value) || intake.has_value(static_cast<std::int64_t>(value)); });
  }
  std::size_t times(std::int64_t value) const {
    const auto readings = intake.readings();
    return static_cast<std::size_t>(
        std::count_if(readings.begin(), readings.end(), [&](const auto& one) { return one.value == Value(value); }));
  }

  test::LoopThread loop;
  test::FakeIntake intake;
  test::FakeListener listener;
  std::unique_ptr<MqttReader> reader;
};

class MqttReaderTest : public testing::TestWithParam<int> {
 protected:
  MqttOptions options() const { return options_for(broker.url(), GetParam()); }
  std::string client_version() const { return GetParam() == 5 ? "mqttv5" : "mqttv311"; }

  test::Mosquitto broker{"max_queued_messages 10000"};
};

TEST_P(MqttReaderTest, TopicLevelsBecomeDeviceAndMetric) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  broker.publish("sensors/boiler/temperature", "21.5");
  ASSERT_TRUE(bench.has(21.5));
  const auto reading = bench.intake.readings().front();
  EXPECT_EQ(reading.device, "boiler");
  EXPECT_EQ(reading.metric, "temperature");
  EXPECT_EQ(bench.reader->status().readings, 1U);
  bench.loop.call([&] {
    EXPECT_TRUE(bench.reader->reaches("boiler"));
    EXPECT_FALSE(bench.reader->reaches("pump"));
  });
}

TEST_P(MqttReaderTest, BrokerDownAtStartStopsNothing) {
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(wait_until([&] { return bench.reader->status().detail.find("refused by 127.0.0.1") != std::string::npos; }))
      << bench.reader->status().detail;
  EXPECT_FALSE(bench.reader->status().connected);
  broker.start();
  ASSERT_TRUE(bench.connects());
  EXPECT_EQ(bench.reader->status().detail, "");
  broker.publish("sensors/boiler/temperature", "22");
  EXPECT_TRUE(bench.has(22));
}

TEST_P(MqttReaderTest, BrokerThatForgotEverythingIsSubscribedToAgain) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  broker.publish("sensors/boiler/temperature", "1");
  ASSERT_TRUE(bench.has(1));
  broker.kill();
  ASSERT_TRUE(wait_until([&] { return !bench.intake.devices().empty(); }));
  EXPECT_EQ(bench.intake.devices().front().device, "boiler");
  EXPECT_EQ(bench.intake.devices().front().state, DeviceState::offline);
  broker.forget();
  broker.start();
  ASSERT_TRUE(bench.connects(2));
  ASSERT_TRUE(wait_until([&] {
    broker.publish("sensors/boiler/temperature", "2");  // until the subscription is made
    return bench.intake.has_value(std::int64_t{2});
  }));
}

TEST_P(MqttReaderTest, BrokerKeepsWhatIsPublishedWhileTheReaderIsAway) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  broker.publish("sensors/boiler/temperature", "1");
  ASSERT_TRUE(bench.has(1));
  bench.stop();
  broker.publish_lines("sensors/boiler/temperature", "10\n11\n12\n");
  broker.stop();
  broker.start();
  bench.start();
  EXPECT_TRUE(bench.has(10) && bench.has(11) && bench.has(12));
}

TEST_P(MqttReaderTest, MessageIsAcknowledgedOnlyAfterItsCommit) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  bench.intake.hold();
  broker.publish("sensors/boiler/temperature", "77");
  ASSERT_TRUE(wait_until([&] { return bench.intake.waiting() == 1; }));
  const auto before = std::chrono::steady_clock::now();
  bench.stop();  // with the commit under way: it must not be acknowledged now
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2500ms);
  EXPECT_TRUE(bench.intake.readings().empty());
  bench.intake.release();
  bench.start();
  EXPECT_TRUE(bench.has(77)) << "the broker had been told that the message was taken";
}

TEST_P(MqttReaderTest, RefusedMessagesStayWithTheBrokerAndComeAgain) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  bench.intake.refuse(ErrorCode::full);
  std::string lines;
  for (int i = 100; i < 200; ++i) lines += std::to_string(i) + "\n";
  broker.publish_lines("sensors/boiler/temperature", lines);
  ASSERT_TRUE(wait_until([&] { return bench.intake.refused() >= 2; }));
  ASSERT_TRUE(wait_until([&] { return bench.reader->status().detail.find("on purpose") != std::string::npos; }));
  EXPECT_GE(bench.reader->status().held_back, 2U);
  EXPECT_TRUE(bench.intake.devices().empty()) << "the devices have not gone away";
  bench.intake.accept();
  for (int i = 100; i < 200; ++i) ASSERT_TRUE(bench.has(i)) << i;
  EXPECT_EQ(bench.reader->status().losses, 0U);
}

TEST_P(MqttReaderTest, QosZeroThatCannotBeCommittedIsALossThatIsRecordedLater) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  bench.intake.refuse(ErrorCode::full);
  ASSERT_TRUE(wait_until([&] {
    broker.publish("sensors/boiler/temperature", "1", {"-q", "0"});
    return bench.reader->status().losses > 0;
  }));
  EXPECT_TRUE(bench.reader->status().connected);
  bench.intake.accept();
  broker.publish("sensors/boiler/temperature", "2");
  ASSERT_TRUE(bench.has(2));
  ASSERT_EQ(bench.intake.losses().size(), 1U);
  EXPECT_EQ(bench.intake.losses().front().reason, "full");
}

TEST_P(MqttReaderTest, UndecodablePayloadIsACountedLossAndItsNeighboursAreKept) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  broker.publish("json/boiler", R"({"temperature":)");
  broker.publish("sensors/boiler/temperature", std::string(limits::payload_bytes_max / 8, 'x').insert(0, "{"));
  broker.publish("json/boiler", R"({"temperature":5})");
  ASSERT_TRUE(bench.has(5));
  const auto losses = bench.intake.losses();
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[0].where, "mqtt field json/boiler");
  EXPECT_EQ(losses[0].reason, "undecodable");
  EXPECT_FALSE(losses[0].detail.empty());
  EXPECT_EQ(bench.reader->status().losses, 2U);
  EXPECT_TRUE(bench.reader->status().connected);
}

TEST_P(MqttReaderTest, PayloadBeyondTheLimitIsALoss) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  const auto file = broker.folder() / "large";
  std::ofstream(file) << std::string(1 << 20U, '7');
  const auto command = "mosquitto_pub -p " + std::to_string(broker.port()) + " -q 1 -t sensors/boiler/t -f " + file.string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  ASSERT_TRUE(wait_until([&] { return !bench.intake.losses().empty(); }));
  EXPECT_NE(bench.intake.losses().front().detail.find("1048576 bytes"), std::string::npos);
}

TEST_P(MqttReaderTest, RetainedMessageAtSubscribeIsAReading) {
  broker.start();
  broker.publish("sensors/boiler/temperature", "63", {"-r"});
  Bench bench(options());
  bench.start();
  EXPECT_TRUE(bench.has(63));
}

TEST_P(MqttReaderTest, CommandReachesTheDeviceAndItsReplyComesBack) {
  broker.start();
  broker.publish("sensors/boiler/replies", R"({"id":"old","ok":true})", {"-r"});
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  test::MosquittoListener device(broker, "sensors/+/commands", GetParam() == 5 ? "%t %r %R %D %p" : "%t %r %p", client_version());
  std::promise<bool> sent;
  bench.loop.call([&] {
    bench.reader->send({"c1", "boiler", "set", R"({"target":40})", from_nanoseconds(4'000'000'000'000'000'000)},
                       [&](const Result<void>& result) { sent.set_value(result.ok()); });
  });
  const auto line = device.next();
  ASSERT_TRUE(line.has_value());
  const std::string extra = GetParam() == 5 ? "sensors/boiler/replies c1 " : "";
  EXPECT_EQ(*line, "sensors/boiler/commands 0 " + extra +
                       R"({"id":"c1","name":"set","args":{"target":40},"deadline":"2096-10-02T07:06:40Z"})");
  EXPECT_TRUE(sent.get_future().get());
  broker.publish("sensors/boiler/replies", R"({"id":"c1","ok":true,"result":{"target":40}})");
  ASSERT_TRUE(wait_until([&] { return !bench.listener.replies().empty(); }));
  const auto replies = bench.listener.replies();
  EXPECT_EQ(replies[0].id, "c1") << "the retained reply is from before";
  EXPECT_EQ(replies[0].device, "boiler");
  EXPECT_EQ(replies[0].result_json, R"({"target":40})");
  broker.publish("sensors/boiler/replies", "what?");
  ASSERT_TRUE(wait_until([&] { return !bench.intake.losses().empty(); }));
  EXPECT_EQ(bench.intake.losses()[0].where, "mqtt field sensors/boiler/replies");
  broker.publish("sensors/boiler/temperature", "9");
  ASSERT_TRUE(bench.has(9));
  EXPECT_EQ(bench.intake.readings().size(), 1U) << "neither command nor reply is a reading, wide as the subscription is";
}

TEST_P(MqttReaderTest, ReplyThatWasNotCommittedComesAgain) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  bench.listener.commit_replies(false);
  ASSERT_TRUE(wait_until([&] {
    broker.publish("sensors/boiler/replies", R"({"id":"c1","ok":true})");
    return !bench.listener.replies().empty();
  }));
  bench.listener.commit_replies(true);
  EXPECT_TRUE(wait_until([&] { return bench.listener.replies().size() >= 2; }));
}

TEST_P(MqttReaderTest, CommandForADisconnectedBrokerIsNeverSentLater) {
  broker.start();
  Bench bench(options());
  bench.start();
  ASSERT_TRUE(bench.connects());
  broker.stop();
  ASSERT_TRUE(wait_until([&] { return !bench.reader->status().connected; }));
  std::vector<Result<void>> sent;
  bench.loop.call([&] {
    bench.reader->send({"c1", "boiler", "set", "{}", {}}, [&](Result<void> result) { sent.push_back(result); });
  });
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].error().code, ErrorCode::unavailable);
  broker.start();
  test::MosquittoListener device(broker, "sensors/+/commands", "%p", client_version());
  ASSERT_TRUE(bench.connects(2));
  bench.loop.call([&] {
    bench.reader->send({"c2", "boiler", "set", "{}", from_nanoseconds(4'000'000'000'000'000'000)}, [](const Result<void>&) {});
  });
  const auto line = device.next();
  ASSERT_TRUE(line.has_value());
  EXPECT_NE(line->find(R"("id":"c2")"), std::string::npos) << *line;
}

INSTANTIATE_TEST_SUITE_P(Versions, MqttReaderTest, testing::Values(3, 5),
                         [](const auto& version) { return version.param == 5 ? "Mqtt5" : "Mqtt311"; });

/// A folder with a password file, certificates, ... made by the tools that an administrator uses.
std::string shell(const test::Mosquitto& broker, const std::string& commands) {
  const auto line = "cd " + broker.folder().string() + " && (" + commands + ") >/dev/null 2>&1";
  return std::system(line.c_str()) == 0 ? "" : "failed: " + commands;
}

TEST(MqttReaderSecurity, BadPasswordIsSaidInWords) {
  test::Mosquitto any;
  ASSERT_EQ(shell(any, "mosquitto_passwd -b -c passwords anna right"), "");
  test::Mosquitto broker("allow_anonymous false\npassword_file " + (any.folder() / "passwords").string());
  broker.start();
  for (const int version : {3, 5}) {
    auto options = options_for(broker.url(), version);
    options.username = "anna";
    options.password = "wrong";
    Bench wrong(options);
    wrong.start();
    EXPECT_TRUE(wait_until([&] { return wrong.reader->status().detail.find("password") != std::string::npos; }))
        << wrong.reader->status().detail;
    options.password = "right";
    options.client_id = "weir-right";
    Bench right(options);
    right.start();
    EXPECT_TRUE(right.connects());
  }
}

TEST(MqttReaderSecurity, TlsConnectsOnlyToACertificateItKnows) {
  test::Mosquitto files;
  ASSERT_EQ(shell(files,
                  "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost "
                  "-addext subjectAltName=DNS:localhost && "
                  "openssl req -x509 -newkey rsa:2048 -nodes -keyout other.key -out other.pem -days 2 -subj /CN=other"),
            "");
  const auto file = [&](const char* name) { return (files.folder() / name).string(); };
  test::Mosquitto broker("certfile " + file("cert.pem") + "\nkeyfile " + file("key.pem"));
  broker.start();
  auto options = options_for("mqtts://localhost:" + std::to_string(broker.port()), 5);
  options.ca = file("other.pem");
  Bench stranger(options);
  stranger.start();
  EXPECT_TRUE(wait_until([&] { return stranger.reader->status().detail.starts_with("TLS failed"); }))
      << stranger.reader->status().detail;
  options.ca = file("cert.pem");
  options.client_id = "weir-friend";
  Bench known(options);
  known.start();
  EXPECT_TRUE(known.connects());
}

TEST(MqttReaderSecurity, UnknownHostIsSaidInWords) {
  Bench bench(options_for("mqtt://no-such-host.invalid", 5));
  bench.start();
  EXPECT_TRUE(wait_until([&] { return bench.reader->status().detail.starts_with("name not found: no-such-host.invalid"); }, 30s))
      << bench.reader->status().detail;
}

TEST(MqttReaderConfiguration, PlaceholderWithoutWildcardIsRefused) {
  auto options = options_for("mqtt://127.0.0.1:1", 5);
  options.subscriptions[0].mapping.device = "{7}";
  test::LoopThread loop;
  test::FakeIntake intake;
  test::FakeListener listener;
  const auto reader = MqttReader::create(options, {loop.loop(), intake, listener, loop.clock()});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.error().message.find("mqtt field: subscribe 'json/+'"), std::string::npos) << reader.error().message;
}

}  // namespace
}  // namespace weir::firmware
