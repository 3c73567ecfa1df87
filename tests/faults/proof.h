// Proof: what every program of this folder is started with and leaves behind.
//
// Purpose    `faults-NAME [COUNT] [SEED] [--seconds S] [--json FILE]`: stops at COUNT cases or after S seconds, prints its
//            figures, writes them to FILE, and ends with 1 where a promise was broken.
// Thread     one, but for broken() and its count.
// Ownership  owns the figures.
// Limits     of broken promises the first ten are shown.
// Errors     ends the program where its arguments are wrong.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::faults {

class Proof {
 public:
  Proof(std::string name, int argc, char** argv, std::uint64_t count_default);

  std::uint64_t count() const { return count_; }
  std::uint64_t seed() const { return seed_; }
  std::chrono::steady_clock::duration elapsed() const { return std::chrono::steady_clock::now() - began_; }
  /// Enough cases, or time is up, or so much is broken that more would say nothing new.
  bool over(std::uint64_t done) const;

  /// `where` is what runs this case again.
  void broken(const std::string& where, const std::string& what);

  void figure(std::string_view name, std::uint64_t value) { figures_.emplace_back(name, value); }
  int finish(std::uint64_t done);

  unsigned threads() const;
  /// Where files cost no disk: /dev/shm where it can be written, else the temporary folder.
  static std::filesystem::path fast_folder();

 private:
  const std::string name_;
  std::uint64_t count_, seed_ = 1;
  std::chrono::seconds seconds_{0};  // 0: as long as it takes
  std::filesystem::path json_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::vector<std::pair<std::string, std::uint64_t>> figures_;
  std::atomic<std::uint64_t> broken_ = 0;
  std::mutex mutex_;  // printing
};

}  // namespace weir::faults
