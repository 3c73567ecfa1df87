#include "access/file_access.h"
#include "base/text.h"

namespace weir::gateway {

using namespace access_limits;
using namespace access_rules;

namespace {

constexpr std::size_t prefix_characters = 11;  // "weir_" and 30 bits: enough to recognise, useless for guessing

/// An admin makes tokens: one whose own token is limited would make himself another.
Result<void> check_terms(const TokenTerms& terms, Timestamp now) {
  if (auto fits = check_scope(terms.scope); !fits) return fits;
  if (terms.role == Role::admin && terms.scope.limited()) {
    return Error{ErrorCode::invalid, "an admin's token can't be limited to devices or kinds: choose another role"};
  }
  if (terms.expires && *terms.expires <= now) return Error{ErrorCode::invalid, "expires: this is over already"};
  return {};
}

Error no_token(std::string_view name) {
  return {ErrorCode::not_found, "there is no token \"" + std::string(name) + "\": `weir token list` shows them"};
}

}  // namespace

Result<std::string> FileAccess::add_token(std::string_view name, const TokenTerms& terms) {
  if (!is_name(name)) {
    return Error{ErrorCode::invalid, "a token's name is 1 to 128 bytes of UTF-8 without control characters: choose another"};
  }
  const Timestamp now = clock_.wall();
  if (auto fits = check_terms(terms, now); !fits) return fits.error();
  auto secret = random_secret();
  if (!secret) return secret;
  const std::string token = "weir_" + *secret;
  const auto added = change([&](AccessState& state) -> Result<void> {
    if (find_named(state.tokens, name) != state.tokens.end()) {
      return Error{ErrorCode::conflict,
                   "there is a token \"" + std::string(name) + "\" already: revoke it, or choose another name"};
    }
    if (state.tokens.size() >= tokens_max) return Error{ErrorCode::full, "there are 1000 tokens: revoke one that is not used"};
    state.tokens.push_back({{std::string(name), terms, token.substr(0, prefix_characters), now, std::nullopt}, hash_of(token)});
    return {};
  });
  if (!added) return added.error();
  return token;
}

Result<void> FileAccess::change_token(std::string_view name, const TokenTerms& terms) {
  if (auto fits = check_terms(terms, clock_.wall()); !fits) return fits;
  return change([&](AccessState& state) -> Result<void> {
    const auto found = find_named(state.tokens, name);
    if (found == state.tokens.end()) return no_token(name);
    found->info.terms = terms;
    return {};
  });
}

Result<void> FileAccess::revoke_token(std::string_view name) {
  return change([&](AccessState& state) -> Result<void> {
    const auto found = find_named(state.tokens, name);
    if (found == state.tokens.end()) return no_token(name);
    state.tokens.erase(found);
    return {};
  });
}

Result<std::vector<TokenInfo>> FileAccess::tokens() {
  if (!refresh()) return refused();
  std::vector<TokenInfo> infos;
  for (const StoredToken& token : state_.tokens) infos.push_back(token.info);
  return infos;
}

}  // namespace weir::gateway
