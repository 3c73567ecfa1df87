// AccessFile: data_dir/access.json, the one place where rights are kept.
//
// Purpose    read it whole, change it whole, notice that somebody else changed it.
// Thread     belongs to its Access; processes exclude each other by flock(2) on access.lock beside it.
// Ownership  none beyond its paths.
// Limits     access_limits::file_bytes_max; beyond it the file is refused.
// Errors     `invalid` for a file that isn't what this program wrote (cut, edited, open to others), `io` otherwise.
//
// Format     {"version":2,"users":[{name,role,argon2id,created}],"tokens":[{name,role,prefix,sha256,created,devices?,kinds?,
//            expires?,used?}],"sessions":[{id,user,role,from,sha256,created,seen}],"codes":[{sha256,created,wrong}],
//            "wrong":{count,last},"forgiven"}; times are nanoseconds since 1970. Version 1 had no users and no scopes: it is
//            read, and written as 2, which an older program refuses rather than to pass over a scope.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "access/private_file.h"

namespace weir::gateway {

struct StoredUser {
  UserInfo info;
  std::string argon2id;  // with its parameters and salt, as libsodium and others write it
};

struct StoredToken {
  TokenInfo info;
  std::string sha256;
};

struct StoredSession {
  SessionInfo info;  // of a user, the role is the user's
  std::string sha256;
};

struct StoredCode {
  std::string sha256;
  Timestamp created;
  unsigned wrong = 0;
};

struct AccessState {
  std::vector<StoredUser> users;
  std::vector<StoredToken> tokens;
  std::vector<StoredSession> sessions;
  std::vector<StoredCode> codes;
  unsigned wrong_codes = 0;  // in a row
  Timestamp wrong_last;
  Timestamp forgiven;  // when somebody at the machine made the last code: waits of before are over
};

std::string encode_access(const AccessState& state);
Result<AccessState> decode_access(std::string_view text);

class AccessFile {
 public:
  explicit AccessFile(std::filesystem::path data_dir);

  /// Makes the folder (mode 0700) where it is missing, refuses one that others may write to.
  Result<void> prepare();

  /// True when the file is not the one that was read or written last.
  bool changed() const;

  /// A missing file is an empty state: nobody has rights yet.
  Result<AccessState> read();

  /// Under the lock: reads, lets `edit` change the state, writes it whole and durably unless `edit` fails.
  Result<AccessState> change(const std::function<Result<void>(AccessState&)>& edit);

  const std::filesystem::path& path() const { return path_; }

 private:
  void remember(Descriptor held);

  struct Version {
    Descriptor held;  // open, so that its inode number can't come back as another file's
    AccessState state;
  };
  Result<Version> load() const;
  Result<Descriptor> write(const AccessState& state) const;

  std::filesystem::path dir_, path_, lock_path_;
  Descriptor known_;                            // the version that was read or written last; closed: there was no file
  std::int64_t known_ns_ = 0, known_size_ = 0;  // an edit in place changes these
};

}  // namespace weir::gateway
