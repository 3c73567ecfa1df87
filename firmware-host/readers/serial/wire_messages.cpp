#include "readers/serial/wire_messages.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "wire/senml.h"

namespace weir::firmware {
namespace {

constexpr double seconds_max = 9.2e9;  // of a Timestamp: the year 2261
constexpr std::uint32_t ttl_ms_max = 86'400'000;

std::string text_of(weir_text text) { return text.size == 0 ? std::string() : std::string(text.data, text.size); }

Value value_of(const weir_senml_record& record) {
  switch (record.kind) {
    case WEIR_SENML_BOOL: return record.boolean;
    case WEIR_SENML_TEXT: return text_of(record.text);
    default: return record.whole ? Value(record.integer) : Value(record.number);
  }
}

/// The resolution of the wire's times is 1 ms; rounding takes away what a single-precision number added.
Timestamp absolute(double seconds) { return Timestamp(std::chrono::milliseconds(std::llround(seconds * 1000))); }

Timestamp relative(double seconds, Timestamp now) { return now + std::chrono::milliseconds(std::llround(seconds * 1000)); }

Result<Reading> reading_from(const weir_senml_record& record, const std::string& device, Timestamp now) {
  Reading reading;
  reading.device = device;
  reading.metric = text_of(record.base_name) + text_of(record.name);
  reading.unit = text_of(record.unit);
  if (record.kind == WEIR_SENML_NONE) return Error{ErrorCode::invalid, reading.metric + ": no value that can be a reading"};
  if (std::abs(record.time) >= seconds_max) return Error{ErrorCode::invalid, reading.metric + ": a time beyond the year 2261"};
  reading.value = value_of(record);
  reading.clock_unsynchronised = record.time < WEIR_SENML_RELATIVE_BELOW;
  reading.time = reading.clock_unsynchronised ? relative(record.time, now) : absolute(record.time);
  if (auto fine = check_reading(reading); !fine) return fine.error();
  return reading;
}

void add(std::vector<WireRun>& runs, std::uint32_t number, Result<Reading> reading) {
  auto& run = runs.back();
  if (!reading) {
    run.rejected.push_back(reading.error().message);
    run.last = number;
    return;
  }
  if (!run.readings.empty() && run.first + run.readings.size() != number) {
    runs.push_back({});
    return add(runs, number, std::move(reading));
  }
  if (run.readings.empty()) run.first = number;
  run.readings.push_back(*std::move(reading));
  run.last = number;
}

ArgumentType type_of(weir_argument_type type) {
  switch (type) {
    case WEIR_ARGUMENT_INTEGER: return ArgumentType::integer;
    case WEIR_ARGUMENT_BOOLEAN: return ArgumentType::boolean;
    case WEIR_ARGUMENT_STRING: return ArgumentType::string;
    case WEIR_ARGUMENT_ENUMERATION: return ArgumentType::enumeration;
    default: return ArgumentType::number;
  }
}

Result<DeclaredArgument> argument_from(const weir_argument& argument) {
  DeclaredArgument out;
  out.name = text_of(argument.name);
  out.type = type_of(argument.type);
  if (argument.has_min) out.min = argument.min;
  if (argument.has_max) out.max = argument.max;
  out.unit = text_of(argument.unit);
  out.required = !argument.optional;
  bool good = is_name(out.name) && is_utf8(out.unit) && std::isfinite(argument.min) && std::isfinite(argument.max);
  for (std::size_t i = 0; i < argument.value_count; ++i) {
    out.values.push_back(text_of(argument.values[i]));
    good = good && is_utf8(out.values.back());
  }
  if (!good) return Error{ErrorCode::invalid, "HELLO declares an argument that is no name, or with a range that is none"};
  return out;
}

Result<DeclaredCommand> declaration_from(weir_declaration declaration, const std::string& device) {
  DeclaredCommand out;
  out.device = device;
  out.name = text_of(declaration.name);
  out.state_metric = text_of(declaration.state_metric);
  out.dangerous = declaration.dangerous;
  if (!is_name(out.name) || (!out.state_metric.empty() && !is_name(out.state_metric)))
    return Error{ErrorCode::invalid, "HELLO declares a command that is no name"};
  for (std::size_t i = 0; i < declaration.arg_count; ++i) {
    weir_argument argument;
    if (!weir_read_argument(&declaration.arg_reader, &argument))
      return Error{ErrorCode::invalid, "HELLO: malformed argument of " + out.name};
    auto converted = argument_from(argument);
    if (!converted) return converted.error();
    out.args.push_back(*std::move(converted));
  }
  return out;
}

std::uint32_t ttl_ms(const Command& command, Timestamp now) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(command.deadline - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, ttl_ms_max));
}

weir_text as_text(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace

Result<std::vector<WireRun>> readings_from(weir_readings readings, std::uint32_t from, const std::string& device, Timestamp now) {
  std::vector<WireRun> runs(1);
  weir_senml_base base{};
  weir_senml_record record;
  for (std::size_t i = 0; i < readings.count; ++i) {
    if (!weir_senml_next(&readings.pack, &base, &record)) return Error{ErrorCode::invalid, "READINGS: malformed SenML"};
    const auto number = readings.first + static_cast<std::uint32_t>(i);
    if (number >= from) add(runs, number, reading_from(record, device, now));
  }
  return runs;
}

Result<std::vector<DeclaredCommand>> declarations_from(weir_hello hello, const std::string& device) {
  std::vector<DeclaredCommand> commands;
  for (std::size_t i = 0; i < hello.command_count; ++i) {
    weir_declaration declaration;
    if (!weir_read_declaration(&hello.command_reader, &declaration)) return Error{ErrorCode::invalid, "HELLO: malformed command"};
    auto command = declaration_from(declaration, device);
    if (!command) return command.error();
    commands.push_back(*std::move(command));
  }
  return commands;
}

Result<CommandReply> reply_from(const weir_result& result, const std::string& device) {
  CommandReply reply;
  reply.id = text_of(result.id);
  reply.device = device;
  reply.succeeded = result.ok;
  reply.error = result.ok ? "" : text_of(result.error);
  if (!is_name(reply.id) || !is_utf8(reply.error)) return Error{ErrorCode::invalid, "RESULT: text that is not UTF-8"};
  if (!result.ok && reply.error.empty()) reply.error = "the device gave no reason";
  if (!result.ok || result.result.size == 0) return reply;
  const auto json = parse_cbor({reinterpret_cast<const char*>(result.result.data), result.result.size});
  if (!json) return Error{ErrorCode::invalid, "RESULT: " + json.error().message};
  reply.result_json = json->dump();
  return reply;
}

Result<std::string> command_line(const Command& command, Timestamp now, std::size_t frame_bytes_max) {
  const auto args = parse_json(command.args_json.empty() ? "{}" : command.args_json);
  if (!args) return args.error();
  const auto cbor = nlohmann::json::to_cbor(*args);
  const weir_command message{as_text(command.id), as_text(command.name), {cbor.data(), cbor.size()}, ttl_ms(command, now)};
  weir_frame frame;
  weir_put_command(&frame, &message);
  std::string line(WEIR_LINE_BYTES_MAX, '\0');
  line.resize(weir_frame_finish(&frame, reinterpret_cast<std::uint8_t*>(line.data())));
  if (line.empty() || frame.body.size + WEIR_FRAME_OVERHEAD_BYTES > frame_bytes_max)
    return Error{ErrorCode::invalid,
                 "the command does not fit a frame of " + std::to_string(frame_bytes_max) + " bytes; send less arguments"};
  return line;
}

}  // namespace weir::firmware
