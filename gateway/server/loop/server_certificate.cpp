#include "server/loop/server_certificate.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <utility>

#include "base/log_line.h"

namespace weir::gateway {
namespace {

constexpr const char* tls12_ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
constexpr const char* groups = "X25519:P-256:P-384";

/// With ECDSA a whole handshake costs hardly more than a resumed one, and each ticket's key would open what was recorded.
void keep_no_sessions(SSL_CTX* context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}

int show_current(SSL* connection, void* certificate) {
  return static_cast<const ServerCertificate*>(certificate)->show(connection) ? 1 : 0;
}

}  // namespace

ServerCertificate::ServerCertificate(const ServerOptions& options, const Clock& clock)
    : options_(options), files_(std::get<TlsFiles>(options.tls)), clock_(clock) {}

Result<std::unique_ptr<ServerCertificate>> ServerCertificate::open(const ServerOptions& options, const Clock& clock) {
  std::unique_ptr<ServerCertificate> opened(new ServerCertificate(options, clock));
  if (auto loaded = opened->load(); !loaded) return loaded.error();
  return opened;
}

bool ServerCertificate::equip(SSL_CTX* context) {
  keep_no_sessions(context);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);  // who begins with ChaCha20 has no AES in hardware
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cert_cb(context, show_current, this);
  const int required = options_.client_certificate_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  if (clients_) SSL_CTX_set_verify(context, SSL_VERIFY_PEER | required, nullptr);
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 &&
         SSL_CTX_set1_groups_list(context, groups) == 1;
}

bool ServerCertificate::show(SSL* connection) const {
  SSL_certs_clear(connection);
  if (clients_ && SSL_set1_verify_cert_store(connection, clients_.get()) != 1) return false;
  return SSL_use_cert_and_key(connection, pair_.certificate.get(), pair_.key.get(), pair_.chain.get(), 1) == 1;
}

Result<std::shared_ptr<X509_STORE>> ServerCertificate::load_clients() const {
  std::shared_ptr<X509_STORE> store;
  if (options_.client_ca.empty()) return store;
  store = {X509_STORE_new(), X509_STORE_free};
  if (store && X509_STORE_load_file(store.get(), options_.client_ca.c_str()) == 1) return store;
  ERR_clear_error();
  return Error{ErrorCode::invalid, "server.client_ca: " + options_.client_ca.string() + ": has no certificates in PEM"};
}

Result<void> ServerCertificate::load() {
  tried_ = seen_ = stamps();
  auto pair = load_key_pair(files_.certificate, files_.key);
  if (!pair) return Error{pair.error().code, "server.tls: " + pair.error().message};
  auto clients = load_clients();
  if (!clients) return clients.error();
  pair_ = std::move(*pair);
  clients_ = std::move(*clients);
  const CertificateFacts& facts = pair_.facts;
  log_line(Severity::notice, "server",
           "TLS with " + files_.certificate.string() + ", SHA-256 fingerprint " + facts.fingerprint + ", until " +
               format_time(facts.not_after));
  if (const auto complaint = validity_complaint(facts, clock_.wall()); !complaint.empty())
    log_line(Severity::warning, "server", "server.tls: " + files_.certificate.string() + " " + complaint);
  return {};
}

void ServerCertificate::reload() {
  if (const auto loaded = load(); !loaded)
    log_line(
        Severity::error, "server",
        loaded.error().message + "; the certificate from before stays in use, SHA-256 fingerprint " + pair_.facts.fingerprint);
}

/// Two files are not written at once: they are taken when a second has passed without a change.
void ServerCertificate::look() {
  const Stamps now = stamps();
  if (now != tried_ && now == seen_) return reload();
  seen_ = now;
}

ServerCertificate::Stamps ServerCertificate::stamps() const {
  const auto stamp = [](const std::filesystem::path& file) -> Stamp {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) return {};
    return {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
            std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
  };
  return {stamp(files_.certificate), stamp(files_.key), stamp(options_.client_ca)};
}

std::string client_name(SSL* connection) {
  const X509* certificate = connection == nullptr ? nullptr : SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_result(connection) != X509_V_OK) return "";
  return common_name_of(*certificate);
}

}  // namespace weir::gateway
