// Aside: damaged logs that are kept beside the one that took their place.
//
// Purpose    `weir.db` with its WAL and its journal becomes `weir.db.damaged-TIME`, so that nothing of it is lost before it
//            is salvaged, and somebody can still look at it.
// Thread     the opening thread, then the fold thread.
// Ownership  none.
// Limits     their bytes count to `size_max`; the oldest is removed when space runs short.
// Errors     what can't be renamed or removed stays where it is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace weir::gateway {

inline constexpr std::string_view aside_infix = ".damaged-";

inline constexpr std::string_view replaced_infix = ".replaced-";  // by restore(): sound, and nobody salvages or removes it

/// Renames all files of the log; returns the database's new name.
std::filesystem::path set_aside(const std::filesystem::path& file, Timestamp now, std::string_view infix = aside_infix);

/// The databases that were set aside, oldest first.
std::vector<std::filesystem::path> asides(const std::filesystem::path& file);
/// Of all files that belong to one, or to all.
std::uint64_t aside_bytes(const std::filesystem::path& aside);
void remove_aside(const std::filesystem::path& aside);

/// Damage that is found when the log runs: a mark for the next start.
void mark_damaged(const std::filesystem::path& file);
bool marked_damaged(const std::filesystem::path& file);
Error damage_was_found(const std::filesystem::path& file);

}  // namespace weir::gateway
