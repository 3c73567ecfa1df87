// Salvage: what is readable of a damaged log becomes history of the one that took its place.
//
// Purpose    a log that was set aside is read partition by partition and its journal part by part; what is whole goes into
//            partitions of their own, which history answers from and cursors pass over: they belong to another epoch.
// Thread     the fold thread, a piece at a time.
// Ownership  the store's database and the dictionary outlive it.
// Limits     pieces of salvage_bytes_max.
// Errors     `invalid` where the damaged file gives nothing: it says why. Other errors are of the log that takes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "log/fold.h"
#include "log/partition.h"

namespace weir::gateway {

inline constexpr std::uint64_t salvage_bytes_max = std::uint64_t{4} << 20U;

class Salvage {
 public:
  using SeriesNames = std::vector<std::pair<std::string, std::string>>;
  /// Makes series and units known to the log, in its database, before anything refers to them.
  using Intern = std::function<Result<void>(const SeriesNames& series, const std::vector<std::string>& units)>;

  static Result<std::unique_ptr<Salvage>> open(const std::filesystem::path& aside, const std::string& vfs, Database& into,
                                               Dictionary& dictionary);

  /// Takes the names over; again as long as it fails with `full`.
  Result<void> name(const Intern& intern);
  /// How many partitions were looked at, the journal being the last: to go on from there after a restart.
  std::size_t progress() const { return next_partition_; }
  void resume(std::size_t progress) { next_partition_ = progress; }
  /// The next partition that was salvaged, with an id of its own; empty at the end.
  Result<std::optional<Partition>> next(std::int64_t id);

  std::uint64_t salvaged() const { return salvaged_; }
  std::uint64_t lost() const { return lost_; }  // as far as the damaged file says how many there were

 private:
  Salvage(Database from, Database& into, Dictionary& dictionary) : from_(std::move(from)), into_(into), dictionary_(dictionary) {}
  Result<void> read_names();
  void find_parts(const std::filesystem::path& aside, const std::string& vfs);
  Names names() const;

  Result<std::optional<Partition>> take_partition(const Partition& old, std::int64_t id);
  Result<std::optional<Partition>> take_journal(std::int64_t id);
  void read_segment(PartitionReader& reader, std::vector<Record>& records);
  Result<void> begin(std::int64_t id, std::uint64_t first_seq);
  Result<void> put(const std::vector<Record>& records);
  Result<void> flush();
  Result<Partition> finish();

  Database from_;
  Database& into_;
  Dictionary& dictionary_;
  std::map<std::uint32_t, std::pair<std::string, std::string>> old_series_;
  std::map<std::uint32_t, std::string> old_units_;
  std::vector<Partition> old_partitions_;
  std::size_t next_partition_ = 0;
  std::vector<JournalPartPtr> parts_;
  std::uint64_t salvaged_ = 0, lost_ = 0;

  // The partition that is being made.
  Partition made_;
  std::unique_ptr<Folded> folded_;
  std::unique_ptr<SegmentMaker> segments_;
};

}  // namespace weir::gateway
