#include <utility>

#include "base/strings.h"
#include "store/query_language.h"
#include "store/query_text.h"

namespace honeyguide::store {
namespace {

enum class Type : std::uint8_t { kText, kStatus, kKind, kDuration };

// What stands on the left of a comparison: a span's field or attribute, or a trace's field.
struct Left {
  Comparison span;
  TraceComparison trace;
  bool of_trace = false;
  bool attribute = false;
  Type type = Type::kText;
};

struct Intrinsic {
  std::string_view name;
  Field field;
  Type type;
};
constexpr Intrinsic kIntrinsics[] = {
    {"name", Field::kName, Type::kText},
    {"span:name", Field::kName, Type::kText},
    {"status", Field::kStatus, Type::kStatus},
    {"span:status", Field::kStatus, Type::kStatus},
    {"statusMessage", Field::kStatusMessage, Type::kText},
    {"span:statusMessage", Field::kStatusMessage, Type::kText},
    {"kind", Field::kKind, Type::kKind},
    {"span:kind", Field::kKind, Type::kKind},
    {"duration", Field::kDurationNs, Type::kDuration},
    {"span:duration", Field::kDurationNs, Type::kDuration},
    {"span:id", Field::kSpanId, Type::kText},
    {"span:parentID", Field::kParentSpanId, Type::kText},
    {"trace:id", Field::kTraceId, Type::kText},
    {"event:name", Field::kEventName, Type::kText},
    {"event:timeSinceStart", Field::kEventSinceStartNs, Type::kDuration},
    {"link:traceID", Field::kLinkTraceId, Type::kText},
    {"link:spanID", Field::kLinkSpanId, Type::kText},
    {"instrumentation:name", Field::kScopeName, Type::kText},
    {"instrumentation:version", Field::kScopeVersion, Type::kText},
};

struct TraceIntrinsic {
  std::string_view name;
  TraceField field;
  Type type;
};
constexpr TraceIntrinsic kTraceIntrinsics[] = {
    {"traceDuration", TraceField::kDurationNs, Type::kDuration},
    {"trace:duration", TraceField::kDurationNs, Type::kDuration},
    {"rootName", TraceField::kRootName, Type::kText},
    {"trace:rootName", TraceField::kRootName, Type::kText},
    {"rootServiceName", TraceField::kRootServiceName, Type::kText},
    {"trace:rootService", TraceField::kRootServiceName, Type::kText},
};

struct ScopePrefix {
  std::string_view prefix;
  std::uint8_t scopes;
};
constexpr ScopePrefix kScopePrefixes[] = {
    {"span.", kScopeSpan},   {"resource.", kScopeResource},
    {"event.", kScopeEvent}, {"instrumentation.", kScopeInstrumentation},
    {"link.", kScopeLink},   {".", kScopesAll},
};

constexpr std::string_view kStatuses[] = {"unset", "ok", "error"};
constexpr std::string_view kKinds[] = {"unspecified", "internal", "server",
                                       "client",      "producer", "consumer"};

bool is_word_char(char c) {
  return c != '\0' &&
         std::string_view(" \t\r\n{}()=!<>&|~\"`',^+*%").find(c) == std::string_view::npos;
}

bool is_ordering(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<Query> run() {
    HG_ASSIGN_OR_RETURN(Query query, spansets_or(0));
    text_.skip_spaces();
    if (!text_.at_end()) return text_.error("expected '&&', '||' or the end");
    return query;
  }

 private:
  base::Result<Query> spansets_or(int depth);
  base::Result<Query> spansets_and(int depth);
  base::Result<Query> spanset_or_group(int depth);
  base::Result<Query> spanset();

  base::Result<Predicate> any_of(int depth, bool top);
  base::Result<Predicate> all_of(int depth, bool top);
  base::Result<Predicate> term(int depth, bool top);
  base::Result<Predicate> comparison(bool top);
  base::Result<Left> left();
  base::Result<Predicate> finish(Left left, Op op, bool top, std::size_t begin);
  base::Result<Predicate> presence(Left left, Op op, std::size_t begin);
  base::Result<Operand> operand(const Left& left, Op op);
  base::Result<Operand> word_operand(const Left& left, Op op, std::size_t begin);
  base::Result<void> check_operator(const Left& left, Op op, std::size_t begin);

  base::Result<void> enter(int depth) {
    if (depth < kPredicateDepthMax - 1) return {};
    return text_.error("nested deeper than " + std::to_string(kPredicateDepthMax - 1));
  }
  std::string_view word() {
    const std::size_t begin = text_.position();
    while (is_word_char(text_.peek())) text_.advance();
    return text_.slice(begin);
  }

  QueryText text_;
  int spansets_ = 0;
  int comparisons_ = 0;
  std::vector<TraceComparison> trace_;  // of the spanset at hand
};

base::Result<Query> Parser::spansets_or(int depth) {
  HG_RETURN_IF_ERROR(enter(depth));
  Query out;
  out.kind = Query::Kind::kOr;
  do {
    HG_ASSIGN_OR_RETURN(Query query, spansets_and(depth + 1));
    out.children.push_back(std::move(query));
    text_.skip_spaces();
  } while (text_.take("||"));
  if (out.children.size() > 1) return out;
  Query only = std::move(out.children.front());
  return only;
}

base::Result<Query> Parser::spansets_and(int depth) {
  Query out;
  out.kind = Query::Kind::kAnd;
  do {
    HG_ASSIGN_OR_RETURN(Query query, spanset_or_group(depth));
    out.children.push_back(std::move(query));
    text_.skip_spaces();
  } while (text_.take("&&"));
  if (out.children.size() > 1) return out;
  Query only = std::move(out.children.front());
  return only;
}

base::Result<Query> Parser::spanset_or_group(int depth) {
  text_.skip_spaces();
  if (text_.peek() == '{') return spanset();
  if (!text_.take("(")) return text_.error("expected '{'");
  HG_ASSIGN_OR_RETURN(Query query, spansets_or(depth + 1));
  text_.skip_spaces();
  if (!text_.take(")")) return text_.error("expected ')'");
  return query;
}

base::Result<Query> Parser::spanset() {
  if (++spansets_ > kSpansetsMax) {
    return text_.error("more than " + std::to_string(kSpansetsMax) + " spansets");
  }
  text_.advance();
  trace_.clear();
  Query query;
  text_.skip_spaces();
  if (text_.peek() != '}') {
    HG_ASSIGN_OR_RETURN(query.spanset.span, any_of(0, true));
  }
  text_.skip_spaces();
  if (!text_.take("}")) return text_.error("expected '}'");
  query.spanset.trace = std::exchange(trace_, {});
  return query;
}

base::Result<Predicate> Parser::any_of(int depth, bool top) {
  HG_RETURN_IF_ERROR(enter(depth));
  std::vector<Predicate> children;
  // With an || at hand the conjuncts before it are no longer at the top; look ahead by parsing
  // again.
  const std::size_t begin = text_.position();
  const std::size_t trace_before = trace_.size();
  const int comparisons_before = comparisons_;
  HG_ASSIGN_OR_RETURN(Predicate first, all_of(depth + 1, top));
  text_.skip_spaces();
  if (!text_.take("||")) return first;
  if (top && trace_.size() > trace_before) {
    text_.seek(begin);
    trace_.resize(trace_before);
    comparisons_ = comparisons_before;
    HG_ASSIGN_OR_RETURN(first, all_of(depth + 1, false));
    text_.skip_spaces();
    text_.take("||");
  }
  children.push_back(std::move(first));
  do {
    HG_ASSIGN_OR_RETURN(Predicate next, all_of(depth + 1, false));
    children.push_back(std::move(next));
    text_.skip_spaces();
  } while (text_.take("||"));
  return Predicate::any_of(std::move(children));
}

base::Result<Predicate> Parser::all_of(int depth, bool top) {
  std::vector<Predicate> children;
  do {
    HG_ASSIGN_OR_RETURN(Predicate next, term(depth, top));
    if (next.kind != Predicate::Kind::kTrue) children.push_back(std::move(next));
    text_.skip_spaces();
  } while (text_.take("&&"));
  return Predicate::all_of(std::move(children));
}

base::Result<Predicate> Parser::term(int depth, bool top) {
  HG_RETURN_IF_ERROR(enter(depth));
  text_.skip_spaces();
  if (text_.peek() == '!' && text_.peek(1) != '=' && text_.peek(1) != '~') {
    text_.advance();
    HG_ASSIGN_OR_RETURN(Predicate inner, term(depth + 1, false));
    return Predicate::negate(std::move(inner));
  }
  if (text_.take("(")) {
    HG_ASSIGN_OR_RETURN(Predicate inner, any_of(depth + 1, top));
    text_.skip_spaces();
    if (!text_.take(")")) return text_.error("expected ')'");
    return inner;
  }
  return comparison(top);
}

base::Result<Predicate> Parser::comparison(bool top) {
  text_.skip_spaces();
  const std::size_t begin = text_.position();
  if (++comparisons_ > kPredicateComparisonsMax) {
    return text_.error("more than " + std::to_string(kPredicateComparisonsMax) + " comparisons");
  }
  if (const std::string_view constant = word(); constant == "true") {
    return Predicate::always();
  } else if (constant == "false") {
    return Predicate::negate(Predicate::always());
  }
  text_.seek(begin);
  HG_ASSIGN_OR_RETURN(Left found, left());
  const std::size_t after = text_.position();
  text_.skip_spaces();
  const std::size_t op_begin = text_.position();
  const auto op = take_operator(text_);
  if (!op) {
    if (!found.attribute) return text_.error("expected a comparison such as '='");
    text_.seek(after);  // `{ .cache.hit }` asks for true
    found.span.op = Op::kEqual;
    found.span.operand = true;
    return Predicate::compare(std::move(found.span));
  }
  HG_RETURN_IF_ERROR(check_operator(found, *op, op_begin));
  return finish(std::move(found), *op, top, begin);
}

base::Result<Left> Parser::left() {
  const std::size_t begin = text_.position();
  std::string name(word());
  Left out;
  for (const ScopePrefix& prefix : kScopePrefixes) {
    if (!name.starts_with(prefix.prefix)) continue;
    out.attribute = true;
    out.span.scopes = prefix.scopes;
    out.span.key = name.substr(prefix.prefix.size());
    if (text_.peek() == '"' && out.span.key.empty()) {
      HG_ASSIGN_OR_RETURN(out.span.key, text_.quoted());
    }
    if (out.span.key.empty()) return text_.error("expected the name of an attribute");
    return out;
  }
  for (const Intrinsic& intrinsic : kIntrinsics) {
    if (name != intrinsic.name) continue;
    out.span.field = intrinsic.field;
    out.type = intrinsic.type;
    return out;
  }
  for (const TraceIntrinsic& intrinsic : kTraceIntrinsics) {
    if (name != intrinsic.name) continue;
    out.of_trace = true;
    out.trace.field = intrinsic.field;
    out.type = intrinsic.type;
    return out;
  }
  if (name.empty()) return text_.error_at(begin, "expected a field or an attribute");
  return text_.error_at(begin, "unknown field " + base::json_quote(name) +
                                   "; attributes begin with '.', 'span.', 'resource.', 'event.', "
                                   "'link.' or 'instrumentation.'");
}

base::Result<void> Parser::check_operator(const Left& left, Op op, std::size_t begin) {
  const bool regex = op == Op::kMatches || op == Op::kNotMatches;
  if (left.type == Type::kDuration && regex) {
    return text_.error_at(begin, "a duration has no regular expression");
  }
  if ((left.type == Type::kStatus || left.type == Type::kKind) && (regex || is_ordering(op))) {
    return text_.error_at(begin, "expected '=' or '!='");
  }
  if (!left.attribute && left.type == Type::kText && is_ordering(op)) {
    return text_.error_at(begin, "expected '=', '!=', '=~' or '!~'");
  }
  return {};
}

base::Result<Predicate> Parser::finish(Left left, Op op, bool top, std::size_t begin) {
  text_.skip_spaces();
  const std::size_t operand_begin = text_.position();
  if (word() == "nil") return presence(std::move(left), op, operand_begin);
  text_.seek(operand_begin);
  HG_ASSIGN_OR_RETURN(Operand value, operand(left, op));
  const bool regex = op == Op::kMatches || op == Op::kNotMatches;
  if (regex) value = "^(?:" + std::get<std::string>(value) + ")$";
  Comparison& comparison = left.span;
  comparison.op = op;
  comparison.operand = value;
  Predicate predicate = Predicate::compare(std::move(comparison));
  if (regex) {
    if (const auto compiled = compile(predicate); !compiled) {
      return text_.error_at(operand_begin, compiled.error().message);
    }
  }
  if (!left.of_trace) return predicate;
  if (!top) {
    return text_.error_at(begin,
                          "a condition on the whole trace may only be joined by '&&', outside of "
                          "'||' and '!'");
  }
  left.trace.op = op;
  left.trace.operand = std::move(value);
  left.trace.regex = predicate.comparison.regex;
  trace_.push_back(std::move(left.trace));
  return Predicate::always();
}

base::Result<Predicate> Parser::presence(Left left, Op op, std::size_t begin) {
  if (!left.attribute || (op != Op::kEqual && op != Op::kNotEqual)) {
    return text_.error_at(begin, "nil goes with an attribute and '=' or '!='");
  }
  left.span.op = Op::kExists;
  Predicate exists = Predicate::compare(std::move(left.span));
  return op == Op::kNotEqual ? std::move(exists) : Predicate::negate(std::move(exists));
}

base::Result<Operand> Parser::operand(const Left& left, Op op) {
  const std::size_t begin = text_.position();
  const bool regex = op == Op::kMatches || op == Op::kNotMatches;
  if (text_.peek() == '"' || text_.peek() == '`') {
    HG_ASSIGN_OR_RETURN(std::string value, text_.quoted());
    if (left.type != Type::kText) {
      return text_.error_at(begin, left.type == Type::kDuration ? "expected a duration such as 2s"
                                                                : "expected a word without quotes");
    }
    return Operand(std::move(value));
  }
  if (regex) return text_.error_at(begin, "expected a string");
  return word_operand(left, op, begin);
}

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  for (const std::string_view candidate : words) {
    if (word == candidate) return true;
  }
  return false;
}

base::Result<Operand> Parser::word_operand(const Left& left, Op op, std::size_t begin) {
  const std::string_view value = word();
  switch (left.type) {
    case Type::kStatus:
      if (is_one_of(value, kStatuses)) return Operand(std::string(value));
      return text_.error_at(begin, "expected ok, error or unset");
    case Type::kKind:
      if (is_one_of(value, kKinds)) return Operand(std::string(value));
      return text_.error_at(begin,
                            "expected server, client, internal, producer, consumer or unspecified");
    case Type::kDuration: {
      const auto ns = base::parse_duration_ns(value);
      if (ns) return Operand(*ns);
      return text_.error_at(begin, "expected a duration such as 2s");
    }
    case Type::kText:
      break;
  }
  if (!left.attribute) return text_.error_at(begin, "expected a string");
  if (value == "true" || value == "false") {
    if (is_ordering(op)) return text_.error_at(begin, "expected a number or a string");
    return Operand(value == "true");
  }
  if (const auto number = base::parse_int64(value)) return Operand(*number);
  if (const auto number = base::parse_double(value)) return Operand(*number);
  if (const auto ns = base::parse_duration_ns(value)) return Operand(*ns);
  return text_.error_at(begin, "expected a string, number, duration, true, false or nil");
}

}  // namespace

base::Result<Query> parse_traceql(std::string_view text) {
  return Parser(text).run();
}

}  // namespace honeyguide::store
