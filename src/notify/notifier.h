// Notifier: delivers notifications to the receivers of the configuration. Each receiver has a queue
// of its own, so that a slow or dead one delays nobody else.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "alerts/notification.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "net/http_client.h"
#include "notify/command_runner.h"
#include "notify/payload.h"
#include "notify/receiver_config.h"

namespace honeyguide::notify {

// Notifications that wait for one receiver; further ones are answered kUnavailable at once and come
// back from the outbox.
inline constexpr std::size_t kReceiverQueueMax = 1000;
// Attempts of one delivery over HTTP, 0.5 s to 5 s apart with jitter, within the receiver's
// timeout. After that the outbox tries again later.
inline constexpr int kDeliveryAttemptsMax = 3;

struct ReceiverStatus {
  std::string name;
  ReceiverType type = ReceiverType::kWebhook;
  std::uint64_t delivered = 0;
  std::uint64_t failed = 0;    // refused for good
  std::uint64_t deferred = 0;  // to be tried again
  std::size_t queued = 0;
  base::UnixNanos last_success = 0;  // 0: never
  base::UnixNanos last_failure = 0;
  std::string last_error;  // of the newest failure; holds no secret
};

// Thread-safe.
class Notifier final : public alerts::Sender {
 public:
  // `receivers` must have passed validate(). The others must outlive it.
  Notifier(std::vector<ReceiverConfig> receivers, std::string external_url, net::HttpClient& client,
           CommandRunner& runner, const base::Clock& clock);
  ~Notifier() override;

  // Answers what waits with kUnavailable, waits for mails that are on their way, begins nothing
  // more. Then destroy client and runner, then this: their callbacks reach it. Idempotent.
  void stop();

  // kNotFound for an unknown receiver, at once.
  void send(const alerts::Notification& notification, Done done) override;
  std::vector<std::string> receivers() const override;

  std::vector<ReceiverStatus> status() const;

 private:
  struct Job {
    alerts::Notification notification;
    Done done;
  };
  struct Channel {
    ReceiverConfig config;
    std::deque<Job> queue;
    bool busy = false;
    ReceiverStatus status;
    std::thread thread;  // of e-mail, from its first mail on
  };

  void next(Channel& channel);
  void deliver(Channel& channel, const alerts::Notification& notification, Done done);
  void post(Channel& channel, net::ClientRequest request, Done done);
  void run_command(Channel& channel, const alerts::Notification& notification, Done done);
  void mail_loop(Channel& channel);
  void finished(Channel& channel, const Done& done, base::Result<void> result);
  PayloadOptions payload_options(const ReceiverConfig& config) const;

  const std::string external_url_;
  net::HttpClient& client_;
  CommandRunner& runner_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, std::unique_ptr<Channel>> channels_;  // the map itself never changes
  bool stopping_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::notify
