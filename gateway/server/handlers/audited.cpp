#include "server/handlers/audited.h"

#include <memory>
#include <utility>

#include <nlohmann/json.hpp>

namespace weir::gateway {
namespace {

void audit_then(Connection& connection, AuditEntry entry, std::function<Response(Host&)> act) {
  Host& host = connection.host();
  const auto perform = [reply = Reply(host, connection), &host, entry, act = std::move(act)] {
    const Response response = act(host);
    if (response.status >= 400) {
      AuditEntry failed = entry;
      failed.result = "not done: " + std::string(reason_phrase(response.status));
      host.audit().note(std::move(failed));
    }
    reply(response);
  };
  entry.result = "done";
  host.audit().append(std::move(entry), [reply = Reply(host, connection), &host, perform](const Result<void>& kept) {
    kept ? host.post(perform) : reply(problem(kept.error()));
  });
}

AuditEntry signed_entry(const Call& call, AuditEntry entry) {
  entry.who = call.principal.name;
  entry.from = call.connection.address();
  return entry;
}

}  // namespace

Outcome audited(Call& call, AuditEntry entry, std::function<Response(Host&)> act) {
  audit_then(call.connection, signed_entry(call, std::move(entry)), std::move(act));
  return std::make_unique<Pending>(call.connection);
}

Outcome audited_with_hash(Call& call, NewPassPhrase phrase, AuditEntry entry,
                          std::function<Response(Host&, const std::string& hash)> act) {
  if (const auto good = check_pass_phrase(phrase.phrase); !good) return problem(good.error());
  const auto task = [reply = Reply(call.host, call.connection), phrase = std::move(phrase),
                     entry = signed_entry(call, std::move(entry)), act = std::move(act)] {
    const auto right = phrase.right ? phrase.right() : Result<void>();
    const auto hash = right ? hash_pass_phrase(phrase.phrase) : Result<std::string>(right.error());
    if (!hash) return reply(problem(hash.error()));
    reply.then([entry, act, made = *hash](Connection& there) {
      audit_then(there, entry, [act, made](Host& host) { return act(host, made); });
    });
  };
  if (call.host.pass_phrases().post(task)) return std::make_unique<Pending>(call.connection);
  call.host.counters().refusals.count(Refusal::sign_in);
  return busy(429, "too many pass phrases are being checked: try again", std::chrono::seconds{1});
}

std::string text_member(const nlohmann::json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace weir::gateway
