// What the wire tests share: build a line, take lines apart.
#pragma once

#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "wire/frame.h"

namespace weir::test {

using Bytes = std::vector<std::uint8_t>;

inline weir_text text(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view view(weir_text text) { return {text.data, text.size}; }

/// What goes over the line for the message that `put` writes.
inline Bytes line_of(const std::function<void(weir_frame*)>& put) {
  weir_frame frame;
  put(&frame);
  Bytes line(WEIR_LINE_BYTES_MAX);
  line.resize(weir_frame_finish(&frame, line.data()));
  return line;
}

/// The whole, undamaged frames of a stream of bytes.
inline std::vector<Bytes> frames_in(const Bytes& bytes) {
  std::array<std::uint8_t, WEIR_FRAME_BYTES_MAX> buffer;
  weir_cobs_deframer deframer;
  weir_cobs_deframer_init(&deframer, buffer.data(), buffer.size());
  std::vector<Bytes> frames;
  weir_frame_type type{};
  weir_cbor_reader body{};
  for (const auto byte : bytes) {
    if (!weir_cobs_push(&deframer, byte)) continue;
    if (weir_frame_open(deframer.buffer, deframer.size, &type, &body) != WEIR_FRAME_OK) continue;
    frames.emplace_back(deframer.buffer, deframer.buffer + deframer.size);
  }
  return frames;
}

struct Opened {
  explicit Opened(const Bytes& line) {
    auto frames = frames_in(line);
    if (frames.size() != 1) return;
    frame = std::move(frames[0]);
    ok = weir_frame_open(frame.data(), frame.size(), &type, &body) == WEIR_FRAME_OK;
  }
  Opened(const Opened&) = delete;

  Bytes frame;
  bool ok = false;
  weir_frame_type type{};
  weir_cbor_reader body{};
};

inline Bytes operator+(Bytes left, const Bytes& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

}  // namespace weir::test
