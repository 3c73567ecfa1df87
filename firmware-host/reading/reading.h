// Reading: one value of one metric of one device at one time.
//
// Purpose    the vocabulary between decoders, readers and the log.
// Thread     plain values.
// Ownership  each owns its strings.
// Limits     limits.h; check_reading() holds a reading against them.
// Errors     check_reading() says which member is wrong and why.
// Source     units and names after SenML, RFC 8428.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/result.h"
#include "base/time.h"

namespace weir {

/// NaN and infinities are not values.
using Value = std::variant<double, std::int64_t, bool, std::string>;

enum class Quality : std::uint8_t { good, stale, uncertain, bad };

struct Reading {
  std::string device;
  std::string metric;
  Value value;
  std::string unit;  // empty: unknown
  Quality quality = Quality::good;
  std::optional<Timestamp> time;      // when it was measured; absent: when it is received
  bool clock_unsynchronised = false;  // the device says that its clock is not set
};

/// Names, value and time within limits.h.
Result<void> check_reading(const Reading& reading);

std::string_view to_string(Quality quality);
std::optional<Quality> quality_from(std::string_view text);

}  // namespace weir
