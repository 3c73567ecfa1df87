#include "log/history.h"

#include <algorithm>

#include "base/limits.h"
#include "log/history_query.h"
#include "log/part_reader.h"

namespace weir::gateway {

namespace {

const Error busy{ErrorCode::full, "too many questions to the log's history at once; ask again"};
// A question that finds its part of the journal folded under it asks the database once more.
constexpr int attempts = 8;
constexpr auto kept_for = std::chrono::seconds(2);

bool has_next(const BlockPtr& block, std::uint64_t after) {
  return block && block->first() <= after + 1 && block->last() > after;
}

BlockPtr slice(const Block& block, std::uint64_t after, std::size_t records_max) {
  const auto from = std::upper_bound(block.records.begin(), block.records.end(), after,
                                     [](std::uint64_t seq, const Record& record) { return seq < record.seq; });
  const auto count = std::min<std::size_t>(records_max, static_cast<std::size_t>(block.records.end() - from));
  if (count == 0) return nullptr;
  auto part = std::make_shared<Block>();
  part->records.assign(from, from + static_cast<std::ptrdiff_t>(count));
  return part;
}

}  // namespace

Result<std::unique_ptr<History>> History::start(const std::filesystem::path& file, const std::string& vfs, Sources sources,
                                                bool threaded) {
  auto database = Database::open(file, Database::Mode::read_only, vfs);
  if (!database) return database.error();
  if (auto set = database->run("PRAGMA cache_size=-1024"); !set) return set.error();
  return std::unique_ptr<History>(new History(std::move(*database), sources, threaded));
}

History::History(Database database, Sources sources, bool threaded)
    : database_(std::move(database)), sources_(sources), tasks_(limits::history_requests_max, [this] {
        std::lock_guard lock(mutex_);
        woken_ = true;
        waiting_.notify_one();
      }) {
  if (threaded) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

History::~History() = default;

void History::run(const std::stop_token& stop) {
  std::vector<Task> tasks;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      if (segment_ || entries_) {
        if (!waiting_.wait_for(lock, stop, kept_for, [this] { return woken_; })) segment_ = entries_ = nullptr;
      } else {
        waiting_.wait(lock, stop, [this] { return woken_; });
      }
      woken_ = false;
    }
    tasks_.drain(tasks);
    for (auto& task : tasks) task();
  }
}

void History::post(Task task, const std::function<void()>& refuse) {
  if (!thread_.joinable()) return task();
  if (!tasks_.push(std::move(task))) refuse();
}

void History::read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) {
  post([=, this] { done(read_page(after, records_max)); }, [&] { done(busy); });
}

void History::find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) {
  post([=, this] { done(seq_before(time)); }, [&] { done(busy); });
}

void History::ask(HistoryQuery query, std::function<void(Result<HistoryAnswer>)> done) {
  post([=, this] { done(answer(query)); }, [&] { done(busy); });
}

/// One read transaction: what retention drops meanwhile stays readable until it ends.
template <class Answer>
Result<Answer> History::in_snapshot(const std::function<Result<Answer>()>& question) {
  if (auto begun = database_.run("BEGIN"); !begun) return begun.error();
  auto loaded = load_folded();
  auto answer = loaded ? question() : Result<Answer>(loaded.error());
  (void)database_.run("COMMIT");
  return answer;
}

Result<void> History::load_folded() {
  auto version = database_.number("PRAGMA data_version");
  if (!version) return version.error();
  auto seq = database_.number("SELECT seq FROM fold");  // begins the snapshot
  if (!seq) return seq.error();
  auto now = database_.number("PRAGMA data_version");
  if (!now) return now.error();
  if (*now == data_version_ && *version == *now) return {};
  auto partitions = load_partitions(database_);
  if (!partitions) return partitions.error();
  std::erase_if(*partitions, [](const Partition& p) { return p.records == 0; });
  partitions_ = std::move(*partitions);
  folded_seq_ = static_cast<std::uint64_t>(*seq);
  data_version_ = *now;
  return {};
}

// --- Records

/// A block's numbers are consecutive: where there is a hole (a power cut, damage) the next page goes on behind it.
Result<BlockPtr> History::read_page(std::uint64_t after, std::size_t records_max) {
  if (const auto zero = sources_.boots.zero(sources_.boots.current()); zero != zero_) {
    segment_ = entries_ = nullptr;
    zero_ = zero;
  }
  auto first = read_some(after, records_max);
  if (!first || !*first || (*first)->records.size() >= records_max) return first;
  auto page = std::make_shared<Block>(**first);
  while (page->records.size() < records_max) {
    const auto more = read_some(page->last(), records_max - page->records.size());
    if (!more || !*more || (*more)->first() != page->last() + 1) break;
    page->records.insert(page->records.end(), (*more)->records.begin(), (*more)->records.end());
  }
  return BlockPtr(std::move(page));
}

/// What is folded is in the database, the rest in the journal. A part that is folded between the two looks is found by
/// looking again.
Result<BlockPtr> History::read_some(std::uint64_t after, std::size_t records_max) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto parts = sources_.journal.parts();  // before the snapshot: what is folded meanwhile is not missed
    auto folded = in_snapshot<BlockPtr>([&] { return read_folded(after, records_max); });
    if (!folded || *folded) return folded;
    auto rest = read_journal(parts, std::max(after, folded_seq_), records_max);
    if (rest || rest.error().code != ErrorCode::not_found) return rest;
  }
  return busy;
}

Result<BlockPtr> History::read_folded(std::uint64_t after, std::size_t records_max) {
  if (after >= folded_seq_) return BlockPtr();
  if (!has_next(segment_, after)) {
    auto segment = segment_behind(after);
    if (!segment) return segment.error();
    segment_ = std::move(*segment);
  }
  return segment_ ? slice(*segment_, after, records_max) : BlockPtr();
}

/// All records of the segment that has the first one after `after`.
Result<BlockPtr> History::segment_behind(std::uint64_t after) {
  for (const auto& partition : partitions_) {
    if (partition.salvaged || partition.thinned || partition.last_seq <= after) continue;
    PartitionReader reader(database_, partition, names());
    auto block = std::make_shared<Block>();
    for (auto found = reader.seek(after + 1); !found || *found; found = reader.next()) {
      if (!found) return found.error();
      if (auto done = reader.records(0, ~std::uint64_t{0}, block->records); !done) return done.error();
      if (!block->records.empty() && block->last() > after) break;
      block->records.clear();
    }
    damaged_rows_ += reader.damaged_rows();
    if (!block->records.empty()) return BlockPtr(std::move(block));
  }
  return BlockPtr();
}

/// Whole entries: one of a large commit is not decoded again for each page of it.
Result<BlockPtr> History::read_journal(const std::vector<JournalPartPtr>& parts, std::uint64_t after, std::size_t records_max) {
  if (has_next(entries_, after)) return slice(*entries_, after, records_max);
  for (const auto& part : parts) {
    if (part->last_seq() <= after || part->last_seq() < part->name().first_seq) continue;
    auto block = std::make_shared<Block>();
    PartReader reader(part, part->place_of(after + 1), names());
    while (block->records.size() < records_max) {
      const auto more = reader.next();
      if (!more) return more.error();
      if (!*more) break;
      for (auto& record : reader.records()) {
        if (record.seq > after) block->records.push_back(std::move(record));
      }
    }
    // A hole's other side is in the next part.
    if (block->records.empty()) continue;
    entries_ = std::move(block);
    return slice(*entries_, after, records_max);
  }
  return BlockPtr();
}

// --- Times

/// Records are stamped in whole milliseconds.
Result<std::uint64_t> History::seq_before(Timestamp time) {
  time = std::chrono::floor<std::chrono::milliseconds>(time);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto parts = sources_.journal.parts();
    auto folded = in_snapshot<std::uint64_t>([&] { return folded_seq_before(time); });
    if (!folded || *folded != no_such_time) return folded;
    auto rest = journal_seq_before(parts, time);
    if (rest || rest.error().code != ErrorCode::not_found) return rest;
  }
  return busy;
}

/// Wall clocks jump, so no search by halves: whole partitions and segments are passed over by their newest time.
Result<std::uint64_t> History::folded_seq_before(Timestamp time) {
  for (const auto& partition : partitions_) {
    if (partition.salvaged || partition.thinned || partition.newest_received < time) continue;
    PartitionReader reader(database_, partition, names());
    std::vector<Record> records;
    for (auto found = reader.seek(partition.first_seq); !found || *found; found = reader.next()) {
      if (!found) return found.error();
      if (reader.header().newest_received < time) continue;
      records.clear();
      if (auto done = reader.records(0, ~std::uint64_t{0}, records); !done) return done.error();
      const auto at = std::find_if(records.begin(), records.end(), [time](const Record& r) { return r.received >= time; });
      if (at != records.end()) return at->seq - 1;
    }
  }
  return no_such_time;
}

Result<std::uint64_t> History::journal_seq_before(const std::vector<JournalPartPtr>& parts, Timestamp time) {
  for (const auto& part : parts) {
    if (part->last_seq() <= folded_seq_) continue;
    PartReader reader(part, part->begin_place(), names());
    for (auto more = reader.next(); !more || *more; more = reader.next()) {
      if (!more) return more.error();
      const auto& records = reader.records();
      if (!records.empty() && records.front().received >= time) return records.front().seq - 1;
    }
  }
  return no_such_time;
}

// --- History

Result<HistoryAnswer> History::answer(const HistoryQuery& query) {
  const auto* series = sources_.dictionary.find_series(query.device, query.metric);
  if (series == nullptr) return Error{ErrorCode::not_found, query.device + " " + query.metric + ": the log has no reading of it"};
  const auto names = this->names();
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const auto parts = sources_.journal.parts();
    journal_minutes_.keep(parts);
    const auto run = HistoryRun::make(database_, names, *series, query);
    auto folded = in_snapshot<bool>([&]() -> Result<bool> {
      if (auto read = run->read_folded(partitions_); !read) return read.error();
      return true;
    });
    if (!folded) return folded.error();
    auto rest = run->read_journal(parts, folded_seq_, journal_minutes_);
    if (rest) return run->finish(sources_.losses.entries());
    if (rest.error().code != ErrorCode::not_found) return rest.error();
  }
  return busy;
}

}  // namespace weir::gateway
