#include "store/query_language.h"

#include <re2/re2.h>

#include "base/strings.h"
#include "store/query_text.h"

namespace honeyguide::store {
namespace {

std::string_view op_name(Op op) {
  switch (op) {
    case Op::kExists:
      return "exists";
    case Op::kEqual:
      return "=";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kLessEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterEqual:
      return ">=";
    case Op::kMatches:
      return "=~";
    case Op::kNotMatches:
      return "!~";
    case Op::kContains:
      return "contains";
  }
  return "?";
}

std::string_view field_name(Field field) {
  static constexpr std::string_view kNames[] = {
      "attribute",    "name",        "service",       "kind",       "status",
      "message",      "duration",    "start",         "trace:id",   "span:id",
      "parent:id",    "scope:name",  "scope:version", "event:name", "event:timeSinceStart",
      "link:traceID", "link:spanID", "text"};
  const auto index = static_cast<std::size_t>(field);
  return index < std::size(kNames) ? kNames[index] : "?";
}

std::string operand_text(const Operand& operand) {
  if (const auto* flag = std::get_if<bool>(&operand)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&operand)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&operand)) return base::format_double(*real);
  if (const auto* text = std::get_if<std::string>(&operand)) return base::json_quote(*text);
  return "";
}

// "span." or "span+resource."; "." for all.
std::string scopes_text(std::uint8_t scopes) {
  static constexpr std::string_view kNames[] = {"span", "resource", "instrumentation", "event",
                                                "link"};
  if (scopes == kScopesAll) return ".";
  std::string out;
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if ((scopes >> i & 1) == 0) continue;
    if (!out.empty()) out += "+";
    out += kNames[i];
  }
  return out + ".";
}

std::string describe_comparison(const Comparison& c) {
  std::string out = "(" + std::string(op_name(c.op)) + (c.as_text ? "text " : " ");
  out += c.field == Field::kAttribute ? scopes_text(c.scopes) + c.key
                                      : std::string(field_name(c.field));
  if (c.op != Op::kExists) out += " " + operand_text(c.operand);
  return out + ")";
}

std::string describe_trace(const TraceComparison& c) {
  static constexpr std::string_view kNames[] = {"trace:duration", "trace:rootName",
                                                "trace:rootService"};
  return "(" + std::string(op_name(c.op)) + " " +
         std::string(kNames[static_cast<std::size_t>(c.field)]) + " " + operand_text(c.operand) +
         ")";
}

template <typename Nodes>
std::string describe_all(std::string_view word, const Nodes& nodes) {
  std::string out = "(" + std::string(word);
  for (const auto& node : nodes) out += " " + describe(node);
  return out + ")";
}

bool compare_text(const TraceComparison& c, std::string_view text) {
  if (c.op == Op::kMatches || c.op == Op::kNotMatches) {
    const bool found =
        c.regex && re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *c.regex);
    return found == (c.op == Op::kMatches);
  }
  const auto* wanted = std::get_if<std::string>(&c.operand);
  if (wanted == nullptr) return false;
  if (c.op == Op::kContains) return text.find(*wanted) != std::string_view::npos;
  return c.op == Op::kNotEqual ? text != *wanted : text == *wanted;
}

}  // namespace

bool matches(const TraceComparison& c, const TraceSummary& summary) {
  if (c.field == TraceField::kRootName) return compare_text(c, summary.root_name);
  if (c.field == TraceField::kRootServiceName) return compare_text(c, summary.root_service);
  const auto* wanted = std::get_if<std::int64_t>(&c.operand);
  if (wanted == nullptr) return false;
  const std::int64_t duration = summary.end > summary.start ? summary.end - summary.start : 0;
  switch (c.op) {
    case Op::kEqual:
      return duration == *wanted;
    case Op::kNotEqual:
      return duration != *wanted;
    case Op::kLess:
      return duration < *wanted;
    case Op::kLessEqual:
      return duration <= *wanted;
    case Op::kGreater:
      return duration > *wanted;
    case Op::kGreaterEqual:
      return duration >= *wanted;
    default:
      return false;
  }
}

base::Result<Query> parse_query(std::string_view text) {
  if (text.size() > kQueryBytesMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "the query has " + std::to_string(text.size()) + " bytes, at most " +
                           std::to_string(kQueryBytesMax)};
  }
  if (!base::is_utf8(text)) {
    return base::Error{base::ErrorCode::kInvalidArgument, "the query is not UTF-8"};
  }
  QueryText start(text);
  start.skip_spaces();
  // A '(' opens TraceQL too if a spanset follows it, as in ({ } || { }).
  while (start.peek() == '(') {
    start.advance();
    start.skip_spaces();
  }
  return start.peek() == '{' ? parse_traceql(text) : parse_words(text);
}

base::Result<void> check_time_range(const Query& query, bool has_time_range) {
  if (has_time_range || !query.needs_time_range) return {};
  return base::Error{base::ErrorCode::kInvalidArgument,
                     "a text search reads every span of its time range, so it needs one: give "
                     "start and end, or search for a key instead (name:..., .key:...)"};
}

std::string describe(const Predicate& predicate) {
  switch (predicate.kind) {
    case Predicate::Kind::kTrue:
      return "true";
    case Predicate::Kind::kCompare:
      return describe_comparison(predicate.comparison);
    case Predicate::Kind::kAnd:
      return describe_all("and", predicate.children);
    case Predicate::Kind::kOr:
      return describe_all("or", predicate.children);
    case Predicate::Kind::kNot:
      return describe_all("not", predicate.children);
  }
  return "?";
}

std::string describe(const Query& query) {
  if (query.kind != Query::Kind::kSpanset) {
    return describe_all(query.kind == Query::Kind::kAnd ? "every" : "any", query.children);
  }
  std::string out = "{" + describe(query.spanset.span);
  for (const TraceComparison& comparison : query.spanset.trace) {
    out += " trace " + describe_trace(comparison);
  }
  return out + "}";
}

}  // namespace honeyguide::store
