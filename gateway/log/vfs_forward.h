// Forwarding: what a VFS that lies over another one passes through as it is.
//
// Purpose    ForwardFile<F, &sqlite3_io_methods::xLock>::call and ForwardVfs<below_of, &sqlite3_vfs::xSleep>::call have the
//            signature of the method and call it on what lies below.
// Thread     that of the caller.
// Ownership  none. F begins with a sqlite3_file and has below().
// Limits     none.
// Errors     those of the VFS below.
#pragma once

#include <sqlite3.h>

namespace weir::gateway {

template <class F, auto Method>
struct ForwardFile;
template <class F, class R, class... Arguments, R (*sqlite3_io_methods::*Method)(sqlite3_file*, Arguments...)>
struct ForwardFile<F, Method> {
  static R call(sqlite3_file* file, Arguments... arguments) {
    auto* below = reinterpret_cast<F*>(file)->below();
    return (below->pMethods->*Method)(below, arguments...);
  }
};

template <auto BelowOf, auto Method>
struct ForwardVfs;
template <auto BelowOf, class R, class... Arguments, R (*sqlite3_vfs::*Method)(sqlite3_vfs*, Arguments...)>
struct ForwardVfs<BelowOf, Method> {
  static R call(sqlite3_vfs* vfs, Arguments... arguments) {
    auto* below = BelowOf(vfs);
    return (below->*Method)(below, arguments...);
  }
};

/// All methods passed through. Version 3 would add memory-mapped reading, past whoever looks at what is read.
template <class F>
constexpr sqlite3_io_methods forwarded_methods(int version) {
  using M = sqlite3_io_methods;
  M methods{};
  methods.iVersion = version;
  methods.xClose = ForwardFile<F, &M::xClose>::call;
  methods.xRead = ForwardFile<F, &M::xRead>::call;
  methods.xWrite = ForwardFile<F, &M::xWrite>::call;
  methods.xTruncate = ForwardFile<F, &M::xTruncate>::call;
  methods.xSync = ForwardFile<F, &M::xSync>::call;
  methods.xFileSize = ForwardFile<F, &M::xFileSize>::call;
  methods.xLock = ForwardFile<F, &M::xLock>::call;
  methods.xUnlock = ForwardFile<F, &M::xUnlock>::call;
  methods.xCheckReservedLock = ForwardFile<F, &M::xCheckReservedLock>::call;
  methods.xFileControl = ForwardFile<F, &M::xFileControl>::call;
  methods.xSectorSize = ForwardFile<F, &M::xSectorSize>::call;
  methods.xDeviceCharacteristics = ForwardFile<F, &M::xDeviceCharacteristics>::call;
  methods.xShmMap = ForwardFile<F, &M::xShmMap>::call;
  methods.xShmLock = ForwardFile<F, &M::xShmLock>::call;
  methods.xShmBarrier = ForwardFile<F, &M::xShmBarrier>::call;
  methods.xShmUnmap = ForwardFile<F, &M::xShmUnmap>::call;
  return methods;
}

/// All of `below` passed through, in front of each file's memory `file_bytes` of one's own. Version 3 would add the
/// replacing of system calls, which is the business of the VFS below.
template <auto BelowOf>
sqlite3_vfs forwarded_vfs(const sqlite3_vfs& below, std::size_t file_bytes) {
  using V = sqlite3_vfs;
  V vfs{};
  vfs.iVersion = below.iVersion >= 2 ? 2 : 1;
  vfs.szOsFile = static_cast<int>(file_bytes) + below.szOsFile;
  vfs.mxPathname = below.mxPathname;
  vfs.xDelete = ForwardVfs<BelowOf, &V::xDelete>::call;
  vfs.xAccess = ForwardVfs<BelowOf, &V::xAccess>::call;
  vfs.xFullPathname = ForwardVfs<BelowOf, &V::xFullPathname>::call;
  vfs.xDlOpen = ForwardVfs<BelowOf, &V::xDlOpen>::call;
  vfs.xDlError = ForwardVfs<BelowOf, &V::xDlError>::call;
  vfs.xDlSym = [](V* self, void* library, const char* symbol) { return BelowOf(self)->xDlSym(BelowOf(self), library, symbol); };
  vfs.xDlClose = ForwardVfs<BelowOf, &V::xDlClose>::call;
  vfs.xRandomness = ForwardVfs<BelowOf, &V::xRandomness>::call;
  vfs.xSleep = ForwardVfs<BelowOf, &V::xSleep>::call;
  vfs.xCurrentTime = ForwardVfs<BelowOf, &V::xCurrentTime>::call;
  vfs.xGetLastError = ForwardVfs<BelowOf, &V::xGetLastError>::call;
  if (vfs.iVersion >= 2) vfs.xCurrentTimeInt64 = ForwardVfs<BelowOf, &V::xCurrentTimeInt64>::call;
  return vfs;
}

}  // namespace weir::gateway
