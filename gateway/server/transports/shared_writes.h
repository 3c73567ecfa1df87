// SharedWrites: what one session wrote from a cursor, for the others of its group that stand at the same one.
//
// Purpose    a thousand clients that want the same cost one encoding and one framing; each costs its own send().
// Thread     the server's.
// Ownership  owns the bytes. A Member must not outlive it.
// Limits     `bytes_max` of bytes; beyond it what came first is let go, and whoever stands there writes for itself. A session
// that
//            is alone in its group keeps nothing.
// Errors     none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace weir::gateway {

class SharedWrites {
 public:
  static constexpr std::size_t bytes_max = std::size_t{4} << 20U;

  struct Write {
    std::string bytes;     // as they go over the wire; empty: nothing matched
    std::uint64_t to = 0;  // where the client stands behind it
    std::size_t records = 0;
  };

  /// A session's place in its group; empty: it shares nothing.
  class Member {
   public:
    Member() = default;
    Member(Member&& other) noexcept : writes_(std::exchange(other.writes_, nullptr)), group_(other.group_) {}
    Member& operator=(Member&& other) noexcept {
      std::swap(writes_, other.writes_);
      std::swap(group_, other.group_);
      return *this;
    }
    ~Member() {
      if (writes_ != nullptr) writes_->leave(group_);
    }

    /// Which group: 0 for none.
    std::uint64_t group() const { return writes_ == nullptr ? 0 : group_->second.number; }
    bool alone() const { return writes_ == nullptr || group_->second.members < 2; }
    /// What was written from here; null: nothing is kept. Valid until the next keep().
    const Write* find(std::uint64_t from) const { return alone() ? nullptr : writes_->find({group_->second.number, from}, 1); }
    void keep(std::uint64_t from, Write write) const {
      if (!alone()) writes_->keep({group_->second.number, from}, std::move(write));
    }

   private:
    friend class SharedWrites;
    struct Group {
      std::uint64_t number;
      std::size_t members = 0;
    };
    using Groups = std::unordered_map<std::string, Group>;
    Member(SharedWrites& writes, Groups::value_type& group) : writes_(&writes), group_(&group) {}
    SharedWrites* writes_ = nullptr;
    Groups::value_type* group_ = nullptr;
  };

  SharedWrites() = default;
  SharedWrites(const SharedWrites&) = delete;
  SharedWrites& operator=(const SharedWrites&) = delete;

  /// `what`: everything that their bytes depend on, but the cursor.
  Member join(const std::string& what);

  /// As Member::find(), for one who speaks for `takers` members.
  const Write* find(std::uint64_t group, std::uint64_t from, std::size_t takers) { return find({group, from}, takers); }

  std::size_t bytes() const { return bytes_; }
  std::uint64_t shared() const { return shared_; }  // writes that were taken since start

 private:
  struct Place {
    std::uint64_t group, from;
    bool operator==(const Place& other) const { return group == other.group && from == other.from; }
  };
  struct Hash {
    std::size_t operator()(const Place& place) const {
      return static_cast<std::size_t>(place.from * 0x9E37'79B9'7F4A'7C15U + place.group);
    }
  };

  const Write* find(const Place& place, std::size_t takers);
  void keep(const Place& place, Write write);
  void leave(Member::Groups::value_type* group);

  Member::Groups groups_;
  std::unordered_map<Place, Write, Hash> kept_;
  std::deque<Place> order_;  // as they came
  std::size_t bytes_ = 0;
  std::uint64_t shared_ = 0;
  std::uint64_t next_group_ = 1;
};

}  // namespace weir::gateway
