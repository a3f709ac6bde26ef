#include "cli/open_stores.h"

#include "store/model/model_trace_store.h"
#include "store/rocks/rocks_stores.h"

namespace honeyguide::cli {

base::Result<void> OpenStores::close() {
  const auto traces = traces_->close();
  const auto series = series_->close();
  const auto state = state_->close();
  if (!traces) return traces.error();
  if (!series) return series.error();
  return state;
}

base::Result<OpenStores> open_stores(const server::ServeConfig& config, base::FileSystem&,
                                     const base::Clock&, const base::LogSink&) {
  HG_ASSIGN_OR_RETURN(auto rocks, store::open_rocks_stores(config.data + "/state"));
  return OpenStores(std::make_unique<store::model::ModelTraceStore>(), std::move(rocks.series),
                    std::move(rocks.state));
}

}  // namespace honeyguide::cli
