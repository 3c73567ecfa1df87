// I/O errors: `faults-io-errors [CASES] [SEED]`. One operation of one kind fails, the first, the second, … of a script, once
// or with all that follow: the log goes on or says that it stopped, and what it promised is there when it is opened again,
// after a power cut as well where it promised that.
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

struct Case {
  std::uint64_t script;  // a seed
  bool existing;         // the log was there, and its process killed
  Fault fault;
};

const char* name_of(Operation operation) {
  constexpr std::array<const char*, 6> names = {"open", "read", "write", "sync", "truncate", "remove"};
  return names.at(static_cast<std::size_t>(operation));
}

std::string text(const Case& tried) {
  constexpr std::array<const char*, 3> causes = {"EIO", "ENOSPC", "EROFS"};
  const auto& fault = tried.fault;
  return std::string(tried.existing ? "existing" : "new") + " log, script " + std::to_string(tried.script) + ", " +
         name_of(fault.operation) + " " + std::to_string(fault.nth) + (fault.for_good ? " and all that follow: " : ": ") +
         causes.at(static_cast<std::size_t>(fault.cause));
}

Plan small_plan(std::uint64_t seed, const LogOptions& options) {
  auto plan = plan_of(seed, options);
  // Scripts with an even seed live long enough for two of the syncs that a clock starts.
  plan.options.durability = seed % 2 == 0 ? Durability::bounded : Durability::strict;
  plan.options.size_max = std::uint64_t{1} << 19U;
  plan.appends = 30;
  plan.text_bytes = 300;
  plan.pause_max = seed % 2 == 0 ? 120ms : 0ms;
  return plan;
}

struct Tally {
  std::atomic<std::uint64_t> cases = 0, stopped = 0, not_opened = 0, went_on = 0;
};

class Worker {
 public:
  Worker(Proof& proof, Tally& tally, unsigned number)
      : proof_(proof), tally_(tally), disk_("io-errors-" + std::to_string(number)), folder_(Proof::fast_folder()) {}

  /// How often each operation is done by a script that nothing happens to.
  std::vector<Case> cases(std::uint64_t seed, bool existing) {
    std::vector<Case> all;
    Script script(begin(seed, existing));
    script.run();
    for (const auto operation :
         {Operation::open, Operation::read, Operation::write, Operation::sync, Operation::truncate, Operation::remove}) {
      for (std::uint64_t nth = 1; nth <= disk_.count(operation); ++nth) {
        for (const auto cause : {Cause::eio, Cause::enospc, Cause::erofs}) {
          for (const bool for_good : {false, true}) all.push_back({seed, existing, {operation, nth, for_good, cause}});
        }
      }
    }
    return all;
  }

  void run(const Case& tried) {
    Script script(begin(tried.script, tried.existing));
    script.place = [this] { return disk_.steps(); };
    disk_.arm(tried.fault);
    script.run();
    const bool struck = disk_.struck();
    disk_.disarm();
    const auto trace = disk_.take_trace();
    if (!struck) return;  // threads took another turn this time
    ++tally_.cases;
    if (const auto broken = judge(script)) return proof_.broken(text(tried), *broken);
    if (const auto broken = reopened(script, trace)) proof_.broken(text(tried), *broken);
  }

 private:
  LogOptions options() const { return {.file = folder_.path() / "weir.db", .vfs = disk_.vfs(), .boot = "first"}; }

  Plan begin(std::uint64_t seed, bool existing) {
    before_ = existing ? killed_log(seed) : Image();
    write_folder(before_, folder_.path());
    disk_.reset(folder_.path(), true);
    return small_plan(existing ? seed + 2 : seed, options());
  }

  /// The same each time, as far as a process that is killed is.
  const Image& killed_log(std::uint64_t seed) {
    auto& image = killed_[seed];
    if (!image.empty()) return image;
    write_folder({}, folder_.path());
    disk_.reset(folder_.path(), true);
    Script script(small_plan(seed, options()));
    script.run();
    const auto trace = disk_.take_trace();
    PowerCut end(trace, {});
    end.advance_to(trace.steps.size() * 9 / 10);
    return image = end.all_kept();
  }

  std::optional<std::string> judge(const Script& script) {
    if (!script.open_error().empty()) {
      ++tally_.not_opened;
    } else if (script.stopped()) {
      ++tally_.stopped;
    } else if (script.refusal()) {
      return "it refused without saying that it stopped: " + script.refusal()->message;
    } else {
      ++tally_.went_on;
    }
    return {};
  }

  /// As the process left it; and, where each commit was synced, as a power cut right then would have.
  std::optional<std::string> reopened(const Script& script, const Trace& trace) {
    auto plain = options();
    plain.vfs.clear();
    plain.size_max = script.plan().options.size_max;
    const Expected expected{.script = &script, .promised = script.promises().size(), .given = script.promises().size()};
    if (auto broken = reopen(plain, expected).broken) return broken;
    if (script.plan().options.durability != Durability::strict) return {};
    PowerCut cut(trace, before_);
    cut.advance_to(trace.steps.size());
    write_folder(cut.all_lost(), folder_.path());
    plain.durability = Durability::strict;
    plain.boot = "second";
    if (auto broken = reopen(plain, expected).broken) return "after a power cut: " + *broken;
    return {};
  }

  Proof& proof_;
  Tally& tally_;
  SimulatedDisk disk_;
  tests::TemporaryFolder folder_;
  Image before_;
  std::map<std::uint64_t, Image> killed_;
};

int run(Proof& proof) {
  constexpr unsigned at_once = 6;  // those under `bounded` sleep most of the time
  Tally tally;
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < at_once; ++i) workers.push_back(std::make_unique<Worker>(proof, tally, i));
  std::vector<Case> cases;
  for (const auto seed : {proof.seed(), proof.seed() + 1}) {
    for (const bool existing : {false, true}) {
      const auto more = workers[0]->cases(seed, existing);
      cases.insert(cases.end(), more.begin(), more.end());
    }
  }
  Random random(proof.seed());
  for (std::size_t i = cases.size(); i > 1; --i) std::swap(cases[i - 1], cases[random.below(i)]);
  std::atomic<std::size_t> next = 0;
  {
    std::vector<std::jthread> threads;
    for (auto& worker : workers) {
      threads.emplace_back([&] {
        for (auto i = next++; i < cases.size() && !proof.over(tally.cases); i = next++) worker->run(cases[i]);
      });
    }
  }
  proof.figure("operations_of_the_scripts", cases.size() / 6);
  proof.figure("went_on", tally.went_on);
  proof.figure("stopped_and_said_so", tally.stopped);
  proof.figure("refused_to_start", tally.not_opened);
  return proof.finish(tally.cases);
}

}  // namespace
}  // namespace weir::faults

int main(int argc, char** argv) {
  weir::faults::Proof proof("io-errors", argc, argv, 1'000'000);
  return weir::faults::run(proof);
}
