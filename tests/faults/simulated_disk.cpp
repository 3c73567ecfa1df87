#include "faults/simulated_disk.h"

#include <csignal>

#include "faults/simulated_file.h"
#include "log/vfs_forward.h"

namespace weir::faults {

namespace {

sqlite3_vfs* below_of(sqlite3_vfs* vfs) { return static_cast<SimulatedDisk*>(vfs->pAppData)->below(); }

}  // namespace

SimulatedDisk::SimulatedDisk(const std::string& vfs_name) : name_(vfs_name), below_(sqlite3_vfs_find(nullptr)) {
  vfs_ = gateway::forwarded_vfs<below_of>(*below_, sizeof(SimulatedFile));
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = open;
  vfs_.xDelete = remove;
  sqlite3_vfs_register(&vfs_, 0);
}

void SimulatedDisk::reset(const std::filesystem::path& folder, bool tracing) {
  std::lock_guard lock(mutex_);
  folder_ = folder;
  tracing_ = tracing;
  trace_ = {};
  ids_.clear();
  counts_ = {};
  fault_.reset();
  struck_ = false;
  capacity_ = 0;
}

void SimulatedDisk::mark(std::uint64_t number) { note({.operation = Operation::mark, .offset = number}); }

std::size_t SimulatedDisk::steps() const {
  std::lock_guard lock(mutex_);
  return trace_.steps.size();
}

Trace SimulatedDisk::take_trace() {
  std::lock_guard lock(mutex_);
  tracing_ = false;
  return std::move(trace_);
}

void SimulatedDisk::arm(Fault fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
  counted_ = 0;
  struck_ = false;
}

void SimulatedDisk::disarm() {
  std::lock_guard lock(mutex_);
  fault_.reset();
}

bool SimulatedDisk::struck() const {
  std::lock_guard lock(mutex_);
  return struck_;
}

std::uint64_t SimulatedDisk::count(Operation operation) const {
  std::lock_guard lock(mutex_);
  return counts_.at(static_cast<std::size_t>(operation));
}

void SimulatedDisk::set_capacity(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

std::optional<Cause> SimulatedDisk::due(Operation operation) {
  std::lock_guard lock(mutex_);
  ++counts_.at(static_cast<std::size_t>(operation));
  if (!fault_ || fault_->operation != operation) return std::nullopt;
  ++counted_;
  if (counted_ != fault_->nth && !(fault_->for_good && counted_ > fault_->nth)) return std::nullopt;
  struck_ = true;
  if (fault_->cause == Cause::kill) std::raise(SIGKILL);
  return fault_->cause;
}

std::uint32_t SimulatedDisk::file_id(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto name = std::filesystem::path(path).filename().string();
  const auto [found, added] = ids_.try_emplace(name, static_cast<std::uint32_t>(trace_.files.size()));
  if (added) trace_.files.push_back(name);
  return found->second;
}

void SimulatedDisk::note(Step step) {
  std::lock_guard lock(mutex_);
  if (!tracing_) return;
  step.at = std::chrono::steady_clock::now();
  trace_.steps.push_back(std::move(step));
}

/// Counts afresh at each write: files come and go without this VFS (a ballast, a file that is set aside).
bool SimulatedDisk::has_room(std::uint64_t more) const {
  std::lock_guard lock(mutex_);
  if (capacity_ == 0) return true;
  std::uint64_t used = more;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
    if (!entry.path().string().ends_with("-shm")) used += entry.file_size(ignored);
  }
  return used <= capacity_;
}

int SimulatedDisk::open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  return SimulatedFile::open(*static_cast<SimulatedDisk*>(vfs->pAppData), name, file, flags, out_flags);
}

int SimulatedDisk::remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
  auto& disk = *static_cast<SimulatedDisk*>(vfs->pAppData);
  if (disk.due(Operation::remove)) return SQLITE_IOERR_DELETE;
  const int code = disk.below_->xDelete(disk.below_, name, sync_folder);
  if (code == SQLITE_OK) disk.note({.operation = Operation::remove, .file = disk.file_id(name), .folder = sync_folder != 0});
  return code;
}

}  // namespace weir::faults
