// Bit flips: `faults-bit-flips [CASES] [SEED]`. One bit of the database, its WAL or the journal is flipped, or the file cut
// short at some place, of logs that were closed and of logs whose process was killed. What is read is what was written, and
// what is missing is told.
#include <array>
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

using gateway::LogOptions;

constexpr unsigned samples_at_once = 16;
constexpr std::uint64_t cases_of_a_sample = 250;

struct Sample {
  std::unique_ptr<Script> script;
  Image image;
  bool killed = false;
};

Sample make_sample(SimulatedDisk& disk, std::uint64_t seed) {
  tests::TemporaryFolder folder(Proof::fast_folder());
  disk.reset(folder.path(), true);
  Plan plan = plan_of(seed, {.file = folder.path() / "weir.db", .vfs = disk.vfs(), .boot = "first"});
  plan.pause_max = {};
  Sample sample{.script = std::make_unique<Script>(plan), .killed = seed % 2 == 0};
  std::size_t at_kill = 0;
  sample.script->written = [&](gateway::Log&) { at_kill = disk.steps(); };
  sample.script->run();
  const auto trace = disk.take_trace();
  PowerCut end(trace, {});
  end.advance_to(sample.killed ? at_kill : trace.steps.size());
  sample.image = end.all_kept();
  return sample;
}

/// Where something lies; a flip among a file's unused zeros says little.
std::uint64_t place_in(const SparseBytes& bytes, Random& random) {
  if (bytes.blocks().empty() || random.one_in(10)) return random.below(bytes.size());
  auto block = bytes.blocks().begin();
  std::advance(block, static_cast<std::ptrdiff_t>(random.below(bytes.blocks().size())));
  return std::min(block->first * SparseBytes::block_bytes + random.below(SparseBytes::block_bytes), bytes.size() - 1);
}

/// What was done, in words; nothing was where the file is empty.
std::string damage(Image& image, Random& random) {
  auto file = image.begin();
  std::advance(file, static_cast<std::ptrdiff_t>(random.below(image.size())));
  auto& bytes = file->second;
  if (bytes.size() == 0) return {};
  const auto place = place_in(bytes, random);
  if (random.one_in(5)) {
    bytes.resize(place);
    return file->first + " cut to " + std::to_string(place);
  }
  const auto bit = random.below(8);
  bytes.write(place, std::string(1, static_cast<char>(static_cast<unsigned>(bytes.read(place, 1)[0]) ^ (1U << bit))));
  return file->first + " bit " + std::to_string(place * 8 + bit);
}

struct Tally {
  std::atomic<std::uint64_t> cases = 0, killed = 0, harmless = 0, told = 0, stopped = 0, replaced = 0, end_lost = 0;
};

void damage_often(Proof& proof, Tally& tally, const Sample& sample, Random random) {
  const tests::TemporaryFolder folder(Proof::fast_folder());
  auto options = sample.script->plan().options;
  options.file = folder.path() / "weir.db";
  options.vfs.clear();
  const auto promised = sample.script->promises().size();
  for (std::uint64_t i = 0; i < cases_of_a_sample && !proof.over(tally.cases); ++i) {
    auto image = sample.image;
    const auto what = damage(image, random);
    if (what.empty()) continue;
    write_folder(image, folder.path());
    Expected expected{.script = sample.script.get(), .promised = promised, .given = promised, .damage_is_told = true};
    expected.end_may_be_lost = sample.killed;
    auto outcome = reopen(options, expected);
    if (outcome.stopped && !outcome.broken) {  // its supervisor starts it again
      expected.went_on = true;
      outcome.broken = reopen(options, expected).broken;
    }
    ++tally.cases;
    tally.killed += sample.killed ? 1 : 0;
    ++(outcome.replaced   ? tally.replaced
       : outcome.stopped  ? tally.stopped
       : outcome.told     ? tally.told
       : outcome.end_lost ? tally.end_lost
                          : tally.harmless);
    if (outcome.broken)
      proof.broken(
          "script " + std::to_string(sample.script->plan().seed) + (sample.killed ? " (killed), " : " (closed), ") + what,
          *outcome.broken);
  }
}

int run(Proof& proof) {
  Tally tally;
  std::vector<std::unique_ptr<SimulatedDisk>> disks;
  for (unsigned i = 0; i < samples_at_once; ++i) disks.push_back(std::make_unique<SimulatedDisk>("sample-" + std::to_string(i)));
  std::uint64_t seed = proof.seed();
  while (!proof.over(tally.cases)) {
    std::vector<Sample> samples;
    for (auto& disk : disks) samples.push_back(make_sample(*disk, seed++));
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < proof.threads(); ++i) {
      threads.emplace_back([&] {
        for (auto one = next++; one < samples.size(); one = next++)
          damage_often(proof, tally, samples[one], Random(samples[one].script->plan().seed));
      });
    }
  }
  proof.figure("logs", seed - proof.seed());
  proof.figure("of_killed_logs", tally.killed);
  proof.figure("harmless", tally.harmless);
  proof.figure("told_and_went_on", tally.told);
  proof.figure("stopped_and_started_again", tally.stopped);
  proof.figure("end_of_a_killed_log_lost", tally.end_lost);
  proof.figure("set_aside_for_a_new_log", tally.replaced);
  return proof.finish(tally.cases);
}

}  // namespace
}  // namespace weir::faults

int main(int argc, char** argv) {
  weir::faults::Proof proof("bit-flips", argc, argv, 100'000);
  return weir::faults::run(proof);
}
