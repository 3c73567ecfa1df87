// Request: what a client asked, copied out of the library's header table.
//
// Purpose    handlers see plain strings; the table is given back before anything else happens.
// Thread     plain value; the functions are pure.
// Ownership  owns everything.
// Limits     limits::http_header_bytes_max for the head, limits::http_body_bytes_max for the body; 64 parameters.
// Errors     parse functions say what is wrong. Source: RFC 9110, RFC 9112, RFC 6265.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "stream/query.h"

namespace weir::gateway {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };
std::string_view to_string(Method method);

struct Request {
  Method method = Method::get;
  std::string path;     // decoded
  Parameters query;     // decoded
  std::string subject;  // what `{…}` in the route stood for
  std::string peer;     // address, without the port
  bool tls = false;
  bool forwarded = false;      // by a proxy, as it says itself
  std::size_t head_bytes = 0;  // of the headers that the library knows
  std::string client_name;     // common name of the certificate that it showed; empty: none
  bool chunks = true;          // the client is HTTP/1.1 and understands chunked answers

  // Headers; empty where absent.
  std::string host, origin, fetch_site, authorization, cookie;
  std::string accept, accept_encoding, if_none_match;
  std::string content_type, content_length, transfer_encoding, expect;
  std::string last_event_id, idempotency_key, csrf_token;
  std::string upgrade, websocket_protocols;

  std::string body;

  std::string_view parameter(std::string_view name) const;  // empty: absent
};

/// How many bytes of body follow; absent header: none. Only digits count: "-1", "+5", "5, 6" and "0x10" are errors.
Result<std::uint64_t> parse_content_length(std::string_view header);

/// "Bearer TOKEN" (the scheme in any case); nothing for any other scheme.
std::optional<std::string_view> bearer_token(std::string_view authorization);

std::optional<std::string_view> cookie_value(std::string_view cookies, std::string_view name);

/// "application/json; charset=utf-8" -> "application/json", in lower case.
std::string media_type(std::string_view content_type);

/// Whole seconds from 0 to `max`; empty text: 0.
Result<std::chrono::seconds> parse_wait(std::string_view text, std::chrono::seconds max);

bool equals_ignoring_case(std::string_view a, std::string_view b);

/// True when the client has this answer: If-None-Match names its entity tag, be it as a weak one. RFC 9110 section 13.1.2.
bool unchanged(std::string_view if_none_match, std::string_view etag);

}  // namespace weir::gateway
