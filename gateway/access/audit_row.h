// AuditRow: a line of the audit, and how it is bound to the line before.
//
// Purpose    the text of a row and the check of one; pure, so that verify and append can't differ.
// Thread     pure functions.
// Ownership  plain values.
// Limits     members are cut at audit_limits::member_bytes_max.
// Errors     a line that isn't a row: nothing.
//
// Format     {"seq":N,"time":…,"boot":…,"monotonic":…,"who":…,…,"result":…,"prev":"HASH","hash":"HASH"}. `hash` is SHA-256 of
//            the bytes before `,"hash":`, which end with the hash of the row before: `sed 's/,"hash":.*//' | sha256sum`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "access/audit.h"

namespace weir::gateway {

inline constexpr std::string_view audit_genesis = "0000000000000000000000000000000000000000000000000000000000000000";

struct AuditMoment {
  Timestamp wall;
  Monotonic monotonic;  // order and distance of rows of one boot, whatever became of the wall clock
};

struct AuditLink {
  std::uint64_t seq = 0;
  std::string_view prev, hash;  // into the line
};

/// Without the line feed.
std::string audit_row(std::uint64_t seq, const AuditMoment& moment, const AuditEntry& entry, std::string_view prev);

/// What an unaltered line says of its place; nothing where the hash contradicts the bytes.
std::optional<AuditLink> audit_link(std::string_view line);

/// One text member, as it stands between its quotes.
std::string_view audit_member(std::string_view line, std::string_view name);

}  // namespace weir::gateway
