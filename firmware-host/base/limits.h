// Every limit on what comes from outside, in one place.
//
// Purpose    nothing grows without bound; the rule at each limit stands beside it.
// Units      bytes unless the name says otherwise.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace weir::limits {

// Names and values of a reading. Beyond them: the reading is a counted loss (`undecodable`), its neighbours are kept.
inline constexpr std::size_t name_bytes_max = 128;               // device, metric
inline constexpr std::size_t unit_bytes_max = 32;                // SenML units are shorter (RFC 8428 section 12.1)
inline constexpr std::size_t string_value_bytes_max = 4096;      // a value that is text
inline constexpr std::size_t readings_per_message_max = 10'000;  // values, good or bad; further: one rejection for the rest
// When a reading was measured, in seconds since 1970: from 2000 to before 2100. A clock that was never set says 1970, a
// 32-bit one that ran backwards past zero says 2106: such readings are losses, not history.
inline constexpr std::int64_t reading_time_min_s = 946'684'800;
inline constexpr std::int64_t reading_time_end_s = 4'102'444'800;
inline constexpr std::size_t payload_bytes_max = std::size_t{256} * 1024;  // one MQTT message; larger: counted loss
inline constexpr std::size_t json_depth_max = 32;                          // nesting; deeper: malformed

// HTTP and WebSocket (CONTRACT 4). Beyond them: 413, 431 or close 1009.
inline constexpr std::size_t http_body_bytes_max = std::size_t{1024} * 1024;
inline constexpr std::size_t http_header_bytes_max = 8192;
inline constexpr std::size_t websocket_message_bytes_max = std::size_t{64} * 1024;
inline constexpr std::size_t subscriptions_per_connection_max = 64;  // further: an error message
inline constexpr std::size_t page_records_default = 1000;
inline constexpr std::size_t page_records_max = 10'000;
inline constexpr std::size_t write_bytes_max = std::size_t{64} * 1024;  // what one session is given in one write
inline constexpr std::size_t filter_terms_max = 64;                     // comma-separated globs in one parameter

// Serial.
inline constexpr std::size_t serial_line_bytes_max = 4096;  // longer: dropped to the next delimiter, counted

// The log.
inline constexpr std::size_t series_max = 100'000;  // distinct (device, metric); further readings: loss `full`
inline constexpr std::size_t units_max = 4096;      // distinct units; further readings with new ones: loss `full`
inline constexpr std::size_t devices_max = 10'000;  // further ones are read, but have no state
inline constexpr std::size_t node_boots_max = 4;    // boots of a node whose sequence is remembered
inline constexpr std::size_t log_queue_readings_max =
    65'536;  // readings waiting for a commit; further: refused, the reader holds its acknowledgement
inline constexpr std::size_t tail_records_max = 65'536;  // newest records kept in memory
inline constexpr std::size_t tail_bytes_max = std::size_t{8} << 20U;
inline constexpr std::size_t history_requests_max = 16'384;      // cold reads waiting; further: refused
inline constexpr std::size_t loss_kinds_max = 1000;              // kinds of loss added up at once; further: under their reader
inline constexpr std::size_t loss_entries_max = 10'000;          // entries of the loss ledger; further: the oldest goes
inline constexpr std::size_t history_buckets_max = 10'000;       // of one answer; further: 400
inline constexpr std::size_t consumers_max = 256;                // durable consumers; further: 429
inline constexpr std::size_t commands_open_max = 1024;           // commands not yet in a final state; further: 429
inline constexpr std::size_t commands_finished_max = 1000;       // the newest kept; each is in the log as a record as well
inline constexpr std::size_t command_args_bytes_max = 4096;      // as JSON; longer: refused
inline constexpr std::size_t command_result_bytes_max = 16'384;  // as JSON, or the error's text; longer: not kept, which is told
inline constexpr std::size_t idempotency_keys_max = 10'000;      // newest kept
inline constexpr std::size_t idempotency_key_bytes_max = 255;

inline constexpr std::chrono::seconds loss_interval{1};  // losses of one kind: one record in this time

// Log lines about the same thing: one a second for each reader.
inline constexpr std::chrono::seconds log_line_interval{1};

static_assert(page_records_default <= page_records_max);
static_assert(string_value_bytes_max < payload_bytes_max);
static_assert(payload_bytes_max <= http_body_bytes_max);

}  // namespace weir::limits
