#include "notify/notifier.h"

#include <csignal>
#include <utility>

#include <pthread.h>

#include "base/strings.h"
#include "notify/mailer.h"

namespace honeyguide::notify {
namespace {

using alerts::Notification;
using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;

constexpr std::size_t kAnswerBytesMax = 200;

// What an answer means for the outbox.
Result<void> judge(const ReceiverConfig& config, const Result<net::ClientResponse>& response) {
  if (!response) {
    const ErrorCode code = response.error().code;
    const bool for_good =
        code == ErrorCode::kInvalidArgument || code == ErrorCode::kPermissionDenied;
    return Error{for_good ? code : ErrorCode::kUnavailable, response.error().message};
  }
  if (response->status >= 200 && response->status < 300) return {};
  const bool later = response->status == 429 || response->status >= 500;
  std::string answer = base::strip_control(response->body.substr(0, kAnswerBytesMax));
  return Error{later ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
               std::string(receiver_type_name(config.type)) + " answered " +
                   std::to_string(response->status) + " " + answer};
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

}  // namespace

Notifier::Notifier(std::vector<ReceiverConfig> receivers, std::string external_url,
                   net::HttpClient& client, CommandRunner& runner, const base::Clock& clock)
    : external_url_(without_slash(std::move(external_url))),
      client_(client),
      runner_(runner),
      clock_(clock) {
  for (ReceiverConfig& config : receivers) {
    auto channel = std::make_unique<Channel>();
    channel->status.name = config.name;
    channel->status.type = config.type;
    const std::string name = config.name;
    channel->config = std::move(config);
    channels_[name] = std::move(channel);
  }
}

Notifier::~Notifier() {
  stop();
}

void Notifier::stop() {
  std::vector<Job> left;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    for (const auto& [name, channel] : channels_) {
      for (Job& job : channel->queue) left.push_back(std::move(job));
      channel->queue.clear();
    }
  }
  changed_.notify_all();
  for (const auto& [name, channel] : channels_) {
    if (channel->thread.joinable()) channel->thread.join();
  }
  for (const Job& job : left) job.done(Error{ErrorCode::kUnavailable, "the server stops"});
}

std::vector<std::string> Notifier::receivers() const {
  std::vector<std::string> out;
  for (const auto& [name, channel] : channels_) out.push_back(name);
  return out;
}

std::vector<ReceiverStatus> Notifier::status() const {
  MutexLock lock(mutex_);
  std::vector<ReceiverStatus> out;
  for (const auto& [name, channel] : channels_) {
    out.push_back(channel->status);
    out.back().queued = channel->queue.size() + (channel->busy ? 1 : 0);
  }
  return out;
}

PayloadOptions Notifier::payload_options(const ReceiverConfig& config) const {
  return {external_url_, config.title, config.text};
}

void Notifier::send(const Notification& notification, Done done) {
  const auto found = channels_.find(notification.receiver);
  if (found == channels_.end()) {
    return done(
        Error{ErrorCode::kNotFound, "there is no receiver '" + notification.receiver + "'"});
  }
  Channel& channel = *found->second;
  bool full = false;
  {
    MutexLock lock(mutex_);
    full = stopping_ || channel.queue.size() >= kReceiverQueueMax;
    if (!full) channel.queue.push_back({notification, std::move(done)});
  }
  if (full) {
    return done(Error{ErrorCode::kUnavailable, std::to_string(kReceiverQueueMax) +
                                                   " notifications wait for '" +
                                                   channel.config.name + "' already"});
  }
  next(channel);
}

// Begins the next delivery if none is on its way.
void Notifier::next(Channel& channel) {
  Job job;
  {
    MutexLock lock(mutex_);
    if (channel.config.type == ReceiverType::kEmail) {
      if (!channel.thread.joinable() && !stopping_ && !channel.queue.empty()) {
        sigset_t all;
        sigset_t before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        channel.thread = std::thread([this, &channel] { mail_loop(channel); });
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
      }
      changed_.notify_all();
      return;
    }
    if (channel.busy || channel.queue.empty() || stopping_) return;
    channel.busy = true;
    job = std::move(channel.queue.front());
    channel.queue.pop_front();
  }
  deliver(channel, job.notification,
          [this, &channel, done = std::move(job.done)](Result<void> result) {
            finished(channel, done, std::move(result));
            {
              MutexLock lock(mutex_);
              channel.busy = false;
            }
            next(channel);
          });
}

void Notifier::finished(Channel& channel, const Done& done, Result<void> result) {
  {
    MutexLock lock(mutex_);
    ReceiverStatus& status = channel.status;
    if (result) {
      ++status.delivered;
      status.last_success = clock_.now();
    } else {
      const bool later = result.error().code == ErrorCode::kUnavailable;
      ++(later ? status.deferred : status.failed);
      status.last_failure = clock_.now();
      status.last_error = result.error().message;
    }
  }
  done(std::move(result));
}

void Notifier::deliver(Channel& channel, const Notification& notification, Done done) {
  const ReceiverConfig& config = channel.config;
  const PayloadOptions options = payload_options(config);
  net::ClientRequest request;
  request.method = "POST";
  request.url = config.url;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("User-Agent", "honeyguide");
  switch (config.type) {
    case ReceiverType::kWebhook:
      request.headers.add("Idempotency-Key", notification.id);
      request.body = webhook_json(notification, options);
      break;
    case ReceiverType::kSlack:
      request.body = slack_json(notification, options);
      break;
    case ReceiverType::kPagerDuty:
      request.body = pagerduty_json(notification, options, config.routing_key);
      break;
    case ReceiverType::kAlertmanager:
      request.url = without_slash(config.url) + "/api/v2/alerts";
      request.body = alertmanager_json(notification, options, config.hold_ns);
      break;
    case ReceiverType::kCommand:
      return run_command(channel, notification, std::move(done));
    case ReceiverType::kEmail:
      return;  // has its own loop
  }
  post(channel, std::move(request), std::move(done));
}

void Notifier::post(Channel& channel, net::ClientRequest request, Done done) {
  const ReceiverConfig& config = channel.config;
  if (!config.token.empty()) request.headers.add("Authorization", "Bearer " + config.token);
  request.deadline = std::chrono::milliseconds(config.timeout_ns / base::kNanosPerMilli);
  request.retry.attempts_max = kDeliveryAttemptsMax;
  request.retry.backoff_initial = std::chrono::milliseconds(500);
  request.retry.backoff_max = std::chrono::milliseconds(5000);
  client_.send(std::move(request), [&config, done = std::move(done)](const auto& response) {
    done(judge(config, response));
  });
}

void Notifier::run_command(Channel& channel, const Notification& notification, Done done) {
  const ReceiverConfig& config = channel.config;
  runner_.run(
      {config.argv, webhook_json(notification, payload_options(config)), config.timeout_ns},
      [done = std::move(done)](const Result<CommandOutcome>& outcome) {
        if (!outcome) return done(Error{ErrorCode::kUnavailable, outcome.error().message});
        if (outcome->problem.empty() && outcome->exit_code == 0) return done({});
        // As sendmail does: 75 and what did not run at all may work later.
        const bool later = !outcome->problem.empty() || outcome->exit_code == 75;
        done(Error{later ? ErrorCode::kUnavailable : ErrorCode::kInvalidArgument,
                   outcome->problem.empty() ? "exit code " + std::to_string(outcome->exit_code)
                                            : outcome->problem});
      });
}

void Notifier::mail_loop(Channel& channel) {
  for (;;) {
    Job job;
    {
      MutexLock lock(mutex_);
      channel.busy = false;
      while (channel.queue.empty() && !stopping_) changed_.wait(mutex_);
      if (stopping_) return;
      channel.busy = true;
      job = std::move(channel.queue.front());
      channel.queue.pop_front();
    }
    const ReceiverConfig& config = channel.config;
    Mail mail;
    mail.url = config.url;
    mail.user = config.user;
    mail.password = config.password;
    mail.require_tls = config.require_tls;
    mail.from = config.from;
    mail.to = config.to;
    mail.timeout_ms = config.timeout_ns / base::kNanosPerMilli;
    mail.text = mail_text(job.notification, payload_options(config), config.from, join(config.to));
    finished(channel, job.done, send_mail(mail));
  }
}

}  // namespace honeyguide::notify
