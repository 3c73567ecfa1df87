// The body of a rollup's row. docs/storage.md.
//
// Purpose    written by RollupBuilder, read by decode_buckets().
// Thread     pure functions; scratch memory of the calling thread is used again.
// Ownership  none.
// Limits     rollup_buckets_max.
// Errors     of decode_buckets().
#pragma once

#include <string>
#include <vector>

#include "log/rollup.h"

namespace weir::gateway {

/// By time, none twice. Sums are rounded to the decimals that the readings have, where that changes no digit that is known.
std::string encode_buckets(const std::vector<Bucket>& buckets, std::int64_t id);

}  // namespace weir::gateway
