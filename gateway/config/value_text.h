// A row's value as TOML, for the printer and the documentation.
#pragma once

#include <string>

#include "config/field.h"

namespace weir::gateway {

/// Empty where the key is absent: no text, no number, an empty list. Secrets are masked.
std::string toml_text(const Field& field, const FieldValue& value);

}  // namespace weir::gateway
