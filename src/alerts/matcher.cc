#include "alerts/matcher.h"

#include <re2/re2.h>

#include "base/strings.h"

namespace honeyguide::alerts {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using Op = LabelMatcher::Op;

// Memory of one compiled expression.
constexpr std::int64_t kPatternBytesMax = 1 << 20;

std::string_view op_text(Op op) {
  switch (op) {
    case Op::kEqual:
      return "=";
    case Op::kNotEqual:
      return "!=";
    case Op::kMatches:
      return "=~";
    case Op::kNotMatches:
      return "!~";
  }
  return "=";
}

bool is_label_name(std::string_view name) {
  if (name.empty()) return false;
  for (const char c : name) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && c != '_' && c != '.' && c != ':') return false;
  }
  return true;
}

}  // namespace

Result<LabelMatcher> parse_matcher(std::string_view text) {
  const auto wrong = [&](const char* what) {
    return Error{ErrorCode::kInvalidArgument, "matcher '" + std::string(text) + "': " + what +
                                                  "; write label=\"value\", !=, =~ or !~"};
  };
  const std::size_t at = text.find_first_of("=!");
  if (at == std::string_view::npos) return wrong("has no operator");
  LabelMatcher out;
  out.label = base::trim(text.substr(0, at));
  if (!is_label_name(out.label)) return wrong("has no label name before the operator");
  std::string_view rest = text.substr(at);
  for (const auto& [word, op] : {std::pair<std::string_view, Op>{"=~", Op::kMatches},
                                 {"!~", Op::kNotMatches},
                                 {"!=", Op::kNotEqual},
                                 {"=", Op::kEqual}}) {
    if (!rest.starts_with(word)) continue;
    out.op = op;
    rest.remove_prefix(word.size());
    std::string_view value = base::trim(rest);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    } else if (value.find('"') != std::string_view::npos) {
      return wrong("has a quote in the wrong place");
    }
    out.value = value;
    return out;
  }
  return wrong("has no operator");
}

std::string to_string(const LabelMatcher& matcher) {
  return matcher.label + std::string(op_text(matcher.op)) + "\"" + matcher.value + "\"";
}

Result<Matchers> Matchers::compile(std::vector<LabelMatcher> matchers) {
  Matchers out;
  out.list_ = std::move(matchers);
  for (const LabelMatcher& matcher : out.list_) {
    if (!is_label_name(matcher.label)) {
      return Error{ErrorCode::kInvalidArgument,
                   "'" + matcher.label + "' is not the name of a label"};
    }
    out.patterns_.emplace_back();
    if (matcher.op != Op::kMatches && matcher.op != Op::kNotMatches) continue;
    re2::RE2::Options options;
    options.set_max_mem(kPatternBytesMax);
    options.set_log_errors(false);
    auto pattern = std::make_shared<const re2::RE2>(matcher.value, options);
    if (!pattern->ok()) {
      return Error{ErrorCode::kInvalidArgument,
                   "matcher " + to_string(matcher) + ": " + pattern->error()};
    }
    out.patterns_.back() = std::move(pattern);
  }
  return out;
}

bool Matchers::match(const Labels& labels) const {
  for (std::size_t i = 0; i < list_.size(); ++i) {
    const auto found = labels.find(list_[i].label);
    const std::string_view value = found != labels.end() ? std::string_view(found->second) : "";
    bool holds = false;
    switch (list_[i].op) {
      case Op::kEqual:
        holds = value == list_[i].value;
        break;
      case Op::kNotEqual:
        holds = value != list_[i].value;
        break;
      case Op::kMatches:
        holds = re2::RE2::FullMatch(value, *patterns_[i]);
        break;
      case Op::kNotMatches:
        holds = !re2::RE2::FullMatch(value, *patterns_[i]);
        break;
    }
    if (!holds) return false;
  }
  return true;
}

}  // namespace honeyguide::alerts
