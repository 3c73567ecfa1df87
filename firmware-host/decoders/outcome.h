// Outcome: what one message yields, held against the limits.
//
// Purpose    every decoder hands its values over here: a good one becomes a reading, a bad one is rejected by itself.
// Thread     lives for one decode() call.
// Ownership  refers to the caller's Decoded and device name.
// Limits     limits::readings_per_message_max values, good and bad together; then one rejection stands for the rest.
// Errors     a rejection names the metric and the reason.
#pragma once

#include <cstddef>
#include <string_view>

#include "decoders/decoder.h"

namespace weir::firmware {

class Outcome {
 public:
  Outcome(Decoded& out, std::string_view device) : out_(out), device_(device) {}

  /// False when the message holds too much: the decoder stops.
  bool take(Reading&& reading);
  bool reject(std::string_view metric, std::string_view reason);

  /// What stands for the whole message or record.
  bool reject(std::string_view reason) { return reject({}, reason); }

  /// For payloads that say themselves whom they are from; the text must outlive what follows.
  void set_device(std::string_view device) { device_ = device; }
  std::string_view device() const { return device_; }

 private:
  bool count();

  Decoded& out_;
  std::string_view device_;
  std::size_t values_ = 0;
};

}  // namespace weir::firmware
