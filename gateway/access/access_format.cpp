#include <nlohmann/json.hpp>

#include "access/access_file.h"
#include "base/json.h"

namespace weir::gateway {
namespace {

using nlohmann::json;

struct Malformed {
  std::string what;
};

const json& member(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name)) throw Malformed{std::string("\"") + name + "\" is missing"};
  return object.at(name);
}

std::string text_of(const json& object, const char* name) {
  const json& value = member(object, name);
  if (!value.is_string()) throw Malformed{std::string("\"") + name + "\" is not text"};
  return value.get<std::string>();
}

std::int64_t number_of(const json& object, const char* name) {
  const json& value = member(object, name);
  if (!value.is_number_integer()) throw Malformed{std::string("\"") + name + "\" is not a whole number"};
  return value.get<std::int64_t>();
}

unsigned count_of(const json& object, const char* name) {
  const std::int64_t count = number_of(object, name);
  if (count < 0 || count > 1'000'000) throw Malformed{std::string("\"") + name + "\" is out of range"};
  return static_cast<unsigned>(count);
}

Timestamp time_of(const json& object, const char* name) { return from_nanoseconds(number_of(object, name)); }

std::string hash_member(const json& object) {
  std::string hash = text_of(object, "sha256");
  if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw Malformed{"\"sha256\" is not 64 hexadecimal digits"};
  }
  return hash;
}

Role role_member(const json& object) {
  const auto role = role_from(text_of(object, "role"));
  if (!role) throw Malformed{"\"role\" is none of viewer, operator, admin, ingest"};
  return *role;
}

std::optional<Timestamp> optional_time(const json& object, const char* name) {
  return object.contains(name) ? std::optional(time_of(object, name)) : std::nullopt;
}

std::string optional_text(const json& object, const char* name) { return object.contains(name) ? text_of(object, name) : ""; }

const json& list_of(const json& object, const char* name, std::size_t max) {
  const json& list = member(object, name);
  if (!list.is_array() || list.size() > max) throw Malformed{std::string("\"") + name + "\" is not a list within its limit"};
  return list;
}

StoredUser user_of(const json& item) {
  std::string hash = text_of(item, "argon2id");
  if (!hash.starts_with("$argon2id$")) throw Malformed{"\"argon2id\" is not a hash of Argon2id"};
  return {{text_of(item, "name"), role_member(item), time_of(item, "created")}, std::move(hash)};
}

StoredToken token_of(const json& item) {
  Scope scope{optional_text(item, "devices"), optional_text(item, "kinds")};
  if (const auto fits = check_scope(scope); !fits) throw Malformed{fits.error().message};
  TokenTerms terms{role_member(item), std::move(scope), optional_time(item, "expires")};
  TokenInfo info{text_of(item, "name"), std::move(terms), text_of(item, "prefix"), time_of(item, "created"),
                 optional_time(item, "used")};
  return {std::move(info), hash_member(item)};
}

StoredSession session_of(const json& item) {
  SessionInfo info{text_of(item, "id"),         optional_text(item, "user"), role_member(item),
                   optional_text(item, "from"), time_of(item, "created"),    time_of(item, "seen")};
  return {std::move(info), hash_member(item)};
}

AccessState read_state(const json& document) {
  const auto version = number_of(document, "version");
  if (version != 1 && version != 2) throw Malformed{"\"version\" is not 1 or 2: it was written by a newer weir"};
  AccessState state;
  if (version == 2) {
    for (const json& item : list_of(document, "users", access_limits::users_max)) state.users.push_back(user_of(item));
    state.forgiven = time_of(document, "forgiven");
  }
  for (const json& item : list_of(document, "tokens", access_limits::tokens_max)) state.tokens.push_back(token_of(item));
  for (const json& item : list_of(document, "sessions", access_limits::sessions_max)) state.sessions.push_back(session_of(item));
  for (const json& item : list_of(document, "codes", access_limits::codes_max)) {
    state.codes.push_back({hash_member(item), time_of(item, "created"), count_of(item, "wrong")});
  }
  state.wrong_codes = count_of(member(document, "wrong"), "count");
  state.wrong_last = time_of(member(document, "wrong"), "last");
  return state;
}

json to_json(const StoredUser& user) {
  return {{"name", user.info.name},
          {"role", to_string(user.info.role)},
          {"argon2id", user.argon2id},
          {"created", to_nanoseconds(user.info.created)}};
}

json to_json(const StoredToken& token) {
  const TokenTerms& terms = token.info.terms;
  json item = {{"name", token.info.name},
               {"role", to_string(terms.role)},
               {"prefix", token.info.prefix},
               {"sha256", token.sha256},
               {"created", to_nanoseconds(token.info.created)}};
  if (!terms.scope.devices.empty()) item["devices"] = terms.scope.devices;
  if (!terms.scope.kinds.empty()) item["kinds"] = terms.scope.kinds;
  if (terms.expires) item["expires"] = to_nanoseconds(*terms.expires);
  if (token.info.used) item["used"] = to_nanoseconds(*token.info.used);
  return item;
}

json to_json(const StoredSession& session) {
  return {{"id", session.info.id},
          {"user", session.info.user},
          {"role", to_string(session.info.role)},
          {"from", session.info.from},
          {"sha256", session.sha256},
          {"created", to_nanoseconds(session.info.created)},
          {"seen", to_nanoseconds(session.info.seen)}};
}

json to_json(const StoredCode& code) {
  return {{"sha256", code.sha256}, {"created", to_nanoseconds(code.created)}, {"wrong", code.wrong}};
}

template <class Item>
json list_to_json(const std::vector<Item>& items) {
  json list = json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

}  // namespace

std::string encode_access(const AccessState& state) {
  const json document = {{"version", 2},
                         {"users", list_to_json(state.users)},
                         {"tokens", list_to_json(state.tokens)},
                         {"sessions", list_to_json(state.sessions)},
                         {"codes", list_to_json(state.codes)},
                         {"wrong", {{"count", state.wrong_codes}, {"last", to_nanoseconds(state.wrong_last)}}},
                         {"forgiven", to_nanoseconds(state.forgiven)}};
  return document.dump(1) + "\n";
}

Result<AccessState> decode_access(std::string_view text) {
  const auto document = parse_json(text);
  if (!document) return Error{ErrorCode::invalid, document.error().message};
  try {
    return read_state(*document);
  } catch (const Malformed& fault) {
    return Error{ErrorCode::invalid, fault.what};
  }
}

}  // namespace weir::gateway
