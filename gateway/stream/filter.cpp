#include "stream/filter.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::string_view kind_names = "reading, command, device, alarm, loss, system, or a pattern such as *";

Error invalid(std::string_view parameter, std::string_view what) {
  return {ErrorCode::invalid, std::string(parameter) + ": " + std::string(what)};
}

/// Terms without spaces around them; none for empty text.
Result<std::vector<std::string>> parse_terms(std::string_view parameter, std::string_view text) {
  std::vector<std::string> terms;
  if (text.empty()) return terms;
  for (const std::string_view part : split(text, ',')) {
    const std::string_view term = trim(part);
    if (term.empty()) return invalid(parameter, "an empty term; write names or patterns with one comma between them");
    if (term.size() > limits::name_bytes_max) return invalid(parameter, "a term is longer than any name (128 bytes)");
    if (terms.size() == limits::filter_terms_max) return invalid(parameter, "more than 64 terms; use patterns with * and ?");
    terms.emplace_back(term);
  }
  return terms;
}

std::uint32_t matching_kinds(std::string_view term) {
  std::uint32_t kinds = 0;
  for (unsigned kind = 1; kind <= kind_count; ++kind) {
    if (glob_match(term, to_string(static_cast<Kind>(kind)))) kinds |= 1U << kind;
  }
  return kinds;
}

Result<std::uint32_t> parse_kinds(std::string_view text) {
  auto terms = parse_terms("kinds", text);
  if (!terms) return terms.error();
  std::uint32_t kinds = 0;
  for (const auto& term : *terms) {
    const std::uint32_t matching = matching_kinds(term);
    if (matching == 0) return invalid("kinds", "'" + term + "' is no kind of record; there are " + std::string(kind_names));
    kinds |= matching;
  }
  return kinds;
}

bool any_matches(const std::vector<std::string>& terms, std::string_view name) {
  if (terms.empty()) return true;
  return std::any_of(terms.begin(), terms.end(), [name](const auto& term) { return glob_match(term, name); });
}

}  // namespace

Result<Filter> Filter::parse(std::string_view kinds, std::string_view devices, std::string_view metrics) {
  Filter filter;
  State& state = *filter.state_;
  if (!kinds.empty()) {
    auto parsed = parse_kinds(kinds);
    if (!parsed) return parsed.error();
    state.kinds = *parsed;
  }
  auto device_terms = parse_terms("devices", devices);
  if (!device_terms) return device_terms.error();
  auto metric_terms = parse_terms("metrics", metrics);
  if (!metric_terms) return metric_terms.error();
  state.key = std::to_string(state.kinds) + '\n' + std::string(devices) + '\n' + std::string(metrics);
  state.devices = std::move(*device_terms);
  state.metrics = std::move(*metric_terms);
  return filter;
}

Result<void> Filter::narrow(std::string_view kinds, std::string_view devices) {
  if (kinds.empty() && devices.empty()) return {};
  State& state = *state_;
  const auto passing = kinds.empty() ? Result<std::uint32_t>(state.kinds) : parse_kinds(kinds);
  if (!passing) return passing.error();
  auto terms = parse_terms("devices", devices);
  if (!terms) return terms.error();
  state.kinds &= *passing;
  state.limits = std::move(*terms);
  const auto sized = [](std::string_view text) { return std::to_string(text.size()) + ':' + std::string(text); };
  state.key = "within " + sized(kinds) + sized(devices) + state.key;  // with sizes: no query reads like another's limits
  return {};
}

bool Filter::decide(const Series& series) {
  State& state = *state_;
  if (series.id >= state.decided.size()) state.decided.resize(series.id + 1, undecided);
  const bool wanted = any_matches(state.limits, series.device) && any_matches(state.devices, series.device) &&
                      any_matches(state.metrics, series.metric);
  state.decided[series.id] = wanted ? yes : no;
  return wanted;
}

bool Filter::matches_event(const Event& event) const {
  return any_matches(state_->limits, event.device) && any_matches(state_->devices, event.device) &&
         (event.metric.empty() || any_matches(state_->metrics, event.metric));
}

Filter Filters::same(Filter filter) {
  if (states_.size() >= prune_at_) {
    std::erase_if(states_, [](const auto& entry) { return entry.second.expired(); });
    prune_at_ = 2 * states_.size() + 64;
  }
  auto& known = states_[filter.key()];
  if (auto state = known.lock()) {
    filter.state_ = std::move(state);
  } else {
    known = filter.state_;
  }
  return filter;
}

}  // namespace weir::gateway
