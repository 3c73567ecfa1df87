#include "config/faults.h"

#include <algorithm>
#include <tuple>

namespace weir::gateway {
namespace {

constexpr std::size_t faults_max = 1000;

/// "mqtt[0].subscribe[1].qos" -> "mqtt[0].subscribe[1]" -> "mqtt[0].subscribe" -> "mqtt[0]" …
std::string_view around(std::string_view key) {
  const std::size_t end = key.find_last_of(".[");
  return end == std::string_view::npos ? std::string_view() : key.substr(0, end);
}

/// A key from the file is printed on a terminal: no control character gets there.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text;
}

}  // namespace

std::string key_in(const std::string& table, std::string_view key) {
  return table.empty() ? std::string(key) : table + "." + std::string(key);
}

std::string key_at(const std::string& list, std::size_t index) { return list + "[" + std::to_string(index) + "]"; }

void Faults::place(const std::string& key, std::uint32_t line, std::uint32_t column) { places_[key] = {line, column}; }

void Faults::add(const std::string& key, std::string what, std::string remedy) {
  Place place;
  for (std::string_view at = key; !at.empty(); at = around(at)) {
    const auto found = places_.find(at);
    if (found == places_.end()) continue;
    place = found->second;
    break;
  }
  add_at(place.line, place.column, key, std::move(what), std::move(remedy));
}

void Faults::add_at(std::uint32_t line, std::uint32_t column, const std::string& key, std::string what, std::string remedy) {
  if (faults_.size() >= faults_max) return;
  faults_.push_back({line, column, printable(key), printable(std::move(what)), printable(std::move(remedy))});
}

bool Faults::has(const std::string& key) const {
  return std::any_of(faults_.begin(), faults_.end(), [&](const Fault& fault) {
    return fault.key.starts_with(key) &&
           (fault.key.size() == key.size() || fault.key[key.size()] == '[' || fault.key[key.size()] == '.');
  });
}

std::vector<Fault> Faults::take() {
  std::stable_sort(faults_.begin(), faults_.end(),
                   [](const Fault& a, const Fault& b) { return std::tie(a.line, a.column) < std::tie(b.line, b.column); });
  return std::move(faults_);
}

std::string to_string(const Fault& fault, std::string_view file) {
  std::string text(file);
  if (fault.line > 0) text += ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column);
  if (!fault.key.empty()) text += ": " + fault.key;
  return text + ": " + fault.what + "; " + fault.remedy;
}

}  // namespace weir::gateway
