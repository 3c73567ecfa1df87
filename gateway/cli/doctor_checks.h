// DoctorChecks: what `weir doctor` looks at, each a list of findings.
//
// Purpose    whether this computer lets the gateway do what its configuration says, and what to do where it does not.
// Thread     main thread only. Reads; changes nothing: no port is opened that a reader may have open.
// Ownership  plain values.
// Limits     a broker that does not answer costs 2 s.
// Errors     findings.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "config/config.h"

namespace weir::gateway::cli {

struct Finding {
  enum class State { ok, warning, fault } state = State::ok;
  std::string name;    // "data_dir"
  std::string what;    // one line
  std::string remedy;  // empty: nothing is to be done
};
using Findings = std::vector<Finding>;

void check_data_dir(const Config& config, Findings& findings);
void check_space(const Config& config, Findings& findings);
void check_log_file(const Config& config, Findings& findings);
void check_tls(const Config& config, Timestamp now, Findings& findings);
void check_clock(ClockSource source, Findings& findings);
void check_serial_ports(const Config& config, Findings& findings);
void check_brokers(const Config& config, Findings& findings);
void check_listening(const Config& config, Findings& findings);
void check_open_files(const Config& config, Findings& findings);
/// `holes`: of the libwebsockets that is installed, a line each.
void check_library(const Config& config, const std::vector<std::string>& holes, Findings& findings);

}  // namespace weir::gateway::cli
