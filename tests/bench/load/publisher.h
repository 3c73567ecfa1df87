// Publisher: pushes numbered readings into the server under load.
//
// Purpose    at a rate, or as fast as the clients follow; each reading's value is one more than the one before.
// Thread     its own, which blocks on one keep-alive connection; everything public may be called from any thread.
// Ownership  owns its thread and its socket; refers to the options, the times and the deliveries.
// Limits     one request at a time, of `batch` readings at most: what falls due meanwhile goes into the next one.
// Errors     a request that is refused ends the thread; failure() says why.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>

#include "load/connection.h"
#include "load/options.h"
#include "load/record_scanner.h"

namespace weir::bench {

class Publisher {
 public:
  Publisher(const Options& options, PublishTimes& times, const Deliveries& deliveries);
  ~Publisher() { stop(); }
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Waits for the request under way.
  void stop();
  /// The last number that the server has acknowledged.
  std::uint64_t published() const { return published_; }
  bool failed() const { return failed_; }
  /// Of a number of records that was asked for; the server has acknowledged them all.
  bool ended() const { return ended_; }
  /// After stop().
  const std::string& failure() const { return failure_; }

 private:
  void run();
  void connect_to_server();
  void sign_in_to_broker();
  void publish_at_rate();
  void publish_saturated();
  void publish_in_step();
  void publish(std::uint64_t count);
  std::string request(const std::string& content) const;
  void send_all(std::string_view bytes);
  std::string body(std::uint64_t count);
  void expect_success();

  const Options& options_;
  const PublishOptions& settings_;
  PublishTimes& times_;
  const Deliveries& deliveries_;
  int socket_ = -1;
  std::atomic<std::uint64_t> published_{0};
  std::atomic<bool> stopping_{false}, failed_{false}, ended_{false};
  std::string failure_;
  std::thread thread_;
};

}  // namespace weir::bench
