// The embedded library's state and series in one directory of plain files.
#pragma once

#include <memory>
#include <string>

#include "base/file_system.h"
#include "store/series_store.h"
#include "store/state_store.h"

namespace honeyguide::store {

// Destroy the stores before `lock`: members are destroyed in reverse order.
struct FileStores {
  std::unique_ptr<base::FileLock> lock;
  std::unique_ptr<StateStore> state;
  std::unique_ptr<SeriesStore> series;
};

// Creates what is missing. kAlreadyExists if another process, or this one, has the directory open.
// `fs` must outlive the stores.
base::Result<FileStores> open_file_stores(
    base::FileSystem& fs, const std::string& directory,
    std::uint32_t series_per_tenant_max = kSeriesPerTenantMax);

}  // namespace honeyguide::store
