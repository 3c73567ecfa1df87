#include "cli/event_parser.h"

#include <charconv>

namespace weir::gateway::cli {
namespace {

constexpr std::size_t event_bytes_max = std::size_t{1024} * 1024;

}  // namespace

bool EventParser::feed(std::string_view bytes, const std::function<bool(const Event&)>& take) {
  for (const char c : bytes) {
    const bool second_of_pair = c == '\n' && after_return_;
    after_return_ = c == '\r';
    if (second_of_pair) continue;
    if (c != '\n' && c != '\r') {
      line_ += c;
      if (line_.size() + data_.size() > event_bytes_max) return false;
      continue;
    }
    const std::string line = std::move(line_);
    line_.clear();
    if (!take_line(line, take)) return false;
  }
  return true;
}

void EventParser::restart() {
  line_.clear();
  type_.clear();
  data_.clear();
  id_ = last_id_;
  after_return_ = false;
}

bool EventParser::take_line(std::string_view line, const std::function<bool(const Event&)>& take) {
  if (!line.empty()) {
    const std::size_t colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    take_field(line.substr(0, colon), value);
    return true;
  }
  last_id_ = id_;
  Event event{type_.empty() ? "message" : type_, std::move(data_)};
  type_.clear();
  data_.clear();
  if (event.data.empty() && event.type == "message") return true;
  if (event.data.ends_with('\n')) event.data.pop_back();
  return take(event);
}

void EventParser::take_field(std::string_view name, std::string_view value) {
  if (name == "data") {
    data_.append(value).append("\n");
  } else if (name == "event") {
    type_ = value;
  } else if (name == "id" && value.find('\0') == std::string_view::npos) {
    id_ = value;
  } else if (name == "retry") {
    unsigned milliseconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds);
    if (error == std::errc{} && end == value.data() + value.size()) retry_ = std::chrono::milliseconds(milliseconds);
  }
}

}  // namespace weir::gateway::cli
