// The client's side of MQTT 3.1.1 at QoS 0, as far as an anchor needs it.
//
// Purpose    packets that connect, subscribe to the one topic and publish to it; where a packet from the broker begins and ends.
// Thread     pure functions.
// Ownership  none: bytes belong to the caller.
// Limits     none: who calls limits how much is waited for.
// Errors     std::runtime_error where the bytes are no packet. Source: MQTT 3.1.1 sections 2 and 3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench::mqtt {

enum class Type : std::uint8_t { connect = 1, connack = 2, publish = 3, subscribe = 8, suback = 9 };

struct Packet {
  std::size_t size = 0;  // with its header
  Type type = Type::publish;
  std::string_view payload;  // of a publish; else what comes behind the fixed header
};

/// Of a clean session that never has to ping.
std::string connect(std::string_view client);
std::string subscribe();
std::string publish(std::string_view payload);

/// The first packet of `bytes`; nothing while it is not complete.
std::optional<Packet> parse(std::string_view bytes);

/// The broker's yes to connect or subscribe.
bool accepted(const Packet& packet);

}  // namespace weir::bench::mqtt
