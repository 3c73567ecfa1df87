#include "server/http/response.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace weir::gateway {
namespace {

void append_framing(std::string& out, const Response& response, Framing framing) {
  switch (framing) {
    case Framing::length: out += "Content-Length: " + std::to_string(response.content().size()) + "\r\n"; break;
    case Framing::chunked: out += "Transfer-Encoding: chunked\r\n"; break;
    case Framing::until_close:
    case Framing::none: break;
  }
}

}  // namespace

Response& Response::with(std::string_view name, std::string_view value) {
  constexpr std::size_t headers_bytes_typical = 240;
  if (headers.empty()) headers.reserve(headers_bytes_typical);
  headers.append(name).append(": ");
  const auto begin = static_cast<std::ptrdiff_t>(headers.size());
  headers.append(value);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  headers.erase(std::remove_if(headers.begin() + begin, headers.end(), is_control), headers.end());
  headers += "\r\n";
  return *this;
}

Response json_response(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  response.compressible = true;
  response.with("Content-Type", "application/json");
  return response;
}

Response empty_response(unsigned status) {
  Response response;
  response.status = status;
  return response;
}

Response with_close(Response response) {
  response.close = true;
  return response;
}

std::string head_of(const Response& response, Framing framing) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  head.append(reason_phrase(response.status)).append("\r\n").append(response.headers);
  append_framing(head, response, framing);
  if (response.close) head += "Connection: close\r\n";
  return head += "\r\n";
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

std::string chunk_head(std::size_t bytes) {
  char digits[2 * sizeof(std::size_t)];
  const auto result = std::to_chars(std::begin(digits), std::end(digits), bytes, 16);
  return std::string(digits, result.ptr) + "\r\n";
}

void append_chunk(std::string& out, std::string_view data) {
  if (!data.empty()) out.append(chunk_head(data.size())).append(data).append(chunk_tail);
}

}  // namespace weir::gateway
