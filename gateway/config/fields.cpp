#include "config/fields.h"

#include <algorithm>

#include "config/config.h"
#include "config/text_checks.h"

namespace weir::gateway {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;
constexpr std::int64_t megabyte = 1'000'000;

// Members that aren't plain.

Member listen_member() {
  return {[](void* owner, FieldValue&& value) {
            auto& listen = static_cast<ServerOptions*>(owner)->listen;
            listen.clear();
            for (const std::string& text : std::get<std::vector<std::string>>(value)) listen.push_back(*parse_listen(text));
          },
          [](const void* owner) -> FieldValue {
            std::vector<std::string> texts;
            for (const ListenAddress& address : static_cast<const ServerOptions*>(owner)->listen)
              texts.push_back(to_string(address));
            return texts;
          }};
}

Member tls_member() {
  return {[](void* owner, FieldValue&& value) {
            auto& tls = static_cast<ServerOptions*>(owner)->tls;
            const auto& parts = std::get<std::vector<std::string>>(value);
            if (parts.size() == 2) {
              tls = TlsFiles{parts[0], parts[1]};
            } else if (parts[0] == "auto") {
              tls = TlsAuto{};
            } else {
              tls = TlsOff{};
            }
          },
          [](const void* owner) -> FieldValue {
            const auto& tls = static_cast<const ServerOptions*>(owner)->tls;
            if (const auto* files = std::get_if<TlsFiles>(&tls)) {
              return std::vector<std::string>{files->certificate.string(), files->key.string()};
            }
            return std::vector<std::string>{std::holds_alternative<TlsAuto>(tls) ? "auto" : "off"};
          }};
}

const Section& client_certificate_section() {
  static const Section section{"server.client_certificate",
                               "A machine that needs no token: it shows a certificate of `client_ca`.",
                               {{.key = "common_name",
                                 .help = "of the certificate's subject, to the letter",
                                 .required = true,
                                 .check = check_name,
                                 .member = member<&ClientCertificate::common_name>()},
                                {.key = "role",
                                 .type = Type::choice,
                                 .help = "what it may do",
                                 .required = true,
                                 .choices = {"viewer", "operator", "admin", "ingest"},
                                 .member = member<&ClientCertificate::role>()}},
                               defaults_of<ClientCertificate>};
  return section;
}

const Section& server_section() {
  static const Section section{
      "server",
      "Who can reach the gateway.",
      {{.key = "listen",
        .type = Type::texts,
        .help = "addresses and ports; where others can reach one of them there is TLS, or `insecure = true`",
        .check = check_listen,
        .member = listen_member()},
       {.key = "tls",
        .type = Type::tls,
        .help = "`auto`: a key of its own, made at the first start; or `{ certificate = \"…\", key = \"…\" }`, taken anew when "
                "the files change; "
                "`auto` where it is not written and others can reach an address",
        .member = tls_member()},
       {.key = "insecure",
        .type = Type::boolean,
        .help = "true: others may reach it without TLS, and listeners on the way read everything",
        .member = member<&ServerOptions::insecure>()},
       {.key = "client_ca",
        .type = Type::path,
        .help = "PEM: clients may show a certificate that one of these has signed; taken anew when it changes",
        .member = member<&ServerOptions::client_ca>()},
       {.key = "client_certificate_required",
        .type = Type::boolean,
        .help = "true: who shows no such certificate gets no further than the handshake, browsers too",
        .member = member<&ServerOptions::client_certificate_required>()},
       {.key = "security_contact",
        .help = "whom to tell of a hole in this gateway's security: `mailto:…`, `https://…` or `tel:…`, for "
                "`/.well-known/security.txt`",
        .check = check_contact,
        .member = member<&ServerOptions::security_contact>()},
       {.key = "origins",
        .type = Type::texts,
        .help = "further web pages that may use it: `https://host:port`",
        .check = check_origin,
        .member = member<&ServerOptions::origins>()},
       {.key = "hosts",
        .type = Type::texts,
        .help =
            "further names that it is reached by, as `gateway.example`; its addresses, `localhost`, this computer's own name, "
            "that with `.local` and the names in `origins` need not be written; requests for others are refused",
        .check = check_host,
        .member = member<&ServerOptions::hosts>()},
       {.key = "connections_max",
        .type = Type::integer,
        .help = "at the same time; further ones are refused",
        .min = 1,
        .max = 1'000'000,
        .member = member<&ServerOptions::connections_max>()},
       {.key = "connections_per_address_max",
        .type = Type::integer,
        .help = "from one address; this computer is exempt",
        .min = 1,
        .max = 1'000'000,
        .member = member<&ServerOptions::connections_per_address_max>()},
       {.key = "connections_per_token_max",
        .type = Type::integer,
        .help = "of one token or signed-in session; the default leaves some to the others",
        .min = 1,
        .max = 1'000'000,
        .member = member<&ServerOptions::connections_per_token_max>()},
       {.key = "requests_per_second_per_address_max",
        .type = Type::integer,
        .help = "without a valid credential; twice as many after a pause; this computer is exempt",
        .min = 1,
        .max = 1'000'000,
        .member = member<&ServerOptions::requests_per_second_per_address_max>()},
       {.key = "requests_per_second_per_token_max",
        .type = Type::integer,
        .help = "of one token or signed-in session, WebSocket messages included; twice as many after a pause; this computer is "
                "exempt, but for what a proxy passes on with `X-Forwarded-For`",
        .min = 1,
        .max = 1'000'000,
        .member = member<&ServerOptions::requests_per_second_per_token_max>()},
       {.key = "websocket_compression",
        .type = Type::boolean,
        .help = "true: WebSocket messages are compressed for clients that offer it (permessage-deflate): fewer bytes, more work; "
                "no memory for each client",
        .member = member<&ServerOptions::websocket_compression>()},
       {.key = "client_certificate",
        .type = Type::tables,
        .help = "machines that sign in by their certificate",
        .section = &client_certificate_section(),
        .children = tables<&ServerOptions::client_certificates>()}},
      defaults_of<ServerOptions>};
  return section;
}

const Section& log_section() {
  static const Section section{
      "log",
      "What is kept, and how safely.",
      {{.key = "durability",
        .type = Type::choice,
        .help = "what a power cut may take: `fast` what was not synced yet, `bounded` the last second, `strict` nothing",
        .choices = {"fast", "bounded", "strict"},
        .member = member<&Config::log, &LogOptions::durability>()},
       {.key = "size_max",
        .type = Type::size,
        .help = "beyond it the oldest records go",
        .min = megabyte,
        .max = 1'000'000 * megabyte,
        .member = member<&Config::log, &LogOptions::size_max>()},
       {.key = "age_max",
        .type = Type::duration,
        .help = "older records go",
        .min = 60 * second_ns,
        .max = 36'500 * day_ns,
        .member = member<&Config::log, &LogOptions::age_max>()},
       {.key = "flash_budget_per_day",
        .type = Type::size,
        .help = "commits are gathered to write no more than this; 0: no budget",
        .min = 0,
        .max = 1'000'000 * megabyte,
        .member = member<&Config::log, &LogOptions::flash_budget_per_day>()},
       {.key = "clock",
        .type = Type::choice,
        .help = "`auto`: readings are marked until the board's clock is synchronised, and corrected then; `trusted`: it is "
                "always right",
        .choices = {"auto", "trusted"},
        .member = member<&Config::log, &LogOptions::clock>()}},
      defaults_of<Config>};
  return section;
}

void collect(const Section& section, std::vector<const Section*>& out) {
  if (std::find(out.begin(), out.end(), &section) != out.end()) return;
  out.push_back(&section);
  for (const Field& field : section.fields) {
    if (field.section != nullptr) collect(*field.section, out);
  }
}

}  // namespace

const Section& root_section() {
  static const Section section{
      "",
      "Where things are kept; everything else is in the tables below.",
      {{.key = "data_dir",
        .type = Type::path,
        .help = "where the log, tokens and keys are kept",
        .member = member<&Config::data_dir>()},
       {.key = "server",
        .type = Type::table,
        .help = "who can reach the gateway",
        .section = &server_section(),
        .children = table<&Config::server>()},
       {.key = "log", .type = Type::table, .help = "what is kept", .section = &log_section(), .children = same_table()},
       {.key = "mqtt", .type = Type::tables, .help = "brokers", .section = &mqtt_section(), .children = tables<&Config::mqtt>()},
       {.key = "serial",
        .type = Type::tables,
        .help = "serial lines",
        .section = &serial_section(),
        .children = tables<&Config::serial>()}},
      defaults_of<Config>};
  return section;
}

std::vector<const Section*> all_sections() {
  std::vector<const Section*> sections;
  collect(root_section(), sections);
  return sections;
}

}  // namespace weir::gateway
