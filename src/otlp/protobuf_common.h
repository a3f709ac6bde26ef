// What traces, logs and metrics share on the protobuf wire: attributes, resources, scopes, and the
// Resource*/Scope* nesting around the items. Private to this module.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "otlp/any_value.h"
#include "otlp/filler.h"
#include "otlp/wire.h"
#include "telemetry/span_batch.h"

namespace honeyguide::otlp {

// One decoder a request. Single-threaded.
class ProtobufCommon {
 public:
  explicit ProtobufCommon(Filler& filler) : filler_(filler) {}

  WireState& state() { return state_; }
  Filler& filler() { return filler_; }

  // Adds the attribute of one KeyValue message to the list that began at `list_begin`.
  void attribute(std::string_view message, KeyGuess& guess, std::uint32_t list_begin);

  // Walks a request: for each ScopeX, begin_scope(number of items), then item(message, resource
  // index, scope index) for each of them. Resources and scopes without any kept item leave no
  // trace; `kept()` counts kept items.
  template <typename BeginScope, typename Item, typename Kept>
  void walk(std::string_view body, BeginScope begin_scope, Item item, Kept kept);

  // The error of a malformed body: kInvalidArgument with the byte offset.
  base::Error malformed(std::string_view body, std::string_view message_name) const;

 private:
  // The parts of ResourceX and ScopeX, which have the same field numbers: 1 resource or scope
  // (repetitions concatenated, which is how protobuf merges them), 2 children, 3 schema URL.
  struct Group {
    std::string_view head;
    std::string_view schema_url;
    std::uint32_t child_count = 0;
    std::string problem;  // of the head; empty if it is fine
  };
  Group read_group(std::string_view message);
  telemetry::Resource read_resource(Group& group);
  telemetry::Scope read_scope(Group& group);
  // Attributes and texts of resource and scope that no item uses go away again.
  struct Mark {
    std::size_t resources, scopes, attributes;
  };
  Mark mark() const;
  void roll_back(const Mark& mark);
  static constexpr std::uint32_t kChild = wire_tag(2, kWireBytes);

  Filler& filler_;
  WireState state_;
  KeyGuess resource_keys_;
  KeyGuess scope_keys_;
};

template <typename BeginScope, typename Item, typename Kept>
void ProtobufCommon::walk(std::string_view body, BeginScope begin_scope, Item item, Kept kept) {
  WireReader request(body, state_);
  while (request.next()) {
    if (request.tag() != wire_tag(1, kWireBytes)) {
      request.skip();
      continue;
    }
    const Mark resource_mark = mark();
    const std::size_t kept_before = kept();
    const std::string_view resource_items = request.bytes();
    Group resource_group = read_group(resource_items);
    const std::uint32_t resource = filler_.batch().add_resource(read_resource(resource_group));
    WireReader scopes(resource_items, state_);
    while (scopes.next()) {
      if (scopes.tag() != kChild) {
        scopes.skip();
        continue;
      }
      const Mark scope_mark = mark();
      const std::size_t scope_kept_before = kept();
      const std::string_view scope_items = scopes.bytes();
      Group scope_group = read_group(scope_items);
      const std::uint32_t scope = filler_.batch().add_scope(read_scope(scope_group));
      filler_.set_group_problems(resource_group.problem, scope_group.problem);
      begin_scope(scope_group.child_count);
      WireReader items(scope_items, state_);
      while (items.next()) {
        if (items.tag() == kChild) {
          item(items.bytes(), resource, scope);
        } else {
          items.skip();
        }
      }
      if (kept() == scope_kept_before) roll_back(scope_mark);
    }
    if (kept() == kept_before) roll_back(resource_mark);
  }
}

}  // namespace honeyguide::otlp
