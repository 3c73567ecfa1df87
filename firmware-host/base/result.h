// Result<T>: a value, or an Error that a person can act on.
//
// Purpose    what the world does (files, sockets, bytes from outside) comes back as a Result; `assert` is for bugs.
// Thread     a plain value: belongs to whoever holds it.
// Ownership  owns its value or its error.
// Limits     none.
// Errors     an Error's message says what, where (key, port, topic, path) and what to do.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace weir {

enum class ErrorCode {
  invalid,       // the input is wrong; the same input will fail again
  not_found,     // what was named is not there
  conflict,      // it contradicts what is already there
  full,          // a stated limit is reached; later may succeed
  timed_out,     // no answer within the stated time
  unavailable,   // the other side is not there now; later may succeed
  unauthorised,  // no right to it
  io,            // the device or file system failed: state on disk is in doubt
};

struct Error {
  ErrorCode code = ErrorCode::invalid;
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return assert(ok()), std::get<0>(state_); }
  const T& value() const& { return assert(ok()), std::get<0>(state_); }
  T&& value() && { return assert(ok()), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return assert(!ok()), std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)), failed_(true) {}

  bool ok() const { return !failed_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return assert(failed_), error_; }

 private:
  Error error_;
  bool failed_ = false;
};

}  // namespace weir
