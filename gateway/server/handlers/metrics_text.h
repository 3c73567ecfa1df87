// MetricsText: the Prometheus text format, version 0.0.4.
//
// Purpose    HELP and TYPE once for each name, values below them.
// Thread     belongs to one thread.
// Limits     none of its own: labels come from the configuration and from fixed lists.
// Errors     none. Label values are escaped.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weir::gateway {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  void counter(std::string_view name, std::string_view help) { describe(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { describe(name, help, "gauge"); }
  void value(std::uint64_t value, Labels labels = {}) { line(std::to_string(value), labels); }
  void value(double value, Labels labels = {});

  void counter(std::string_view name, std::string_view help, std::uint64_t value) { counter(name, help), this->value(value); }
  void gauge(std::string_view name, std::string_view help, std::uint64_t value) { gauge(name, help), this->value(value); }

  std::string take() { return std::move(text_); }

 private:
  void describe(std::string_view name, std::string_view help, std::string_view type);
  void line(std::string_view value, Labels labels);

  std::string text_;
  std::string name_;
};

}  // namespace weir::gateway
