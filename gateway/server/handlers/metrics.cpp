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
  out.gauge("weir_log_series", "Distinct series (device and metric).", stats.series);
  out.gauge("weir_log_commit_longest_seconds", "The longest commit since start.");
  out.value(std::chrono::duration<double>(stats.commit_longest).count());
}

struct ReaderMetric {
  std::string_view name, help;
  std::uint64_t firmware::ReaderStatus::*value;
};

constexpr ReaderMetric reader_counters[] = {
    {"weir_reader_messages_total", "Payloads, lines or frames that came in.", &firmware::ReaderStatus::messages},
    {"weir_reader_readings_total", "Readings handed over and committed.", &firmware::ReaderStatus::readings},
    {"weir_reader_losses_total", "Payloads, lines, frames or values that could not be taken.", &firmware::ReaderStatus::losses},
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
}

void append_connections(MetricsText& out, const Host& host) {
  std::map<std::string_view, std::uint64_t> kinds{{"request", 0}, {"long_poll", 0}, {"ndjson", 0}, {"sse", 0}, {"websocket", 0}};
  std::uint64_t idle = 0;
  for (const auto& [id, connection] : host.connections()) {
    connection->exchange() == nullptr ? ++idle : ++kinds[connection->exchange()->kind()];
  }
  out.gauge("weir_server_connections", "Connections by what they are doing.");
  out.value(idle, {{"kind", "idle"}});
  for (const auto& [kind, count] : kinds) out.value(count, {{"kind", kind}});
}

void append_server(MetricsText& out, Host& host) {
  append_connections(out, host);
  const Counters& counters = host.counters();
  out.counter("weir_server_connections_total", "Connections accepted since start.", counters.connections);
  out.counter("weir_server_connections_refused_total", "Requests refused for a limit on connections.",
              counters.connections_refused);
  out.counter("weir_server_bytes_total", "Bytes written to clients.", counters.bytes);
  out.counter("weir_server_responses_total", "Answers by status.");
  for (const auto& [status, count] : counters.responses) out.value(count, {{"status", std::to_string(status)}});
  out.counter("weir_server_records_total", "Records delivered by transport.");
  for (const auto& [kind, count] : counters.records) out.value(count, {{"transport", kind}});
  out.counter("weir_server_records_encoded_total", "Records encoded: each once, however many clients get it.",
              host.encoded().encoded());
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
  append_log(out, call.host.log().stats());
  append_readers(out, call.host.context().readers());
  append_server(out, call.host);
  append_consumers(out, call.host);
  Response response;
  response.body = out.take();
  response.with("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  return response;
}

}  // namespace weir::gateway
