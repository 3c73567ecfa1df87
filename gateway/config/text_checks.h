// Text checks: is this an address, a topic filter, a JSON pointer, a size …
//
// Purpose    what the rows of fields.cpp and the checks of whole sections share; knows nothing of TOML.
// Thread     pure functions.
// Limits     limits.h; MQTT topics 65,535 bytes.
// Errors     a Complaint: what is wrong, and what to do; nothing where the text is right.
// Source     MQTT 5.0 section 4.7 (filters), RFC 6901 (pointers).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "config/field.h"

namespace weir::gateway {

using MaybeComplaint = std::optional<Complaint>;

/// "127.0.0.1:8080", "[::1]:8080"; the port 0 takes a free one.
Result<ListenAddress> parse_listen(std::string_view text);
std::string to_string(const ListenAddress& address);

/// "512MB" is 512 × 10^6, "512MiB" is 512 × 2^20; kB … TB, KiB … TiB, B; "0" needs no unit.
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

MaybeComplaint check_listen(std::string_view text);
MaybeComplaint check_origin(std::string_view text);
MaybeComplaint check_host(std::string_view text);
MaybeComplaint check_contact(std::string_view text);      // RFC 9116 section 2.5.3
MaybeComplaint check_name(std::string_view text);         // device, metric, command
MaybeComplaint check_reader_name(std::string_view text);  // it becomes part of file names and metrics
MaybeComplaint check_mqtt_url(std::string_view text);
MaybeComplaint check_filter(std::string_view text);
MaybeComplaint check_publish(std::string_view text);  // a topic with {device}
MaybeComplaint check_pointer(std::string_view text);
MaybeComplaint check_template(std::string_view text);  // text with {N}, or a pointer
MaybeComplaint check_unit(std::string_view text);
MaybeComplaint check_decode(std::string_view text);
MaybeComplaint check_serial_decode(std::string_view text);

/// How many + and # levels a filter has.
unsigned wildcards(std::string_view filter);

/// The numbers in `{N}`, in order.
std::vector<unsigned> placeholders(std::string_view text);

/// The candidate that was most likely meant; empty where none is near.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace weir::gateway
