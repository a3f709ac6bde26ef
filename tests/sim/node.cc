#include "tests/sim/node.h"

namespace honeyguide::sim {

base::Result<std::unique_ptr<Node>> Node::start(base::FaultyFs& fs, const base::Clock& clock,
                                                const NodeOptions& options) {
  std::unique_ptr<Node> node(new Node());
  HG_ASSIGN_OR_RETURN(node->files_, store::open_file_stores(fs, "data/state"));
  store::segment::SegmentOptions segments{fs, clock, "data/traces"};
  segments.threads = false;
  segments.sync = options.sync;
  segments.free_bytes_min = 0;  // so that the disk fills up in the middle of a write
  segments.young_file_rows_max = 400;
  segments.young_file_age_ns = base::kNanosPerMinute;
  HG_ASSIGN_OR_RETURN(node->traces_, store::segment::SegmentStore::open(std::move(segments)));
  engine::EngineOptions engine;
  engine.threads = false;
  engine.retention = options.retention;
  engine.series_retention.raw_ns = 300 * base::kNanosPerDay;
  HG_ASSIGN_OR_RETURN(
      node->engine_,
      engine::Engine::create(engine, {*node->traces_, *node->files_.series, *node->files_.state},
                             clock, base::null_log_sink()));
  return node;
}

}  // namespace honeyguide::sim
