// MessageDeflate: the payloads of WebSocket messages, compressed and expanded each by itself. RFC 7692, RFC 1951.
//
// Purpose    permessage-deflate without a window that outlives its message: what is compressed once is right for every client,
//            and no client needs a compressor or an expander of its own.
// Thread     the server's.
// Ownership  one compressor (256 KiB) and one expander (40 KiB) for all connections, made when first needed.
// Limits     what is expanded has at most the bytes that the caller allows.
// Errors     not to be expanded: `invalid`; it would be too long: `full`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::gateway {

class MessageDeflate {
 public:
  /// Below this there is nothing to win.
  static constexpr std::size_t bytes_min = 96;

  MessageDeflate();
  ~MessageDeflate();
  MessageDeflate(const MessageDeflate&) = delete;
  MessageDeflate& operator=(const MessageDeflate&) = delete;

  /// As it goes into a frame with RSV1; empty: it would not be shorter. Valid until the next call.
  std::string_view compress(std::string_view message);
  Result<std::string> expand(std::string_view payload, std::size_t bytes_max);

  std::uint64_t compressed() const { return compressed_; }  // messages since start

 private:
  struct Streams;

  std::unique_ptr<Streams> streams_;
  std::string buffer_;
  std::uint64_t compressed_ = 0;
};

/// Whether a Sec-WebSocket-Extensions header offers what this gateway does: one offer of permessage-deflate, any window of the
/// client's, and none asked of the server. RFC 7692 section 7.1.
bool offers_deflate(std::string_view extensions);

}  // namespace weir::gateway
