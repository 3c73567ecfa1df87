// Decoder: bytes -> readings.
//
// Purpose    one payload format each; the same decoder serves MQTT messages, serial lines and pushed bodies.
// Thread     const after construction and pure: any thread, no I/O, no clock (time comes in).
// Ownership  readings are appended to the caller's Decoded.
// Limits     limits.h: payload, depth, readings per message, name and value lengths.
// Errors     what can't be taken is appended to `rejected` with a reason; what is good beside it is kept.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "reading/reading.h"

namespace weir::firmware {

/// How a payload's parts become device, metric, value and time. Members that begin with '/' are JSON pointers (RFC 6901)
/// into the payload; other text is taken as it is, after `{N}` was replaced by topic levels.
struct Mapping {
  std::string decode = "value";  // a name of decoder_names()
  std::string device;
  std::string metric;  // empty: every member of an object (every column of a line) is a metric of its own
  std::string value;   // JSON pointer; empty: the whole payload, or the members
  std::string time;    // JSON pointer; empty: a member `time`, else when received
  std::string unit;
  std::vector<std::string> columns;  // csv: names in order; "-" skips one, "time" is the time stamp
};

struct Rejected {
  std::string detail;  // what is wrong, for a person: "temperature: NaN is not a reading"
  std::string device;  // where known
  std::string metric;
};

struct Decoded {
  std::vector<Reading> readings;
  std::vector<Rejected> rejected;
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// `device` and `metric` are the mapping's, with `{N}` replaced; they may be empty or pointers.
  virtual void decode(std::string_view payload, std::string_view device, std::string_view metric, Decoded& out) const = 0;
};

/// The one table of formats; fails with `invalid` for a name that is not in it.
Result<std::unique_ptr<Decoder>> make_decoder(const Mapping& mapping);
std::vector<std::string_view> decoder_names();

}  // namespace weir::firmware
