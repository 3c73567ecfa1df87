// The one table of the configuration.
//
// Purpose    every key with its type, default (that of the struct), limits and meaning. The loader, `--print-config`,
//            the JSON Schema and docs/configuration.md are all made from it: a new key is one row here.
// Thread     immutable.
// Limits     in the rows.
// Errors     none.
#pragma once

#include "config/field.h"

namespace weir::gateway {

/// The top; everything else hangs below it.
const Section& root_section();

const Section& mqtt_section();  // fields_readers.cpp
const Section& serial_section();

/// All sections, each once, in the order of the documentation.
std::vector<const Section*> all_sections();

/// For people: "text", "whole number", "duration" …
std::string_view type_name(Type type);

/// What to write instead: `a duration such as "30s"`.
std::string_view type_example(Type type);

}  // namespace weir::gateway
