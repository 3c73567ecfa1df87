#include "access/access.h"

#include <map>
#include <utility>

#include "access/file_access.h"
#include "base/log_line.h"

namespace weir::gateway {

using namespace access_limits;
using namespace access_rules;

namespace access_rules {

bool alive(const StoredCode& code, Timestamp now) {
  const auto age = now - code.created;  // a clock that was set back a little must not void a fresh code
  return code.wrong < code_tries_max && age < code_lifetime && age > -code_lifetime;
}

bool alive(const StoredSession& session, Timestamp now) {
  return now - session.info.seen < session_idle_max && now - session.info.created < session_age_max;
}

bool alive(const StoredToken& token, Timestamp now) { return !token.info.terms.expires || now < *token.info.terms.expires; }

}  // namespace access_rules

namespace {

/// What is known of uses here, and not on flash.
void carry_uses(const AccessState& from, AccessState& to) {
  std::map<std::string_view, Timestamp> used;
  for (const StoredToken& token : from.tokens) {
    if (token.info.used) used[token.sha256] = *token.info.used;
  }
  for (const StoredSession& session : from.sessions) used[session.sha256] = session.info.seen;
  for (StoredToken& token : to.tokens) {
    if (const auto known = used.find(token.sha256); known != used.end())
      token.info.used = std::max(token.info.used.value_or(known->second), known->second);
  }
  for (StoredSession& session : to.sessions) {
    if (const auto known = used.find(session.sha256); known != used.end())
      session.info.seen = std::max(session.info.seen, known->second);
  }
}

}  // namespace

FileAccess::FileAccess(AccessFile file, AccessState state, const Clock& clock)
    : file_(std::move(file)), state_(std::move(state)), clock_(clock), written_(clock.wall()), alive_(count_alive()) {}

FileAccess::~FileAccess() {
  if (dirty_) note_use(true, {});
}

std::optional<Principal> FileAccess::by_token(std::string_view token) {
  if (!refresh()) return std::nullopt;
  StoredToken* found = find_hash(state_.tokens, hash_of(token));
  const Timestamp now = clock_.wall();
  if (found == nullptr || !alive(*found, now)) return std::nullopt;
  Principal principal{"token:" + found->info.name, found->info.terms.role, found->info.terms.scope};
  const bool first_use = !std::exchange(found->info.used, now);
  note_use(first_use, token_written_after);
  return principal;
}

std::optional<Principal> FileAccess::by_session(std::string_view secret) {
  if (!refresh()) return std::nullopt;
  StoredSession* found = find_hash(state_.sessions, hash_of(secret));
  const Timestamp now = clock_.wall();
  if (found == nullptr || !alive(*found, now)) return std::nullopt;
  const std::string& user = found->info.user;
  Principal principal{user.empty() ? "session:" + found->info.id : "user:" + user, found->info.role, {}};
  found->info.seen = now;
  note_use(false, session_written_after);
  return principal;
}

bool FileAccess::first_start() {
  const Timestamp now = clock_.wall();
  const auto lives = [now](const StoredSession& session) { return alive(session, now); };
  return refresh() && state_.users.empty() && state_.tokens.empty() &&
         std::none_of(state_.sessions.begin(), state_.sessions.end(), lives);
}

std::uint64_t FileAccess::generation() {
  if (refresh() && std::exchange(alive_, count_alive()) != alive_) ++generation_;
  return generation_;
}

std::size_t FileAccess::count_alive() const {
  const auto lives = [now = clock_.wall()](const auto& item) { return alive(item, now); };
  return static_cast<std::size_t>(std::count_if(state_.tokens.begin(), state_.tokens.end(), lives) +
                                  std::count_if(state_.sessions.begin(), state_.sessions.end(), lives));
}

bool FileAccess::refresh() {
  if (!file_.changed()) return trusted_;
  auto state = file_.read();
  trusted_ = state.ok();
  if (!trusted_) log_line(Severity::error, "access", state.error().message);
  take(trusted_ ? std::move(*state) : AccessState{});
  return trusted_;
}

Result<void> FileAccess::change(const Edit& edit) {
  auto state = file_.change([&](AccessState& stored) -> Result<void> {
    carry_uses(state_, stored);
    return edit(stored);
  });
  if (!state) return state.error();
  trusted_ = true;
  dirty_ = false;
  written_ = clock_.wall();
  take(std::move(*state));
  return {};
}

void FileAccess::take(AccessState state) {
  carry_uses(state_, state);
  if (state.forgiven != state_.forgiven) {
    addresses_.forgive_all();
    accounts_.forgive_all();
  }
  state_ = std::move(state);
  alive_ = count_alive();
  ++generation_;
}

void FileAccess::note_use(bool at_once, std::chrono::nanoseconds written_after) {
  const Timestamp now = clock_.wall();
  dirty_ = true;
  if (!at_once && now - written_ < written_after) return;
  const auto noted = change([](AccessState&) { return Result<void>(); });
  written_ = now;  // a full disk is not asked at each question
  if (!noted) log_line(Severity::warning, "access", noted.error().message);
}

Error FileAccess::refused() const {
  return {ErrorCode::invalid, file_.path().string() + ": can't be trusted, nobody is let in; the reason is in the log"};
}

Result<std::unique_ptr<Access>> Access::open(const std::filesystem::path& data_dir, const Clock& clock) {
  AccessFile file(data_dir);
  if (auto prepared = file.prepare(); !prepared) return prepared.error();
  auto state = file.read();
  if (!state) return state.error();
  return std::unique_ptr<Access>(std::make_unique<FileAccess>(std::move(file), std::move(*state), clock));
}

}  // namespace weir::gateway
