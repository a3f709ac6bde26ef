// TraceTree: the spans of one trace (or of the traces of one run) as a tree that always has one
// root, whatever is missing, late or skewed.
//
// - A span whose parent is not there, or whose chain of parents is a ring, is a root. With several
//   roots, or none, a virtual root spans from the first start to the last end.
// - A span that has not ended counts as ended at the last instant that any span of the tree knows.
// - A span that starts at or after its parent's end is detached: work that the parent set off and
//   did not wait for. It stays in the tree; critical path and self time leave it out.
// - Several versions of one span: the better one counts (telemetry::is_better_version).
//
// Immutable; borrows the batches, which must live as long.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "telemetry/span_batch.h"

namespace honeyguide::traces {

struct TreeSpan {
  const telemetry::SpanBatch* batch = nullptr;  // nullptr: the virtual root
  const telemetry::Span* span = nullptr;
  int parent = -1;
  int depth = 0;
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;  // of an open span: the tree's last instant
  bool open = false;
  bool detached = false;        // this span starts at or after its parent's end
  bool under_detached = false;  // it or a span above it is detached
  std::vector<int> children;    // in order of (start, span id)

  std::int64_t duration_ns() const { return end > start ? end - start : 0; }
};

class TraceTree {
 public:
  // All spans of the batches belong to the tree.
  static TraceTree build(std::span<const telemetry::SpanBatchPtr> batches);

  // Empty if there was no span. Index 0 is the root; parents stand before their children, in
  // depth-first order.
  const std::vector<TreeSpan>& spans() const { return spans_; }
  bool empty() const { return spans_.empty(); }
  const TreeSpan& root() const { return spans_.front(); }
  bool has_virtual_root() const { return !spans_.empty() && spans_.front().span == nullptr; }
  // Index of a span, -1 if absent.
  int find(const base::SpanId& id) const;

 private:
  std::vector<TreeSpan> spans_;
};

// A stretch of the critical path: in [start, end) the run waited for the span's own work.
struct PathSegment {
  int span = 0;  // index into TraceTree::spans()
  base::UnixNanos start = 0;
  base::UnixNanos end = 0;
};

// What the root's end waited for, from its start to its end without gap or overlap: the segments'
// lengths sum to the root's duration. At each instant before which a child ended, the path goes
// back into the child that ended last; children beyond their parent's interval count as far as
// they lie in it. In order of time. O(n log n), no recursion.
std::vector<PathSegment> critical_path(const TraceTree& tree);

// Per span: its duration less the union of its children's intervals within it. Detached children do
// not count. O(n log n).
std::vector<std::int64_t> self_times_ns(const TraceTree& tree);

}  // namespace honeyguide::traces
