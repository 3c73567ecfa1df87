// Whatever the log, the tail, retention, the disk and the budgets do, and wherever a client was cut and resumes: it has seen the
// log filtered, in order, exactly once, or was told which numbers it lost.
#include <map>
#include <random>

#include "client.h"

namespace weir::gateway {
namespace {

using Next = Subscription::Next;
using namespace std::chrono_literals;

constexpr std::uint64_t seeds = 25;
constexpr int steps = 120;

class World {
 public:
  World(std::uint64_t seed, std::string query) : random_(seed), query_(std::move(query)), filter_(query_of(query_).filter) {
    grow();
    bench.latest.follow();
    began_at = bench.log.head();
    newest_at_begin = newest_by_series();
    connect();
  }

  void run(bool resumes, bool drops) {
    for (int step = 0; step < steps; ++step) {
      switch (below(8)) {
        case 0:
        case 1: grow(); break;
        case 2: forget(); break;
        case 3:
          if (drops && below(4) == 0) drop();
          break;
        case 4:
          if (resumes) connect();
          break;
        default: pull(); break;
      }
    }
    finish();
  }

  Bench bench;
  std::vector<Received> received;
  std::vector<Record> written;  // all that ever were, matching or not
  std::uint64_t began_at = 0;
  std::map<std::uint32_t, std::uint64_t> newest_at_begin;

  bool matches(const Record& record) { return filter_.matches(record); }
  std::map<std::uint32_t, std::uint64_t> newest_by_series() {
    std::map<std::uint32_t, std::uint64_t> newest;
    for (const auto& record : written) {
      if (record.series && matches(record)) newest[record.series->id] = record.seq;
    }
    return newest;
  }

 private:
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  void grow() {
    const std::uint64_t before = bench.log.head();
    const std::uint64_t batches = 1 + below(4);
    for (std::uint64_t i = 0; i < batches; ++i) {
      if (below(10) == 0) bench.log.jump_to(bench.log.head() + 1 + below(20));
      bench.log.begin();
      const std::uint64_t count = 1 + below(15);
      for (std::uint64_t k = 0; k < count; ++k) add_one();
      bench.log.commit();
    }
    for (auto& record : bench.log.held()) {
      if (record.seq > before) written.push_back(std::move(record));
    }
    bench.log.now += std::chrono::milliseconds(below(50));
  }
  void add_one() {
    const std::string device(1, static_cast<char>('a' + below(5)));
    if (below(6) == 0) {
      bench.log.add_device(device, "online");
    } else {
      bench.log.add_reading(device, below(2) == 0 ? "t" : "p", static_cast<double>(below(100)));
    }
  }
  void forget() { bench.log.forget_before(bench.log.oldest() + below(bench.log.head() + 2 - bench.log.oldest())); }
  void drop() { bench.log.drop_before(bench.log.oldest() + below(bench.log.head() + 2 - bench.log.oldest())); }

  /// Resumes at the last record that the client has, or where the server says that it is.
  void connect() {
    std::string query = query_;
    if (client_) {
      const Cursor cursor = received.empty() || below(2) == 0 ? client_->subscription.cursor() : received.back().cursor;
      query += "&after=" + to_string(cursor);
    }
    client_ = std::make_unique<Client>(bench, query);
  }
  Next pull(std::size_t records) {
    const auto next = client_->pull(1 + below(4000), records, 1 + below(30));
    for (auto& one : client_->sink.received) received.push_back(std::move(one));
    client_->sink.received.clear();
    return next;
  }
  void pull() {
    bench.now += std::chrono::milliseconds(below(300));
    pull(1 + below(20));
  }
  void finish() {
    for (int pulls = 0;; ++pulls) {
      ASSERT_LT(pulls, 100'000);
      const auto next = pull(1 + below(20));
      if (next == Next::caught_up || next == Next::ended) return;
      if (next == Next::later) {
        ASSERT_GT(*client_->subscription.wake_at(), bench.now);
        bench.now = *client_->subscription.wake_at();
      }
    }
  }

  std::mt19937_64 random_;
  const std::string query_;
  Filter filter_;
  std::unique_ptr<Client> client_;
};

/// Ascending, each once, none that doesn't match, none inside a gap; returns what was lost, by the gaps' word.
std::vector<std::pair<std::uint64_t, std::uint64_t>> expect_honest_order(World& world) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::uint64_t last = 0;
  std::map<std::uint64_t, const Record*> by_seq;
  for (const auto& record : world.written) by_seq[record.seq] = &record;
  for (const auto& one : world.received) {
    if (one.is_gap) {
      const auto from = Cursor::parse(one.json["from"].get<std::string>())->seq, to = one.cursor.seq;
      EXPECT_GE(from, last);
      EXPECT_EQ(one.json["lost"].get<std::uint64_t>(), to - from);
      gaps.emplace_back(from, to);
      last = to;
      continue;
    }
    EXPECT_GT(one.seq(), last);
    EXPECT_EQ(one.cursor.seq, one.seq());
    EXPECT_TRUE(by_seq.count(one.seq()) == 1 && world.matches(*by_seq[one.seq()])) << one.json;
    last = one.seq();
  }
  return gaps;
}

bool lost(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& gaps, std::uint64_t seq) {
  return std::any_of(gaps.begin(), gaps.end(), [seq](const auto& gap) { return seq > gap.first && seq <= gap.second; });
}

/// Every matching record after `after` that `must_arrive` names was received or lost.
template <class MustArrive>
void expect_complete(World& world, std::uint64_t after, const MustArrive& must_arrive) {
  const auto gaps = expect_honest_order(world);
  std::map<std::uint64_t, int> seen;
  for (const auto& one : world.received) {
    if (!one.is_gap) ++seen[one.seq()];
  }
  for (const auto& record : world.written) {
    if (record.seq <= after || !world.matches(record) || !must_arrive(record)) continue;
    EXPECT_EQ(seen[record.seq] + (lost(gaps, record.seq) ? 1 : 0), 1) << record.seq;
  }
}

TEST(Property, EveryMatchingRecordArrivesExactlyOnceOrIsDeclaredLost) {
  for (const auto* query : {"kinds=*", "kinds=*&devices=a,c", "metrics=t", "kinds=device", "kinds=*&flush=20ms",
                            "kinds=*&rate=200", "kinds=*&consumer=c"}) {
    for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(query) + " seed " + std::to_string(seed));
      World world(seed, query);
      world.run(true, true);
      expect_complete(world, world.began_at, [](const Record&) { return true; });
    }
  }
}

TEST(Property, ASnapshotAndTheStreamAfterItMissNothing) {
  for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    World world(seed, "kinds=*&devices=a,b&snapshot=1");
    world.run(true, false);
    expect_complete(world, world.began_at, [](const Record&) { return true; });
    std::map<std::uint32_t, std::uint64_t> newest;
    for (const auto& one : world.received) {
      for (const auto& record : world.written) {
        if (record.seq == one.seq() && record.series) newest[record.series->id] = record.seq;
      }
    }
    for (const auto& [series, seq] : world.newest_at_begin) EXPECT_GE(newest[series], seq) << series;
  }
}

TEST(Property, MergingKeepsTheNewestOfEachSeriesAndEveryOtherRecord) {
  for (const auto* query : {"kinds=*&every=100ms", "kinds=*&lag=latest", "kinds=*&lag=latest&every=100ms", "lag=latest",
                            "every=100ms&devices=a", "kinds=*&lag=latest&rate=100"}) {
    for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(query) + " seed " + std::to_string(seed));
      World world(seed, query);
      world.run(true, true);
      const auto newest = world.newest_by_series();
      expect_complete(world, world.began_at, [&newest](const Record& record) {
        return record.series == nullptr || newest.at(record.series->id) == record.seq;
      });
    }
  }
}

TEST(Property, MergedCountsAddUpToWhatWasWritten) {
  for (const auto* query : {"kinds=*&every=100ms", "kinds=*&lag=latest"}) {
    for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(query) + " seed " + std::to_string(seed));
      World world(seed, query);
      world.run(false, false);
      std::uint64_t readings = 0, told = 0;
      for (const auto& record : world.written) readings += record.series && record.seq > world.began_at ? 1 : 0;
      for (const auto& one : world.received) {
        if (one.json["kind"] == "reading") told += 1 + one.json.value("merged", std::uint64_t{0});
      }
      EXPECT_EQ(told, readings);
    }
  }
}

}  // namespace
}  // namespace weir::gateway
