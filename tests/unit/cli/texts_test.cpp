#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/api_client.h"
#include "cli/event_parser.h"
#include "cli/record_text.h"
#include "cli/send.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

std::string events_of(EventParser& parser, std::string_view bytes) {
  std::string out;
  parser.feed(bytes, [&](const Event& event) {
    out += event.type + "=" + event.data + ";";
    return true;
  });
  return out;
}

TEST(EventParser, ReadsEventsHoweverTheyAreCut) {
  const std::string stream =
      "retry: 2500\n\n: comment\n\nid: e-1\nevent: reading\ndata: {\"a\":1}\n\nid: e-2\r\ndata: x\r\ndata: y\r\n\r\nid: "
      "e-3\ndata:z\n\n";
  EventParser whole;
  const std::string expected = "reading={\"a\":1};message=x\ny;message=z;";
  EXPECT_EQ(events_of(whole, stream), expected);
  EXPECT_EQ(whole.last_id(), "e-3");
  EXPECT_EQ(whole.retry(), std::chrono::milliseconds(2500));
  EventParser bytewise;
  std::string out;
  for (const char c : stream) out += events_of(bytewise, {&c, 1});
  EXPECT_EQ(out, expected);
}

TEST(EventParser, IdCountsOnlyWhenItsEventIsComplete) {
  EventParser parser;
  events_of(parser, "id: e-1\ndata: a\n\nid: e-2\ndata: b\n");
  EXPECT_EQ(parser.last_id(), "e-1");
  parser.restart();
  EXPECT_EQ(events_of(parser, "\n"), "");
  EXPECT_EQ(parser.last_id(), "e-1");
}

TEST(EventParser, EventThatNeverEndsIsRefused) {
  EventParser parser;
  const std::string piece(100'000, 'x');
  bool fed = true;
  for (int i = 0; i < 20 && fed; ++i) fed = parser.feed(piece, [](const Event&) { return true; });
  EXPECT_FALSE(fed);
}

TEST(EventParser, StopsWhenItsTakerDoes) {
  EventParser parser;
  int taken = 0;
  EXPECT_FALSE(parser.feed("data: a\n\ndata: b\n\n", [&](const Event&) { return ++taken < 1; }));
  EXPECT_EQ(taken, 1);
}

TEST(SendWords, BecomeJsonOfTheirType) {
  EXPECT_EQ(command_arguments({"target=60.5", "mode=eco", "on=true", "text=\"60\"", "empty=", "list=[1,2]", "eq=a=b"})->dump(),
            R"({"target":60.5,"mode":"eco","on":true,"text":"60","empty":"","list":[1,2],"eq":"a=b"})");
  EXPECT_FALSE(command_arguments({"word"}).ok());
  EXPECT_FALSE(command_arguments({"=1"}).ok());
  EXPECT_FALSE(command_arguments({"a=1", "a=2"}).ok());
}

TEST(RecordText, IsALineForPeople) {
  EXPECT_EQ(
      record_text(ordered_json::parse(
          R"({"seq":7,"kind":"reading","time":"2026-11-21T10:11:12Z","device":"boiler","metric":"t","value":81.5,"unit":"Cel"})")),
      "2026-11-21T10:11:12Z boiler t 81.5 Cel");
  EXPECT_EQ(record_text(ordered_json::parse(R"({"kind":"gap","from":"e-1","to":"e-5","lost":4,"reason":"expired"})")),
            "gap: from=e-1 to=e-5 lost=4 reason=expired");
}

TEST(RecordText, NamesDoNotDriveTheTerminal) {
  const ordered_json record = {{"kind", "reading"}, {"time", "t"}, {"device", "\x1b[2J"}, {"metric", "a\nb"}, {"value", "\x7f"}};
  EXPECT_EQ(record_text(record), "t ?[2J a?b ?");
}

TEST(Target, EncodesItsParameters) {
  EXPECT_EQ(target("/v1/stream", {}), "/v1/stream");
  EXPECT_EQ(target("/v1/stream", {{"devices", "a b,ü*"}, {"after", "e-1"}}), "/v1/stream?devices=a%20b%2C%C3%BC%2A&after=e-1");
  EXPECT_EQ(percent_encoded("../x?y#z"), "..%2Fx%3Fy%23z");
}

}  // namespace
}  // namespace weir::gateway::cli
