// Signing in and out: codes, pass phrases, sessions.
#include <utility>

#include "access/file_access.h"
#include "access/pass_phrases.h"

namespace weir::gateway {

using namespace access_limits;
using namespace access_rules;
using std::chrono::seconds;

namespace {

seconds wait_of(const AccessState& state, Timestamp now) {
  const seconds whole = Backoff::wait_after(state.wrong_codes);
  const auto since = now - state.wrong_last;
  if (since < seconds{0} || since >= whole) return seconds{0};
  return std::chrono::ceil<seconds>(whole - since);
}

/// "12345678" and "1234 5678" are the same code: it is read from one screen and typed on another.
std::string canonical_code(std::string_view typed) {
  std::string digits;
  for (const char c : typed) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != '-' && c != ' ') {
      return "";
    }
  }
  return digits.size() == 8 ? digits.substr(0, 4) + "-" + digits.substr(4) : "";
}

void count_wrong(AccessState& state, Timestamp now) {
  for (StoredCode& code : state.codes) ++code.wrong;
  ++state.wrong_codes;
  state.wrong_last = now;
  drop_dead(state.codes, now);
}

enum class Verdict { right, wrong, too_soon };

Error refusal(Verdict verdict, seconds wait) {
  if (verdict == Verdict::wrong) {
    return {ErrorCode::unauthorised, "this code is wrong, used or too old: make a new one with `weir pair`"};
  }
  return {ErrorCode::full, "too many wrong codes: wait " + std::to_string(wait.count()) + " s, then try again"};
}

/// Uses up the code, or counts the wrong one.
Verdict judge(AccessState& state, std::string_view code_hash, Timestamp now) {
  if (wait_of(state, now).count() > 0) return Verdict::too_soon;
  drop_dead(state.codes, now);
  const StoredCode* code = find_hash(state.codes, code_hash);
  if (code == nullptr) {
    count_wrong(state, now);
    return Verdict::wrong;
  }
  state.codes.erase(state.codes.begin() + (code - state.codes.data()));
  state.wrong_codes = 0;
  return Verdict::right;
}

void add_session(AccessState& state, std::string_view secret, SessionInfo info) {
  drop_dead(state.sessions, info.created);
  make_room(state.sessions, sessions_per_user_max, [&](const StoredSession& session) { return session.info.user == info.user; });
  const std::string hash = hash_of(secret);
  info.id = hash.substr(0, 8);
  state.sessions.push_back({std::move(info), hash});
}

}  // namespace

// ---- Codes

seconds FileAccess::redeem_wait(std::string_view from) {
  if (!refresh()) return seconds{0};
  return std::max(wait_of(state_, clock_.wall()), addresses_.wait(network_of(from), clock_.monotonic()));
}

Result<std::string> FileAccess::redeem(std::string_view typed, std::string_view from) {
  if (!refresh()) return refused();
  const Timestamp now = clock_.wall();
  if (const seconds wait = redeem_wait(from); wait.count() > 0) return refusal(Verdict::too_soon, wait);
  drop_dead(state_.codes, now);
  if (state_.codes.empty()) return refusal(Verdict::wrong, {});  // nothing to guess: no count, and no flash to wear
  auto secret = random_secret();
  if (!secret) return secret;
  Verdict verdict = Verdict::wrong;
  const auto changed = change([&](AccessState& state) -> Result<void> {
    verdict = judge(state, hash_of(canonical_code(typed)), now);
    if (verdict == Verdict::too_soon) return refusal(verdict, wait_of(state, now));
    if (verdict == Verdict::right) add_session(state, *secret, {"", "", Role::admin, std::string(from), now, now});
    return {};
  });
  if (!changed) return changed.error();
  if (verdict == Verdict::right) return secret;
  if (!from.empty()) addresses_.count(network_of(from), clock_.monotonic());
  return refusal(verdict, {});
}

Result<std::string> FileAccess::add_code() {
  auto code = random_code();
  if (!code) return code;
  const Timestamp now = clock_.wall();
  const auto added = change([&](AccessState& state) -> Result<void> {
    drop_dead(state.codes, now);
    make_room(state.codes, codes_max, [](const StoredCode&) { return true; });
    state.codes.push_back({hash_of(*code), now, 0});
    state.wrong_codes = 0;  // whoever makes codes sits at the machine: no wait that strangers caused
    state.forgiven = now;
    return {};
  });
  if (!added) return added.error();
  return code;
}

Result<std::optional<std::string>> FileAccess::add_first_code() {
  const Timestamp now = clock_.wall();
  const auto good = [now](const StoredCode& code) { return alive(code, now); };
  if (!first_start() || std::any_of(state_.codes.begin(), state_.codes.end(), good)) return std::optional<std::string>();
  auto code = random_code();
  if (!code) return code.error();
  const auto added = change([&](AccessState& state) -> Result<void> {
    drop_dead(state.codes, now);
    if (state.codes.empty()) state.codes.push_back({hash_of(*code), now, 0});
    return {};
  });
  if (!added) return added.error();
  return std::optional(std::move(*code));
}

// ---- Pass phrases

seconds FileAccess::sign_in_wait(std::string_view user, std::string_view from) {
  const Monotonic now = clock_.monotonic();
  const seconds address = addresses_.wait(network_of(from), now);
  return signed_in_from(user, from) ? address : std::max(address, accounts_.wait(user, now));
}

/// Strangers who guess from elsewhere don't lock out somebody who is signed in here.
bool FileAccess::signed_in_from(std::string_view user, std::string_view from) const {
  return std::any_of(state_.sessions.begin(), state_.sessions.end(), [&, now = clock_.wall()](const StoredSession& session) {
    return session.info.user == user && session.info.from == from && !user.empty() && alive(session, now);
  });
}

std::string FileAccess::begin_sign_in(std::string_view user, std::string_view from) {
  const Monotonic now = clock_.monotonic();
  addresses_.count(network_of(from), now);
  accounts_.count(user, now);
  if (!refresh()) return decoy_hash();
  const auto found = find_named(state_.users, user);
  return found == state_.users.end() ? decoy_hash() : found->argon2id;
}

Result<std::string> FileAccess::finish_sign_in(std::string_view user, std::string_view hash, std::string_view from) {
  auto secret = random_secret();
  if (!secret) return secret;
  const Timestamp now = clock_.wall();
  const auto opened = change([&](AccessState& state) -> Result<void> {
    const auto found = find_named(state.users, user);
    if (found == state.users.end() || found->argon2id != hash) {
      return Error{ErrorCode::unauthorised, "the pass phrase was changed meanwhile: sign in again"};
    }
    add_session(state, *secret, {"", found->info.name, found->info.role, std::string(from), now, now});
    return {};
  });
  if (!opened) return opened.error();
  addresses_.take_back(network_of(from));
  accounts_.forgive(user);
  return secret;
}

seconds FileAccess::wrong_token(std::string_view from) {
  const Monotonic now = clock_.monotonic();
  const std::string network = network_of(from);
  const seconds wait = token_addresses_.wait(network, now);
  if (wait.count() == 0) token_addresses_.count(network, now);
  return wait;
}

// ---- Sessions

Result<void> FileAccess::end_session(std::string_view secret) { return end_session_named(session_id(secret)); }

Result<void> FileAccess::end_session_named(std::string_view id) {
  return change([&](AccessState& state) -> Result<void> {
    const auto gone = std::erase_if(state.sessions, [id](const StoredSession& session) { return session.info.id == id; });
    if (gone > 0) return {};
    return Error{ErrorCode::not_found, "this session has ended already"};
  });
}

std::vector<SessionInfo> FileAccess::sessions() {
  std::vector<SessionInfo> infos;
  if (!refresh()) return infos;
  for (const StoredSession& session : state_.sessions) {
    if (alive(session, clock_.wall())) infos.push_back(session.info);
  }
  return infos;
}

std::string FileAccess::session_id(std::string_view secret) const { return hash_of(secret).substr(0, 8); }

}  // namespace weir::gateway
