#include "server/consumers.h"

#include <utility>

#include "base/limits.h"
#include "stream/query.h"

namespace weir::gateway {

Consumers::Consumers(Log& log) : log_(log) {
  for (const ConsumerMark& mark : log.consumers()) marks_[mark.name] = mark.seq;
}

std::optional<std::uint64_t> Consumers::acknowledged(std::string_view name) const {
  const auto found = marks_.find(name);
  return found == marks_.end() ? std::nullopt : std::optional(found->second);
}

Result<void> Consumers::check(std::string_view name, std::optional<Cursor> cursor) const {
  if (!is_consumer_name(name)) return Error{ErrorCode::invalid, "consumer: a name is 1 to 64 letters, digits, '.', '_' and '-'"};
  if (!marks_.contains(name) && marks_.size() >= limits::consumers_max) {
    return Error{ErrorCode::full, "there are " + std::to_string(marks_.size()) + " durable consumers already: delete one"};
  }
  if (cursor && cursor->epoch != log_.epoch()) {
    return Error{ErrorCode::invalid,
                 "cursor: it is from another log; this one's begin with " + to_string(log_.head_cursor()).substr(0, 8)};
  }
  if (cursor && cursor->seq > log_.head()) {
    return Error{ErrorCode::invalid, "cursor: beyond the newest record, " + to_string(log_.head_cursor())};
  }
  return {};
}

Result<void> Consumers::acknowledge(const std::string& name, std::uint64_t seq, CommitHandler committed) {
  auto appended = append({name, seq, false}, std::move(committed));
  if (appended) marks_[name] = seq;
  return appended;
}

Result<void> Consumers::forget(const std::string& name, CommitHandler committed) {
  auto appended = append({name, 0, true}, std::move(committed));
  if (appended) marks_.erase(name);
  return appended;
}

Result<void> Consumers::append(ConsumerMark mark, CommitHandler committed) {
  Append append;
  append.consumers.push_back(std::move(mark));
  return log_.append(std::move(append), std::move(committed));
}

}  // namespace weir::gateway
