// `value`: the payload is one value, its device and metric come from the mapping.
//
// Purpose    `21.5`, `true`, `ON`, `"a JSON string"`, plain text; white space around it is dropped. See scalar.h.
// Limits     limits.h.
// Errors     rejected: nothing, `null`, NaN, what is not printable UTF-8, and JSON objects and arrays (`json` reads those).
#pragma once

#include <memory>

#include "decoders/decoder.h"

namespace weir::firmware {

Result<std::unique_ptr<Decoder>> make_value_decoder(const Mapping& mapping);

}  // namespace weir::firmware
