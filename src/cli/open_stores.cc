#include "cli/open_stores.h"

#include "store/rocks/rocks_stores.h"
#include "store/segment/segment_store.h"

namespace honeyguide::cli {
namespace {

// Shares of --memory. The receiver holds a quarter in flight, of which the commit queue is a part;
// live runs take a quarter, state and series a sixth, queries a twelfth.
constexpr std::int64_t kQueueShare = 4;   // batches that wait for their commit
constexpr std::int64_t kYoungShare = 6;   // index of what is not settled yet
constexpr std::int64_t kIndexShare = 12;  // indexes of settled files

store::segment::SegmentOptions segment_options(const server::ServeConfig& config,
                                               base::FileSystem& fs, const base::Clock& clock,
                                               const base::LogSink& log) {
  store::segment::SegmentOptions options{fs, clock, config.data + "/traces"};
  options.sync = config.sync == "commit" ? store::segment::SyncPolicy::kCommit
                                         : store::segment::SyncPolicy::kInterval;
  options.log = log;
  options.queue_bytes_max = static_cast<std::uint64_t>(config.memory_bytes / kQueueShare);
  options.young_index_bytes_max = static_cast<std::uint64_t>(config.memory_bytes / kYoungShare);
  options.index_cache_bytes_max = static_cast<std::uint64_t>(config.memory_bytes / kIndexShare);
  return options;
}

}  // namespace

base::Result<void> OpenStores::close() {
  const auto traces = traces_->close();
  const auto series = series_->close();
  const auto state = state_->close();
  if (!traces) return traces.error();
  if (!series) return series.error();
  return state;
}

base::Result<OpenStores> open_stores(const server::ServeConfig& config, base::FileSystem& fs,
                                     const base::Clock& clock, const base::LogSink& log) {
  HG_ASSIGN_OR_RETURN(auto traces,
                      store::segment::SegmentStore::open(segment_options(config, fs, clock, log)));
  HG_ASSIGN_OR_RETURN(auto rocks, store::open_rocks_stores(config.data + "/state"));
  return OpenStores(std::move(traces), std::move(rocks.series), std::move(rocks.state));
}

base::Result<void> repair_stores(const server::ServeConfig& config, base::FileSystem& fs,
                                 const base::Clock& clock, const base::LogSink& log) {
  return store::segment::SegmentStore::repair(segment_options(config, fs, clock, log));
}

}  // namespace honeyguide::cli
