#include "access/file_access.h"
#include "base/text.h"

namespace weir::gateway {

using namespace access_limits;
using namespace access_rules;

namespace {

Error no_user(std::string_view name) { return {ErrorCode::not_found, "there is no user \"" + std::string(name) + "\""}; }

bool is_last_admin(const AccessState& state, const StoredUser& user) {
  const auto admins =
      std::count_if(state.users.begin(), state.users.end(), [](const StoredUser& each) { return each.info.role == Role::admin; });
  return user.info.role == Role::admin && admins == 1;
}

Error last_admin(std::string_view name) {
  return {ErrorCode::conflict, "\"" + std::string(name) + "\" is the only admin: make another one first"};
}

Result<void> check_role(Role role) {
  if (role != Role::ingest) return {};
  return Error{ErrorCode::invalid, "role: people are viewer, operator or admin; ingest is for tokens"};
}

}  // namespace

Result<void> FileAccess::add_user(std::string_view name, Role role, std::string_view hash) {
  if (!is_name(name)) return Error{ErrorCode::invalid, "name: 1 to 128 bytes of UTF-8 without control characters"};
  if (auto fits = check_role(role); !fits) return fits;
  return change([&](AccessState& state) -> Result<void> {
    if (find_named(state.users, name) != state.users.end())
      return Error{ErrorCode::conflict, "there is a user \"" + std::string(name) + "\" already: choose another name"};
    if (state.users.size() >= users_max) return Error{ErrorCode::full, "there are 50 users: remove one first"};
    if (state.users.empty() && role != Role::admin)
      return Error{ErrorCode::conflict, "the first user is an admin, who makes the others"};
    state.users.push_back({{std::string(name), role, clock_.wall()}, std::string(hash)});
    return {};
  });
}

Result<void> FileAccess::set_role(std::string_view name, Role role) {
  if (auto fits = check_role(role); !fits) return fits;
  return change([&](AccessState& state) -> Result<void> {
    const auto user = find_named(state.users, name);
    if (user == state.users.end()) return no_user(name);
    if (role != Role::admin && is_last_admin(state, *user)) return last_admin(name);
    user->info.role = role;
    for (StoredSession& session : state.sessions) {
      if (session.info.user == name) session.info.role = role;
    }
    return {};
  });
}

Result<void> FileAccess::set_pass_phrase(std::string_view name, std::string_view hash, std::string_view keep) {
  const std::string kept = keep.empty() ? "" : hash_of(keep);
  return change([&](AccessState& state) -> Result<void> {
    const auto user = find_named(state.users, name);
    if (user == state.users.end()) return no_user(name);
    user->argon2id = hash;
    std::erase_if(state.sessions,
                  [&](const StoredSession& session) { return session.info.user == name && !same_hash(session.sha256, kept); });
    return {};
  });
}

Result<void> FileAccess::renew_hash(std::string_view name, std::string_view before, std::string_view hash) {
  return change([&](AccessState& state) -> Result<void> {
    const auto user = find_named(state.users, name);
    if (user == state.users.end() || user->argon2id != before) return no_user(name);
    user->argon2id = hash;
    return {};
  });
}

Result<void> FileAccess::remove_user(std::string_view name) {
  return change([&](AccessState& state) -> Result<void> {
    const auto user = find_named(state.users, name);
    if (user == state.users.end()) return no_user(name);
    if (is_last_admin(state, *user)) return last_admin(name);
    state.users.erase(user);
    std::erase_if(state.sessions, [&](const StoredSession& session) { return session.info.user == name; });
    return {};
  });
}

Result<std::vector<UserInfo>> FileAccess::users() {
  if (!refresh()) return refused();
  std::vector<UserInfo> infos;
  for (const StoredUser& user : state_.users) infos.push_back(user.info);
  return infos;
}

}  // namespace weir::gateway
