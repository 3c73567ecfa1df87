#include "server/transports/websocket_message.h"

#include <nlohmann/json.hpp>

#include "base/json.h"

namespace weir::gateway {
namespace {

constexpr unsigned cbor_text = 3, cbor_array = 4, cbor_map = 5;

void append_big_endian(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned shift = bytes * 8; shift > 0; shift -= 8) out += static_cast<char>((value >> (shift - 8)) & 0xffU);
}

/// RFC 8949 section 3: major type and argument, in the shortest form.
void append_cbor_head(std::string& out, unsigned major, std::uint64_t argument) {
  const auto first = [&](unsigned info) { out += static_cast<char>((major << 5U) | info); };
  if (argument < 24) return first(static_cast<unsigned>(argument));
  const unsigned power = argument < 0x100 ? 0 : argument < 0x10000 ? 1 : argument < 0x100000000 ? 2 : 3;
  first(24 + power);
  append_big_endian(out, argument, 1U << power);
}

void append_cbor_text(std::string& out, std::string_view text) {
  append_cbor_head(out, cbor_text, text.size());
  out += text;
}

std::string json_records(std::string_view id, Cursor cursor, std::string_view records) {
  std::string out = R"({"op":"records","id":)";
  append_json_string(out, id);
  out += R"(,"cursor":")";
  append_cursor(out, cursor);
  out.append(R"(","records":[)").append(records);
  return out += "]}";
}

std::string cbor_records(std::string_view id, Cursor cursor, std::string_view records, std::size_t count) {
  std::string out;
  append_cbor_head(out, cbor_map, 4);
  append_cbor_text(out, "op");
  append_cbor_text(out, "records");
  append_cbor_text(out, "id");
  append_cbor_text(out, id);
  append_cbor_text(out, "cursor");
  append_cbor_text(out, to_string(cursor));
  append_cbor_text(out, "records");
  append_cbor_head(out, cbor_array, count);
  return out += records;
}

}  // namespace

void append_frame(std::string& out, Format format, std::string_view payload, bool compressed) {
  constexpr unsigned final_bit = 0x80, rsv1 = 0x40, text = 1, binary = 2;
  out += static_cast<char>(final_bit | (compressed ? rsv1 : 0) | (format == Format::json ? text : binary));
  if (payload.size() < 126) {
    out += static_cast<char>(payload.size());
  } else if (payload.size() < 0x10000) {
    out += static_cast<char>(126);
    append_big_endian(out, payload.size(), 2);
  } else {
    out += static_cast<char>(127);
    append_big_endian(out, payload.size(), 8);
  }
  out += payload;
}

std::string records_message(Format format, std::string_view id, Cursor cursor, std::string_view records, std::size_t count) {
  return format == Format::json ? json_records(id, cursor, records) : cbor_records(id, cursor, records, count);
}

void append_record(std::string& records, Format format, std::string_view text, std::size_t index) {
  if (format == Format::json && index > 0) records += ',';
  records += text;
}

std::string encode_message(Format format, const nlohmann::json& message) {
  std::string out;
  if (format == Format::json) return message.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  nlohmann::json::to_cbor(message, nlohmann::detail::output_adapter<char>(out));
  return out;
}

Result<nlohmann::json> parse_message(Format format, std::string_view bytes) {
  return format == Format::json ? parse_json(bytes) : parse_cbor(bytes);
}

}  // namespace weir::gateway
