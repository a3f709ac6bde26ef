// GET /api/v1/live: server-sent events that tell the page what changed.
//
// Every two seconds one event `changed` with the topics that new data touches, if there was any; a
// comment otherwise, so that proxies and the page see that the stream lives. A client that does not
// read is cut off by its stream's own bound; nothing waits for it.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/http_server.h"
#include "server/api.h"
#include "server/receiver.h"

namespace honeyguide::server {

inline constexpr std::int64_t kLiveIntervalMs = 2000;
// Streams at once; further clients get 503.
inline constexpr std::size_t kLiveStreamsMax = 256;

// Thread-safe. One thread for all streams.
class LiveHub {
 public:
  LiveHub(const Receiver& receiver, const base::Clock& clock);
  ~LiveHub();

  // Ends every stream and takes no more: before a drain, which would wait for them. Idempotent.
  void stop();

  void add(store::TenantId tenant, std::shared_ptr<net::Responder> responder);
  // Sends an event to the streams of a tenant.
  void publish(store::TenantId tenant, std::string_view event, const std::string& json);
  // Something other than new data changed: the next event says so.
  void touch() { touched_ = true; }
  // Spans acknowledged a second over the last interval; below 0 before the first one has passed.
  double spans_per_second() const { return spans_per_second_.load(); }

 private:
  void run();
  struct Stream {
    store::TenantId tenant = 0;
    std::shared_ptr<net::HttpStream> stream;
  };
  void broadcast(bool changed);
  static bool write(const Stream& stream, const std::string& text);

  const Receiver& receiver_;
  const base::Clock& clock_;
  std::atomic<double> spans_per_second_{-1};
  std::atomic<bool> touched_{false};
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<Stream> streams_ HG_GUARDED_BY(mutex_);
  std::uint64_t last_id_ HG_GUARDED_BY(mutex_) = 0;
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

void add_live_routes(RouteTable& routes, LiveHub& hub);

}  // namespace honeyguide::server
