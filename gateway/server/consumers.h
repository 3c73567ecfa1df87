// Consumers: durable consumers and how far each has acknowledged.
//
// Purpose    `consumer=NAME` goes on where it acknowledged; retention keeps what it has not. CONTRACT 4.1, 4.3.
// Thread     the server's; the log makes each change durable with its next commit.
// Ownership  keeps a reference to the log.
// Limits     limits::consumers_max; a further one: `full`.
// Errors     full, invalid (a name, or a cursor of another log or beyond its head).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "log/log.h"

namespace weir::gateway {

class Consumers {
 public:
  explicit Consumers(Log& log);  // before the first append

  std::optional<std::uint64_t> acknowledged(std::string_view name) const;
  const std::map<std::string, std::uint64_t, std::less<>>& all() const { return marks_; }

  /// May `name` be (or become) a consumer with this cursor?
  Result<void> check(std::string_view name, std::optional<Cursor> cursor) const;

  /// `committed` runs on the log's thread. The table changes at once: who asks next sees it.
  Result<void> acknowledge(const std::string& name, std::uint64_t seq, CommitHandler committed);
  Result<void> forget(const std::string& name, CommitHandler committed);

 private:
  Result<void> append(ConsumerMark mark, CommitHandler committed);

  Log& log_;
  std::map<std::string, std::uint64_t, std::less<>> marks_;
};

}  // namespace weir::gateway
