#include "node/serial_node.h"

#include <chrono>
#include <cstdio>
#include <random>
#include <thread>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/log_line.h"
#include "node/faults.h"
#include "node/node_core.h"
#include "node/node_port.h"
#include "node/sampler.h"
#include "node/simulation.h"

namespace weir::firmware {
namespace {

constexpr std::uint32_t readings_kept_max = 65'536;
constexpr int turn_ms_max = 10;
constexpr std::int64_t reboot_after_ms = 200;  // time for the result to leave first

weir_text text(std::string_view view) { return {view.data(), view.size()}; }

/// What every one of these nodes declares in its HELLO.
const std::vector<weir_declaration>& declarations() {
  static const weir_argument target = [] {
    weir_argument argument{};
    argument.name = text("target");
    argument.has_min = argument.has_max = true;
    argument.max = 90;
    argument.unit = text("Cel");
    return argument;
  }();
  static const weir_argument on = [] {
    weir_argument argument{};
    argument.name = text("on");
    argument.type = WEIR_ARGUMENT_BOOLEAN;
    return argument;
  }();
  static const std::vector<weir_declaration> commands = {
      {text("set"), text("target"), false, &target, 1, {}},
      {text("relay"), text("relay"), false, &on, 1, {}},
      {text("identify"), {}, false, nullptr, 0, {}},
      {text("reboot"), {}, true, nullptr, 0, {}},
  };
  return commands;
}

class SerialNode {
 public:
  SerialNode(const NodeOptions& options, NodePort& port, Faults& faults, Simulation& simulation, Sampler& sampler)
      : options_(options), port_(port), faults_(faults), simulation_(simulation), sampler_(sampler), samples_(readings_kept_max) {
    for (const auto& channel : sampler.channels()) channels_.push_back({text(channel.name), text(channel.unit)});
    boot();
  }

  void turn() {
    const auto bytes = port_.read(turn_ms());
    weir_node_receive(&node_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), now_ms());
    sample();
    weir_node_poll(&node_, now_ms());
    if (reboot_at_ms_ != 0 && now_ms() >= reboot_at_ms_) boot();
    misbehave();
  }

  bool finished() const { return sampler_.finished() && node_.ring.count == 0; }

 private:
  static std::int64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  }

  int turn_ms() const {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(sampler_.next() - std::chrono::steady_clock::now()).count();
    return sampler_.finished() ? turn_ms_max : static_cast<int>(std::clamp<std::int64_t>(wait, 0, turn_ms_max));
  }

  /// Its memory is lost, as that of a microcontroller is.
  void boot() {
    weir_node_options core{};
    core.device = text(options_.id);
    core.firmware = text("weir-node");
    core.version = text(WEIR_VERSION);
    core.channels = channels_.data();
    core.channel_count = channels_.size();
    core.commands = declarations().data();
    core.command_count = declarations().size();
    core.samples = samples_.data();
    core.capacity = readings_kept_max;
    core.context = this;
    core.write = [](void* self, const std::uint8_t* bytes, std::size_t size) { return of(self).write(bytes, size); };
    core.execute = [](void* self, const weir_command* command, weir_cbor_writer* result, weir_text* error) {
      return of(self).execute(*command, *result, *error);
    };
    core.new_boot = [](void*) { return static_cast<std::uint32_t>(std::random_device()()); };
    reboot_at_ms_ = 0;
    [[maybe_unused]] const bool fits = weir_node_init(&node_, &core, now_ms());
    assert(fits);
  }

  static SerialNode& of(void* self) { return *static_cast<SerialNode*>(self); }

  void sample() {
    due_.clear();
    sampler_.take(std::chrono::steady_clock::now(), readings_kept_max - node_.ring.count, due_);
    for (const auto& measured : due_) add(measured);
  }

  void add(const Measured& measured) {
    weir_sample sample{};
    sample.channel = static_cast<std::uint16_t>(measured.channel);
    sample.value = measured.value;
    sample.boolean = sampler_.channels()[measured.channel].boolean;
    sample.absolute = measured.time.has_value();
    sample.time_ms = measured.time ? to_nanoseconds(*measured.time) / 1'000'000 : now_ms();
    weir_node_add(&node_, &sample);
  }

  bool write(const std::uint8_t* bytes, std::size_t size) {
    ++frames_;
    return port_.write(std::string(reinterpret_cast<const char*>(bytes), size));
  }

  bool execute(const weir_command& command, weir_cbor_writer& result, weir_text& error) {
    const auto args = parse_cbor({reinterpret_cast<const char*>(command.args.data), command.args.size});
    const std::string name(command.name.data, command.name.size);
    outcome_ = args ? simulation_.execute(name, *args) : Outcome{false, "", "arguments: " + args.error().message};
    log_line(Severity::info, options_.id, "command " + name + (outcome_.ok ? " done" : " refused: " + outcome_.error));
    error = text(outcome_.error);
    if (outcome_.ok && !outcome_.result_json.empty()) put_json(result, outcome_.result_json);
    if (outcome_.ok) report_states();
    if (simulation_.take_reboot()) reboot_at_ms_ = now_ms() + reboot_after_ms;
    return outcome_.ok;
  }

  static void put_json(weir_cbor_writer& out, const std::string& json) {
    const auto bytes = nlohmann::json::to_cbor(nlohmann::json::parse(json));
    weir_cbor_put_raw(&out, bytes.data(), bytes.size());
  }

  /// So that the effect of a command can be read back; a replay has no such channels.
  void report_states() {
    for (const auto channel : {simulation_.target_channel(), simulation_.relay_channel()}) {
      if (channel < sampler_.channels().size()) add({channel, simulation_.value(channel), {}});
    }
  }

  void misbehave() {
    if (frames_ == misbehaved_) return;
    misbehaved_ = frames_;
    std::this_thread::sleep_for(faults_.pause());
    if (!faults_.resets()) return;
    log_line(Severity::notice, options_.id, "reset");
    boot();
  }

  const NodeOptions& options_;
  NodePort& port_;
  Faults& faults_;
  Simulation& simulation_;
  Sampler& sampler_;
  std::vector<weir_sample> samples_;
  std::vector<weir_channel> channels_;
  std::vector<Measured> due_;
  Outcome outcome_;  // holds the error's text until it is copied
  weir_node node_{};
  std::int64_t reboot_at_ms_ = 0;  // 0: not asked to
  std::uint64_t frames_ = 0;
  std::uint64_t misbehaved_ = 0;
};

}  // namespace

Result<void> run_serial_node(const NodeOptions& options, const std::atomic<bool>& stop) {
  Faults faults(options.faults);
  auto port = NodePort::open(options, faults);
  if (!port) return port.error();
  Simulation simulation(options.channels, options.faults.value_or(1));
  auto sampler = Sampler::open(options, simulation, std::chrono::steady_clock::now());
  if (!sampler) return sampler.error();
  if (options.serial == "pty") {
    std::printf("%s\n", (*port)->path().c_str());
    std::fflush(stdout);
  }
  const auto node = std::make_unique<SerialNode>(options, **port, faults, simulation, **sampler);
  while (!stop && !node->finished()) {
    node->turn();
    if ((*port)->closed()) return Error{ErrorCode::unavailable, "--serial " + options.serial + ": the line is gone"};
  }
  return {};
}

}  // namespace weir::firmware
