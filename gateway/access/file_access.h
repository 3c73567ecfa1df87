// FileAccess: Access on AccessFile. access.cpp asks, sign_in.cpp signs in and out, tokens.cpp and users.cpp change.
//
// Purpose    the rules; AccessFile has the file, Backoff the waits.
// Thread     as Access.
// Ownership  owns its state; keeps a reference to the clock.
// Limits     as Access.
// Errors     as Access.
#pragma once

#include <algorithm>

#include "access/access.h"
#include "access/access_file.h"
#include "access/backoff.h"
#include "access/secrets.h"

namespace weir::gateway {

class FileAccess final : public Access {
 public:
  FileAccess(AccessFile file, AccessState state, const Clock& clock);
  ~FileAccess() override;

  std::optional<Principal> by_token(std::string_view token) override;
  std::optional<Principal> by_session(std::string_view secret) override;
  bool first_start() override;
  std::uint64_t generation() override;

  Result<std::string> redeem(std::string_view code, std::string_view from) override;
  std::chrono::seconds redeem_wait(std::string_view from) override;
  std::chrono::seconds sign_in_wait(std::string_view user, std::string_view from) override;
  std::string begin_sign_in(std::string_view user, std::string_view from) override;
  Result<std::string> finish_sign_in(std::string_view user, std::string_view hash, std::string_view from) override;
  std::chrono::seconds wrong_token(std::string_view from) override;

  Result<void> end_session(std::string_view secret) override;
  Result<void> end_session_named(std::string_view id) override;
  std::vector<SessionInfo> sessions() override;
  std::string session_id(std::string_view secret) const override;

  Result<std::string> add_token(std::string_view name, const TokenTerms& terms) override;
  Result<void> change_token(std::string_view name, const TokenTerms& terms) override;
  Result<void> revoke_token(std::string_view name) override;
  Result<std::vector<TokenInfo>> tokens() override;
  Result<std::string> add_code() override;
  Result<std::optional<std::string>> add_first_code() override;

  Result<void> add_user(std::string_view name, Role role, std::string_view hash) override;
  Result<void> set_role(std::string_view name, Role role) override;
  Result<void> set_pass_phrase(std::string_view name, std::string_view hash, std::string_view keep) override;
  Result<void> renew_hash(std::string_view name, std::string_view before, std::string_view hash) override;
  Result<void> remove_user(std::string_view name) override;
  Result<std::vector<UserInfo>> users() override;

 private:
  using Edit = std::function<Result<void>(AccessState&)>;

  bool refresh();  // false while the file can't be trusted: then nobody has rights
  Result<void> change(const Edit& edit);
  void take(AccessState state);
  void note_use(bool at_once, std::chrono::nanoseconds written_after);
  std::size_t count_alive() const;
  Result<std::string> open_session(std::string_view user, std::string_view from, const Edit& check);
  bool signed_in_from(std::string_view user, std::string_view from) const;
  Error refused() const;

  AccessFile file_;
  AccessState state_;
  const Clock& clock_;
  Backoff addresses_, accounts_, token_addresses_{access_limits::wrong_tokens_free};
  bool trusted_ = true;
  bool dirty_ = false;  // uses that are not on flash
  Timestamp written_;   // when uses were
  std::uint64_t generation_ = 1;
  std::size_t alive_ = 0;
};

namespace access_rules {

bool alive(const StoredCode& code, Timestamp now);
bool alive(const StoredSession& session, Timestamp now);
bool alive(const StoredToken& token, Timestamp now);

template <class Item>
void drop_dead(std::vector<Item>& items, Timestamp now) {
  std::erase_if(items, [now](const Item& item) { return !alive(item, now); });
}

template <class Item>
Item* find_hash(std::vector<Item>& items, std::string_view hash) {
  Item* found = nullptr;
  for (Item& item : items) {  // to the end: the time must not tell which one it was
    if (same_hash(item.sha256, hash)) found = &item;
  }
  return found;
}

/// By the name of a user or token; end() where there is none.
template <class Items>
auto find_named(Items& items, std::string_view name) {
  return std::find_if(items.begin(), items.end(), [name](const auto& item) { return item.info.name == name; });
}

/// The oldest that `which` names go, until there is room for one more.
template <class Item, class Which>
void make_room(std::vector<Item>& items, std::size_t max, const Which& which) {
  while (static_cast<std::size_t>(std::count_if(items.begin(), items.end(), which)) >= max) {
    items.erase(std::find_if(items.begin(), items.end(), which));
  }
}

}  // namespace access_rules
}  // namespace weir::gateway
