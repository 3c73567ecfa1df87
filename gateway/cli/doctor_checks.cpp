#include "cli/doctor_checks.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "access/certificate.h"
#include "base/text.h"
#include "cli/status_text.h"
#include "config/text_checks.h"
#include "readers/mqtt/broker_address.h"
#include "readers/serial/port_finder.h"

namespace weir::gateway::cli {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;

constexpr rlim_t other_files = 320;  // beside connections: the log, readers, timers
constexpr std::chrono::days renewal{30};
constexpr std::uint64_t space_least = 64'000'000;  // for a WAL, a fold and a backup of rights

bool reachable_by_others(const Config& config) {
  const auto& listen = config.server.listen;
  return !std::all_of(listen.begin(), listen.end(), [](const ListenAddress& address) { return address.loopback(); });
}

/// The folder itself, or the nearest above it that is there.
fs::path existing(fs::path folder) {
  std::error_code ignored;
  folder = fs::absolute(folder, ignored);
  while (!fs::exists(folder, ignored) && folder.has_relative_path()) folder = folder.parent_path();
  return folder;
}

std::uint64_t bytes_in(const fs::path& folder) {
  std::error_code error;
  std::uint64_t bytes = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_regular_file(ignored)) bytes += entry->file_size(ignored);
  }
  return bytes;
}

bool begins_as_database(const fs::path& file) {
  constexpr std::string_view magic = "SQLite format 3";
  std::array<char, 16> head{};
  std::ifstream(file, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), magic.size()) == magic;
}

std::string days_text(Timestamp from, Timestamp to) {
  return std::to_string(std::chrono::floor<std::chrono::days>(to - from).count()) + " days";
}

void check_pair(const TlsFiles& files, Timestamp now, Findings& findings) {
  const auto pair = load_key_pair(files.certificate, files.key);
  if (!pair) {
    findings.push_back(
        {State::fault, "tls", pair.error().message, "no client can connect until both are a pair that can be read"});
    return;
  }
  const CertificateFacts& facts = pair->facts;
  const std::string what = files.certificate.string() + ": SHA-256 fingerprint " + facts.fingerprint;
  if (const auto complaint = validity_complaint(facts, now); !complaint.empty()) {
    findings.push_back({State::fault, "tls", what + "; it " + complaint, "put a new pair in its place; no restart is needed"});
  } else if (facts.not_after - now < renewal) {
    findings.push_back(
        {State::warning, "tls", what + "; it ends in " + days_text(now, facts.not_after), "renew it; no restart is needed"});
  } else {
    findings.push_back({State::ok, "tls", what + ", until " + format_time(facts.not_after), ""});
  }
}

}  // namespace

void check_data_dir(const Config& config, Findings& findings) {
  const fs::path& folder = config.data_dir;
  struct stat status {};
  const std::string remedy =
      "run `weir doctor` as the gateway's user; chown and chmod 700 the folder where it is not that user's";
  if (::stat(folder.c_str(), &status) != 0) {
    const fs::path above = existing(folder);
    const bool possible = ::access(above.c_str(), W_OK | X_OK) == 0;
    findings.push_back({possible ? State::ok : State::fault, "data_dir",
                        folder.string() + " is not there" +
                            (possible ? "; the first start makes it" : ", and this user may not make it in " + above.string()),
                        possible ? "" : remedy});
  } else if (!S_ISDIR(status.st_mode) || ::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    findings.push_back({State::fault, "data_dir",
                        folder.string() + (S_ISDIR(status.st_mode) ? " can't be written by this user" : " is no folder"),
                        remedy});
  } else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    findings.push_back({State::warning, "data_dir",
                        folder.string() + " may be written by other users: they could put tokens of theirs in it",
                        "chmod 700 it"});
  } else {
    findings.push_back({State::ok, "data_dir", folder.string(), ""});
  }
}

void check_space(const Config& config, Findings& findings) {
  struct statvfs space {};
  const fs::path folder = existing(config.data_dir);
  if (::statvfs(folder.c_str(), &space) != 0) return;
  const std::uint64_t free = std::uint64_t{space.f_bavail} * space.f_frsize;
  const std::uint64_t held = bytes_in(config.data_dir);
  const std::uint64_t needed = config.log.size_max > held ? config.log.size_max - held : 0;
  const std::string what = size_text(static_cast<double>(free)) + " free; the log has " + size_text(static_cast<double>(held)) +
                           " and may have " + size_text(static_cast<double>(config.log.size_max));
  if (free < space_least) {
    findings.push_back({State::fault, "space", what, "make room on this file system, or the oldest records are dropped early"});
  } else if (free < needed) {
    findings.push_back(
        {State::warning, "space", what, "make room, or lower log.size_max: the oldest records will be dropped early"});
  } else {
    findings.push_back({State::ok, "space", what, ""});
  }
}

void check_log_file(const Config& config, Findings& findings) {
  const fs::path& file = config.log.file;
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    findings.push_back({State::ok, "log", file.string() + " is not there yet; the first start makes it", ""});
  } else if (::access(file.c_str(), R_OK | W_OK) != 0) {
    findings.push_back(
        {State::fault, "log", file.string() + ": " + std::strerror(errno), "give it to the gateway's user: chown, chmod 600"});
  } else if (fs::file_size(file, ignored) > 0 && !begins_as_database(file)) {
    findings.push_back({State::fault, "log", file.string() + " is no log",
                        "`weir restore` puts a backup in its place; the start would set it aside"});
  } else {
    findings.push_back({State::ok, "log", file.string() + " can be opened; `weir log verify` reads all of it", ""});
  }
}

void check_tls(const Config& config, Timestamp now, Findings& findings) {
  const auto& tls = config.server.tls;
  if (std::holds_alternative<TlsOff>(tls)) {
    const bool open = reachable_by_others(config);
    findings.push_back({open ? State::warning : State::ok, "tls",
                        open ? "off, and others can reach the gateway" : "off: nobody else can reach the gateway",
                        open ? "remove insecure = true: tokens and data can be read on the way" : ""});
    return;
  }
  const fs::path own = config.data_dir / "tls";
  std::error_code ignored;
  if (const auto* files = std::get_if<TlsFiles>(&tls)) {
    check_pair(*files, now, findings);
  } else if (!fs::exists(own / "certificate.pem", ignored)) {
    findings.push_back({State::ok, "tls", "a key and a certificate of its own, made at the first start", ""});
  } else {
    check_pair({own / "certificate.pem", own / "key.pem"}, now, findings);
  }
  if (config.server.client_ca.empty()) return;
  const auto authority = read_certificate(config.server.client_ca);
  findings.push_back({authority ? State::ok : State::fault, "client_ca",
                      authority ? config.server.client_ca.string() + ": " + authority->subject : authority.error().message,
                      authority ? "" : "name the certificates (PEM) that sign those of clients"});
}

void check_clock(ClockSource source, Findings& findings) {
  if (source == ClockSource::ntp) {
    findings.push_back({State::ok, "clock", "synchronised", ""});
  } else if (source == ClockSource::kept) {
    findings.push_back({State::ok, "clock", "kept by this computer's own clock; NTP has not set it", ""});
  } else {
    findings.push_back({State::warning, "clock", "nobody has set it: readings are marked until somebody does",
                        "install systemd-timesyncd or chrony, and let it reach a time server"});
  }
}

void check_serial_ports(const Config& config, Findings& findings) {
  for (const auto& serial : config.serial) {
    const std::string name = "serial " + serial.name;
    const auto path = firmware::find_port(serial.port, {});
    if (!path) {
      findings.push_back({State::fault, name, path.error().message, "plug it in, or mend `port`"});
    } else if (::access(path->c_str(), F_OK) != 0) {
      findings.push_back({State::fault, name, *path + " is not there",
                          "plug it in, or mend `port`: `ls /dev/serial/by-id` shows what is there"});
    } else if (::access(path->c_str(), R_OK | W_OK) != 0) {
      findings.push_back({State::fault, name, *path + " can't be opened by this user",
                          "add the user to the group of the port: usermod -aG dialout weir, then restart"});
    } else {
      findings.push_back({State::ok, name, *path + ", " + std::to_string(serial.baud) + " baud", ""});
    }
  }
}

void check_brokers(const Config& config, Findings& findings) {
  for (const auto& mqtt : config.mqtt) {
    const std::string name = "mqtt " + mqtt.name;
    const auto address = firmware::BrokerAddress::parse(mqtt.url);
    const std::string why = address ? address->why_no_connection() : address.error().message;
    findings.push_back({why.empty() ? State::ok : State::fault, name, why.empty() ? mqtt.url + " accepts connections" : why,
                        why.empty() ? "" : "check the url, that the broker runs, and the network between"});
  }
}

void check_listening(const Config& config, Findings& findings) {
  const std::string described = describe_exposure(config);
  const auto lines = split(described, '\n');
  for (std::size_t i = 0; i < config.server.listen.size() && i < lines.size(); ++i) {
    const ListenAddress& address = config.server.listen[i];
    const bool clear = std::holds_alternative<TlsOff>(config.server.tls) && !address.loopback();
    findings.push_back(
        {clear ? State::warning : State::ok, "listen", std::string(lines[i]), clear ? "remove insecure = true" : ""});
  }
}

void check_open_files(const Config& config, Findings& findings) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t needed = config.server.connections_max + other_files;
  const bool enough = limit.rlim_max >= needed;
  findings.push_back({enough ? State::ok : State::warning, "open_files",
                      std::to_string(limit.rlim_max) + " are allowed here; connections_max needs " + std::to_string(needed),
                      enough ? "" : "raise LimitNOFILE= of the unit (ulimit -Hn), or lower server.connections_max"});
}

void check_library(const Config& config, const std::vector<std::string>& holes, Findings& findings) {
  const bool open = reachable_by_others(config);
  for (const std::string& hole : holes) {
    findings.push_back({open ? State::warning : State::ok, "libwebsockets", hole,
                        open ? "install a version without it where the distribution has one, or let strangers in through a proxy "
                               "only (gateway/docs/security.md)"
                             : ""});
  }
  if (holes.empty()) findings.push_back({State::ok, "libwebsockets", "no hole is known in this version", ""});
}

}  // namespace weir::gateway::cli
