#include "server/history/request.h"

#include "base/limits.h"
#include "server/http/negotiate.h"
#include "server/http/parameters.h"

namespace weir::gateway {
namespace {

constexpr std::uint64_t points_default = 500;
constexpr std::size_t export_readings = 2000;  // of one page: what an export holds in memory
constexpr std::chrono::hours range_default{24};

Result<HistoryForm> parse_form(const Request& request, HistoryForm accepted) {
  const std::string_view format = request.parameter("format");
  if (format.empty()) return accepted;
  if (format == "json") return HistoryForm::document;
  if (format == "ndjson") return HistoryForm::ndjson;
  if (format == "csv") return HistoryForm::csv;
  return invalid_parameter("format", "must be json, ndjson or csv");
}

Result<void> parse_series(const Request& request, HistoryQuery& query) {
  query.device = request.parameter("device");
  query.metric = request.parameter("metric");
  if (query.device.empty()) return invalid_parameter("device", "is missing: history is of one series, device and metric");
  if (query.metric.empty()) return invalid_parameter("metric", "is missing: history is of one series, device and metric");
  return {};
}

Result<void> parse_range(const Request& request, Timestamp now, HistoryQuery& query) {
  const auto to = time_parameter(request, "to", now, now);
  if (!to) return to.error();
  const auto from = time_parameter(request, "from", now, *to - range_default);
  if (!from) return from.error();
  if (*from >= *to) return invalid_parameter("from", "must be before `to` (" + format_time(*to) + ")");
  query.from = *from;
  query.to = *to;
  return {};
}

Result<void> parse_page(const Request& request, HistoryForm form, std::uint32_t epoch, HistoryQuery& query) {
  const bool pages = form == HistoryForm::document && query.buckets == 0;
  for (const char* name : {"limit", "after"}) {
    if (!pages && !request.parameter(name).empty()) return invalid_parameter(name, "goes with points=0 as JSON only");
  }
  const auto limit = whole_parameter(request, "limit", 1, limits::page_records_max, limits::page_records_default);
  if (!limit) return limit.error();
  query.readings = query.buckets > 0 ? 0 : pages ? static_cast<std::size_t>(*limit) : export_readings;
  if (request.parameter("after").empty()) return {};
  const auto after = Cursor::parse(request.parameter("after"));
  if (!after) return invalid_parameter("after", "is not the `next` of an earlier answer");
  if (after->epoch != epoch) return Error{ErrorCode::conflict, "after: the log has begun anew since; ask again without it"};
  query.after = after->seq;
  return {};
}

}  // namespace

std::optional<HistoryForm> negotiate_history(std::string_view accept) {
  static constexpr MediaType types[] = {
      {"application/json", "application/*"}, {"application/x-ndjson", ""}, {"text/csv", "text/*"}};
  const auto chosen = negotiate_type(accept, types);
  return chosen ? std::optional(static_cast<HistoryForm>(*chosen)) : std::nullopt;
}

Result<HistoryRequest> parse_history(const Request& request, HistoryForm accepted, Timestamp now, std::uint32_t epoch) {
  if (auto known = check_parameters(request, {"device", "metric", "from", "to", "points", "limit", "after", "format"}); !known) {
    return known.error();
  }
  HistoryRequest asked;
  const auto form = parse_form(request, accepted);
  if (!form) return form.error();
  asked.form = *form;
  if (auto series = parse_series(request, asked.query); !series) return series.error();
  if (auto range = parse_range(request, now, asked.query); !range) return range.error();
  const auto points = whole_parameter(request, "points", 0, limits::history_buckets_max,
                                      asked.form == HistoryForm::document ? points_default : 0);
  if (!points) return points.error();
  asked.query.buckets = static_cast<std::size_t>(*points);
  if (auto page = parse_page(request, asked.form, epoch, asked.query); !page) return page.error();
  return asked;
}

}  // namespace weir::gateway
