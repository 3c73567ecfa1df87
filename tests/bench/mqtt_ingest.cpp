// bench-mqtt-ingest: readings a second through a real broker, acknowledged after their commit.
//
// A publisher (a bare socket: it costs next to nothing) sends QoS 1 messages of 100 bytes to a mosquitto that this program
// starts; an MqttReader takes them into the log, or into nothing, to see what the reader alone costs. Prints JSON.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log/log.h"
#include "readers/mqtt/mqtt_reader.h"
#include "support/fake_intake.h"
#include "support/loop_thread.h"
#include "support/mosquitto.h"
#include "support/wait_until.h"

namespace {

using namespace weir;
using Stopwatch = std::chrono::steady_clock;

struct Settings {
  std::uint64_t readings = 200'000;
  int version = 5;
  int inflight = 100;          // messages that the broker sends before it waits for an acknowledgement
  std::string intake = "log";  // log | none
  std::string durability = "bounded";
};

Settings settings_from(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = arguments[i];
    const char* value = arguments[i + 1];
    if (name == "--readings") settings.readings = std::strtoull(value, nullptr, 10);
    if (name == "--version") settings.version = std::atoi(value);
    if (name == "--inflight") settings.inflight = std::atoi(value);
    if (name == "--intake") settings.intake = value;
    if (name == "--durability") settings.durability = value;
  }
  return settings;
}

/// MQTT 3.1.1 as far as a publisher needs it: CONNECT, then PUBLISH (QoS 1) with a window of unacknowledged ones.
class Publisher {
 public:
  explicit Publisher(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
    send_all(std::string("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01p", 15));
    receive(4);
  }
  ~Publisher() { close(socket_); }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// In large writes, so that the publisher takes little of what is measured.
  void publish(std::uint64_t count) {
    std::uint64_t sent = 0, acknowledged = 0;
    while (acknowledged < count) {
      std::string batch;
      if (sent - acknowledged <= window / 2)
        for (; sent < count && sent - acknowledged < window; ++sent) append(batch, sent);
      send_all(batch);
      acknowledged += receive_acknowledgements();
    }
  }

 private:
  static constexpr std::uint64_t window = 500;

  static void append(std::string& out, std::uint64_t number) {
    constexpr std::string_view topic = "bench/boiler/temperature";
    auto payload =
        R"({"value":)" + std::to_string(20 + number % 1000 / 100) + "." + std::to_string(number % 100) + R"(,"note":")";
    payload.append(100 - payload.size() - 2, 'x').append("\"}");
    const auto size = 2 + topic.size() + 2 + payload.size();  // 128: two bytes (MQTT 3.1.1 section 2.2.3)
    const auto id = number % 65'535 + 1;
    out += '\x32';  // PUBLISH, QoS 1
    out += static_cast<char>(size % 128 | 128U);
    out += static_cast<char>(size / 128);
    out += '\0';
    out += static_cast<char>(topic.size());
    out += topic;
    out += static_cast<char>(id >> 8U);
    out += static_cast<char>(id & 0xFFU);
    out += payload;
  }

  void send_all(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("the broker closed the publisher's connection");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void receive(std::size_t count) {
    char bytes[64];
    if (recv(socket_, bytes, count, MSG_WAITALL) != static_cast<ssize_t>(count)) throw std::runtime_error("no CONNACK");
  }
  /// A PUBACK is four bytes.
  std::uint64_t receive_acknowledgements() {
    char bytes[8192];
    const auto got = recv(socket_, bytes, sizeof bytes, 0);
    if (got <= 0) throw std::runtime_error("the broker closed the publisher's connection");
    partial_ += static_cast<std::uint64_t>(got);
    const auto whole = partial_ / 4;
    partial_ %= 4;
    return whole;
  }

  const int socket_;
  std::uint64_t partial_ = 0;
};

class Nothing final : public Intake {
 public:
  Result<void> deliver_and_wait(Delivery&&, std::chrono::milliseconds) override { return {}; }
  Result<void> deliver(Delivery&&, std::function<void(const Result<void>&)> committed) override {
    return committed({}), Result<void>();
  }
};

/// The log in a folder of its own, gone afterwards.
class LogBench {
 public:
  LogBench(const std::string& durability, const Clock& clock) {
    auto pattern = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    gateway::LogOptions options;
    options.file = folder_ / "weir.db";
    options.durability = durability == "fast"     ? gateway::Durability::fast
                         : durability == "strict" ? gateway::Durability::strict
                                                  : gateway::Durability::bounded;
    auto log = gateway::Log::open(options, clock, {[] {}, [](const Error& error) { std::fputs(error.message.c_str(), stderr); }});
    if (!log) throw std::runtime_error(log.error().message);
    log_ = std::move(log).value();
    intake_ = std::make_unique<gateway::LogIntake>(*log_);
  }
  ~LogBench() {
    log_->close();
    std::filesystem::remove_all(folder_);
  }
  LogBench(const LogBench&) = delete;
  LogBench& operator=(const LogBench&) = delete;

  Intake& intake() { return *intake_; }
  std::uint64_t commits() const { return log_->stats().commits; }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<gateway::Log> log_;
  std::unique_ptr<gateway::LogIntake> intake_;
};

firmware::MqttOptions reader_options(const test::Mosquitto& broker, int version) {
  firmware::MqttOptions options;
  options.name = "bench";
  options.url = broker.url();
  options.version = version;
  options.client_id = "weir-bench";
  firmware::Mapping mapping;
  mapping.decode = "json";
  mapping.device = "{1}";
  mapping.metric = "{2}";
  mapping.value = "/value";
  options.subscriptions = {{"bench/+/+", 1, mapping}};
  return options;
}

double seconds_for(const Settings& settings, Intake& intake) {
  test::Mosquitto broker("max_inflight_messages " + std::to_string(settings.inflight) + "\nmax_queued_messages 0");
  broker.start();
  test::LoopThread loop;
  test::FakeListener commands;
  auto made =
      firmware::MqttReader::create(reader_options(broker, settings.version), {loop.loop(), intake, commands, loop.clock()});
  if (!made) throw std::runtime_error(made.error().message);
  auto reader = std::move(made).value();
  loop.call([&] { reader->start(); });
  const auto count = [&] { return reader->status().readings; };
  if (!test::wait_until([&] {
        broker.publish("bench/boiler/temperature", R"({"value":0})");
        return count() > 0;
      }))
    throw std::runtime_error("nothing arrives: " + reader->status().detail);
  const auto before = count();
  const auto begun = Stopwatch::now();
  std::thread publisher([&] { Publisher(broker.port()).publish(settings.readings); });
  const bool all = test::wait_until([&] { return count() >= before + settings.readings; }, std::chrono::minutes(5));
  const std::chrono::duration<double> took = Stopwatch::now() - begun;
  publisher.join();
  loop.call([&] { reader.reset(); });
  if (!all) throw std::runtime_error("not all readings arrived");
  return took.count();
}

}  // namespace

int main(int count, char** arguments) {
  try {
    const auto settings = settings_from(count, arguments);
    SystemClock clock;
    Nothing nothing;
    std::unique_ptr<LogBench> log;
    if (settings.intake == "log") log = std::make_unique<LogBench>(settings.durability, clock);
    const double seconds = seconds_for(settings, log ? log->intake() : nothing);
    std::printf(R"({"intake":"%s","durability":"%s","mqtt":%d,"inflight":%d,"readings":%llu,"seconds":%.3f,)"
                R"("readings_per_second":%.0f,"commits":%llu})"
                "\n",
                settings.intake.c_str(), log ? settings.durability.c_str() : "", settings.version, settings.inflight,
                static_cast<unsigned long long>(settings.readings), seconds, static_cast<double>(settings.readings) / seconds,
                static_cast<unsigned long long>(log ? log->commits() : 0));
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "bench-mqtt-ingest: %s\n", failure.what());
    return 1;
  }
}
