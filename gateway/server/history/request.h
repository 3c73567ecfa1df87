// HistoryRequest: the parameters of GET /v1/history. CONTRACT 4.3.
//
// Purpose    what is asked, of which series, from when to when, how fine, and how it is to be written.
// Thread     pure.
// Ownership  plain value.
// Limits     points 0 to limits::history_buckets_max; limit 1 to limits::page_records_max.
// Errors     `invalid` with the parameter's name; `conflict` where `after` is of a log that was replaced since.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "log/log.h"
#include "server/http/request.h"

namespace weir::gateway {

enum class HistoryForm : std::uint8_t { document, ndjson, csv };

/// RFC 9110 section 12.5.1: weight, then specificity, then the order. Absent, `*/*`: JSON. Nothing: none of them (406).
std::optional<HistoryForm> negotiate_history(std::string_view accept);

struct HistoryRequest {
  HistoryForm form = HistoryForm::document;
  HistoryQuery query;  // its page size too

  bool raw() const { return query.buckets == 0; }
};

Result<HistoryRequest> parse_history(const Request& request, HistoryForm accepted, Timestamp now, std::uint32_t epoch);

}  // namespace weir::gateway
