#include "faults/workload.h"

#include <array>

#include "faults/random.h"

namespace weir::faults {

namespace {

constexpr std::int64_t base_time = 1'750'000'000'000'000'000;
constexpr std::int64_t step = 1'000'000;  // between two readings, in nanoseconds

std::string writer_name(const Source& source) { return (is_node(source) ? "node-" : "device-") + std::to_string(source.writer); }

Value value_of(Random& random, std::uint64_t metric, unsigned text_bytes) {
  switch (metric % 5) {
    case 0: return static_cast<double>(random.below(100'000)) / 100.0;
    case 1: return static_cast<std::int64_t>(random.next() >> 20U);
    case 2: return random.one_in(2);
    case 3: return static_cast<double>(random.next()) * 1.0000001e-9;
    default: break;
  }
  std::string text;
  for (unsigned i = 0; i < text_bytes; ++i) text.push_back(static_cast<char>('!' + random.below(90)));
  return text;
}

Reading reading_of(const Source& source, Random& random, std::uint64_t number, std::uint64_t index) {
  constexpr std::array<const char*, 4> units = {"Cel", "V", "%RH", ""};
  constexpr std::array<Quality, 8> qualities = {Quality::good, Quality::good, Quality::good,      Quality::good,
                                                Quality::good, Quality::good, Quality::uncertain, Quality::bad};
  const auto metric = random.below(12);
  Reading reading{.device = writer_name(source), .metric = "metric-" + std::to_string(metric)};
  reading.value = value_of(random, metric, source.text_bytes);
  reading.unit = units.at(metric % units.size());
  reading.quality = qualities.at(random.below(qualities.size()));
  const auto place = static_cast<std::int64_t>((number * 1000 + index) * 8 + source.writer);
  reading.time = from_nanoseconds(base_time + place * step + static_cast<std::int64_t>(random.below(step)));
  return reading;
}

gateway::CommandStatus command_status(const Source& source, std::uint64_t number) {
  gateway::CommandStatus command{.id = command_of(source, number), .device = writer_name(source), .name = "set"};
  command.args_json = R"({"target":)" + std::to_string(number) + "}";
  command.state = number % 2 == 0 ? gateway::CommandState::succeeded : gateway::CommandState::queued;
  command.by = "test";
  command.created = command.deadline = from_nanoseconds(base_time);
  return command;
}

}  // namespace

bool has_key(std::uint64_t number) { return number % 7 == 0; }
bool has_consumer_mark(std::uint64_t number) { return number % 5 == 0; }
bool has_command(std::uint64_t number) { return number % 6 == 0; }
std::string key_of(const Source& source, std::uint64_t number) {
  return "key-" + std::to_string(source.writer) + "-" + std::to_string(number);
}
std::string consumer_of(const Source& source) { return "consumer-" + std::to_string(source.writer); }
std::string command_of(const Source& source, std::uint64_t number) {
  return "command-" + std::to_string(source.writer) + "-" + std::to_string(number / 2);
}
bool is_node(const Source& source) { return source.writer % 2 == 1; }

gateway::Append append_of(const Source& source, std::uint64_t number) {
  Random random(source.seed * 1'000'003 + source.writer * 7919 + number);
  gateway::Append append;
  append.delivery.reader = "faults";
  const auto count = is_node(source) ? node_readings : random.one_in(10) ? 1 + random.below(200) : 1 + random.below(12);
  for (std::uint64_t i = 0; i < count; ++i) append.delivery.readings.push_back(reading_of(source, random, number, i));
  if (is_node(source)) {
    const auto first = static_cast<std::uint32_t>((number - 1) * node_readings + 1);
    append.delivery.mark = NodeMark{writer_name(source), 7, first};
  }
  if (random.one_in(9)) {
    append.delivery.losses.push_back({.where = "faults", .reason = "undecodable", .count = 1 + random.below(5)});
  }
  if (has_key(number)) append.idempotency_key = key_of(source, number);
  if (has_consumer_mark(number)) append.consumers.push_back({.name = consumer_of(source), .seq = number});
  if (has_command(number)) append.commands.push_back(command_status(source, number));
  if (random.one_in(8)) {
    append.events.emplace_back(gateway::Kind::alarm,
                               gateway::Event{writer_name(source), "metric-0", R"("id":"a","n":)" + std::to_string(number)});
  }
  return append;
}

}  // namespace weir::faults
