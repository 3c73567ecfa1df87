// The gateway's own TLS key and certificate: `tls = "auto"`.
//
// Purpose    P-256 key and self-signed certificate, made at the first start in data_dir/tls (mode 0700, files 0600), kept.
// Thread     the main thread, before the server starts.
// Ownership  plain values.
// Limits     valid from 2020 to 2049, whatever the board's clock says; browsers ask once to trust it, by its fingerprint.
// Errors     `io` where the folder can't be written, `invalid` where what is there is no certificate. Source: RFC 5280.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace weir::gateway {

struct OwnCertificate {
  std::filesystem::path certificate, key;
  std::string fingerprint;  // SHA-256 of the certificate, "3F:A9:…", as browsers show it
};

/// Unless both files are there, both are made anew.
Result<OwnCertificate> own_certificate(const std::filesystem::path& folder);

}  // namespace weir::gateway
