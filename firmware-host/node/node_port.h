// NodePort: the node's end of a serial line: a port, or a pseudo-terminal made for the gateway.
//
// Purpose    bytes in and out without blocking.
// Thread     one.
// Ownership  closes what it opened; removes its link.
// Limits     8 KiB wait to be written; beyond: refused, the node sends again.
// Errors     open() says what failed; a line that breaks later reads nothing until it is back.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "node/faults.h"
#include "node/node_options.h"

namespace weir::firmware {

class NodePort {
 public:
  static Result<std::unique_ptr<NodePort>> open(const NodeOptions& options, Faults& faults);
  ~NodePort();
  NodePort(const NodePort&) = delete;
  NodePort& operator=(const NodePort&) = delete;

  const std::string& path() const { return path_; }

  /// All of it or nothing.
  bool write(std::string bytes);
  /// What has come; waits for it at most that long, and writes what waits.
  std::string read(int timeout_ms);
  bool closed() const { return closed_; }

 private:
  NodePort(int fd, int kept_fd, std::string path, std::string link, Faults& faults);
  void flush();

  const int fd_;
  const int kept_fd_;  // the gateway's end of a pseudo-terminal, held open so that ours never hangs up; or -1
  const std::string path_;
  const std::string link_;
  Faults& faults_;
  std::string pending_;
  bool closed_ = false;
};

}  // namespace weir::firmware
