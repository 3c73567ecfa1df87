#include "faults/proof.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/time.h"

namespace weir::faults {

namespace {

constexpr std::uint64_t broken_max = 10;

[[noreturn]] void usage(const std::string& name) {
  std::fprintf(stderr, "usage: faults-%s [COUNT] [SEED] [--seconds S] [--json FILE] [--verbose]\n", name.c_str());
  std::exit(2);
}

std::uint64_t number(const std::string& name, const std::string& argument) {
  char* end = nullptr;
  const auto value = std::strtoull(argument.c_str(), &end, 10);
  if (argument.empty() || *end != '\0') usage(name);
  return value;
}

}  // namespace

Proof::Proof(std::string name, int argc, char** argv, std::uint64_t count_default)
    : name_(std::move(name)), count_(count_default) {
  int plain = 0;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&] { return ++i < argc ? std::string(argv[i]) : (usage(name_), std::string()); };
    if (argument == "--seconds") {
      seconds_ = std::chrono::seconds(number(name_, value()));
    } else if (argument == "--json") {
      json_ = value();
    } else if (argument == "--verbose") {
      verbose = true;
    } else {
      (plain++ == 0 ? count_ : seed_) = number(name_, argument);
    }
  }
  if (plain > 2) usage(name_);
  // What a log says of its damage, thousands of times a second.
  if (!verbose && std::freopen("/dev/null", "w", stderr) == nullptr) std::abort();
}

bool Proof::over(std::uint64_t done) const {
  return done >= count_ || broken_ >= broken_max || (seconds_.count() > 0 && elapsed() >= seconds_);
}

void Proof::broken(const std::string& where, const std::string& what) {
  std::lock_guard lock(mutex_);
  if (++broken_ <= broken_max) std::printf("broken: %s: %s\n", where.c_str(), what.c_str());
  std::fflush(stdout);
}

int Proof::finish(std::uint64_t done) {
  nlohmann::ordered_json json{{"suite", name_}, {"seed", seed_}, {"cases", done}, {"broken", broken_.load()}};
  for (const auto& [name, value] : figures_) json[name] = value;
  json["seconds"] = std::chrono::duration_cast<std::chrono::seconds>(elapsed()).count();
  json["when"] = format_time(std::chrono::floor<std::chrono::seconds>(SystemClock().wall()));
  std::printf("%s\n", json.dump().c_str());
  if (!json_.empty()) std::ofstream(json_) << json.dump(2) << '\n';
  return broken_ == 0 && done > 0 ? 0 : 1;
}

/// Most of a case is waiting for the threads of a log to begin and to end.
unsigned Proof::threads() const { return std::clamp(5 * std::thread::hardware_concurrency(), 4U, 32U); }

std::filesystem::path Proof::fast_folder() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
}

}  // namespace weir::faults
