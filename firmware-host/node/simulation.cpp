#include "node/simulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include <nlohmann/json.hpp>

namespace weir::firmware {
namespace {

// Units of RFC 8428 section 12.1.
constexpr std::array<std::pair<const char*, const char*>, 8> sensors_known = {{{"temperature", "Cel"},
                                                                               {"humidity", "%RH"},
                                                                               {"pressure", "Pa"},
                                                                               {"illuminance", "lx"},
                                                                               {"voltage", "V"},
                                                                               {"current", "A"},
                                                                               {"flow", "l/s"},
                                                                               {"level", "m"}}};
constexpr double heating_seconds = 120;  // time constant towards the target
constexpr double room = 21;

double wave(double seconds, double period) { return std::sin(2 * std::numbers::pi * seconds / period); }
double rounded(double value) { return std::round(value * 100) / 100; }

Outcome refused(std::string why) { return {false, "", std::move(why)}; }

}  // namespace

Simulation::Simulation(std::size_t sensors, std::uint64_t seed) : sensors_(sensors), random_(seed) {
  for (std::size_t i = 0; i < sensors; ++i) {
    const bool known = i < sensors_known.size();
    channels_.push_back(known ? Channel{sensors_known[i].first, sensors_known[i].second}
                              : Channel{"channel-" + std::to_string(i + 1), ""});
  }
  channels_.push_back({"target", "Cel"});
  channels_.push_back({"relay", "", true});
}

double Simulation::noise(double width) { return std::uniform_real_distribution(-width, width)(random_); }

void Simulation::advance(double seconds) {
  seconds_ += seconds;
  const double goal = relay_ ? target_ : room;
  temperature_ += (goal - temperature_) * (1 - std::exp(-seconds / heating_seconds));
}

double Simulation::value(std::size_t channel) {
  if (channel == target_channel()) return target_;
  if (channel == relay_channel()) return relay_ ? 1 : 0;
  const double warmth = temperature_ - room;
  switch (channel) {
    case 0: return rounded(temperature_ + 0.4 * wave(seconds_, 90) + noise(0.05));
    case 1: return rounded(std::clamp(55 - 0.5 * warmth + 4 * wave(seconds_, 400) + noise(0.3), 3.0, 99.0));
    case 2: return std::round(101'325 + 250 * wave(seconds_, 3600) + noise(8));
    case 3: return std::round(std::max(0.0, 320 + 280 * wave(seconds_, 600) + noise(6)));
    case 4: return rounded(229.8 + 1.5 * wave(seconds_, 75) + noise(0.4));
    case 5: return rounded(relay_ ? 8.6 + 0.3 * wave(seconds_, 45) + noise(0.1) : 0.02 + std::abs(noise(0.01)));
    case 6: return rounded(std::max(0.0, 0.35 + 0.02 * warmth / 10 + noise(0.02)));
    case 7: return rounded(1.8 + 0.2 * wave(seconds_, 1800) + noise(0.01));
    default: return rounded(static_cast<double>(channel) + wave(seconds_, 30.0 + static_cast<double>(channel)) + noise(0.05));
  }
}

Outcome Simulation::execute(const std::string& name, const nlohmann::json& args) {
  if (name == "set") return set(args);
  if (name == "relay") return relay(args);
  if (name == "identify") return {true, R"({"blinked":3})", ""};
  if (name == "reboot") {
    reboot_ = true;
    return {true, "", ""};
  }
  return refused("unknown command");
}

Outcome Simulation::set(const nlohmann::json& args) {
  const auto target = args.find("target");
  if (target == args.end() || !target->is_number()) return refused("target: a number is needed");
  const auto value = target->get<double>();
  if (!(value >= 0 && value <= 90)) return refused("target: 0 to 90 Cel");
  target_ = value;
  return {true, nlohmann::json{{"target", value}}.dump(), ""};
}

Outcome Simulation::relay(const nlohmann::json& args) {
  const auto on = args.find("on");
  if (on == args.end() || !on->is_boolean()) return refused("on: true or false is needed");
  relay_ = on->get<bool>();
  return {true, nlohmann::json{{"on", relay_}}.dump(), ""};
}

bool Simulation::take_reboot() { return std::exchange(reboot_, false); }

}  // namespace weir::firmware
