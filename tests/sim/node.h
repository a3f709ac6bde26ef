// A whole node without listeners and threads: segment store, state, series and engine on one faulty
// file system and one clock that is moved by hand. Everything it does is a function of its calls.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/faulty_fs.h"
#include "engine/engine.h"
#include "store/file/file_stores.h"
#include "store/segment/segment_store.h"

namespace honeyguide::sim {

struct NodeOptions {
  store::segment::SyncPolicy sync = store::segment::SyncPolicy::kInterval;
  store::RetentionPolicy retention;
};

class Node {
 public:
  static base::Result<std::unique_ptr<Node>> start(base::FaultyFs& fs, const base::Clock& clock,
                                                   const NodeOptions& options);
  // Stops in good order. After FaultyFs::stop_after(0) nothing of that reaches the disk: a kill.
  ~Node() = default;

  store::segment::SegmentStore& traces() { return *traces_; }
  store::StateStore& state() { return *files_.state; }
  store::SeriesStore& series() { return *files_.series; }
  engine::Engine& engine() { return *engine_; }

 private:
  Node() = default;

  // Destroyed from the last to the first.
  store::FileStores files_;
  std::unique_ptr<store::segment::SegmentStore> traces_;
  std::unique_ptr<engine::Engine> engine_;
};

}  // namespace honeyguide::sim
