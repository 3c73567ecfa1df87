#include "base/json.h"
#include "server/handlers/handlers.h"

namespace weir::gateway {

Outcome health(Call&) { return json_response(200, R"({"status":"ok"})"); }

Outcome readiness(Call& call) {
  const Readiness readiness = call.host.context().readiness();
  std::string body = readiness.ready ? R"({"status":"ready","reasons":[)" : R"({"status":"not ready","reasons":[)";
  for (const std::string& reason : readiness.reasons) {
    if (body.back() != '[') body += ',';
    append_json_string(body, reason);
  }
  return json_response(readiness.ready ? 200 : 503, body += "]}");
}

}  // namespace weir::gateway
