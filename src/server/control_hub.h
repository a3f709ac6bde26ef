// ControlHub: agents that wait for their next directive, by long poll or by server-sent events. A
// waiting agent costs a connection and an entry here, no thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "control/directive_book.h"
#include "net/http_server.h"

namespace honeyguide::server {

// Polls and streams that wait at once. Below the listener's connections, so that pages and commands
// still get in. Further clients get 503 with Retry-After, or poll with wait_s=0.
inline constexpr std::size_t kControlClientsMax = 768;
// Longest wait of one poll.
inline constexpr std::int64_t kControlWaitSecondsMax = 60;
// A stream without news gets a comment line that often.
inline constexpr std::int64_t kControlCommentNs = 15 * base::kNanosPerSecond;

// Where a client stands: the directive that it has, by epoch and seq; epoch 0 if it does not say.
struct ControlPosition {
  std::uint64_t seq = 0;
  std::uint64_t epoch = 0;
};

// {"seq","epoch","directive","params","expires_at","reason"}.
std::string directive_json(const control::Directive& directive);

// Thread-safe. One thread for all deadlines.
class ControlHub {
 public:
  // Hears every issue of `book` from now on. Both must outlive it.
  ControlHub(control::DirectiveBook& book, const base::Clock& clock);
  ~ControlHub();

  // Answers every poll with 204, ends every stream and takes no more: before a drain. Idempotent.
  void stop();

  // Answers with the agent's directive as soon as there is one that the client does not have, or
  // 204 after `wait_ns`.
  void poll(const control::AgentKey& key, ControlPosition position, std::int64_t wait_ns,
            std::shared_ptr<net::Responder> responder);
  // Sends the directive in force and every later one as events `directive` with the id EPOCH-SEQ.
  // A client that does not read is cut off; it comes back with Last-Event-ID and misses nothing.
  void stream(const control::AgentKey& key, ControlPosition position,
              std::shared_ptr<net::Responder> responder);

  std::size_t clients() const;

 private:
  struct Poll {
    std::shared_ptr<net::Responder> responder;
    std::int64_t deadline_ns = 0;  // steady
  };

  bool full() const HG_REQUIRES(mutex_);
  void run();
  // Answers what is due; gives the time of the next thing to do (steady).
  std::int64_t sweep(std::int64_t now) HG_REQUIRES(mutex_);
  void deliver(const control::AgentKey& key, const control::Directive& directive);

  control::DirectiveBook& book_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::multimap<control::AgentKey, Poll> polls_ HG_GUARDED_BY(mutex_);
  std::multimap<control::AgentKey, std::shared_ptr<net::HttpStream>> streams_ HG_GUARDED_BY(mutex_);
  std::int64_t next_comment_ns_ HG_GUARDED_BY(mutex_) = 0;
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace honeyguide::server
