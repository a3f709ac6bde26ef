// Result<T>: a value or an Error. The library throws nothing of its own, prints nothing and aborts
// on no input.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace honeyguide {

// What to do next: the only reason for different codes.
enum class ErrorCode {
  kInvalidArgument,     // fix the input
  kNotFound,            // it is not there
  kAlreadyExists,       // it is there; choose another name
  kPermissionDenied,    // get the right token or file mode
  kFailedPrecondition,  // the state forbids it, e.g. before initialize() or after shutdown()
  kResourceExhausted,   // a limit was reached; send less or later
  kUnavailable,         // retry later
  kDeadlineExceeded,    // it took too long
  kCancelled,           // the caller went away
  kDataLoss,            // stored bytes are damaged
};

// "invalid_argument" and so on.
std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;  // what failed, on which input, what to do about it
};

// Check it before you take the value: value() of an error, and error() of a value, are undefined,
// as they are of an empty std::optional.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() { return *std::get_if<0>(&state_); }
  const T& value() const { return *std::get_if<0>(&state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace honeyguide
