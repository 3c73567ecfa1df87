// ServerCertificate: the key and certificate that the listeners show, taken anew when their files change.
//
// Purpose    one pair for all listeners. Every handshake takes the pair of that moment: connections that stand are not touched.
// Thread     the server's.
// Ownership  owns the pair; outlives the library's contexts, which it equips.
// Limits     TLS 1.2 and 1.3, forward secrecy and AEAD only (RFC 9325); no renegotiation, compression or resumption, so that no
//            key lives longer than its connection. The files are looked at once a second.
// Errors     a pair that can't be used is refused with a line that says why, and the one before stays.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "access/certificate.h"
#include "base/result.h"
#include "config/config.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_store_st;

namespace weir::gateway {

class ServerCertificate {
 public:
  /// `options` outlive it, and name files.
  static Result<std::unique_ptr<ServerCertificate>> open(const ServerOptions& options, const Clock& clock);

  /// A listener's context: what it speaks, and this pair for each handshake. False: OpenSSL refuses.
  bool equip(ssl_ctx_st* context);

  /// Takes the files anew if they have changed, and were the same at the last look.
  void look();
  void reload();

  const KeyPair& pair() const { return pair_; }

  /// A handshake begins: it is given what is in force now.
  bool show(ssl_st* connection) const;

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t changed = 0;
    bool operator==(const Stamp&) const = default;
  };
  using Stamps = std::array<Stamp, 3>;

  ServerCertificate(const ServerOptions& options, const Clock& clock);
  Result<void> load();
  Result<std::shared_ptr<x509_store_st>> load_clients() const;
  Stamps stamps() const;

  const ServerOptions& options_;
  const TlsFiles& files_;
  const Clock& clock_;
  KeyPair pair_;
  std::shared_ptr<x509_store_st> clients_;  // who signs clients' certificates; null: nobody is asked for one
  Stamps tried_{}, seen_{};
};

/// The common name of the certificate that the client showed and that was found good; empty: none.
std::string client_name(ssl_st* connection);

}  // namespace weir::gateway
