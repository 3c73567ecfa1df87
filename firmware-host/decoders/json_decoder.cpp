#include "decoders/json_decoder.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "decoders/json_pointer.h"
#include "decoders/outcome.h"
#include "decoders/scalar.h"

namespace weir::firmware {
namespace {

using nlohmann::json;

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

/// Where the mapping's pointers point; empty: it has none.
struct Places {
  std::optional<JsonPointer> device, metric, value, time;
};

const json* find(const std::optional<JsonPointer>& place, const json& document) {
  return place ? place->find(document) : nullptr;
}

/// Identifiers are text or whole numbers.
std::string name_from(const json* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number_integer() ? value->dump() : std::string();
}

/// One object (or a bare value) of a payload.
class RecordReader {
 public:
  RecordReader(const Places& places, const std::string& unit, const json& root, Outcome& outcome)
      : places_(places), root_(root), outcome_(outcome) {
    reading_.unit = unit;
  }

  /// False when the message holds too much.
  bool read(std::string_view device, std::string_view metric) {
    const auto ready = read_names(device, metric);
    outcome_.set_device(reading_.device);
    if (!ready) return outcome_.reject(ready.error().message);
    if (auto time = read_time(); !time) return outcome_.reject(reading_.metric, time.error().message);
    const json* value = places_.value ? places_.value->find(root_) : &root_;
    if (value == nullptr) return outcome_.reject(reading_.metric, "value: nothing stands where the mapping points");
    if (places_.value && reading_.metric.empty() && value->is_primitive()) reading_.metric = places_.value->last();
    return reading_.metric.empty() ? read_members(*value) : read_one(*value);
  }

 private:
  Result<void> read_names(std::string_view device, std::string_view metric) {
    const json* device_at = find(places_.device, root_);
    const json* metric_at = find(places_.metric, root_);
    used_ = {device_at, metric_at, nullptr};
    reading_.device = places_.device ? name_from(device_at) : std::string(device);
    reading_.metric = places_.metric ? name_from(metric_at) : std::string(metric);
    if (!is_name(reading_.device)) return wrong("device: missing, or not 1 to 128 bytes of printable text");
    if (places_.metric && !is_name(reading_.metric)) return wrong("metric: missing, or not 1 to 128 bytes of printable text");
    return {};
  }

  Result<void> read_time() {
    const json* time_at = places_.time ? places_.time->find(root_) : time_member();
    used_.back() = time_at;
    if (time_at == nullptr || time_at->is_null()) return {};
    auto time = time_from_json(*time_at);
    if (!time) return time.error();
    reading_.time = *time;
    return {};
  }

  const json* time_member() const {
    if (!root_.is_object()) return nullptr;
    for (const auto* name : {"time", "timestamp", "ts"}) {
      if (const auto found = root_.find(name); found != root_.end()) return &*found;
    }
    return nullptr;
  }

  bool read_one(const json& value) {
    const json* one = &value;
    if (!places_.value && value.is_object()) {
      const auto found = value.find("value");
      if (found == value.end()) return outcome_.reject(reading_.metric, "value: is missing");
      one = &*found;
    }
    if (auto beside = read_beside(); !beside) return outcome_.reject(reading_.metric, beside.error().message);
    return take(*one);
  }

  Result<void> read_beside() {
    if (!root_.is_object()) return {};
    if (const auto unit = root_.find("unit"); unit != root_.end() && reading_.unit.empty() && !unit->is_null()) {
      if (!unit->is_string()) return wrong("unit: is not a string");
      reading_.unit = unit->get<std::string>();
    }
    if (const auto quality = root_.find("quality"); quality != root_.end() && !quality->is_null()) {
      const auto known = quality->is_string() ? quality_from(quality->get_ref<const std::string&>()) : std::nullopt;
      if (!known) return wrong("quality: is not good, stale, uncertain or bad");
      reading_.quality = *known;
    }
    return {};
  }

  bool read_members(const json& value) {
    if (value.is_primitive()) return outcome_.reject("metric: missing, and one value alone has no name of its own");
    if (!flatten(value)) return false;
    return found_ || outcome_.reject("there is no value in it");
  }

  /// Recursion is bounded by limits::json_depth_max; the path is one string that grows and shrinks.
  bool flatten(const json& value) {
    if (std::ranges::find(used_, &value) != used_.end()) return true;
    if (value.is_primitive()) return take_member(value);
    std::size_t index = 0;
    for (auto member = value.begin(); member != value.end(); ++member, ++index) {
      const auto before = path_.size();
      if (before > 0) path_ += '.';
      path_ += value.is_object() ? member.key() : std::to_string(index);
      const bool more = flatten(*member);
      path_.resize(before);
      if (!more) return false;
    }
    return true;
  }

  bool take_member(const json& value) {
    found_ = true;
    if (path_.size() > limits::name_bytes_max) return outcome_.reject(path_, "a name longer than 128 bytes");
    reading_.metric = path_;
    return take(value);
  }

  bool take(const json& value) {
    auto scalar = scalar_from_json(value);
    if (!scalar) return outcome_.reject(reading_.metric, scalar.error().message);
    auto reading = reading_;
    reading.value = std::move(scalar).value();
    return outcome_.take(std::move(reading));
  }

  const Places& places_;
  const json& root_;
  Outcome& outcome_;
  Reading reading_;                       // what all readings of the record have in common
  std::array<const json*, 3> used_ = {};  // what is no metric: device, metric name, time
  std::string path_;
  bool found_ = false;
};

bool is_list_of_records(const json& document) {
  return document.is_array() && std::ranges::any_of(document, [](const json& element) { return element.is_object(); });
}

class JsonDecoder final : public Decoder {
 public:
  JsonDecoder(Places places, std::string unit) : places_(std::move(places)), unit_(std::move(unit)) {}

  void decode(std::string_view payload, std::string_view device, std::string_view metric, Decoded& out) const override {
    if (places_.device) device = {};
    if (places_.metric) metric = {};
    Outcome outcome(out, device);
    const auto document = parse_json(payload);
    if (!document) {
      outcome.reject(metric, document.error().message);
    } else if (is_list_of_records(*document)) {
      for (const auto& record : *document) {
        if (!RecordReader(places_, unit_, record, outcome).read(device, metric)) break;
      }
    } else {
      RecordReader(places_, unit_, *document, outcome).read(device, metric);
    }
  }

 private:
  const Places places_;
  const std::string unit_;
};

Result<void> compile(std::string_view member, std::string_view text, std::optional<JsonPointer>& out) {
  if (!text.starts_with('/')) return {};
  auto pointer = JsonPointer::parse(text);
  if (!pointer) return wrong(std::string(member) + ": " + pointer.error().message);
  out = std::move(pointer).value();
  return {};
}

Result<void> check_is_pointer(std::string_view member, std::string_view text) {
  if (text.empty() || text.starts_with('/')) return {};
  return wrong(std::string(member) + ": \"" + std::string(text) + "\" is not a JSON pointer; write \"/" + std::string(text) +
               "\"");
}

}  // namespace

Result<std::unique_ptr<Decoder>> make_json_decoder(const Mapping& mapping) {
  Places places;
  if (auto is = check_is_pointer("value", mapping.value); !is) return is.error();
  if (auto is = check_is_pointer("time", mapping.time); !is) return is.error();
  if (auto done = compile("device", mapping.device, places.device); !done) return done.error();
  if (auto done = compile("metric", mapping.metric, places.metric); !done) return done.error();
  if (auto done = compile("value", mapping.value, places.value); !done) return done.error();
  if (auto done = compile("time", mapping.time, places.time); !done) return done.error();
  return std::unique_ptr<Decoder>(std::make_unique<JsonDecoder>(std::move(places), mapping.unit));
}

}  // namespace weir::firmware
