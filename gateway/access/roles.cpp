#include <array>
#include <functional>
#include <utility>

#include "access/access.h"

namespace weir::gateway {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 4> names = {{
    {Role::viewer, "viewer"},
    {Role::operator_, "operator"},
    {Role::admin, "admin"},
    {Role::ingest, "ingest"},
}};

}  // namespace

std::string_view to_string(Role role) { return names[static_cast<std::size_t>(role)].second; }

std::optional<Role> role_from(std::string_view text) {
  for (const auto& [role, name] : names) {
    if (name == text) return role;
  }
  return std::nullopt;
}

std::uint32_t mark_of(const Principal& principal) {
  const auto text = std::string(to_string(principal.role)) + '\n' + principal.scope.devices + '\n' + principal.scope.kinds;
  return static_cast<std::uint32_t>(std::hash<std::string>{}(text));
}

bool allows(Role role, Right right) {
  switch (right) {
    case Right::read: return role == Role::viewer || role == Role::operator_ || role == Role::admin;
    case Right::command: return role == Role::operator_ || role == Role::admin;
    case Right::ingest: return role == Role::ingest;
    case Right::administer: return role == Role::admin;
  }
  return false;
}

}  // namespace weir::gateway
