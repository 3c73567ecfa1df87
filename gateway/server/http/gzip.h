// Gzip: answers in fewer bytes, where the client allows it. RFC 1952.
//
// Purpose    short answers at once, long ones and exports piece by piece.
// Thread     a Gzip belongs to whoever has it; the functions are pure; Gzips is the server's.
// Ownership  a lent Gzip must not outlive the Gzips it is from.
// Limits     a Gzip has 56 KiB; Gzips lends streams_max of them at once (0.9 MB): what comes beyond goes out as it is.
// Errors     none: where there is no memory for one, the answer goes out as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/http/coding.h"
#include "server/http/response.h"

struct z_stream_s;

namespace weir::gateway {

class Gzip {
 public:
  /// `sync`: all that was given comes out; `finish`: and that was all.
  enum class Flush : std::uint8_t { none, sync, finish };

  static std::unique_ptr<Gzip> make();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void append(std::string& out, std::string_view data, Flush flush);

 private:
  explicit Gzip(std::unique_ptr<z_stream_s> stream);
  std::unique_ptr<z_stream_s> stream_;
};

inline constexpr std::size_t gzip_bytes_min = 1024;  // below it a packet is a packet
bool worth_gzip(Coding coding, std::size_t bytes);

/// The response with its body compressed, if it may be and is worth it.
Response gzipped(Response response, Coding coding);

/// Compressors of answers under way.
class Gzips {
 public:
  static constexpr std::size_t streams_max = 16;
  static constexpr std::size_t slice_bytes = std::size_t{32} * 1024;  // what the loop compresses in a turn

  class Return {
   public:
    explicit Return(Gzips* from = nullptr) : from_(from) {}
    void operator()(Gzip* gzip) const;

   private:
    Gzips* from_;
  };
  using Lent = std::unique_ptr<Gzip, Return>;

  Lent lend();  // empty: all are lent, which is counted
  void count(std::size_t plain, std::size_t compressed) { plain_ += plain, compressed_ += compressed; }

  std::size_t lent() const { return lent_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t plain_bytes() const { return plain_; }
  std::uint64_t compressed_bytes() const { return compressed_; }

 private:
  std::size_t lent_ = 0;
  std::uint64_t refused_ = 0, plain_ = 0, compressed_ = 0;
};

}  // namespace weir::gateway
