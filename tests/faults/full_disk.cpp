// A full disk: `faults-full-disk [CYCLES] [SEED]`. Something else fills a small file system to its last bytes while a log is
// written, and goes away again: the log never stops, takes appends again without a restart, keeps what it promised, and counts
// what retention took meanwhile. A tmpfs where this may be mounted (as root), else a simulated disk.
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <future>
#include <memory>
#include <set>

#include "faults/proof.h"
#include "faults/random.h"
#include "faults/reopened.h"
#include "faults/simulated_disk.h"
#include "support/temporary_folder.h"

namespace weir::faults {
namespace {

using namespace std::chrono_literals;
using gateway::Log;

constexpr std::uint64_t disk_bytes = std::uint64_t{24} << 20U;
constexpr auto patience = 20s;  // until appends are taken again

/// A small file system, and a file on it that takes what room there is.
class SmallDisk {
 public:
  SmallDisk() : simulated_("small-disk") {
    mounted_ = ::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, ("size=" + std::to_string(disk_bytes)).c_str()) == 0;
    simulated_.reset(folder_.path());
    if (!mounted_) simulated_.set_capacity(disk_bytes);
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::string vfs() const { return mounted_ ? std::string() : simulated_.vfs(); }

  /// All but `left` bytes, whatever the log does meanwhile.
  void fill(std::uint64_t left) {
    const int fd = ::open(filler().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    off_t size = 0;
    constexpr off_t block = 4096;
    while (size < static_cast<off_t>(disk_bytes) && (mounted_ || free_bytes() > block) && ::posix_fallocate(fd, size, block) == 0)
      size += block;
    if (::ftruncate(fd, std::max<off_t>(0, size - static_cast<off_t>(left))) != 0) std::abort();
    ::close(fd);
  }
  void free() { std::filesystem::remove(filler()); }
  /// Who has how much of it.
  std::string shares() const {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      text += entry.path().filename().string() + " " + std::to_string(entry.file_size()) + ", ";
    return text + "free " + std::to_string(mounted_ ? std::filesystem::space(folder_.path()).available : free_bytes());
  }

 private:
  std::filesystem::path filler() const { return folder_.path() / "something-else"; }
  /// Of the simulated one.
  std::uint64_t free_bytes() const {
    std::uint64_t used = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) used += entry.file_size();
    return disk_bytes - std::min(disk_bytes, used);
  }

  tests::TemporaryFolder folder_;
  SimulatedDisk simulated_;
  bool mounted_ = false;
};

struct Tally {
  std::uint64_t appends = 0, refused = 0, cycles_with_refusals = 0;
  std::chrono::steady_clock::duration longest_resume{};
};

class Cycles {
 public:
  Cycles(Proof& proof, SmallDisk& disk, Log& log) : proof_(proof), disk_(disk), log_(log) {}

  void run(std::uint64_t cycle, Random& random) {
    const auto refused = tally_.refused;
    append_for(random.below(200) * 1ms);
    disk_.fill(random.one_in(3) ? 0 : random.below(200'000));
    append_for(300ms + random.below(1200) * 1ms);
    disk_.free();
    const auto freed = std::chrono::steady_clock::now();
    while (!append()) {
      if (std::chrono::steady_clock::now() - freed > patience)
        return proof_.broken("cycle " + std::to_string(cycle), "nothing is taken, though there is room again: " + disk_.shares());
    }
    tally_.longest_resume = std::max(tally_.longest_resume, std::chrono::steady_clock::now() - freed);
    if (tally_.refused > refused) ++tally_.cycles_with_refusals;
  }

  const Tally& tally() const { return tally_; }
  const std::set<std::uint64_t>& promised() const { return promised_; }

 private:
  void append_for(std::chrono::milliseconds time) {
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) append();
  }

  /// Where it is refused it has waited for the fold.
  bool append() {
    ++tally_.appends;
    const auto committed = log_.append_and_wait(append_of({proof_.seed(), 0, 400}, ++number_), 10s);
    if (committed) promised_.insert(committed->last);
    if (!committed && committed.error().code != ErrorCode::full && committed.error().code != ErrorCode::timed_out)
      proof_.broken("append " + std::to_string(number_), committed.error().message);
    if (!committed) ++tally_.refused;
    return committed.ok();
  }

  Proof& proof_;
  SmallDisk& disk_;
  Log& log_;
  Tally tally_;
  std::uint64_t number_ = 0;
  std::set<std::uint64_t> promised_;  // the last number of each append
};

/// What was promised is there, unless retention took it: then it was counted.
void hold_against(Proof& proof, Log& log, std::set<std::uint64_t> promised, const gateway::LogStats& before) {
  if (!log.stats().replaced.empty()) proof.broken("opening again", "the file was set aside as damaged");
  const auto gone = log.oldest() - 1;
  const auto now = log.stats();  // its start may have had to make room for the last folds
  const auto counted = before.dropped_records + before.thinned_records + now.dropped_records + now.thinned_records;
  if (counted < gone)
    proof.broken("counting", std::to_string(gone) + " records are gone, of which " + std::to_string(counted) + " were counted");
  std::uint64_t told = 0;
  for (const auto& loss : log.losses()) told += loss.reason == "thinned" || loss.reason == "expired" ? loss.count : 0;
  if (told < gone)
    proof.broken("telling", std::to_string(gone) + " records are gone, of which " + std::to_string(told) + " are in the ledger");
  promised.erase(promised.begin(), promised.lower_bound(log.oldest()));
  for (std::uint64_t after = 0;;) {
    std::promise<Result<gateway::BlockPtr>> answer;
    log.read(after, 10'000, [&](Result<gateway::BlockPtr> block) { answer.set_value(std::move(block)); });
    const auto block = answer.get_future().get();
    if (!block) return proof.broken("reading", block.error().message);
    if (*block == nullptr) break;
    for (const auto& record : (*block)->records) promised.erase(record.seq);
    after = (*block)->last();
  }
  if (!promised.empty()) proof.broken("reading", "number " + std::to_string(*promised.begin()) + " was promised and is missing");
}

int run(Proof& proof) {
  SmallDisk disk;
  const gateway::LogOptions options{.file = disk.path() / "weir.db", .size_max = 64'000'000, .vfs = disk.vfs()};
  SystemClock clock;
  std::uint64_t cycle = 0;
  auto log = Log::open(
      options, clock,
      {.on_commit = [] {},
       .on_fatal = [&](const Error& error) { proof.broken("cycle " + std::to_string(cycle), "it stopped: " + error.message); }});
  if (!log) return proof.broken("start", log.error().message), proof.finish(0);
  Cycles cycles(proof, disk, **log);
  Random random(proof.seed());
  for (; !proof.over(cycle); ++cycle) cycles.run(cycle, random);
  (*log)->close();  // takes what it needs for the last fold
  const auto stats = (*log)->stats();
  log->reset();
  auto again = Log::open(options, clock, {.on_commit = [] {}, .on_fatal = [](const Error&) {}});
  if (!again) {
    proof.broken("opening again", again.error().message);
  } else {
    hold_against(proof, **again, cycles.promised(), stats);
  }
  const auto& tally = cycles.tally();
  proof.figure("on_a_mounted_file_system", disk.mounted() ? 1 : 0);
  proof.figure("appends", tally.appends);
  proof.figure("appends_refused", tally.refused);
  proof.figure("cycles_with_refusals", tally.cycles_with_refusals);
  proof.figure("records_dropped_and_counted", stats.dropped_records);
  proof.figure("records_thinned_and_counted", stats.thinned_records);
  proof.figure("longest_resume_ms",
               static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(tally.longest_resume).count()));
  return proof.finish(cycle);
}

}  // namespace
}  // namespace weir::faults

int main(int argc, char** argv) {
  weir::faults::Proof proof("full-disk", argc, argv, 200);
  return weir::faults::run(proof);
}
