// CommandWatch: the states of the commands that a WebSocket client has asked for, in order, each once.
//
// Purpose    reads the log from where each command was asked, so that no state is missed between the answer and the wake-up.
// Thread     the server's.
// Ownership  keeps a reference to the log.
// Limits     limits::subscriptions_per_connection_max commands at a time.
// Errors     where the tail has passed a command's place, only its newest state is told.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "log/log.h"
#include "stream/latest.h"

namespace weir::gateway {

class CommandWatch {
 public:
  /// `members`: as in Event::members.
  using Tell = std::function<void(const std::string& op_id, std::string_view members)>;

  CommandWatch(const Log& log, const Latest& latest) : log_(log), latest_(latest) {}

  bool full() const;
  bool idle() const { return followed_.empty(); }
  /// `after`: the head of the log when the command was asked for.
  void follow(std::string op_id, std::string command_id, std::uint64_t after);
  void tell_news(const Tell& tell);

 private:
  struct Followed {
    std::string op_id, command_id;
    std::uint64_t after;
    bool finished = false;
  };

  void tell_news(Followed& followed, const Tell& tell);
  void tell_block(Followed& followed, const Block& block, const Tell& tell);
  void tell_newest(Followed& followed, const Tell& tell);

  const Log& log_;
  const Latest& latest_;
  std::vector<Followed> followed_;
  std::vector<BlockPtr> blocks_;
};

}  // namespace weir::gateway
