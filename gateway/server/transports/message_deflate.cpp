#include "server/transports/message_deflate.h"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <vector>

#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr int level = 1;              // half of what level 6 costs, for 5 % more bytes
constexpr int raw_window_bits = -15;  // no zlib header
constexpr int memory_level = 8;
constexpr std::string_view tail("\x00\x00\xff\xff", 4);  // of an empty block: not sent. RFC 7692 section 7.2.1

Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

void give(z_stream& stream, std::string_view input) {
  stream.next_in = bytes_of(input);
  stream.avail_in = static_cast<uInt>(input.size());
}

void take(z_stream& stream, std::string& buffer, std::size_t bytes) {
  if (buffer.size() < bytes) buffer.resize(bytes);
  stream.next_out = bytes_of(buffer);
  stream.avail_out = static_cast<uInt>(bytes);
}

/// All that was given; what is taken must not become full.
Result<void> expand_given(z_stream& in) {
  while (in.avail_in > 0) {
    const int result = inflate(&in, Z_SYNC_FLUSH);
    if (in.avail_out == 0) return Error{ErrorCode::full, "too long when expanded"};
    // A last block may end the stream early: what follows begins a new one. RFC 7692 section 7.2.3.4.
    if (result == Z_STREAM_END) {
      inflateReset(&in);
    } else if (result != Z_OK) {
      return Error{ErrorCode::invalid, "not a DEFLATE stream"};
    }
  }
  return {};
}

/// Right behind a block, at the edge of a byte: nothing of the message is missing.
bool complete(const z_stream& stream) {
  constexpr int after_block = 128, last_block = 64, unused_bits = 63;
  return (stream.data_type & after_block) != 0 && (stream.data_type & (unused_bits | last_block)) == 0;
}

}  // namespace

struct MessageDeflate::Streams {
  Streams() {
    const bool made = deflateInit2(&out, level, Z_DEFLATED, raw_window_bits, memory_level, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!made || inflateInit2(&in, raw_window_bits) != Z_OK) throw std::bad_alloc();
  }
  ~Streams() {
    deflateEnd(&out);
    inflateEnd(&in);
  }
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  z_stream out{}, in{};
};

MessageDeflate::MessageDeflate() = default;
MessageDeflate::~MessageDeflate() = default;

std::string_view MessageDeflate::compress(std::string_view message) {
  if (message.size() < bytes_min) return {};
  if (!streams_) streams_ = std::make_unique<Streams>();
  z_stream& out = streams_->out;
  deflateReset(&out);
  give(out, message);
  take(out, buffer_, message.size());
  deflate(&out, Z_SYNC_FLUSH);
  ++compressed_;
  if (out.avail_in > 0 || out.avail_out == 0) return {};
  return std::string_view(buffer_).substr(0, message.size() - out.avail_out - tail.size());
}

Result<std::string> MessageDeflate::expand(std::string_view payload, std::size_t bytes_max) {
  if (!streams_) streams_ = std::make_unique<Streams>();
  z_stream& in = streams_->in;
  inflateReset(&in);
  take(in, buffer_, bytes_max + 1);
  for (const std::string_view part : {payload, tail}) {
    give(in, part);
    if (auto expanded = expand_given(in); !expanded) return expanded.error();
  }
  if (!complete(in)) return Error{ErrorCode::invalid, "the DEFLATE stream is cut off"};
  return buffer_.substr(0, bytes_max + 1 - in.avail_out);
}

// ---- The offer

namespace {

/// 8 to 15, quoted or not.
bool window_bits(std::string_view text) {
  if (text.size() > 1 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  return text == "8" || text == "9" || (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5');
}

bool known(std::string_view parameter) {
  if (parameter == "server_no_context_takeover" || parameter == "client_no_context_takeover") return true;
  const std::string_view name = trim(parameter.substr(0, parameter.find('=')));
  if (name != "client_max_window_bits") return false;
  return parameter == name || window_bits(trim(parameter.substr(parameter.find('=') + 1)));
}

}  // namespace

bool offers_deflate(std::string_view extensions) {
  bool offered = false;
  for (const std::string_view extension : split(extensions, ',')) {
    std::vector<std::string_view> parts;
    for (const std::string_view part : split(extension, ';')) parts.push_back(trim(part));
    if (parts.front() != "permessage-deflate") continue;
    std::sort(parts.begin() + 1, parts.end());
    const bool twice = std::adjacent_find(parts.begin(), parts.end()) != parts.end();
    if (offered || twice || !std::all_of(parts.begin() + 1, parts.end(), known)) return false;
    offered = true;
  }
  return offered;
}

}  // namespace weir::gateway
