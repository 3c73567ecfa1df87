#include "cli/status_text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/record_text.h"

namespace weir::gateway::cli {
namespace {

using nlohmann::ordered_json;

constexpr double days_per_year = 365.25;

ordered_json member(const ordered_json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.at(name) : ordered_json();
}

double number(const ordered_json& object, const char* name) {
  const ordered_json value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

bool flag(const ordered_json& object, const char* name) { return member(object, name) == true; }

std::string rounded(double value) {
  std::array<char, 32> text{};
  const int decimals = value >= 100 || value == std::floor(value) ? 0 : value >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string line(const std::string& name, const std::string& text) {
  std::ostringstream out;
  out << std::left << std::setw(12) << name << text << "\n";
  return out.str();
}

std::string ready_text(const ordered_json& status) {
  if (flag(status, "ready")) return "ready";
  std::string text = "NOT READY";
  for (const ordered_json& reason : member(status, "reasons"))
    text += ": " + (reason.is_string() ? reason.get<std::string>() : "");
  return text;
}

std::string reader_text(const ordered_json& reader) {
  std::string text = member_text(reader, "kind") + " " + member_text(reader, "where");
  if (!flag(reader, "connected")) return text + ", NOT CONNECTED: " + member_text(reader, "detail");
  return text + ", connected, " + member_text(reader, "readings") + " readings, " + member_text(reader, "losses") + " losses";
}

std::string readers_text(const ordered_json& readers) {
  std::size_t connected = 0, all = 0;
  std::string lines;
  for (const ordered_json& reader : readers) {
    ++all;
    connected += flag(reader, "connected") ? 1 : 0;
    lines += line("  " + member_text(reader, "name"), " " + reader_text(reader));
  }
  return line("readers", std::to_string(connected) + " of " + std::to_string(all) + " connected") + lines;
}

std::string log_text(const ordered_json& log) {
  const double bytes = number(log, "bytes"), most = number(log, "size_max");
  std::string text = size_text(bytes) + " of " + size_text(most);
  if (most > 0) text += " (" + rounded(std::round(100 * bytes / most)) + " %)";
  text += ", " + member_text(log, "series") + " series, from " + member_text(log, "oldest") + " to " + member_text(log, "head");
  if (flag(log, "space_short")) text += ", FILE SYSTEM FULL: the oldest is thinned and dropped";
  return text;
}

std::string durability_text(const ordered_json& log) {
  const std::string mode = member_text(log, "durability");
  if (mode == "strict") return "strict: a power cut takes nothing that was acknowledged";
  if (mode == "fast") return "fast: a power cut takes what the system had not written";
  return mode + ": a power cut takes the last " + member_text(log, "sync_interval") + " at most";
}

std::string lifetime_text(double years) {
  if (years >= 1000) return "over 1000 years";
  return years < 2 ? rounded(std::floor(years * days_per_year)) + " days" : rounded(std::floor(years)) + " years";
}

std::string flash_text(const ordered_json& flash, std::uint64_t endurance) {
  const double per_day = number(flash, "written_bytes_per_day"), budget = number(flash, "budget_per_day");
  const double written = number(flash, "written_bytes");
  if (per_day <= 0 && written > 0)
    return size_text(written) + " written since the start; how much in a day is known in some minutes";
  std::string text = size_text(per_day) + " written a day";
  if (budget > 0) text += per_day > budget ? ", OVER the budget of " + size_text(budget) : " of a budget of " + size_text(budget);
  text += ", " + size_text(per_day * days_per_year) + " a year";
  if (endurance == 0 || per_day <= 0) return text;
  const auto bytes = static_cast<double>(endurance);
  return text + "; " + size_text(bytes) + " of endurance last " + lifetime_text(bytes / per_day / days_per_year);
}

std::string losses_text(const ordered_json& losses) {
  const double count = number(losses, "last_day"), retention = number(losses, "last_day_retention");
  const std::string more = retention > 0 ? ", and " + rounded(retention) + " that retention let go" : "";
  if (count == 0) return "none in the last day" + more;
  return rounded(count) + " in the last day" + more + "; `weir losses --since=-1d` says of what and why";
}

}  // namespace

std::string size_text(double bytes) {
  constexpr std::array<const char*, 6> units = {"B", "kB", "MB", "GB", "TB", "PB"};
  std::size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < units.size()) bytes /= 1000, ++unit;
  return rounded(bytes) + " " + units[unit];
}

std::string uptime_text(std::uint64_t seconds) {
  const auto both = [](std::uint64_t large, const char* one, std::uint64_t small, const char* other) {
    return std::to_string(large) + one + (small > 0 ? " " + std::to_string(small) + other : "");
  };
  if (seconds >= 86'400) return both(seconds / 86'400, " d", seconds % 86'400 / 3600, " h");
  if (seconds >= 3600) return both(seconds / 3600, " h", seconds % 3600 / 60, " min");
  if (seconds < 60) return std::to_string(seconds) + " s";
  return both(seconds / 60, " min", seconds % 60, " s");
}

std::string status_text(const ordered_json& status, std::uint64_t endurance) {
  const ordered_json log = member(status, "log");
  const auto uptime = static_cast<std::uint64_t>(number(status, "uptime_seconds"));
  std::string text = "weir " + member_text(status, "version") + ", " + ready_text(status) + ", up " + uptime_text(uptime) + "\n";
  text += readers_text(member(status, "readers"));
  text += line("log", log_text(log));
  text += line("durability", durability_text(log));
  text += line("flash", flash_text(member(status, "flash"), endurance));
  text += line("losses", losses_text(member(status, "losses")));
  if (log.contains("replaced")) text += line("damaged", "a damaged log was set aside as " + member_text(log, "replaced"));
  const ordered_json tls = member(status, "tls");
  if (tls.is_object())
    text += line("tls", "SHA-256 " + member_text(tls, "fingerprint") + ", until " + member_text(tls, "expires"));
  const bool synchronised = flag(member(status, "clock"), "synchronised");
  return text + line("clock", synchronised ? "synchronised" : "NOT SYNCHRONISED: readings are marked until it is");
}

}  // namespace weir::gateway::cli
