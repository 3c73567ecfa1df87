#include "server/loop/followers.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "server/loop/host.h"
#include "stream/subscription.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds look_interval{5};  // for who is gone without a word: found within 35 s

}  // namespace

void Followers::add(Connection& connection) {
  if (connection.follower_index != Connection::follows_nothing) return;
  connection.follower_index = static_cast<std::uint32_t>(alone_.size());
  alone_.push_back(&connection);
}

void Followers::remove(Connection& connection) {
  if (connection.follower_index == Connection::follows_nothing) return;
  const auto group = std::exchange(connection.crowd, 0);
  auto& members = group == 0 ? alone_ : crowds_.at(group).members;
  Connection* const last = members.back();
  members[connection.follower_index] = last;
  last->follower_index = connection.follower_index;
  members.pop_back();
  connection.follower_index = Connection::follows_nothing;
  if (group != 0 && members.empty() && sending_ != group) crowds_.erase(group);
}

void Followers::join_crowd(Connection& connection, const CrowdPlace& place) {
  const auto there = crowds_.find(place.group);
  const bool elsewhere = there != crowds_.end() && there->second.position != place.position;
  if (place.group == 0 || elsewhere) return;
  remove(connection);  // this may have been the crowd's last member
  auto& crowd = crowds_[place.group];
  crowd.position = place.position;
  crowd.flush = place.flush;
  connection.crowd = place.group;
  connection.follower_index = static_cast<std::uint32_t>(crowd.members.size());
  crowd.members.push_back(&connection);
}

std::optional<CrowdStand> Followers::leave_crowd(Connection& connection) {
  if (connection.crowd == 0) return std::nullopt;
  const auto& crowd = crowds_.at(connection.crowd);
  const CrowdStand stand{crowd.position, crowd.due, crowd.written};
  remove(connection);
  add(connection);
  return stand;
}

/// From the back: whoever leaves is replaced by one that has had its turn.
void Followers::follow() {
  groups_.clear();
  for (const auto& [group, crowd] : crowds_) groups_.push_back(group);
  for (const auto group : groups_) follow_crowd(group);
  for (std::size_t i = alone_.size(); i-- > 0;) {
    if (i >= alone_.size()) continue;
    if (Exchange* exchange = alone_[i]->exchange()) exchange->on_log();
  }
}

void Followers::run_due(Monotonic now) {
  while (const auto entry = due_.pop_due(now)) {
    const auto crowd = crowds_.find(entry->second);
    if (crowd != crowds_.end() && crowd->second.due == entry->first) follow_crowd(entry->second);
  }
}

/// One of them looks. If there is nothing for it, there is nothing for anybody; if it was sent all there is, so are the others.
void Followers::follow_crowd(std::uint64_t group) {
  const auto found = crowds_.find(group);
  if (found == crowds_.end() || found->second.position >= host_.log().head()) return;
  if (holds_back(group, found->second)) return;
  const auto from = found->second.position;
  const auto flush = found->second.flush;
  Connection& first = *found->second.members.back();
  const auto stands = first.exchange()->on_log_from(*leave_crowd(first));
  const auto rest = crowds_.find(group);
  if (rest == crowds_.end() || rest->second.position != from) {  // it was the only one
    if (stands) join_crowd(first, {group, *stands, flush});
    return;
  }
  auto& crowd = rest->second;
  if (stands) {
    crowd.position = *stands;
    crowd.due.reset();
    return join_crowd(first, {group, *stands, flush});
  }
  const auto* write = host_.shared_writes().find(group, from, crowd.members.size());
  const bool all = write != nullptr && write->to >= host_.log().head() && !write->bytes.empty();
  all ? send(group, crowd, *write) : disperse(group);
}

/// Until what waits for its flush is due, or fills a write.
bool Followers::holds_back(std::uint64_t group, Crowd& crowd) {
  if (crowd.flush.count() == 0) return false;
  const auto now = host_.now();
  if (!crowd.due) due_.push(crowd.due.emplace(Subscription::flush_due(now, crowd.flush)), group);
  const bool fills = host_.log().head() - crowd.position >= Subscription::capacity(limits::write_bytes_max);
  if (fills) crowd.due = std::min(*crowd.due, now);
  return *crowd.due > now;
}

/// They stand behind it without being told; who can't be written to goes on from before it.
void Followers::send(std::uint64_t group, Crowd& crowd, const SharedWrites::Write& write) {
  const auto now = host_.now();
  const CrowdStand before{crowd.position, std::exchange(crowd.due, std::nullopt), crowd.written};
  const bool look = now - crowd.looked >= look_interval;
  if (look) crowd.looked = now;
  crowd.position = write.to;
  crowd.written = now;
  sending_ = group;
  auto& sent = host_.counters().records[crowd.members.front()->exchange()->kind()];
  for (std::size_t i = crowd.members.size(); i-- > 0;) {
    Connection& connection = *crowd.members[i];
    if (look && connection.peer_is_lost()) {
      connection.abort();
    } else if (connection.can_write()) {
      sent += write.records;
      connection.write(write.bytes);
    } else {
      remove(connection);
      add(connection);
      (void)connection.exchange()->on_log_from(before);
    }
  }
  sending_.reset();
  if (crowd.members.empty()) crowds_.erase(group);
}

void Followers::disperse(std::uint64_t group) {
  const auto crowd = std::move(crowds_.extract(group).mapped());
  for (Connection* connection : crowd.members) {
    connection->crowd = 0;
    connection->follower_index = Connection::follows_nothing;
    add(*connection);
  }
  for (Connection* connection : crowd.members) {
    if (Exchange* exchange = connection->exchange()) (void)exchange->on_log_from({crowd.position, crowd.due, crowd.written});
  }
}

}  // namespace weir::gateway
