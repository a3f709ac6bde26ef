// Result<T>: a value or an Error. No exceptions cross a module.
//
// The ten codes are defined by what the caller does next; the message says what failed, on which
// input, and what to do about it, readable by an operator. Named like std::expected, so that it can
// become an alias once the compilers have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/check.h"

namespace honeyguide::base {

enum class ErrorCode {
  kInvalidArgument,     // fix the input
  kNotFound,            // it is not there; ask for something else
  kAlreadyExists,       // it is there; use it or choose another name
  kPermissionDenied,    // get the right token or file mode
  kFailedPrecondition,  // the state forbids it; change the state first
  kResourceExhausted,   // a named limit was reached; send less or later
  kUnavailable,         // retry with back-off
  kDeadlineExceeded,    // it took too long; retry with more time or ask for less
  kCancelled,           // the caller went away
  kDataLoss,            // stored bytes are damaged; repair
};

// "invalid_argument" and so on: the spelling in logs, JSON and Python.
std::string_view error_code_name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::kInvalidArgument;
  std::string message;

  // "invalid_argument: the message"
  std::string to_string() const;
};

// The same error, its message prefixed with "context: ".
Error with_context(Error error, std::string_view context);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // HG_CHECKs that there is a value.
  T& value() & {
    HG_CHECK(has_value());
    return std::get<0>(state_);
  }
  const T& value() const& {
    HG_CHECK(has_value());
    return std::get<0>(state_);
  }
  T&& value() && {
    HG_CHECK(has_value());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  template <typename U>
  T value_or(U&& fallback) const& {
    return has_value() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(fallback));
  }

  // HG_CHECKs that there is an error.
  const Error& error() const& {
    HG_CHECK(!has_value());
    return std::get<1>(state_);
  }
  Error&& error() && {
    HG_CHECK(!has_value());
    return std::get<1>(std::move(state_));
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void value() const { HG_CHECK(has_value()); }
  const Error& error() const {
    HG_CHECK(!has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace honeyguide::base

// Returns the error of a Result<void> expression from the enclosing function.
#define HG_RETURN_IF_ERROR(expression)                                                     \
  do {                                                                                     \
    if (auto hg_result_ = (expression); !hg_result_) return std::move(hg_result_).error(); \
  } while (false)

#define HG_CONCAT_INNER(a, b) a##b
#define HG_CONCAT(a, b) HG_CONCAT_INNER(a, b)

// HG_ASSIGN_OR_RETURN(auto x, f()): unwraps a Result or returns its error.
#define HG_ASSIGN_OR_RETURN(declaration, expression) \
  HG_ASSIGN_OR_RETURN_INNER(HG_CONCAT(hg_result_, __LINE__), declaration, expression)
#define HG_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result) return std::move(result).error();                   \
  declaration = std::move(result).value()
