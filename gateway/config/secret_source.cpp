#include "config/secret_source.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace weir::gateway {
namespace {

constexpr std::size_t secret_bytes_max = std::size_t{64} * 1024;

}  // namespace

SecretResult secret_from_file(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return Complaint{path.string() + " can't be read (" + std::strerror(errno) + ")",
                     "make this file with the secret in it, mode 600"};
  }
  if (!S_ISREG(status.st_mode)) return Complaint{path.string() + " is not a file", "name a file with the secret in it"};
  if ((status.st_mode & S_IRWXO) != 0) {
    return Complaint{path.string() + " is open to every user of this computer", "chmod 600 it (or 640, with a group of its own)"};
  }
  std::string secret(secret_bytes_max + 1, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(secret.data(), static_cast<std::streamsize>(secret.size()));
  if (!file && !file.eof()) return Complaint{path.string() + " can't be read by this user", "let this program's user read it"};
  secret.resize(static_cast<std::size_t>(file.gcount()));
  if (secret.size() > secret_bytes_max)
    return Complaint{path.string() + " is larger than 64 KiB", "name the file that holds the secret"};
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) return Complaint{path.string() + " is empty", "put the secret into it"};
  return secret;
}

SecretResult secret_from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') {
    return Complaint{"the environment has no " + name, "set it where the gateway is started, or use { file = \"…\" }"};
  }
  return std::string(value);
}

}  // namespace weir::gateway
