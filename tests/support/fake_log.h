// FakeLog: a log in memory, driven by hand.
//
// Purpose    tests of everything that reads the log: what the tail forgets, what retention drops and when a cold read is
//            answered happens exactly when the test says so.
// Thread     one: the test's.
// Ownership  owns its blocks, series and units.
// Limits     none.
// Errors     appending through the Log interface fails with `unavailable`: tests append with add_*().
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log/log.h"

namespace weir::gateway {

class FakeLog : public Log {
 public:
  static constexpr std::uint32_t default_epoch = 0x5f3a9c01;
  explicit FakeLog(std::uint32_t epoch = default_epoch) : epoch_(epoch) {}

  // --- Writing. Records gather in an open block; commit() publishes it. add_*() outside of a batch commit at once.

  std::uint64_t add_reading(std::string_view device, std::string_view metric, Value value, Timestamp time,
                            std::string_view unit = "") {
    Record record;
    record.time = record.received = time;
    record.series = series(device, metric);
    record.unit = this->unit(unit);
    record.value = std::move(value);
    return add(std::move(record));
  }
  std::uint64_t add_reading(std::string_view device, std::string_view metric, Value value = 1.0) {
    return add_reading(device, metric, std::move(value), tick());
  }
  std::uint64_t add_event(Kind kind, Event event) {
    Record record;
    record.kind = kind;
    record.time = record.received = tick();
    record.event = std::make_shared<const Event>(std::move(event));
    return add(std::move(record));
  }
  std::uint64_t add_device(const std::string& device, const std::string& state, const std::string& reader = "field") {
    return add_event(Kind::device,
                     {device, "", R"("device":")" + device + R"(","state":")" + state + R"(","reader":")" + reader + '"'});
  }
  std::uint64_t add(Record&& record) {
    record.seq = next_seq_++;
    open_.push_back(std::move(record));
    if (!batching_) commit();
    return next_seq_ - 1;
  }
  void begin() { batching_ = true; }
  void commit() {
    batching_ = false;
    if (open_.empty()) return;
    auto block = std::make_shared<Block>();
    block->records = std::exchange(open_, {});
    head_ = block->last();
    blocks_.push_back(std::move(block));
  }
  /// The next number is `seq`: a hole, as after a power cut.
  void jump_to(std::uint64_t seq) { next_seq_ = std::max(next_seq_, seq); }

  const Series* series(std::string_view device, std::string_view metric) {
    const std::pair<std::string, std::string> name(device, metric);
    const auto found = series_ids_.find(name);
    if (found != series_ids_.end()) return &series_[found->second];
    const auto id = static_cast<std::uint32_t>(series_.size());
    series_ids_.emplace(name, id);
    return &series_.emplace_back(Series{id, name.first, name.second});
  }
  const std::string* unit(std::string_view text) {
    const auto found = std::find(units_.begin(), units_.end(), text);
    return found != units_.end() ? &*found : &units_.emplace_back(text);
  }
  /// The time of the next record where the test names none: a millisecond after the one before.
  Timestamp tick() { return now += std::chrono::milliseconds(1); }
  Timestamp now = from_nanoseconds(1'700'000'000'000'000'000);

  // --- What a log does by itself.

  /// The tail no longer holds records before `seq` (whole blocks go, as far as they are before it).
  void forget_before(std::uint64_t seq) { tail_from_ = std::max(tail_from_, seq); }
  /// Retention: records before `seq` are gone for good.
  void drop_before(std::uint64_t seq) { oldest_ = std::max(oldest_, seq), forget_before(seq); }

  std::vector<Record> newest_at_start;
  std::vector<DeviceRow> devices_at_start;
  std::vector<CommandStatus> commands_at_start;

  // --- Cold reads wait until they are answered.

  std::size_t waiting() const { return waiting_.size(); }
  void answer() {
    for (auto& question : std::exchange(waiting_, {})) question();
  }
  /// The same as read(), at once.
  BlockPtr read_now(std::uint64_t after, std::size_t records_max) const {
    auto found = std::make_shared<Block>();
    for (const auto& block : blocks_) {
      for (const auto& record : block->records) {
        if (record.seq <= after || record.seq < oldest_ || found->records.size() == records_max) continue;
        found->records.push_back(record);
      }
    }
    return found->records.empty() ? nullptr : BlockPtr(std::move(found));
  }
  /// All records that are still held, in order.
  std::vector<Record> held() const {
    const BlockPtr all = read_now(0, ~std::size_t{0});
    return all ? all->records : std::vector<Record>();
  }

  // --- Log

  Result<Committed> append_and_wait(Append&&, std::chrono::milliseconds) override { return refused(); }
  Result<void> append(Append&&, CommitHandler) override { return refused(); }
  std::uint32_t epoch() const override { return epoch_; }
  std::uint64_t head() const override { return head_; }
  std::uint64_t oldest() const override { return oldest_; }

  TailRead read_tail(std::uint64_t after, std::size_t records_max, std::vector<BlockPtr>& out) const override {
    out.clear();
    if (after >= head_) return TailRead::ok;
    const auto held = std::partition_point(blocks_.begin(), blocks_.end(),
                                           [this](const auto& b) { return b->first() < std::max(tail_from_, oldest_); });
    if (held == blocks_.end() || (*held)->first() > after + 1) return TailRead::cold;
    auto block = std::partition_point(held, blocks_.end(), [after](const auto& b) { return b->last() <= after; });
    for (std::size_t records = 0; block != blocks_.end() && (out.empty() || records < records_max); ++block) {
      records += (*block)->records.size();
      out.push_back(*block);
    }
    return TailRead::ok;
  }
  void read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) override {
    waiting_.push_back([this, after, records_max, done = std::move(done)] { done(read_now(after, records_max)); });
  }
  void find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) override {
    waiting_.push_back([this, time, done = std::move(done)] {
      for (const auto& record : held()) {
        if (record.received >= time) return done(record.seq - 1);
      }
      done(head_);
    });
  }
  void history(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) override {
    waiting_.push_back([this, query = std::move(query), done = std::move(done)] {
      asked = query;
      done(history_answer);
    });
  }
  std::optional<HistoryQuery> asked;  // of history(), when it was answered
  Result<HistoryAnswer> history_answer = HistoryAnswer{};
  std::vector<LossEntry> losses() const override { return loss_entries; }
  std::vector<LossEntry> loss_entries;
  std::vector<Record> newest() const override { return newest_at_start; }
  std::vector<DeviceRow> devices() const override { return devices_at_start; }
  std::vector<CommandStatus> commands() const override { return commands_at_start; }
  std::vector<ConsumerMark> consumers() const override { return {}; }
  LogStats stats() const override {
    LogStats stats = told_stats;
    stats.head = head_;
    stats.oldest = oldest_;
    return stats;
  }
  LogStats told_stats;  // but for head and oldest
  Result<void> tend() override { return {}; }
  void close() override {}

 private:
  static Error refused() { return {ErrorCode::unavailable, "a FakeLog is appended to with add_*()"}; }

  const std::uint32_t epoch_;
  std::deque<BlockPtr> blocks_;
  std::vector<Record> open_;
  bool batching_ = false;
  std::uint64_t next_seq_ = 1, head_ = 0, oldest_ = 1, tail_from_ = 1;
  std::deque<Series> series_;
  std::map<std::pair<std::string, std::string>, std::uint32_t> series_ids_;
  std::deque<std::string> units_;
  std::vector<std::function<void()>> waiting_;
};

}  // namespace weir::gateway
