// HistoryExport: a series as a file of any length, in constant memory.
//
// Purpose    a page of the log is asked for when the one before has been written, and written as the socket takes it.
// Thread     the server's.
// Ownership  owns one page, and a compressor where the client allows it; the bytes of a write are in the Host's scratch buffer.
// Limits     a page has as many readings as its query says, or limits::history_buckets_max buckets; a client that takes
//            nothing for 30 s is given up.
// Errors     before the first byte as a problem; afterwards the connection ends without the last chunk, so that the client
//            knows that its file is not whole (RFC 9112 section 8).
#pragma once

#include <memory>
#include <string>

#include "server/history/gaps.h"
#include "server/history/text.h"
#include "server/loop/exchange.h"
#include "server/loop/host.h"

namespace weir::gateway {

class HistoryExport final : public Exchange {
 public:
  HistoryExport(Connection& connection, HistoryQuery query, const HistoryLines& lines, std::string unit)
      : Exchange(connection), query_(std::move(query)), lines_(lines), unit_(std::move(unit)) {}

  std::string_view kind() const override { return "export"; }
  void start() override { ask(); }
  void on_due() override;
  void on_writable() override { pump(); }
  void on_rights_lost() override;
  void on_shutdown() override;

 private:
  using Page = std::shared_ptr<const Result<HistoryAnswer>>;

  bool raw() const { return query_.buckets == 0; }
  void ask();
  void take(Page page);
  void begin();
  void pump();
  bool append_line(std::string& out);
  std::string compress(std::string_view data, Gzip::Flush flush);
  void write(Gzip::Flush flush);
  std::string file_name() const;

  HistoryQuery query_;
  const HistoryLines& lines_;
  const std::string unit_;
  Gzips::Lent gzip_;  // empty: as it is
  Page page_;
  GapTeller gaps_;
  std::size_t at_ = 0;  // in the page
  std::uint64_t written_ = 0;
  bool begun_ = false, asking_ = false;
};

}  // namespace weir::gateway
