#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "server/handlers/handlers.h"
#include "server/handlers/metrics_text.h"

#ifndef WEIR_VERSION
#define WEIR_VERSION "unknown"
#endif

namespace weir::gateway {
namespace {

void append_log(MetricsText& out, const LogStats& stats) {
  out.gauge("weir_log_head", "Sequence number of the newest record.", stats.head);
  out.gauge("weir_log_oldest", "Sequence number of the oldest record that is held.", stats.oldest);
  out.counter("weir_log_commits_total", "Commits since start.", stats.commits);
  out.counter("weir_log_records_total", "Records committed since start.", stats.records);
  out.gauge("weir_log_bytes", "Size of the log on disk.", stats.bytes);
  out.gauge("weir_log_queued_readings", "Readings that wait for a commit.", stats.queued_readings);
  out.counter("weir_log_refused_total", "Readings refused because the queue was full.", stats.refused);
  out.counter("weir_log_losses_total", "Values lost, as counted by loss records.", stats.losses);
  out.counter("weir_log_duplicates_total", "Readings that nodes sent again and were there already.", stats.duplicates);
  out.counter("weir_log_dropped_records_total", "Records dropped by retention.", stats.dropped_records);
  out.counter("weir_log_thinned_records_total", "Readings of which retention kept the minute's summary only.",
              stats.thinned_records);
  out.counter("weir_log_damaged_records_total", "Records lost to damage of the disk.", stats.damaged_records);
  out.gauge("weir_log_series", "Distinct series (device and metric).", stats.series);
  out.gauge("weir_log_commit_longest_seconds", "The longest commit since start.");
  out.value(std::chrono::duration<double>(stats.commit_longest).count());
}

/// docs/metrics.md says what to alert on.
void append_disk(MetricsText& out, const LogStats& stats, const LogOptions& options) {
  out.gauge("weir_log_size_limit_bytes", "What all files of the log together may take.", options.size_max);
  out.gauge("weir_log_file_bytes", "Size of the log on disk by what it is for; aside: damaged files that are kept.");
  out.value(stats.database_bytes, {{"file", "database"}});
  out.value(stats.journal_bytes, {{"file", "journal"}});
  out.value(stats.aside_bytes, {{"file", "aside"}});
  out.counter("weir_log_folded_records_total", "Records folded into compressed chunks.", stats.folded_records);
  out.counter("weir_log_folded_bytes_total", "Bytes of the chunks that records were folded into.", stats.folded_bytes);
  out.gauge("weir_log_space_short", "1 while the file system is full: what is kept is being thinned.",
            std::uint64_t{stats.space_short});
  out.gauge("weir_log_unclean_start", "1 when the run before did not stop in order.", std::uint64_t{stats.unclean_start});
}

void append_flash(MetricsText& out, const LogStats& stats) {
  out.counter("weir_log_written_bytes_total", "Bytes written to the disk since start.", stats.written_bytes);
  out.gauge("weir_log_written_bytes_per_day", "Bytes written to the disk in a day at the present rate: the wear of its flash.",
            stats.written_bytes_per_day);
  out.gauge("weir_log_flash_budget_bytes_per_day", "flash_budget_per_day of the configuration; 0: none.",
            stats.flash_budget_per_day);
  out.counter("weir_log_syncs_total", "Times that the disk was asked to keep what was written.", stats.syncs);
  out.gauge("weir_log_sync_interval_seconds",
            "What a power cut may take at most; 0 with durability fast: all that was not synced.");
  out.value(std::chrono::duration<double>(stats.sync_interval).count());
  out.gauge("weir_clock_synchronised", "1 when the board's clock is set; readings are marked until then.",
            std::uint64_t{stats.clock_synchronised});
}

struct ReaderMetric {
  std::string_view name, help;
  std::uint64_t firmware::ReaderStatus::*value;
};

constexpr ReaderMetric reader_counters[] = {
    {"weir_reader_messages_total", "Payloads, lines or frames that came in.", &firmware::ReaderStatus::messages},
    {"weir_reader_readings_total", "Readings handed over and committed.", &firmware::ReaderStatus::readings},
    {"weir_reader_losses_total", "Payloads, lines, frames or values that could not be taken.", &firmware::ReaderStatus::losses},
    {"weir_reader_polls_total", "Requests to devices on a polled line.", &firmware::ReaderStatus::polls},
    {"weir_reader_poll_retries_total", "Polls that were sent again, for no answer came.", &firmware::ReaderStatus::retries},
    {"weir_reader_unanswered_total", "Requests on a polled line that nobody answered in time.",
     &firmware::ReaderStatus::unanswered},
    {"weir_reader_connects_total", "Times the connection was made.", &firmware::ReaderStatus::connects},
};

void append_readers(MetricsText& out, const std::vector<firmware::ReaderStatus>& readers) {
  if (readers.empty()) return;
  out.gauge("weir_reader_connected", "1 while the reader is connected.");
  for (const auto& reader : readers) {
    out.value(std::uint64_t{reader.connected ? 1U : 0U}, {{"reader", reader.name}, {"kind", reader.kind}});
  }
  for (const ReaderMetric& metric : reader_counters) {
    out.counter(metric.name, metric.help);
    for (const auto& reader : readers) out.value(reader.*metric.value, {{"reader", reader.name}, {"kind", reader.kind}});
  }
  out.counter("weir_reader_line_busy_seconds_total",
              "Time in which a serial line carried bytes, or waited for an answer to a poll.");
  for (const auto& reader : readers)
    if (reader.kind == "serial") out.value(std::chrono::duration<double>(reader.line_busy).count(), {{"reader", reader.name}});
}

void append_connections(MetricsText& out, const Host& host) {
  std::map<std::string_view, std::uint64_t> kinds{{"request", 0}, {"export", 0}, {"long_poll", 0},
                                                  {"ndjson", 0},  {"sse", 0},    {"websocket", 0}};
  std::uint64_t idle = 0;
  for (const auto& [id, connection] : host.connections()) {
    connection->exchange() == nullptr ? ++idle : ++kinds[connection->exchange()->kind()];
  }
  out.gauge("weir_server_connections", "Connections by what they are doing.");
  out.value(idle, {{"kind", "idle"}});
  for (const auto& [kind, count] : kinds) out.value(count, {{"kind", kind}});
}

void append_refusals(MetricsText& out, const Refusals& refusals) {
  out.counter("weir_server_connections_refused_total", "Connections refused at one of the limits on them.",
              refusals.of(Refusal::connections) + refusals.of(Refusal::connections_per_address) +
                  refusals.of(Refusal::connections_per_token));
  out.counter("weir_server_refused_total", "What was refused, by the limit that was met.");
  for (std::size_t i = 0; i < refusals_count; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    out.value(refusals.of(refusal), {{"limit", to_string(refusal)}});
  }
}

void append_server(MetricsText& out, Host& host) {
  append_connections(out, host);
  if (host.tls()) {
    const auto expires = host.certificate()->pair().facts.not_after.time_since_epoch();
    out.gauge("weir_server_certificate_expires_seconds", "When the TLS certificate ends, in seconds since 1970.");
    out.value(static_cast<std::uint64_t>(std::max<std::int64_t>(std::chrono::floor<std::chrono::seconds>(expires).count(), 0)));
  }
  const Counters& counters = host.counters();
  out.counter("weir_server_connections_total", "Connections accepted since start.", counters.connections);
  append_refusals(out, counters.refusals);
  out.counter("weir_server_bytes_total", "Bytes written to clients.", counters.bytes);
  out.counter("weir_server_responses_total", "Answers by status.");
  for (const auto& [status, count] : counters.responses) out.value(count, {{"status", std::to_string(status)}});
  out.counter("weir_server_records_total", "Records delivered by transport.");
  for (const auto& [kind, count] : counters.records) out.value(count, {{"transport", kind}});
  out.counter("weir_server_records_encoded_total", "Records encoded: each once, however many clients get it.",
              host.encoded().encoded());
  out.counter("weir_server_writes_shared_total", "Writes of bytes that another client of the same wishes was sent before.",
              host.shared_writes().shared());
  out.counter("weir_server_messages_compressed_total",
              "WebSocket messages compressed, each once for all clients that are sent it.", host.deflate().compressed());
}

void append_gzip(MetricsText& out, Host& host) {
  const Gzips& gzips = host.gzips();
  out.counter("weir_server_gzip_plain_bytes_total", "Bytes of answers that were compressed, before it.", gzips.plain_bytes());
  out.counter("weir_server_gzip_sent_bytes_total", "The same, after it.", gzips.compressed_bytes());
  out.counter("weir_server_gzip_skipped_total", "Long answers that were sent as they are: all compressors were taken.",
              gzips.refused());
}

void append_audit(MetricsText& out, const AuditStats& stats) {
  out.counter("weir_audit_rows_total", "Rows that were added to the audit.", stats.rows);
  out.counter("weir_audit_refused_total", "Rows that the disk or a full queue refused, and so what they were to tell of.",
              stats.refused);
  out.counter("weir_audit_lost_total", "Notes of the audit that were lost to a full queue.", stats.lost);
  out.counter("weir_audit_mended_total", "Last rows that a power cut tore.", stats.mended);
  out.counter("weir_audit_dropped_segments_total", "Oldest files of the audit dropped at its limit.", stats.dropped);
  out.gauge("weir_audit_bytes", "Size of the audit on disk.", stats.bytes);
  out.gauge("weir_audit_size_limit_bytes", "What it may take; then the oldest file is dropped.", stats.size_max);
}

void append_consumers(MetricsText& out, Host& host) {
  if (host.consumers().all().empty()) return;
  out.gauge("weir_consumer_lag_records", "Records that a durable consumer has not acknowledged.");
  const std::uint64_t head = host.log().head();
  for (const auto& [name, seq] : host.consumers().all()) out.value(head - std::min(head, seq), {{"consumer", name}});
}

/// proc(5): the second number of statm is the resident pages.
std::uint64_t resident_bytes() {
  std::uint64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void append_process(MetricsText& out) {
  out.gauge("weir_build_info", "1, with the version as a label.");
  out.value(std::uint64_t{1}, {{"version", WEIR_VERSION}});
  out.gauge("weir_process_resident_memory_bytes", "Resident memory.", resident_bytes());
}

}  // namespace

Outcome metrics(Call& call) {
  MetricsText out;
  append_process(out);
  const LogStats stats = call.host.log().stats();
  append_log(out, stats);
  append_disk(out, stats, call.host.context().log_options);
  append_flash(out, stats);
  append_readers(out, call.host.context().readers());
  append_server(out, call.host);
  append_gzip(out, call.host);
  append_consumers(out, call.host);
  append_audit(out, call.host.audit().stats());
  Response response;
  response.body = out.take();
  response.compressible = true;
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace weir::gateway
