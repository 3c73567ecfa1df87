#include "readers/serial/serial_reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "readers/serial/lines_session.h"
#include "readers/serial/serial_port.h"
#include "readers/serial/wire_session.h"

namespace weir::firmware {
namespace {

using namespace std::chrono_literals;

constexpr auto retry_first = 250ms;
constexpr auto retry_longest = 5'000ms;
constexpr auto tick_every = 250ms;
constexpr auto resume_every = 50ms;
constexpr std::size_t read_bytes = 4096;

bool exactly_one(const SerialPort& port) { return !port.path.empty() + !port.by_id.empty() + !port.usb_serial.empty() == 1; }

}  // namespace

Result<std::unique_ptr<SerialReader>> SerialReader::create(SerialOptions options, ReaderContext context, PortRoots roots) {
  const std::string name = "serial " + options.name + ": ";
  if (!exactly_one(options.port)) return Error{ErrorCode::invalid, name + "port: give one of path, by_id and usb_serial"};
  if (options.baud == 0) return Error{ErrorCode::invalid, name + "baud: 0 is no rate"};
  std::unique_ptr<SerialReader> reader(new SerialReader(std::move(options), context, std::move(roots)));
  SerialServices& services = *reader;
  if (reader->options_.framing == Framing::wire) {
    reader->session_ = std::make_unique<WireSession>(services);
    return reader;
  }
  auto lines = LinesSession::create(reader->options_.mapping, services);
  if (!lines) return Error{lines.error().code, name + lines.error().message};
  reader->session_ = *std::move(lines);
  return reader;
}

SerialReader::SerialReader(SerialOptions options, ReaderContext context, PortRoots roots)
    : options_(std::move(options)), context_(context), roots_(std::move(roots)) {
  status_.name = options_.name;
  status_.kind = "serial";
  status_.where = describe(options_.port);
  status_.detail = "not started";
  if (!options_.polls.empty()) bus_.emplace(options_.polls, options_.answer_within);
}

SerialReader::~SerialReader() { stop(); }

void SerialReader::start() {
  if (alive_) return;
  alive_ = std::make_shared<Alive>(Alive{this});
  retry_after_ = retry_first;
  open();
}

void SerialReader::stop() {
  if (!alive_) return;
  alive_.reset();
  for (auto* timer : {&retry_timer_, &tick_timer_, &resume_timer_, &bus_timer_}) context_.loop.cancel(std::exchange(*timer, 0));
  held_back_ = false;
  close_port({ErrorCode::unavailable, where() + ": the reader was stopped"});
  say(false, "stopped");
}

// -- The port comes and goes.

void SerialReader::open() {
  retry_timer_ = 0;
  pay_owed();
  const auto path = find_port(options_.port, roots_);
  if (!path) return not_open(path.error().message);
  const auto fd = open_serial_port(*path, options_.baud);
  if (!fd) return not_open(fd.error().message);
  opened(*fd, *path);
}

void SerialReader::not_open(const std::string& why) {
  say(false, why);
  retry_timer_ = context_.loop.after(retry_after_, [this] { open(); });
  retry_after_ = std::min<std::chrono::milliseconds>(2 * retry_after_, retry_longest);
}

void SerialReader::opened(int fd, const std::string& path) {
  fd_ = fd;
  path_ = path;
  if (auto watched = context_.loop.watch(fd, EPOLLIN, [this](std::uint32_t events) { on_ready(events); }); !watched) {
    close(std::exchange(fd_, -1));
    return not_open(watched.error().message);
  }
  retry_after_ = retry_first;
  say(true, {});
  session_->opened();
  watch_events();
  tick();
  take_turns();
}

void SerialReader::lost(const std::string& why) {
  for (const auto& device : std::exchange(online_, {})) owed_devices_[device] = DeviceState::offline;
  close_port({ErrorCode::unavailable, where() + ": " + why});
  context_.loop.cancel(std::exchange(tick_timer_, 0));
  not_open(path_ + ": " + why);
  pay_owed();
}

void SerialReader::close_port(const Error& why) {
  if (fd_ >= 0) {
    context_.loop.unwatch(fd_);
    close(std::exchange(fd_, -1));
  }
  queue_.abandon(why);
  if (bus_) bus_->abandon(why);
}

void SerialReader::tick() {
  tick_timer_ = context_.loop.after(tick_every, [this] { tick(); });
  session_->tick();
  pay_owed();
}

// -- Bytes in and out.

void SerialReader::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if (fd_ < 0) return;
  const bool hung_up = (events & (EPOLLHUP | EPOLLERR)) != 0;
  if (hung_up) {
    while (read_some()) {
    }
    if (fd_ >= 0) lost("unplugged");
  } else if ((events & EPOLLIN) != 0) {
    read_some();
  }
  pay_owed();
}

/// False when there is nothing more, or the port is gone.
bool SerialReader::read_some() {
  std::array<char, read_bytes> bytes;
  const auto got = ::read(fd_, bytes.data(), bytes.size());
  if (got > 0) {
    count_bytes(static_cast<std::size_t>(got));
    session_->take({bytes.data(), static_cast<std::size_t>(got)});
    return fd_ >= 0;
  }
  if (got == 0) {
    lost("unplugged");
  } else if (errno != EAGAIN && errno != EINTR) {
    lost(std::strerror(errno));
  }
  return false;
}

bool SerialReader::write(std::string bytes) {
  if (fd_ < 0 || !queue_.has_room(bytes.size())) return false;
  count_bytes(bytes.size());
  queue_.add(std::move(bytes), {});
  watch_events();
  return true;
}

/// Written when the loop says that the port takes bytes: never inside a session's call.
void SerialReader::flush() {
  if (!queue_.flush(fd_)) return lost(std::strerror(errno));
  watch_events();
}

void SerialReader::watch_events() {
  const auto in = held_back_ ? 0U : static_cast<std::uint32_t>(EPOLLIN);
  const auto out = queue_.empty() ? 0U : static_cast<std::uint32_t>(EPOLLOUT);
  context_.loop.change(fd_, in | out);
}

void SerialReader::hold_back() {
  if (held_back_ || !alive_) return;
  held_back_ = true;
  if (fd_ >= 0) watch_events();
  resume_timer_ = context_.loop.after(resume_every, [this] { resume(); });
}

void SerialReader::resume() {
  resume_timer_ = 0;
  if (!session_->resume()) {
    resume_timer_ = context_.loop.after(resume_every, [this] { resume(); });
    return;
  }
  held_back_ = false;
  if (fd_ >= 0) watch_events();
}

// -- What the session asks for.

/// Wraps a task for another thread: it runs on the loop, and not at all once the reader was stopped.
std::function<void(bool)> SerialReader::on_loop(std::function<void(SerialReader&, bool)> task) {
  return [alive = std::weak_ptr<Alive>(alive_), &loop = context_.loop, task = std::move(task)](bool answer) {
    // A full loop loses this: the node sends again what it got no answer to.
    [[maybe_unused]] const bool posted = loop.post([alive, task, answer] {
      if (const auto found = alive.lock()) task(*found->reader, answer);
    });
  };
}

Result<void> SerialReader::deliver(Delivery&& delivery, std::function<void(bool committed)> done) {
  delivery.reader = options_.name;
  std::uint64_t losses = 0;
  for (auto& loss : delivery.losses) {
    loss.where = where();
    losses += loss.count;
  }
  const auto readings = delivery.readings.size();
  auto committed = on_loop([readings, done = std::move(done)](SerialReader& reader, bool ok) {
    reader.on_committed(readings, ok);
    done(ok);
  });
  auto taken = context_.intake.deliver(std::move(delivery), [committed](const Result<void>& result) { committed(result.ok()); });
  std::lock_guard lock(mutex_);
  taken ? status_.losses += losses : ++status_.held_back;
  return taken;
}

void SerialReader::on_committed(std::size_t readings, bool committed) {
  std::lock_guard lock(mutex_);
  committed ? status_.readings += readings : ++status_.held_back;
}

void SerialReader::reply(CommandReply reply, std::function<void(bool committed)> done) {
  context_.commands.on_reply(std::move(reply), on_loop([done = std::move(done)](SerialReader&, bool ok) { done(ok); }));
}

void SerialReader::declare(const std::string& device, std::vector<DeclaredCommand> commands) {
  context_.commands.on_declared(device, std::move(commands));
}

void SerialReader::lose(std::string_view reason, std::string detail, std::uint64_t count) {
  loss_lines_.log(monotonic(), Severity::warning, where(), std::string(reason) + ": " + detail);
  std::lock_guard lock(mutex_);
  status_.losses += count;
  const auto found = owed_losses_.find(reason);
  if (found != owed_losses_.end()) return void(found->second.count += count);
  owed_losses_.emplace(reason, Loss{where(), std::string(reason), count, std::move(detail), {}, {}});
}

void SerialReader::count_message() {
  {
    std::lock_guard lock(mutex_);
    ++status_.messages;
  }
  if (!bus_) return;
  bus_->heard(monotonic());
  take_turns();
}

bool SerialReader::heard(const std::string& device) {
  if (online_.contains(device)) return true;
  if (online_.size() >= limits::devices_max) {
    lose("full", "more than " + std::to_string(limits::devices_max) + " devices on one port", 1);
    return false;
  }
  online_.insert(device);
  owed_devices_[device] = DeviceState::online;
  std::lock_guard lock(mutex_);
  if (known_.size() < limits::devices_max) known_.insert(device);
  return true;
}

void SerialReader::gone(const std::string& device) {
  if (online_.erase(device) > 0) owed_devices_[device] = DeviceState::offline;
}

/// Losses and changes wait here while the log takes nothing.
void SerialReader::pay_owed() {
  if (owed_devices_.empty() && owed_losses_.empty()) return;
  Delivery delivery;
  delivery.reader = options_.name;
  for (const auto& [device, state] : owed_devices_) delivery.devices.push_back({device, state});
  for (const auto& [reason, loss] : owed_losses_) delivery.losses.push_back(loss);
  if (!context_.intake.deliver(std::move(delivery), [](const Result<void>&) {})) return;
  owed_devices_.clear();
  owed_losses_.clear();
}

// -- Commands.

bool SerialReader::reaches(const std::string& device) const {
  if (device == options_.mapping.device) return true;
  const auto& declared = options_.declared;
  if (std::any_of(declared.begin(), declared.end(), [&](const auto& one) { return glob_match(one.device, device); })) return true;
  std::lock_guard lock(mutex_);
  return known_.contains(device);
}

Result<std::string> SerialReader::bytes_of(const Command& command) const {
  auto bytes = session_->encode(command);
  if (!bytes) return Error{bytes.error().code, where() + ": " + bytes.error().message};
  if (fd_ < 0) return Error{ErrorCode::unavailable, where() + ": the port is not open: " + status().detail};
  if (!queue_.has_room(bytes->size()) || (bus_ && !bus_->has_room()))
    return Error{ErrorCode::full, where() + ": too much waits to be written; try later"};
  return bytes;
}

Result<void> SerialReader::ready(const Command& command) const {
  const auto bytes = bytes_of(command);
  return bytes ? Result<void>() : Result<void>(bytes.error());
}

void SerialReader::send(const Command& command, std::function<void(Result<void>)> sent) {
  auto bytes = bytes_of(command);
  if (!bytes) return sent(bytes.error());
  count_bytes(bytes->size());
  if (bus_) {
    bus_->add(*std::move(bytes), std::move(sent));
    return take_turns();
  }
  queue_.add(*std::move(bytes), std::move(sent));
  watch_events();
}

/// On a line with polls: what may go out now, and when to look again.
void SerialReader::take_turns() {
  if (!bus_ || fd_ < 0) return;
  const auto now = monotonic();
  if (auto turn = bus_->next(now)) {
    queue_.add(std::move(turn->bytes), std::move(turn->sent));
    watch_events();
  }
  context_.loop.cancel(bus_timer_);
  bus_timer_ = context_.loop.after(bus_->due(now) - now, [this] { take_turns(); });
  std::lock_guard lock(mutex_);
  const auto& counters = bus_->counters();
  status_.line_busy = counters.busy;
  status_.polls = counters.polls;
  status_.retries = counters.retries;
  status_.unanswered = counters.unanswered;
}

/// Without polls a line is busy while it carries bits: ten for each byte.
void SerialReader::count_bytes(std::size_t bytes) {
  if (bus_) return;
  std::lock_guard lock(mutex_);
  status_.line_busy += std::chrono::nanoseconds(10'000'000'000 / options_.baud * bytes);
}

// -- How it is doing.

std::string SerialReader::where() const {
  return "serial " + options_.name + " " + (path_.empty() ? describe(options_.port) : path_);
}

void SerialReader::say(bool connected, const std::string& detail) {
  std::lock_guard lock(mutex_);
  const bool news = connected != status_.connected || detail != status_.detail;
  status_.connected = connected;
  status_.detail = detail;
  status_.connects += connected ? 1 : 0;
  if (!path_.empty()) status_.where = path_;
  if (!news || !alive_) return;
  const auto words = connected ? "open at " + std::to_string(options_.baud) + " baud" : detail;
  port_lines_.log(monotonic(), connected ? Severity::info : Severity::warning, where(), words);
}

ReaderStatus SerialReader::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace weir::firmware
