// Load: all clients of one run, its phases and what came of it.
//
// Purpose    opens everybody, publishes, warms up, measures, waits until everything published has arrived.
// Thread     one epoll loop; the publisher has a thread of its own.
// Ownership  owns connections, publisher and figures.
// Limits     as many connections as RLIMIT_NOFILE's hard limit allows.
// Errors     std::runtime_error where the server can't be reached or refuses somebody.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "load/connection.h"
#include "load/options.h"
#include "load/publisher.h"
#include "load/record_scanner.h"

namespace weir::bench {

struct Figures {
  std::size_t connected = 0, closed = 0;  // closed: by the server, before the end
  std::uint64_t published = 0, verified = 0;
  OrderFaults faults;
  std::uint64_t wrong_ids = 0;
  std::uint64_t delivered = 0;  // in the measured time; so is what follows
  double seconds = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t resident_before = 0, resident_connected = 0, resident_end = 0, resident_peak = 0;

  bool sound() const { return closed + faults.lost + faults.repeated + faults.out_of_order + wrong_ids == 0; }
};

class Load {
 public:
  explicit Load(const Options& options);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Figures run();
  const Histogram& latencies() const { return deliveries_.latencies; }

 private:
  void open_all();
  void open(Role role, Kind kind);
  void wait_until_opened(std::size_t unanswered_max);
  void measure();
  void run_in_step();
  void drain();
  void add_faults();
  void turn(int timeout_ms);
  void run_for(double seconds);
  void receive(std::size_t index);
  void leave(Connection& connection);
  bool everything_arrived() const;

  const Options& options_;
  const Request request_, idle_request_;
  Deliveries deliveries_;
  const std::unique_ptr<PublishTimes> times_;
  RecordScanner scanner_;
  const int epoll_;
  std::vector<char> scratch_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t opened_ = 0;
  std::optional<Publisher> publisher_;
  Figures figures_;
};

}  // namespace weir::bench
