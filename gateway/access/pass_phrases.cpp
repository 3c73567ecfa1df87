#include "access/pass_phrases.h"

#include <algorithm>

#include <sodium.h>

#include "base/text.h"

namespace weir::gateway {
namespace {

using namespace pass_phrases;

std::size_t characters(std::string_view text) {
  const auto begins_one = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; };
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_one));
}

bool ready() {
  static const bool done = sodium_init() >= 0;
  return done;
}

}  // namespace

Result<void> check_pass_phrase(std::string_view phrase) {
  if (phrase.size() > bytes_max) return Error{ErrorCode::invalid, "pass_phrase: may have 1024 bytes"};
  if (!is_utf8(phrase) || phrase.find('\0') != phrase.npos) return Error{ErrorCode::invalid, "pass_phrase: must be text (UTF-8)"};
  if (characters(phrase) >= characters_min) return {};
  return Error{ErrorCode::invalid, "pass_phrase: needs 12 characters or more; four words that don't belong together are good"};
}

Result<std::string> hash_pass_phrase(std::string_view phrase) {
  std::string hash(crypto_pwhash_STRBYTES, '\0');
  const bool made = ready() && crypto_pwhash_str_alg(hash.data(), phrase.data(), phrase.size(), passes, memory_bytes,
                                                     crypto_pwhash_ALG_ARGON2ID13) == 0;
  if (!made) return Error{ErrorCode::full, "no memory to hash a pass phrase (19 MiB): try again"};
  hash.resize(hash.find('\0'));
  return hash;
}

bool fits(const std::string& hash, std::string_view phrase) {
  return ready() && crypto_pwhash_str_verify(hash.c_str(), phrase.data(), phrase.size()) == 0;
}

bool outdated(const std::string& hash) {
  return ready() && crypto_pwhash_str_needs_rehash(hash.c_str(), passes, memory_bytes) != 0;
}

std::string decoy_hash() {
  return "$argon2id$v=19$m=19456,t=2,p=1$c2FsdCBvZiBub2JvZHkuLg$bm8gcGFzcyBwaHJhc2Ugb2YgdGhpcyB3b3JsZCBmaXQ";
}

PassPhraseWorker::~PassPhraseWorker() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    tasks_.clear();
  }
  news_.notify_one();
  if (thread_.joinable()) thread_.join();
}

bool PassPhraseWorker::has_room() {
  std::lock_guard lock(mutex_);
  return tasks_.size() < queue_max;
}

bool PassPhraseWorker::post(std::function<void()> task) {
  std::lock_guard lock(mutex_);
  if (tasks_.size() >= queue_max) return false;
  tasks_.push_back(std::move(task));
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  news_.notify_one();
  return true;
}

void PassPhraseWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    news_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (stopping_) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds goes without the lock
    lock.lock();
  }
}

}  // namespace weir::gateway
