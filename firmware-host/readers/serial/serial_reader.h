// SerialReader: one serial port: opened, read, written, lost, found again.
//
// Purpose    the way to a node of the wire protocol, or to a device that writes lines.
// Thread     as Reader says; everything but status() and reaches() on the poll loop.
// Ownership  owns the descriptor and the session; the Context outlives it.
// Limits     limits::devices_max devices on a port; 16 KiB waiting to be written.
// Errors     create() fails where the configuration can't work. A port that is not there, goes away or comes back under
//            another number is opened again after 250 ms to 5 s, for ever; status().detail says why it is closed.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/log_line.h"
#include "readers/poll_loop.h"
#include "readers/reader.h"
#include "readers/serial/bus.h"
#include "readers/serial/port_finder.h"
#include "readers/serial/serial_options.h"
#include "readers/serial/serial_session.h"
#include "readers/serial/write_queue.h"

namespace weir::firmware {

class SerialReader final : public Reader, private SerialServices {
 public:
  static Result<std::unique_ptr<SerialReader>> create(SerialOptions options, ReaderContext context, PortRoots roots = {});
  ~SerialReader() override;

  void start() override;
  void stop() override;
  ReaderStatus status() const override;
  bool reaches(const std::string& device) const override;
  Result<void> ready(const Command& command) const override;
  void send(const Command& command, std::function<void(Result<void>)> sent) override;

 private:
  struct Alive {
    SerialReader* reader;  // the loop only
  };

  SerialReader(SerialOptions options, ReaderContext context, PortRoots roots);

  bool write(std::string bytes) override;
  Result<void> deliver(Delivery&& delivery, std::function<void(bool committed)> done) override;
  void reply(CommandReply reply, std::function<void(bool committed)> done) override;
  void declare(const std::string& device, std::vector<DeclaredCommand> commands) override;
  void lose(std::string_view reason, std::string detail, std::uint64_t count) override;
  void count_message() override;
  bool heard(const std::string& device) override;
  void gone(const std::string& device) override;
  void hold_back() override;
  Timestamp wall() const override { return context_.clock.wall(); }
  Monotonic monotonic() const override { return context_.clock.monotonic(); }

  void open();
  void opened(int fd, const std::string& path);
  void not_open(const std::string& why);
  void lost(const std::string& why);
  void close_port(const Error& why);
  void tick();
  void on_ready(std::uint32_t events);
  bool read_some();
  void flush();
  void watch_events();
  void resume();
  void pay_owed();
  void take_turns();
  void count_bytes(std::size_t bytes);
  Result<std::string> bytes_of(const Command& command) const;
  void on_committed(std::size_t readings, bool committed);
  std::function<void(bool)> on_loop(std::function<void(SerialReader&, bool)> task);
  std::string where() const;
  void say(bool connected, const std::string& detail);

  const SerialOptions options_;
  const ReaderContext context_;
  const PortRoots roots_;
  std::unique_ptr<SerialSession> session_;
  std::shared_ptr<Alive> alive_;  // while started; callbacks of other threads hold it weakly

  int fd_ = -1;
  std::string path_;  // that is or was open
  WriteQueue queue_;
  std::optional<Bus> bus_;  // of a line with polls
  bool held_back_ = false;
  PollLoop::TimerId retry_timer_ = 0, tick_timer_ = 0, resume_timer_ = 0, bus_timer_ = 0;
  std::chrono::milliseconds retry_after_{};
  std::set<std::string> online_;                          // heard since the port was opened
  std::map<std::string, DeviceState> owed_devices_;       // changes and losses that the log has not taken
  std::map<std::string, Loss, std::less<>> owed_losses_;  // by reason
  LineLimiter loss_lines_, port_lines_;

  mutable std::mutex mutex_;  // protects the rest
  std::set<std::string> known_;
  ReaderStatus status_;
};

}  // namespace weir::firmware
