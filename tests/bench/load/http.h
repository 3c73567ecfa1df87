// The client's side of HTTP/1.1, as far as streams need it.
//
// Purpose    the head of a response; chunks taken off in place.
// Thread     plain values.
// Ownership  none: bytes belong to the caller.
// Limits     none: who calls limits how much is waited for.
// Errors     std::runtime_error where the bytes are no HTTP. Source: RFC 9112 sections 4 and 7.1.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace weir::bench {

struct ResponseHead {
  std::size_t size = 0;  // with its empty line
  int status = 0;
  bool chunked = false;
  std::optional<std::size_t> length;  // Content-Length
};

/// Nothing while the head is not complete.
std::optional<ResponseHead> parse_head(std::string_view bytes);

/// The value of a header in a head; empty where it is missing.
std::string_view header(std::string_view head, std::string_view name);

/// Takes the framing of chunks off, whatever pieces they come in.
class Dechunker {
 public:
  /// Moves the payload of [begin, end) together at `begin`; answers its end.
  char* decode(char* begin, const char* end);
  bool ended() const { return state_ == State::ended; }

 private:
  enum class State { size, extension, data, after_data, trailer, ended };
  void take_framing(char byte);
  void end_size();
  void take_trailer(char byte);

  State state_ = State::size;
  std::size_t left_ = 0;    // of this chunk
  bool line_empty_ = true;  // of the trailer
};

}  // namespace weir::bench
