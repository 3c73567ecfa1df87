// HttpClient: HTTP/1.1 and WebSocket over a plain blocking socket, so that tests see every byte and can misbehave.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace weir::test {

struct Answer {
  int status = 0;                              // 0: closed without an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class HttpClient {
 public:
  static constexpr std::chrono::milliseconds patience{15'000};

  explicit HttpClient(std::uint16_t port, const std::string& host = "127.0.0.1");
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  void send(std::string_view bytes);
  void hang_up();       // both directions
  void vanish();        // the kernel drops whatever comes, unacknowledged, as if the cable were cut
  void take_little();   // from here on the kernel buffers a few KiB: a sender that is not read is soon held up
  void stop_sending();  // half: the server sees the end, we still read

  /// `headers`: "Name: value\r\n" each.
  void request(std::string_view method, std::string_view target, std::string_view headers = "", std::string_view body = "");
  Answer ask(std::string_view method, std::string_view target, std::string_view headers = "", std::string_view body = "");

  Answer read_head();
  Answer read_answer(bool head_only = false);

  /// A line of a chunked body without its line end; nothing at the end of the body or of the connection.
  std::optional<std::string> read_line(std::chrono::milliseconds wait = patience);
  bool body_ended() const { return body_ended_; }

  /// True when the server has closed; what still came is dropped.
  bool closed_within(std::chrono::milliseconds wait);

  // WebSocket.
  struct Message {
    unsigned opcode = 0;  // 8: close
    std::string payload;
    unsigned close_code() const;
  };
  Answer upgrade(std::string_view target, std::string_view headers = "");
  void send_message(std::string_view payload, unsigned opcode = 1, bool final = true);
  std::optional<Message> read_message(std::chrono::milliseconds wait = patience);

 private:
  bool fill(std::chrono::steady_clock::time_point until);
  std::optional<std::string> take(std::size_t bytes, std::chrono::steady_clock::time_point until);
  std::optional<std::string> take_line(std::chrono::steady_clock::time_point until);
  bool read_chunk(std::chrono::steady_clock::time_point until);

  int socket_ = -1;
  std::string buffer_;  // read, not taken
  std::string body_;    // of chunks, not taken
  bool body_ended_ = false;
};

}  // namespace weir::test
