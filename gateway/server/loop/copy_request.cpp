#include "server/loop/copy_request.h"

#include <libwebsockets.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "server/loop/server_certificate.h"

namespace weir::gateway {
namespace {

std::string header(lws* handle, lws_token_indexes token) {
  const int length = lws_hdr_total_length(handle, token);
  if (length <= 0) return "";
  std::string text(static_cast<std::size_t>(length) + 2, '\0');  // the library writes the end and, where it joins, a comma
  const int copied = lws_hdr_copy(handle, text.data(), static_cast<int>(text.size()), token);
  text.resize(copied > 0 ? static_cast<std::size_t>(copied) : 0);
  return text;
}

/// A header that the library has no token for; the name in lower case with its colon.
std::string header(lws* handle, std::string_view name) {
  const int name_length = static_cast<int>(name.size());
  const int length = lws_hdr_custom_length(handle, name.data(), name_length);
  if (length <= 0) return "";
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  const int copied = lws_hdr_custom_copy(handle, text.data(), static_cast<int>(text.size()), name.data(), name_length);
  text.resize(copied > 0 ? static_cast<std::size_t>(copied) : 0);
  return text;
}

/// The library has decoded the query and cut it at each '&'. Between two of them, or behind the last, there may be nothing; what
/// is behind the last, or a lone '?', the library calls "/".
Parameters query(lws* handle) {
  Parameters parameters;
  for (int i = 0;; ++i) {
    const int length = lws_hdr_fragment_length(handle, WSI_TOKEN_HTTP_URI_ARGS, i);
    std::string text(static_cast<std::size_t>(std::max(length, 0)) + 1, '\0');
    const int copied = lws_hdr_copy_fragment(handle, text.data(), static_cast<int>(text.size()), WSI_TOKEN_HTTP_URI_ARGS, i);
    if (copied < 0) return parameters;
    text.resize(static_cast<std::size_t>(copied));
    if (text.empty() || text == "/") continue;
    const std::size_t equals = text.find('=');
    if (equals == text.npos) {
      parameters.emplace_back(std::move(text), "");
    } else {
      parameters.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
}

std::optional<Method> method_of(int index) {
  switch (index) {
    case LWSHUMETH_GET: return Method::get;
    case LWSHUMETH_HEAD: return Method::head;
    case LWSHUMETH_POST: return Method::post;
    case LWSHUMETH_PUT: return Method::put;
    case LWSHUMETH_PATCH: return Method::patch;
    case LWSHUMETH_DELETE: return Method::delete_;
    case LWSHUMETH_OPTIONS: return Method::options;
    default: return std::nullopt;
  }
}

std::size_t known_bytes(lws* handle) {
  std::size_t bytes = 0;
  for (int token = 0; token < WSI_TOKEN_COUNT; ++token) {
    bytes += static_cast<std::size_t>(std::max(lws_hdr_total_length(handle, static_cast<lws_token_indexes>(token)), 0));
  }
  return bytes;
}

void copy_headers(lws* handle, Request& request) {
  request.host = header(handle, WSI_TOKEN_HOST);
  request.origin = header(handle, WSI_TOKEN_ORIGIN);
  request.fetch_site = header(handle, "sec-fetch-site:");
  request.authorization = header(handle, WSI_TOKEN_HTTP_AUTHORIZATION);
  request.cookie = header(handle, WSI_TOKEN_HTTP_COOKIE);
  request.accept = header(handle, WSI_TOKEN_HTTP_ACCEPT);
  request.accept_encoding = header(handle, WSI_TOKEN_HTTP_ACCEPT_ENCODING);
  request.if_none_match = header(handle, WSI_TOKEN_HTTP_IF_NONE_MATCH);
  request.content_type = header(handle, WSI_TOKEN_HTTP_CONTENT_TYPE);
  request.content_length = header(handle, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  request.transfer_encoding = header(handle, WSI_TOKEN_HTTP_TRANSFER_ENCODING);
  request.expect = header(handle, WSI_TOKEN_HTTP_EXPECT);
  request.last_event_id = header(handle, "last-event-id:");
  request.idempotency_key = header(handle, "idempotency-key:");
  request.csrf_token = header(handle, "x-csrf-token:");
  request.upgrade = header(handle, WSI_TOKEN_UPGRADE);
  request.websocket_protocols = header(handle, WSI_TOKEN_PROTOCOL);
}

}  // namespace

std::string copy_header(lws* handle, int token) { return header(handle, static_cast<lws_token_indexes>(token)); }

std::optional<Request> copy_request(lws* handle) {
  char* path = nullptr;
  int path_length = 0;
  const auto method = method_of(lws_http_get_uri_and_method(handle, &path, &path_length));
  if (!method || path == nullptr) return std::nullopt;
  Request request;
  request.method = *method;
  request.path.assign(path, static_cast<std::size_t>(path_length));
  request.query = query(handle);
  request.chunks = header(handle, WSI_TOKEN_HTTP) == "HTTP/1.1";
  request.tls = lws_is_ssl(handle) != 0;
  if (request.tls) request.client_name = client_name(lws_get_ssl(handle));
  request.forwarded = lws_hdr_total_length(handle, WSI_TOKEN_X_FORWARDED_FOR) > 0;
  request.head_bytes = known_bytes(handle);
  copy_headers(handle, request);
  return request;
}

}  // namespace weir::gateway
