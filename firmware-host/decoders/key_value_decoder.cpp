#include "decoders/key_value_decoder.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "decoders/outcome.h"
#include "decoders/scalar.h"

namespace weir::firmware {
namespace {

struct Pair {
  std::string_view key;
  std::string text;
  bool quoted = false;
  std::string_view fault;  // why it is none; `key` is what was found
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_separator(char c) { return is_blank(c) || c == ',' || c == ';'; }

class PairReader {
 public:
  explicit PairReader(std::string_view line) : rest_(line) { skip(is_separator); }

  bool at_end() const { return rest_.empty(); }

  Pair next() {
    Pair pair;
    pair.key = take_until([](char c) { return is_separator(c) || c == '=' || c == ':'; });
    const auto after_key = rest_;
    skip(is_blank);
    if (rest_.empty() || (rest_.front() != '=' && rest_.front() != ':')) {
      rest_ = after_key;
      pair.fault = "a word without a value";
    } else {
      rest_.remove_prefix(1);
      take_value(pair);
      if (pair.key.empty()) pair.fault = "a value without a key";
    }
    skip(is_separator);
    return pair;
  }

 private:
  template <class Condition>
  std::string_view take_until(Condition end) {
    const auto length = static_cast<std::size_t>(std::ranges::find_if(rest_, end) - rest_.begin());
    const auto taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  template <class Condition>
  bool skip(Condition condition) {
    return !take_until([condition](char c) { return !condition(c); }).empty();
  }

  void take_value(Pair& pair) {
    const bool adjacent = !skip(is_blank);
    if (rest_.starts_with('"')) return take_quoted(pair);
    const auto before = rest_;
    const auto word = take_until(is_separator);
    pair.text = std::string(word);
    if (word.empty()) pair.fault = "an empty value";
    if (adjacent || !is_next_pair(word)) return;
    rest_ = before;  // `temp= hum=40`: what follows is the next pair, not the value
    pair.fault = "an empty value";
  }

  /// Whether what stands in a value's place is a pair itself.
  static bool is_next_pair(std::string_view word) {
    return word.find('=') != word.npos || (word.size() > 1 && word.back() == ':');
  }

  void take_quoted(Pair& pair) {
    pair.quoted = true;
    for (rest_.remove_prefix(1); !rest_.empty(); rest_.remove_prefix(1)) {
      if (rest_.front() == '"') return rest_.remove_prefix(1);
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      pair.text += rest_.front();
    }
    pair.fault = "a quote that does not end";
  }

  std::string_view rest_;
};

/// The pairs of one line become readings once the whole line is known: the time may stand at its end.
class LineReader {
 public:
  LineReader(std::string_view metric, const std::string& unit, Outcome& outcome) : metric_(metric), outcome_(outcome) {
    common_.device = outcome.device();
    common_.unit = unit;
  }

  bool read(std::string_view line) {
    PairReader in(line);
    while (!in.at_end()) {
      if (pairs_.size() > limits::readings_per_message_max) break;
      auto pair = in.next();
      if (pair.fault.empty() && !keys_.insert(pair.key).second) pair.fault = "occurs twice in one line";
      pairs_.push_back(std::move(pair));
    }
    if (auto time = read_time(); !time) return outcome_.reject(metric_, time.error().message);
    return metric_.empty() ? take_all() : take_one();
  }

 private:
  Result<void> read_time() {
    for (const auto& pair : pairs_) {
      if (!is_time_name(pair.key) || !pair.fault.empty()) continue;
      auto time = time_from_word(pair.text);
      if (!time) return time.error();
      common_.time = *time;
      break;
    }
    return {};
  }

  bool take_all() {
    bool any = false;
    for (const auto& pair : pairs_) {
      if (is_time_name(pair.key) && pair.fault.empty()) continue;
      any = true;
      if (!take(pair, pair.key, common_)) return false;
    }
    return any || outcome_.reject("there is no value in it");
  }

  bool take_one() {
    const auto* value = find("value");
    if (value == nullptr) return outcome_.reject(metric_, "value: is missing");
    if (const auto* unit = find("unit"); unit != nullptr && common_.unit.empty()) common_.unit = unit->text;
    if (const auto* quality = find("quality"); quality != nullptr) {
      const auto known = quality_from(quality->text);
      if (!known) return outcome_.reject(metric_, "quality: is not good, stale, uncertain or bad");
      common_.quality = *known;
    }
    return take(*value, metric_, common_);
  }

  const Pair* find(std::string_view key) const {
    const auto found = std::ranges::find(pairs_, key, &Pair::key);
    return found == pairs_.end() ? nullptr : &*found;
  }

  bool take(const Pair& pair, std::string_view metric, Reading reading) {
    if (!pair.fault.empty()) return outcome_.reject(metric, pair.fault);
    auto value = pair.quoted ? Result<Value>(Value(pair.text)) : scalar_from_word(pair.text);
    if (!value) return outcome_.reject(metric, value.error().message);
    reading.metric = metric;
    reading.value = std::move(value).value();
    return outcome_.take(std::move(reading));
  }

  const std::string_view metric_;
  Outcome& outcome_;
  Reading common_;  // what all readings of the line have in common
  std::vector<Pair> pairs_;
  std::unordered_set<std::string_view> keys_;
};

class KeyValueDecoder final : public Decoder {
 public:
  explicit KeyValueDecoder(std::string unit) : unit_(std::move(unit)) {}

  void decode(std::string_view payload, std::string_view device, std::string_view metric, Decoded& out) const override {
    Outcome outcome(out, device);
    bool any = false;
    for (const auto line : split(payload, '\n')) {
      if (trim(line).empty()) continue;
      any = true;
      if (!LineReader(metric, unit_, outcome).read(line)) return;
    }
    if (!any) outcome.reject(metric, "an empty payload");
  }

 private:
  const std::string unit_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_key_value_decoder(const Mapping& mapping) {
  return std::unique_ptr<Decoder>(std::make_unique<KeyValueDecoder>(mapping.unit));
}

}  // namespace weir::firmware
