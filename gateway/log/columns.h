// Columns: many values of one kind in few bytes, lossless. docs/storage.md has the formats.
//
// Purpose    what chunks and rollups are made of: integers (constant, deltas or deltas of deltas; Rice codes with escapes)
//            and values (scaled decimals, as in ALP, Afroozeh and Boncz 2023; XOR for doubles that are none, as in Gorilla,
//            Pelkonen and others 2015; integers, booleans, strings by a dictionary; mixed types).
// Thread     pure functions; scratch memory of the calling thread is used again.
// Limits     column_values_max values in one column, limits::string_value_bytes_max bytes in a text. Reading never takes
//            more than `count` steps, nor memory beyond `count` values and the texts that are there.
// Errors     reading a damaged column fails the ByteReader; what was read by then must not be used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "log/bytes.h"
#include "reading/reading.h"

namespace weir::gateway {

inline constexpr std::size_t column_values_max = 1U << 20U;

// Writes nothing for an empty column. How many values there are is kept by the caller; after reading, `out` has just these.

/// Any 64-bit integers, in order.
void put_integers(std::string& out, std::span<const std::int64_t> values);
void read_integers(ByteReader& in, std::size_t count, std::vector<std::int64_t>& out);

/// Values come back bit for bit: -0.0, 0.1 + 0.2 and the like as well.
void put_values(std::string& out, std::span<const Value> values);
void read_values(ByteReader& in, std::size_t count, std::vector<Value>& out);

/// The same for doubles alone.
void put_doubles(std::string& out, std::span<const double> values);
void read_doubles(ByteReader& in, std::size_t count, std::vector<double>& out);

}  // namespace weir::gateway
