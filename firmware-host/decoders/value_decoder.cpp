#include "decoders/value_decoder.h"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/text.h"
#include "decoders/outcome.h"
#include "decoders/scalar.h"

namespace weir::firmware {
namespace {

Error wrong(std::string what) { return Error{ErrorCode::invalid, std::move(what)}; }

Result<Value> quoted(std::string_view text) {
  auto parsed = parse_json(text);
  return parsed ? scalar_from_json(*parsed) : Result<Value>(parsed.error());
}

Result<Value> value_from(std::string_view text) {
  if (text.empty()) return wrong("an empty payload");
  if (text == "null") return wrong("null is not a value");
  if (text.front() == '"') return quoted(text);
  if (text.front() == '{' || text.front() == '[') return wrong("an object or array is not one value; decode = \"json\" reads it");
  return scalar_from_word(text);
}

class ValueDecoder final : public Decoder {
 public:
  explicit ValueDecoder(std::string unit) : unit_(std::move(unit)) {}

  void decode(std::string_view payload, std::string_view device, std::string_view metric, Decoded& out) const override {
    Outcome outcome(out, device);
    auto value = value_from(trim(payload));
    if (!value) {
      outcome.reject(metric, value.error().message);
      return;
    }
    outcome.take({std::string(device), std::string(metric), std::move(value).value(), unit_, Quality::good, std::nullopt, false});
  }

 private:
  const std::string unit_;
};

}  // namespace

Result<std::unique_ptr<Decoder>> make_value_decoder(const Mapping& mapping) {
  return std::unique_ptr<Decoder>(std::make_unique<ValueDecoder>(mapping.unit));
}

}  // namespace weir::firmware
