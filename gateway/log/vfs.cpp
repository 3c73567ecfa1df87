#include "log/vfs.h"

#include <sqlite3.h>

#include <cassert>
#include <map>
#include <memory>
#include <mutex>

#include "log/vfs_file.h"
#include "log/vfs_forward.h"

namespace weir::gateway {

namespace {

Shim* shim_of(sqlite3_vfs* vfs) { return static_cast<Shim*>(vfs->pAppData); }
sqlite3_vfs* below_of(sqlite3_vfs* vfs) { return shim_of(vfs)->below; }

int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  return VfsFile::open(shim_of(vfs), name, file, flags, out_flags);
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
  shim->vfs = forwarded_vfs<below_of>(*shim->below, sizeof(VfsFile));
  shim->vfs.zName = shim->name.c_str();
  shim->vfs.pAppData = shim.get();
  shim->vfs.xOpen = open;
  sqlite3_vfs_register(&shim->vfs, 0);
  return shim;
}

}  // namespace

std::string register_vfs(const std::string& below) {
  auto name = below.empty() ? std::string("weir") : "weir-" + below;
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
