#include "log/log.h"

#include "log/sqlite_log.h"

namespace weir::gateway {

Result<std::unique_ptr<Log>> Log::open(const LogOptions& options, const Clock& clock, Hooks hooks) {
  auto store = Store::open(options, clock.wall());
  if (!store) return store.error();
  auto history = History::start(options.file, (*store)->dictionary().names());
  if (!history) return history.error();
  return std::unique_ptr<Log>(new SqliteLog(std::move(*store), std::move(*history), options, clock, std::move(hooks)));
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
