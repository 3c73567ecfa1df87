#include "node/sampler.h"

#include <charconv>
#include <cmath>

#include "base/log_line.h"

namespace weir::firmware {
namespace {

constexpr std::size_t batch_max = 4096;

std::chrono::nanoseconds interval_of(double rate) {
  return std::chrono::nanoseconds(rate > 0 ? static_cast<std::int64_t>(1e9 / rate) : 0);
}

/// The forms that captures use: a space for the T, no offset for UTC.
std::string as_rfc3339(std::string text) {
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (text.size() == 19) text += 'Z';
  return text;
}

}  // namespace

Result<Measured> parse_row(const std::string& row) {
  const auto comma = row.find(',');
  if (comma == row.npos) return Error{ErrorCode::invalid, "no comma in '" + row + "'"};
  auto time = parse_time(as_rfc3339(row.substr(0, comma)));
  if (!time) return time.error();
  const auto end = row.find_last_not_of("\r ") + 1;
  double value = 0;
  const auto [stop, error] = std::from_chars(row.data() + comma + 1, row.data() + end, value);
  if (error != std::errc() || stop != row.data() + end || !std::isfinite(value)) {
    return Error{ErrorCode::invalid, "no number behind the comma in '" + row + "'"};
  }
  return Measured{0, value, *time};
}

Sampler::Sampler(const NodeOptions& options, Simulation& simulation, Monotonic now)
    : simulation_(simulation),
      interval_(interval_of(options.rate)),
      count_(options.count),
      replaying_(!options.replay.empty()),
      replayed_{{options.metric, "", false}},
      next_(now) {}

Result<std::unique_ptr<Sampler>> Sampler::open(const NodeOptions& options, Simulation& simulation, Monotonic now) {
  std::unique_ptr<Sampler> sampler(new Sampler(options, simulation, now));
  if (!sampler->replaying_) return sampler;
  sampler->file_.open(options.replay);
  if (!sampler->file_) return Error{ErrorCode::not_found, "--replay " + options.replay + ": cannot be read"};
  return sampler;
}

void Sampler::take(Monotonic now, std::size_t room, std::vector<Measured>& out) {
  const bool waits = replaying_ || interval_ == std::chrono::nanoseconds(0);
  while (!finished_ && next_ <= now && out.size() < batch_max && (!waits || out.size() < room)) {
    replaying_ ? take_row(out) : take_sensors(out);
    next_ += interval_;
  }
}

void Sampler::take_row(std::vector<Measured>& out) {
  std::string row;
  if (!std::getline(file_, row)) {
    finished_ = true;
    return;
  }
  auto measured = parse_row(row);
  if (!measured) return log_line(Severity::notice, "replay", measured.error().message);
  out.push_back(*measured);
  finished_ = ++taken_ == count_;
}

void Sampler::take_sensors(std::vector<Measured>& out) {
  simulation_.advance(std::chrono::duration<double>(interval_).count());
  for (std::size_t channel = 0; channel < simulation_.sensors() && !finished_; ++channel) {
    out.push_back({channel, simulation_.value(channel), {}});
    finished_ = ++taken_ == count_;
  }
}

}  // namespace weir::firmware
