// `json`: one object may carry many metrics; JSON pointers say where things are.
//
// Purpose    with a metric: the payload is one value, or an object whose member `value` it is, with `unit`, `quality` and
//            `time` beside it. Without: each number, boolean and string of the object is a metric of its own, nested ones
//            named with dots ("motor.phase.0"), except the time and what the mapping's pointers point at.
//            An array of objects is many such objects. The mapping's unit wins over the payload's: it may correct it.
// Limits     limits.h.
// Errors     a bad member is rejected by itself, `null` too; a bad time or device rejects its object.
#pragma once

#include <memory>

#include "decoders/decoder.h"

namespace weir::firmware {

Result<std::unique_ptr<Decoder>> make_json_decoder(const Mapping& mapping);

}  // namespace weir::firmware
