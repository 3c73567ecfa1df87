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

const json& list_of(const json& object, const char* name, std::size_t max) {
  const json& list = member(object, name);
  if (!list.is_array() || list.size() > max) throw Malformed{std::string("\"") + name + "\" is not a list within its limit"};
  return list;
}

AccessState read_state(const json& document) {
  if (number_of(document, "version") != 1) throw Malformed{"\"version\" is not 1: it was written by a newer weir"};
  AccessState state;
  for (const json& item : list_of(document, "tokens", access_limits::tokens_max)) {
    TokenInfo info{text_of(item, "name"), role_member(item), text_of(item, "prefix"), time_of(item, "created")};
    state.tokens.push_back({std::move(info), hash_member(item)});
  }
  for (const json& item : list_of(document, "sessions", access_limits::sessions_max)) {
    state.sessions.push_back(
        {text_of(item, "id"), role_member(item), hash_member(item), time_of(item, "created"), time_of(item, "seen")});
  }
  for (const json& item : list_of(document, "codes", access_limits::codes_max)) {
    state.codes.push_back({hash_member(item), time_of(item, "created"), count_of(item, "wrong")});
  }
  state.wrong_codes = count_of(member(document, "wrong"), "count");
  state.wrong_last = time_of(member(document, "wrong"), "last");
  return state;
}

}  // namespace

std::string encode_access(const AccessState& state) {
  json tokens = json::array(), sessions = json::array(), codes = json::array();
  for (const StoredToken& token : state.tokens) {
    tokens.push_back({{"name", token.info.name},
                      {"role", to_string(token.info.role)},
                      {"prefix", token.info.prefix},
                      {"sha256", token.sha256},
                      {"created", to_nanoseconds(token.info.created)}});
  }
  for (const StoredSession& session : state.sessions) {
    sessions.push_back({{"id", session.id},
                        {"role", to_string(session.role)},
                        {"sha256", session.sha256},
                        {"created", to_nanoseconds(session.created)},
                        {"seen", to_nanoseconds(session.seen)}});
  }
  for (const StoredCode& code : state.codes) {
    codes.push_back({{"sha256", code.sha256}, {"created", to_nanoseconds(code.created)}, {"wrong", code.wrong}});
  }
  const json wrong = {{"count", state.wrong_codes}, {"last", to_nanoseconds(state.wrong_last)}};
  const json document = {{"version", 1}, {"tokens", tokens}, {"sessions", sessions}, {"codes", codes}, {"wrong", wrong}};
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
