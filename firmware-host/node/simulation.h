// Simulation: a small boiler room: what its sensors see, and what commands do to it.
//
// Purpose    plausible curves, so that a chart of them looks like one of a real device.
// Thread     one.
// Ownership  its own.
// Limits     64 sensors.
// Errors     execute() says why it refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace weir::firmware {

struct Channel {
  std::string name;
  std::string unit;
  bool boolean = false;
};

struct Outcome {
  bool ok = false;
  std::string result_json;  // with ok
  std::string error;        // otherwise
};

class Simulation {
 public:
  Simulation(std::size_t sensors, std::uint64_t seed);

  /// The sensors, then `target` and `relay`: the states that commands set.
  const std::vector<Channel>& channels() const { return channels_; }
  std::size_t sensors() const { return sensors_; }
  std::size_t target_channel() const { return sensors_; }
  std::size_t relay_channel() const { return sensors_ + 1; }

  void advance(double seconds);
  double value(std::size_t channel);

  Outcome execute(const std::string& name, const nlohmann::json& args);
  /// True once after a `reboot`.
  bool take_reboot();

 private:
  double noise(double width);
  Outcome set(const nlohmann::json& args);
  Outcome relay(const nlohmann::json& args);

  std::size_t sensors_;
  std::vector<Channel> channels_;
  std::mt19937_64 random_;
  double seconds_ = 0;
  double temperature_ = 21;
  double target_ = 60;
  bool relay_ = true;
  bool reboot_ = false;
};

}  // namespace weir::firmware
