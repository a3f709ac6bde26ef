// SeriesIndex: which series a tenant has, and the search over them by name and labels. Every
// SeriesStore keeps one in memory. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/series_store.h"

namespace honeyguide::store {

class SeriesIndex {
 public:
  explicit SeriesIndex(std::uint32_t series_per_tenant_max = kSeriesPerTenantMax)
      : series_per_tenant_max_(series_per_tenant_max) {}

  // True if the series is new, false if it was known (the first registration stays).
  // kInvalidArgument for an empty name, kResourceExhausted beyond the limit.
  base::Result<bool> add(TenantId tenant, SeriesInfo info);
  // Nullptr if unknown; valid until clear().
  const SeriesInfo* find(TenantId tenant, std::uint64_t series) const;
  // As SeriesStore::find_series. kInvalidArgument for an expression that RE2 refuses.
  base::Result<std::vector<SeriesInfo>> search(TenantId tenant, std::string_view name,
                                               const std::vector<LabelMatcher>& matchers,
                                               std::uint32_t limit) const;
  // Takes back an add(), for a series that could not be stored.
  void remove(TenantId tenant, const telemetry::SeriesKey& key);
  void clear() { tenants_.clear(); }

  std::uint64_t size() const;
  std::uint64_t refused_count() const { return refused_count_; }

 private:
  struct Tenant {
    std::map<std::string, SeriesInfo> by_canonical;
    std::unordered_map<std::uint64_t, const SeriesInfo*> by_id;  // into by_canonical
  };

  std::uint32_t series_per_tenant_max_;
  std::map<TenantId, Tenant> tenants_;
  std::uint64_t refused_count_ = 0;
};

// SeriesInfo as bytes, for stores that keep them; kDataLoss if malformed.
std::string encode_series_info(const SeriesInfo& info);
base::Result<SeriesInfo> decode_series_info(std::string_view bytes);

}  // namespace honeyguide::store
