// Expression: what a condition asks, over named inputs, some of which may be missing.
//
//   failed_agents / agents > 0.3 and agents >= 3
//   memory_percent > 95 or cpu_percent > 98
//
// Numbers, names, + - * /, parentheses, the comparisons < <= > >= == !=, and, or, not. Arithmetic
// over a missing input is missing; a comparison of something missing is unknown; and, or, not
// follow Kleene: `unknown or true` is true. Division by zero is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace honeyguide::watch {

enum class Truth : std::uint8_t { kFalse = 0, kTrue = 1, kUnknown = 2 };

// Gives the value of an input, nothing if it is missing.
using InputOf = std::function<std::optional<double>(std::string_view name)>;

class Expression {
 public:
  static constexpr std::size_t kLengthMax = 1000;
  static constexpr int kDepthMax = 32;

  // kInvalidArgument with the position (0-based) of what is not understood. The whole must be a
  // comparison or a combination of such.
  static base::Result<Expression> parse(std::string_view text);

  Truth evaluate(const InputOf& input_of) const;
  // Names that stand in it, each once, in order of appearance.
  const std::vector<std::string>& inputs() const { return inputs_; }
  const std::string& text() const { return text_; }

 private:
  friend class ExpressionParser;
  enum class Op : std::uint8_t {
    kNumber,
    kInput,
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kNegate,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kEqual,
    kNotEqual,
    kAnd,
    kOr,
    kNot
  };
  struct Node {
    Op op = Op::kNumber;
    double number = 0;
    std::uint32_t input = 0;
    std::int32_t left = -1;
    std::int32_t right = -1;
  };

  static bool is_truth(Op op) { return op >= Op::kLess; }
  std::optional<double> number(std::int32_t node, const InputOf& input_of) const;
  Truth truth(std::int32_t node, const InputOf& input_of) const;

  std::string text_;
  std::vector<Node> nodes_;
  std::vector<std::string> inputs_;
  std::int32_t root_ = -1;
};

}  // namespace honeyguide::watch
