// Audited: what changes rights is done only once its row is on disk.
//
// Purpose    what the handlers of sessions, tokens and users have in common.
// Thread     the server's.
// Ownership  none; what is to be done owns what it needs.
// Limits     those of the audit's queue and of the worker that hashes pass phrases.
// Errors     an audit that takes no row: a problem, and nothing is done. What then can't be done is a second row.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "access/audit.h"
#include "access/pass_phrases.h"
#include "access/secrets.h"
#include "base/limits.h"
#include "server/dispatch.h"

namespace weir::gateway {

/// Who and from where are the call's. `act` runs also when the client has gone meanwhile.
Outcome audited(Call& call, AuditEntry entry, std::function<Response(Host&)> act);

/// Checks and hashes `phrase` on the worker, then does `act` with the hash, audited. `right`: what must be true there first, a
/// `problem` otherwise; empty: nothing.
struct NewPassPhrase {
  std::string phrase;
  std::function<Result<void>()> right;
};
Outcome audited_with_hash(Call& call, NewPassPhrase phrase, AuditEntry entry,
                          std::function<Response(Host&, const std::string& hash)> act);

/// Of a JSON object; empty where it is not there, or no text.
std::string text_member(const nlohmann::json& object, const char* name);

}  // namespace weir::gateway
