// WriteQueue: what waits to be written to a port.
//
// Purpose    whole messages in order, however few bytes the port takes at a time; who sent one learns when it is out.
// Thread     the poll loop.
// Ownership  owns the bytes; the descriptor is the caller's.
// Limits     16 KiB; beyond: refused.
// Errors     flush() is false when the port is gone.
#pragma once

#include <cerrno>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include <unistd.h>

#include "base/result.h"

namespace weir::firmware {

class WriteQueue {
 public:
  using Sent = std::function<void(Result<void>)>;  // may be empty

  bool empty() const { return messages_.empty(); }
  bool has_room(std::size_t size) const { return bytes_ + size <= bytes_max; }

  void add(std::string bytes, Sent sent) {
    bytes_ += bytes.size();
    messages_.push_back({std::move(bytes), 0, std::move(sent)});
  }

  bool flush(int fd) {
    while (!messages_.empty()) {
      auto& message = messages_.front();
      const auto written = ::write(fd, message.bytes.data() + message.written, message.bytes.size() - message.written);
      if (written < 0) return errno == EAGAIN || errno == EINTR;
      message.written += static_cast<std::size_t>(written);
      if (message.written < message.bytes.size()) return true;
      finish({});
    }
    return true;
  }

  /// A message that did not leave whole was not understood: it certainly had no effect.
  void abandon(const Error& why) {
    while (!messages_.empty()) finish(why);
  }

 private:
  static constexpr std::size_t bytes_max = std::size_t{16} * 1024;
  struct Message {
    std::string bytes;
    std::size_t written;
    Sent sent;
  };

  void finish(Result<void> result) {
    auto message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message.bytes.size();
    if (message.sent) message.sent(std::move(result));
  }

  std::deque<Message> messages_;
  std::size_t bytes_ = 0;
};

}  // namespace weir::firmware
