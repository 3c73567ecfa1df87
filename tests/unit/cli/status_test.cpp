#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/status_text.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

const ordered_json healthy = ordered_json::parse(R"({"version":"1.2.3","uptime_seconds":273600,"ready":true,"reasons":[],
  "readers":[{"name":"field","kind":"mqtt","where":"mqtt://127.0.0.1","connected":true,"messages":9,"readings":12,"losses":0},
             {"name":"meter","kind":"serial","where":"/dev/ttyUSB0","connected":false,"detail":"no such file"}],
  "log":{"head":"5f3a9c01-90","oldest":"5f3a9c01-10","series":7,"bytes":210000000,"size_max":512000000,"durability":"bounded",
         "sync_interval":"800ms","space_short":false},
  "flash":{"written_bytes":1,"written_bytes_per_day":40000000,"budget_per_day":200000000},
  "losses":{"since_start":0,"last_day":0},"clock":{"synchronised":true},"connections":1})");

TEST(StatusText, IsAGlance) {
  EXPECT_EQ(status_text(healthy, 10'000'000'000'000), R"(weir 1.2.3, ready, up 3 d 4 h
readers     1 of 2 connected
  field      mqtt mqtt://127.0.0.1, connected, 12 readings, 0 losses
  meter      serial /dev/ttyUSB0, NOT CONNECTED: no such file
log         210 MB of 512 MB (41 %), 7 series, from 5f3a9c01-10 to 5f3a9c01-90
durability  bounded: a power cut takes the last 800ms at most
flash       40 MB written a day of a budget of 200 MB, 14.6 GB a year; 10 TB of endurance last 684 years
losses      none in the last day
clock       synchronised
)");
}

TEST(StatusText, SaysInCapitalsWhatNeedsSomebody) {
  ordered_json ill = healthy;
  ill["ready"] = false;
  ill["reasons"] = {"the log has stopped"};
  ill["log"]["space_short"] = true;
  ill["log"]["replaced"] = "weir.db.damaged-1";
  ill["flash"]["written_bytes_per_day"] = 40'000'000'000;
  ill["losses"]["last_day"] = 17;
  ill["losses"]["last_day_retention"] = 5000;
  ill["clock"]["synchronised"] = false;
  const std::string text = status_text(ill, 10'000'000'000'000);
  for (const char* words :
       {"NOT READY: the log has stopped", "FILE SYSTEM FULL", "weir.db.damaged-1", "OVER the budget of 200 MB", "last 250 days",
        "17 in the last day, and 5000 that retention let go", "NOT SYNCHRONISED"}) {
    EXPECT_NE(text.find(words), std::string::npos) << words << "\n" << text;
  }
}

TEST(StatusText, ForecastsNothingInTheFirstMinutes) {
  ordered_json young = healthy;
  young["flash"] = {{"written_bytes", 9'200'000}, {"written_bytes_per_day", 0}, {"budget_per_day", 0}};
  EXPECT_NE(status_text(young, 10'000'000'000'000).find("flash       9.20 MB written since the start"), std::string::npos);
}

TEST(StatusText, OfAStrangerDoesNotFail) {
  EXPECT_FALSE(status_text(ordered_json::parse(R"({"log":{},"readers":7,"reasons":[1]})"), 0).empty());
}

TEST(SizeText, HasThreeDigits) {
  EXPECT_EQ(size_text(0), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1210), "1.21 kB");
  EXPECT_EQ(size_text(12'100), "12.1 kB");
  EXPECT_EQ(size_text(999'900), "1.00 MB");
  EXPECT_EQ(size_text(5e15), "5 PB");
}

TEST(UptimeText, NamesItsTwoLargestParts) {
  EXPECT_EQ(uptime_text(5), "5 s");
  EXPECT_EQ(uptime_text(3600), "1 h");
  EXPECT_EQ(uptime_text(3660), "1 h 1 min");
}

}  // namespace
}  // namespace weir::gateway::cli
