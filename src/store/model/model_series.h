// ModelSeriesStore: SeriesStore in memory, as plain as it can be: the oracle of tests and
// simulation.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/series_index.h"
#include "store/series_store.h"

namespace honeyguide::store {

class ModelSeriesStore final : public SeriesStore {
 public:
  explicit ModelSeriesStore(std::uint32_t series_per_tenant_max = kSeriesPerTenantMax)
      : index_(series_per_tenant_max) {}

  base::Result<void> register_series(TenantId tenant, const SeriesInfo& info) override;
  base::Result<std::vector<SeriesInfo>> find_series(TenantId tenant, std::string_view name,
                                                    const std::vector<LabelMatcher>& matchers,
                                                    std::uint32_t limit) override;
  base::Result<void> write(TenantId tenant, const std::vector<SeriesPoint>& points) override;
  base::Result<std::vector<telemetry::Point>> read(TenantId tenant, std::uint64_t series,
                                                   Resolution resolution, TimeRange time) override;
  base::Result<void> apply_retention(const SeriesRetention& retention,
                                     base::UnixNanos now) override;
  base::Result<void> purge() override;
  // `bytes` is what the points themselves take.
  SeriesStoreStats stats() override;
  base::Result<void> close() override;

 private:
  using Buckets = std::map<base::UnixNanos, double>;
  struct Stored {
    Buckets by_resolution[3];
  };

  base::Mutex mutex_;
  SeriesIndex index_ HG_GUARDED_BY(mutex_);
  std::map<std::pair<TenantId, std::uint64_t>, Stored> stored_ HG_GUARDED_BY(mutex_);
  bool closed_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::store
