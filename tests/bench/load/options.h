// Options of bench-load.
//
// Purpose    what to open, what to publish, how long to measure.
// Thread     plain value.
// Ownership  owns its texts.
// Limits     none of its own.
// Errors     parse_options throws std::runtime_error naming the option.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <sys/types.h>

#include "load/kind.h"

namespace weir::bench {

struct PublishOptions {
  double gather = 0;                    // ms in which readings are gathered into one request, as a busy node does
  double rate = 0;                      // readings a second; 0: as fast as the clients follow
  std::string target = "/v1/readings";  // Weir takes batches; a generic server one record a request
  std::string token;                    // of the role `ingest`
  std::uint16_t mqtt_port = 0;          // of a broker that is published to instead, at QoS 0
  std::size_t batch = 500;              // readings in a request, at most
  std::size_t window = 4000;            // rate 0: records that are published and, on average, not yet seen
  std::uint64_t in_step = 0;            // so many records and no more, each batch when all clients have the one before
};

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string token;
  std::string target = "/v1/stream";  // with its query
  std::string idle_target = "/v1/stream?devices=nobody";
  Mixture clients, idle, deaf;
  double warm_up = 1, seconds = 3;  // s
  double patience = 10;             // s without any delivery after which the rest counts as lost
  double ramp = 0;                  // connections a second; 0: as fast as they are answered
  pid_t pid = 0;                    // the server, to see what it costs
  bool generic = false;             // not Weir's records but those of generic_record.h
  std::optional<PublishOptions> publish;
};

Options parse_options(int count, char** arguments);
extern const char* const usage;

}  // namespace weir::bench
