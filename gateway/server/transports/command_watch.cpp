#include "server/transports/command_watch.h"

#include <utility>

#include "base/limits.h"

namespace weir::gateway {
namespace {

constexpr std::size_t records_at_once = 1000;

}  // namespace

bool CommandWatch::full() const { return followed_.size() >= limits::subscriptions_per_connection_max; }

void CommandWatch::follow(std::string op_id, std::string command_id, std::uint64_t after) {
  followed_.push_back({std::move(op_id), std::move(command_id), after});
}

void CommandWatch::tell_news(const Tell& tell) {
  for (Followed& followed : followed_) tell_news(followed, tell);
  std::erase_if(followed_, [](const Followed& followed) { return followed.finished; });
}

void CommandWatch::tell_news(Followed& followed, const Tell& tell) {
  while (!followed.finished && followed.after < log_.head()) {
    if (log_.read_tail(followed.after, records_at_once, blocks_) == Log::TailRead::cold) return tell_newest(followed, tell);
    if (blocks_.empty()) return;
    for (const BlockPtr& block : blocks_) tell_block(followed, *block, tell);
  }
}

void CommandWatch::tell_block(Followed& followed, const Block& block, const Tell& tell) {
  for (const Record& record : block.records) {
    if (record.seq <= followed.after || record.kind != Kind::command || followed.finished) continue;
    const auto command = command_from_members(record.event->members);
    if (!command || command->id != followed.command_id) continue;
    followed.finished = is_final(command->state);
    tell(followed.op_id, record.event->members);
  }
  followed.after = std::max(followed.after, block.last());
}

void CommandWatch::tell_newest(Followed& followed, const Tell& tell) {
  const CommandStatus* command = latest_.command(followed.command_id);
  followed.after = log_.head();
  followed.finished = command == nullptr || is_final(command->state);
  if (command != nullptr) tell(followed.op_id, command_members(*command));
}

}  // namespace weir::gateway
