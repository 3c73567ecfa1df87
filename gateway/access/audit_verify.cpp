#include "access/audit_file.h"
#include "access/private_file.h"

namespace weir::gateway {
namespace {

std::string row_name(std::uint64_t seq) { return "row " + std::to_string(seq); }

/// Reads all segments in order and stops at the first row that is not as it was written.
class Verifier {
 public:
  Verifier(std::filesystem::path folder, const AuditHead& noted) : folder_(std::move(folder)), noted_(noted), at_(noted) {
    at_.seq = noted.first - 1;
    at_.hash = noted.anchor;
  }

  Result<AuditVerified> run() {
    for (const std::uint64_t segment : audit_segments(folder_)) {
      if (segment < noted_.first) continue;  // dropped, and a crash came before it was removed
      file_ = audit_segment(folder_, segment);
      const auto text = read_file(file_);
      if (!text) return text.error();
      if (!take(*text)) break;
    }
    if (found_.fault.empty()) check_end();
    found_.rows = at_.seq - (noted_.first - 1);
    found_.first = noted_.first;
    found_.last = at_.seq;
    found_.hash = at_.hash;
    return std::move(found_);
  }

 private:
  bool fail(const std::string& what) {
    found_.fault = file_.filename().string() + ": " + what;
    return false;
  }

  bool take(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      const auto rest = end == text.npos ? std::string_view() : text.substr(end + 1);
      if (at_.seq >= noted_.seq && torn(text) && !next(text.substr(0, end))) {
        found_.remark = file_.filename().string() + ": " + std::to_string(text.size()) +
                        " bytes of a row that a power cut tore; removed at the next row";
        return true;
      }
      if (end == text.npos) return fail(row_name(at_.seq + 1) + " was cut");
      if (!take_row(text.substr(0, end), rest)) return false;
      text = rest;
    }
    return true;
  }

  bool next(std::string_view line) const {
    const auto link = audit_link(line);
    return link && link->seq == at_.seq + 1 && link->prev == at_.hash;
  }

  bool take_row(std::string_view line, std::string_view rest) {
    if (!next(line)) return fail(what_is_wrong(line, rest));
    const auto link = audit_link(line);
    at_.seq = link->seq;
    at_.hash = link->hash;
    if (at_.seq == noted_.seq && at_.hash != noted_.hash)
      return fail(row_name(at_.seq) + " or one before it was changed, and the rows after that were written anew");
    if (audit_member(line, "action") == "audit.head-lost" && audit_member(line, "who") == "weir")
      return fail(row_name(at_.seq) + " says that the note of the last row was missing: rows may have been cut before it");
    return true;
  }

  std::string what_is_wrong(std::string_view line, std::string_view rest) const {
    const std::uint64_t due = at_.seq + 1;
    const auto link = audit_link(line);
    if (link && link->seq > due && has_row(rest, due) && !has_row(rest, link->seq))
      return row_name(due) + " was moved behind " + row_name(link->seq);
    if (next(rest.substr(0, rest.find('\n')))) return "a row was inserted before " + row_name(due);
    if (!link) return row_name(due) + " was changed";
    if (link->seq < due) return "a second " + row_name(link->seq) + " was inserted, or moved, after " + row_name(at_.seq);
    if (link->seq == due) return row_name(due) + " does not follow the row before it: it or that one was written anew";
    if (link->seq == due + 1) return row_name(due) + " was removed";
    return "rows " + std::to_string(due) + " to " + std::to_string(link->seq - 1) + " were removed";
  }

  static bool has_row(std::string_view text, std::uint64_t seq) {
    const std::string begin = "{\"seq\":" + std::to_string(seq) + ",";
    return text.starts_with(begin) || text.find("\n" + begin) != text.npos;
  }

  void check_end() {
    if (at_.seq >= noted_.seq) return;
    found_.fault = "rows " + std::to_string(at_.seq + 1) + " to " + std::to_string(noted_.seq) + " were cut off at the end";
  }

  const std::filesystem::path folder_;
  const AuditHead noted_;
  AuditHead at_;
  std::filesystem::path file_;
  AuditVerified found_;
};

}  // namespace

Result<AuditVerified> verify_audit(const std::filesystem::path& data_dir) {
  const auto folder = audit_folder(data_dir);
  const auto text = read_file(folder / "head.json");
  const auto noted = text ? decode_head(*text) : std::nullopt;
  AuditVerified none;
  if (!noted && audit_segments(folder).empty() && !text) return none;  // nothing was audited yet
  if (!noted) {
    none.fault = "head.json: the note of the last row is missing or damaged: rows may have been cut at the end";
    return none;
  }
  return Verifier(folder, *noted).run();
}

}  // namespace weir::gateway
