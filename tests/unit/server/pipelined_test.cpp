// Bytes behind a request that is not answered yet.
#include "support/fake_log.h"
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

/// A disk that has stopped: what is appended is not answered.
class StuckLog : public FakeLog {
 public:
  using FakeLog::FakeLog;
  Result<void> append(Append&&, CommitHandler) override { return {}; }
};

TEST(Pipelined, BytesBehindAPushThatWaitsDoNotTurnTheLoopForEver) {
  TestServer server([](ServerOptions&) {}, std::make_unique<StuckLog>());
  HttpClient waiting(server.port()), early(server.port());
  const std::string headers = TestServer::bearer(server.ingest) + "Content-Type: application/json\r\n";
  const std::string reading = R"({"device":"d","metric":"m","value":1})";
  waiting.request("POST", "/v1/readings", headers, reading);
  early.request("POST", "/v1/readings", headers, reading);
  for (int i = 0; i < 3; ++i) early.send(std::string(10'000, 'x'));
  EXPECT_TRUE(early.closed_within(5s));
  const std::string metrics = HttpClient(server.port()).ask("GET", "/metrics", TestServer::bearer(server.viewer)).body;
  EXPECT_NE(metrics.find("weir_server_refused_total{limit=\"pipelined\"} 1\n"), std::string::npos) << metrics;
  EXPECT_FALSE(waiting.closed_within(100ms));
}

}  // namespace
}  // namespace weir::gateway
