#include <algorithm>

#include "access/audit_file.h"
#include "access/private_file.h"
#include "base/text.h"

namespace weir::gateway {
namespace {

bool matches(std::string_view line, const AuditQuery& query) {
  const auto fits = [line](std::string_view glob, std::string_view member) {
    return glob.empty() || glob_match(glob, audit_member(line, member));
  };
  return fits(query.who, "who") && fits(query.action, "action") && fits(query.target, "target");
}

/// The number after `{"seq":`, be the row sound or not; 0 where there is none.
std::uint64_t seq_of(std::string_view line) {
  constexpr std::string_view begin = R"({"seq":)";
  std::uint64_t seq = 0;
  if (!line.starts_with(begin)) return 0;
  for (const char c : line.substr(begin.size(), 18)) {
    if (c < '0' || c > '9') break;
    seq = seq * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return seq;
}

class PageReader {
 public:
  explicit PageReader(const AuditQuery& query) : query_(query), limit_(std::min(query.limit, audit_limits::page_max)) {}

  /// False when the page is full, or enough was read for one.
  bool take(std::string_view text) {
    auto lines = split(text, '\n');
    if (query_.newest_first) std::reverse(lines.begin(), lines.end());
    for (const auto line : lines) {
      const auto seq = seq_of(line);
      if (seq == 0 || !in_range(seq)) continue;
      if (page_.rows.size() == limit_ || scanned_ > audit_limits::page_scan_bytes_max) return page_.more = true, false;
      scanned_ += line.size();
      page_.next = seq;
      if (matches(line, query_)) page_.rows.emplace_back(line);
    }
    return true;
  }

  /// Whether rows of a segment can be in the page at all.
  bool reaches(std::uint64_t first, std::uint64_t following) const {
    if (!query_.newest_first) return following > query_.after + 1;
    return query_.before == 0 || first < query_.before;
  }

  AuditPage page() && { return std::move(page_); }

 private:
  bool in_range(std::uint64_t seq) const {
    return query_.newest_first ? query_.before == 0 || seq < query_.before : seq > query_.after;
  }

  const AuditQuery& query_;
  const std::size_t limit_;
  AuditPage page_;
  std::size_t scanned_ = 0;
};

}  // namespace

Result<AuditPage> read_audit(const std::filesystem::path& data_dir, const AuditQuery& query) {
  const auto folder = audit_folder(data_dir);
  const auto segments = audit_segments(folder);
  PageReader reader(query);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::size_t at = query.newest_first ? segments.size() - 1 - i : i;
    const std::uint64_t following = at + 1 < segments.size() ? segments[at + 1] : UINT64_MAX;
    if (!reader.reaches(segments[at], following)) continue;
    const auto text = read_file(audit_segment(folder, segments[at]));
    if (!text) return text.error();
    if (!reader.take(*text)) break;
  }
  return std::move(reader).page();
}

}  // namespace weir::gateway
