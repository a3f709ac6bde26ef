#include "traces/trace_tree.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace honeyguide::traces {
namespace {

using telemetry::Span;
using telemetry::SpanBatch;

struct Flat {
  const SpanBatch* batch;
  const Span* span;
  int parent = -1;
  std::vector<int> children;
};

struct Key {
  base::TraceId trace;
  base::SpanId span;
  bool operator==(const Key&) const = default;
};
struct KeyHash {
  std::size_t operator()(const Key& key) const {
    return base::HexIdHash{}(key.trace) * 31 + base::HexIdHash{}(key.span);
  }
};

// Each span once, in order of (start, span id), with the index of its parent.
std::vector<Flat> flatten(std::span<const telemetry::SpanBatchPtr> batches) {
  std::unordered_map<Key, Flat, KeyHash> unique;
  for (const telemetry::SpanBatchPtr& batch : batches) {
    for (const Span& span : batch->spans()) {
      const auto [at, fresh] =
          unique.try_emplace(Key{span.trace_id, span.span_id}, Flat{batch.get(), &span, -1, {}});
      if (!fresh &&
          telemetry::is_better_version(*batch, span, *at->second.batch, *at->second.span)) {
        at->second = Flat{batch.get(), &span, -1, {}};
      }
    }
  }
  std::vector<Flat> flat;
  flat.reserve(unique.size());
  for (auto& [key, entry] : unique) flat.push_back(std::move(entry));
  std::sort(flat.begin(), flat.end(), [](const Flat& a, const Flat& b) {
    return std::tie(a.span->start, a.span->span_id, a.span->trace_id) <
           std::tie(b.span->start, b.span->span_id, b.span->trace_id);
  });
  std::unordered_map<Key, int, KeyHash> index;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    index.emplace(Key{flat[i].span->trace_id, flat[i].span->span_id}, static_cast<int>(i));
  }
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const Span& span = *flat[i].span;
    if (!span.parent_span_id.valid()) continue;
    const auto found = index.find(Key{span.trace_id, span.parent_span_id});
    if (found != index.end() && found->second != static_cast<int>(i))
      flat[i].parent = found->second;
  }
  return flat;
}

void cut_rings(std::vector<Flat>& flat) {
  std::vector<char> state(flat.size(), 0);  // 1: on the present way up, 2: known to end
  for (std::size_t i = 0; i < flat.size(); ++i) {
    int at = static_cast<int>(i);
    while (at >= 0 && state[at] == 0) {
      state[at] = 1;
      if (flat[at].parent >= 0 && state[flat[at].parent] == 1) flat[at].parent = -1;
      at = flat[at].parent;
    }
    for (at = static_cast<int>(i); at >= 0 && state[at] == 1; at = flat[at].parent) state[at] = 2;
  }
}

}  // namespace

TraceTree TraceTree::build(std::span<const telemetry::SpanBatchPtr> batches) {
  TraceTree tree;
  std::vector<Flat> flat = flatten(batches);
  if (flat.empty()) return tree;
  cut_rings(flat);
  std::vector<int> roots;
  base::UnixNanos first = flat.front().span->start;
  base::UnixNanos last = first;
  for (std::size_t i = 0; i < flat.size(); ++i) {
    last = std::max({last, flat[i].span->start, flat[i].span->end});
    if (flat[i].parent >= 0) {
      flat[flat[i].parent].children.push_back(static_cast<int>(i));
    } else {
      roots.push_back(static_cast<int>(i));
    }
  }
  tree.spans_.reserve(flat.size() + 1);
  if (roots.size() != 1) {
    TreeSpan virtual_root;
    virtual_root.start = first;
    virtual_root.end = last;
    tree.spans_.push_back(std::move(virtual_root));
  }
  std::vector<std::pair<int, int>> stack;  // flat index, parent in the tree
  const int above = roots.size() != 1 ? 0 : -1;
  for (auto root = roots.rbegin(); root != roots.rend(); ++root) stack.emplace_back(*root, above);
  while (!stack.empty()) {
    const auto [from, parent] = stack.back();
    stack.pop_back();
    const int index = static_cast<int>(tree.spans_.size());
    TreeSpan node;
    node.batch = flat[from].batch;
    node.span = flat[from].span;
    node.parent = parent;
    node.start = node.span->start;
    node.open = node.span->end == 0;
    node.end = node.open ? last : std::max(node.span->end, node.start);
    if (parent >= 0) {
      TreeSpan& up = tree.spans_[parent];
      up.children.push_back(index);
      node.depth = up.depth + 1;
      node.detached = up.span != nullptr && node.start >= up.end && up.end > up.start;
      node.under_detached = node.detached || up.under_detached;
    }
    tree.spans_.push_back(std::move(node));
    const auto& children = flat[from].children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      stack.emplace_back(*child, index);
    }
  }
  return tree;
}

int TraceTree::find(const base::SpanId& id) const {
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (spans_[i].span != nullptr && spans_[i].span->span_id == id) return static_cast<int>(i);
  }
  return -1;
}

std::vector<PathSegment> critical_path(const TraceTree& tree) {
  std::vector<PathSegment> path;
  if (tree.empty()) return path;
  // Work still to do, the latest in time on top: the span's own walk back from `to` down to `from`.
  struct Walk {
    int span;
    base::UnixNanos from;
    base::UnixNanos to;
    std::vector<int> children;  // not yet looked at, the one that ended last at the back
    bool opened = false;
  };
  const auto& spans = tree.spans();
  std::vector<Walk> stack;
  stack.push_back({0, tree.root().start, tree.root().end, {}, false});
  const auto emit = [&path](int span, base::UnixNanos from, base::UnixNanos to) {
    if (to > from) path.push_back({span, from, to});
  };
  while (!stack.empty()) {
    Walk& walk = stack.back();
    if (!walk.opened) {
      walk.opened = true;
      for (const int child : spans[walk.span].children) {
        if (!spans[child].detached) walk.children.push_back(child);
      }
      std::sort(walk.children.begin(), walk.children.end(), [&](int a, int b) {
        return std::tie(spans[a].end, spans[a].start, a) <
               std::tie(spans[b].end, spans[b].start, b);
      });
    }
    const base::UnixNanos limit = std::min(walk.to, spans[walk.span].end);
    bool entered = false;
    while (!walk.children.empty()) {
      const int child = walk.children.back();
      walk.children.pop_back();
      // A child that outlives its parent counts up to the parent's end, and only as the last one.
      const base::UnixNanos end =
          spans[child].end > spans[walk.span].end ? spans[walk.span].end : spans[child].end;
      const base::UnixNanos start = std::max(spans[child].start, walk.from);
      if (end > limit || end <= start) continue;
      emit(walk.span, end, walk.to);
      walk.to = start;
      entered = true;
      stack.push_back({child, start, end, {}, false});  // `walk` may have moved
      break;
    }
    if (entered) continue;
    emit(walk.span, walk.from, walk.to);
    stack.pop_back();
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::vector<std::int64_t> self_times_ns(const TraceTree& tree) {
  const auto& spans = tree.spans();
  std::vector<std::int64_t> self(spans.size(), 0);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::int64_t covered = 0;
    base::UnixNanos at = spans[i].start;
    for (const int child : spans[i].children) {  // in order of start
      if (spans[child].detached) continue;
      const base::UnixNanos from = std::max(spans[child].start, at);
      const base::UnixNanos to = std::min(spans[child].end, spans[i].end);
      if (to <= from) continue;
      covered += to - from;
      at = to;
    }
    self[i] = spans[i].duration_ns() - covered;
  }
  return self;
}

}  // namespace honeyguide::traces
