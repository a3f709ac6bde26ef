#include "server/control_hub.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <utility>

#include <pthread.h>

#include "base/json_writer.h"
#include "server/api.h"

namespace honeyguide::server {
namespace {

using base::MutexLock;
using control::AgentKey;
using control::Directive;

// How often departed clients are noticed.
constexpr std::int64_t kSweepNs = base::kNanosPerSecond;

net::HttpResponse nothing_new() {
  net::HttpResponse response;
  response.status = 204;
  response.headers.add("Cache-Control", "no-store");
  return response;
}

net::HttpResponse too_many() {
  return error_response(
      {base::ErrorCode::kUnavailable, std::to_string(kControlClientsMax) +
                                          " agents wait already; poll with wait_s=0 or try again"});
}

std::string event_of(const Directive& directive) {
  return "id: " + std::to_string(directive.epoch) + "-" + std::to_string(directive.seq) +
         "\nevent: directive\ndata: " + directive_json(directive) + "\n\n";
}

}  // namespace

std::string directive_json(const Directive& directive) {
  base::JsonWriter json;
  json.begin_object().field("seq", directive.seq).field("epoch", directive.epoch);
  json.field("directive", control::directive_name(directive.kind));
  json.key("params").raw(directive.params);
  json.field("expires_at", format_time(directive.expires));
  json.field("reason", directive.reason).end_object();
  return json.take();
}

ControlHub::ControlHub(control::DirectiveBook& book, const base::Clock& clock)
    : book_(book), clock_(clock) {
  book_.set_on_issue(
      [this](const AgentKey& key, const Directive& directive) { deliver(key, directive); });
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

ControlHub::~ControlHub() {
  stop();
  book_.set_on_issue(nullptr);
}

void ControlHub::stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& [key, poll] : polls_) poll.responder->send(nothing_new());
    for (const auto& [key, stream] : streams_) stream->finish();
    polls_.clear();
    streams_.clear();
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool ControlHub::full() const {
  return polls_.size() + streams_.size() >= kControlClientsMax;
}

void ControlHub::poll(const AgentKey& key, ControlPosition position, std::int64_t wait_ns,
                      std::shared_ptr<net::Responder> responder) {
  book_.heard_from(key);
  // The lock is held from the look into the book to the entry: an issue in between waits for it in
  // deliver() and finds the entry.
  MutexLock lock(mutex_);
  if (const auto directive = book_.current(key, position.seq, position.epoch)) {
    responder->send(json_response(directive_json(*directive)));
    return;
  }
  if (wait_ns <= 0 || stopping_) {
    responder->send(nothing_new());
    return;
  }
  if (full()) {
    responder->send(too_many());
    return;
  }
  polls_.emplace(key, Poll{std::move(responder), clock_.steady_ns() + wait_ns});
  changed_.notify_all();
}

void ControlHub::stream(const AgentKey& key, ControlPosition position,
                        std::shared_ptr<net::Responder> responder) {
  book_.heard_from(key);
  MutexLock lock(mutex_);
  if (stopping_ || full()) {
    responder->send(too_many());
    return;
  }
  net::HttpResponse head;
  head.headers.add("Content-Type", "text/event-stream");
  head.headers.add("Cache-Control", "no-store");
  head.body = "retry: 2000\n\n: control\n\n";
  const auto directive = book_.current(key, position.seq, position.epoch);
  if (directive) head.body += event_of(*directive);
  if (auto stream = responder->start_stream(std::move(head))) {
    streams_.emplace(key, std::move(stream));
    changed_.notify_all();
  }
}

std::size_t ControlHub::clients() const {
  MutexLock lock(mutex_);
  return polls_.size() + streams_.size();
}

void ControlHub::deliver(const AgentKey& key, const Directive& directive) {
  MutexLock lock(mutex_);
  const auto [first, last] = polls_.equal_range(key);
  for (auto at = first; at != last; ++at) {
    at->second.responder->send(json_response(directive_json(directive)));
  }
  polls_.erase(first, last);
  auto [stream, end] = streams_.equal_range(key);
  while (stream != end) {
    const net::StreamState state = stream->second->write(event_of(directive));
    if (state == net::StreamState::kOpen) {
      ++stream;
      continue;
    }
    if (state == net::StreamState::kFull) stream->second->finish();
    stream = streams_.erase(stream);
  }
}

std::int64_t ControlHub::sweep(std::int64_t now) {
  std::int64_t next = now + 60 * base::kNanosPerSecond;
  for (auto at = polls_.begin(); at != polls_.end();) {
    const bool due = now >= at->second.deadline_ns;
    if (due) at->second.responder->send(nothing_new());
    if (due || at->second.responder->stop_token().stop_requested()) {
      at = polls_.erase(at);
      continue;
    }
    next = std::min({next, at->second.deadline_ns, now + kSweepNs});
    ++at;
  }
  if (now >= next_comment_ns_) {
    next_comment_ns_ = now + kControlCommentNs;
    std::erase_if(streams_, [this](const auto& entry) {
      if (entry.second->write(": quiet\n\n") == net::StreamState::kGone) return true;
      book_.heard_from(entry.first);
      return false;
    });
  }
  if (!streams_.empty()) next = std::min(next, next_comment_ns_);
  return next;
}

void ControlHub::run() {
  MutexLock lock(mutex_);
  while (!stopping_) {
    const std::int64_t now = clock_.steady_ns();
    const std::int64_t next = sweep(now);
    changed_.wait_for(mutex_, std::chrono::nanoseconds(next - now));
  }
}

}  // namespace honeyguide::server
