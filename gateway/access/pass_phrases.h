// Pass phrases: hashed with Argon2id (RFC 9106), checked, and the thread on which that is done.
//
// Purpose    the only door to libsodium. A hash takes 19 MiB and some ten milliseconds, on small boards a second.
// Thread     the functions are pure; a PassPhraseWorker belongs to one thread, its tasks run on its own.
// Ownership  the worker owns its thread, from the first task on; its end drops what waits and waits for what runs.
// Limits     one hash at a time; queue_max tasks wait, a further one is refused. Pass phrases: 12 characters to 1,024 bytes.
// Errors     `invalid` says what a pass phrase must be, `full` that there is no memory for a hash.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"

namespace weir::gateway {

namespace pass_phrases {
inline constexpr std::size_t characters_min = 12;
inline constexpr std::size_t bytes_max = 1024;
inline constexpr std::size_t memory_bytes = std::size_t{19} * 1024 * 1024;
inline constexpr unsigned passes = 2;  // with one lane
}  // namespace pass_phrases

Result<void> check_pass_phrase(std::string_view phrase);

/// "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH"
Result<std::string> hash_pass_phrase(std::string_view phrase);
bool fits(const std::string& hash, std::string_view phrase);

/// It was made with other parameters than those of today.
bool outdated(const std::string& hash);

/// Of a user who isn't there: nothing is known to fit, and it takes as long.
std::string decoy_hash();

class PassPhraseWorker {
 public:
  static constexpr std::size_t queue_max = 16;

  PassPhraseWorker() = default;
  ~PassPhraseWorker();
  PassPhraseWorker(const PassPhraseWorker&) = delete;
  PassPhraseWorker& operator=(const PassPhraseWorker&) = delete;

  bool has_room();
  /// False: too many wait already.
  bool post(std::function<void()> task);

 private:
  void run();

  std::mutex mutex_;  // protects what follows
  std::condition_variable news_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace weir::gateway
