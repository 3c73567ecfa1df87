// GET /v1/history and /v1/losses over a log that answers what the test says.
#include "unit/server/server_fixture.h"

#include <mutex>

#include "base/limits.h"
#include "server/history/gaps.h"
#include "server/history/request.h"
#include "support/fake_log.h"

namespace weir::gateway {
namespace {

/// Answers at once, on the server's thread.
class AnsweringLog final : public FakeLog {
 public:
  void history(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) override {
    std::unique_lock lock(mutex_);
    asked_.push_back(query);
    auto answer = respond(asked_.back(), asked_.size());
    lock.unlock();
    done(std::move(answer));
  }
  std::vector<HistoryQuery> questions() {
    std::lock_guard lock(mutex_);
    return asked_;
  }
  std::function<Result<HistoryAnswer>(const HistoryQuery&, std::size_t nth)> respond;

 private:
  std::mutex mutex_;
  std::vector<HistoryQuery> asked_;
};

constexpr std::string_view series = "/v1/history?device=boiler&metric=temperature";
Timestamp at(std::string_view text) { return parse_time(text).value(); }

Bucket bucket(std::string_view start, double min, double max, double sum, std::uint64_t count) {
  return {at(start), count, count, min, max, sum, at(start), max};
}

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    auto made = std::make_unique<AnsweringLog>();
    log = made.get();
    log->respond = [](const HistoryQuery&, std::size_t) { return HistoryAnswer{}; };
    prepare();
    server = std::make_unique<TestServer>([](ServerOptions&) {}, std::move(made));
  }
  void prepare() {
    log->add_reading("boiler", "temperature", 20.5, at("2026-11-21T10:00:00Z"), "Cel");
    log->newest_at_start = log->held();
    log->devices_at_start = {{"boiler", DeviceState::online, "field", at("2026-11-21T10:00:00Z")}};
  }
  Answer get(const std::string& target, const std::string& headers = "") {
    return HttpClient(server->port()).ask("GET", target, TestServer::bearer(server->viewer) + headers);
  }
  /// The lines of a chunked answer, up to its end.
  std::vector<std::string> lines(const std::string& target, const std::string& headers) {
    HttpClient client(server->port());
    client.request("GET", target, TestServer::bearer(server->viewer) + headers);
    head = client.read_head();
    std::vector<std::string> lines;
    while (const auto line = client.read_line()) lines.push_back(*line);
    whole = client.body_ended();
    return lines;
  }
  Record reading(std::uint64_t seq, Value value) {
    Record record;
    record.seq = seq;
    record.time = record.received = at("2026-11-21T10:00:00Z") + std::chrono::seconds(seq);
    record.series = log->series("boiler", "temperature");
    record.unit = log->unit("Cel");
    record.value = std::move(value);
    return record;
  }

  AnsweringLog* log;
  std::unique_ptr<TestServer> server;
  Answer head;
  bool whole = false;
};

// ---- As a document

TEST_F(HistoryTest, BucketsAndGapsAreADocument) {
  log->respond = [](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer{.width = 1min};
    answer.buckets = {bucket("2026-11-21T10:00:00Z", 1, 4, 10, 4)};
    answer.gaps = {{at("2026-11-21T10:01:00Z"), at("2026-11-21T10:05:00Z"), "expired", 7},
                   {at("2026-11-21T10:06:00Z"), at("2026-11-21T10:07:00Z"), "thinned", 0}};
    return answer;
  };
  const auto answer = get(std::string(series) + "&from=2026-11-21T10:00:00Z&to=2026-11-21T11:00:00Z&points=60");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(json::parse(answer.body), json::parse(R"({"device":"boiler","metric":"temperature","unit":"Cel",
      "from":"2026-11-21T10:00:00Z","to":"2026-11-21T11:00:00Z","width":"1m",
      "buckets":[{"time":"2026-11-21T10:00:00Z","count":4,"min":1,"mean":2.5,"max":4,"last":4}],
      "gaps":[{"from":"2026-11-21T10:01:00Z","to":"2026-11-21T10:05:00Z","reason":"expired","lost":7},
              {"from":"2026-11-21T10:06:00Z","to":"2026-11-21T10:07:00Z","reason":"thinned"}]})"))
      << answer.body;
  const auto asked = log->questions().at(0);
  EXPECT_EQ(asked.device, "boiler");
  EXPECT_EQ(asked.buckets, 60U);
  EXPECT_EQ(asked.to, at("2026-11-21T11:00:00Z"));
}

TEST_F(HistoryTest, StringsHaveOnlyCountAndLast) {
  log->respond = [](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer{.width = 1h};
    answer.buckets = {{at("2026-11-21T10:00:00Z"), 3, 0, 0, 0, 0, at("2026-11-21T10:20:00Z"), std::string("idle")}};
    return answer;
  };
  const auto body = json::parse(get(std::string(series)).body);
  EXPECT_EQ(body["buckets"].dump(), R"([{"count":3,"last":"idle","time":"2026-11-21T10:00:00Z"}])");
}

TEST_F(HistoryTest, WithoutParametersItIsTheLastDayInFiveHundredPoints) {
  const Timestamp before = SystemClock().wall();
  EXPECT_EQ(get(std::string(series)).status, 200);
  const auto asked = log->questions().at(0);
  EXPECT_EQ(asked.buckets, 500U);
  EXPECT_EQ(asked.to - asked.from, 24h);
  EXPECT_GE(asked.to, before);
}

TEST_F(HistoryTest, TimesMayBeDurationsBackFromNow) {
  EXPECT_EQ(get(std::string(series) + "&from=-7d&to=-1d").status, 200);
  EXPECT_EQ(get(std::string(series) + "&from=-1h&to=now").status, 200);
  EXPECT_EQ(get(std::string(series) + "&from=-100000d").status, 200);
  EXPECT_EQ(log->questions()[0].to - log->questions()[0].from, 6 * 24h);
  EXPECT_EQ(log->questions()[1].to - log->questions()[1].from, 1h);
  EXPECT_EQ(log->questions()[2].from, Timestamp{});
}

TEST_F(HistoryTest, MalformedParametersAreNamed) {
  for (const char* query :
       {"points=10001", "points=-1", "points=x", "from=yesterday", "to=24h", "from=now&to=-1h", "limit=5", "after=5f3a9c01-1",
        "format=xml", "points=0&limit=0", "points=0&limit=10001", "points=0&after=x", "colour=blue", "device=x"}) {
    const std::string text(query);
    const std::size_t last = text.rfind('&') == text.npos || text.starts_with("from") ? 0 : text.rfind('&') + 1;
    expect_problem(get(std::string(series) + "&" + text), 400, text.substr(last, text.find('=', last) - last));
  }
  expect_problem(get("/v1/history?metric=m"), 400, "device");
  expect_problem(get("/v1/history?device=d"), 400, "metric");
  expect_problem(get("/v1/history?device=d&metric=m&points=0&after=00000001-5"), 409, "anew");
  expect_problem(get(std::string(series), "Accept: image/png\r\n"), 406, "text/csv");
  EXPECT_TRUE(log->questions().empty());
}

TEST_F(HistoryTest, EmptyParametersSayNothing) {
  for (const char* target : {"/v1/history?device=boiler&metric=temperature&", "/v1/history?device=boiler&&metric=temperature"}) {
    EXPECT_EQ(get(target).status, 200) << target;
  }
  EXPECT_EQ(get("/v1/losses?").status, 200);
}

TEST_F(HistoryTest, AnUnknownSeriesIsNotFound) {
  log->respond = [](const HistoryQuery&, std::size_t) { return Error{ErrorCode::not_found, "no such series"}; };
  for (const char* accept : {"application/json", "text/csv", "application/x-ndjson"}) {
    expect_problem(get(std::string(series), std::string("Accept: ") + accept + "\r\n"), 404, "no such series");
  }
  EXPECT_EQ(HttpClient(server->port()).ask("GET", series).status, 401);
}

TEST_F(HistoryTest, ReadingsComeInPages) {
  log->respond = [this](const HistoryQuery& query, std::size_t) {
    HistoryAnswer answer;
    answer.readings = {reading(query.after + 1, 1.5), reading(query.after + 2, 2.5)};
    if (query.after == 0) answer.next = 2;
    return answer;
  };
  const auto first = json::parse(get(std::string(series) + "&points=0&limit=2").body);
  EXPECT_EQ(first["readings"].size(), 2U);
  EXPECT_EQ(first["readings"][0]["value"], 1.5);
  EXPECT_EQ(first["readings"][0]["unit"], "Cel");
  ASSERT_EQ(first["next"], to_string(Cursor{log->epoch(), 2}));
  const auto second = json::parse(get(std::string(series) + "&points=0&limit=2&after=" + first["next"].get<std::string>()).body);
  EXPECT_EQ(second["readings"][0]["seq"], 3);
  EXPECT_FALSE(second.contains("next"));
  EXPECT_EQ(log->questions()[1].readings, 2U);
  EXPECT_EQ(log->questions()[1].buckets, 0U);
}

TEST_F(HistoryTest, APageOfLongTextsIsCutAndSaysWhereToGoOn) {
  log->respond = [this](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer;
    for (std::uint64_t seq = 1; seq <= 1000; ++seq) answer.readings.push_back(reading(seq, std::string(4000, 'x')));
    return answer;
  };
  const auto answer = get(std::string(series) + "&points=0");
  EXPECT_LT(answer.body.size(), std::size_t{1200} * 1024);
  const auto body = json::parse(answer.body);
  EXPECT_EQ(body["next"], to_string(Cursor{log->epoch(), body["readings"].size()}));
}

// ---- As a file

TEST_F(HistoryTest, CsvHasAHeaderAndGapsAsRowsWithoutAValue) {
  log->respond = [this](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer;
    answer.readings = {reading(1, 1.5), reading(2, std::string("say \"hi\", you")), reading(3, std::string("=1+1"))};
    answer.readings[1].quality = Quality::uncertain;
    answer.readings[2].clock_unsynchronised = true;
    answer.gaps = {{at("2026-11-21T10:00:01.5Z"), at("2026-11-21T10:00:02Z"), "undecodable", 3}};
    return answer;
  };
  const auto rows = lines(std::string(series), "Accept: text/csv\r\n");
  EXPECT_EQ(head.header("content-type"), "text/csv; charset=utf-8; header=present");
  EXPECT_EQ(head.header("content-disposition"), "attachment; filename=\"boiler-temperature.csv\"");
  EXPECT_TRUE(whole);
  const std::vector<std::string> expected = {
      "time,value,unit,quality,clock,gap_until,gap_reason,gap_lost\r",
      "2026-11-21T10:00:01Z,1.5,Cel,good,,,,\r",
      "2026-11-21T10:00:01.5Z,,,gap,,2026-11-21T10:00:02Z,undecodable,3\r",
      "2026-11-21T10:00:02Z,\"say \"\"hi\"\", you\",Cel,uncertain,,,,\r",
      "2026-11-21T10:00:03Z,'=1+1,Cel,good,unsynchronised,,,\r",
  };
  EXPECT_EQ(rows, expected);
}

TEST_F(HistoryTest, CsvOfBucketsHasAsManyFieldsInEachRow) {
  log->respond = [](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer{.width = 1min};
    answer.buckets = {bucket("2026-11-21T10:00:00Z", -1, 4, 10, 4)};
    answer.gaps = {{at("2026-11-21T10:02:00Z"), at("2026-11-21T10:05:00Z"), "expired", 0}};
    return answer;
  };
  const auto rows = lines(std::string(series) + "&points=10&format=csv", "");
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1], "2026-11-21T10:00:00Z,4,-1,2.5,4,4,Cel,,,\r");
  EXPECT_EQ(rows[2], "2026-11-21T10:02:00Z,0,,,,,,2026-11-21T10:05:00Z,expired,\r");
  for (const auto& row : rows) EXPECT_EQ(std::count(row.begin(), row.end(), ','), 9) << row;
}

TEST_F(HistoryTest, NdjsonHasARecordALineAndGapsAsGaps) {
  log->respond = [](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer{.width = 1min};
    answer.buckets = {bucket("2026-11-21T10:00:00Z", 1, 4, 10, 4)};
    answer.gaps = {{at("2026-11-21T09:00:00Z"), at("2026-11-21T10:00:00Z"), "expired", 0}};
    return answer;
  };
  const auto records = lines(std::string(series) + "&points=10", "Accept: application/x-ndjson\r\n");
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(json::parse(records[0])["kind"], "gap");
  EXPECT_EQ(json::parse(records[0])["reason"], "expired");
  EXPECT_EQ(json::parse(records[1])["kind"], "bucket");
  EXPECT_EQ(json::parse(records[1])["width"], "1m");
  EXPECT_EQ(json::parse(records[1])["unit"], "Cel");
}

TEST_F(HistoryTest, AnExportIsWrittenPageByPageAndWhole) {
  constexpr std::uint64_t pages = 40, each = 2000;
  log->respond = [this](const HistoryQuery& query, std::size_t nth) {
    HistoryAnswer answer;
    for (std::uint64_t i = 1; i <= each; ++i) answer.readings.push_back(reading(query.after + i, std::int64_t(query.after + i)));
    if (nth < pages) answer.next = query.after + each;
    answer.gaps = {{at("2026-11-21T10:00:00.5Z"), at("2026-11-21T10:00:00.7Z"), "full", 1}};
    return answer;
  };
  const auto records = lines(std::string(series), "Accept: application/x-ndjson\r\n");
  EXPECT_TRUE(whole);
  ASSERT_EQ(records.size(), pages * each + 1) << "each gap once";
  for (std::size_t i = 1; i < records.size(); ++i) ASSERT_EQ(json::parse(records[i])["seq"], i);
  EXPECT_EQ(log->questions().size(), pages);
}

TEST_F(HistoryTest, WhoDoesNotReadIsNotReadAheadFor) {
  log->respond = [this](const HistoryQuery& query, std::size_t) {
    HistoryAnswer answer;
    for (std::uint64_t i = 1; i <= 2000; ++i) answer.readings.push_back(reading(query.after + i, std::string(4000, 'x')));
    answer.next = query.after + 2000;
    return answer;
  };
  HttpClient client(server->port());
  client.request("GET", series, TestServer::bearer(server->viewer) + "Accept: application/x-ndjson\r\n");
  EXPECT_EQ(client.read_head().status, 200);
  const auto exporting = [&] {
    return get("/metrics").body.find("weir_server_connections{kind=\"export\"} 1") != std::string::npos;
  };
  EXPECT_TRUE(test::wait_until(exporting, 5s));
  // Pages of 8 MB: the socket's buffers may take one or two, an export that reads ahead would have taken hundreds.
  for (int i = 0; i < 200; ++i) EXPECT_EQ(get("/v1/losses").status, 200);
  EXPECT_LE(log->questions().size(), 3U);
}

TEST_F(HistoryTest, AnExportThatFailsMidwayIsNotWhole) {
  log->respond = [this](const HistoryQuery&, std::size_t nth) -> Result<HistoryAnswer> {
    if (nth == 2) return Error{ErrorCode::io, "the disk is gone"};
    HistoryAnswer answer;
    answer.readings = {reading(1, 1.5)};
    answer.next = 1;
    return answer;
  };
  EXPECT_EQ(lines(std::string(series), "Accept: application/x-ndjson\r\n").size(), 1U);
  EXPECT_FALSE(whole);
}

TEST_F(HistoryTest, HeadHasTheHeadersOfTheFile) {
  HttpClient client(server->port());
  client.request("HEAD", series, TestServer::bearer(server->viewer) + "Accept: text/csv\r\n");
  const auto answer = client.read_head();
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.header("content-disposition").find("boiler-temperature.csv"), std::string::npos);
  EXPECT_TRUE(client.closed_within(5s));
}

TEST_F(HistoryTest, AnExportToHttp10EndsWithTheConnection) {
  log->respond = [this](const HistoryQuery&, std::size_t) {
    HistoryAnswer answer;
    answer.readings = {reading(1, 1.5)};
    return answer;
  };
  HttpClient client(server->port());
  client.send("GET " + std::string(series) + "&format=csv HTTP/1.0\r\nHost: x\r\n" + TestServer::bearer(server->viewer) + "\r\n");
  const auto answer = client.read_head();
  EXPECT_EQ(answer.header("transfer-encoding"), "");
  EXPECT_TRUE(client.closed_within(5s));
}

// ---- Losses

TEST_F(HistoryTest, LossesAreListedNewestFirstAndAddedUp) {
  log->loss_entries = {{"field", "undecodable", "boiler", "temperature", "not a number", 3, at("2026-11-20T10:00:00Z"),
                        at("2026-11-20T10:30:00Z")},
                       {"log", "expired", "", "", "", 100, at("2026-11-21T09:00:00Z"), at("2026-11-21T09:00:00Z")},
                       {"field", "full", "pump", "flow", "", 20, at("2026-11-20T10:00:00Z"), at("2026-11-20T11:00:00Z")}};
  EXPECT_EQ(json::parse(get("/v1/losses").body), json::parse(R"({"losses":[
      {"where":"log","reason":"expired","count":100,"first":"2026-11-21T09:00:00Z","last":"2026-11-21T09:00:00Z"},
      {"where":"field","reason":"full","device":"pump","metric":"flow","count":20,"first":"2026-11-20T10:00:00Z","last":"2026-11-20T11:00:00Z"},
      {"where":"field","reason":"undecodable","device":"boiler","metric":"temperature","count":3,"first":"2026-11-20T10:00:00Z",
       "last":"2026-11-20T10:30:00Z","detail":"not a number"}],"total":123})"));
  const auto total = [&](const std::string& query) { return json::parse(get("/v1/losses?" + query).body)["total"].get<int>(); };
  EXPECT_EQ(total("device=boiler"), 3);
  EXPECT_EQ(total("metric=flow&reason=full"), 20);
  EXPECT_EQ(total("reason=nothing"), 0);
  EXPECT_EQ(total("since=2026-11-20T10:45:00Z"), 120);
  EXPECT_EQ(json::parse(get("/v1/losses?limit=1").body)["losses"].size(), 1U);
  EXPECT_EQ(total("limit=1"), 123);
  expect_problem(get("/v1/losses?since=yesterday"), 400, "since");
  expect_problem(get("/v1/losses?devices=x"), 400, "devices");
}

// ---- Gaps across pages

TEST(GapTeller, TellsEachGapOnceAndWhatItGrowsBy) {
  const auto minute = [](int n) { return Timestamp(std::chrono::minutes(n)); };
  GapTeller gaps;
  gaps.learn({{minute(0), minute(10), "expired", 5}, {minute(4), minute(5), "full", 1}});
  EXPECT_EQ(gaps.next(minute(-1)), nullptr);
  EXPECT_EQ(gaps.next(minute(0))->reason, "expired");
  EXPECT_EQ(gaps.next(minute(3)), nullptr);
  gaps.learn({{minute(0), minute(20), "expired", 9}, {minute(4), minute(5), "full", 1}});
  EXPECT_EQ(gaps.next(minute(30))->reason, "full");
  const auto* grown = gaps.next(minute(30));
  ASSERT_NE(grown, nullptr);
  EXPECT_EQ(grown->from, minute(10));
  EXPECT_EQ(grown->to, minute(20));
  EXPECT_EQ(gaps.next(minute(30)), nullptr);
}

}  // namespace
}  // namespace weir::gateway
