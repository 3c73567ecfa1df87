// Page: polling and long polling. CONTRACT 4.1.
//
// Purpose    one page of records, at once; with `wait` as soon as there is one, or empty at the end of the wait.
// Thread     the server's.
// Ownership  owns its subscription and the body it gathers.
// Limits     `limit` records and page_bytes_max: a page that is cut says `"more":true`.
// Errors     503 where the disk can't be read.
#pragma once

#include <cstddef>
#include <string>

#include "server/loop/exchange.h"
#include "server/loop/host.h"
#include "stream/subscription.h"

namespace weir::gateway {

class PageExchange final : public Exchange, private RecordSink {
 public:
  static constexpr std::size_t page_bytes_max = std::size_t{1} << 20U;

  /// `if_none_match`: what the client has already (a request header); 304 where that is still all.
  PageExchange(Connection& connection, Subscription subscription, std::string if_none_match);
  std::string_view kind() const override { return "long_poll"; }

  void start() override;
  void on_log() override { gather(); }
  void on_due() override;
  void on_shutdown() override { answer(false); }

 private:
  void gather();
  void wait_or_answer(bool more);
  void read_cold();
  void answer(bool more);

  Format format() const override { return Format::json; }
  void record(const Record& record, std::string_view text, Cursor cursor) override;
  void gap(std::string_view text, Cursor cursor) override;
  std::size_t bytes() const override { return records_.size(); }
  void append(std::string_view text);

  Subscription subscription_;
  const std::size_t limit_;
  const std::string if_none_match_;
  Monotonic until_{};
  std::string records_;
  std::size_t count_ = 0;
  bool reading_ = false;
};

}  // namespace weir::gateway
