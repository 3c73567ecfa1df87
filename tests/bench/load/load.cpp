#include "load/load.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <stdexcept>

#include <sys/epoll.h>
#include <unistd.h>

#include "load/generic_record.h"
#include "load/process_figures.h"

namespace weir::bench {
namespace {

// Fewer than any listen() backlog in use: a dropped SYN would be sent again only after a second.
constexpr std::size_t unanswered_max = 64;

double seconds_now() { return static_cast<double>(monotonic_ns()) / 1e9; }

}  // namespace

Load::Load(const Options& options)
    : options_(options),
      request_{options.host, options.port, options.token, options.target, options.generic},
      idle_request_{options.host, options.port, options.token, options.idle_target, options.generic},
      times_(std::make_unique<PublishTimes>()),
      scanner_(deliveries_, options.generic ? nullptr : times_.get()),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      scratch_(std::size_t{4} << 20U) {}

Load::~Load() { close(epoll_); }

Figures Load::run() {
  if (options_.pid > 0) figures_.resident_before = resident_bytes_of(options_.pid);
  open_all();
  if (options_.pid > 0) figures_.resident_connected = resident_bytes_of(options_.pid);
  if (options_.publish) publisher_.emplace(options_, *times_, deliveries_);
  if (options_.publish && options_.publish->in_step > 0) {
    run_in_step();
  } else {
    run_for(options_.warm_up);
    measure();
  }
  if (publisher_) drain();
  if (options_.pid > 0) figures_.resident_peak = resident_peak_of(options_.pid);
  add_faults();
  return figures_;
}

void Load::open_all() {
  const auto begun = seconds_now();
  const auto open_each = [&](const Mixture& mixture, Role role) {
    for (const auto& [kind, count] : mixture)
      for (std::size_t i = 0; i < count; ++i) {
        if (const double due = static_cast<double>(connections_.size()) / options_.ramp; options_.ramp > 0)
          run_for(begun + due - seconds_now());
        open(role, kind);
      }
  };
  open_each(options_.idle, Role::idle);
  open_each(options_.deaf, Role::deaf);
  open_each(options_.clients, Role::reader);
  wait_until_opened(0);
  figures_.connected = connections_.size() - figures_.closed;
}

void Load::open(Role role, Kind kind) {
  wait_until_opened(unanswered_max);
  connections_.push_back(std::make_unique<Connection>(role, kind, role == Role::idle ? idle_request_ : request_, scanner_));
  auto& connection = *connections_.back();
  // Whoever is known to be there before the publisher begins has to have everything from the first reading on.
  if (connection.opened())
    ++opened_;
  else if (options_.publish)
    connection.order() = Order(1);
  epoll_event event = {.events = EPOLLIN, .data = {.u64 = connections_.size() - 1}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket(), &event) != 0) throw std::runtime_error("epoll_ctl");
}

void Load::wait_until_opened(std::size_t unanswered) {
  const auto end = seconds_now() + options_.patience;
  while (connections_.size() - opened_ > unanswered) {
    turn(100);
    if (seconds_now() > end)
      throw std::runtime_error(std::to_string(connections_.size() - opened_) + " clients wait in vain for the server's answer");
  }
}

void Load::measure() {
  const auto cpu_before = options_.pid > 0 ? cpu_ns_of(options_.pid) : 0;
  const auto delivered_before = deliveries_.records.load();
  const auto begun = seconds_now();
  deliveries_.measured = true;
  run_for(options_.seconds);
  deliveries_.measured = false;
  figures_.seconds = seconds_now() - begun;
  figures_.delivered = deliveries_.records.load() - delivered_before;
  if (options_.pid > 0) figures_.server_cpu_ns = cpu_ns_of(options_.pid) - cpu_before;
  if (options_.pid > 0) figures_.resident_end = resident_bytes_of(options_.pid);
}

/// As long as anything is delivered, however slowly.
void Load::run_in_step() {
  const auto begun = seconds_now();
  auto end = begun + options_.patience;
  deliveries_.measured = true;
  for (auto before = publisher_->published(); !publisher_->ended() && seconds_now() < end;) {
    run_for(0.01);
    if (publisher_->published() != before) before = publisher_->published(), end = seconds_now() + options_.patience;
  }
  figures_.seconds = seconds_now() - begun;
  figures_.delivered = deliveries_.records;
}

/// Until every client has everything that was published, or nothing has come for a while.
void Load::drain() {
  publisher_->stop();
  if (publisher_->failed()) throw std::runtime_error(publisher_->failure());
  auto end = seconds_now() + options_.patience;
  while (!everything_arrived() && seconds_now() < end) {
    const auto before = deliveries_.records.load();
    turn(100);
    if (deliveries_.records.load() != before) end = seconds_now() + options_.patience;
  }
  figures_.published = publisher_->published();
}

bool Load::everything_arrived() const {
  const auto last = publisher_->published();
  return std::all_of(connections_.begin(), connections_.end(),
                     [last](const auto& each) { return each->role() != Role::reader || each->order().next() > last; });
}

void Load::add_faults() {
  for (const auto& connection : connections_) {
    if (connection->role() != Role::reader) continue;
    const auto faults = connection->order().faults(figures_.published);
    figures_.faults.lost += faults.lost;
    figures_.faults.repeated += faults.repeated;
    figures_.faults.out_of_order += faults.out_of_order;
  }
  figures_.verified = deliveries_.records.load();
  figures_.wrong_ids = deliveries_.wrong_ids;
}

void Load::run_for(double seconds) {
  const auto end = seconds_now() + seconds;
  while (seconds > 0) {
    if (publisher_ && publisher_->failed()) publisher_->stop(), throw std::runtime_error(publisher_->failure());
    turn(std::min(100, static_cast<int>(std::ceil(seconds * 1000))));
    seconds = end - seconds_now();
  }
}

/// Few events a turn: the phases end on time even when everybody always has something to read.
void Load::turn(int timeout_ms) {
  std::array<epoll_event, 128> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  if (count < 0 && errno != EINTR) throw std::runtime_error("epoll_wait");
  for (int i = 0; i < count; ++i) receive(events[static_cast<std::size_t>(i)].data.u64);
  deliveries_.settled = deliveries_.records.load();
}

void Load::receive(std::size_t index) {
  auto& connection = *connections_[index];
  const bool opened_before = connection.opened();
  const bool alive = connection.receive(scratch_);
  if (!opened_before && (connection.opened() || !alive)) ++opened_;
  if (!alive) ++figures_.closed;
  if (!alive || (connection.role() == Role::deaf && connection.opened())) leave(connection);
}

void Load::leave(Connection& connection) { epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.socket(), nullptr); }

}  // namespace weir::bench
