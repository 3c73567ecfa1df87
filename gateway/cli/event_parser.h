// EventParser: the bytes of a text/event-stream become events.
//
// Purpose    the client's side of server-sent events, for `weir tail`.
// Thread     belongs to one stream.
// Ownership  owns what is not complete yet.
// Limits     an event of 1 MiB; beyond it feed() answers false and the stream should be opened again.
// Errors     none: what is no field is ignored, as the standard says.
// Source     WHATWG HTML, section 9.2.6 (interpreting an event stream).
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weir::gateway::cli {

struct Event {
  std::string type;  // "message" where it has none
  std::string data;
};

class EventParser {
 public:
  /// `take` answers false to stop; feed() then answers false as well.
  bool feed(std::string_view bytes, const std::function<bool(const Event&)>& take);

  /// The stream was cut: what is not complete is dropped; the last id stays.
  void restart();

  const std::string& last_id() const { return last_id_; }
  std::optional<std::chrono::milliseconds> retry() const { return retry_; }

 private:
  bool take_line(std::string_view line, const std::function<bool(const Event&)>& take);
  void take_field(std::string_view name, std::string_view value);

  std::string line_;  // not ended yet
  bool after_return_ = false;
  std::string type_, data_, id_, last_id_;
  std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace weir::gateway::cli
