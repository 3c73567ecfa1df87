#include "readers/mqtt/mqtt_commands.h"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"

namespace weir::firmware {
namespace {

constexpr std::string_view device_placeholder = "{device}";
constexpr std::string_view command_placeholder = "{command}";

/// Whether a level of a topic is `ours` with something in its placeholder's place.
bool fits_level(std::string_view level, std::string_view ours) {
  const auto begin = ours.find('{'), end = ours.rfind('}');
  if (begin == ours.npos || end == ours.npos) return level == ours;
  const auto before = ours.substr(0, begin), after = ours.substr(end + 1);
  return level.size() > before.size() + after.size() && level.starts_with(before) && level.ends_with(after);
}

std::string own_message(const Command& command) {
  std::string text = R"({"id":)";
  append_json_string(text, command.id);
  text += R"(,"name":)";
  append_json_string(text, command.name);
  text += R"(,"args":)" + (command.args_json.empty() ? std::string("{}") : command.args_json) + R"(,"deadline":")";
  append_time(text, command.deadline);
  return text += "\"}";
}

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
  if (commands.publish.find(device_placeholder) == std::string::npos ||
      commands.publish.find_first_of("+#") != std::string::npos) {
    return Error{ErrorCode::invalid,
                 "commands.publish: '" + commands.publish + "' needs {device} and no wildcard, as \"sensors/{device}/commands\""};
  }
  auto payload = CommandTemplate::compile(commands.payload);
  if (!payload) return Error{ErrorCode::invalid, "commands.payload: " + payload.error().message};
  topics.payload_ = *std::move(payload);
  topics.publish_ = commands.publish;
  for (const auto& declared : commands.declared) topics.names_.insert(declared.name);
  topics.replies_name_device_ = topics.replies_ && names_device(commands.publish, commands.replies, topics.replies_->wildcards());
  return topics;
}

Result<std::string> MqttCommandTopics::topic(const Command& command) const {
  auto topic = publish_;
  for (const auto& [placeholder, name] : {std::pair(device_placeholder, command.device), {command_placeholder, command.name}}) {
    const auto at = topic.find(placeholder);
    if (at == topic.npos) continue;
    if (!is_name(name) || name.find_first_of("/+#{}") != name.npos)
      return Error{ErrorCode::invalid, "'" + name + "' can't stand in the topic '" + publish_ + "'"};
    topic.replace(at, placeholder.size(), name);
  }
  return topic;
}

Result<MqttPublish> MqttCommandTopics::message(const Command& command, Timestamp now) const {
  auto topic = this->topic(command);
  if (!topic) return topic.error();
  MqttPublish out;
  out.topic = *std::move(topic);
  out.payload = payload_.empty() ? own_message(command) : payload_.expand(command);
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
  const auto levels = split(topic, '/'), ours = split(publish_, '/');
  if (!can_send() || levels.size() != ours.size()) return false;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (!fits_level(levels[i], ours[i])) return false;
    if (ours[i] == command_placeholder && !names_.contains(levels[i])) return false;  // else it may be a reading
  }
  return true;
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
