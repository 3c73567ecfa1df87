// `key-value`: `temp=21.5 hum=40,status="ok"` or `temp: 21.5; hum: 40`.
//
// Purpose    pairs apart by spaces, commas or semicolons; each key is a metric. `time`, `timestamp` or `ts` is the time of
//            its line. With a metric, the key `value` is it, with `unit`, `quality` and the time beside it. A quoted value
//            is text, with \" and \\ inside; others are read as scalar.h says. Each line stands for itself.
// Limits     limits.h.
// Errors     a word without a value, an empty value or a key that occurs again is rejected by itself; a bad time rejects
//            its line, a quote that does not end the rest of its line.
#pragma once

#include <memory>

#include "decoders/decoder.h"

namespace weir::firmware {

Result<std::unique_ptr<Decoder>> make_key_value_decoder(const Mapping& mapping);

}  // namespace weir::firmware
