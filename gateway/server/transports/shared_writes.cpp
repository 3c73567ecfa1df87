#include "server/transports/shared_writes.h"

namespace weir::gateway {

namespace {

constexpr std::size_t overhead = 128;  // of one that is kept, its bytes aside

}  // namespace

SharedWrites::Member SharedWrites::join(const std::string& what) {
  auto& group = *groups_.try_emplace(what, Member::Group{next_group_}).first;
  if (group.second.members++ == 0) ++next_group_;
  return {*this, group};
}

/// What is kept of a group that has ended is let go in its turn: numbers of groups never come again.
void SharedWrites::leave(Member::Groups::value_type* group) {
  if (--group->second.members == 0) groups_.erase(group->first);
}

const SharedWrites::Write* SharedWrites::find(const Place& place, std::size_t takers) {
  const auto found = kept_.find(place);
  if (found == kept_.end()) return nullptr;
  shared_ += takers;
  return &found->second;
}

void SharedWrites::keep(const Place& place, Write write) {
  const auto added = write.bytes.size() + overhead;
  if (!kept_.try_emplace(place, std::move(write)).second) return;
  bytes_ += added;
  order_.push_back(place);
  while (bytes_ > bytes_max) {
    const auto oldest = kept_.find(order_.front());
    bytes_ -= oldest->second.bytes.size() + overhead;
    kept_.erase(oldest);
    order_.pop_front();
  }
}

}  // namespace weir::gateway
