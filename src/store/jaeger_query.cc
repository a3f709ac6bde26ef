#include "store/jaeger_query.h"

#include <optional>

#include <simdjson.h>

#include "base/check.h"
#include "base/strings.h"

namespace honeyguide::store {
namespace {

using simdjson::dom::element;

Predicate field_equals(Field field, std::string text) {
  return Predicate::compare({.field = field,
                             .key = {},
                             .scopes = kScopesAll,
                             .op = Op::kEqual,
                             .operand = std::move(text),
                             .as_text = false,
                             .regex = nullptr});
}

Predicate attribute_equals(std::string key, std::uint8_t scopes, std::string text) {
  return Predicate::compare({.field = Field::kAttribute,
                             .key = std::move(key),
                             .scopes = scopes,
                             .op = Op::kEqual,
                             .operand = std::move(text),
                             .as_text = true,
                             .regex = nullptr});
}

Predicate duration(Op op, std::int64_t ns) {
  return Predicate::compare({.field = Field::kDurationNs,
                             .key = {},
                             .scopes = kScopesAll,
                             .op = op,
                             .operand = ns,
                             .as_text = false,
                             .regex = nullptr});
}

Predicate tag_predicate(const std::string& key, const std::string& value) {
  constexpr std::string_view kResource = "resource.";
  if (key == "error" && (value == "true" || value == "false")) {
    Predicate error = field_equals(Field::kStatus, "error");
    return value == "true" ? error : Predicate::negate(std::move(error));
  }
  if (key == "span.status") return field_equals(Field::kStatus, base::to_lower(value));
  if (key == "span.kind") return field_equals(Field::kKind, base::to_lower(value));
  if (key == "scope.name") return field_equals(Field::kScopeName, value);
  if (key == "scope.version") return field_equals(Field::kScopeVersion, value);
  if (key.starts_with(kResource) && key.size() > kResource.size()) {
    return attribute_equals(key.substr(kResource.size()), kScopeResource, value);
  }
  return attribute_equals(key, kScopesAll, value);
}

struct FieldName {
  std::string_view level;
  std::string_view name;
  Field field;
};
constexpr FieldName kFieldNames[] = {
    {"span", "duration", Field::kDurationNs},
    {"span", "name", Field::kName},
    {"span", "operation_name", Field::kName},
    {"span", "kind", Field::kKind},
    {"span", "status", Field::kStatus},
    {"span", "status_code", Field::kStatus},
    {"span", "status_message", Field::kStatusMessage},
    {"span", "span_id", Field::kSpanId},
    {"span", "trace_id", Field::kTraceId},
    {"span", "parent_span_id", Field::kParentSpanId},
    {"trace", "trace_id", Field::kTraceId},
    {"resource", "service_name", Field::kServiceName},
    {"resource", "service.name", Field::kServiceName},
    {"span", "service_name", Field::kServiceName},
    {"span", "service.name", Field::kServiceName},
    {"scope", "name", Field::kScopeName},
    {"scope", "version", Field::kScopeVersion},
    {"event", "name", Field::kEventName},
    {"link", "trace_id", Field::kLinkTraceId},
    {"link", "span_id", Field::kLinkSpanId},
};

std::optional<std::uint8_t> scopes_of(std::string_view level) {
  if (level.empty()) return kScopesAll;
  if (level == "span") return kScopeSpan;
  if (level == "resource") return kScopeResource;
  if (level == "scope") return kScopeInstrumentation;
  if (level == "event") return kScopeEvent;
  if (level == "link") return kScopeLink;
  return std::nullopt;
}

std::optional<Op> op_of(std::string_view name) {
  if (name == "eq") return Op::kEqual;
  if (name == "ne") return Op::kNotEqual;
  if (name == "gt") return Op::kGreater;
  if (name == "ge" || name == "gte") return Op::kGreaterEqual;
  if (name == "lt") return Op::kLess;
  if (name == "le" || name == "lte") return Op::kLessEqual;
  if (name == "contains") return Op::kContains;
  if (name == "matches") return Op::kMatches;
  return std::nullopt;
}

bool is_ordering(Op op) {
  return op == Op::kLess || op == Op::kLessEqual || op == Op::kGreater || op == Op::kGreaterEqual;
}

// Walks the expression; `path` names the place for errors.
class FilterParser {
 public:
  base::Result<Predicate> call(const element& node, const std::string& path, int depth);

 private:
  struct Args {
    std::string op;
    std::vector<element> args;
  };
  base::Result<Args> args_of(const element& node, const std::string& path);
  base::Result<Predicate> nested(const element& node, const std::string& path, int depth);
  base::Result<Predicate> some(const Args& args, const std::string& path, int depth);
  base::Result<Predicate> compare(const Args& args, const std::string& path);
  base::Result<Comparison> left(const element& node, const std::string& path);
  base::Result<void> set_operand(Comparison& comparison, std::string_view value,
                                 std::string_view type, const std::string& path);

  static base::Error error(const std::string& path, std::string_view message) {
    return {base::ErrorCode::kInvalidArgument, path + ": " + std::string(message)};
  }
  // A string member; scalars may be numbers or booleans in JSON too.
  static std::string member(const element& object, std::string_view name) {
    element found;
    if (object.at_key(name).get(found) != simdjson::SUCCESS) return {};
    std::string_view text;
    if (found.get(text) == simdjson::SUCCESS) return std::string(text);
    return found.is_null() ? std::string() : simdjson::minify(found);
  }

  std::string some_level_;  // within some(): event or link
};

base::Result<FilterParser::Args> FilterParser::args_of(const element& node,
                                                       const std::string& path) {
  Args out;
  simdjson::dom::array list;
  if (!node.is_object()) return error(path, "expected an object with op and args");
  out.op = member(node, "op");
  if (out.op.empty()) return error(path + ".op", "expected the name of an operator");
  element found;
  if (node.at_key("args").get(found) != simdjson::SUCCESS || found.get(list) != simdjson::SUCCESS) {
    return error(path + ".args", "expected an array");
  }
  for (const element& arg : list) out.args.push_back(arg);
  return out;
}

base::Result<Predicate> FilterParser::call(const element& node, const std::string& path,
                                           int depth) {
  if (depth > kPredicateDepthMax) return error(path, "nested too deep");
  HG_ASSIGN_OR_RETURN(const Args args, args_of(node, path));
  if (args.op == "some") return some(args, path, depth);
  if (args.op != "and" && args.op != "or" && args.op != "not") return compare(args, path);
  std::vector<Predicate> children;
  for (std::size_t i = 0; i < args.args.size(); ++i) {
    HG_ASSIGN_OR_RETURN(Predicate child,
                        nested(args.args[i], path + ".args[" + std::to_string(i) + "]", depth + 1));
    children.push_back(std::move(child));
  }
  if (args.op == "not") {
    if (children.size() != 1) return error(path + ".args", "not takes one argument");
    return Predicate::negate(std::move(children.front()));
  }
  if (children.empty()) return error(path + ".args", "expected at least one argument");
  return args.op == "and" ? Predicate::all_of(std::move(children))
                          : Predicate::any_of(std::move(children));
}

// An argument that must be {"call": ...}.
base::Result<Predicate> FilterParser::nested(const element& node, const std::string& path,
                                             int depth) {
  element inner;
  if (!node.is_object() || node.at_key("call").get(inner) != simdjson::SUCCESS) {
    return error(path, "expected a call");
  }
  return call(inner, path + ".call", depth);
}

base::Result<Predicate> FilterParser::some(const Args& args, const std::string& path, int depth) {
  if (args.args.size() != 2) return error(path + ".args", "some takes a level and a comparison");
  element field;
  std::string level = member(args.args[0], "level");
  if (args.args[0].is_object() && args.args[0].at_key("field").get(field) == simdjson::SUCCESS) {
    level = member(field, "level");
  }
  if (level != "event" && level != "link") {
    return error(path + ".args[0]", "expected the level event or link");
  }
  some_level_ = level;
  auto inner = nested(args.args[1], path + ".args[1]", depth + 1);
  some_level_.clear();
  if (inner && inner->kind != Predicate::Kind::kCompare) {
    return error(path + ".args[1]",
                 "several conditions on one and the same event or link are not supported; use one "
                 "comparison");
  }
  return inner;
}

base::Result<Predicate> FilterParser::compare(const Args& args, const std::string& path) {
  const bool exists = args.op == "exists";
  const bool in = args.op == "in";
  const auto op = in ? Op::kEqual : op_of(args.op);
  if (!exists && !op) return error(path + ".op", "unknown operator " + base::json_quote(args.op));
  if (args.args.size() != (exists ? 1u : 2u)) {
    return error(path + ".args", exists ? "exists takes one argument" : "expected two arguments");
  }
  HG_ASSIGN_OR_RETURN(Comparison comparison, left(args.args[0], path + ".args[0]"));
  if (exists) {
    comparison.op = Op::kExists;
    return Predicate::compare(std::move(comparison));
  }
  comparison.op = *op;
  const std::string value_path = path + ".args[1]";
  element constant;
  if (args.args[1].is_object() &&
      args.args[1].at_key("scalar").get(constant) == simdjson::SUCCESS && !in) {
    HG_RETURN_IF_ERROR(set_operand(comparison, member(constant, "value"), member(constant, "type"),
                                   value_path + ".scalar"));
    return Predicate::compare(std::move(comparison));
  }
  simdjson::dom::array values;
  if (!in || !args.args[1].is_object() ||
      args.args[1].at_key("list").get(constant) != simdjson::SUCCESS ||
      constant.at_key("values").get(values) != simdjson::SUCCESS) {
    return error(value_path, in ? "expected a list" : "expected a scalar");
  }
  std::vector<Predicate> any;
  for (const element& value : values) {
    std::string_view text;
    const std::string written =
        value.get(text) == simdjson::SUCCESS ? std::string(text) : simdjson::minify(value);
    HG_RETURN_IF_ERROR(
        set_operand(comparison, written, member(constant, "type"), value_path + ".list"));
    any.push_back(Predicate::compare(comparison));
  }
  if (any.empty()) return error(value_path + ".list", "expected at least one value");
  return Predicate::any_of(std::move(any));
}

base::Result<Comparison> FilterParser::left(const element& node, const std::string& path) {
  Comparison out;
  element inner;
  if (node.is_object() && node.at_key("attr").get(inner) == simdjson::SUCCESS) {
    out.key = member(inner, "key");
    if (out.key.empty()) return error(path + ".attr.key", "expected the key of an attribute");
    const std::string level = member(inner, "level");
    const auto scopes = scopes_of(level.empty() ? some_level_ : level);
    if (!scopes) {
      return error(path + ".attr.level", "expected span, resource, scope, event or link");
    }
    out.scopes = *scopes;
    return out;
  }
  if (!node.is_object() || node.at_key("field").get(inner) != simdjson::SUCCESS) {
    return error(path, "expected an attr or a field");
  }
  const std::string name = member(inner, "name");
  std::string level = member(inner, "level");
  if (level.empty()) level = some_level_.empty() ? "span" : some_level_;
  for (const FieldName& known : kFieldNames) {
    if (known.level != level || known.name != name) continue;
    out.field = known.field;
    return out;
  }
  return error(path + ".field",
               "unknown field " + base::json_quote(name) + " of level " + base::json_quote(level));
}

base::Result<void> FilterParser::set_operand(Comparison& c, std::string_view value,
                                             std::string_view type, const std::string& path) {
  const bool text_op = c.op == Op::kContains || c.op == Op::kMatches;
  c.as_text = false;
  if (c.field == Field::kDurationNs && !text_op) {
    auto ns = base::parse_duration_ns(value);
    if (!ns) ns = base::parse_int64(value);
    if (!ns) return error(path, "expected a duration such as 2s");
    c.operand = *ns;
  } else if (c.field == Field::kStatus || c.field == Field::kKind) {
    c.operand = base::to_lower(value);
  } else if (text_op || c.field != Field::kAttribute) {
    c.operand = std::string(value);
  } else if (const auto number = base::parse_int64(value);
             number && (is_ordering(c.op) || type.starts_with("int"))) {
    c.operand = *number;
  } else if (const auto real = base::parse_double(value);
             real && (is_ordering(c.op) || type == "double" || type.starts_with("float"))) {
    c.operand = *real;
  } else if (type.starts_with("bool") && (value == "true" || value == "false")) {
    c.operand = value == "true";
  } else if (!type.empty() && type != "string") {
    return error(path, "the value is no " + std::string(type));
  } else {
    c.operand = std::string(value);
    c.as_text = type.empty();
  }
  return {};
}

}  // namespace

Predicate jaeger_predicate(const JaegerSearch& search) {
  std::vector<Predicate> all;
  if (!search.service.empty()) all.push_back(field_equals(Field::kServiceName, search.service));
  if (!search.operation.empty()) all.push_back(field_equals(Field::kName, search.operation));
  if (search.duration_min_ns > 0) {
    all.push_back(duration(Op::kGreaterEqual, search.duration_min_ns));
  }
  if (search.duration_max_ns > 0) all.push_back(duration(Op::kLessEqual, search.duration_max_ns));
  for (const auto& [key, value] : search.tags) all.push_back(tag_predicate(key, value));
  return Predicate::all_of(std::move(all));
}

base::Result<Predicate> parse_jaeger_filter(std::string_view json) {
  const auto error = [](std::string message) {
    return base::Error{base::ErrorCode::kInvalidArgument, "filter: " + std::move(message)};
  };
  if (json.size() > kJaegerFilterBytesMax) {
    return error("at most " + std::to_string(kJaegerFilterBytesMax) + " bytes");
  }
  if (json.empty()) return error("empty");
  simdjson::dom::parser parser;
  element root;
  simdjson::error_code code = parser.allocate(json.size(), kJaegerFilterDepthMax);
  if (code == simdjson::SUCCESS) code = parser.parse(json.data(), json.size()).get(root);
  if (code != simdjson::SUCCESS) return error(simdjson::error_message(code));
  element call;
  if (root.is_object() && root.at_key("call").get(call) == simdjson::SUCCESS) root = call;
  HG_ASSIGN_OR_RETURN(Predicate predicate, FilterParser().call(root, "filter", 0));
  HG_RETURN_IF_ERROR(compile(predicate));
  return predicate;
}

}  // namespace honeyguide::store
