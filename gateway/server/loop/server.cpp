#include "server/server.h"

#include <ev.h>
#include <libwebsockets.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include "base/limits.h"
#include "server/library_holes.h"
#include "server/loop/callbacks.h"
#include "server/loop/host.h"
#include "server/loop/listen.h"
#include "server/loop/open_files.h"
#include "server/strangers.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::milliseconds stop_time_max{1500};  // of the 2 s: the rest is for closing the sockets

constexpr std::chrono::seconds first_code_interval{1};

/// Of the first listener; of all addresses, the name of this computer.
std::string address_for_people(const ServerOptions& options, const std::vector<std::uint16_t>& ports) {
  std::string host = options.listen.front().host;
  char name[256] = "";
  if ((host == "0.0.0.0" || host == "::") && ::gethostname(name, sizeof name - 1) == 0) host = name;
  if (host.find(':') != host.npos) host = "[" + host + "]";
  const bool tls = !std::holds_alternative<TlsOff>(options.tls);
  return (tls ? "https://" : "http://") + host + ":" + std::to_string(ports.front()) + "/";
}

void log_from_library(int level, const char* line) {
  static std::mutex mutex;
  static LineLimiter limiter;
  std::string_view text(line);
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::lock_guard lock(mutex);
  const Severity severity = level == LLL_ERR ? Severity::info : Severity::debug;  // most of it is what clients do
  limiter.log(std::chrono::steady_clock::now(), severity, "libwebsockets", text);
}

/// The library answers nothing to a head that it has no room for: what is a little too long is for us to refuse.
constexpr std::size_t header_slack = 4096;

/// Where others can reach the gateway they reach the library first.
void tell_holes(const ServerOptions& options) {
  const auto& listen = options.listen;
  if (std::all_of(listen.begin(), listen.end(), [](const ListenAddress& address) { return address.loopback(); })) return;
  const auto holes = library_holes();
  for (const LibraryHole& hole : holes) log_line(Severity::notice, "server", describe(hole, library_version()));
  if (!holes.empty())
    log_line(Severity::warning, "server", "others can reach this libwebsockets: " + std::string(library_remedy));
}

class LoopServer final : public Server {
 public:
  explicit LoopServer(const ServerContext& context) : host_(context, [this] { signal(); }) {
    state_.host = &host_;
    state_.turn = [this] { turn(); };
  }
  ~LoopServer() override { tear_down(); }

  Result<void> open();
  void run() override;
  void wake() override;
  void reload_certificate() override;
  void stop() override;
  std::uint64_t turns() const override { return turns_.load(std::memory_order_relaxed); }
  std::vector<std::uint16_t> ports() const override { return ports_; }

 private:
  bool create_context();
  void start_handles();
  void signal();
  void turn();
  void begin_stop();
  void arm_timer();
  void offer_first_code();
  void tear_down();

  LoopState state_;
  Host host_;
  struct EndLoop {
    void operator()(struct ev_loop* loop) const { ev_loop_destroy(loop); }
  };
  std::unique_ptr<struct ev_loop, EndLoop> loop_;
  ev_timer timer_{};
  ev_io hangups_{};
  lws_context* owned_ = nullptr;  // the library writes null when it is gone
  std::mutex context_mutex_;      // protects what follows: signal() is called from any thread
  lws_context* context_ = nullptr;
  std::vector<std::uint16_t> ports_;
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<bool> stop_asked_{false};
  std::optional<Monotonic> stop_by_;
  Monotonic next_offer_{};
};

Result<void> LoopServer::open() {
  if (std::holds_alternative<TlsAuto>(host_.options().tls)) {
    return Error{ErrorCode::invalid,
                 "server.tls: this version makes no certificate itself: name certificate and key, or write \"off\""};
  }
  if (auto opened = host_.open_certificate(); !opened) return opened.error();
  raise_open_files(host_.options().connections_max);
  lws_set_log_level(LLL_ERR | LLL_WARN, log_from_library);
  loop_.reset(ev_loop_new(unsigned{EVBACKEND_EPOLL} | unsigned{EVFLAG_NOENV}));
  if (!loop_) return Error{ErrorCode::io, "server: no event loop: too many open files?"};
  if (!create_context()) return Error{ErrorCode::io, "server: libwebsockets with libev: is libwebsockets-evlib-ev installed?"};
  auto ports = listen_on(owned_, host_.options());
  if (!ports) return ports.error();
  ports_ = std::move(*ports);
  tell_holes(host_.options());
  start_handles();
  return {};
}

bool LoopServer::create_context() {
  void* loops[] = {loop_.get()};
  lws_context_creation_info info{};
  info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
  if (host_.tls()) info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
  info.timeout_secs = static_cast<unsigned>(stranger_limits::handshake_max.count());
  info.foreign_loops = loops;
  info.pcontext = &owned_;
  info.user = &state_;
  info.max_http_header_data = static_cast<unsigned short>(limits::http_header_bytes_max + header_slack);
  info.gid = static_cast<decltype(info.gid)>(-1);
  info.uid = static_cast<decltype(info.uid)>(-1);
  owned_ = lws_create_context(&info);
  std::lock_guard lock(context_mutex_);
  context_ = owned_;
  return context_ != nullptr;
}

void LoopServer::start_handles() {
  timer_.data = hangups_.data = this;
  ev_init(&timer_, [](struct ev_loop*, ev_timer* timer, int) { static_cast<LoopServer*>(timer->data)->signal(); });
  ev_io_init(
      &hangups_, [](struct ev_loop*, ev_io* io, int) { static_cast<LoopServer*>(io->data)->signal(); },
      host_.hangups().descriptor(), EV_READ);
  ev_io_start(loop_.get(), &hangups_);
  arm_timer();
}

/// The library's own timers are looked at only after it was called: so every turn of ours runs inside a call of it.
void LoopServer::signal() {
  if (state_.signalled.exchange(true)) return;
  std::lock_guard lock(context_mutex_);
  if (context_ != nullptr) lws_cancel_service(context_);
}

void LoopServer::wake() {
  state_.grown.store(true);
  signal();
}

void LoopServer::reload_certificate() {
  host_.post([this] {
    if (host_.certificate() != nullptr) host_.certificate()->reload();
  });
}

void LoopServer::stop() {
  stop_asked_.store(true);
  signal();
}

void LoopServer::run() {
  state_.signalled.store(false);
  signal();  // for what came before
  ev_run(loop_.get(), 0);
}

void LoopServer::turn() {
  turns_.fetch_add(1, std::memory_order_relaxed);
  host_.turn(state_.grown.exchange(false));
  if (stop_asked_.load() && !stop_by_) begin_stop();
  host_.end_closing();
  offer_first_code();
  if (stop_by_ && (host_.idle() || host_.now() >= *stop_by_)) return ev_break(loop_.get(), EVBREAK_ALL);
  arm_timer();
}

/// While nobody has any rights, the journal has a code that gives them.
void LoopServer::offer_first_code() {
  if (host_.now() < next_offer_) return;
  next_offer_ = host_.now() + first_code_interval;
  const auto code = host_.access().add_first_code();
  if (!code) return log_line(Severity::error, "access", code.error().message);
  if (!*code) return;
  log_line(Severity::notice, "access",
           "nobody has rights here yet: open " + address_for_people(host_.options(), ports_) + " and sign in with the code " +
               **code + ", which is good once and for 10 minutes; `weir pair` makes another");
}

void LoopServer::begin_stop() {
  stop_by_ = host_.now() + stop_time_max;
  host_.shut_down();
}

void LoopServer::arm_timer() {
  const Monotonic next = stop_by_ ? host_.now() + std::chrono::milliseconds(10) : host_.next_deadline();
  const std::chrono::duration<double> wait = std::max(next - host_.now(), Monotonic::duration::zero());
  ev_now_update(loop_.get());
  ev_timer_stop(loop_.get(), &timer_);
  ev_timer_set(&timer_, wait.count(), 0.);
  ev_timer_start(loop_.get(), &timer_);
}

/// Not at the end of run(): libwebsockets 4.1.6 closes a descriptor of its own twice, and what another thread has opened under
/// that number in between would go with it.
void LoopServer::tear_down() {
  {
    std::lock_guard lock(context_mutex_);
    context_ = nullptr;
  }
  if (owned_ != nullptr) lws_context_destroy(owned_);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::create(ServerContext context) {
  auto server = std::make_unique<LoopServer>(context);
  if (auto opened = server->open(); !opened) return opened.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace weir::gateway
