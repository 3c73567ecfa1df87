// The client's side of WebSocket frames.
//
// Purpose    where a frame from the server begins and ends; frames of our own, short ones.
// Thread     pure functions.
// Ownership  none: bytes belong to the caller.
// Limits     none: who calls limits how much is waited for.
// Errors     none. Source: RFC 6455 section 5.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct Frame {
  std::size_t size = 0;  // with its header
  Opcode opcode = Opcode::text;
  bool last = true;  // of its message
  std::string_view payload;
};

/// The first frame of `bytes`; nothing while it is not complete.
inline std::optional<Frame> parse_frame(std::string_view bytes) {
  if (bytes.size() < 2) return {};
  const auto byte = [&bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  std::size_t length = byte(1) & 0x7FU, header = 2;
  if (const std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0; more > 0) {
    header += more, length = 0;
    if (bytes.size() < header) return {};
    for (std::size_t i = 2; i < header; ++i) length = length << 8U | byte(i);
  }
  if (bytes.size() - header < length) return {};
  return Frame{header + length, static_cast<Opcode>(byte(0) & 0xFU), (byte(0) & 0x80U) != 0, bytes.substr(header, length)};
}

/// Of at most 125 bytes. Masked with zero, which leaves the payload as it is: nobody between us and the server is to be
/// protected.
inline std::string frame(Opcode opcode, std::string_view payload) {
  std::string out = {
      static_cast<char>(0x80U | static_cast<unsigned>(opcode)), static_cast<char>(0x80U | payload.size()), 0, 0, 0, 0};
  return out.append(payload);
}

}  // namespace weir::bench
