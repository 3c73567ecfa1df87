#include "readers/mqtt/mqtt_commands.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace weir::firmware {
namespace {

constexpr std::string_view device_placeholder = "{device}";

/// Which level of a topic is `wanted`; levels, where it is none or one of several.
std::size_t only_level(std::string_view topic, std::string_view wanted) {
  const auto levels = split(topic, '/');
  const auto found = std::find(levels.begin(), levels.end(), wanted);
  const bool once = found != levels.end() && std::find(found + 1, levels.end(), wanted) == levels.end();
  return once ? static_cast<std::size_t>(found - levels.begin()) : levels.size();
}

bool names_device(std::string_view publish, std::string_view replies, std::size_t wildcards) {
  const auto place = only_level(publish, device_placeholder);
  return wildcards == 1 && place < split(publish, '/').size() && place < split(replies, '/').size() &&
         only_level(replies, "+") == place;
}

Error bad_reply(const std::string& what) {
  return Error{ErrorCode::invalid, what + R"(; a reply is {"id":"…","ok":true,"result":…} or {"id":"…","ok":false,"error":"…"})"};
}

std::string error_text(const nlohmann::json& reply) {
  const auto found = reply.find("error");
  if (found == reply.end()) return "the device gave no reason";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

Result<CommandReply> reply_from(const nlohmann::json& json, std::string_view correlation) {
  if (!json.is_object()) return bad_reply("not an object");
  CommandReply reply;
  const auto id = json.find("id");
  if (id != json.end() && !id->is_string()) return bad_reply("'id' is not text");
  reply.id = id != json.end() ? id->get<std::string>() : std::string(correlation);
  if (!is_name(reply.id)) return bad_reply("no 'id'");
  const auto ok = json.find("ok");
  if (ok == json.end() || !ok->is_boolean()) return bad_reply("no 'ok' that is true or false");
  reply.succeeded = ok->get<bool>();
  if (!reply.succeeded) return reply.error = error_text(json), reply;
  if (const auto result = json.find("result"); result != json.end()) reply.result_json = result->dump();
  return reply;
}

}  // namespace

Result<MqttCommandTopics> MqttCommandTopics::compile(const MqttCommands& commands) {
  MqttCommandTopics topics;
  topics.replies_text_ = commands.replies;
  if (!commands.replies.empty()) topics.replies_.emplace(commands.replies);
  if (commands.publish.empty()) return topics;
  const auto place = commands.publish.find(device_placeholder);
  if (place == std::string::npos || commands.publish.find_first_of("+#") != std::string::npos) {
    return Error{ErrorCode::invalid,
                 "commands.publish: '" + commands.publish + "' needs {device} and no wildcard, as \"sensors/{device}/commands\""};
  }
  topics.publish_ = commands.publish;
  topics.before_ = commands.publish.substr(0, place);
  topics.after_ = commands.publish.substr(place + device_placeholder.size());
  topics.replies_name_device_ = topics.replies_ && names_device(commands.publish, commands.replies, topics.replies_->wildcards());
  return topics;
}

Result<MqttPublish> MqttCommandTopics::message(const Command& command, Timestamp now) const {
  if (!is_name(command.device) || command.device.find_first_of("/+#") != std::string::npos)
    return Error{ErrorCode::invalid, "device '" + command.device + "' can't stand in the topic '" + publish_ + "'"};
  MqttPublish out;
  out.topic = before_ + command.device + after_;
  out.payload = R"({"id":)";
  append_json_string(out.payload, command.id);
  out.payload += R"(,"name":)";
  append_json_string(out.payload, command.name);
  out.payload += R"(,"args":)" + (command.args_json.empty() ? std::string("{}") : command.args_json) + R"(,"deadline":")";
  append_time(out.payload, command.deadline);
  out.payload += "\"}";
  out.response_topic = response_topic(command.device);
  out.correlation = command.id;
  out.expires_in = std::max(std::chrono::ceil<std::chrono::seconds>(command.deadline - now), std::chrono::seconds(1));
  return out;
}

std::string MqttCommandTopics::response_topic(const std::string& device) const {
  if (!replies_ || replies_->wildcards() == 0) return replies_text_;
  if (!replies_name_device_) return {};
  return std::string(replies_text_).replace(replies_text_.find('+'), 1, device);
}

bool MqttCommandTopics::is_command(std::string_view topic) const {
  return can_send() && topic.size() > before_.size() + after_.size() && topic.starts_with(before_) && topic.ends_with(after_);
}

bool MqttCommandTopics::is_reply(std::string_view topic) const {
  TopicLevels levels;
  return replies_ && replies_->matches(topic, levels);
}

std::string MqttCommandTopics::device_of_reply(std::string_view topic) const {
  TopicLevels levels;
  return replies_name_device_ && replies_->matches(topic, levels) ? std::string(levels.front()) : std::string();
}

Result<CommandReply> parse_reply(std::string_view payload, std::string_view correlation) {
  auto json = parse_json(payload);
  if (!json) return bad_reply(json.error().message);
  return reply_from(*json, correlation);
}

}  // namespace weir::firmware
