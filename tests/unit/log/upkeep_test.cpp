// What happens to records after they are committed. Nothing runs by itself here: tend() does what is due.
#include <gtest/gtest.h>

#include <fstream>
#include <random>

#include "log/aside.h"
#include "log/database.h"
#include "log/log.h"
#include "log/store.h"
#include "log/vfs.h"
#include "support/manual_clock.h"
#include "support/temporary_folder.h"

namespace weir::gateway {
namespace {

using namespace std::chrono_literals;

/// Everything that a record says, as text: it outlives the log.
std::string all_of(const Record& record) {
  auto text = std::to_string(record.seq) + " " + format_time(record.time) + " " + format_time(record.received) + " " +
              std::string(to_string(record.kind)) + " " + std::string(to_string(record.quality)) + " " +
              std::string(record.device()) + " " + std::string(record.metric()) + " ";
  if (record.event) return text + record.event->members;
  const auto value = [](const auto& v) {
    if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>) {
      return v;
    } else {
      return std::to_string(v);
    }
  };
  return text + std::to_string(record.value.index()) + " " + std::visit(value, record.value) + " " + *record.unit;
}

class UpkeepTest : public testing::Test {
 protected:
  void SetUp() override { open(); }

  void open() {
    log_.reset();
    auto log = Log::open(options_, clock_, {.on_commit = [] {}, .on_fatal = [this](const Error& e) { fatal_ = e.message; }});
    ASSERT_TRUE(log) << log.error().message;
    log_ = std::move(*log);
  }

  std::uint64_t put(std::vector<Reading> readings) {
    auto committed = log_->append_and_wait({.delivery = {.reader = "test", .readings = std::move(readings)}}, 5s);
    EXPECT_TRUE(committed) << committed.error().message;
    return committed ? committed->last : 0;
  }
  std::uint64_t put(std::string metric, Value value, std::optional<Timestamp> time = {}) {
    return put({{.device = "boiler", .metric = std::move(metric), .value = std::move(value), .unit = "Cel", .time = time}});
  }
  /// Fills parts of the journal and has them folded, a second each.
  void put_and_fold(int parts, bool noise = false) {
    for (int i = 0; i < parts; ++i) {
      const auto before = log_->stats().folded_records;
      for (int n = 0; log_->stats().folded_records == before; ++n) {
        ASSERT_LT(n, 10'000);
        std::vector<Reading> readings;
        for (int k = 0; k < 500; ++k) {
          readings.push_back({.device = "boiler", .metric = "m" + std::to_string(k % 5), .value = value(noise)});
        }
        put(std::move(readings));
        clock_.advance(1s);
        ASSERT_TRUE(log_->tend());
      }
    }
  }
  Value value(bool noise) {
    if (noise) return std::bit_cast<double>(random_() >> 2U);
    return static_cast<double>(random_() % 1000) / 100;
  }

  std::vector<Record> read_all(std::uint64_t after = 0, std::size_t page = 1000) {
    std::vector<Record> records;
    for (;;) {
      BlockPtr block;
      log_->read(after, page, [&](Result<BlockPtr> read) {
        EXPECT_TRUE(read) << read.error().message;
        if (read) block = *read;
      });
      if (!block) return records;
      EXPECT_LE(block->records.size(), page);
      records.insert(records.end(), block->records.begin(), block->records.end());
      after = block->last();
    }
  }
  static std::vector<Value> values(const std::vector<Record>& records, std::string_view metric) {
    std::vector<Value> found;
    for (const auto& record : records) {
      if (record.kind == Kind::reading && record.series->metric == metric) found.push_back(record.value);
    }
    return found;
  }
  std::uint64_t lost(std::string_view reason) const {
    std::uint64_t count = 0;
    for (const auto& entry : log_->losses()) count += entry.reason == reason ? entry.count : 0;
    return count;
  }
  HistoryAnswer history(HistoryQuery query) {
    HistoryAnswer found;
    log_->history(std::move(query), [&](Result<HistoryAnswer> answer) {
      EXPECT_TRUE(answer) << answer.error().message;
      if (answer) found = std::move(*answer);
    });
    return found;
  }

  tests::TemporaryFolder folder_;
  ManualClock clock_;
  LogOptions options_{.file = folder_.path() / "weir.db", .size_max = 2'000'000, .background = false};
  std::unique_ptr<Log> log_;
  std::string fatal_;
  std::mt19937_64 random_{7};
};

TEST_F(UpkeepTest, CursorsReadAcrossChunksAndJournalWithoutAHoleOrADouble) {
  put_and_fold(3);
  put("last", 1.0);
  EXPECT_GT(log_->stats().folded_records, 0U);
  for (const std::size_t page : {7U, 1000U, 100'000U}) {
    const auto records = read_all(0, page);
    ASSERT_EQ(records.size(), log_->head());
    for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].seq, i + 1);
  }
}

TEST_F(UpkeepTest, WhatIsFoldedComesBackAsItWasCommitted) {
  const auto at = clock_.wall();
  put("text", std::string("one"));
  put({{.device = "pump", .metric = "on", .value = true, .quality = Quality::uncertain, .time = at - 3h}});
  put("count", std::int64_t{-5}, at + 1h);
  std::vector<BlockPtr> tail;
  ASSERT_EQ(log_->read_tail(0, 100, tail), Log::TailRead::ok);
  std::vector<std::string> committed, folded;
  for (const auto& block : tail) {
    for (const auto& record : block->records) committed.push_back(all_of(record));
  }
  open();  // a clean stop folds everything
  EXPECT_GT(log_->stats().database_bytes, 0U);
  for (const auto& record : read_all()) folded.push_back(all_of(record));
  EXPECT_EQ(folded, committed);
}

TEST_F(UpkeepTest, FinishedCommandsAndKeysAreKeptByNumberAndBySizeAndOpenOnesAlways) {
  const auto share = Shares::of(options_.size_max).keys;
  const auto command = [this](int n, CommandState state) {
    return CommandStatus{.id = "c" + std::to_string(n),
                         .device = "d",
                         .args_json = std::string(1000, 'x'),
                         .state = state,
                         .created = clock_.wall() - n * 1s};  // the clock is set back before each
  };
  ASSERT_TRUE(log_->append_and_wait({.commands = {command(-1, CommandState::queued), command(-2, CommandState::sent)}}, 5s));
  for (int n = 0; n < 1500; ++n) {
    Append append{.commands = {command(n, CommandState::succeeded)},
                  .idempotency_key = std::to_string(n) + std::string(200, 'k')};
    ASSERT_TRUE(log_->append_and_wait(std::move(append), 5s));
    ASSERT_TRUE(log_->tend());
  }
  ASSERT_TRUE(log_->append_and_wait({.commands = {command(-2, CommandState::succeeded)}}, 5s));
  log_.reset();
  {
    auto database = Database::open(options_.file, Database::Mode::read_only, register_vfs());
    EXPECT_LE(*database->number("SELECT sum(length(args)) FROM command WHERE state = 'succeeded'"), share);
    EXPECT_GE(*database->number("SELECT sum(length(args)) FROM command WHERE state = 'succeeded'"), share / 2);
    EXPECT_LE(*database->number("SELECT sum(length(key)) FROM push"), share);
    EXPECT_GE(*database->number("SELECT sum(length(key)) FROM push"), share / 2);
  }
  open();
  const auto commands = log_->commands();
  ASSERT_FALSE(commands.empty());
  EXPECT_EQ(commands.front().id, "c-1");
  EXPECT_EQ(commands.back().id, "c-2");  // accepted early, ended last
  EXPECT_EQ(commands[commands.size() - 2].id, "c1499");
  const auto again = log_->append_and_wait({.idempotency_key = "1499" + std::string(200, 'k')}, 5s);
  EXPECT_TRUE(again && again->repeated);
}

TEST_F(UpkeepTest, WhenSpaceRunsShortReadingsAreThinnedAndMinutesStay) {
  const auto begun = clock_.wall();
  put("first", 1.5);
  while (log_->stats().thinned_records == 0 && !HasFatalFailure()) put_and_fold(1, true);
  EXPECT_GT(log_->oldest(), 1U);
  EXPECT_LE(log_->stats().bytes, options_.size_max);
  put("tick", 1.0);
  ASSERT_TRUE(log_->tend());
  EXPECT_EQ(lost("thinned"), log_->stats().thinned_records);
  EXPECT_EQ(read_all().front().seq, log_->oldest());
  const auto minutes = history({.device = "boiler", .metric = "first", .from = begun - 1min, .to = begun + 1min, .buckets = 100});
  ASSERT_EQ(minutes.buckets.size(), 1U);
  EXPECT_EQ(minutes.buckets[0].max, 1.5);
}

TEST_F(UpkeepTest, WhatADurableConsumerHasNotReadIsThinnedLast) {
  Append consumer;
  consumer.consumers.push_back({.name = "cloud", .seq = 0});
  ASSERT_TRUE(log_->append_and_wait(std::move(consumer), 5s));
  while (log_->stats().thinned_records == 0 && log_->stats().dropped_records == 0 && !HasFatalFailure()) put_and_fold(1, true);
  // Nothing else was there to let go of: the limit counts for more than a consumer.
  EXPECT_GT(log_->oldest(), 1U);
  EXPECT_LE(log_->stats().bytes, options_.size_max);
}

TEST_F(UpkeepTest, AJumpOfTheClockByYearsLosesNothing) {
  for (const auto jump : {24h * 365 * 10, -24h * 365 * 20, 24h * 365 * 10}) {
    put_and_fold(1);
    clock_.step_wall(jump);
    clock_.advance(2s);
    ASSERT_TRUE(log_->tend());
  }
  put("last", 1.0);
  EXPECT_EQ(log_->oldest(), 1U);
  EXPECT_EQ(log_->stats().dropped_records, 0U);
  const auto records = read_all();
  ASSERT_EQ(records.size(), log_->head());
  for (std::size_t i = 0; i < records.size(); ++i) ASSERT_EQ(records[i].seq, i + 1);
  std::size_t stepped = 0;
  for (const auto& record : records) {
    stepped += record.kind == Kind::system && record.event->members.find("clock_stepped") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(stepped, 3U);
}

TEST_F(UpkeepTest, RecordsExpireByTheTimeThatPassesNotByTheWallClock) {
  options_.age_max = 24h * 2;
  open();
  put_and_fold(1);
  clock_.step_wall(24h * 300);
  ASSERT_TRUE(log_->tend());
  EXPECT_EQ(log_->oldest(), 1U);
  for (int day = 0; day < 4; ++day) {
    clock_.advance(25h);
    put("tick", 1.0);
    ASSERT_TRUE(log_->tend());
  }
  ASSERT_TRUE(log_->tend());
  EXPECT_GT(log_->oldest(), 1U);
  EXPECT_GT(lost("expired"), 0U);
}

TEST_F(UpkeepTest, ReadingsOfBeforeTheClockWasSetAreMarkedAndCorrectedWhenItIs) {
  const auto right = clock_.wall();
  log_.reset();
  clock_.step_wall(-24h * 365 * 20);
  clock_.set_source(ClockSource::none);
  open();
  put("early", 1.0);
  put("dated", 2.0, right - 5min);  // a device that knows the time by itself
  auto records = read_all();
  EXPECT_TRUE(records.at(1).clock_unsynchronised);
  EXPECT_FALSE(records.at(2).clock_unsynchronised);
  EXPECT_LT(records.at(1).time, right - 24h * 365);

  clock_.advance(30s);
  clock_.step_wall(24h * 365 * 20);
  clock_.set_source(ClockSource::ntp);
  clock_.advance(2s);
  ASSERT_TRUE(log_->tend());
  for (int i = 0; i < 2; ++i) {
    records = read_all();
    EXPECT_FALSE(records.at(1).clock_unsynchronised);
    EXPECT_EQ(std::chrono::round<std::chrono::seconds>(records.at(1).time), std::chrono::round<std::chrono::seconds>(right));
    EXPECT_EQ(records.at(2).time, right - 5min);
    open();  // and again from the database
  }
}

TEST_F(UpkeepTest, ADamagedLogIsSalvagedIntoHistory) {
  const auto begun = clock_.wall();
  put_and_fold(2);
  put("in_the_journal", 4.5);
  const auto epoch = log_->epoch();
  const auto before = values(read_all(), "m1").size();
  // As a crash leaves it: database and journal.
  const auto copy = folder_.path() / "copy";
  std::filesystem::create_directory(copy);
  for (const auto& file : std::filesystem::directory_iterator(folder_.path())) {
    if (file.is_regular_file()) std::filesystem::copy_file(file, copy / file.path().filename());
  }
  log_.reset();
  options_.file = copy / "weir.db";
  mark_damaged(options_.file);
  open();
  EXPECT_NE(log_->epoch(), epoch);
  EXPECT_FALSE(log_->stats().replaced.empty());
  EXPECT_EQ(log_->head(), 0U);
  put("new", 1.0);
  for (int i = 0; i < 10; ++i) {
    clock_.advance(1s);
    ASSERT_TRUE(log_->tend());
  }
  const HistoryQuery query{.device = "boiler", .metric = "m1", .from = begun - 1h, .to = clock_.wall() + 1h, .readings = 100'000};
  EXPECT_EQ(history(query).readings.size(), before);
  auto in_journal = query;
  in_journal.metric = "in_the_journal";
  ASSERT_EQ(history(in_journal).readings.size(), 1U);
  EXPECT_EQ(history(in_journal).readings[0].value, Value(4.5));
  // Cursors never see them.
  for (const auto& record : read_all()) {
    EXPECT_TRUE(record.kind != Kind::reading || record.series->metric == "new");
  }
  std::size_t told = 0;
  for (const auto& record : read_all()) told += record.kind == Kind::system ? 1 : 0;
  EXPECT_EQ(told, 1U);
}

TEST_F(UpkeepTest, PagesThatAreDamagedCostOnlyWhatIsOnThem) {
  put_and_fold(3, true);
  const auto before = read_all().size();
  log_.reset();
  const auto size = std::filesystem::file_size(options_.file);
  {
    std::fstream file(options_.file, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2 / page_bytes * page_bytes + 100));
    file.put('x').put('y').put('z');
  }
  open();
  if (log_->stats().replaced.empty()) {
    // Found when it is read, by a page of records: an error, or less, never something else.
    std::size_t after = 0;
    log_->read(0, 1'000'000, [&](Result<BlockPtr> read) { after = read && *read ? (*read)->records.size() : 0; });
    EXPECT_LT(after, before);
  } else {
    EXPECT_EQ(log_->head(), 0U);
  }
}

}  // namespace
}  // namespace weir::gateway
