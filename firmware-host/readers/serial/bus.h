// Bus: who may speak on a half-duplex line.
//
// Purpose    one request at a time: the next goes out when an answer came, or none within the time for it. Commands go before
// polls;
//            polls in the order in which they fell due. A poll without an answer is sent once more, a command never.
// Thread     the poll loop. Pure: the caller brings the time and writes the bytes.
// Ownership  owns the bytes that wait.
// Limits     commands_max commands wait; further: no room. A poll that falls due again while it waits is one poll.
// Errors     abandon() tells those who sent what waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "readers/serial/serial_options.h"

namespace weir::firmware {

class Bus {
 public:
  using Sent = std::function<void(Result<void>)>;
  struct Turn {
    std::string bytes;
    Sent sent;  // empty for a poll
  };
  struct Counters {
    std::chrono::nanoseconds busy{};
    std::uint64_t polls = 0, retries = 0, unanswered = 0;
  };
  static constexpr std::size_t commands_max = 64;

  Bus(const std::vector<SerialPoll>& polls, std::chrono::nanoseconds answer_within);

  bool has_room() const { return commands_.size() < commands_max; }
  void add(std::string bytes, Sent sent) { commands_.push_back({std::move(bytes), std::move(sent)}); }

  /// What is to be written now, if anything.
  std::optional<Turn> next(Monotonic now);
  /// When next() has to be asked again.
  Monotonic due(Monotonic now) const;
  /// Something came in: the line is free.
  void heard(Monotonic now);
  void abandon(const Error& why);

  const Counters& counters() const { return counters_; }

 private:
  struct Poll {
    std::string bytes;
    std::chrono::nanoseconds every;
    Monotonic due{};
  };

  void end(Monotonic now);
  Turn ask(std::size_t poll, Monotonic now);
  std::optional<std::size_t> longest_due(Monotonic now) const;

  const std::chrono::nanoseconds answer_within_;
  std::vector<Poll> polls_;
  std::deque<Turn> commands_;
  bool waiting_ = false;              // for an answer
  Monotonic began_{};                 // and since when
  std::optional<std::size_t> again_;  // the poll that is under way, while it may be sent once more
  Counters counters_;
};

}  // namespace weir::firmware
