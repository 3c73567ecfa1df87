// Response: what goes back, as a value; and the bytes of its head.
//
// Purpose    handlers return it; the connection writes it, in pieces where it is large.
// Thread     plain value.
// Ownership  owns its body, or points into read-only data that lives as long as the program.
// Limits     none of its own.
// Errors     none. Control characters in header values are dropped: no value splits a response. Source: RFC 9112.
#pragma once

#include <string>
#include <string_view>

namespace weir::gateway {

struct Response {
  unsigned status = 200;
  std::string headers;  // "Name: value\r\n" each
  std::string body;
  std::string_view constant_body;  // instead of `body`: bytes that live for ever
  bool close = false;              // end the connection after it
  bool compressible = false;       // on the way, where the client allows it
  std::size_t plain_bytes = 0;     // of a body that is compressed; 0: it is not

  Response& with(std::string_view name, std::string_view value);
  std::string_view content() const { return constant_body.empty() ? std::string_view(body) : constant_body; }
};

Response json_response(unsigned status, std::string body);
Response empty_response(unsigned status);
Response with_close(Response response);  // the connection ends behind it

/// Status line and headers to the empty line. `length` is left out where the body is chunked or there can be none.
enum class Framing { length, chunked, until_close, none };
std::string head_of(const Response& response, Framing framing);

std::string_view reason_phrase(unsigned status);

/// One chunk of a chunked body is this, the data, CR LF. RFC 9112 section 7.1.
std::string chunk_head(std::size_t bytes);
void append_chunk(std::string& out, std::string_view data);  // nothing, where there is no data: it would be the last
inline constexpr std::string_view chunk_tail = "\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace weir::gateway
