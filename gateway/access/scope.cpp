#include <algorithm>
#include <array>

#include "access/access.h"
#include "base/limits.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::array<std::string_view, 6> kinds_there_are{"reading", "command", "device", "alarm", "loss", "system"};

bool any_matches(std::string_view globs, std::string_view name) {
  for (const std::string_view term : split(globs, ',')) {
    if (glob_match(trim(term), name)) return true;
  }
  return false;
}

Result<void> check_terms(std::string_view what, std::string_view globs) {
  if (globs.empty()) return {};
  const auto terms = split(globs, ',');
  if (terms.size() > limits::filter_terms_max)
    return Error{ErrorCode::invalid, std::string(what) + ": more than 64 terms; use patterns with * and ?"};
  for (const std::string_view term : terms) {
    if (!is_name(trim(term)))
      return Error{ErrorCode::invalid,
                   std::string(what) + ": write names or patterns, of 1 to 128 bytes, with commas between them"};
  }
  return {};
}

}  // namespace

bool Scope::has_device(std::string_view name) const { return devices.empty() || any_matches(devices, name); }

bool Scope::has_kind(std::string_view kind) const { return kinds.empty() || any_matches(kinds, kind); }

Result<void> check_scope(const Scope& scope) {
  if (auto fits = check_terms("devices", scope.devices); !fits) return fits;
  if (auto fits = check_terms("kinds", scope.kinds); !fits || scope.kinds.empty()) return fits;
  for (const std::string_view term : split(scope.kinds, ',')) {
    const auto matches = [&](std::string_view kind) { return glob_match(trim(term), kind); };
    if (std::any_of(kinds_there_are.begin(), kinds_there_are.end(), matches)) continue;
    return Error{ErrorCode::invalid, "kinds: '" + std::string(trim(term)) +
                                         "' is no kind of record; there are reading, command, device, alarm, loss, system"};
  }
  return {};
}

}  // namespace weir::gateway
