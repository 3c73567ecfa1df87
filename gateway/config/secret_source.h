// Secrets come from files and from the environment, never from the configuration itself.
//
// Purpose    reads `{ file = "…" }` and `{ env = "…" }`.
// Thread     start-up only (getenv).
// Limits     64 KiB; one newline at the end of a file is not part of the secret.
// Errors     a Complaint that never holds the secret.
#pragma once

#include <filesystem>
#include <string>
#include <variant>

#include "config/field.h"

namespace weir::gateway {

using SecretResult = std::variant<std::string, Complaint>;

SecretResult secret_from_file(const std::filesystem::path& path);
SecretResult secret_from_environment(const std::string& name);

}  // namespace weir::gateway
