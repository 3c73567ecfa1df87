// Trace: everything that a folder's files were told, in order.
//
// Purpose    what a SimulatedDisk writes down and a DiskImage reads: the files as a power cut would have left them, at any
//            step, without running anything again.
// Thread     plain values.
// Ownership  owns the bytes.
// Limits     memory: a trace holds all that was written.
// Errors     none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace weir::faults {

enum class Operation : std::uint8_t { open, read, write, sync, truncate, remove, mark };

struct Step {
  Operation operation;     // never `read`; `open` only where it made the file
  std::uint32_t file = 0;  // index into Trace::files
  // Of a write: where. Of a truncation: the new size. Of a mark: its number. Of a sync: how many steps there were when it
  // began, for what others wrote meanwhile is not covered by it.
  std::uint64_t offset = 0;
  bool folder = false;  // a sync or a removal that also synced what is in the folder
  std::string bytes;    // of a write
  std::chrono::steady_clock::time_point at;
};

struct Trace {
  std::vector<std::string> files;  // names within the folder
  std::vector<Step> steps;
};

}  // namespace weir::faults
