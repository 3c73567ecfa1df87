#include "log/history.h"

#include "base/limits.h"
#include "log/store.h"

namespace weir::gateway {

namespace {

const Error busy{ErrorCode::full, "too many questions to the log's history at once; ask again"};

}  // namespace

Result<std::unique_ptr<History>> History::start(const std::filesystem::path& file, Names names) {
  auto database = Database::open(file, Database::Mode::read_only);
  if (!database) return database.error();
  if (auto set = database->run("PRAGMA cache_size=-1024"); !set) return set.error();
  return std::unique_ptr<History>(new History(std::move(*database), std::move(names)));
}

History::History(Database database, Names names)
    : database_(std::move(database)), names_(std::move(names)), tasks_(limits::history_requests_max, [this] {
        std::lock_guard lock(mutex_);
        woken_ = true;
        waiting_.notify_one();
      }) {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

History::~History() = default;

void History::run(const std::stop_token& stop) {
  std::vector<Task> tasks;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      waiting_.wait(lock, stop, [this] { return woken_; });
      woken_ = false;
    }
    tasks_.drain(tasks);
    for (auto& task : tasks) task();
  }
}

void History::read(std::uint64_t after, std::size_t records_max, std::function<void(Result<BlockPtr>)> done) {
  if (!tasks_.push([=, this] { done(read_page(after, records_max)); })) done(busy);
}

void History::find_time(Timestamp time, std::function<void(Result<std::uint64_t>)> done) {
  if (!tasks_.push([=, this] { done(seq_before(time)); })) done(busy);
}

Result<BlockPtr> History::read_page(std::uint64_t after, std::size_t records_max) {
  // One read transaction: a partition that retention drops meanwhile stays readable until it ends.
  auto transaction = database_.run("BEGIN");
  if (!transaction) return transaction.error();
  auto block = std::make_shared<Block>();
  auto partitions = partitions_from(after + 1);
  Result<void> outcome = partitions ? Result<void>() : Result<void>(partitions.error());
  for (std::size_t i = 0; outcome && i < partitions->size() && block->records.size() < records_max; ++i) {
    outcome = read_partition((*partitions)[i], after + 1, records_max, *block);
  }
  (void)database_.run("COMMIT");
  if (!outcome && block->records.empty()) return outcome.error();
  return block->records.empty() ? nullptr : BlockPtr(std::move(block));
}

Result<std::vector<std::int64_t>> History::partitions_from(std::uint64_t seq) {
  auto rows = database_.prepare(
      "SELECT id FROM partition WHERE id >= "
      "COALESCE((SELECT id FROM partition WHERE first_seq <= ? ORDER BY id DESC LIMIT 1), 0) ORDER BY id");
  if (!rows) return rows.error();
  rows->bind(seq);
  std::vector<std::int64_t> ids;
  for (;;) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return ids;
    ids.push_back(rows->integer(0));
  }
}

Result<void> History::read_partition(std::int64_t partition, std::uint64_t from, std::size_t records_max, Block& block) {
  const auto table = journal_table(partition);
  auto rows = database_.prepare("SELECT first_seq, received, body FROM " + table +
                                " WHERE first_seq >= COALESCE((SELECT MAX(first_seq) FROM " + table +
                                " WHERE first_seq <= ?1), 0)" + " ORDER BY first_seq");
  if (!rows) return rows.error();
  rows->bind(from);
  while (block.records.size() < records_max) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    const auto first = static_cast<std::uint64_t>(rows->integer(0));
    // A block's numbers are consecutive: after a power cut the log goes on behind a hole, and so does the next page.
    if (!block.records.empty() && first != block.last() + 1) return {};
    auto decoded = decode_body(rows->text(2), first, from_nanoseconds(rows->integer(1)), names_);
    if (!decoded) return decoded.error();
    for (auto& record : decoded->records) {
      if (record.seq >= from && block.records.size() < records_max) block.records.push_back(std::move(record));
    }
  }
  return {};
}

Result<std::uint64_t> History::seq_before(Timestamp time) {
  auto partitions = partitions_from(0);
  if (!partitions) return partitions.error();
  for (const auto partition : *partitions) {
    auto rows = database_.prepare("SELECT first_seq FROM " + journal_table(partition) +
                                  " WHERE received >= ? ORDER BY first_seq LIMIT 1");
    if (!rows) return rows.error();
    auto row = rows->bind(to_nanoseconds(time)).step();
    if (!row) return row.error();
    if (*row) return static_cast<std::uint64_t>(rows->integer(0)) - 1;
  }
  return no_such_time;
}

}  // namespace weir::gateway
