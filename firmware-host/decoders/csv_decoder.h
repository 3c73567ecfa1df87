// `csv`: lines of values whose columns the configuration names.
//
// Purpose    `2026-11-21T10:11:12Z,21.5,"door open"` with columns = ["time", "temperature", "state"]. Each column is a
//            metric; "-" skips one, "time" is the time stamp. With a metric there is one such column and the metric names it.
//            Quotes after RFC 4180; what is quoted is text, what is not is read as scalar.h says. A first line that
//            repeats the column names is a heading and is skipped.
// Limits     limits.h.
// Errors     a line with another number of columns, a quote that does not end or a bad time is rejected whole; a bad or
//            empty field by itself.
#pragma once

#include <memory>

#include "decoders/decoder.h"

namespace weir::firmware {

Result<std::unique_ptr<Decoder>> make_csv_decoder(const Mapping& mapping);

}  // namespace weir::firmware
