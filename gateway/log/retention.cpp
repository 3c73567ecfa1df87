// The rest of Store: partitions come and go, small tables are read at the start.
#include <algorithm>

#include "base/limits.h"
#include "log/store.h"

namespace weir::gateway {

namespace {

constexpr auto commands_kept = std::chrono::hours(24 * 30);
constexpr auto push_keys_kept = std::chrono::hours(24);
constexpr int finished_commands_loaded = 1000;

std::uint64_t file_bytes(const std::filesystem::path& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? 0 : bytes;
}

CommandStatus to_command(const Statement& row) {
  const auto text = [&](int column) { return std::string(row.text(column)); };
  CommandStatus command{.id = text(0), .device = text(1), .name = text(2), .args_json = text(3)};
  command.state = command_state_from(row.text(4)).value_or(CommandState::unknown);
  command.by = text(5);
  command.created = from_nanoseconds(row.integer(6));
  command.deadline = from_nanoseconds(row.integer(7));
  command.result_json = text(8);
  command.error = text(9);
  command.idempotency_key = text(10);
  return command;
}

}  // namespace

bool Store::roll_due(Timestamp now) const {
  const auto& partition = partitions_.back();
  if (next_seq_ == partition.first_seq) return false;  // empty
  const auto age_max =
      std::clamp<std::chrono::nanoseconds>(options_.age_max / 30, std::chrono::minutes(1), std::chrono::hours(24));
  return partition_full() || now - partition.begun >= age_max;
}

Result<void> Store::roll(Timestamp now) {
  auto transaction = begin();
  if (!transaction) return transaction.error();
  const auto id = partitions_.back().id + 1;
  if (auto done = dictionary_.persist(); !done) return done;
  if (auto done = state_.save(database_, dictionary_); !done) return done;
  auto made = database_.run(make_partition_sql(id, next_seq_, now) + "DELETE FROM push WHERE received < " +
                            std::to_string(to_nanoseconds(now - push_keys_kept)) + ";" +
                            "DELETE FROM command WHERE state NOT IN ('queued', 'sent') AND created < " +
                            std::to_string(to_nanoseconds(now - commands_kept)));
  if (!made) return made;
  if (auto done = transaction->commit(); !done) return done;
  dictionary_.committed();
  partitions_.push_back({.id = id, .first_seq = next_seq_, .begun = now});
  return prepare_append();
}

bool Store::size_drop_due() const { return partitions_.size() > 1 && pages_used_ > page_limit_ / 10 * 9; }

bool Store::age_drop_due(Timestamp now) const {
  return partitions_.size() > 1 && now - partitions_.front().newest > options_.age_max;
}

Result<void> Store::measure() {
  auto used =
      database_.number("SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)");
  if (!used) return used.error();
  pages_used_ = static_cast<std::uint64_t>(*used);
  return {};
}

Result<void> Store::drop_oldest() {
  auto transaction = begin();
  if (!transaction) return transaction.error();
  const auto id = partitions_.front().id;
  auto dropped = database_.run("DROP TABLE " + journal_table(id) + "; DELETE FROM partition WHERE id = " + std::to_string(id));
  if (!dropped) return dropped;
  if (auto done = transaction->commit(); !done) return done;
  partitions_.pop_front();
  return measure();
}

Result<void> Store::mark_clean() {
  auto transaction = begin();
  if (!transaction) return transaction.error();
  if (auto done = set_meta("clean", "1"); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  return database_.run("PRAGMA wal_checkpoint(TRUNCATE)");
}

std::uint64_t Store::bytes_used() const { return file_bytes(options_.file) + file_bytes(options_.file.string() + "-wal"); }

Result<std::vector<CommandStatus>> Store::load_commands() {
  auto rows = database_.prepare(
      "SELECT id, device, name, args, state, by, created, deadline, result, error, key FROM command "
      "ORDER BY state IN ('queued', 'sent') DESC, rowid DESC LIMIT ?");
  if (!rows) return rows.error();
  rows->bind(static_cast<std::int64_t>(limits::commands_open_max) + finished_commands_loaded);
  std::vector<CommandStatus> commands;
  for (;;) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) break;
    commands.push_back(to_command(*rows));
  }
  std::stable_sort(commands.begin(), commands.end(), [](const auto& a, const auto& b) { return a.created < b.created; });
  return commands;
}

Result<std::vector<ConsumerMark>> Store::load_consumers() {
  auto rows = database_.prepare("SELECT name, seq FROM consumer");
  if (!rows) return rows.error();
  std::vector<ConsumerMark> consumers;
  for (;;) {
    auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return consumers;
    consumers.push_back({.name = std::string(rows->text(0)), .seq = static_cast<std::uint64_t>(rows->integer(1))});
  }
}

}  // namespace weir::gateway
