#include "readers/serial/lines_session.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

namespace weir::firmware {
namespace {

constexpr std::size_t command_bytes_max = limits::serial_line_bytes_max / 2;

std::string error_text(const nlohmann::json& reply) {
  const auto found = reply.find("error");
  if (found == reply.end()) return "the device gave no reason";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// An object with a text `id` and a boolean `ok`.
std::optional<CommandReply> reply_from(std::string_view line) {
  if (!line.starts_with('{') || line.find("\"ok\"") == line.npos) return std::nullopt;
  const auto json = parse_json(line);
  if (!json || !json->is_object()) return std::nullopt;
  const auto id = json->find("id");
  const auto ok = json->find("ok");
  if (id == json->end() || !id->is_string() || ok == json->end() || !ok->is_boolean()) return std::nullopt;
  CommandReply reply;
  reply.id = id->get<std::string>();
  reply.succeeded = ok->get<bool>();
  if (!reply.succeeded) reply.error = error_text(*json);
  if (const auto result = json->find("result"); reply.succeeded && result != json->end()) reply.result_json = result->dump();
  return reply;
}

}  // namespace

LinesSession::LinesSession(const Mapping& mapping, std::unique_ptr<Decoder> decoder, SerialServices& services)
    : services_(services), device_(mapping.device), metric_(mapping.metric), decoder_(std::move(decoder)) {}

Result<std::unique_ptr<SerialSession>> LinesSession::create(const Mapping& mapping, SerialServices& services) {
  auto decoder = make_decoder(mapping);
  if (!decoder) return decoder.error();
  return std::unique_ptr<SerialSession>(new LinesSession(mapping, *std::move(decoder), services));
}

void LinesSession::opened() {
  line_.clear();
  overlong_ = false;
  first_ = true;
}

void LinesSession::take(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find_first_of("\r\n");
    take_piece(bytes.substr(0, end));
    if (end == bytes.npos) break;
    end_line();
    bytes.remove_prefix(end + 1);
  }
  if (!deliver()) services_.hold_back();
}

void LinesSession::take_piece(std::string_view piece) {
  overlong_ = overlong_ || line_.size() + piece.size() > limits::serial_line_bytes_max;
  overlong_ ? line_.clear() : void(line_ += piece);
}

void LinesSession::end_line() {
  if (overlong_) {
    services_.count_message();
    if (!first_) services_.lose("noise", "a line of more than " + std::to_string(limits::serial_line_bytes_max) + " bytes");
  } else if (!line_.empty()) {
    services_.count_message();
    take_line(line_);
  }
  line_.clear();
  overlong_ = false;
  first_ = false;
}

void LinesSession::take_line(std::string_view line) {
  if (!take_reply(line)) decode(line);
}

bool LinesSession::take_reply(std::string_view line) {
  auto reply = reply_from(line);
  if (!reply) return false;
  if (is_name(device_) && !device_.starts_with('/')) reply->device = device_;
  // A line can't be asked for again: what the log could not take ends as `unknown`.
  services_.reply(*std::move(reply), [](bool) {});
  return true;
}

void LinesSession::decode(std::string_view line) {
  Decoded decoded;
  decoder_->decode(line, device_, metric_, decoded);
  for (auto& reading : decoded.readings) {
    if (!services_.heard(reading.device)) continue;
    pending_.readings.push_back(std::move(reading));
  }
  if (first_) return;
  for (auto& rejected : decoded.rejected) services_.lose("undecodable", std::move(rejected.detail));
}

bool LinesSession::deliver() {
  if (pending_.readings.empty()) return true;
  auto delivery = pending_;
  if (!services_.deliver(std::move(delivery), [](bool) {})) return false;
  pending_.readings.clear();
  return true;
}

bool LinesSession::resume() { return deliver(); }

Result<std::string> LinesSession::encode(const Command& command) {
  std::string line = R"({"id":)";
  append_json_string(line, command.id);
  line += R"(,"name":)";
  append_json_string(line, command.name);
  line += R"(,"args":)" + (command.args_json.empty() ? std::string("{}") : command.args_json) + "}\n";
  if (line.size() > command_bytes_max)
    return Error{ErrorCode::invalid, "a command of " + std::to_string(line.size()) + " bytes; a line takes " +
                                         std::to_string(command_bytes_max) + ": send less arguments"};
  return line;
}

}  // namespace weir::firmware
