// Power cuts: `faults-power [CUTS] [SEED]`. Scripts are run and traced; then the power is cut at every step of each trace, and
// again while the log recovers from some of those cuts. gateway/docs/promises.md says what must hold then.
#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

#include "faults/power_cut.h"
#include "faults/proof.h"
#include "faults/random.h"
#include "faults/reopened.h"
#include "faults/simulated_disk.h"
#include "support/temporary_folder.h"

namespace weir::faults {
namespace {

using namespace std::chrono_literals;
using gateway::Durability;
using gateway::LogOptions;

constexpr unsigned scripts_at_once = 8;
constexpr unsigned cuts_of_a_recovery = 4;

struct Recorded {
  std::unique_ptr<Script> script;
  Trace trace;
  std::chrono::steady_clock::duration stalled{};  // how long this machine kept a sleeper waiting, at the longest
  std::uint64_t sector_bytes() const { return script->plan().seed % 3 == 0 ? 4096 : 512; }
  bool strict() const { return script->plan().options.durability == Durability::strict; }
};

/// The longest that somebody who wanted to sleep for a moment had to wait.
class StallWatch {
 public:
  StallWatch() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}
  std::chrono::steady_clock::duration longest() {
    thread_.request_stop();
    thread_.join();
    return longest_;
  }

 private:
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const auto before = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(5ms);
      longest_ = std::max(longest_, std::chrono::steady_clock::now() - before - 5ms);
    }
  }
  std::chrono::steady_clock::duration longest_{};
  std::jthread thread_;
};

Recorded record(SimulatedDisk& disk, std::uint64_t seed) {
  tests::TemporaryFolder folder(Proof::fast_folder());
  disk.reset(folder.path(), true);
  LogOptions options{.file = folder.path() / "weir.db", .vfs = disk.vfs(), .boot = "first"};
  Recorded recorded{.script = std::make_unique<Script>(plan_of(seed, options))};
  recorded.script->place = [&disk] { return disk.steps(); };
  StallWatch stalls;
  recorded.script->run();
  recorded.stalled = stalls.longest();
  recorded.trace = disk.take_trace();
  return recorded;
}

/// What must be kept when the power goes after `step` steps.
Expected expected_at(const Recorded& recorded, std::size_t step) {
  const auto& promises = recorded.script->promises();
  Expected expected{.script = recorded.script.get()};
  const auto made = std::partition_point(promises.begin(), promises.end(), [&](const auto& each) { return each.place <= step; });
  expected.given = expected.promised = static_cast<std::size_t>(made - promises.begin());
  if (recorded.strict()) return expected;
  const auto& steps = recorded.trace.steps;
  const auto cut_at = steps[std::min(step, steps.size() - 1)].at;
  const auto second = 1s + recorded.stalled;
  const auto old = std::partition_point(promises.begin(), made, [&](const auto& each) { return each.at + second < cut_at; });
  expected.promised = static_cast<std::size_t>(old - promises.begin());
  return expected;
}

struct Tally {
  std::atomic<std::uint64_t> cuts = 0, in_recovery = 0, strict = 0, records = 0, lost = 0;
};

class Worker {
 public:
  Worker(Proof& proof, Tally& tally, unsigned number)
      : proof_(proof), tally_(tally), disk_("recovery-" + std::to_string(number)), folder_(Proof::fast_folder()) {}

  /// Every `of`-th step of the trace, from `first` on.
  void cut_all(const Recorded& recorded, unsigned first, unsigned of) {
    PowerCut cut(recorded.trace, {}, recorded.sector_bytes());
    for (auto step = std::size_t{first}; step <= recorded.trace.steps.size(); step += of) {
      if (proof_.over(tally_.cuts)) return;
      cut.advance_to(step);
      const auto seed = recorded.script->plan().seed * 1'000'003 + step;
      Random random(seed);
      const auto image = cut.cut(random);
      if (random.one_in(16)) {
        cut_recovery(recorded, image, step, random);
      } else {
        check(recorded, image, step, "");
      }
    }
  }

 private:
  LogOptions options(const Recorded& recorded, const char* boot) const {
    auto options = recorded.script->plan().options;
    options.file = folder_.path() / "weir.db";
    options.vfs.clear();
    options.boot = boot;
    return options;
  }

  void check(const Recorded& recorded, const Image& image, std::size_t step, const std::string& then) {
    write_folder(image, folder_.path());
    auto expected = expected_at(recorded, step);
    expected.went_on = !then.empty();
    const auto outcome = reopen(options(recorded, then.empty() ? "second" : "third"), expected);
    ++tally_.cuts;
    tally_.strict += recorded.strict() ? 1 : 0;
    tally_.records += outcome.records;
    tally_.lost += outcome.lost;
    if (!outcome.broken) return;
    if (const auto kept = std::filesystem::temp_directory_path() / "weir-broken"; std::filesystem::create_directory(kept))
      write_folder(image, kept);  // of the first, for whoever looks into it
    proof_.broken("script " + std::to_string(recorded.script->plan().seed) + (recorded.strict() ? " (strict)" : " (bounded)") +
                      ", step " + std::to_string(step) + " of " + std::to_string(recorded.trace.steps.size()) + then,
                  *outcome.broken);
  }

  /// The power goes, comes back, and goes again while the log starts or just has.
  void cut_recovery(const Recorded& recorded, const Image& image, std::size_t step, Random& random) {
    write_folder(image, folder_.path());
    disk_.reset(folder_.path(), true);
    auto recovering = options(recorded, "second");
    recovering.vfs = disk_.vfs();
    (void)reopen(recovering, expected_at(recorded, step));
    const auto trace = disk_.take_trace();
    PowerCut again(trace, image, recorded.sector_bytes());
    for (unsigned i = 0; i < cuts_of_a_recovery; ++i) {
      const auto left = trace.steps.size() - again.step();
      again.advance_to(again.step() + random.below(left / (cuts_of_a_recovery - i) + 1));
      ++tally_.in_recovery;
      check(recorded, again.cut(random), step, ", step " + std::to_string(again.step()) + " of the recovery");
    }
  }

  Proof& proof_;
  Tally& tally_;
  SimulatedDisk disk_;
  tests::TemporaryFolder folder_;
};

int run(Proof& proof) {
  Tally tally;
  std::vector<std::unique_ptr<SimulatedDisk>> disks;
  for (unsigned i = 0; i < scripts_at_once; ++i) disks.push_back(std::make_unique<SimulatedDisk>("script-" + std::to_string(i)));
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < proof.threads(); ++i) workers.push_back(std::make_unique<Worker>(proof, tally, i));
  std::uint64_t scripts = 0, steps = 0;
  std::chrono::steady_clock::duration stalled{};
  while (!proof.over(tally.cuts)) {
    std::vector<Recorded> recorded(scripts_at_once);
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < scripts_at_once; ++i)
        threads.emplace_back([&, i] { recorded[i] = record(*disks[i], proof.seed() + scripts + i); });
    }
    for (const auto& each : recorded) {
      if (proof.over(tally.cuts)) break;
      ++scripts;
      steps += each.trace.steps.size();
      stalled = std::max(stalled, each.stalled);
      if (each.script->promises().empty()) proof.broken("script " + std::to_string(each.script->plan().seed), "promised nothing");
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < workers.size(); ++i)
        threads.emplace_back([&, i] { workers[i]->cut_all(each, i, static_cast<unsigned>(workers.size())); });
    }
  }
  proof.figure("scripts", scripts);
  proof.figure("steps", steps);
  proof.figure("cuts_under_strict", tally.strict);
  proof.figure("cuts_during_recovery", tally.in_recovery);
  proof.figure("records_read", tally.records);
  proof.figure("unsynced_records_lost", tally.lost);
  proof.figure("longest_stall_ms",
               static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(stalled).count()));
  return proof.finish(tally.cuts);
}

}  // namespace
}  // namespace weir::faults

int main(int argc, char** argv) {
  weir::faults::Proof proof("power", argc, argv, 1'000'000);
  return weir::faults::run(proof);
}
