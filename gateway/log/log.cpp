#include "log/log.h"

#include "base/log_line.h"
#include "log/aside.h"
#include "log/sqlite_log.h"

namespace weir::gateway {

namespace {

Result<std::unique_ptr<Log>> open_and_start(const LogOptions& options, const Clock& clock, Log::Hooks hooks) {
  auto opened = open_log(options, clock.wall());
  if (!opened) return opened.error();
  auto log = SqliteLog::start(std::move(*opened), options, clock, std::move(hooks));
  if (!log) return log.error();
  return std::unique_ptr<Log>(std::move(*log));
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, const Clock& clock, Hooks hooks) {
  auto log = open_and_start(options, clock, hooks);
  if (log || log.error().code != ErrorCode::invalid) return log;
  // Damage that only the last steps of the start met: the second try sets the file aside.
  log_line(Severity::error, "log", log.error().message);
  mark_damaged(options.file);
  return open_and_start(options, clock, std::move(hooks));
}

Result<void> LogIntake::deliver_and_wait(Delivery&& delivery, std::chrono::milliseconds deadline) {
  auto committed = log_.append_and_wait({.delivery = std::move(delivery)}, deadline);
  if (!committed) return committed.error();
  return {};
}

Result<void> LogIntake::deliver(Delivery&& delivery, std::function<void(const Result<void>&)> committed) {
  return log_.append({.delivery = std::move(delivery)}, [committed = std::move(committed)](const Result<Committed>& outcome) {
    committed(outcome ? Result<void>() : Result<void>(outcome.error()));
  });
}

}  // namespace weir::gateway
