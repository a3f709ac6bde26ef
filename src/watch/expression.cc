#include "watch/expression.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace honeyguide::watch {

// Recursive descent, lowest binding first: or, and, not, comparison, sum, product, sign, atom.
class ExpressionParser {
 public:
  explicit ExpressionParser(Expression& out) : out_(out), text_(out.text_) {}

  base::Result<void> run() {
    out_.root_ = parse_or();
    if (error_.empty()) {
      skip();
      if (at_ < text_.size()) fail("something is left over");
    }
    if (error_.empty() &&
        !Expression::is_truth(out_.nodes_[static_cast<std::size_t>(out_.root_)].op)) {
      at_ = 0;
      fail("a comparison is needed, such as memory_percent > 95");
    }
    if (error_.empty()) return {};
    return base::Error{base::ErrorCode::kInvalidArgument,
                       error_ + " at position " + std::to_string(error_at_)};
  }

 private:
  using Op = Expression::Op;

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
  }

  std::int32_t fail(std::string message) {
    if (error_.empty()) {
      error_ = std::move(message);
      error_at_ = at_;
    }
    return 0;
  }

  static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }

  bool take(std::string_view token) {
    skip();
    const std::string_view rest = std::string_view(text_).substr(at_);
    if (!rest.starts_with(token)) return false;
    const bool word = is_word(token.front());
    if (word && rest.size() > token.size() && is_word(rest[token.size()])) return false;
    at_ += token.size();
    return true;
  }

  std::int32_t make(Op op, std::int32_t left, std::int32_t right = -1) {
    const auto is_truth = [&](std::int32_t node) {
      return Expression::is_truth(out_.nodes_[static_cast<std::size_t>(node)].op);
    };
    if (!error_.empty()) return 0;
    const bool wants_truth = op == Op::kAnd || op == Op::kOr || op == Op::kNot;
    if (is_truth(left) != wants_truth || (right >= 0 && is_truth(right) != wants_truth)) {
      return fail(wants_truth ? "'and', 'or' and 'not' combine comparisons"
                              : "a comparison is no number");
    }
    out_.nodes_.push_back({op, 0, 0, left, right});
    return static_cast<std::int32_t>(out_.nodes_.size()) - 1;
  }

  std::int32_t parse_or() {
    if (++depth_ > Expression::kDepthMax) return fail("it is nested too deeply");
    std::int32_t left = parse_and();
    while (error_.empty() && take("or")) left = make(Op::kOr, left, parse_and());
    --depth_;
    return left;
  }

  std::int32_t parse_and() {
    std::int32_t left = parse_not();
    while (error_.empty() && take("and")) left = make(Op::kAnd, left, parse_not());
    return left;
  }

  std::int32_t parse_not() {
    int count = 0;
    while (take("not")) ++count;
    std::int32_t out = parse_comparison();
    for (; count > 0 && error_.empty(); --count) out = make(Op::kNot, out);
    return out;
  }

  std::int32_t parse_comparison() {
    static constexpr std::pair<std::string_view, Op> kOps[] = {
        {"<=", Op::kLessEqual}, {">=", Op::kGreaterEqual}, {"==", Op::kEqual},
        {"!=", Op::kNotEqual},  {"<", Op::kLess},          {">", Op::kGreater}};
    const std::int32_t left = parse_sum();
    for (const auto& [token, op] : kOps) {
      if (error_.empty() && take(token)) return make(op, left, parse_sum());
    }
    return left;
  }

  std::int32_t parse_sum() {
    std::int32_t left = parse_product();
    while (error_.empty()) {
      if (take("+")) {
        left = make(Op::kAdd, left, parse_product());
      } else if (take("-")) {
        left = make(Op::kSubtract, left, parse_product());
      } else {
        break;
      }
    }
    return left;
  }

  std::int32_t parse_product() {
    std::int32_t left = parse_sign();
    while (error_.empty()) {
      if (take("*")) {
        left = make(Op::kMultiply, left, parse_sign());
      } else if (take("/")) {
        left = make(Op::kDivide, left, parse_sign());
      } else {
        break;
      }
    }
    return left;
  }

  std::int32_t parse_sign() {
    bool negative = false;
    while (take("-")) negative = !negative;
    const std::int32_t atom = parse_atom();
    return negative ? make(Op::kNegate, atom) : atom;
  }

  std::int32_t parse_atom() {
    if (take("(")) {
      const std::int32_t inner = parse_or();
      if (error_.empty() && !take(")")) return fail("')' is missing");
      return inner;
    }
    skip();
    std::size_t end = at_;
    while (end < text_.size() && (is_word(text_[end]) || text_[end] == '.')) ++end;
    const std::string word = text_.substr(at_, end - at_);
    if (word.empty()) return fail("a number or a name is needed");
    if (word == "and" || word == "or" || word == "not") return fail("a number or a name is needed");
    Expression::Node node;
    if ((word[0] >= '0' && word[0] <= '9') || word[0] == '.') {
      const auto number = base::parse_double(word);
      if (!number) return fail("'" + word + "' is no number");
      node.number = *number;
    } else {
      if (word.find('.') != std::string::npos) return fail("'" + word + "' is no name");
      node.op = Op::kInput;
      const auto found = std::find(out_.inputs_.begin(), out_.inputs_.end(), word);
      node.input = static_cast<std::uint32_t>(found - out_.inputs_.begin());
      if (found == out_.inputs_.end()) out_.inputs_.push_back(word);
    }
    at_ = end;
    out_.nodes_.push_back(node);
    return static_cast<std::int32_t>(out_.nodes_.size()) - 1;
  }

  Expression& out_;
  const std::string text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::string error_;
  std::size_t error_at_ = 0;
};

base::Result<Expression> Expression::parse(std::string_view text) {
  Expression out;
  if (text.size() > kLengthMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "an expression has at most " + std::to_string(kLengthMax) + " characters"};
  }
  out.text_ = text;
  HG_RETURN_IF_ERROR(ExpressionParser(out).run());
  return out;
}

std::optional<double> Expression::number(std::int32_t node, const InputOf& input_of) const {
  const Node& of = nodes_[static_cast<std::size_t>(node)];
  if (of.op == Op::kNumber) return of.number;
  if (of.op == Op::kInput) return input_of(inputs_[of.input]);
  const auto left = number(of.left, input_of);
  if (!left) return std::nullopt;
  if (of.op == Op::kNegate) return -*left;
  const auto right = number(of.right, input_of);
  if (!right) return std::nullopt;
  switch (of.op) {
    case Op::kAdd:
      return *left + *right;
    case Op::kSubtract:
      return *left - *right;
    case Op::kMultiply:
      return *left * *right;
    default:
      if (*right == 0) return std::nullopt;
      return *left / *right;
  }
}

Truth Expression::truth(std::int32_t node, const InputOf& input_of) const {
  const Node& of = nodes_[static_cast<std::size_t>(node)];
  const auto of_bool = [](bool value) { return value ? Truth::kTrue : Truth::kFalse; };
  if (of.op == Op::kNot) {
    const Truth inner = truth(of.left, input_of);
    return inner == Truth::kUnknown ? inner : of_bool(inner == Truth::kFalse);
  }
  if (of.op == Op::kAnd || of.op == Op::kOr) {
    const Truth decides = of_bool(of.op == Op::kOr);
    const Truth left = truth(of.left, input_of);
    if (left == decides) return left;
    const Truth right = truth(of.right, input_of);
    if (right == decides) return right;
    return left == Truth::kUnknown || right == Truth::kUnknown ? Truth::kUnknown : left;
  }
  const auto left = number(of.left, input_of);
  const auto right = number(of.right, input_of);
  if (!left || !right || std::isnan(*left) || std::isnan(*right)) return Truth::kUnknown;
  switch (of.op) {
    case Op::kLess:
      return of_bool(*left < *right);
    case Op::kLessEqual:
      return of_bool(*left <= *right);
    case Op::kGreater:
      return of_bool(*left > *right);
    case Op::kGreaterEqual:
      return of_bool(*left >= *right);
    case Op::kEqual:
      return of_bool(*left == *right);
    default:
      return of_bool(*left != *right);
  }
}

Truth Expression::evaluate(const InputOf& input_of) const {
  return truth(root_, input_of);
}

}  // namespace honeyguide::watch
