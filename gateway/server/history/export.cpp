#include "server/history/export.h"

#include <algorithm>

#include "base/limits.h"
#include "server/http/problem.h"
#include "server/loop/connection.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds stalled_max{30};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

}  // namespace

void HistoryExport::ask() {
  asking_ = true;
  connection().wake_at(host().now() + stalled_max);
  host().log().history(query_, [reply = Reply(host(), connection())](Result<HistoryAnswer> answer) {
    reply.then([page = std::make_shared<const Result<HistoryAnswer>>(std::move(answer))](Connection& there) {
      if (auto* self = dynamic_cast<HistoryExport*>(there.exchange())) self->take(page);
    });
  });
}

void HistoryExport::take(Page page) {
  asking_ = false;
  page_ = std::move(page);
  at_ = 0;
  if (!*page_) return begun_ ? connection().abort() : connection().respond(problem(page_->error()));
  gaps_.learn((*page_)->gaps);
  if (!begun_) begin();
  if (connection().head_only()) return connection().finish(true);
  pump();
}

void HistoryExport::begin() {
  begun_ = true;
  Response head;
  head.with("Content-Type", lines_.content_type());
  head.with("Content-Disposition", "attachment; filename=\"" + file_name() + "\"");
  head.compressible = true;
  std::string first(connection().head_only() ? std::string_view{} : lines_.head(raw()));
  if (connection().coding() != Coding::identity) gzip_ = host().gzips().lend();
  if (gzip_) {
    head.with("Content-Encoding", "gzip");
    first = compress(first, Gzip::Flush::none);
  }
  connection().begin_stream(head, connection().head_only() ? std::string_view{} : std::string_view(first));
}

std::string HistoryExport::compress(std::string_view data, Gzip::Flush flush) {
  std::string out;
  gzip_->append(out, data, flush);
  host().gzips().count(data.size(), out.size());
  return out;
}

/// The characters that every file system takes.
std::string HistoryExport::file_name() const {
  std::string name = query_.device + "-" + query_.metric;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_plain(c); }, '_');
  return name.append(".").append(lines_.extension());
}

/// One write in a turn.
void HistoryExport::pump() {
  if (asking_ || !begun_) return;
  connection().wake_at(host().now() + stalled_max);
  if (!connection().can_write()) return connection().want_writable();
  std::string& out = host().scratch();
  out.clear();
  bool more = true;
  while (more && out.size() < (gzip_ ? Gzips::slice_bytes : limits::write_bytes_max)) more = append_line(out);
  const bool last = !more && !(*page_)->next;
  write(last ? Gzip::Flush::finish : more ? Gzip::Flush::none : Gzip::Flush::sync);
  if (connection().closing()) return;
  if (last) return connection().finish(!connection().chunks());
  if (more) return connection().want_writable();
  query_.after = *(*page_)->next;
  ask();
}

/// The next line of the page; false where it has none.
bool HistoryExport::append_line(std::string& out) {
  const HistoryAnswer& page = **page_;
  const bool done = at_ == (raw() ? page.readings.size() : page.buckets.size());
  if (done && page.next) return false;
  const Timestamp time = done ? query_.to : raw() ? page.readings[at_].time : page.buckets[at_].start;
  if (const HistoryGap* gap = gaps_.next(time)) {
    lines_.gap(out, *gap, raw());
    return true;
  }
  if (done) return false;
  raw() ? lines_.reading(out, page.readings[at_]) : lines_.bucket(out, page.buckets[at_], page.width, unit_);
  ++at_, ++written_;
  return true;
}

/// `sync`: a page is complete; what it holds is on its way while the log looks for the next.
void HistoryExport::write(Gzip::Flush flush) {
  std::string& data = host().scratch();
  const bool last = flush == Gzip::Flush::finish;
  if (last) host().counters().records["export"] += written_;
  if (gzip_) data = compress(data, flush);
  if (!connection().chunks()) return connection().write(data);
  std::string bytes;
  bytes.reserve(data.size() + 32);
  append_chunk(bytes, data);
  if (last) bytes += last_chunk;
  connection().write(bytes);
}

void HistoryExport::on_due() {
  if (asking_) return connection().wake_at(host().now() + stalled_max);
  connection().abort();
}

void HistoryExport::on_rights_lost() { begun_ ? connection().abort() : Exchange::on_rights_lost(); }

void HistoryExport::on_shutdown() { begun_ ? connection().abort() : Exchange::on_shutdown(); }

}  // namespace weir::gateway
