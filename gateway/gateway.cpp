#include "gateway.h"

#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "access/access.h"
#include "access/audit.h"
#include "access/own_certificate.h"
#include "access/secrets.h"
#include "base/log_line.h"
#include "commands/commands.h"
#include "commands/trail.h"
#include "config/changes.h"
#include "log/log.h"
#include "log/members.h"
#include "readers/mqtt/mqtt_reader.h"
#include "readers/poll_loop.h"
#include "readers/serial/serial_reader.h"
#include "server/library_holes.h"
#include "server/server.h"
#include "stream/latest.h"

namespace weir::gateway {

namespace {

using Readers = std::vector<std::unique_ptr<firmware::Reader>>;

sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  return signals;
}

Declarations declarations_of(const Config& config) {
  Declarations declarations;
  for (const auto& mqtt : config.mqtt) declarations.by_reader[mqtt.name] = {mqtt.commands.declared, mqtt.commands.undeclared};
  for (const auto& serial : config.serial) declarations.by_reader[serial.name] = {serial.declared, serial.undeclared};
  return declarations;
}

Result<void> make_data_dir(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Error{ErrorCode::io,
                 "data_dir " + folder.string() + ": " + error.message() + "; make it, or name a folder this user may write"};
  }
  return {};
}

/// `tls = "auto"` becomes the files of our own.
Result<void> resolve_tls(Config& config) {
  if (!std::holds_alternative<TlsAuto>(config.server.tls)) return {};
  const auto own = own_certificate(config.data_dir / "tls");
  if (!own) return own.error();
  config.server.tls = TlsFiles{own->certificate, own->key};
  return {};
}

/// Into the journal, which others keep: whoever writes the rows anew can't write that anew.
void forward_audit(std::string_view row) { log_line(Severity::notice, "audit", row); }

class Gateway {
 public:
  static Result<std::unique_ptr<Gateway>> create(const Config& config);
  ~Gateway() { stop(); }

  Result<void> start();
  void reload(const Config& config, const std::string& who);
  void refuse_reload(const std::string& who, std::size_t faults);
  void reload_certificate() { server_->reload_certificate(); }
  void stop();
  bool failed() const { return failed_; }

 private:
  explicit Gateway(const Config& config) : config_(config), configuration_(print_config(config)) {}
  Result<void> audit_reload(const std::string& text, const std::string& who);
  Result<Readers> make_readers(const Config& config);
  void on_loop(std::function<void()> task);
  void start_readers(Readers readers);
  void stop_readers();
  std::vector<firmware::ReaderStatus> reader_status();
  void record(const char* event, const std::string& detail = {});
  void log_failed();

  Config config_;
  std::string configuration_;  // in force, as `weir run --print-config` shows it
  SystemClock clock_;
  std::atomic<bool> failed_ = false;
  std::unique_ptr<Log> log_;
  std::unique_ptr<LogIntake> intake_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<Audit> audit_;
  std::unique_ptr<Latest> latest_;
  std::unique_ptr<firmware::PollLoop> loop_;
  std::unique_ptr<Commands> commands_;
  std::mutex readers_mutex_;  // protects the vector: status is asked from the server's thread
  Readers readers_;
  std::unique_ptr<Server> server_;
  std::thread loop_thread_, server_thread_;
};

Result<std::unique_ptr<Gateway>> Gateway::create(const Config& config) {
  if (auto made = make_data_dir(config.data_dir); !made) return made.error();
  std::unique_ptr<Gateway> gateway(new Gateway(config));
  auto& g = *gateway;
  if (auto resolved = resolve_tls(g.config_); !resolved) return resolved.error();
  auto log = Log::open(config.log, g.clock_,
                       {.on_commit =
                            [&g] {
                              if (g.server_) g.server_->wake();
                              if (g.commands_) g.commands_->wake();
                            },
                        .on_fatal = [&g](const Error&) { g.log_failed(); }});
  if (!log) return log.error();
  g.log_ = std::move(*log);
  g.intake_ = std::make_unique<LogIntake>(*g.log_);
  auto access = Access::open(config.data_dir, g.clock_);
  if (!access) return access.error();
  g.access_ = std::move(*access);
  auto audit = Audit::open(config.data_dir, g.clock_, {.forward = forward_audit});
  if (!audit) return audit.error();
  g.audit_ = std::move(*audit);
  g.latest_ = std::make_unique<Latest>(*g.log_);
  auto loop = firmware::PollLoop::create(g.clock_);
  if (!loop) return loop.error();
  g.loop_ = std::move(*loop);
  g.commands_ = std::make_unique<Commands>(*g.log_, *g.loop_, g.clock_, declarations_of(config));
  g.commands_->set_audit(audit_to(*g.audit_));
  auto server = Server::create({.options = g.config_.server,
                                .log = *g.log_,
                                .latest = *g.latest_,
                                .access = *g.access_,
                                .audit = *g.audit_,
                                .commands = *g.commands_,
                                .clock = g.clock_,
                                .readers = [&g] { return g.reader_status(); },
                                .readiness =
                                    [&g] {
                                      return g.failed_ ? Readiness{false, {"the log has stopped: see the journal"}} : Readiness{};
                                    },
                                .log_options = config.log});
  if (!server) return server.error();
  g.server_ = std::move(*server);
  return gateway;
}

Result<void> Gateway::start() {
  auto readers = make_readers(config_);
  if (!readers) return readers.error();
  // From here on commits wake the server; nothing was committed before.
  server_thread_ = std::thread([this] { server_->run(); });
  const auto earlier = log_->commands();
  audit_->note({"weir", "local", "gateway.start", WEIR_VERSION, "", "sha256:" + hash_of(configuration_), "done"});
  record("started", log_->stats().replaced.empty() ? "" : "the damaged log was set aside as " + log_->stats().replaced.string());
  loop_thread_ = std::thread([this] { loop_->run(); });
  on_loop([this, &earlier] { commands_->resume(earlier); });  // before a reader brings an answer to one of them
  if (const auto ends = missing_ends(config_.data_dir, earlier)) {
    on_loop([this, &ends] { commands_->audit_ends(*ends); });
  } else {
    log_line(Severity::warning, "audit", ends.error().message);
  }
  start_readers(std::move(*readers));
  return {};
}

Result<Readers> Gateway::make_readers(const Config& config) {
  Readers readers;
  const firmware::ReaderContext context{*loop_, *intake_, *commands_, clock_};
  for (auto options : config.mqtt) {
    if (options.client_id.empty())
      options.client_id = "weir-" + options.name + "-" + to_string(Cursor{log_->epoch(), 0}).substr(0, 8);
    auto reader = firmware::MqttReader::create(std::move(options), context);
    if (!reader) return reader.error();
    readers.push_back(std::move(*reader));
  }
  for (const auto& options : config.serial) {
    auto reader = firmware::SerialReader::create(options, context);
    if (!reader) return reader.error();
    readers.push_back(std::move(*reader));
  }
  return readers;
}

/// Runs `task` on the readers' loop and waits for it.
void Gateway::on_loop(std::function<void()> task) {
  std::promise<void> done;
  while (!loop_->post([&] {
    task();
    done.set_value();
  })) {
    std::this_thread::yield();  // the loop has 65,536 tasks before it; it takes them
  }
  done.get_future().wait();
}

void Gateway::start_readers(Readers readers) {
  on_loop([&] {
    std::vector<firmware::Reader*> started;
    {
      std::lock_guard lock(readers_mutex_);
      readers_ = std::move(readers);
      for (const auto& reader : readers_) started.push_back(reader.get());
    }
    commands_->set_readers(started);
    for (auto* reader : started) reader->start();
  });
}

void Gateway::stop_readers() {
  on_loop([this] {
    commands_->set_readers({});
    for (const auto& reader : readers_) reader->stop();
    std::lock_guard lock(readers_mutex_);
    readers_.clear();
  });
}

/// The row is on disk before anything is changed.
Result<void> Gateway::audit_reload(const std::string& text, const std::string& who) {
  const auto [before, after] = config_changes(configuration_, text);
  return audit_->append_and_wait({who, "local", "configuration.reload", "", "sha256:" + hash_of(configuration_) + " " + before,
                                  "sha256:" + hash_of(text) + " " + after, "done"});
}

void Gateway::refuse_reload(const std::string& who, std::size_t faults) {
  audit_->note({who, "local", "configuration.reload", "", "", "", "refused: " + std::to_string(faults) + " faults"});
  log_line(Severity::error, "configuration", "not reloaded: what ran before goes on");
}

void Gateway::reload(const Config& config, const std::string& who) {
  auto readers = make_readers(config);
  if (!readers) return log_line(Severity::error, "configuration", readers.error().message + "; nothing was changed");
  std::string text = print_config(config);
  if (auto audited = audit_reload(text, who); !audited)
    return log_line(Severity::error, "configuration", audited.error().message + "; nothing was changed");
  configuration_ = std::move(text);
  stop_readers();
  on_loop([&] { commands_->configure(declarations_of(config)); });
  start_readers(std::move(*readers));
  record("configuration_changed");
  log_line(Severity::info, "configuration",
           "the readers were started anew; changes of data_dir, [server] and [log] need a restart");
}

void Gateway::stop() {
  if (loop_thread_.joinable()) stop_readers();
  if (server_thread_.joinable()) {
    record("stopped");
    audit_->note({"weir", "local", "gateway.stop", WEIR_VERSION, "", "", failed_ ? "after a fault" : "done"});
    server_->stop();
    server_thread_.join();
  }
  if (loop_thread_.joinable()) {
    loop_->stop();
    loop_thread_.join();
  }
  if (log_) log_->close();
  audit_.reset();  // after what still told it something, before what it answers to
}

std::vector<firmware::ReaderStatus> Gateway::reader_status() {
  std::lock_guard lock(readers_mutex_);
  std::vector<firmware::ReaderStatus> all;
  for (const auto& reader : readers_) all.push_back(reader->status());
  return all;
}

void Gateway::record(const char* event, const std::string& detail) {
  MembersWriter members;
  members.text("event", event).text("version", WEIR_VERSION).text_unless_empty("detail", detail);
  if (std::string_view(event) == "started" && log_->stats().unclean_start) members.json("unclean", "true");
  Append append;
  append.events.emplace_back(Kind::system, Event{{}, {}, members.take()});
  auto recorded = log_->append_and_wait(std::move(append), std::chrono::seconds(2));
  if (!recorded) log_line(Severity::warning, "log", recorded.error().message);
}

// On the thread that committed: only a flag and a signal, which the main thread takes.
void Gateway::log_failed() {
  failed_ = true;
  kill(getpid(), SIGTERM);
}

int wait_for(const sigset_t& signals, siginfo_t& signal) {
  int number = -1;
  while ((number = sigwaitinfo(&signals, &signal)) < 0 && errno == EINTR) continue;
  return number;
}

/// Who ran kill(1) or systemctl reload.
std::string sender_of(const siginfo_t& signal) {
  return "uid " + std::to_string(signal.si_uid) + " (pid " + std::to_string(signal.si_pid) + ")";
}

void reload_from(const std::filesystem::path& file, Gateway& gateway, const std::string& who) {
  gateway.reload_certificate();
  const auto loaded = load_config_file(file);
  for (const auto& fault : loaded.faults) log_line(Severity::error, "configuration", to_string(fault, file.string()));
  if (loaded.faults.empty()) return gateway.reload(loaded.config, who);
  gateway.refuse_reload(who, loaded.faults.size());
}

}  // namespace

int run_gateway(const Config& config, const std::filesystem::path& file) {
  const auto signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: all inherit it
  signal(SIGPIPE, SIG_IGN);
  umask(0077);
  auto gateway = Gateway::create(config);
  const auto started = gateway ? (*gateway)->start() : Result<void>(gateway.error());
  if (!started) {
    log_line(Severity::error, "weir", started.error().message);
    return 1;
  }
  siginfo_t signal{};
  while (wait_for(signals, signal) == SIGHUP) reload_from(file, **gateway, sender_of(signal));
  log_line(Severity::info, "weir", "stopping");
  (*gateway)->stop();
  return (*gateway)->failed() ? 1 : 0;
}

std::vector<std::string> known_library_holes() {
  std::vector<std::string> lines;
  for (const LibraryHole& hole : library_holes()) lines.push_back(describe(hole, library_version()));
  return lines;
}

}  // namespace weir::gateway
