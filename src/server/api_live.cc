#include "server/api_live.h"

#include <chrono>
#include <csignal>
#include <string>

#include <pthread.h>

namespace honeyguide::server {
namespace {

constexpr std::string_view kChanged =
    R"({"topics":["overview","agents","topology","workflows","traces","conflicts","alerts"],)"
    R"("ids":[]})";

std::uint64_t accepted_items(const Receiver& receiver) {
  std::uint64_t sum = 0;
  for (const auto& count : receiver.stats().accepted_items) sum += count.load();
  return sum;
}

}  // namespace

LiveHub::LiveHub(const Receiver& receiver, const base::Clock& clock)
    : receiver_(receiver), clock_(clock) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

LiveHub::~LiveHub() {
  stop();
}

void LiveHub::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    for (const Stream& stream : streams_) stream.stream->finish();
    streams_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void LiveHub::add(store::TenantId tenant, std::shared_ptr<net::Responder> responder) {
  base::MutexLock lock(mutex_);
  if (stopping_ || streams_.size() >= kLiveStreamsMax) {
    responder->send(
        error_response({base::ErrorCode::kUnavailable, "too many live streams; close some pages"}));
    return;
  }
  net::HttpResponse head;
  head.headers.add("Content-Type", "text/event-stream");
  head.headers.add("Cache-Control", "no-store");
  head.body = "retry: 2000\n\n: live\n\n";
  if (auto stream = responder->start_stream(std::move(head))) {
    streams_.push_back({tenant, std::move(stream)});
  }
}

void LiveHub::run() {
  std::uint64_t accepted = accepted_items(receiver_);
  std::uint64_t spans = receiver_.stats().accepted_items[0].load();
  std::int64_t sampled = clock_.steady_ns();
  while (true) {
    {
      base::MutexLock lock(mutex_);
      if (!stopping_) changed_.wait_for(mutex_, std::chrono::milliseconds(kLiveIntervalMs));
      if (stopping_) return;
    }
    const std::int64_t now = clock_.steady_ns();
    const std::uint64_t spans_now = receiver_.stats().accepted_items[0].load();
    const std::uint64_t accepted_now = accepted_items(receiver_);
    if (now > sampled) {
      spans_per_second_ =
          static_cast<double>(spans_now - spans) * 1e9 / static_cast<double>(now - sampled);
    }
    broadcast(touched_.exchange(false) || accepted_now != accepted);
    accepted = accepted_now;
    spans = spans_now;
    sampled = now;
  }
}

void LiveHub::broadcast(bool changed) {
  base::MutexLock lock(mutex_);
  const std::string event = changed
                                ? "id: " + std::to_string(++last_id_) +
                                      "\nevent: changed\ndata: " + std::string(kChanged) + "\n\n"
                                : std::string(": quiet\n\n");
  std::erase_if(streams_, [&](const Stream& stream) { return !write(stream, event); });
}

void LiveHub::publish(store::TenantId tenant, std::string_view event, const std::string& json) {
  base::MutexLock lock(mutex_);
  const std::string text = "id: " + std::to_string(++last_id_) + "\nevent: " + std::string(event) +
                           "\ndata: " + json + "\n\n";
  std::erase_if(streams_, [&](const Stream& stream) {
    return stream.tenant == tenant && !write(stream, text);
  });
}

// False if the client is gone. A client that does not keep up loses events, never the others' time.
bool LiveHub::write(const Stream& stream, const std::string& text) {
  if (stream.stream->state() == net::StreamState::kFull) return true;
  return stream.stream->write(text) != net::StreamState::kGone;
}

void add_live_routes(RouteTable& routes, LiveHub& hub) {
  routes.add({.method = "GET",
              .pattern = "/api/v1/live",
              .stream_handler = [&hub](const ApiRequest& request,
                                       std::shared_ptr<net::Responder> responder) {
                hub.add(request.tenant, std::move(responder));
              }});
}

}  // namespace honeyguide::server
