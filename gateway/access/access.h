// Access: who is asking, and what they may do.
//
// Purpose    tokens, dashboard sessions and one-time sign-in codes, kept in data_dir/access.json (mode 0600), so that
//            `weir token add` and `weir pair` work while the daemon runs or not.
// Thread     belongs to one thread (the server's); other processes change the file under flock(2), and a change is seen
//            at the next question.
// Ownership  owns its state in memory; the file is replaced whole (write, fsync, rename).
// Limits     1,000 tokens; 100 sessions (the oldest ends), each for 12 h without a question and 30 d in all; 16 codes (the
//            oldest ends), each for 10 min, one use and 5 wrong tries.
// Errors     say what to do. Secrets are never in them. A file that can't be read or understood lets nobody in.
//
// Kept       SHA-256 of every secret, never the secret. Tokens are "weir_" and 256 random bits in base32.
// Guessing   every wrong code counts against all codes, and doubles a wait for everybody: 1, 2, 4 … 300 s.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace weir::gateway {

enum class Role { viewer, operator_, admin, ingest };
std::string_view to_string(Role role);
std::optional<Role> role_from(std::string_view text);

enum class Right { read, command, ingest, administer };
bool allows(Role role, Right right);

struct Principal {
  std::string name;  // "token:cloud", "session:3fa9"
  Role role = Role::viewer;
};

namespace access_limits {
inline constexpr std::size_t tokens_max = 1000;
inline constexpr std::size_t sessions_max = 100;
inline constexpr std::size_t codes_max = 16;
inline constexpr unsigned code_tries_max = 5;
inline constexpr std::chrono::minutes code_lifetime{10};
inline constexpr std::chrono::seconds redeem_wait_max{300};
inline constexpr std::chrono::hours session_idle_max{12};
inline constexpr std::chrono::hours session_age_max{24 * 30};
inline constexpr std::size_t file_bytes_max = std::size_t{2} * 1024 * 1024;
}  // namespace access_limits

struct TokenInfo {
  std::string name;
  Role role = Role::viewer;
  std::string prefix;  // the first characters, to recognise it
  Timestamp created;
};

class Access {
 public:
  static Result<std::unique_ptr<Access>> open(const std::filesystem::path& data_dir, const Clock& clock);
  virtual ~Access() = default;

  // Asking. A question about a session keeps it alive: ask again for a live stream at least once an hour.
  virtual std::optional<Principal> by_token(std::string_view token) = 0;
  virtual std::optional<Principal> by_session(std::string_view secret) = 0;

  // Signing in: a code becomes a session (role admin: whoever made the code owns the machine), once. A wrong code is
  // `unauthorised`; wrong codes are slowed down: `full`, and redeem_wait() says for how long.
  virtual Result<std::string> redeem(std::string_view code) = 0;
  virtual std::chrono::seconds redeem_wait() = 0;  // 0: a code may be tried now
  virtual Result<void> end_session(std::string_view secret) = 0;

  // Changing: also from the command line.
  virtual Result<std::string> add_token(std::string_view name, Role role) = 0;  // the token, shown once
  virtual Result<void> revoke_token(std::string_view name) = 0;
  virtual Result<std::vector<TokenInfo>> tokens() = 0;
  virtual Result<std::string> add_code() = 0;  // "1234-5678"
  virtual std::uint64_t generation() = 0;      // changes when rights may have changed: live streams ask again
};

}  // namespace weir::gateway
