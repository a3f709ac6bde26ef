#include <utility>

#include <re2/re2.h>

#include "base/strings.h"
#include "store/query_complete.h"
#include "store/query_language.h"
#include "store/query_text.h"

namespace honeyguide::store {
namespace {

enum class Type : std::uint8_t { kText, kId, kStatus, kKind, kDuration };

struct FieldKey {
  std::string_view key;
  Field field;
  Type type;
};
// Words for what every span has. docs/reference/search.md holds the same table.
constexpr FieldKey kFieldKeys[] = {
    {"service", Field::kServiceName, Type::kText},
    {"name", Field::kName, Type::kText},
    {"op", Field::kName, Type::kText},
    {"kind", Field::kKind, Type::kKind},
    {"status", Field::kStatus, Type::kStatus},
    {"message", Field::kStatusMessage, Type::kText},
    {"dur", Field::kDurationNs, Type::kDuration},
    {"duration", Field::kDurationNs, Type::kDuration},
    {"trace", Field::kTraceId, Type::kId},
    {"span", Field::kSpanId, Type::kId},
    {"parent", Field::kParentSpanId, Type::kId},
    {"scope", Field::kScopeName, Type::kText},
    {"event", Field::kEventName, Type::kText},
    {"link", Field::kLinkTraceId, Type::kId},
};

struct AttributeKeys {
  std::string_view key;
  std::string_view attributes;  // by comma; any of them
};
// Words for what agents say, under the names of the conventions in use.
constexpr AttributeKeys kAttributeKeys[] = {
    {"agent", "gen_ai.agent.name,agent.name,agent_name,agent.id,gen_ai.agent.id"},
    {"team", "agent.team"},
    {"tool", "gen_ai.tool.name,tool.name"},
    {"model", "gen_ai.request.model,gen_ai.response.model,llm.model_name"},
    {"provider", "gen_ai.provider.name,gen_ai.system,llm.provider"},
    {"session", "gen_ai.conversation.id,session.id"},
    {"user", "user.id,enduser.id"},
    {"genop", "gen_ai.operation.name"},
    {"errtype", "error.type,exception.type"},
    {"tokens.in", "gen_ai.usage.input_tokens,gen_ai.usage.prompt_tokens,llm.token_count.prompt"},
    {"tokens.out",
     "gen_ai.usage.output_tokens,gen_ai.usage.completion_tokens,llm.token_count.completion"},
};

struct TraceKey {
  std::string_view key;
  TraceField field;
  Type type;
};
constexpr TraceKey kTraceKeys[] = {
    {"tracedur", TraceField::kDurationNs, Type::kDuration},
    {"root", TraceField::kRootName, Type::kText},
    {"rootservice", TraceField::kRootServiceName, Type::kText},
};

constexpr std::string_view kStatuses[] = {"unset", "ok", "error"};
constexpr std::string_view kKinds[] = {"unspecified", "internal", "server",
                                       "client",      "producer", "consumer"};

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool is_key_char(char c) {
  return c != '\0' && !is_space(c) &&
         std::string_view(":=!<>~\"`(){}").find(c) == std::string::npos;
}
bool is_ordering(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual;
}

// One alternative on the right of a key.
struct Choice {
  std::string text;
  bool quoted = false;
  std::size_t begin = 0;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  base::Result<Query> run() {
    std::vector<Predicate> all;
    for (text_.skip_spaces(); !text_.at_end(); text_.skip_spaces()) {
      HG_ASSIGN_OR_RETURN(Predicate next, word());
      if (next.kind != Predicate::Kind::kTrue) all.push_back(std::move(next));
    }
    query_.spanset.span = Predicate::all_of(std::move(all));
    return std::move(query_);
  }

 private:
  base::Result<Predicate> word();
  base::Result<Predicate> bare_text(std::string text, bool negative, std::size_t begin);
  base::Result<std::vector<Choice>> choices();
  base::Result<Predicate> keyed(std::string_view key, Op op, bool negative, std::size_t begin);
  base::Result<Predicate> on_trace(const TraceKey& key, Op op, const std::vector<Choice>& choices,
                                   bool negative, std::size_t begin);
  base::Result<Comparison> on_field(const FieldKey& key, Op op, const Choice& choice);
  base::Result<Comparison> on_attribute(std::string_view attribute, Op op, const Choice& choice);
  base::Result<void> set_text(Comparison& comparison, Op op, const Choice& choice);
  base::Result<void> count() {
    if (++comparisons_ <= kPredicateComparisonsMax) return {};
    return text_.error("more than " + std::to_string(kPredicateComparisonsMax) + " comparisons");
  }

  QueryText text_;
  Query query_;
  int comparisons_ = 0;
};

base::Result<Predicate> Parser::word() {
  const std::size_t begin = text_.position();
  const bool negative = text_.peek() == '-' && !is_space(text_.peek(1)) && text_.peek(1) != '\0';
  if (negative) text_.advance();
  if (text_.peek() == '"' || text_.peek() == '`') {
    HG_ASSIGN_OR_RETURN(std::string text, text_.quoted());
    return bare_text(std::move(text), negative, begin);
  }
  const std::size_t key_begin = text_.position();
  while (is_key_char(text_.peek())) text_.advance();
  const std::string key(text_.slice(key_begin));
  const std::size_t op_begin = text_.position();
  if (text_.take(":")) {
    // key:value, and key:>value for those who expect it
    const auto op = take_operator(text_);
    return keyed(key, op.value_or(Op::kEqual), negative, key_begin);
  }
  if (const auto op = take_operator(text_)) return keyed(key, *op, negative, key_begin);
  if (key.empty()) {
    return text_.error_at(op_begin, "expected a word, key:value or text in quotes");
  }
  return bare_text(key, negative, begin);
}

base::Result<Predicate> Parser::bare_text(std::string text, bool negative, std::size_t begin) {
  HG_RETURN_IF_ERROR(count());
  if (text.empty()) return text_.error_at(begin, "expected some text between the quotes");
  query_.needs_time_range = true;
  Comparison comparison;
  comparison.field = Field::kAnyText;
  comparison.op = Op::kContains;
  comparison.operand = std::move(text);
  Predicate out = Predicate::compare(std::move(comparison));
  return negative ? Predicate::negate(std::move(out)) : std::move(out);
}

base::Result<std::vector<Choice>> Parser::choices() {
  std::vector<Choice> all;
  do {
    Choice choice;
    choice.begin = text_.position();
    if (text_.peek() == '"' || text_.peek() == '`') {
      HG_ASSIGN_OR_RETURN(choice.text, text_.quoted());
      choice.quoted = true;
    } else {
      while (!text_.at_end() && !is_space(text_.peek()) && text_.peek() != ',') text_.advance();
      choice.text = text_.slice(choice.begin);
      if (choice.text.empty()) return text_.error("expected a value");
    }
    HG_RETURN_IF_ERROR(count());
    all.push_back(std::move(choice));
  } while (text_.take(","));
  if (!text_.at_end() && !is_space(text_.peek())) return text_.error("expected a space");
  return all;
}

base::Result<Predicate> Parser::keyed(std::string_view key, Op op, bool negative,
                                      std::size_t begin) {
  if (key.empty()) return text_.error_at(begin, "expected a key before the operator");
  HG_ASSIGN_OR_RETURN(const std::vector<Choice> values, choices());
  for (const TraceKey& trace_key : kTraceKeys) {
    if (key == trace_key.key) return on_trace(trace_key, op, values, negative, begin);
  }
  // != and !~ hold for spans without the key too, as words are read by people.
  if (op == Op::kNotEqual || op == Op::kNotMatches) {
    negative = !negative;
    op = op == Op::kNotEqual ? Op::kEqual : Op::kMatches;
  }
  const FieldKey* field = nullptr;
  for (const FieldKey& candidate : kFieldKeys) {
    if (key == candidate.key) field = &candidate;
  }
  std::string_view attributes = key.starts_with('.') ? key.substr(1) : key;
  for (const AttributeKeys& candidate : kAttributeKeys) {
    if (key == candidate.key) attributes = candidate.attributes;
  }
  std::vector<Predicate> any;
  for (const Choice& choice : values) {
    if (field != nullptr) {
      HG_ASSIGN_OR_RETURN(Comparison comparison, on_field(*field, op, choice));
      any.push_back(Predicate::compare(std::move(comparison)));
      continue;
    }
    for (const std::string_view attribute : base::split(attributes, ',')) {
      HG_RETURN_IF_ERROR(count());
      HG_ASSIGN_OR_RETURN(Comparison comparison, on_attribute(attribute, op, choice));
      any.push_back(Predicate::compare(std::move(comparison)));
    }
  }
  Predicate out = Predicate::any_of(std::move(any));
  if (op == Op::kMatches) {
    if (const auto compiled = compile(out); !compiled) {
      return text_.error_at(values.front().begin, compiled.error().message);
    }
  }
  return negative ? Predicate::negate(std::move(out)) : std::move(out);
}

base::Result<Predicate> Parser::on_trace(const TraceKey& key, Op op,
                                         const std::vector<Choice>& values, bool negative,
                                         std::size_t begin) {
  if (negative || values.size() > 1) {
    return text_.error_at(begin, "a condition on the whole trace takes one value and no '-'");
  }
  const Choice& choice = values.front();
  TraceComparison comparison;
  comparison.field = key.field;
  comparison.op = op;
  if (key.type == Type::kDuration) {
    const auto ns = base::parse_duration_ns(choice.text);
    if (!ns || op == Op::kMatches || op == Op::kNotMatches) {
      return text_.error_at(choice.begin, "expected a duration such as 2s");
    }
    comparison.operand = *ns;
  } else {
    if (is_ordering(op)) return text_.error_at(begin, "expected ':', '=', '!=', '=~' or '!~'");
    Predicate probe = Predicate::compare({.op = op, .operand = choice.text});
    if (const auto compiled = compile(probe); !compiled) {
      return text_.error_at(choice.begin, compiled.error().message);
    }
    comparison.operand = choice.text;
    comparison.regex = probe.comparison.regex;
  }
  query_.spanset.trace.push_back(std::move(comparison));
  return Predicate::always();
}

base::Result<Comparison> Parser::on_field(const FieldKey& key, Op op, const Choice& choice) {
  Comparison comparison;
  comparison.field = key.field;
  if (key.type == Type::kDuration) {
    const auto ns = base::parse_duration_ns(choice.text);
    if (!ns || op == Op::kMatches) {
      return text_.error_at(choice.begin, "expected a duration such as 2s");
    }
    comparison.op = op;
    comparison.operand = *ns;
    return comparison;
  }
  if (is_ordering(op)) {
    return text_.error_at(choice.begin, "only numbers and durations can be compared by size");
  }
  const auto is_in = [&](const auto& names) {
    for (const std::string_view name : names) {
      if (name == choice.text) return true;
    }
    return false;
  };
  if (key.type == Type::kStatus && !is_in(kStatuses)) {
    return text_.error_at(choice.begin, "expected ok, error or unset");
  }
  if (key.type == Type::kKind && !is_in(kKinds)) {
    return text_.error_at(choice.begin,
                          "expected server, client, internal, producer, consumer or unspecified");
  }
  if (key.type == Type::kId) {
    comparison.op = op;
    comparison.operand = base::to_lower(choice.text);
    return comparison;
  }
  HG_RETURN_IF_ERROR(set_text(comparison, op, choice));
  return comparison;
}

base::Result<Comparison> Parser::on_attribute(std::string_view attribute, Op op,
                                              const Choice& choice) {
  Comparison comparison;
  comparison.key = std::string(attribute);
  if (is_ordering(op)) {
    comparison.op = op;
    if (const auto number = base::parse_int64(choice.text)) {
      comparison.operand = *number;
    } else if (const auto real = base::parse_double(choice.text)) {
      comparison.operand = *real;
    } else {
      return text_.error_at(choice.begin, "expected a number");
    }
    return comparison;
  }
  if (choice.text == "*" && !choice.quoted && op == Op::kEqual) {
    comparison.op = Op::kExists;
    return comparison;
  }
  comparison.as_text = true;  // retries:3 finds 3 and "3"
  HG_RETURN_IF_ERROR(set_text(comparison, op, choice));
  return comparison;
}

// Equality with `*` in an unquoted value standing for any text.
base::Result<void> Parser::set_text(Comparison& comparison, Op op, const Choice& choice) {
  comparison.op = op;
  comparison.operand = choice.text;
  if (op != Op::kEqual || choice.quoted || choice.text.find('*') == std::string::npos) return {};
  std::string pattern = "^(?s:";
  for (const std::string_view piece : base::split(choice.text, '*')) {
    if (pattern.size() > 5) pattern += ".*";
    pattern += re2::RE2::QuoteMeta(re2::StringPiece(piece.data(), piece.size()));
    if (pattern.size() == 5) pattern += "(?:)";
  }
  comparison.op = Op::kMatches;
  comparison.operand = pattern + ")$";
  Predicate probe = Predicate::compare(comparison);
  if (const auto compiled = compile(probe); !compiled) {
    return text_.error_at(choice.begin, compiled.error().message);
  }
  comparison.regex = probe.comparison.regex;
  return {};
}

}  // namespace

base::Result<Query> parse_words(std::string_view text) {
  return Parser(text).run();
}

std::vector<std::string_view> word_keys() {
  std::vector<std::string_view> out;
  for (const auto& row : kAttributeKeys) out.push_back(row.key);
  for (const auto& row : kFieldKeys) out.push_back(row.key);
  for (const auto& row : kTraceKeys) out.push_back(row.key);
  return out;
}

std::vector<std::string_view> attributes_of_word(std::string_view key) {
  for (const auto& row : kAttributeKeys) {
    if (row.key == key) return base::split(row.attributes, ',');
  }
  return {};
}

}  // namespace honeyguide::store
