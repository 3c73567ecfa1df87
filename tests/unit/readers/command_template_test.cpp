#include "readers/mqtt/command_template.h"

#include <gtest/gtest.h>

#include "readers/mqtt/mqtt_commands.h"

namespace weir::firmware {
namespace {

std::string expand(const std::string& text, std::string args, const std::string& name = "set") {
  const auto made = CommandTemplate::compile(text);
  EXPECT_TRUE(made) << made.error().message;
  return made->expand({.id = "c-1", .device = "lamp", .name = name, .args_json = std::move(args), .deadline = {}});
}

TEST(CommandTemplate, AValueKeepsItsType) {
  EXPECT_EQ(
      expand(R"({"state": "{args.state}", "brightness": "{args.level}", "transition": 2})", R"({"state":"ON","level":120})"),
      R"({"brightness":120,"state":"ON","transition":2})");
  EXPECT_EQ(expand("{args}", R"({"state":"ON"})"), R"({"state":"ON"})");
}

TEST(CommandTemplate, RawTextForTasmotaAndHomeAssistant) {
  EXPECT_EQ(expand("{args.state}", R"({"state":"ON"})"), "ON");
  EXPECT_EQ(expand("{args.position}", R"({"position":42.5})"), "42.5");
  EXPECT_EQ(expand("{command} {args.on} of {device}", R"({"on":true})", "relay"), "relay true of lamp");
  EXPECT_EQ(expand("TOGGLE", "{}"), "TOGGLE");
}

TEST(CommandTemplate, CannotBeBrokenOutOf) {
  EXPECT_EQ(expand(R"({"state": "{args.state}"})", R"({"state":"\",\"x\":\"{args.level}"})"),
            R"({"state":"\",\"x\":\"{args.level}"})");
  EXPECT_EQ(expand(R"({"text": "a {args.state} b"})", R"({"state":"\"}\n{id}"})"), R"({"text":"a \"}\n{id} b"})");
  EXPECT_EQ(expand("{args.state}", R"({"state":"{id}"})"), "{id}") << "what was filled in is not filled in again";
}

TEST(CommandTemplate, WhatWasLeftOutIsLeftOut) {
  EXPECT_EQ(expand(R"({"state": "{args.state}", "level": "{args.level}"})", R"({"state":"ON"})"), R"({"state":"ON"})");
  EXPECT_EQ(expand("{args.level}", "{}"), "");
}

TEST(CommandTemplate, JsonThatIsNoneIsTold) {
  EXPECT_FALSE(CommandTemplate::compile(R"({"state": "{args.state}")"));
  EXPECT_FALSE(CommandTemplate::compile("[1,"));
}

MqttCommandTopics topics(MqttCommands commands) {
  auto made = MqttCommandTopics::compile(commands);
  EXPECT_TRUE(made) << made.error().message;
  return *std::move(made);
}

TEST(CommandTopics, EachCommandMayHaveItsOwn) {
  const auto own = topics(
      {.publish = "home/{device}/{command}/set", .payload = "{args.value}", .declared = {{.device = "*", .name = "position"}}});
  const auto message =
      own.message({.id = "c-1", .device = "blind", .name = "position", .args_json = R"({"value":30})", .deadline = {}}, {});
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->topic, "home/blind/position/set");
  EXPECT_EQ(message->payload, "30");
  EXPECT_TRUE(own.is_command("home/blind/position/set"));
  EXPECT_FALSE(own.is_command("home/blind/temperature/set")) << "nobody declared it: it is a reading";
  EXPECT_FALSE(own.is_command("home/blind/position"));
}

TEST(CommandTopics, NoNameChangesTheTopic) {
  const auto own = topics({.publish = "z/{device}/{command}/set"});
  for (const std::string name : {"a/b", "+", "#", "{command}", "", "a\nb"}) {
    EXPECT_FALSE(own.message({.id = "c", .device = name, .name = "set", .args_json = "{}", .deadline = {}}, {})) << name;
    EXPECT_FALSE(own.message({.id = "c", .device = "lamp", .name = name, .args_json = "{}", .deadline = {}}, {})) << name;
  }
}

}  // namespace
}  // namespace weir::firmware
