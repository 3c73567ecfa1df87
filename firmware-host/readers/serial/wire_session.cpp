#include "readers/serial/wire_session.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "readers/serial/wire_messages.h"

namespace weir::firmware {
namespace {

constexpr std::chrono::seconds hello_asked_every{2};

}  // namespace

void WireSession::opened() {
  weir_cobs_deframer_init(&deframer_, buffer_.data(), buffer_.size());
  first_ = true;
  noise_seen_ = 0;
  device_.clear();
  expected_.reset();
  committed_.reset();
  hello_asked_ = {};
}

void WireSession::take(std::string_view bytes) {
  for (const char byte : bytes) {
    if (weir_cobs_push(&deframer_, static_cast<std::uint8_t>(byte))) end_frame();
    const auto noise = deframer_.malformed + deframer_.overlong;
    if (noise != noise_seen_ && !first_) services_.lose("noise", "bytes that are no frame");
    noise_seen_ = noise;
    if (byte == 0) first_ = false;
  }
}

void WireSession::end_frame() {
  weir_frame_type type{};
  weir_cbor_reader body{};
  switch (weir_frame_open(deframer_.buffer, deframer_.size, &type, &body)) {
    case WEIR_FRAME_OK: services_.count_message(); return on_message(type, body);
    case WEIR_FRAME_DAMAGED: return first_ ? void() : services_.lose("noise", "a frame with a wrong CRC");
    case WEIR_FRAME_OTHER_VERSION: return malformed("a frame of another version of the protocol: update the node or the gateway");
    case WEIR_FRAME_UNKNOWN_TYPE: return malformed("a frame of an unknown type");
  }
}

void WireSession::on_message(weir_frame_type type, weir_cbor_reader body) {
  switch (type) {
    case WEIR_HELLO: return on_hello(body);
    case WEIR_READINGS: return on_readings(body);
    case WEIR_RESULT: return on_result(body);
    case WEIR_TIME: return on_time(body);
    default: return malformed("a message that only gateways send; is the line looped back?");
  }
}

/// Asked until it says who it is.
void WireSession::tick() {
  if (device_.empty()) ask_hello();
}

void WireSession::ask_hello() {
  const auto now = services_.monotonic();
  if (hello_asked_ != Monotonic{} && now - hello_asked_ < hello_asked_every) return;
  hello_asked_ = now;
  send_time(true);
}

void WireSession::send_time(bool want_hello) {
  const auto since_1970 = std::chrono::duration<double>(services_.wall().time_since_epoch());
  const weir_time time{true, std::max(0.0, since_1970.count()), want_hello};
  weir_frame frame;
  weir_put_time(&frame, &time);
  send(frame);
}

/// What can't be written now is not owed: the node asks or sends again.
void WireSession::send(weir_frame& frame) {
  std::string line(WEIR_LINE_BYTES_MAX, '\0');
  line.resize(weir_frame_finish(&frame, reinterpret_cast<std::uint8_t*>(line.data())));
  if (!line.empty()) services_.write(std::move(line));
}

void WireSession::on_hello(weir_cbor_reader body) {
  weir_hello hello;
  if (!weir_read_hello(&body, &hello)) return malformed("malformed HELLO");
  std::string device(hello.device.data, hello.device.size);
  if (!is_name(device)) return malformed("HELLO: the device's id is no name");
  auto commands = declarations_from(hello, device);
  if (!commands) return malformed(commands.error().message);
  if (!device_.empty() && device_ != device) services_.gone(device_);
  if (device_ != device || boot_ != hello.boot) {
    expected_.reset();
    committed_.reset();
  }
  device_ = device;
  boot_ = hello.boot;
  frame_bytes_max_ = std::min<std::size_t>(hello.frame_bytes_max, WEIR_FRAME_BYTES_MAX);
  services_.declare(device_, *std::move(commands));
  if (services_.heard(device_)) send_time(false);
}

void WireSession::on_time(weir_cbor_reader body) {
  weir_time time;
  if (!weir_read_time(&body, &time)) return malformed("malformed TIME");
  device_.empty() ? ask_hello() : send_time(false);
}

void WireSession::on_readings(weir_cbor_reader body) {
  weir_readings readings;
  if (!weir_read_readings(&body, &readings)) return malformed("malformed READINGS");
  if (device_.empty() || readings.boot != boot_) return ask_hello();
  take_readings(readings);
}

/// Where the node's numbers begin for us, and what is missing before them.
void WireSession::begin_at(const weir_readings& readings, std::vector<Loss>& losses) {
  const auto dropped_from = std::max(expected_.value_or(0), readings.oldest - readings.dropped);
  if (readings.oldest > dropped_from) {
    Loss loss;
    loss.reason = "overflow";
    loss.count = readings.oldest - dropped_from;
    loss.detail = "the node had no room for more";
    loss.device = device_;
    losses.push_back(std::move(loss));
  }
  expected_ = std::max(expected_.value_or(0), readings.oldest);
}

/// In order only: behind a missing frame nothing is taken, for the log takes numbers that rise.
void WireSession::take_readings(const weir_readings& readings) {
  const auto before = expected_;
  std::vector<Loss> losses;
  begin_at(readings, losses);
  const auto last = readings.first + static_cast<std::uint32_t>(readings.count - 1);
  if (readings.first > *expected_) return void(expected_ = before);
  if (last < *expected_) return acknowledge();
  auto runs = readings_from(readings, *expected_, device_, services_.wall());
  if (!runs) return expected_ = before, malformed(runs.error().message);
  for (auto& run : *runs) {
    Delivery delivery;
    delivery.readings = std::move(run.readings);
    delivery.mark = NodeMark{device_, boot_, run.first};
    delivery.losses = std::exchange(losses, {});
    for (auto& detail : run.rejected) delivery.losses.push_back({"", "undecodable", 1, std::move(detail), device_, {}});
    auto taken =
        services_.deliver(std::move(delivery), [this, boot = boot_, to = run.last](bool ok) { on_committed(boot, to, ok); });
    if (!taken) return &run == &runs->front() ? void(expected_ = before) : void();
    expected_ = run.last + 1;
  }
}

void WireSession::on_committed(std::uint32_t boot, std::uint32_t last, bool committed) {
  if (boot != boot_ || !expected_) return;
  if (!committed) return expected_.reset();  // the node sends it again, from the oldest it holds
  committed_ = std::max(committed_.value_or(0), last);
  acknowledge();
}

void WireSession::acknowledge() {
  if (!committed_) return;
  const weir_ack ack{boot_, *committed_};
  weir_frame frame;
  weir_put_ack(&frame, &ack);
  send(frame);
}

void WireSession::on_result(weir_cbor_reader body) {
  weir_result result;
  if (!weir_read_result(&body, &result)) return malformed("malformed RESULT");
  if (device_.empty()) return ask_hello();
  const std::string id(result.id.data, result.id.size);
  auto reply = reply_from(result, device_);
  if (!reply) {
    malformed(reply.error().message);
    return acknowledge_result(id);  // nothing better would come
  }
  services_.reply(*std::move(reply), [this, id](bool committed) {
    if (committed) acknowledge_result(id);  // otherwise the node answers again
  });
}

void WireSession::acknowledge_result(const std::string& id) {
  weir_frame frame;
  weir_put_result_ack(&frame, {id.data(), id.size()});
  send(frame);
}

Result<std::string> WireSession::encode(const Command& command) {
  if (device_ != command.device)
    return Error{ErrorCode::unavailable, "the node " + command.device + " was not heard on this port yet"};
  return command_line(command, services_.wall(), frame_bytes_max_);
}

}  // namespace weir::firmware
