#include "readers/serial/bus.h"

#include <algorithm>
#include <utility>

namespace weir::firmware {

Bus::Bus(const std::vector<SerialPoll>& polls, std::chrono::nanoseconds answer_within) : answer_within_(answer_within) {
  for (const auto& poll : polls) polls_.push_back({poll.send + "\n", poll.every});
}

std::optional<Bus::Turn> Bus::next(Monotonic now) {
  if (waiting_ && now - began_ < answer_within_) return std::nullopt;
  if (waiting_) {
    end(now);
    if (const auto poll = std::exchange(again_, std::nullopt); poll && commands_.empty()) {
      ++counters_.retries;
      waiting_ = true;
      began_ = now;
      return Turn{polls_[*poll].bytes, {}};
    }
    ++counters_.unanswered;
  }
  if (!commands_.empty()) {
    auto turn = std::move(commands_.front());
    commands_.pop_front();
    waiting_ = true;
    began_ = now;
    return turn;
  }
  const auto poll = longest_due(now);
  return poll ? std::optional(ask(*poll, now)) : std::nullopt;
}

Bus::Turn Bus::ask(std::size_t poll, Monotonic now) {
  ++counters_.polls;
  auto& asked = polls_[poll];
  asked.due += asked.every;
  if (asked.due <= now) asked.due = now + asked.every;  // what a slow line missed is not asked for in a row
  waiting_ = true;
  began_ = now;
  again_ = poll;
  return {asked.bytes, {}};
}

std::optional<std::size_t> Bus::longest_due(Monotonic now) const {
  const auto first = std::min_element(polls_.begin(), polls_.end(), [](const auto& a, const auto& b) { return a.due < b.due; });
  if (first == polls_.end() || first->due > now) return std::nullopt;
  return static_cast<std::size_t>(first - polls_.begin());
}

Monotonic Bus::due(Monotonic now) const {
  if (waiting_) return began_ + answer_within_;
  if (!commands_.empty()) return now;
  auto due = Monotonic::max();
  for (const auto& poll : polls_) due = std::min(due, poll.due);
  return due;
}

void Bus::heard(Monotonic now) {
  if (!waiting_) return;
  end(now);
  again_.reset();
}

void Bus::end(Monotonic now) {
  waiting_ = false;
  counters_.busy += now - began_;
}

void Bus::abandon(const Error& why) {
  waiting_ = false;
  again_.reset();
  for (auto& turn : std::exchange(commands_, {})) turn.sent(why);
}

}  // namespace weir::firmware
