#include "base/log_line.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

namespace weir {
namespace {

constexpr std::size_t line_bytes_max = 1024;

/// systemd.exec(5): JOURNAL_STREAM names the device and inode of the journal's socket. A program started from a journaled
/// one inherits the variable, so stderr itself must be that socket.
bool journal_reads_stderr() {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat file = {};
  if (stream == nullptr || fstat(STDERR_FILENO, &file) != 0) return false;
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == stream;
}

std::string_view word(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::notice: return "notice";
    case Severity::info: return "info";
    case Severity::debug: return "debug";
  }
  return "info";
}

std::string prefix(Severity severity) {
  if (journal_reads_stderr()) return "<" + std::to_string(static_cast<int>(severity)) + ">";
  const auto now = std::chrono::floor<std::chrono::milliseconds>(SystemClock().wall());
  return format_time(now).append(" ").append(word(severity)).append(" ");
}

void append_hex(std::string& out, char byte) {
  char text[8];
  std::snprintf(text, sizeof text, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  out += text;
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty() && out.size() < line_bytes_max) {
    const auto length = printable_length(text);
    if (length == 0) append_hex(out, text.front());
    out.append(text, 0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
}

/// Cut so that no character is halved.
void cut(std::string& line) {
  if (line.size() < line_bytes_max) return;
  line.resize(line_bytes_max - 1);
  line.resize(utf8_prefix(line));
}

}  // namespace

void log_line(Severity severity, std::string_view where, std::string_view what) {
  auto line = prefix(severity);
  append_printable(line, where);
  line += ": ";
  append_printable(line, what);
  cut(line);
  line += '\n';
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
}

void LineLimiter::log(Monotonic now, Severity severity, std::string_view where, std::string_view what) {
  if (now < next_) {
    ++held_back_;
    return;
  }
  std::string line(what.substr(0, line_bytes_max));
  if (held_back_ > 0) line += " (" + std::to_string(held_back_) + " more like it)";
  log_line(severity, where, line);
  held_back_ = 0;
  next_ = now + interval_;
}

}  // namespace weir
