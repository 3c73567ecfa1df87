// The schema of the database, version 2.
//
// Purpose    one text for what makes a log, what tests look at and what docs/storage.md explains.
// Thread     constants.
// Ownership  none.
// Limits     none.
// Errors     none.
#pragma once

#include <string>
#include <string_view>

namespace weir::gateway {

inline constexpr std::string_view schema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE fold(id INTEGER PRIMARY KEY CHECK (id = 0), part INTEGER, seq INTEGER, age INTEGER, wall INTEGER);
CREATE TABLE boot(id INTEGER PRIMARY KEY, kernel TEXT, zero INTEGER);
CREATE TABLE series(id INTEGER PRIMARY KEY, device TEXT, metric TEXT);
CREATE TABLE unit(id INTEGER PRIMARY KEY, text TEXT);
CREATE TABLE partition(id INTEGER PRIMARY KEY, first_seq INTEGER, last_seq INTEGER, closed INTEGER, thinned INTEGER,
                       salvaged INTEGER, oldest_time INTEGER, newest_time INTEGER, newest_received INTEGER, records INTEGER,
                       bytes INTEGER, rollup_bytes INTEGER, begun_age INTEGER, ended_age INTEGER, unset_boot INTEGER);
CREATE TABLE newest(series INTEGER PRIMARY KEY, seq INTEGER, body BLOB);
CREATE TABLE device(name TEXT PRIMARY KEY, state TEXT, reader TEXT, last_seen INTEGER) WITHOUT ROWID;
CREATE TABLE mark(device TEXT, boot INTEGER, sequence INTEGER);
CREATE INDEX mark_device ON mark(device);
CREATE TABLE consumer(name TEXT PRIMARY KEY, seq INTEGER) WITHOUT ROWID;
CREATE TABLE command(id TEXT PRIMARY KEY, device TEXT, name TEXT, args TEXT, by TEXT, result TEXT, error TEXT, key TEXT,
                     state TEXT, created INTEGER, deadline INTEGER);
CREATE TABLE push(key TEXT PRIMARY KEY, last INTEGER, accepted INTEGER, received INTEGER) WITHOUT ROWID;
CREATE TABLE loss(id INTEGER PRIMARY KEY, place TEXT, reason TEXT, device TEXT, metric TEXT, detail TEXT, count INTEGER,
                  first INTEGER, last INTEGER);
INSERT INTO fold VALUES (0, 0, 0, 0, 0);
)";

/// The tables of a partition. Salvaged ones have negative ids.
inline std::string table_of(std::string_view what, std::int64_t partition) {
  return std::string(what) + (partition < 0 ? "s" + std::to_string(-partition) : std::to_string(partition));
}
inline std::string chunk_table(std::int64_t partition) { return table_of("chunk_", partition); }
inline std::string rollup_table(std::int64_t partition) { return table_of("rollup_", partition); }

}  // namespace weir::gateway
