#include <algorithm>

#include "base/json.h"
#include "server/handlers/handlers.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "unknown"
#endif

namespace weir::gateway {
namespace {

/// Members of one object, in the order in which they are put.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  std::string& name(std::string_view member) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, member);
    return out_ += ':';
  }
  void text(std::string_view member, std::string_view value) { append_json_string(name(member), value); }
  void number(std::string_view member, std::uint64_t value) { name(member) += std::to_string(value); }
  void flag(std::string_view member, bool value) { name(member) += value ? "true" : "false"; }

 private:
  std::string& out_;
};

std::string_view name_of(Durability durability) {
  switch (durability) {
    case Durability::fast: return "fast";
    case Durability::bounded: return "bounded";
    case Durability::strict: return "strict";
  }
  return "";
}

void append_readiness(Object& out, const Readiness& readiness) {
  out.flag("ready", readiness.ready);
  std::string& text = out.name("reasons");
  text += '[';
  for (const std::string& reason : readiness.reasons) {
    if (text.back() != '[') text += ',';
    append_json_string(text, reason);
  }
  text += ']';
}

void append_reader(std::string& text, const firmware::ReaderStatus& reader) {
  Object out(text);
  out.text("name", reader.name);
  out.text("kind", reader.kind);
  out.text("where", reader.where);
  out.flag("connected", reader.connected);
  if (!reader.detail.empty()) out.text("detail", reader.detail);
  out.number("messages", reader.messages);
  out.number("readings", reader.readings);
  out.number("losses", reader.losses);
}

void append_log(std::string& text, const LogStats& stats, const LogOptions& options, std::uint32_t epoch) {
  Object out(text);
  out.text("head", to_string(Cursor{epoch, stats.head}));
  out.text("oldest", to_string(Cursor{epoch, stats.oldest}));
  out.number("series", stats.series);
  out.number("bytes", stats.bytes);
  out.number("size_max", options.size_max);
  out.text("age_max", format_duration(options.age_max));
  out.number("database_bytes", stats.database_bytes);
  out.number("journal_bytes", stats.journal_bytes);
  out.number("aside_bytes", stats.aside_bytes);
  out.flag("space_short", stats.space_short);
  out.text("durability", name_of(options.durability));
  out.text("sync_interval", format_duration(stats.sync_interval));
  out.flag("unclean_start", stats.unclean_start);
  if (!stats.replaced.empty()) out.text("replaced", stats.replaced.string());
}

void append_flash(std::string& text, const LogStats& stats) {
  Object out(text);
  out.number("written_bytes", stats.written_bytes);
  out.number("written_bytes_per_day", stats.written_bytes_per_day);
  out.number("budget_per_day", stats.flash_budget_per_day);
}

/// What was let go as configured is told apart: it worries nobody.
bool by_retention(const LossEntry& entry) { return entry.reason == "expired" || entry.reason == "thinned"; }

void append_losses(std::string& text, const Log& log, const LogStats& stats, Timestamp now) {
  std::uint64_t lost = 0, let_go = 0;
  for (const LossEntry& entry : log.losses()) {
    if (entry.last >= now - std::chrono::hours(24)) (by_retention(entry) ? let_go : lost) += entry.count;
  }
  Object out(text);
  out.number("since_start", stats.losses);
  out.number("last_day", lost);
  out.number("last_day_retention", let_go);
}

void append_time_now(std::string& text, Timestamp now, bool synchronised) {
  Object out(text);
  out.text("time", format_time(now));
  out.flag("synchronised", synchronised);
}

void append_tls(std::string& text, const CertificateFacts& certificate) {
  Object out(text);
  out.text("fingerprint", certificate.fingerprint);
  out.text("subject", certificate.subject);
  out.text("expires", format_time(certificate.not_after));
}

void append_readers(std::string& text, const std::vector<firmware::ReaderStatus>& readers) {
  text += '[';
  for (const auto& reader : readers) {
    if (text.back() != '[') text += ',';
    append_reader(text, reader);
  }
  text += ']';
}

}  // namespace

Outcome show_status(Call& call) {
  const ServerContext& context = call.host.context();
  const LogStats stats = context.log.stats();
  const Timestamp now = call.host.clock().wall();
  std::string body;
  {
    Object out(body);
    out.text("version", WEIR_VERSION);
    out.number("uptime_seconds", static_cast<std::uint64_t>(call.host.uptime().count()));
    append_readiness(out, context.readiness());
    append_readers(out.name("readers"), context.readers());
    append_log(out.name("log"), stats, context.log_options, context.log.epoch());
    append_flash(out.name("flash"), stats);
    append_losses(out.name("losses"), context.log, stats, now);
    append_time_now(out.name("clock"), now, stats.clock_synchronised);
    if (call.host.tls()) append_tls(out.name("tls"), call.host.certificate()->pair().facts);
    out.number("connections", call.host.connections().size());
  }
  return json_response(200, std::move(body));
}

}  // namespace weir::gateway
