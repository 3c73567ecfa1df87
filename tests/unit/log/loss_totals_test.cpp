#include "log/loss_totals.h"

#include <gtest/gtest.h>

#include "log/loss_ledger.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

const Timestamp noon = *parse_time("2026-11-21T12:00:00Z");

Record record_of(const Event& event, Timestamp time) {
  return {.time = time, .received = time, .kind = Kind::loss, .event = std::make_shared<Event>(event)};
}

/// As the log writes it: the ledger makes a record of the first loss of a kind at once.
Record record_of(const Loss& loss, Timestamp time) {
  return record_of(*LossLedger().add(loss, "field", time, Monotonic()), time);
}

Loss boiler(std::uint64_t count = 1) {
  return {.where = "mqtt field",
          .reason = "undecodable",
          .count = count,
          .detail = "not a number",
          .device = "boiler",
          .metric = "t"};
}

Loss of_device(int number) { return {.where = "mqtt field", .reason = "full", .device = std::to_string(number)}; }

TEST(LossTotals, LossesOfOneKindWithinTheHourAreOneEntry) {
  LossTotals totals;
  totals.apply(record_of(boiler(2), noon));
  totals.apply(record_of(boiler(3), noon + 59min));
  totals.apply(record_of(boiler(), noon + 118min));
  const auto entries = totals.entries();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].where, "mqtt field");
  EXPECT_EQ(entries[0].reason, "undecodable");
  EXPECT_EQ(entries[0].device, "boiler");
  EXPECT_EQ(entries[0].metric, "t");
  EXPECT_EQ(entries[0].detail, "not a number");
  EXPECT_EQ(entries[0].count, 6U);
  EXPECT_EQ(entries[0].first, noon);
  EXPECT_EQ(entries[0].last, noon + 118min);
}

TEST(LossTotals, AnHourLaterAnEntryBegins) {
  LossTotals totals;
  totals.apply(record_of(boiler(), noon));
  totals.apply(record_of(boiler(), noon + 1h));
  totals.apply(record_of(boiler(), noon + 61min));
  const auto entries = totals.entries();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].count, 1U);
  EXPECT_EQ(entries[1].count, 2U);
  EXPECT_EQ(entries[1].first, noon + 1h);
}

TEST(LossTotals, AClockThatJumpsYearsMakesNoEntryOfYears) {
  LossTotals totals;
  const auto years = std::chrono::hours(24 * 3652);
  totals.apply(record_of(boiler(), noon));
  totals.apply(record_of(boiler(), noon - years));
  totals.apply(record_of(boiler(), noon + years));
  totals.apply(record_of(boiler(), *parse_time("2261-01-01T00:00:00Z")));
  totals.apply(record_of(boiler(), *parse_time("1680-01-01T00:00:00Z")));
  const auto entries = totals.entries();
  ASSERT_EQ(entries.size(), 5U);
  for (const auto& entry : entries) EXPECT_EQ(entry.first, entry.last);
}

TEST(LossTotals, OtherKindsAreOtherEntriesOldestFirst) {
  LossTotals totals;
  totals.apply(record_of(of_device(2), noon));
  totals.apply(record_of(of_device(1), noon));
  totals.apply(record_of(boiler(), noon));
  totals.apply(record_of(of_device(2), noon + 1s));
  const auto entries = totals.entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].device, "2");
  EXPECT_EQ(entries[0].count, 2U);
  EXPECT_EQ(entries[1].device, "1");
  EXPECT_EQ(entries[2].device, "boiler");
}

TEST(LossTotals, BeyondTheLimitTheOldestAreAddedUpAndNothingIsUncounted) {
  LossTotals totals(4);
  for (int i = 0; i < 10; ++i) totals.apply(record_of(of_device(i), noon + std::chrono::minutes(i)));
  const auto entries = totals.entries();
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].where, "log");
  EXPECT_EQ(entries[0].reason, "older");
  EXPECT_EQ(entries[0].count, 7U);
  EXPECT_EQ(entries[0].first, noon);
  EXPECT_EQ(entries[0].last, noon + 6min);
  EXPECT_EQ(entries[1].device, "7");
  totals.apply(record_of(of_device(0), noon + 10min));  // its entry went: it begins another
  EXPECT_EQ(totals.entries()[0].count, 8U);
  EXPECT_EQ(totals.entries()[3].device, "0");
}

/// What a store does with changes_since().
struct Table {
  std::map<std::uint64_t, LossEntry> rows;
  std::uint64_t revision = 0;

  void save(const LossTotals& totals) {
    auto changes = totals.changes_since(revision);
    revision = totals.revision();
    for (auto& row : changes.rows) rows[row.id] = row.entry;
    std::erase_if(rows, [&](const auto& row) { return row.first != 0 && row.first < changes.oldest_id; });
  }
  std::vector<LossTotals::Row> load() const {
    std::vector<LossTotals::Row> out;
    for (const auto& [id, entry] : rows) out.push_back({id, entry});
    return out;
  }
};

std::string text_of(const std::vector<LossEntry>& entries) {
  std::string text;
  for (const auto& e : entries) {
    text += e.where + "|" + e.reason + "|" + e.device + "|" + e.metric + "|" + e.detail + "|" + std::to_string(e.count) + "|" +
            format_time(e.first) + "|" + format_time(e.last) + "\n";
  }
  return text;
}

TEST(LossTotals, WhatIsSavedAndLoadedGoesOnAsIfNothingHappened) {
  LossTotals unbroken(5);
  Table table;
  auto totals = std::make_unique<LossTotals>(5);
  for (int i = 0; i < 200; ++i) {
    const auto record = record_of(of_device(i * i % 7), noon + std::chrono::minutes(i * 37));
    unbroken.apply(record);
    totals->apply(record);
    if (i % 3 != 0) continue;
    table.save(*totals);
    totals = std::make_unique<LossTotals>(5);
    totals->load(table.load());
    table.revision = 0;
    ASSERT_EQ(text_of(totals->entries()), text_of(unbroken.entries())) << i;
  }
}

TEST(LossTotals, OnlyWhatChangedIsWritten) {
  LossTotals totals;
  totals.apply(record_of(of_device(1), noon));
  totals.apply(record_of(of_device(2), noon));
  const auto revision = totals.revision();
  EXPECT_TRUE(totals.changes_since(revision).rows.empty());
  totals.apply(record_of(of_device(2), noon));
  const auto changes = totals.changes_since(revision);
  ASSERT_EQ(changes.rows.size(), 1U);
  EXPECT_EQ(changes.rows[0].id, 2U);
  EXPECT_EQ(changes.rows[0].entry.count, 2U);
}

TEST(LossTotals, MembersThatCannotBeReadAreOneLoss) {
  LossTotals totals;
  totals.apply(record_of(Event{.device = "d", .members = "\"count\":"}, noon));
  ASSERT_EQ(totals.entries().size(), 1U);
  EXPECT_EQ(totals.entries()[0].count, 1U);
  EXPECT_EQ(totals.entries()[0].device, "d");
  EXPECT_EQ(totals.entries()[0].first, noon);
}

TEST(LossTotals, LongTextsAreCutAtACharacter) {
  LossTotals totals;
  std::string where(loss_text_bytes_max - 1, 'x');
  totals.apply(record_of(Loss{.where = where + "ä", .reason = "noise"}, noon));
  EXPECT_EQ(totals.entries()[0].where, where);
}

}  // namespace
}  // namespace weir::gateway
