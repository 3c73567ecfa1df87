#include "base/json.h"
#include "server/handlers/handlers.h"
#include "server/history/export.h"
#include "server/history/request.h"
#include "server/history/text.h"
#include "stream/format.h"

namespace weir::gateway {
namespace {

constexpr std::size_t page_bytes_max = std::size_t{1} << 20U;  // of readings in one answer; a page that is cut has `next`

/// Of the newest reading; empty: none, or not known any more.
std::string unit_of(const Latest& latest, const HistoryQuery& query) {
  const auto device = latest.devices().find(query.device);
  if (device == latest.devices().end()) return "";
  for (const std::uint32_t id : device->second.series) {
    const Record* newest = latest.newest(id);
    if (newest != nullptr && newest->series->metric == query.metric) return *newest->unit;
  }
  return "";
}

std::string head_of(const HistoryQuery& query, const std::string& unit) {
  std::string out = "{\"device\":";
  append_json_string(out, query.device);
  out += ",\"metric\":";
  append_json_string(out, query.metric);
  if (!unit.empty()) {
    out += ",\"unit\":";
    append_json_string(out, unit);
  }
  out.append(",\"from\":\"").append(format_time(query.from)).append("\",\"to\":\"").append(format_time(query.to));
  return out += '"';
}

void append_gaps(std::string& out, const std::vector<HistoryGap>& gaps) {
  out += ",\"gaps\":[";
  for (const HistoryGap& gap : gaps) {
    out += out.back() == '[' ? "{" : ",{";
    append_gap_members(out, gap);
    out += '}';
  }
  out += "]}";
}

void append_buckets(std::string& out, const HistoryAnswer& answer) {
  out.append(",\"width\":\"").append(format_duration(answer.width)).append("\",\"buckets\":[");
  for (const Bucket& bucket : answer.buckets) {
    out += out.back() == '[' ? "{" : ",{";
    append_bucket_members(out, bucket);
    out += '}';
  }
  out += ']';
}

void append_readings(std::string& out, const HistoryAnswer& answer, std::uint32_t epoch) {
  out += ",\"readings\":[";
  auto next = answer.next;
  for (auto reading = answer.readings.begin(); reading != answer.readings.end(); ++reading) {
    if (reading != answer.readings.begin()) out += ',';
    append_json(out, *reading);
    if (out.size() < page_bytes_max || reading + 1 == answer.readings.end()) continue;
    next = reading->seq;
    break;
  }
  out += ']';
  if (next) out.append(",\"next\":\"").append(to_string(Cursor{epoch, *next})).append("\"");
}

Response document(const HistoryQuery& query, const std::string& unit, const HistoryAnswer& answer, std::uint32_t epoch) {
  std::string body = head_of(query, unit);
  query.buckets > 0 ? append_buckets(body, answer) : append_readings(body, answer, epoch);
  append_gaps(body, answer.gaps);
  return json_response(200, std::move(body));
}

/// Written and compressed on the history thread: ten thousand buckets cost the server's nothing but their bytes.
Outcome answer_document(Call& call, HistoryQuery query, std::string unit) {
  Log& log = call.host.log();
  auto done = [reply = Reply(call.host, call.connection), query, unit = std::move(unit), epoch = log.epoch(),
               coding = call.connection.coding()](const Result<HistoryAnswer>& answer) {
    reply(answer ? gzipped(document(query, unit, *answer, epoch), coding) : problem(answer.error()));
  };
  log.history(std::move(query), std::move(done));
  return std::make_unique<Pending>(call.connection);
}

}  // namespace

Outcome open_history(Call& call) {
  const bool named = !call.request.parameter("format").empty();
  const auto accepted = named ? HistoryForm::document : negotiate_history(call.request.accept);
  if (!accepted) return problem(406, "Accept: application/json, application/x-ndjson or text/csv");
  auto asked = parse_history(call.request, *accepted, call.host.clock().wall(), call.host.log().epoch());
  if (!asked) return problem(asked.error());
  const Scope& scope = call.principal.scope;
  if (!scope.has_kind("reading") || !scope.has_device(asked->query.device))
    return problem(403, call.principal.name + " is limited to other devices or kinds");
  std::string unit = unit_of(call.host.latest(), asked->query);
  if (asked->form == HistoryForm::document) return answer_document(call, std::move(asked->query), std::move(unit));
  AuditEntry entry = audit_entry(call, "history.export", asked->query.device + " " + asked->query.metric);
  entry.after = format_time(asked->query.from) + " to " + format_time(asked->query.to);
  entry.result = asked->form == HistoryForm::csv ? "begun as CSV" : "begun as NDJSON";
  call.host.audit().note(std::move(entry));
  const HistoryLines& lines = asked->form == HistoryForm::csv ? csv_lines() : ndjson_lines();
  return std::make_unique<HistoryExport>(call.connection, std::move(asked->query), lines, std::move(unit));
}

}  // namespace weir::gateway
