// Descriptions: the API as OpenAPI 3.1 and AsyncAPI 3.0, built into the program.
//
// Purpose    what `GET /openapi.json` and `GET /asyncapi.json` answer with. Generated from the files beside this one.
// Thread     immutable; any thread.
// Ownership  everything points into the program's read-only data and lives as long as it.
// Limits     none: tests hold them against the table of routes, limits.h and a running server.
// Errors     none.
#pragma once

#include <span>

#include "dashboard/assets.h"

namespace weir::gateway {

/// Nothing of this gateway is in them: they are the same for every one of its version, and may be read by anybody.
std::span<const Asset> api_descriptions();

}  // namespace weir::gateway
