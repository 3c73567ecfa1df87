// Secrets: made, hashed and compared.
//
// Purpose    the only door to cryptography in access/ (OpenSSL's libcrypto behind it).
// Thread     pure functions.
// Ownership  plain values.
// Limits     none.
// Errors     `io` where the system gives no random bytes: nothing is made then.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace weir::gateway {

/// 256 random bits as 52 base32 characters (RFC 4648 section 6, lower case, without padding).
Result<std::string> random_secret();

/// "1234-5678", every one of the 10^8 equally likely.
Result<std::string> random_code();

/// SHA-256 as 64 hexadecimal digits.
std::string hash_of(std::string_view secret);

/// What the page of a session shows with each change (CSRF): made of the session's secret, and does not tell it.
std::string csrf_token_of(std::string_view session_secret);

/// Takes the same time wherever the difference is.
bool same_hash(std::string_view a, std::string_view b);

}  // namespace weir::gateway
