#include "readers/mqtt/topic_mapping.h"

#include <charconv>

#include "base/text.h"

namespace weir::firmware {
namespace {

/// Takes the next level off `rest`; false when there is none left.
bool next_level(std::string_view& rest, bool& more, std::string_view& level) {
  if (!more) return false;
  const auto slash = rest.find('/');
  level = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  if (more) rest.remove_prefix(slash + 1);
  return true;
}

/// The number in "{N}" at the start of `text`, and how long the placeholder is; 0: it is none.
std::size_t placeholder(std::string_view text, std::size_t& length) {
  const auto close = text.find('}');
  if (text.empty() || text.front() != '{' || close == std::string_view::npos) return 0;
  std::size_t number = 0;
  const auto* end = text.data() + close;
  const auto [stopped, error] = std::from_chars(text.data() + 1, end, number);
  if (error != std::errc{} || stopped != end) return 0;
  length = close + 1;
  return number;
}

}  // namespace

TopicFilter::TopicFilter(std::string_view filter) {
  for (const auto level : split(filter, '/')) {
    levels_.emplace_back(level);
    if (level == "+" || level == "#") ++wildcards_;
  }
}

bool TopicFilter::matches(std::string_view topic, TopicLevels& levels) const {
  levels.clear();
  const bool starts_wild = !levels_.empty() && (levels_.front() == "+" || levels_.front() == "#");
  if (starts_wild && topic.substr(0, 1) == "$") return false;  // MQTT 5.0 section 4.7.2
  bool more = true;
  std::string_view rest = topic, level;
  for (const auto& wanted : levels_) {
    if (wanted == "#") return levels.push_back(more ? rest : std::string_view()), true;  // "a/#" matches "a" too
    if (!next_level(rest, more, level)) return false;
    if (wanted == "+") {
      levels.push_back(level);
    } else if (wanted != level) {
      return false;
    }
  }
  return !more;
}

Result<TopicTemplate> TopicTemplate::compile(std::string_view text, std::size_t wildcards, std::string_view where) {
  TopicTemplate compiled;
  std::string literal;
  while (!text.empty()) {
    std::size_t length = 0;
    const auto level = placeholder(text, length);
    if (level == 0) {
      literal += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (level > wildcards) {
      return Error{ErrorCode::invalid, std::string(where) + ": {" + std::to_string(level) + "} has no wildcard: the filter has " +
                                           std::to_string(wildcards) + " of + and #; use {1} for the first"};
    }
    if (!literal.empty()) compiled.parts_.push_back({std::move(literal), 0});
    literal.clear();
    compiled.parts_.push_back({{}, level});
    text.remove_prefix(length);
  }
  if (!literal.empty()) compiled.parts_.push_back({std::move(literal), 0});
  return compiled;
}

void TopicTemplate::expand(const TopicLevels& levels, std::string& out) const {
  out.clear();
  for (const auto& part : parts_) out += part.level == 0 ? std::string_view(part.text) : levels[part.level - 1];
}

}  // namespace weir::firmware
