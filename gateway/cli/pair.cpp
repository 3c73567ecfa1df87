#include <ostream>

#include <nlohmann/json.hpp>

#include "access/certificate.h"
#include "cli/local_access.h"
#include "cli/subcommands.h"

namespace weir::gateway::cli {
namespace {

/// What a browser has to show before the code is typed: nobody is between then. Empty without TLS, or before its first start.
std::string fingerprint_of(const Config& config) {
  std::filesystem::path file = config.data_dir / "tls" / "certificate.pem";
  if (std::holds_alternative<TlsOff>(config.server.tls)) return "";
  if (const auto* files = std::get_if<TlsFiles>(&config.server.tls)) file = files->certificate;
  const auto facts = read_certificate(file);
  return facts ? facts->fingerprint : "";
}

}  // namespace

int run_pair(const Arguments& arguments, Environment& environment) {
  std::string made;
  int code = change_access(arguments, environment, {.action = "code.add"}, [&](Access& access) -> Result<void> {
    auto code_made = access.add_code();
    if (!code_made) return code_made.error();
    made = std::move(*code_made);
    return {};
  });
  if (code != done) return code;
  const auto config = local_config(arguments, environment, code);
  const std::string fingerprint = config ? fingerprint_of(*config) : "";
  if (arguments.has("json")) {
    const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(access_limits::code_lifetime);
    nlohmann::ordered_json answer = {{"code", made}, {"expires_in", lifetime.count()}};
    if (!fingerprint.empty()) answer["fingerprint"] = fingerprint;
    environment.out << answer.dump() << "\n";
  } else {
    environment.out << made << "\n";
    environment.err << "Type it on the dashboard's first page within 10 minutes; it works once.\n";
    if (!fingerprint.empty()) environment.err << "The browser shows this SHA-256 fingerprint first: " << fingerprint << "\n";
  }
  return done;
}

}  // namespace weir::gateway::cli
