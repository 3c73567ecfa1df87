#include "server/library_holes.h"

#include <libwebsockets.h>
#include <zlib.h>

#include <array>
#include <charconv>
#include <memory>

#include "base/text.h"

namespace weir::gateway {
namespace {

constexpr std::size_t changelog_bytes_max = std::size_t{1} << 20U;

using Version = std::array<unsigned, 3>;

/// All are old: each is there from the first version that this gateway can be built with.
constexpr std::array<LibraryHole, 5> table = {{
    {"CVE-2025-11677", "memory that was given back is read where a request asks for an upgrade to what is no WebSocket",
     "4.3.7, 4.4.2, 4.5.0", "the upgrade is decided on a copy of the request, and refused"},
    {"CVE-2025-11678", "an answer to a name lookup overflows the stack", "4.3.7, 4.4.2, 4.5.0",
     "no names are looked up through the library"},
    {"commit 5eb0361f6", "a negative Content-Length keeps a request open for ever", "4.4.5, 4.5.8",
     "only digits count, and the connection is closed"},
    {"commit d8039eec5", "HTTP/2: CONTINUATION frames without end take all memory", "4.4.5, 4.5.8", "HTTP/2 is off"},
    {"commit 1a848fc33", "HTTP/2: a header table of negative size", "4.4.5, 4.5.8", "HTTP/2 is off"},
}};

Version parse(std::string_view text) {
  Version version{};
  for (std::size_t i = 0; i < version.size() && !text.empty(); ++i) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version[i]);
    if (error != std::errc()) break;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.starts_with('.')) break;
    text.remove_prefix(1);
  }
  return version;
}

/// A branch has its own first version; what comes after the newest branch has it anyway.
bool has_fix(const Version& version, std::string_view fixed) {
  Version last{};
  for (const std::string_view text : split(fixed, ',')) {
    last = parse(text.starts_with(' ') ? text.substr(1) : text);
    if (version[0] == last[0] && version[1] == last[1]) return version >= last;
  }
  return version >= last;
}

}  // namespace

std::string library_version() {
  const std::string_view text = lws_get_library_version();  // "4.1.6-", "4.3.5-no_hash"
  return std::string(text.substr(0, text.find('-')));
}

std::vector<LibraryHole> library_holes(std::string_view version, std::string_view changelog) {
  std::vector<LibraryHole> holes;
  for (const LibraryHole& hole : table) {
    if (!has_fix(parse(version), hole.fixed) && changelog.find(hole.name) == changelog.npos) holes.push_back(hole);
  }
  return holes;
}

std::vector<LibraryHole> library_holes() { return library_holes(library_version(), library_changelog()); }

std::string library_changelog(const std::filesystem::path& documents) {
  std::error_code ignored;
  for (const auto& folder : std::filesystem::directory_iterator(documents, ignored)) {
    const std::string name = folder.path().filename().string();
    if (!name.starts_with("libwebsockets") || name.size() < 14 || name[13] < '0' || name[13] > '9') continue;
    const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen((folder.path() / "changelog.Debian.gz").c_str(), "rbe"),
                                                             gzclose);
    if (!file) continue;
    std::string text(changelog_bytes_max, '\0');
    const int size = gzread(file.get(), text.data(), static_cast<unsigned>(text.size()));
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  return "";
}

std::string describe(const LibraryHole& hole, std::string_view version) {
  return "libwebsockets " + std::string(version) + ": " + std::string(hole.name) + ": " + std::string(hole.what) + "; fixed in " +
         std::string(hole.fixed) + "; here " + std::string(hole.here);
}

}  // namespace weir::gateway
