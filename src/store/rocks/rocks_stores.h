// The server's state and series in one RocksDB directory.
#pragma once

#include <memory>
#include <string>

#include "store/series_store.h"
#include "store/state_store.h"

namespace honeyguide::store {

struct RocksStores {
  std::unique_ptr<StateStore> state;
  std::unique_ptr<SeriesStore> series;
};

// Creates the directory, not its parents. Errors as RocksDb::open. The database is closed when both
// stores are.
base::Result<RocksStores> open_rocks_stores(
    const std::string& directory, std::uint32_t series_per_tenant_max = kSeriesPerTenantMax);

}  // namespace honeyguide::store
