// Access: who is asking, and what they may do. docs/access.md has the rules for people.
//
// Purpose    users, tokens, dashboard sessions and one-time sign-in codes, kept in data_dir/access.json (mode 0600), so that
//            `weir token`, `weir user` and `weir pair` work while the daemon runs or not.
// Thread     belongs to one thread (the server's); other processes change the file under flock(2), and a change is seen
//            at the next question.
// Ownership  owns its state in memory; the file is replaced whole (write, fsync, rename).
// Limits     those of access_limits; 50 users, each with 10 sessions (the oldest ends); 1,000 tokens; 16 codes (the oldest ends),
//            each for 10 min, one use and 5 wrong tries.
// Errors     say what to do. Secrets are never in them. A file that can't be read or understood lets nobody in.
//
// Kept       SHA-256 of every secret that is random, Argon2id of pass phrases. Tokens are "weir_" and 256 random bits in base32.
//            When a session or token was last used is exact in memory; on flash a session's is up to 5 min old, a token's an
//            hour.
// Guessing   every wrong code counts against all codes, every wrong pass phrase against its user and its address: each doubles a
//            wait, 1, 2, 4 … 300 s. Tokens can't be guessed: wrong ones make their address wait with further wrong ones only.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace weir::gateway {

enum class Role { viewer, operator_, admin, ingest };
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

enum class Right { read, command, ingest, administer };
bool allows(Role role, Right right);

/// What a token is limited to: comma-separated globs; empty: everything.
struct Scope {
  std::string devices, kinds;

  bool limited() const { return !devices.empty() || !kinds.empty(); }
  bool has_device(std::string_view name) const;  // "": what is about no device, which a scope of devices leaves out
  bool has_kind(std::string_view kind) const;
  bool operator==(const Scope& other) const { return devices == other.devices && kinds == other.kinds; }
};
Result<void> check_scope(const Scope& scope);

struct Principal {
  std::string name;  // "token:cloud", "user:kim", "session:3fa9" (of a code)
  Role role = Role::viewer;
  Scope scope;
};

/// Differs where role or scope differ: what was opened with others is closed.
std::uint32_t mark_of(const Principal& principal);

namespace access_limits {
inline constexpr std::size_t users_max = 50;
inline constexpr std::size_t tokens_max = 1000;
inline constexpr std::size_t sessions_per_user_max = 10;  // those of codes together count as one user's
inline constexpr std::size_t sessions_max = sessions_per_user_max * (users_max + 1);
inline constexpr std::size_t codes_max = 16;
inline constexpr unsigned code_tries_max = 5;
inline constexpr std::chrono::minutes code_lifetime{10};
inline constexpr std::chrono::minutes session_idle_max{30};
inline constexpr std::chrono::hours session_age_max{12};
inline constexpr std::chrono::minutes session_written_after{5};  // how far what is on flash may lag
inline constexpr std::chrono::hours token_written_after{1};
inline constexpr unsigned wrong_tokens_free = 10;  // of an address, before it waits
inline constexpr std::size_t file_bytes_max = std::size_t{2} * 1024 * 1024;
}  // namespace access_limits

struct TokenTerms {
  TokenTerms(Role role_, Scope scope_ = {}, std::optional<Timestamp> expires_ = std::nullopt)  // NOLINT: a role alone will do
      : role(role_), scope(std::move(scope_)), expires(expires_) {}
  Role role;
  Scope scope;
  std::optional<Timestamp> expires;
};

struct TokenInfo {
  std::string name;
  TokenTerms terms{Role::viewer};
  std::string prefix;  // the first characters, to recognise it
  Timestamp created;
  std::optional<Timestamp> used;
};

struct UserInfo {
  std::string name;
  Role role = Role::viewer;
  Timestamp created;
};

struct SessionInfo {
  std::string id;
  std::string user;  // empty: of a code
  Role role = Role::viewer;
  std::string from;  // address
  Timestamp created, seen;
};

class Access {
 public:
  static Result<std::unique_ptr<Access>> open(const std::filesystem::path& data_dir, const Clock& clock);
  virtual ~Access() = default;

  // Asking. A question about a session keeps it alive: ask again for a live stream every few minutes.
  virtual std::optional<Principal> by_token(std::string_view token) = 0;
  virtual std::optional<Principal> by_session(std::string_view secret) = 0;
  virtual bool first_start() = 0;          // nobody has any rights yet: no user, no token, no session
  virtual std::uint64_t generation() = 0;  // changes when rights may have changed: live streams ask again

  // Signing in: a code becomes a session (role admin: whoever made the code owns the machine), once. A wrong code is
  // `unauthorised`; wrong ones are slowed down: `full`, and redeem_wait() says for how long. `from` is an address.
  virtual Result<std::string> redeem(std::string_view code, std::string_view from = {}) = 0;
  virtual std::chrono::seconds redeem_wait(std::string_view from = {}) = 0;  // 0: a code may be tried now

  // With a pass phrase: wait; begin, which counts the try as a wrong one; check the phrase against the hash, on another thread,
  // for it takes long; and finish with the hash that it fits. A user who isn't there has a hash that nothing fits.
  virtual std::chrono::seconds sign_in_wait(std::string_view user, std::string_view from) = 0;
  virtual std::string begin_sign_in(std::string_view user, std::string_view from) = 0;
  virtual Result<std::string> finish_sign_in(std::string_view user, std::string_view hash, std::string_view from) = 0;

  // Sessions.
  virtual Result<void> end_session(std::string_view secret) = 0;
  virtual Result<void> end_session_named(std::string_view id) = 0;
  virtual std::vector<SessionInfo> sessions() = 0;
  virtual std::string session_id(std::string_view secret) const = 0;

  // Wrong tokens of an address: how long further wrong ones of it are not looked at. Right ones never wait.
  virtual std::chrono::seconds wrong_token(std::string_view from) = 0;  // counts one; 0: answer it

  // Changing: also from the command line.
  virtual Result<std::string> add_token(std::string_view name, const TokenTerms& terms) = 0;  // the token, shown once
  virtual Result<void> change_token(std::string_view name, const TokenTerms& terms) = 0;
  virtual Result<void> revoke_token(std::string_view name) = 0;
  virtual Result<std::vector<TokenInfo>> tokens() = 0;
  virtual Result<std::string> add_code() = 0;  // "1234-5678"
  /// Where nobody has rights and no code is good: one that forgives no wrong tries. Otherwise nothing.
  virtual Result<std::optional<std::string>> add_first_code() = 0;

  // Users. `hash`: of hash_pass_phrase(). There is always an admin among them, once there was one.
  virtual Result<void> add_user(std::string_view name, Role role, std::string_view hash) = 0;
  virtual Result<void> set_role(std::string_view name, Role role) = 0;
  /// Ends the user's sessions but `keep` (a secret).
  virtual Result<void> set_pass_phrase(std::string_view name, std::string_view hash, std::string_view keep = {}) = 0;
  /// The same pass phrase in a hash of today's parameters, where `before` is still the one that is kept.
  virtual Result<void> renew_hash(std::string_view name, std::string_view before, std::string_view hash) = 0;
  virtual Result<void> remove_user(std::string_view name) = 0;
  virtual Result<std::vector<UserInfo>> users() = 0;
};

}  // namespace weir::gateway
