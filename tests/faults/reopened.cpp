#include "faults/reopened.h"

#include <algorithm>
#include <future>
#include <set>

namespace weir::faults {

using namespace std::chrono_literals;
using gateway::BlockPtr;
using gateway::Log;

namespace {

using Broken = std::optional<std::string>;
using Records = std::map<std::uint64_t, Seen>;

std::string text(std::uint64_t number) { return std::to_string(number); }

/// The last of each command, and the newest mark and push of each, among the first `count` promises.
struct Owed {
  std::uint64_t head = 0;
  std::map<std::string, std::uint64_t> consumers;
  std::map<std::string, gateway::CommandState> commands;
  std::vector<const Promise*> pushes;
  std::map<unsigned, const Promise*> nodes;

  Owed(const Script& script, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto& promise = script.promises()[i];
      head = std::max(head, promise.last);
      if (has_consumer_mark(promise.number)) {
        auto& mark = consumers[consumer_of(promise.source)];
        mark = std::max(mark, promise.number);
      }
      if (has_command(promise.number)) {
        const auto append = append_of(promise.source, promise.number);
        commands[append.commands[0].id] = append.commands[0].state;
      }
      if (has_key(promise.number)) pushes.push_back(&promise);
      if (is_node(promise.source)) {
        auto& newest = nodes[promise.source.writer];
        if (newest == nullptr || newest->number < promise.number) newest = &promise;
      }
    }
  }
};

class Check {
 public:
  Check(Log& log, const Expected& expected, Outcome& outcome)
      : log_(log),
        expected_(expected),
        outcome_(outcome),
        owed_(*expected.script, expected.promised),
        same_epoch_(log.epoch() == expected.script->epoch()),
        given_(same_epoch_ ? Owed(*expected.script, expected.given).head : 0) {}

  Broken run() {
    if (auto broken = read_all()) return broken;
    outcome_.told |= log_.stats().damaged_records > 0 || tells_of_damage();
    for (auto step : {&Check::records, &Check::state}) {
      if (auto broken = (this->*step)()) return broken;
    }
    if (!expected_.goes_on) return {};
    for (auto step : {&Check::repeats, &Check::goes_on}) {
      if (auto broken = (this->*step)()) return broken;
    }
    return {};
  }

 private:
  bool tells_of_damage() const;
  Broken read_all();
  Broken records();
  Broken state();
  Broken repeats();
  Broken goes_on();
  std::optional<std::string> first_of(std::uint64_t after, const Source& source);

  Log& log_;
  const Expected& expected_;
  Outcome& outcome_;
  const Owed owed_;
  const bool same_epoch_;      // else numbers begin anew
  const std::uint64_t given_;  // the highest number that was given to anyone
  Records there_;
};

Broken Check::read_all() {
  for (std::uint64_t after = 0;;) {
    std::promise<Result<BlockPtr>> answer;
    log_.read(after, 10'000, [&](Result<BlockPtr> block) { answer.set_value(std::move(block)); });
    auto block = answer.get_future().get();
    if (!block) {
      outcome_.told = true;
      return expected_.damage_is_told ? Broken() : "reading behind " + text(after) + ": " + block.error().message;
    }
    if (*block == nullptr) return {};
    for (const auto& record : (*block)->records) {
      if (record.seq <= after) return "number " + text(record.seq) + " comes behind " + text(after);
      after = record.seq;
      there_.emplace(record.seq, Seen::of(record));
    }
  }
}

bool Check::tells_of_damage() const {
  const auto losses = log_.losses();
  return std::any_of(losses.begin(), losses.end(), [](const auto& loss) { return loss.reason == "damaged"; });
}

Broken Check::records() {
  outcome_.records = there_.size();
  const auto& seen = expected_.script->seen();
  for (const auto& [seq, record] : there_) {
    const auto before = seen.find(seq);
    if (!same_epoch_ || (expected_.went_on && seq > given_)) break;
    // What the log itself has to say since it is open again takes numbers that nobody was given.
    const bool own = record.kind == gateway::Kind::loss || record.kind == gateway::Kind::system;
    if (own && (seq > given_ || expected_.end_may_be_lost)) continue;
    if (before != seen.end() && before->second != record)
      return "number " + text(seq) + " is another record than it was: " + record.device + "/" + record.metric + " " +
             record.members;
  }
  const auto oldest = same_epoch_ ? log_.oldest() : 1;
  std::uint64_t kept = 0;  // the last that was there before
  for (const auto& [seq, record] : there_) {
    if (seen.contains(seq) && seen.at(seq) == record) kept = seq;
  }
  for (auto it = seen.lower_bound(oldest); it != seen.end(); ++it) {
    if (same_epoch_ && there_.contains(it->first)) continue;
    ++outcome_.lost;
    outcome_.end_lost |= expected_.end_may_be_lost && it->first > kept && it->first <= owed_.head;
    if (outcome_.end_lost && it->first > kept) continue;
    const bool told = expected_.damage_is_told && (outcome_.told || outcome_.replaced);
    if (it->first <= owed_.head && !told)
      return "number " + text(it->first) + " is missing; up to " + text(owed_.head) + " was promised; " +
             (same_epoch_ ? "" : "a new epoch; ") + text(there_.size()) + " are there from " +
             text(there_.empty() ? 0 : there_.begin()->first) + " to " + text(there_.empty() ? 0 : there_.rbegin()->first) +
             ", the oldest is " + text(oldest);
  }
  return {};
}

/// What is kept beside the records agrees with them.
Broken Check::state() {
  if (expected_.damage_is_told && (outcome_.told || outcome_.replaced || outcome_.end_lost)) return {};
  if (log_.head() < owed_.head) return "the head is " + text(log_.head()) + ", " + text(owed_.head) + " was promised";
  std::map<std::pair<std::string, std::string>, std::pair<std::uint64_t, Seen>> newest;
  const auto oldest = log_.oldest();  // retention may have gone on since all was read
  for (const auto& [seq, record] : there_) {
    if (seq >= oldest && record.kind == gateway::Kind::reading) newest[{record.device, record.metric}] = {seq, record};
  }
  for (const auto& record : log_.newest()) {
    if (record.seq < oldest) continue;
    const auto found = newest.find({std::string(record.device()), std::string(record.metric())});
    if (found == newest.end()) {
      return "the newest reading of " + std::string(record.metric()) + " is number " + text(record.seq) +
             ", which is not there, between " +
             text(there_.lower_bound(record.seq) == there_.begin() ? 0 : std::prev(there_.lower_bound(record.seq))->first) +
             " and " + text(there_.lower_bound(record.seq) == there_.end() ? 0 : there_.lower_bound(record.seq)->first) +
             "; the oldest is " + text(oldest) + ", the head " + text(log_.head());
    }
    if (found->second.first != record.seq || found->second.second != Seen::of(record))
      return "the newest reading of " + std::string(record.metric()) + " is number " + text(record.seq) + " instead of " +
             text(found->second.first) + "; there are " + text(there_.size()) + " from " + text(there_.begin()->first) + " to " +
             text(there_.rbegin()->first) + ", the oldest is " + text(log_.oldest()) + ", the head " + text(log_.head());
    newest.erase(found);
  }
  if (!newest.empty()) return "no newest reading of " + newest.begin()->first.second;
  std::map<std::string, std::uint64_t> consumers;
  for (const auto& consumer : log_.consumers()) consumers[consumer.name] = consumer.seq;
  for (const auto& [name, seq] : owed_.consumers) {
    if (!consumers.contains(name) || consumers[name] < seq) return name + " was acknowledged up to " + text(seq);
  }
  std::map<std::string, gateway::CommandState> commands;
  for (const auto& command : log_.commands()) commands[command.id] = command.state;
  for (const auto& [id, command_state] : owed_.commands) {
    if (!commands.contains(id) || commands[id] < command_state) return id + " is not in its state";
  }
  return {};
}

/// The device of the first reading behind a number that this source sent.
std::optional<std::string> Check::first_of(std::uint64_t after, const Source& source) {
  const auto device = append_of(source, 1).delivery.readings[0].device;
  std::vector<BlockPtr> blocks;
  log_.read_tail(after, 1'000'000, blocks);
  for (const auto& block : blocks) {
    for (const auto& record : block->records) {
      if (record.seq > after && record.kind == gateway::Kind::reading && record.device() == device) return device;
    }
  }
  return {};
}

/// What a sender sends again, because it never saw the answer, is known.
Broken Check::repeats() {
  if (outcome_.told || outcome_.replaced || outcome_.end_lost) return {};
  const auto head = log_.head();
  if (!owed_.pushes.empty()) {
    const auto& push = *owed_.pushes.back();
    const auto again = log_.append_and_wait(append_of(push.source, push.number), 10s);
    if (!again) return "a repeated push: " + again.error().message;
    if (!again->repeated || again->last != push.last) return "the push " + key_of(push.source, push.number) + " was taken twice";
  }
  for (const auto& [writer, newest] : owed_.nodes) {
    auto append = append_of(newest->source, newest->number);
    append.idempotency_key.clear();
    append.commands.clear();
    append.events.clear();
    append.delivery.losses.clear();
    const auto again = log_.append_and_wait(std::move(append), 10s);
    if (!again) return "a node's repetition: " + again.error().message;
    if (const auto more = first_of(head, newest->source)) return "a reading of " + *more + " was taken twice";
  }
  return {};
}

Broken Check::goes_on() {
  const auto head = std::max(outcome_.end_lost ? 0 : given_, log_.head());
  for (std::uint64_t number = 1; number <= 3; ++number) {
    const auto more = log_.append_and_wait(append_of({.seed = ~expected_.script->plan().seed, .writer = 6}, number), 10s);
    if (!more) return "the log does not go on: " + more.error().message;
    if (more->last <= head) return "number " + text(more->last) + " is given again: there were numbers up to " + text(head);
  }
  return {};
}

}  // namespace

Outcome reopen(const gateway::LogOptions& options, const Expected& expected) {
  Outcome outcome;
  SystemClock clock;
  std::mutex mutex;
  Broken fatal;
  const auto on_fatal = [&](const Error& error) {
    std::lock_guard lock(mutex);
    fatal = error.message;
  };
  auto log = Log::open(options, clock, {.on_commit = [] {}, .on_fatal = on_fatal});
  if (!log) {
    outcome.broken = "it does not open: " + log.error().message;
    return outcome;
  }
  const auto stats = (*log)->stats();
  outcome.replaced = !stats.replaced.empty();
  if (outcome.replaced && !expected.damage_is_told) outcome.broken = "the file was set aside as damaged";
  if (!outcome.broken) outcome.broken = Check(**log, expected, outcome).run();
  (*log)->close();
  log->reset();  // whoever stopped it has said so by now
  std::lock_guard lock(mutex);
  if (fatal && expected.damage_is_told) {
    outcome.stopped = true;
    outcome.broken.reset();
  }
  if (!outcome.broken && fatal && !expected.damage_is_told) outcome.broken = "it stopped: " + *fatal;
  return outcome;
}

}  // namespace weir::faults
