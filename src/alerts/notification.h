// What leaves for a receiver, and the interface of whoever delivers it (src/notify).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "alerts/alert.h"
#include "base/result.h"

namespace honeyguide::alerts {

// One message to one receiver. `id` is the same in every attempt: receivers drop what they have.
struct Notification {
  std::string id;  // 32 hex digits
  std::string receiver;
  std::string group_key;
  Labels group_labels;
  bool resolved = false;      // all of its alerts are resolved
  std::string escalation;     // policy of the step it is; empty: a group's notification
  std::uint32_t step = 0;     // of the policy
  std::vector<Alert> alerts;  // firing ones first; at most kAlertsPerNotification
  std::uint32_t truncated = 0;
  base::UnixNanos created = 0;
};
inline constexpr std::size_t kAlertsPerNotification = 100;

// Delivers. Thread-safe; never blocks: a slow receiver has a queue of its own. `done` is called
// once, on any thread: success, kUnavailable (to be tried again) or another error (for good).
class Sender {
 public:
  using Done = std::function<void(base::Result<void>)>;
  virtual ~Sender() = default;
  virtual void send(const Notification& notification, Done done) = 0;
  // Names of its receivers.
  virtual std::vector<std::string> receivers() const = 0;
};

}  // namespace honeyguide::alerts
