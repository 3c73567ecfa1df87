// LibraryHoles: what is known against the libwebsockets that this process runs on.
//
// Purpose    one table: what the start of a listener that others can reach prints, and what `weir doctor` says.
// Thread     reads one file; any thread.
// Limits     the table is of its day; 1 MiB of the package's changelog.
// Errors     none: a changelog that can't be read tells of no patch.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace weir::gateway {

struct LibraryHole {
  std::string_view name;   // "CVE-2025-11677", or the commit that closed it
  std::string_view what;   // what it lets others do
  std::string_view fixed;  // "4.3.7, 4.4.2, 4.5.0": the first of each branch
  std::string_view here;   // why nobody gets at it through this gateway
};

std::string library_version();  // "4.1.6"

/// Those of a version; without what the distribution's changelog names as patched.
std::vector<LibraryHole> library_holes(std::string_view version, std::string_view changelog);
std::vector<LibraryHole> library_holes();  // of this process

/// The changelog of the Debian package that the library came in; empty where there is none.
std::string library_changelog(const std::filesystem::path& documents = "/usr/share/doc");

/// "libwebsockets 4.1.6: CVE-2025-11677 (…); here: …"
std::string describe(const LibraryHole& hole, std::string_view version);

inline constexpr std::string_view library_remedy =
    "install libwebsockets 4.4.5, 4.5.8 or later where the distribution has it; until then let strangers in through nginx or "
    "HAProxy only (gateway/docs/proxies.md)";

}  // namespace weir::gateway
