// Opens the stores of a server from its configuration: spans in segments, state and series in
// RocksDB, all in one data directory.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/log.h"
#include "base/result.h"
#include "server/config.h"
#include "server/server.h"

namespace honeyguide::cli {

class OpenStores {
 public:
  OpenStores(std::unique_ptr<store::TraceStore> traces, std::unique_ptr<store::SeriesStore> series,
             std::unique_ptr<store::StateStore> state)
      : traces_(std::move(traces)), series_(std::move(series)), state_(std::move(state)) {}

  server::ServerStores view() { return {*traces_, *series_, *state_}; }
  // Commits and syncs everything; the first error is given, all are tried.
  base::Result<void> close();

 private:
  std::unique_ptr<store::TraceStore> traces_;
  std::unique_ptr<store::SeriesStore> series_;
  std::unique_ptr<store::StateStore> state_;
};

base::Result<OpenStores> open_stores(const server::ServeConfig& config, base::FileSystem& fs,
                                     const base::Clock& clock, const base::LogSink& log);

// Rebuilds every index of a data directory that no server has open.
base::Result<void> repair_stores(const server::ServeConfig& config, base::FileSystem& fs,
                                 const base::Clock& clock, const base::LogSink& log);

}  // namespace honeyguide::cli
