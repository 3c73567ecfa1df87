#include "server/loop/connection.h"

#include <libwebsockets.h>

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "server/dispatch.h"
#include "server/http/body.h"
#include "server/loop/host.h"
#include "server/loop/socket_state.h"
#include "server/transports/websocket.h"

namespace weir::gateway {
namespace {

constexpr std::chrono::seconds body_time_max{60};  // of who has shown a credential
constexpr std::chrono::seconds close_time_max{2};
constexpr std::chrono::milliseconds early_time_max{100};  // that what came early may keep the loop busy
constexpr std::chrono::seconds silence_max{29};
constexpr std::uint64_t read_bytes = 1024;       // what the library reads of a request at once
constexpr std::uint64_t request_bytes_min = 16;  // "GET / HTTP/1.1" and the end of it

void add_common_headers(Response& response, const std::string* cors) {
  response.with("X-Content-Type-Options", "nosniff");
  if (response.headers.find("Cache-Control:") == std::string::npos) response.with("Cache-Control", "no-store");
  if (response.compressible) response.with("Vary", "Accept-Encoding");
  if (cors != nullptr) response.headers += *cors;
}

}  // namespace

Connection::Connection(Host& host, lws* handle, std::uint64_t id, const std::string& peer, bool loopback)
    : host_(host), handle_(handle), id_(id), peer_(peer), loopback_(loopback) {}

Connection::~Connection() = default;

// ---- A request

void Connection::take_head(Request&& request) {
  ++serial_;
  wake_never();
  forwarded_ = request.forwarded;
  head_only_ = request.method == Method::head;
  chunks_ = request.chunks;
  coding_ = chunks_ ? negotiate_coding(request.accept_encoding) : Coding::identity;
  has_body_ = awaits_body_ = false;
  offered_ = never;
  auto cors = cors_headers(request, host_.options());
  cors_ = cors.empty() ? nullptr : std::make_unique<std::string>(std::move(cors));
  call_ = std::make_unique<Call>(Call{host_, *this, std::move(request), {}, nullptr});
}

void Connection::receive(Request&& request) {
  take_head(std::move(request));
  // libwebsockets takes the head of such a request for its body, and turns in a circle for ever.
  const bool pipelined = !call_->request.content_length.empty() && came_early();
  if (pipelined) return respond(with_close(problem(400, "send a request with a body when the one before was answered")));
  if (account == nullptr && head_is_long(call_->request)) {
    host_.counters().refusals.count(Refusal::head);
    return respond(with_close(problem(431, "a head may have 8192 bytes: send fewer or shorter headers")));
  }
  std::uint64_t length = 0;
  if (auto refused = check_body(call_->request, length)) {
    if (refused->status == 413) host_.counters().refusals.count(Refusal::body);
    return respond(std::move(*refused));
  }
  if (auto refused = admit(*call_)) {
    refused->close = refused->close || length > 0;  // the library does not find its way behind a body that is not taken
    return respond(std::move(*refused));
  }
  if (length == 0) return run_call();
  has_body_ = awaits_body_ = true;
  call_->request.body.reserve(length);
  if (equals_ignoring_case(call_->request.expect, "100-continue")) write("HTTP/1.1 100 Continue\r\n\r\n");
  wake_at(host_.now() + (account != nullptr ? body_time_max : stranger_limits::handshake_max));
}

void Connection::receive_body(std::string_view bytes) {
  if (awaits_body_) call_->request.body.append(bytes);
}

void Connection::body_complete() {
  if (!std::exchange(awaits_body_, false)) return offered_more();
  wake_never();
  run_call();
}

/// The library offers what comes behind a body again and again until the answer, in a circle. Clients should not send it before
/// (RFC 9112 section 9.3.2), and the library's flow control makes the circle worse: it then looks at nothing, and is called
/// nevertheless.
void Connection::offered_more() {
  if (!exchange_) return;
  if (offered_ == never) offered_ = host_.now();
  if (host_.now() - offered_ < early_time_max) return;
  host_.counters().refusals.count(Refusal::pipelined);
  abort();
}

void Connection::run_call() {
  const std::unique_ptr<Call> call = std::move(call_);
  Outcome outcome = call->route->handle(*call);
  if (auto* response = std::get_if<Response>(&outcome)) return respond(std::move(*response));
  begin(std::move(std::get<std::unique_ptr<Exchange>>(outcome)));
}

bool Connection::receive_upgrade(Request&& request) {
  take_head(std::move(request));
  Outcome outcome = open_websocket(*call_);
  call_.reset();
  if (auto* response = std::get_if<Response>(&outcome)) {
    respond(with_close(std::move(*response)));
    return false;
  }
  exchange_ = std::move(std::get<std::unique_ptr<Exchange>>(outcome));
  return true;
}

void Connection::websocket_open() {
  websocket_ = true;
  exchange_->start();
}

/// RFC 7692 section 6: the first frame of a message says whether it is compressed, and no other one does.
bool Connection::check_part(const MessagePart& part) {
  const bool begins_frame = !mid_frame_;
  mid_frame_ = !part.ends_frame;
  if (part.begins_message) {
    compressed_ = part.rsv1;
  } else if (begins_frame && part.rsv1) {
    close_websocket(1002, "RSV1: only in the first frame of a message");
    return false;
  }
  const auto before = message_ ? message_->size() : 0;
  if (before + part.bytes.size() <= limits::websocket_message_bytes_max) return true;
  close_too_long();
  return false;
}

void Connection::receive_frame(const MessagePart& part) {
  if (!exchange_ || close_) return;
  if (!check_part(part)) return message_.reset();
  if (!message_) message_ = std::make_unique<std::string>();
  message_->append(part.bytes);
  if (part.ends_message) message_complete(part.text);
}

void Connection::message_complete(bool text) {
  const auto message = std::exchange(message_, nullptr);
  if (!compressed_) return exchange_->on_message(*message, text);
  const auto expanded = host_.deflate().expand(*message, limits::websocket_message_bytes_max);
  if (expanded) return exchange_->on_message(*expanded, text);
  expanded.error().code == ErrorCode::full ? close_too_long() : close_websocket(1007, expanded.error().message);
}

void Connection::close_too_long() {
  host_.counters().refusals.count(Refusal::message);
  close_websocket(1009, "a message may have 65536 bytes");
}

// ---- For exchanges

void Connection::respond(Response response) {
  end_exchange();
  add_common_headers(response, cors_.get());
  ++host_.counters().responses[response.status];
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless && respond_gzipped(response)) return;
  std::string bytes = head_of(response, bodiless ? Framing::none : Framing::length);
  const std::string_view content = head_only_ || bodiless ? std::string_view{} : response.content();
  const std::size_t first = std::min(content.size(), limits::write_bytes_max);
  write(bytes.append(content.substr(0, first)));
  if (first == content.size()) return finish(response.close);
  begin(std::make_unique<SendRest>(*this, std::move(response), first));
}

/// Short ones at once, then they are like any other: false. Long ones in slices: the loop has other clients.
bool Connection::respond_gzipped(Response& response) {
  if (response.body.size() <= Gzips::slice_bytes) response = gzipped(std::move(response), coding_);
  if (response.plain_bytes > 0) host_.gzips().count(response.plain_bytes, response.body.size());
  if (!response.compressible || response.plain_bytes > 0 || !worth_gzip(coding_, response.body.size())) return false;
  auto gzip = host_.gzips().lend();
  if (!gzip) return false;
  response.with("Content-Encoding", "gzip");
  std::string head = head_of(response, Framing::chunked);
  if (head_only_) return write(head), finish(response.close), true;
  begin(std::make_unique<SendGzip>(*this, std::move(head), std::move(response), std::move(gzip)));
  return true;
}

void Connection::begin(std::unique_ptr<Exchange> exchange) {
  end_exchange();
  exchange_ = std::move(exchange);
  Exchange* const begun = exchange_.get();
  begun->start();
  if (exchange_.get() != begun || closing_) return;
  lws_set_timeout(handle_, NO_PENDING_TIMEOUT, 0);
  if (has_body_) return;
  lws_http_headers_detach(handle_);
  watch_hangup(true);
}

void Connection::begin_stream(const Response& response, std::string_view first) {
  Response head = response;
  head.close = !chunks_;
  add_common_headers(head, cors_.get());
  ++host_.counters().responses[head.status];
  std::string bytes = head_of(head, chunks_ ? Framing::chunked : Framing::until_close);
  if (chunks_ && !first.empty()) bytes += chunk_head(first.size());
  bytes += first;
  if (chunks_ && !first.empty()) bytes += chunk_tail;
  write(bytes);
}

std::string Connection::address() const {
  bool ignored = false;
  return handle_ == nullptr ? peer_ : peer_address(lws_get_socket_fd(handle_), ignored);
}

bool Connection::can_write() const { return handle_ != nullptr && !closing_ && lws_partial_buffered(handle_) == 0; }

/// Gone without a word: what was sent is sent again by the kernel, for a quarter of an hour.
bool Connection::peer_is_lost() const { return handle_ != nullptr && peer_is_silent(lws_get_socket_fd(handle_), silence_max); }

/// The library had it when the request before was answered: nothing that could be one was taken off the socket since.
bool Connection::came_early() const {
  if (!answered_) return false;
  const auto now = bytes_taken(lws_get_socket_fd(handle_));
  return taken_ == untold || !now || *now < taken_ + request_bytes_min;
}

/// Of strangers. What the library took off the socket of a new connection is the head and at most one read more. Behind an answer
/// there may be a body that was refused, and under TLS it can't be told: the headers that the library knows are counted there.
bool Connection::head_is_long(const Request& request) const {
  if (request.head_bytes > limits::http_header_bytes_max) return true;
  if (request.tls || answered_) return false;
  return bytes_taken(lws_get_socket_fd(handle_)).value_or(0) > limits::http_header_bytes_max + read_bytes;
}

void Connection::write(std::string_view bytes) {
  if (closing_ || handle_ == nullptr || bytes.empty()) return;
  host_.counters().bytes += bytes.size();
  // The library does not change what it writes as it is; its interface is older than const.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  if (lws_write(handle_, data, bytes.size(), LWS_WRITE_HTTP) < 0) abort();
}

void Connection::want_writable() {
  if (handle_ != nullptr && !closing_) lws_callback_on_writable(handle_);
}

/// To ask the library costs two system calls, and the socket is seldom full.
void Connection::want_more() {
  if (!can_write()) return want_writable();
  if (!std::exchange(again_, true)) host_.again(*this);
}

void Connection::wake_at(Monotonic at) {
  due_ = at;
  arm(at);
}

void Connection::arm(Monotonic at) {
  if (armed_ <= at) return;
  armed_ = at;
  host_.deadlines().push(at, id_);
}

void Connection::follow_log() { host_.followers().add(*this); }

void Connection::finish(bool close) {
  end_exchange();
  conclude(close || host_.stopping() ? Verdict::close : Verdict::completed);
}

void Connection::close_websocket(unsigned code, std::string_view reason) {
  if (closing()) return;
  host_.followers().remove(*this);
  close_ = std::make_unique<Close>(Close{code, std::string(reason)});
  wake_at(host_.now() + close_time_max);
  can_write() ? send_close() : want_writable();
}

void Connection::abort() {
  end_exchange();
  conclude(Verdict::close);
}

void Connection::end_exchange() {
  host_.followers().remove(*this);
  wake_never();
  watch_hangup(false);
  call_.reset();
  if (exchange_) host_.retire(std::move(exchange_));
}

void Connection::watch_hangup(bool on) {
  if (watched_ == on || handle_ == nullptr) return;
  watched_ = on;
  const int socket = lws_get_socket_fd(handle_);
  on ? host_.hangups().add(socket, id_) : host_.hangups().remove(socket);
}

/// Inside a callback of this connection its return value says what becomes of it; elsewhere it is ended between two turns.
void Connection::conclude(Verdict verdict) {
  if (closing_ || handle_ == nullptr) return;
  closing_ = verdict == Verdict::close;
  if (!closing_) {
    answered_ = true;
    taken_ = bytes_taken(lws_get_socket_fd(handle_)).value_or(untold);
  }
  if (host_.serving == this) {
    verdict_ = verdict;
  } else if (verdict == Verdict::close || lws_http_transaction_completed(handle_) != 0) {
    closing_ = true;
    host_.close_soon(*this);
  } else {
    await_request();
  }
}

/// The library reads the next request when it has seen that the socket takes more, which costs two changes of what the kernel
/// watches and a turn of the loop. This one just took a whole answer.
void Connection::await_request() {
  if (!can_write()) return;
  lws_pollfd takes_more{lws_get_socket_fd(handle_), LWS_POLLIN | LWS_POLLOUT, LWS_POLLOUT};
  lws_service_fd(lws_get_context(handle_), &takes_more);
}

// ---- For the loop

void Connection::writable() {
  again_ = false;
  if (close_ && can_write()) return send_close();
  if (exchange_ && can_write()) exchange_->on_writable();
}

/// From outside of the library's callbacks: on libuv the -1 of a callback ends a connection twice in a row (Debian's build has
/// its debugging code in it), and the second time without a word.
void Connection::send_close() {
  auto* reason = reinterpret_cast<unsigned char*>(close_->reason.data());
  lws_close_reason(handle_, static_cast<lws_close_status>(close_->code), reason, close_->reason.size());
  end_exchange();
  wake_at(host_.now() + close_time_max);
  closing_ = true;
  host_.close_soon(*this);
}

void Connection::close_now() {
  if (handle_ != nullptr) lws_set_timeout(handle_, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void Connection::due(Monotonic entry) {
  if (armed_ != entry) return;
  armed_ = never;
  if (due_ == never) return;
  if (due_ > entry) return arm(due_);
  due_ = never;
  if (close_) return host_.close_soon(*this);
  if (std::exchange(awaits_body_, false)) return respond(with_close(problem(408, "the body took too long")));
  if (exchange_) return exchange_->on_due();
  if (serial_ > 0 || call_) return;
  host_.counters().refusals.count(Refusal::handshake);
  abort();
}

std::optional<Principal> Connection::principal() const {
  switch (credential_.kind) {
    case Credential::Kind::token: return host_.access().by_token(*credential_.secret);
    case Credential::Kind::session: return host_.access().by_session(*credential_.secret);
    case Credential::Kind::certificate: return host_.by_certificate(*credential_.secret);
    case Credential::Kind::none: break;
  }
  return std::nullopt;
}

void Connection::ask_rights() {
  if (!exchange_ || credential_.kind == Credential::Kind::none || close_) return;
  const auto asked = principal();
  if (!asked || mark_of(*asked) != credential_.rights) exchange_->on_rights_lost();
}

void Connection::detach() {
  end_exchange();
  handle_ = nullptr;
}

Connection::Verdict Connection::take_verdict() { return std::exchange(verdict_, Verdict::stay); }

}  // namespace weir::gateway
