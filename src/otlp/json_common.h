// What traces, logs and metrics share in OTLP JSON: the document, typed fields, attributes,
// resources, scopes and the nesting around the items. Private to this module; includes simdjson,
// so only the JSON decoders may include it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/result.h"
#include "otlp/any_value.h"
#include "otlp/filler.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

using JsonElement = simdjson::dom::element;
using JsonObject = simdjson::dom::object;
using JsonArray = simdjson::dom::array;

// A parsed text. Elements are valid as long as it lives.
class JsonDocument {
 public:
  // kInvalidArgument if it is no JSON object or nested too deep. A \u escape of half a surrogate
  // pair, which simdjson refuses, reads as U+FFFD.
  base::Result<void> parse(const std::string& text, std::uint32_t depth_max);
  const JsonObject& root() const { return root_; }

 private:
  simdjson::dom::parser parser_;
  JsonObject root_;
};

// One decoder a request. Readers leave the default, and reject the item, if the type is wrong;
// JSON null never reaches them.
class JsonCommon {
 public:
  explicit JsonCommon(Filler& filler) : filler_(filler) {}

  Filler& filler() { return filler_; }

  // Text in the batch; `what` names the field in reasons.
  std::string_view text(const JsonElement& element, const char* what);
  std::uint64_t uint64(const JsonElement& element, const char* what);
  std::int64_t int64(const JsonElement& element, const char* what);
  std::uint32_t uint32(const JsonElement& element, const char* what);
  // Also "NaN", "Infinity", "-Infinity" and numbers as text.
  double real(const JsonElement& element, const char* what);
  bool boolean(const JsonElement& element, const char* what);
  base::UnixNanos time(const JsonElement& element, const char* what) {
    return filler_.time(uint64(element, what), what);
  }
  // An integer, or one of `names` (their index), which may all share `prefix`.
  std::uint64_t enumeration(const JsonElement& element, std::string_view prefix,
                            std::span<const std::string_view> names, const char* what);
  // Hex of either case; "" is absent.
  template <std::size_t N>
  base::HexId<N> id(const std::optional<JsonElement>& element, const char* what, IdRule rule);

  std::optional<JsonArray> array(const JsonElement& element, const char* what);
  std::optional<JsonObject> object(const JsonElement& element, const char* what);

  telemetry::Value any_value(const JsonElement& element);
  // Adds a list of KeyValue objects.
  telemetry::Range attributes(const std::optional<JsonElement>& list, KeyGuess& guess);

  // The names of the three nested arrays: "resourceSpans", "scopeSpans", "spans".
  struct Names {
    std::string_view resources, scopes, items;
  };
  // As ProtobufCommon::walk. The error of a body whose outer shape is wrong.
  template <typename Item, typename Kept>
  base::Result<void> walk(const JsonObject& root, const Names& names, Item item, Kept kept);

 private:
  // The fields of a ResourceX or ScopeX object.
  struct Group {
    std::optional<JsonObject> head;
    std::optional<JsonArray> children;
    std::string_view schema_url;
    std::string problem;
  };
  base::Result<Group> read_group(const JsonElement& element, std::string_view head_name,
                                 std::string_view children_name);
  telemetry::Resource read_resource(Group& group);
  telemetry::Scope read_scope(Group& group);
  struct Mark {
    std::size_t resources, scopes, attributes;
  };
  Mark mark() const;
  void roll_back(const Mark& mark);
  // Appends the canonical AnyValue, ArrayValue or KeyValueList message.
  void append_any(std::string& out, const JsonElement& element, std::uint32_t depth);
  void append_list(std::string& out, const JsonElement& element, bool pairs, std::uint32_t depth);
  void append_pair(std::string& out, const JsonElement& element, std::uint32_t depth);
  std::optional<telemetry::Value> scalar(std::string_view name, const JsonElement& element);

  Filler& filler_;
  KeyGuess resource_keys_;
  KeyGuess scope_keys_;
};

// Calls visit(name, element) for each member that is not null.
template <typename Visit>
void each_member(const JsonObject& object, Visit visit) {
  for (const auto& [name, element] : object) {
    if (!element.is_null()) visit(name, element);
  }
}

template <std::size_t N>
base::HexId<N> JsonCommon::id(const std::optional<JsonElement>& element, const char* what,
                              IdRule rule) {
  std::string_view hex;
  if (element && element->get_string().get(hex) != simdjson::SUCCESS) {
    filler_.reject(what, " must be a string of hex digits");
    return {};
  }
  if (hex.empty()) return filler_.id<N>({}, what, rule);
  const auto id = base::HexId<N>::from_hex(hex);
  if (!id) {
    filler_.reject(what, " must have ", 2 * N, " hex digits");
    return {};
  }
  return filler_.id<N>({reinterpret_cast<const char*>(id->bytes.data()), N}, what, rule);
}

template <typename Item, typename Kept>
base::Result<void> JsonCommon::walk(const JsonObject& root, const Names& names, Item item,
                                    Kept kept) {
  JsonElement found;
  if (root.at_key(names.resources).get(found) != simdjson::SUCCESS || found.is_null()) return {};
  JsonArray resources;
  if (found.get(resources) != simdjson::SUCCESS) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       std::string(names.resources) + " must be an array"};
  }
  for (const JsonElement& resource_items : resources) {
    const Mark resource_mark = mark();
    const std::size_t kept_before = kept();
    HG_ASSIGN_OR_RETURN(Group resource_group, read_group(resource_items, "resource", names.scopes));
    const std::uint32_t resource = filler_.batch().add_resource(read_resource(resource_group));
    if (resource_group.children) {
      for (const JsonElement& scope_items : *resource_group.children) {
        const Mark scope_mark = mark();
        const std::size_t scope_kept_before = kept();
        HG_ASSIGN_OR_RETURN(Group scope_group, read_group(scope_items, "scope", names.items));
        const std::uint32_t scope = filler_.batch().add_scope(read_scope(scope_group));
        filler_.set_group_problems(resource_group.problem, scope_group.problem);
        if (scope_group.children) {
          for (const JsonElement& element : *scope_group.children) item(element, resource, scope);
        }
        if (kept() == scope_kept_before) roll_back(scope_mark);
      }
    }
    if (kept() == kept_before) roll_back(resource_mark);
  }
  return {};
}

}  // namespace honeyguide::otlp
