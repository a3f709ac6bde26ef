#include "store/file/file_stores.h"

#include "store/chunked_series_store.h"
#include "store/file/file_chunks.h"
#include "store/file/file_state.h"

namespace honeyguide::store {

base::Result<FileStores> open_file_stores(base::FileSystem& fs, const std::string& directory,
                                          std::uint32_t series_per_tenant_max) {
  HG_RETURN_IF_ERROR(fs.create_directories(directory + "/series"));
  FileStores out;
  HG_ASSIGN_OR_RETURN(out.lock, fs.lock(directory + "/LOCK"));
  HG_ASSIGN_OR_RETURN(out.state, FileStateStore::open(fs, directory));
  HG_ASSIGN_OR_RETURN(auto chunks, FileChunks::open(fs, directory + "/series"));
  HG_ASSIGN_OR_RETURN(out.series,
                      ChunkedSeriesStore::open(std::move(chunks), series_per_tenant_max));
  return out;
}

}  // namespace honeyguide::store
