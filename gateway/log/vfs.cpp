#include "log/vfs.h"

#include <sqlite3.h>

#include <cassert>
#include <map>
#include <memory>
#include <mutex>

#include "log/vfs_file.h"

namespace weir::gateway {

namespace {

Shim* shim_of(sqlite3_vfs* vfs) { return static_cast<Shim*>(vfs->pAppData); }

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  return VfsFile::open(shim_of(vfs), name, file, flags, out_flags);
}

// What is passed through as it is, with the VFS below as its first argument.
template <auto Method>
struct Forward;
template <class R, class... Arguments, R (*sqlite3_vfs::*Method)(sqlite3_vfs*, Arguments...)>
struct Forward<Method> {
  static R call(sqlite3_vfs* vfs, Arguments... arguments) {
    auto* below = shim_of(vfs)->below;
    return (below->*Method)(below, arguments...);
  }
};

/// Version 3 would add the replacing of system calls, which is the business of the VFS below.
sqlite3_vfs vfs_of(Shim& shim) {
  using V = sqlite3_vfs;
  sqlite3_vfs vfs{};
  vfs.iVersion = shim.below->iVersion >= 2 ? 2 : 1;
  vfs.szOsFile = static_cast<int>(sizeof(VfsFile)) + shim.below->szOsFile;
  vfs.mxPathname = shim.below->mxPathname;
  vfs.zName = shim.name.c_str();
  vfs.pAppData = &shim;
  vfs.xOpen = open;
  vfs.xDelete = Forward<&V::xDelete>::call;
  vfs.xAccess = Forward<&V::xAccess>::call;
  vfs.xFullPathname = Forward<&V::xFullPathname>::call;
  vfs.xDlOpen = Forward<&V::xDlOpen>::call;
  vfs.xDlError = [](sqlite3_vfs* self, int size, char* out) { shim_of(self)->below->xDlError(shim_of(self)->below, size, out); };
  vfs.xDlSym = [](sqlite3_vfs* self, void* library, const char* symbol) {
    return shim_of(self)->below->xDlSym(shim_of(self)->below, library, symbol);
  };
  vfs.xDlClose = [](sqlite3_vfs* self, void* library) { shim_of(self)->below->xDlClose(shim_of(self)->below, library); };
  vfs.xRandomness = Forward<&V::xRandomness>::call;
  vfs.xSleep = Forward<&V::xSleep>::call;
  vfs.xCurrentTime = Forward<&V::xCurrentTime>::call;
  vfs.xGetLastError = Forward<&V::xGetLastError>::call;
  if (vfs.iVersion >= 2) vfs.xCurrentTimeInt64 = Forward<&V::xCurrentTimeInt64>::call;
  return vfs;
}

struct Registry {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<Shim>> shims;  // by name
};

/// Never destroyed: SQLite keeps pointers into it.
Registry& registry() {
  static auto& instance = *new Registry;
  return instance;
}

std::unique_ptr<Shim> make_shim(const std::string& name, const std::string& below) {
  auto shim = std::make_unique<Shim>();
  shim->name = name;
  shim->below = sqlite3_vfs_find(below.empty() ? nullptr : below.c_str());
  assert(shim->below != nullptr);
  shim->vfs = vfs_of(*shim);
  sqlite3_vfs_register(&shim->vfs, 0);
  return shim;
}

}  // namespace

std::string register_vfs(const std::string& below) {
  const auto name = below.empty() ? std::string("weir") : "weir-" + below;
  const std::lock_guard lock(registry().mutex);
  auto& shim = registry().shims[name];
  if (!shim) shim = make_shim(name, below);
  return name;
}

const DiskCounters& disk_counters(const std::string& vfs) {
  const std::lock_guard lock(registry().mutex);
  return registry().shims.at(vfs)->counters;
}

}  // namespace weir::gateway
