#include "readers/mqtt/topic_mapping.h"

#include <gtest/gtest.h>

#include <string>

namespace weir::firmware {
namespace {

bool matches(const std::string& filter, const std::string& topic) {
  TopicLevels levels;
  return TopicFilter(filter).matches(topic, levels);
}

std::string expand(const std::string& text, const std::string& filter, const std::string& topic) {
  const TopicFilter compiled(filter);
  auto pattern = TopicTemplate::compile(text, compiled.wildcards(), "device");
  TopicLevels levels;
  std::string out;
  if (!pattern || !compiled.matches(topic, levels)) return "(no match)";
  pattern->expand(levels, out);
  return out;
}

// MQTT 5.0 sections 4.7.1.2, 4.7.1.3, 4.7.2, 4.7.3: the examples of the standard.
TEST(TopicFilter, FollowsTheExamplesOfTheStandard) {
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/ranking"));
  EXPECT_TRUE(matches("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon"));
  EXPECT_TRUE(matches("sport/#", "sport"));
  EXPECT_TRUE(matches("#", "sport/tennis"));
  EXPECT_TRUE(matches("sport/tennis/+", "sport/tennis/player1"));
  EXPECT_FALSE(matches("sport/tennis/+", "sport/tennis/player1/ranking"));
  EXPECT_FALSE(matches("sport/+", "sport"));
  EXPECT_TRUE(matches("sport/+", "sport/"));
  EXPECT_TRUE(matches("+/+", "/finance"));
  EXPECT_TRUE(matches("/+", "/finance"));
  EXPECT_FALSE(matches("+", "/finance"));
  EXPECT_FALSE(matches("#", "$SYS/uptime"));
  EXPECT_FALSE(matches("+/uptime", "$SYS/uptime"));
  EXPECT_TRUE(matches("$SYS/#", "$SYS/uptime"));
  EXPECT_FALSE(matches("ACCOUNTS", "Accounts"));
  EXPECT_FALSE(matches("sport/tennis", "sport/tennis/"));
}

TEST(TopicTemplate, NamesComeFromWildcardLevels) {
  EXPECT_EQ(expand("{1}", "sensors/+/+", "sensors/boiler/temperature"), "boiler");
  EXPECT_EQ(expand("{2}", "sensors/+/+", "sensors/boiler/temperature"), "temperature");
  EXPECT_EQ(expand("site-{2}.{1}", "+/x/+", "a/x/b"), "site-b.a");
  EXPECT_EQ(expand("{2}", "plant/+/#", "plant/1/line/3/motor"), "line/3/motor");
  EXPECT_EQ(expand("{1}", "plant/#", "plant"), "");
  EXPECT_EQ(expand("fixed", "a/+", "a/b"), "fixed");
  EXPECT_EQ(expand("/id", "a/+", "a/b"), "/id");
}

TEST(TopicTemplate, OtherBracesStayAsTheyAre) { EXPECT_EQ(expand("{x}{}{-1}{", "a/+", "a/b"), "{x}{}{-1}{"); }

TEST(TopicTemplate, PlaceholderWithoutWildcardIsAnErrorThatNamesIt) {
  const auto pattern = TopicTemplate::compile("{3}", 2, "device");
  ASSERT_FALSE(pattern.ok());
  EXPECT_NE(pattern.error().message.find("device: {3}"), std::string::npos) << pattern.error().message;
}

}  // namespace
}  // namespace weir::firmware
