#include "access/access.h"

#include <algorithm>
#include <utility>

#include "access/access_file.h"
#include "access/secrets.h"
#include "base/log_line.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

using namespace access_limits;
using std::chrono::seconds;

constexpr std::size_t prefix_characters = 11;         // "weir_" and 30 bits: enough to recognise, useless for guessing
constexpr std::chrono::hours session_write_after{1};  // how far `seen` on disk may lag: flash is not written at each question

bool alive(const StoredCode& code, Timestamp now) {
  const auto age = now - code.created;  // a clock that was set back a little must not void a fresh code
  return code.wrong < code_tries_max && age < code_lifetime && age > -code_lifetime;
}

bool alive(const StoredSession& session, Timestamp now) {
  return now - session.seen < session_idle_max && now - session.created < session_age_max;
}

template <class Item>
void drop_dead(std::vector<Item>& items, Timestamp now) {
  std::erase_if(items, [now](const Item& item) { return !alive(item, now); });
}

template <class Item>
void make_room(std::vector<Item>& items, std::size_t max) {
  if (items.size() >= max) items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(items.size() - max + 1));
}

template <class Item>
Item* find_hash(std::vector<Item>& items, std::string_view hash) {
  Item* found = nullptr;
  for (Item& item : items) {  // to the end: the time must not tell which one it was
    if (same_hash(item.sha256, hash)) found = &item;
  }
  return found;
}

seconds wait_of(const AccessState& state, Timestamp now) {
  if (state.wrong_codes == 0) return seconds{0};
  const seconds whole = std::min(redeem_wait_max, seconds{1LL << std::min(state.wrong_codes - 1, 10U)});
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

class FileAccess final : public Access {
 public:
  FileAccess(AccessFile file, AccessState state, const Clock& clock)
      : file_(std::move(file)), state_(std::move(state)), clock_(clock) {}

  std::optional<Principal> by_token(std::string_view token) override {
    if (!refresh()) return std::nullopt;
    const StoredToken* found = find_hash(state_.tokens, hash_of(token));
    if (found == nullptr) return std::nullopt;
    return Principal{"token:" + found->info.name, found->info.role};
  }

  std::optional<Principal> by_session(std::string_view secret) override {
    if (!refresh()) return std::nullopt;
    const std::string hash = hash_of(secret);
    const StoredSession* found = find_hash(state_.sessions, hash);
    if (found == nullptr || !alive(*found, clock_.wall())) return std::nullopt;
    Principal principal{"session:" + found->id, found->role};
    touch(hash);
    return principal;
  }

  Result<std::string> redeem(std::string_view code) override;
  std::chrono::seconds redeem_wait() override { return refresh() ? wait_of(state_, clock_.wall()) : seconds{0}; }
  Result<void> end_session(std::string_view secret) override;
  Result<std::string> add_token(std::string_view name, Role role) override;
  Result<void> revoke_token(std::string_view name) override;
  Result<std::vector<TokenInfo>> tokens() override;
  Result<std::string> add_code() override;

  std::uint64_t generation() override {
    if (!refresh()) return generation_;
    const Timestamp now = clock_.wall();
    const auto before = state_.sessions.size();
    std::erase_if(state_.sessions, [now](const auto& session) { return now - session.created >= session_age_max; });
    if (state_.sessions.size() != before) ++generation_;
    return generation_;
  }

 private:
  /// False while the file can't be trusted: then nobody has rights.
  bool refresh() {
    if (!file_.changed()) return trusted_;
    auto state = file_.read();
    ++generation_;
    trusted_ = state.ok();
    state_ = trusted_ ? std::move(*state) : AccessState{};
    if (!trusted_) log_line(Severity::error, "access", state.error().message);
    return trusted_;
  }

  Result<void> change(const std::function<Result<void>(AccessState&)>& edit) {
    auto state = file_.change(edit);
    if (!state) return state.error();
    state_ = std::move(*state);
    trusted_ = true;
    ++generation_;
    return {};
  }

  void touch(const std::string& hash) {
    const Timestamp now = clock_.wall();
    StoredSession* session = find_hash(state_.sessions, hash);
    if (now - session->seen < session_write_after) return;
    const auto noted = change([&](AccessState& state) -> Result<void> {
      if (StoredSession* stored = find_hash(state.sessions, hash)) stored->seen = now;
      return {};
    });
    if (!noted) log_line(Severity::warning, "access", noted.error().message);
  }

  Error refused() const {
    return {ErrorCode::invalid, file_.path().string() + ": can't be trusted, nobody is let in; the reason is in the log"};
  }

  AccessFile file_;
  AccessState state_;
  const Clock& clock_;
  bool trusted_ = true;
  std::uint64_t generation_ = 1;
};

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

void add_session(AccessState& state, std::string_view secret, Timestamp now) {
  drop_dead(state.sessions, now);
  make_room(state.sessions, sessions_max);
  const std::string hash = hash_of(secret);
  state.sessions.push_back({hash.substr(0, 8), Role::admin, hash, now, now});
}

Result<std::string> FileAccess::redeem(std::string_view typed) {
  if (!refresh()) return refused();
  const Timestamp now = clock_.wall();
  if (const seconds wait = wait_of(state_, now); wait.count() > 0) return refusal(Verdict::too_soon, wait);
  drop_dead(state_.codes, now);
  if (state_.codes.empty()) return refusal(Verdict::wrong, {});  // nothing to guess: no count, and no flash to wear
  auto secret = random_secret();
  if (!secret) return secret;
  Verdict verdict = Verdict::wrong;
  const auto changed = change([&](AccessState& state) -> Result<void> {
    verdict = judge(state, hash_of(canonical_code(typed)), now);
    if (verdict == Verdict::too_soon) return refusal(verdict, wait_of(state, now));
    if (verdict == Verdict::right) add_session(state, *secret, now);
    return {};
  });
  if (!changed) return changed.error();
  if (verdict != Verdict::right) return refusal(verdict, {});
  return secret;
}

Result<void> FileAccess::end_session(std::string_view secret) {
  const std::string hash = hash_of(secret);
  return change([&](AccessState& state) -> Result<void> {
    const StoredSession* session = find_hash(state.sessions, hash);
    if (session == nullptr) return Error{ErrorCode::not_found, "this session has ended already"};
    state.sessions.erase(state.sessions.begin() + (session - state.sessions.data()));
    return {};
  });
}

Result<std::string> FileAccess::add_token(std::string_view name, Role role) {
  if (!is_name(name)) {
    return Error{ErrorCode::invalid, "a token's name is 1 to 128 bytes of UTF-8 without control characters: choose another"};
  }
  auto secret = random_secret();
  if (!secret) return secret;
  const std::string token = "weir_" + *secret;
  const auto added = change([&](AccessState& state) -> Result<void> {
    for (const StoredToken& known : state.tokens) {
      if (known.info.name != name) continue;
      return Error{ErrorCode::conflict,
                   "there is a token \"" + known.info.name + "\" already: revoke it, or choose another name"};
    }
    if (state.tokens.size() >= tokens_max) return Error{ErrorCode::full, "there are 1000 tokens: revoke one that is not used"};
    const TokenInfo info{std::string(name), role, token.substr(0, prefix_characters), clock_.wall()};
    state.tokens.push_back({info, hash_of(token)});
    return {};
  });
  if (!added) return added.error();
  return token;
}

Result<void> FileAccess::revoke_token(std::string_view name) {
  return change([&](AccessState& state) -> Result<void> {
    const auto gone = std::erase_if(state.tokens, [name](const StoredToken& token) { return token.info.name == name; });
    if (gone > 0) return {};
    return Error{ErrorCode::not_found, "there is no token \"" + std::string(name) + "\": `weir token list` shows them"};
  });
}

Result<std::vector<TokenInfo>> FileAccess::tokens() {
  if (!refresh()) return refused();
  std::vector<TokenInfo> infos;
  for (const StoredToken& token : state_.tokens) infos.push_back(token.info);
  return infos;
}

Result<std::string> FileAccess::add_code() {
  auto code = random_code();
  if (!code) return code;
  const Timestamp now = clock_.wall();
  const auto added = change([&](AccessState& state) -> Result<void> {
    drop_dead(state.codes, now);
    make_room(state.codes, codes_max);
    state.codes.push_back({hash_of(*code), now, 0});
    state.wrong_codes = 0;  // whoever makes codes sits at the machine: no wait that strangers caused
    return {};
  });
  if (!added) return added.error();
  return code;
}

}  // namespace

Result<std::unique_ptr<Access>> Access::open(const std::filesystem::path& data_dir, const Clock& clock) {
  AccessFile file(data_dir);
  if (auto prepared = file.prepare(); !prepared) return prepared.error();
  auto state = file.read();
  if (!state) return state.error();
  return std::unique_ptr<Access>(std::make_unique<FileAccess>(std::move(file), std::move(*state), clock));
}

}  // namespace weir::gateway
