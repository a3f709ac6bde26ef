// What the parts of a SegmentStore share: the published files and what is hidden in them. One mutex
// guards it all; it is held for pointer work only, never across I/O or encoding.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/segment/catalog.h"
#include "store/segment/options.h"
#include "store/segment/settled_file.h"
#include "store/segment/young.h"

namespace honeyguide::store::segment {

struct StoreState {
  explicit StoreState(SegmentOptions store_options) : options(std::move(store_options)) {}

  const SegmentOptions options;

  base::Mutex mutex;
  std::vector<std::shared_ptr<YoungFile>> young HG_GUARDED_BY(mutex);  // oldest first
  std::vector<std::shared_ptr<const SettledFile>> settled HG_GUARDED_BY(mutex);
  Catalog catalog HG_GUARDED_BY(mutex);
  // Rows of the trace up to this sequence are deleted.
  std::map<std::pair<TenantId, base::TraceId>, std::uint64_t> tombstones HG_GUARDED_BY(mutex);
  std::uint64_t last_sequence HG_GUARDED_BY(mutex) = 0;
  // Rows after it keep their commit order.
  std::uint64_t hold_after HG_GUARDED_BY(mutex) = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t next_file_number HG_GUARDED_BY(mutex) = 1;
  std::uint64_t quarantined HG_GUARDED_BY(mutex) = 0;

  std::string young_directory() const { return options.directory + "/young"; }
  std::string partition_root() const { return options.directory + "/p"; }
  void log(base::LogLevel level, const std::string& line) const {
    if (options.log) options.log(level, "store: " + line);
  }
};

}  // namespace honeyguide::store::segment
