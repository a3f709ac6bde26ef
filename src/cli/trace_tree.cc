#include "cli/trace_tree.h"

#include <algorithm>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

struct Node {
  std::string id;
  std::string parent;
  std::string name;
  std::string service;
  std::int64_t start = 0;
  std::int64_t end = 0;
  int status = 0;
  std::string message;
  const json* attributes = nullptr;
  std::vector<std::size_t> children;
};

std::int64_t nanos(const json& span, const char* name) {
  const auto found = span.find(name);
  if (found == span.end() || !found->is_string()) return 0;
  return base::parse_int64(found->get<std::string>()).value_or(0);
}

std::string value_text(const json& value) {
  if (!value.is_object() || value.empty()) return "";
  const json& inner = *value.begin();
  return inner.is_string() ? inner.get<std::string>() : inner.dump();
}

std::string service_of(const json& resource) {
  for (const json& attribute : resource.value("attributes", json::array())) {
    if (attribute.value("key", "") == "service.name") return value_text(attribute["value"]);
  }
  return "";
}

Node read_span(const json& span, const std::string& service) {
  Node node;
  node.id = span.value("spanId", "");
  node.parent = span.value("parentSpanId", "");
  node.name = span.value("name", "");
  node.service = service;
  node.start = nanos(span, "startTimeUnixNano");
  node.end = nanos(span, "endTimeUnixNano");
  if (const auto status = span.find("status"); status != span.end()) {
    node.status = status->value("code", 0);
    node.message = status->value("message", "");
  }
  if (const auto attributes = span.find("attributes"); attributes != span.end()) {
    node.attributes = &*attributes;
  }
  return node;
}

std::vector<Node> read_spans(const json& otlp) {
  std::vector<Node> nodes;
  const json none = json::array();
  for (const json& resource_spans : otlp.contains("resourceSpans") ? otlp["resourceSpans"] : none) {
    const std::string service = service_of(resource_spans.value("resource", json::object()));
    if (!resource_spans.contains("scopeSpans")) continue;
    for (const json& scope_spans : resource_spans["scopeSpans"]) {
      if (!scope_spans.contains("spans")) continue;
      for (const json& span : scope_spans["spans"]) nodes.push_back(read_span(span, service));
    }
  }
  return nodes;
}

class TreeText {
 public:
  TreeText(std::vector<Node> nodes, bool attributes)
      : nodes_(std::move(nodes)), attributes_(attributes) {
    std::map<std::string, std::size_t> by_id;
    for (std::size_t i = 0; i < nodes_.size(); ++i) by_id.try_emplace(nodes_[i].id, i);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto parent = by_id.find(nodes_[i].parent);
      if (parent == by_id.end() || parent->second == i) {
        roots_.push_back(i);
      } else {
        nodes_[parent->second].children.push_back(i);
      }
    }
    const auto by_start = [this](std::size_t a, std::size_t b) {
      return std::pair(nodes_[a].start, nodes_[a].id) < std::pair(nodes_[b].start, nodes_[b].id);
    };
    std::sort(roots_.begin(), roots_.end(), by_start);
    for (Node& node : nodes_) std::sort(node.children.begin(), node.children.end(), by_start);
    printed_.resize(nodes_.size());
  }

  std::string text() {
    for (const std::size_t root : roots_) print_below(root);
    // What hangs in a cycle of parents has no root; it is shown all the same.
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (!printed_[i]) print_below(i);
    }
    return std::move(out_);
  }

 private:
  struct Frame {
    std::size_t node;
    std::string prefix;  // of this line's children
    bool last;
    bool top;
  };

  // Iterative: a trace may be deeper than a stack.
  void print_below(std::size_t root) {
    std::vector<Frame> stack = {{root, "", true, true}};
    while (!stack.empty()) {
      const Frame frame = stack.back();
      stack.pop_back();
      if (printed_[frame.node]) continue;
      printed_[frame.node] = true;
      const std::string branch = frame.top ? "" : frame.last ? "└─ " : "├─ ";
      print_line(nodes_[frame.node], frame.prefix + branch);
      const std::string below = frame.top ? "" : frame.prefix + (frame.last ? "   " : "│  ");
      print_attributes(nodes_[frame.node], below);
      const auto& children = nodes_[frame.node].children;
      for (std::size_t i = children.size(); i-- > 0;) {
        stack.push_back({children[i], below, i + 1 == children.size(), false});
      }
    }
  }

  void print_line(const Node& node, const std::string& prefix) {
    const bool open = node.end == 0;
    out_ += prefix + base::strip_control(node.name.empty() ? "(no name)" : node.name);
    out_ +=
        "  " + (open ? std::string("running") : base::format_duration_ns(node.end - node.start));
    if (!node.service.empty()) out_ += "  [" + base::strip_control(node.service) + "]";
    if (node.status == 2) out_ += "  ERROR";
    if (!node.message.empty()) out_ += ": " + base::strip_control(node.message.substr(0, 200));
    if (prefix.empty() && !node.parent.empty()) out_ += "  (parent " + node.parent + " not stored)";
    out_ += "\n";
  }

  void print_attributes(const Node& node, const std::string& prefix) {
    if (!attributes_ || node.attributes == nullptr) return;
    for (const json& attribute : *node.attributes) {
      const std::string value = value_text(attribute.value("value", json::object()));
      out_ += prefix + "     " + base::strip_control(attribute.value("key", "")) + " = " +
              base::strip_control(value.substr(0, 300)) + "\n";
    }
  }

  std::vector<Node> nodes_;
  const bool attributes_;
  std::vector<std::size_t> roots_;
  std::vector<bool> printed_;
  std::string out_;
};

}  // namespace

std::string format_trace_tree(const json& otlp, bool attributes) {
  return TreeText(read_spans(otlp), attributes).text();
}

}  // namespace honeyguide::cli
