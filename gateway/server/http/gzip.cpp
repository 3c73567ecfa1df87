#include "server/http/gzip.h"

#include <zlib.h>

#include <cassert>
#include <utility>

namespace weir::gateway {
namespace {

// Of records as JSON 9 % is left; a window of 32 KiB instead of 8 saves nothing worth its memory, level 6 a tenth in twice the
// time.
constexpr int level = 3;
constexpr int window_bits = 13 + 16;  // 8 KiB; 16: gzip's head and check sum
constexpr int memory_level = 5;
constexpr std::size_t room_bytes = 8192;

int code_of(Gzip::Flush flush) {
  switch (flush) {
    case Gzip::Flush::none: return Z_NO_FLUSH;
    case Gzip::Flush::sync: return Z_SYNC_FLUSH;
    case Gzip::Flush::finish: return Z_FINISH;
  }
  return Z_FINISH;
}

}  // namespace

Gzip::Gzip(std::unique_ptr<z_stream_s> stream) : stream_(std::move(stream)) {}

Gzip::~Gzip() { deflateEnd(stream_.get()); }

std::unique_ptr<Gzip> Gzip::make() {
  auto stream = std::make_unique<z_stream>();
  if (deflateInit2(stream.get(), level, Z_DEFLATED, window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK) return nullptr;
  return std::unique_ptr<Gzip>(new Gzip(std::move(stream)));
}

void Gzip::append(std::string& out, std::string_view data, Flush flush) {
  // zlib does not change what it reads; its interface is older than const.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream_->avail_in = static_cast<uInt>(data.size());
  do {
    const std::size_t begin = out.size();
    out.resize(begin + room_bytes);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + begin);
    stream_->avail_out = room_bytes;
    [[maybe_unused]] const int result = deflate(stream_.get(), code_of(flush));
    assert(result != Z_STREAM_ERROR);
    out.resize(out.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

bool worth_gzip(Coding coding, std::size_t bytes) {
  return coding == Coding::gzip_only || (coding == Coding::gzip && bytes >= gzip_bytes_min);
}

Response gzipped(Response response, Coding coding) {
  if (!response.compressible || response.plain_bytes > 0 || !worth_gzip(coding, response.body.size())) return response;
  const auto gzip = Gzip::make();
  if (!gzip) return response;
  response.plain_bytes = response.body.size();
  const std::string plain = std::exchange(response.body, std::string());
  gzip->append(response.body, plain, Gzip::Flush::finish);
  return response.with("Content-Encoding", "gzip");
}

Gzips::Lent Gzips::lend() {
  auto gzip = lent_ < streams_max ? Gzip::make() : nullptr;
  gzip ? ++lent_ : ++refused_;
  return Lent(gzip.release(), Return(this));
}

void Gzips::Return::operator()(Gzip* gzip) const {
  delete gzip;
  --from_->lent_;
}

}  // namespace weir::gateway
