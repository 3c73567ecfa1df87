#include "access/audit_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include "access/private_file.h"

namespace weir::gateway {
namespace {

constexpr std::string_view extension = ".jsonl";
constexpr std::size_t name_digits = 12;

WaitingRow by_itself(const AuditMoment& moment, std::string action, std::string target, std::string before, std::string result) {
  return {moment, {"weir", "local", std::move(action), std::move(target), std::move(before), "", std::move(result)}};
}

Result<Descriptor> lock(const std::filesystem::path& folder) {
  auto file = open_private(folder / "lock", O_RDWR | O_CREAT);
  while (file && ::flock(file->get(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_error(folder / "lock", "lock");
  }
  return file;
}

std::uint64_t size_of(const std::filesystem::path& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file, failed);
  return failed ? 0 : size;
}

/// The first row and its anchor, or nothing where the file doesn't begin with a row.
std::optional<AuditHead> beginning_of(std::string_view text) {
  const auto link = audit_link(text.substr(0, text.find('\n')));
  if (!link || link->seq == 0) return std::nullopt;
  AuditHead head;
  head.first = head.segment = link->seq;
  head.seq = link->seq - 1;
  head.anchor = head.hash = link->prev;
  return head;
}

/// From the rows alone, where the note of the head is missing: the newest row of an unbroken run in the last segment.
AuditHead head_of_rows(const std::filesystem::path& folder, const std::vector<std::uint64_t>& segments) {
  AuditHead head;
  for (const std::uint64_t segment : segments) {
    const auto text = read_file(audit_segment(folder, segment));
    auto run = text ? beginning_of(*text) : std::nullopt;
    if (!run) continue;
    run->bytes = follow_rows(*text, *run);
    run->segment = segment;
    if (head.seq != 0) run->first = head.first, run->anchor = head.anchor;
    head = *run;
  }
  return head;
}

}  // namespace

std::filesystem::path audit_folder(const std::filesystem::path& data_dir) { return data_dir / "audit"; }

std::filesystem::path audit_segment(const std::filesystem::path& folder, std::uint64_t first) {
  char name[40];
  std::snprintf(name, sizeof name, "%012llu.jsonl", static_cast<unsigned long long>(first));
  return folder / name;
}

std::vector<std::uint64_t> audit_segments(const std::filesystem::path& folder) {
  std::vector<std::uint64_t> found;
  std::error_code failed;
  for (const auto& item : std::filesystem::directory_iterator(folder, failed)) {
    const std::string name = item.path().filename().string();
    if (name.size() < name_digits + extension.size() || !name.ends_with(extension)) continue;
    std::uint64_t first = 0;
    const auto [at, error] = std::from_chars(name.data(), name.data() + name.size(), first);
    if (error == std::errc() && at == name.data() + name.size() - extension.size()) found.push_back(first);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::size_t follow_rows(std::string_view text, AuditHead& head) {
  std::size_t used = 0;
  for (;;) {
    const auto end = text.find('\n', used);
    if (end == text.npos) return used;
    const auto link = audit_link(text.substr(used, end - used));
    if (!link || link->seq != head.seq + 1 || link->prev != head.hash) return used;
    head.seq = link->seq;
    head.hash = link->hash;
    used = end + 1;
  }
}

bool torn(std::string_view rest) { return !rest.empty() && (rest.back() != '\n' || rest.find('\0') != rest.npos); }

AuditFile::AuditFile(const std::filesystem::path& data_dir, const AuditOptions& options)
    : folder_(audit_folder(data_dir)), size_max_(options.size_max), segment_max_(options.segment_max) {}

Result<void> AuditFile::prepare() {
  if (::mkdir(folder_.c_str(), 0700) == 0) {
    const Descriptor made(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (made.is_open()) give_to_owner_of(folder_.parent_path(), made.get());
    return sync_folder(folder_.parent_path());
  }
  if (errno != EEXIST) return system_error(folder_, "make this folder");
  return {};
}

/// Rows that another process, or this one before a crash, wrote after the head was noted.
Result<void> AuditFile::follow(State& state, const AuditMoment& moment) const {
  AuditHead& head = state.head;
  for (;;) {
    const auto path = audit_segment(folder_, head.segment);
    auto text = size_of(path) > head.bytes ? read_file(path) : Result<std::string>(std::string());
    if (!text) return text.error();
    if (text->size() > head.bytes) {
      head.bytes += follow_rows(std::string_view(*text).substr(head.bytes), head);
      const auto rest = std::string_view(*text).substr(head.bytes);
      if (torn(rest)) {
        if (::truncate(path.c_str(), static_cast<off_t>(head.bytes)) != 0) return system_error(path, "mend");
        ++state.mended;
        state.told.push_back(by_itself(moment, "audit.mended", path.filename().string(), "",
                                       std::to_string(rest.size()) + " bytes of a row that a power cut tore were removed"));
      }
    }
    if (head.segment == head.seq + 1 || !std::filesystem::exists(audit_segment(folder_, head.seq + 1))) return {};
    head.segment = head.seq + 1;
    head.bytes = 0;
  }
}

Result<AuditFile::State> AuditFile::load(const AuditMoment& moment) const {
  State state;
  const auto segments = audit_segments(folder_);
  const auto text = read_file(folder_ / "head.json");
  if (const auto noted = text ? decode_head(*text) : std::nullopt) {
    state.head = *noted;
  } else if (!segments.empty() && size_of(audit_segment(folder_, segments.front())) > 0) {
    state.head = head_of_rows(folder_, segments);
    state.told.push_back(by_itself(moment, "audit.head-lost", "head.json", "",
                                   "the note of the last row was missing or damaged: rows may have been cut before this one"));
  }
  if (auto followed = follow(state, moment); !followed) return followed.error();
  return state;
}

void AuditFile::start_segment(AuditHead& head, std::size_t bytes) const {
  if (head.bytes == 0 || head.bytes + bytes <= segment_max_) return;
  head.segment = head.seq + 1;
  head.bytes = 0;
}

void AuditFile::drop_oldest(State& state, const AuditMoment& moment, AuditWritten& written) const {
  auto segments = audit_segments(folder_);
  for (const std::uint64_t segment : segments) written.bytes += size_of(audit_segment(folder_, segment));
  while (segments.size() > 1 && written.bytes > size_max_ && segments.front() < state.head.segment) {
    const auto next = read_file(audit_segment(folder_, segments[1]));
    const auto begins = next ? beginning_of(*next) : std::nullopt;
    if (!begins) return;  // damaged: kept for whoever looks into it
    state.told.push_back(by_itself(moment, "audit.drop", audit_segment(folder_, segments.front()).filename().string(),
                                   "rows " + std::to_string(state.head.first) + " to " + std::to_string(begins->first - 1) +
                                       ", the last with hash " + begins->anchor,
                                   "the audit's limit of " + std::to_string(size_max_) + " bytes was reached"));
    state.head.first = begins->first;
    state.head.anchor = begins->anchor;
    written.bytes -= size_of(audit_segment(folder_, segments.front()));
    segments.erase(segments.begin());
    ++written.dropped;
  }
}

Result<void> AuditFile::write(State& state, const std::vector<WaitingRow>& rows, AuditWritten& written) const {
  std::string text;
  AuditHead head = state.head;
  for (const WaitingRow& row : rows) {
    written.rows.push_back(audit_row(++head.seq, row.moment, row.entry, head.hash));
    text.append(written.rows.back()).append("\n");
    head.hash = audit_link(written.rows.back())->hash;
  }
  const auto path = audit_segment(folder_, head.segment);
  auto file = open_private(path, O_WRONLY | O_CREAT | O_APPEND);
  if (!file) return file.error();
  const std::uint64_t before = size_of(path);
  if (before == 0) {
    if (auto synced = sync_folder(folder_); !synced) return synced;
  }
  head.bytes = before + text.size();
  auto done = write_all(path, file->get(), text);
  if (done) done = replace_private(folder_ / "head.json", encode_head(head));
  if (!done) {
    [[maybe_unused]] const int cut = ::ftruncate(file->get(), static_cast<off_t>(before));
    return done;
  }
  state.head = head;
  written.seq = head.seq;
  written.bytes += text.size();
  return {};
}

Result<AuditWritten> AuditFile::append(const std::vector<WaitingRow>& batch) {
  const auto held = lock(folder_);
  if (!held) return held.error();
  const AuditMoment moment = batch.empty() ? AuditMoment{} : batch.front().moment;
  auto state = load(moment);
  if (!state) return state.error();
  AuditWritten written;
  written.mended = state->mended;
  drop_oldest(*state, moment, written);
  auto rows = std::exchange(state->told, {});
  rows.insert(rows.end(), batch.begin(), batch.end());
  std::size_t bytes = 0;
  for (const WaitingRow& row : rows) bytes += audit_row(0, row.moment, row.entry, audit_genesis).size();
  start_segment(state->head, bytes);
  if (!rows.empty()) {
    if (auto done = write(*state, rows, written); !done) return done.error();
  }
  for (const std::uint64_t segment : audit_segments(folder_)) {
    if (segment < state->head.first) std::filesystem::remove(audit_segment(folder_, segment));
  }
  return written;
}

}  // namespace weir::gateway
