// DemoThread: the demo swarm within a server's own process, started once by POST /api/v1/demo.
#pragma once

#include <thread>

#include "base/log.h"
#include "base/mutex.h"
#include "cli/demo_run.h"

namespace honeyguide::cli {

// Thread-safe.
class DemoThread {
 public:
  DemoThread(const base::Clock& clock, base::LogSink log) : clock_(clock), log_(std::move(log)) {}
  ~DemoThread() { stop(); }

  // kAlreadyExists while one runs.
  base::Result<void> start(DemoOptions options);
  // Ends it within half a second. Idempotent.
  void stop();

 private:
  bool stop_within(std::int64_t ns);

  const base::Clock& clock_;
  const base::LogSink log_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool running_ HG_GUARDED_BY(mutex_) = false;
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
  std::thread thread_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::cli
