#include "server/transports/page.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "log/checksum.h"
#include "server/http/problem.h"
#include "server/loop/connection.h"

namespace weir::gateway {

PageExchange::PageExchange(Connection& connection, Subscription subscription, std::string if_none_match)
    : Exchange(connection),
      subscription_(std::move(subscription)),
      limit_(subscription_.shaping()->limit == 0 ? limits::page_records_default : subscription_.shaping()->limit),
      if_none_match_(std::move(if_none_match)) {}

void PageExchange::start() {
  until_ = host().now() + subscription_.shaping()->wait;
  connection().follow_log();
  gather();
}

void PageExchange::gather() {
  if (reading_) return;
  const std::size_t bytes_left = page_bytes_max - std::min(page_bytes_max, records_.size());
  const auto next = subscription_.pull(*this, bytes_left, limit_ - std::min(limit_, count_), host().now());
  switch (next) {
    case Subscription::Next::cold: return read_cold();
    case Subscription::Next::more: return answer(true);
    case Subscription::Next::ended: return answer(false);
    case Subscription::Next::later: return wait_or_answer(true);
    case Subscription::Next::caught_up: return wait_or_answer(false);
  }
}

void PageExchange::wait_or_answer(bool more) {
  if (count_ > 0 || host().now() >= until_) return answer(more);
  const auto wake = subscription_.wake_at();
  connection().wake_at(wake ? std::min(*wake, until_) : until_);
}

void PageExchange::on_due() {
  if (reading_) return connection().wake_at(host().now() + std::chrono::seconds(1));
  gather();
}

void PageExchange::read_cold() {
  reading_ = true;
  host().read_cold(connection(), subscription_.cold_request(), [](Connection& there, Result<BlockPtr> block) {
    auto* page = dynamic_cast<PageExchange*>(there.exchange());
    if (page == nullptr) return;
    page->reading_ = false;
    if (!block) return there.respond(problem(block.error()));
    page->subscription_.feed(std::move(*block));
    page->gather();
  });
}

void PageExchange::answer(bool more) {
  const std::string cursor = to_string(subscription_.cursor());
  std::string body = "{\"cursor\":\"" + cursor + "\",\"records\":[";
  body.append(records_).append(more ? "],\"more\":true}" : "],\"more\":false}");
  if (count_ > 0) host().counters().records["page"] += count_;
  const std::string etag = '"' + cursor + '-' + std::to_string(crc32c(body)) + '"';
  const bool weak = worth_gzip(connection().coding(), body.size());  // not these very bytes: RFC 9110 section 8.8.3.3
  Response response = unchanged(if_none_match_, etag) ? empty_response(304) : json_response(200, std::move(body));
  response.compressible = true;
  response.with("Weir-Cursor", cursor)
      .with("ETag", (weak ? "W/" : "") + etag)
      .with("Cache-Control", "private, no-cache")
      .with("Vary", "Accept");
  connection().respond(std::move(response));
}

void PageExchange::append(std::string_view text) {
  if (count_++ > 0) records_ += ',';
  records_ += text;
}

void PageExchange::record(const Record&, std::string_view text, Cursor) { append(text); }

void PageExchange::gap(std::string_view text, Cursor) { append(text); }

}  // namespace weir::gateway
