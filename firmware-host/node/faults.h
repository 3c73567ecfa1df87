// Faults: what a bad cable, a bad supply and bad firmware do.
//
// Purpose    --faults SEED: the same seed, the same misbehaviour.
// Thread     one.
// Ownership  its own.
// Limits     damage at most doubles what is sent.
// Errors     they are the point.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>

namespace weir::firmware {

class Faults {
 public:
  explicit Faults(std::optional<std::uint64_t> seed) : active_(seed.has_value()), random_(seed.value_or(0)) {}

  /// Of 100 messages: one with noise before it, one cut, one with a flipped bit.
  void damage(std::string& bytes);
  /// One message of 1,000.
  bool resets() { return chance(1000); }
  /// Mostly none; of 500 messages one silence of up to 2 s.
  std::chrono::milliseconds pause();
  std::string noise();
  bool chance(unsigned one_in) { return active_ && random_() % one_in == 0; }

 private:
  bool active_;
  std::mt19937_64 random_;
};

}  // namespace weir::firmware
