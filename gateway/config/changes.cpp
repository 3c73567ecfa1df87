#include "config/changes.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace weir::gateway {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::string table;
  for (const std::string_view line : split(text, '\n')) {
    const auto trimmed = trim(line);
    if (trimmed.empty() || trimmed.starts_with('#')) continue;
    if (trimmed.starts_with('[')) {
      table = std::string(trimmed) + " ";
    } else {
      lines.push_back(table + std::string(trimmed));
    }
  }
  return lines;
}

std::string only_in(const std::vector<std::string>& lines, const std::vector<std::string>& others) {
  std::string all;
  for (const std::string& line : lines) {
    if (std::find(others.begin(), others.end(), line) == others.end()) all += (all.empty() ? "" : "; ") + line;
  }
  return all;
}

}  // namespace

ConfigChanges config_changes(std::string_view before, std::string_view after) {
  const auto old_lines = lines_of(before), new_lines = lines_of(after);
  return {only_in(old_lines, new_lines), only_in(new_lines, old_lines)};
}

}  // namespace weir::gateway
