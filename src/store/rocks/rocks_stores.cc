#include "store/rocks/rocks_stores.h"

#include "store/chunked_series_store.h"
#include "store/rocks/rocks_chunks.h"
#include "store/rocks/rocks_db.h"
#include "store/rocks/rocks_state.h"

namespace honeyguide::store {

base::Result<RocksStores> open_rocks_stores(const std::string& directory,
                                            std::uint32_t series_per_tenant_max) {
  HG_ASSIGN_OR_RETURN(const auto db, RocksDb::open(directory));
  RocksStores out;
  out.state = std::make_unique<RocksStateStore>(db);
  HG_ASSIGN_OR_RETURN(auto chunks, RocksChunks::open(db));
  HG_ASSIGN_OR_RETURN(out.series,
                      ChunkedSeriesStore::open(std::move(chunks), series_per_tenant_max));
  return out;
}

}  // namespace honeyguide::store
