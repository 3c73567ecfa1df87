#include "faults/script.h"

#include <algorithm>
#include <thread>

#include "faults/random.h"

namespace weir::faults {

using namespace std::chrono_literals;
using gateway::Durability;
using gateway::Log;

Seen Seen::of(const gateway::Record& record) {
  Seen seen{.kind = record.kind, .time = record.time, .quality = record.quality};
  seen.device = record.device();
  seen.metric = record.metric();
  seen.value = record.value;
  if (record.unit != nullptr) seen.unit = *record.unit;
  if (record.event) seen.members = record.event->members;
  return seen;
}

Plan plan_of(std::uint64_t seed, const gateway::LogOptions& options) {
  Random random(seed);
  Plan plan{.seed = seed, .options = options};
  plan.options.durability = random.one_in(2) ? Durability::strict : Durability::bounded;
  plan.options.size_max = std::uint64_t{1} << (19U + random.below(3));
  plan.writers = 1 + static_cast<unsigned>(random.below(3));
  plan.appends = 20 + random.below(60);
  plan.text_bytes = random.one_in(2) ? 8 : 300;
  if (plan.options.durability == Durability::bounded) plan.pause_max = 100ms;  // some syncs fall into it
  return plan;
}

void Script::write(Log& log, Source source) {
  Random random(source.seed + source.writer);
  for (std::uint64_t number = 1; number <= plan_.appends; ++number) {
    auto committed = log.append_and_wait(append_of(source, number), 10s);
    const auto at = std::chrono::steady_clock::now();
    {
      std::lock_guard lock(mutex_);
      if (committed) promises_.push_back({place(), at, source, number, committed->last});
      if (!committed) ++refused_;
      if (!committed && committed.error().code != ErrorCode::full) refusal_ = committed.error();
    }
    if (committed) collect(log);
    if (!committed && (plan_.until_stopped || committed.error().code != ErrorCode::full)) return;
    if (plan_.pause_max.count() > 0)
      std::this_thread::sleep_for(std::chrono::microseconds(random.below(static_cast<std::uint64_t>(plan_.pause_max.count()))));
  }
}

/// What the tail has is what clients are shown.
void Script::collect(const Log& log) {
  std::lock_guard lock(mutex_);
  std::vector<gateway::BlockPtr> blocks;
  const auto after = seen_.empty() ? 0 : seen_.rbegin()->first;
  log.read_tail(after, 1'000'000, blocks);
  for (const auto& block : blocks) {
    for (const auto& record : block->records) {
      if (record.seq > after) seen_.emplace(record.seq, Seen::of(record));
    }
  }
}

bool Script::run() {
  SystemClock clock;
  const auto fatal = [this](const Error& error) {
    std::lock_guard lock(mutex_);
    if (!stopped_) stopped_ = error.message;
  };
  auto log = Log::open(plan_.options, clock, {.on_commit = [] {}, .on_fatal = fatal});
  if (!log) {
    open_error_ = log.error().message;
    return false;
  }
  epoch_ = (*log)->epoch();
  opened(**log);
  std::vector<std::thread> writers;
  for (unsigned writer = 0; writer < plan_.writers; ++writer)
    writers.emplace_back([&, writer] { write(**log, {plan_.seed, writer, plan_.text_bytes}); });
  for (auto& writer : writers) writer.join();
  collect(**log);
  stats_ = (*log)->stats();
  written(**log);
  (*log)->close();
  return true;
}

}  // namespace weir::faults
