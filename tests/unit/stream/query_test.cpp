#include "stream/query.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

Result<StreamQuery> parse(std::string_view url_query, std::string_view last_event_id = {}) {
  auto parameters = parse_url_query(url_query);
  if (!parameters) return parameters.error();
  return parse_stream_query(*parameters, last_event_id);
}

std::string fault(std::string_view url_query, std::string_view last_event_id = {}) {
  const auto query = parse(url_query, last_event_id);
  if (query) return "";
  EXPECT_EQ(query.error().code, ErrorCode::invalid);
  return query.error().message;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

TEST(Query, IsAllDefaultsWhenEmpty) {
  const auto query = parse("");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query->start, Start::standard);
  EXPECT_EQ(query->limit, 0U);
  EXPECT_EQ(query->wait, 0s);
  EXPECT_FALSE(query->until);
  EXPECT_EQ(query->rate, 0U);
  EXPECT_EQ(query->consumer, "");
  EXPECT_EQ(query->every, 0ns);
  EXPECT_EQ(query->flush, 0ns);
  EXPECT_FALSE(query->latest_when_behind);
  EXPECT_FALSE(query->snapshot);
  EXPECT_TRUE(query->filter.wants(Kind::reading));
  EXPECT_FALSE(query->filter.wants(Kind::command));
}

TEST(Query, ReadsEveryParameter) {
  const auto query = parse(
      "?after=5f3a9c01-12&kinds=reading%2Calarm&devices=boiler*&metrics=t,p&limit=10000&wait=60&until=5f3a9c01-99&rate=50"
      "&consumer=cloud.1_a-B&every=20ms&flush=1s&lag=latest&snapshot=1");
  ASSERT_TRUE(query.ok()) << query.error().message;
  EXPECT_EQ(query->start, Start::cursor);
  EXPECT_EQ(query->after, (Cursor{0x5f3a9c01, 12}));
  EXPECT_TRUE(query->filter.wants(Kind::alarm));
  EXPECT_EQ(query->limit, 10'000U);
  EXPECT_EQ(query->wait, 60s);
  EXPECT_EQ(query->until, (Cursor{0x5f3a9c01, 99}));
  EXPECT_EQ(query->rate, 50U);
  EXPECT_EQ(query->consumer, "cloud.1_a-B");
  EXPECT_EQ(query->every, 20ms);
  EXPECT_EQ(query->flush, 1s);
  EXPECT_TRUE(query->latest_when_behind);
  EXPECT_TRUE(query->snapshot);
}

TEST(Query, ReadsThePlacesToBegin) {
  EXPECT_EQ(parse("after=now")->start, Start::now);
  EXPECT_EQ(parse("after=earliest")->start, Start::earliest);
  const auto since = parse("since=2026-11-21T10:00:00%2B01:00");
  ASSERT_TRUE(since.ok());
  EXPECT_EQ(since->start, Start::time);
  EXPECT_EQ(format_time(since->since), "2026-11-21T09:00:00Z");
}

TEST(Query, LastEventIdWinsOverEveryPlace) {
  for (const auto* url_query : {"", "after=earliest", "after=5f3a9c01-1", "since=2026-11-21T10:00:00Z"}) {
    const auto query = parse(url_query, "5f3a9c01-7");
    ASSERT_TRUE(query.ok()) << url_query;
    EXPECT_EQ(query->start, Start::cursor);
    EXPECT_EQ(query->after.seq, 7U);
  }
  EXPECT_TRUE(contains(fault("", "yesterday"), "Last-Event-ID"));
}

TEST(Query, RefusesWhatIsOutOfBoundsNamingTheParameter) {
  for (const auto* bad : {"limit=0",
                          "limit=10001",
                          "limit=-1",
                          "limit=1e3",
                          "limit=",
                          "limit=5x",
                          "limit=99999999999999999999",
                          "wait=61",
                          "wait=1s",
                          "rate=0",
                          "rate=1000001",
                          "every=20",
                          "every=-1s",
                          "every=25h",
                          "every=1e3ms",
                          "flush=soon",
                          "flush=9999999999999d",
                          "lag=newest",
                          "lag=",
                          "snapshot=2",
                          "snapshot=true",
                          "snapshot",
                          "consumer=",
                          "consumer=a/b",
                          "consumer=%C3%A4",
                          "after=",
                          "after=12",
                          "after=5f3a9c01",
                          "after=5f3a9c01-",
                          "after=5f3a9c01-x",
                          "after=zzzzzzzz-1",
                          "after=5f3a9c01-99999999999999999999",
                          "until=now",
                          "until=",
                          "since=noon",
                          "kinds=",
                          "kinds=readings",
                          "kinds=reading,",
                          "devices=",
                          "devices=a,,b",
                          "metrics=,"}) {
    const std::string name = std::string(bad).substr(0, std::string_view(bad).find('='));
    EXPECT_TRUE(contains(fault(bad), name)) << bad << ": " << fault(bad);
  }
  EXPECT_TRUE(contains(fault("consumer=" + std::string(65, 'a')), "consumer"));
  EXPECT_EQ(fault("consumer=" + std::string(64, 'a')), "");
  EXPECT_EQ(fault("every=24h&flush=0"), "");
}

TEST(Query, NamesTheNearestKnownParameter) {
  EXPECT_TRUE(contains(fault("device=a"), "device")) << fault("device=a");
  EXPECT_TRUE(contains(fault("device=a"), "'devices'"));
  EXPECT_TRUE(contains(fault("metric=a"), "'metrics'"));
  EXPECT_TRUE(contains(fault("untill=5f3a9c01-1"), "'until'"));
  EXPECT_TRUE(contains(fault("from=x"), "from"));
}

TEST(Query, RefusesAParameterThatIsGivenTwice) {
  EXPECT_TRUE(contains(fault("limit=1&limit=1"), "limit: given twice"));
  EXPECT_TRUE(contains(fault("after=now&since=2026-11-21T10:00:00Z"), "since"));
}

TEST(Query, DecodesTheUrl) {
  const auto parameters = parse_url_query("?a=b+c&d=%41%2c%2C&&e&f==");
  ASSERT_TRUE(parameters.ok());
  EXPECT_EQ(*parameters, (Parameters{{"a", "b c"}, {"d", "A,,"}, {"e", ""}, {"f", "="}}));
  for (const auto* bad : {"a=%", "a=%4", "a=%4g", "%zz=1"}) EXPECT_FALSE(parse_url_query(bad).ok()) << bad;
  std::string many;
  for (int i = 0; i < 64; ++i) many += "a=1&";
  EXPECT_TRUE(parse_url_query(many).ok());
  EXPECT_FALSE(parse_url_query(many + "a=1").ok());
}

TEST(Query, ReadsASubscribeMessageAsTheUrl) {
  const auto query = parse_subscribe(nlohmann::json::parse(
      R"({"op":"subscribe","id":"a","after":"5f3a9c01-3","limit":5,"snapshot":true,"rate":"7","every":"1s"})"));
  ASSERT_TRUE(query.ok()) << query.error().message;
  EXPECT_EQ(query->after.seq, 3U);
  EXPECT_EQ(query->limit, 5U);
  EXPECT_EQ(query->rate, 7U);
  EXPECT_TRUE(query->snapshot);
}

TEST(Query, RefusesASubscribeMessageThatTheUrlWouldNotSay) {
  for (const auto* bad : {R"([])", R"({"devices":["a"]})", R"({"after":null})", R"({"limit":1.5})", R"({"limit":-1})",
                          R"({"until":{}})", R"({"colour":"red"})", R"({"rate":true,"rate2":1})"}) {
    const auto query = parse_subscribe(nlohmann::json::parse(bad));
    ASSERT_FALSE(query.ok()) << bad;
    EXPECT_FALSE(query.error().message.empty());
  }
}

TEST(Query, QuotesOnlyTheBeginningOfWhatAClientSent) { EXPECT_LT(fault("after=" + std::string(100'000, 'x')).size(), 300U); }

}  // namespace
}  // namespace weir::gateway
