#include "load/mqtt.h"

#include <stdexcept>

namespace weir::bench::mqtt {
namespace {

constexpr std::string_view topic = "load";

/// Section 1.5.3: two bytes of length, then the text.
std::string text(std::string_view value) {
  std::string out = {static_cast<char>(value.size() >> 8U), static_cast<char>(value.size())};
  return out.append(value);
}

std::string packet(Type type, unsigned flags, std::string_view content) {
  std::string out = {static_cast<char>(static_cast<unsigned>(type) << 4U | flags)};
  auto left = content.size();
  do {  // section 2.2.3: seven bits a byte, the lowest first
    out += static_cast<char>((left & 0x7FU) | (left > 0x7FU ? 0x80U : 0U));
    left >>= 7U;
  } while (left > 0);
  return out.append(content);
}

/// Behind the topic; QoS 0 has no packet identifier.
std::string_view payload_of(std::string_view content) {
  if (content.size() < 2) throw std::runtime_error("no MQTT: a publish without a topic");
  const auto length = std::size_t{static_cast<std::uint8_t>(content[0])} << 8U | static_cast<std::uint8_t>(content[1]);
  if (content.size() < 2 + length) throw std::runtime_error("no MQTT: a topic that is longer than its packet");
  return content.substr(2 + length);
}

}  // namespace

std::string connect(std::string_view client) {
  using namespace std::string_view_literals;
  return packet(Type::connect, 0, text("MQTT").append("\x04\x02\0\0"sv) + text(client));
}

std::string subscribe() {
  using namespace std::string_view_literals;
  return packet(Type::subscribe, 2, std::string("\0\x01"sv) + text(topic) + '\0');
}

std::string publish(std::string_view payload) { return packet(Type::publish, 0, text(topic).append(payload)); }

std::optional<Packet> parse(std::string_view bytes) {
  std::size_t length = 0, at = 1;
  for (unsigned shift = 0;; shift += 7, ++at) {
    if (shift > 21) throw std::runtime_error("no MQTT: a length of more than four bytes");
    if (at >= bytes.size()) return {};
    const auto byte = static_cast<std::uint8_t>(bytes[at]);
    length |= std::size_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) break;
  }
  if (bytes.size() - ++at < length) return {};
  const auto type = static_cast<Type>(static_cast<std::uint8_t>(bytes[0]) >> 4U);
  const auto content = bytes.substr(at, length);
  return Packet{at + length, type, type == Type::publish ? payload_of(content) : content};
}

bool accepted(const Packet& packet) {
  if (packet.type == Type::connack) return packet.payload.size() == 2 && packet.payload[1] == 0;
  return packet.type == Type::suback && packet.payload.size() == 3 && packet.payload[2] == 0;
}

}  // namespace weir::bench::mqtt
