#include "node/faults.h"

namespace weir::firmware {

std::string Faults::noise() {
  std::string bytes(1 + random_() % 20, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random_());
  return bytes;
}

void Faults::damage(std::string& bytes) {
  if (bytes.empty()) return;
  if (chance(100)) bytes.resize(random_() % bytes.size());
  if (!bytes.empty() && chance(100)) {
    auto& byte = bytes[random_() % bytes.size()];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ 1U << random_() % 8);
  }
  if (chance(100)) bytes.insert(0, noise());
}

std::chrono::milliseconds Faults::pause() { return std::chrono::milliseconds(chance(500) ? random_() % 2000 : 0); }

}  // namespace weir::firmware
