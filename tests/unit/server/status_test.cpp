// GET /v1/status and /metrics: what an operator sees of the log.
#include "unit/server/server_fixture.h"

#include "support/fake_log.h"

namespace weir::gateway {
namespace {

struct Observed {
  Observed() {
    auto made = std::make_unique<FakeLog>();
    made->add_reading("boiler", "temperature", 20.5);
    LogStats& stats = made->told_stats;
    stats.bytes = 300;
    stats.database_bytes = 200;
    stats.journal_bytes = 90;
    stats.aside_bytes = 10;
    stats.written_bytes = 5000;
    stats.written_bytes_per_day = 1'000'000;
    stats.flash_budget_per_day = 200'000'000;
    stats.syncs = 42;
    stats.sync_interval = 800ms;
    stats.thinned_records = 7;
    stats.damaged_records = 3;
    stats.space_short = true;
    stats.clock_synchronised = false;
    const Timestamp now = SystemClock().wall();
    made->loss_entries = {{"field", "full", "", "", "", 5, now - 30h, now - 25h},
                          {"field", "full", "", "", "", 9, now - 30h, now - 1h},
                          {"log", "expired", "", "", "", 1000, now - 1h, now - 1h}};
    server = std::make_unique<TestServer>([](ServerOptions&) {}, std::move(made));
    server->readers = {{.name = "field", .kind = "mqtt", .where = "mqtt://127.0.0.1", .connected = true, .readings = 12},
                       {.name = "meter", .kind = "serial", .where = "/dev/ttyUSB0", .detail = "no such file"}};
  }
  std::string get(std::string_view target) {
    return HttpClient(server->port()).ask("GET", target, TestServer::bearer(server->viewer)).body;
  }
  std::unique_ptr<TestServer> server;
};

TEST(Status, TellsAnOperatorEverythingAtOnce) {
  Observed gateway;
  const auto status = json::parse(gateway.get("/v1/status"));
  EXPECT_FALSE(status["version"].get<std::string>().empty());
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["readers"][0]["connected"], true);
  EXPECT_EQ(status["readers"][1]["detail"], "no such file");
  EXPECT_EQ(status["log"]["head"], "5f3a9c01-1");
  EXPECT_EQ(status["log"]["size_max"], LogOptions().size_max);
  EXPECT_EQ(status["log"]["durability"], "bounded");
  EXPECT_EQ(status["log"]["sync_interval"], "800ms");
  EXPECT_EQ(status["log"]["space_short"], true);
  EXPECT_EQ(status["flash"], json::parse(R"({"written_bytes":5000,"written_bytes_per_day":1000000,"budget_per_day":200000000})"));
  EXPECT_EQ(status["losses"]["last_day"], 9);
  EXPECT_EQ(status["losses"]["last_day_retention"], 1000);
  EXPECT_EQ(status["clock"]["synchronised"], false);
}

TEST(Status, NeedsTheRightToRead) {
  Observed gateway;
  HttpClient client(gateway.server->port());
  EXPECT_EQ(client.ask("GET", "/v1/status").status, 401);
  EXPECT_EQ(client.ask("GET", "/v1/status", TestServer::bearer(gateway.server->ingest)).status, 403);
}

TEST(Metrics, TellOfDiskFlashAndClock) {
  Observed gateway;
  const std::string text = gateway.get("/metrics");
  for (const char* line :
       {"weir_log_file_bytes{file=\"database\"} 200", "weir_log_file_bytes{file=\"journal\"} 90",
        "weir_log_file_bytes{file=\"aside\"} 10", "weir_log_written_bytes_total 5000", "weir_log_written_bytes_per_day 1000000",
        "weir_log_flash_budget_bytes_per_day 200000000", "weir_log_syncs_total 42", "weir_log_sync_interval_seconds 0.8",
        "weir_log_thinned_records_total 7", "weir_log_damaged_records_total 3", "weir_log_space_short 1",
        "weir_clock_synchronised 0", "weir_log_size_limit_bytes 512000000"}) {
    EXPECT_NE(text.find("\n" + std::string(line) + "\n"), std::string::npos) << line;
  }
}

}  // namespace
}  // namespace weir::gateway
