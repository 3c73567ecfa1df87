#include "server/handlers/metrics_text.h"

#include "base/json.h"

namespace weir::gateway {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void MetricsText::value(double value, Labels labels) {
  std::string text;
  append_json_number(text, value);
  line(text, labels);
}

void MetricsText::describe(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_.append("# HELP ")
      .append(name)
      .append(" ")
      .append(help)
      .append("\n# TYPE ")
      .append(name)
      .append(" ")
      .append(type)
      .append("\n");
}

void MetricsText::line(std::string_view value, Labels labels) {
  text_ += name_;
  char separator = '{';
  for (const auto& [label, text] : labels) {
    text_ += separator;
    text_.append(label).append("=\"").append(escaped(text)).append("\"");
    separator = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_.append(" ").append(value).append("\n");
}

}  // namespace weir::gateway
