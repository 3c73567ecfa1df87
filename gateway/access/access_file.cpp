#include "access/access_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace weir::gateway {
namespace {

Error not_ours(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCode::invalid,
          path.string() + ": " + what + "; nobody is let in: restore it from a backup, or move it away and make new tokens"};
}

Result<std::string> read_all(const std::filesystem::path& path, int fd) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t size = ::read(fd, buffer, sizeof buffer);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return system_error(path, "read");
    if (size == 0) return text;
    text.append(buffer, static_cast<std::size_t>(size));
    if (text.size() > access_limits::file_bytes_max) return not_ours(path, "larger than this program ever writes it");
  }
}

std::int64_t modified_ns(const struct stat& status) {
  return std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec;
}

}  // namespace

AccessFile::AccessFile(std::filesystem::path data_dir)
    : dir_(std::move(data_dir)), path_(dir_ / "access.json"), lock_path_(dir_ / "access.lock") {}

Result<void> AccessFile::prepare() {
  std::error_code failed;
  if (!std::filesystem::exists(dir_, failed)) {
    if (dir_.has_parent_path()) std::filesystem::create_directories(dir_.parent_path(), failed);
    if (::mkdir(dir_.c_str(), 0700) != 0 && errno != EEXIST) return system_error(dir_, "make this folder");
  }
  struct stat status {};
  if (::stat(dir_.c_str(), &status) != 0) return system_error(dir_, "look into this folder");
  if (!S_ISDIR(status.st_mode)) return Error{ErrorCode::invalid, dir_.string() + ": not a folder; set data_dir to one"};
  if ((status.st_mode & S_IWOTH) != 0) {
    return Error{ErrorCode::invalid, dir_.string() + ": everybody may write here, and so make tokens; chmod o-w it"};
  }
  return {};
}

void AccessFile::remember(Descriptor held) {
  struct stat status {};
  if (held.is_open()) ::fstat(held.get(), &status);
  known_ = std::move(held);
  known_ns_ = modified_ns(status);
  known_size_ = status.st_size;
}

bool AccessFile::changed() const {
  struct stat now {
  }, known{};
  if (::stat(path_.c_str(), &now) != 0) return known_.is_open();
  if (!known_.is_open() || ::fstat(known_.get(), &known) != 0) return true;
  return now.st_ino != known.st_ino || now.st_dev != known.st_dev || modified_ns(now) != known_ns_ || now.st_size != known_size_;
}

Result<AccessFile::Version> AccessFile::load() const {
  Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return Version{};
  if (!file.is_open()) return system_error(path_, "open");
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(path_, "look at");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return not_ours(path_, "others may read or write it (chmod 600 is right)");
  auto text = read_all(path_, file.get());
  if (!text) return text.error();
  auto state = decode_access(*text);
  if (!state) return not_ours(path_, state.error().message);
  return Version{std::move(file), std::move(*state)};
}

Result<AccessState> AccessFile::read() {
  auto version = load();
  if (!version) {
    remember(Descriptor(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)));  // the same fault is read once
    return version.error();
  }
  remember(std::move(version->held));
  return std::move(version->state);
}

Result<AccessState> AccessFile::change(const std::function<Result<void>(AccessState&)>& edit) {
  const Descriptor lock(::open(lock_path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.is_open()) return system_error(lock_path_, "open");
  give_to_owner_of(dir_, lock.get());
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return system_error(lock_path_, "lock");
  }
  auto version = load();
  if (!version) return version.error();
  if (auto edited = edit(version->state); !edited) return edited.error();
  auto written = write(version->state);
  if (!written) return written.error();
  remember(std::move(*written));
  return std::move(version->state);
}

Result<Descriptor> AccessFile::write(const AccessState& state) const {
  const std::filesystem::path fresh = path_.string() + ".new";
  Descriptor file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return system_error(fresh, "make");
  if (::fchmod(file.get(), 0600) != 0) return system_error(fresh, "protect");
  give_to_owner_of(dir_, file.get());
  if (auto written = write_all(fresh, file.get(), encode_access(state)); !written) return written.error();
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return system_error(path_, "replace");
  if (auto synced = sync_folder(dir_); !synced) return synced.error();
  return file;
}

}  // namespace weir::gateway
