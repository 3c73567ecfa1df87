#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

#include "readers/mqtt/backoff.h"
#include "readers/mqtt/broker_address.h"
#include "readers/mqtt/gate.h"
#include "readers/mqtt/mqtt_commands.h"
#include "readers/mqtt/worker.h"
#include "support/wait_until.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, DoublesWithJitterFromHalfASecondToThirty) {
  Backoff backoff(7);
  auto longest = 0ms;
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto base = std::min<std::chrono::milliseconds>(Backoff::longest, Backoff::shortest * (1 << std::min(attempt, 10)));
    const auto delay = backoff.next();
    EXPECT_GE(delay, base) << attempt;
    EXPECT_LE(delay, std::min<std::chrono::milliseconds>(Backoff::longest, base + base / 2)) << attempt;
    longest = std::max(longest, delay);
  }
  EXPECT_EQ(longest, Backoff::longest);
  backoff.reset();
  EXPECT_LE(backoff.next(), 750ms);
}

TEST(Backoff, TwoGatewaysDontComeBackInStep) {
  Backoff one(1), other(2);
  int different = 0;
  for (int attempt = 0; attempt < 6; ++attempt) different += one.next() != other.next();
  EXPECT_GE(different, 4);
}

TEST(BrokerAddress, ReadsUrls) {
  const auto plain = BrokerAddress::parse("mqtt://broker.local");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->text(), "broker.local:1883");
  EXPECT_FALSE(plain->tls);
  const auto secure = BrokerAddress::parse("mqtts://[fe80::1]:9000");
  ASSERT_TRUE(secure.ok());
  EXPECT_EQ(secure->host, "fe80::1");
  EXPECT_EQ(secure->text(), "[fe80::1]:9000");
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(BrokerAddress::parse("mqtts://b")->port, "8883");
  for (const auto* wrong : {"", "broker:1883", "http://broker", "mqtt://", "mqtt://:1883", "mqtt://broker:", "mqtt://[::1"})
    EXPECT_FALSE(BrokerAddress::parse(wrong).ok()) << wrong;
}

TEST(BrokerAddress, NeverShowsCredentials) {
  EXPECT_EQ(without_credentials("mqtt://user:secret@host:1883"), "mqtt://host:1883");
  EXPECT_EQ(without_credentials("mqtt://host:1883"), "mqtt://host:1883");
  EXPECT_EQ(BrokerAddress::parse("mqtt://user:secret@host:1")->text(), "host:1");
  EXPECT_EQ(BrokerAddress::parse("http://user:secret@host").error().message.find("secret"), std::string::npos);
}

TEST(Gate, CloseWaitsForTheVisitorAndLetsNobodyElseIn) {
  Gate gate;
  std::promise<void> entered, leave;
  auto visitor = std::async(std::launch::async, [&] {
    const Gate::Visit visit(gate);
    entered.set_value();
    leave.get_future().wait();
  });
  entered.get_future().wait();
  std::atomic<bool> closed = false;
  auto closer = std::async(std::launch::async, [&] {
    gate.close();
    closed = true;
  });
  ASSERT_TRUE(test::wait_until([&] { return !Gate::Visit(gate); }));
  EXPECT_FALSE(closed);
  leave.set_value();
  closer.wait();
  visitor.wait();
}

TEST(Worker, RunsWhatIsLeftBeforeItEndsAndIsLeftBehindWhenItHangs) {
  int ran = 0;
  Worker worker;
  for (int i = 0; i < 3; ++i) worker.post([&ran] { ++ran; });
  EXPECT_TRUE(worker.finish(5s));
  EXPECT_EQ(ran, 3);

  auto release = std::make_shared<std::promise<void>>();
  auto done = std::make_shared<std::promise<void>>();
  Worker stuck;
  stuck.post([release, done] {
    release->get_future().wait();
    done->set_value();
  });
  EXPECT_FALSE(stuck.finish(1ms));
  release->set_value();
  done->get_future().wait();
}

MqttCommandTopics topics(const std::string& publish, const std::string& replies) {
  MqttCommands commands;
  commands.publish = publish;
  commands.replies = replies;
  return std::move(MqttCommandTopics::compile(commands)).value();
}

TEST(MqttCommandTopics, PayloadAndTopicsAreThoseOfTheContract) {
  const auto commands = topics("sensors/{device}/commands", "sensors/+/replies");
  const Timestamp now = from_nanoseconds(1'700'000'000'000'000'000);
  const auto message = commands.message({"c1", "boiler", "set", R"({"target":40})", now + 90s}, now);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->topic, "sensors/boiler/commands");
  EXPECT_EQ(message->payload, R"({"id":"c1","name":"set","args":{"target":40},"deadline":"2023-11-14T22:14:50Z"})");
  EXPECT_EQ(message->response_topic, "sensors/boiler/replies");
  EXPECT_EQ(message->correlation, "c1");
  EXPECT_EQ(message->expires_in, 90s);
}

TEST(MqttCommandTopics, CommandsAndRepliesAreToldFromReadings) {
  const auto commands = topics("sensors/{device}/commands", "sensors/+/replies");
  EXPECT_TRUE(commands.is_command("sensors/boiler/commands"));
  EXPECT_FALSE(commands.is_command("sensors/boiler/temperature"));
  EXPECT_FALSE(commands.is_command("sensors//commands"));
  EXPECT_TRUE(commands.is_reply("sensors/boiler/replies"));
  EXPECT_EQ(commands.device_of_reply("sensors/boiler/replies"), "boiler");
  EXPECT_EQ(topics("cmd/x/{device}", "site/+/x/replies").device_of_reply("site/1/x/replies"), "");
}

TEST(MqttCommandTopics, DeviceNameCannotLeadAnotherWay) {
  const auto commands = topics("sensors/{device}/commands", "");
  for (const auto* device : {"a/b", "+", "#", ""})
    EXPECT_FALSE(commands.message({"c1", device, "set", "{}", {}}, {}).ok()) << device;
}

TEST(MqttCommandTopics, PublishNeedsDeviceAndNoWildcard) {
  MqttCommands commands;
  for (const auto* publish : {"sensors/commands", "sensors/+/{device}", "{device}/#"}) {
    commands.publish = publish;
    EXPECT_FALSE(MqttCommandTopics::compile(commands).ok()) << publish;
  }
}

TEST(ParseReply, TakesResultsAndErrors) {
  const auto good = parse_reply(R"({"id":"c1","ok":true,"result":{"target":40}})", "");
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(good->succeeded);
  EXPECT_EQ(good->result_json, R"({"target":40})");
  const auto bad = parse_reply(R"({"id":"c2","ok":false,"error":"too hot"})", "");
  ASSERT_TRUE(bad.ok());
  EXPECT_FALSE(bad->succeeded);
  EXPECT_EQ(bad->error, "too hot");
  EXPECT_EQ(parse_reply(R"({"ok":true})", "c3")->id, "c3");
}

TEST(ParseReply, SaysWhatIsWrong) {
  for (const auto* wrong :
       {"", "[]", "{}", R"({"ok":true})", R"({"id":1,"ok":true})", R"({"id":"c1"})", R"({"id":"c1","ok":"yes"})"}) {
    const auto reply = parse_reply(wrong, "");
    ASSERT_FALSE(reply.ok()) << wrong;
    EXPECT_NE(reply.error().message.find("a reply is"), std::string::npos);
  }
}

}  // namespace
}  // namespace weir::firmware
