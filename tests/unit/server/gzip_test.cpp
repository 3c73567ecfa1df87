#include "server/http/gzip.h"

#include <random>
#include <vector>

#include "server/loop/host.h"
#include "support/gunzip.h"
#include "unit/server/server_fixture.h"

namespace weir::gateway {
namespace {

using weir::test::gunzip;

TEST(Coding, IsGzipOnlyForWhoeverAllowsIt) {
  for (const char* header : {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*", "gzip;q=0.001",
                             "deflate, *;q=0.5", "gzip;q=0.5, identity;q=0.5", "gzip ; q=1", "identity;q=0.2, *"}) {
    EXPECT_EQ(negotiate_coding(header), Coding::gzip) << header;
  }
  for (const char* header : {"", "identity", "deflate, br", "gzip;q=0", "gzip;q=0.000, *", "*;q=0", "gzip;q=0.2, identity",
                             "gzip;q=0.2, identity;q=0.9", "gzipped", "identity;q=0", ",,", "gzip;q=0, identity;q=0"}) {
    EXPECT_EQ(negotiate_coding(header), Coding::identity) << header;
  }
  for (const char* header : {"gzip, identity;q=0", "gzip;q=0.1, *;q=0", "*, identity;q=0", "x-gzip, IDENTITY;q=0.0"}) {
    EXPECT_EQ(negotiate_coding(header), Coding::gzip_only) << header;
  }
}

TEST(Coding, ReadsNoMoreOfAHeaderThanItsLimit) {
  std::string header;
  for (int i = 0; i < 32; ++i) header += "br,";
  EXPECT_EQ(negotiate_coding(header + "gzip"), Coding::identity);
  EXPECT_EQ(negotiate_coding("gzip," + header), Coding::gzip);
}

TEST(Gzip, IsUndoneByOthersHoweverItWasCut) {
  std::string plain;
  for (int i = 0; i < 20'000; ++i) plain += "{\"seq\":" + std::to_string(i * 7919 % 10'007) + "}\n";
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{32} << 10U, plain.size()}) {
    const auto gzip = Gzip::make();
    std::string out;
    for (std::size_t at = 0; at < plain.size(); at += piece) {
      gzip->append(out, std::string_view(plain).substr(at, piece), Gzip::Flush::none);
    }
    gzip->append(out, "", Gzip::Flush::finish);
    EXPECT_EQ(gunzip(out), plain) << piece;
    EXPECT_LT(out.size(), plain.size() / 2);
  }
}

TEST(Gzip, AfterASyncEverythingIsOnItsWay) {
  const auto gzip = Gzip::make();
  std::string out;
  gzip->append(out, "time,value\n", Gzip::Flush::none);
  const std::size_t held_back = out.size();
  gzip->append(out, "", Gzip::Flush::sync);
  EXPECT_GT(out.size(), held_back);
  EXPECT_TRUE(out.ends_with(std::string_view("\0\0\xff\xff", 4)));  // an empty stored block: RFC 1951 section 3.2.4
}

TEST(Gzip, LendsAFixedNumberAndTakesThemBack) {
  Gzips gzips;
  std::vector<Gzips::Lent> lent;
  for (std::size_t i = 0; i < Gzips::streams_max; ++i) lent.push_back(gzips.lend());
  EXPECT_TRUE(lent.back());
  EXPECT_FALSE(gzips.lend());
  EXPECT_EQ(gzips.refused(), 1U);
  lent.pop_back();
  EXPECT_TRUE(gzips.lend());
  lent.clear();
  EXPECT_EQ(gzips.lent(), 0U);
}

class GzipServer : public ServerTest {
 protected:
  static constexpr const char* gzip = "Accept-Encoding: gzip\r\n";

  std::uint64_t metric(const std::string& name) {
    const std::string text = get("/metrics").body;
    const std::size_t at = text.find("\n" + name + ' ');
    return at == text.npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }
};

TEST_F(GzipServer, AnswersFromAKilobyteOnAreCompressedForWhoeverAllowsIt) {
  server.append("a", 0, 200);
  const auto plain = get("/v1/stream?limit=100");
  EXPECT_EQ(plain.header("content-encoding"), "");
  const auto small = get("/v1/stream?limit=100", gzip);
  EXPECT_EQ(small.header("content-encoding"), "gzip");
  EXPECT_EQ(small.header("content-length"), std::to_string(small.body.size()));
  EXPECT_LT(small.body.size(), plain.body.size() / 4);
  EXPECT_EQ(gunzip(small.body), plain.body);
  const auto both = get("/v1/stream?limit=1", gzip);
  EXPECT_EQ(both.header("content-encoding"), "");
  const auto forced = get("/v1/stream?limit=1", "Accept-Encoding: gzip, identity;q=0\r\n");
  EXPECT_EQ(gunzip(forced.body), both.body);
  EXPECT_EQ(metric("weir_server_gzip_plain_bytes_total"), plain.body.size() + both.body.size());
}

TEST_F(GzipServer, EveryAnswerThatMayBeCompressedSaysSo) {
  server.append("a", 0, 10);
  for (const char* path : {"/v1/stream?limit=3", "/v1/devices", "/v1/losses", "/v1/status", "/metrics",
                           "/v1/history?device=a&metric=n", "/v1/history?device=a&metric=n&format=csv"}) {
    EXPECT_EQ(get(path).header("vary"), "Accept-Encoding") << path;
  }
}

TEST_F(GzipServer, LongPagesAreCompressedInSlices) {
  server.append("a", 0, 9000);
  const auto plain = get("/v1/stream?limit=9000");
  ASSERT_GT(plain.body.size(), 10 * Gzips::slice_bytes);
  HttpClient client(server.port());
  for (int i = 0; i < 2; ++i) {  // on one connection: each is complete
    const auto answer = client.ask("GET", "/v1/stream?limit=9000", TestServer::bearer(server.viewer) + gzip);
    EXPECT_EQ(answer.header("transfer-encoding"), "chunked");
    EXPECT_EQ(gunzip(answer.body), plain.body);
  }
  const auto head = ask("HEAD", "/v1/stream?limit=9000", TestServer::bearer(server.viewer) + gzip);
  EXPECT_EQ(head.header("content-encoding"), "gzip");
  EXPECT_EQ(head.body, "");
}

TEST_F(GzipServer, ATagIsGoodForBothCodings) {
  server.append("a", 0, 200);
  const auto plain = get("/v1/stream");
  const auto compressed = get("/v1/stream", gzip);
  EXPECT_EQ(compressed.header("etag"), "W/" + plain.header("etag"));
  for (const auto& etag : {plain.header("etag"), compressed.header("etag")}) {
    const auto same = get("/v1/stream", "If-None-Match: " + etag + "\r\n");
    EXPECT_EQ(same.status, 304);
    EXPECT_EQ(same.header("etag"), plain.header("etag"));
    const auto weak = get("/v1/stream", gzip + ("If-None-Match: " + etag + "\r\n"));
    EXPECT_EQ(weak.status, 304);
    EXPECT_EQ(weak.header("etag"), compressed.header("etag"));
    EXPECT_EQ(weak.header("content-encoding"), "");
  }
}

TEST_F(GzipServer, HistoryIsCompressedAsADocumentAndAsAFile) {
  for (std::int64_t i = 0; i < 25; ++i) server.append("a", i * 1000, 1000);
  for (const char* query : {"&points=0&limit=2000", "&points=0&format=csv", "&points=0&format=ndjson"}) {
    const std::string path =
        "/v1/history?device=a&metric=n&from=2020-01-01T00:00:00Z&to=2090-01-01T00:00:00Z" + std::string(query);
    const auto plain = get(path);
    const auto answer = get(path, gzip);
    EXPECT_EQ(plain.header("content-encoding"), "");
    EXPECT_EQ(answer.header("content-encoding"), "gzip") << path;
    EXPECT_EQ(gunzip(answer.body), plain.body) << path;
    EXPECT_LT(answer.body.size(), plain.body.size() / 4);
    EXPECT_GT(plain.body.size(), 2 * Gzips::slice_bytes);
  }
}

TEST_F(GzipServer, WhatIsLiveIsNeverCompressed) {
  server.append("a", 0, 200);
  for (const char* accept : {"Accept: text/event-stream\r\n", "Accept: application/x-ndjson\r\n"}) {
    HttpClient client(server.port());
    client.request("GET", "/v1/stream?after=earliest", TestServer::bearer(server.viewer) + accept + gzip);
    const auto head = client.read_head();
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.header("content-encoding"), "");
    EXPECT_TRUE(client.read_line());
  }
}

TEST_F(GzipServer, AClientOfHttp10IsGivenPlainBytes) {
  server.append("a", 0, 200);
  HttpClient client(server.port());
  client.send("GET /v1/stream HTTP/1.0\r\n" + TestServer::bearer(server.viewer) + gzip + "\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.header("content-encoding"), "");
  EXPECT_EQ(json::parse(answer.body)["records"].size(), 200U);
}

/// Each holds a compressor while it does not read; the next gets its file nevertheless.
TEST_F(GzipServer, WhenAllCompressorsAreTakenAnAnswerGoesOutAsItIs) {
  // What does not compress well: one page is more than the two sockets of a connection hold.
  std::mt19937 random(1);
  std::vector<Reading> readings;
  for (int i = 0; i < 300; ++i) {
    std::string text(4000, ' ');
    for (char& c : text) c = static_cast<char>('a' + random() % 26);
    readings.push_back({.device = "a", .metric = "text", .value = std::move(text)});
  }
  server.append(std::move(readings));
  const std::string path = "/v1/stream?limit=9000";
  const auto plain = get(path);
  std::vector<std::unique_ptr<HttpClient>> deaf;
  for (std::size_t i = 0; i < Gzips::streams_max; ++i) {
    deaf.push_back(std::make_unique<HttpClient>(server.port()));
    deaf.back()->take_little();
    deaf.back()->request("GET", path, TestServer::bearer(server.viewer) + gzip);
  }
  const auto all_wait = [&] { return get("/metrics").body.find("connections{kind=\"request\"} 16\n") != std::string::npos; };
  EXPECT_TRUE(test::wait_until(all_wait));
  const auto answer = get(path, gzip);
  EXPECT_EQ(answer.header("content-encoding"), "");
  EXPECT_EQ(answer.body, plain.body);
  EXPECT_GE(metric("weir_server_gzip_skipped_total"), 1U);
}

}  // namespace
}  // namespace weir::gateway
