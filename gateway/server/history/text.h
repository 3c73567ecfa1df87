// Buckets, gaps and readings as text: JSON for programs, CSV for spreadsheets.
//
// Purpose    one writing of each, for the answer as a document and for exports.
// Thread     pure.
// Ownership  appends to the caller's string.
// Limits     none of its own.
// Errors     none. Source: RFC 8259, RFC 4180.
#pragma once

#include <string>
#include <string_view>

#include "log/log.h"

namespace weir::gateway {

/// `"time":…,"count":…[,"min":…,"mean":…,"max":…],"last":…`
void append_bucket_members(std::string& out, const Bucket& bucket);
/// `"from":…,"to":…,"reason":…[,"lost":…]`
void append_gap_members(std::string& out, const HistoryGap& gap);

/// One series as lines. What an export is made of.
class HistoryLines {
 public:
  virtual ~HistoryLines() = default;
  virtual std::string_view content_type() const = 0;
  virtual std::string_view extension() const = 0;
  virtual std::string_view head(bool raw) const = 0;  // before the first line
  virtual void reading(std::string& out, const Record& reading) const = 0;
  virtual void bucket(std::string& out, const Bucket& bucket, std::chrono::seconds width, std::string_view unit) const = 0;
  virtual void gap(std::string& out, const HistoryGap& gap, bool raw) const = 0;
};
const HistoryLines& ndjson_lines();

/// Text that a spreadsheet would take for a formula begins with an apostrophe: who named a device is nobody's reason to run
/// anything. A gap is a row without a value: a chart breaks its line there.
const HistoryLines& csv_lines();

}  // namespace weir::gateway
