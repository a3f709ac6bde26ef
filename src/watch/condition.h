// Critical conditions: a handful of questions about the whole system, asked every few seconds over
// real inputs. What cannot be answered is unknown, never a trigger.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "watch/expression.h"

namespace honeyguide::watch {

struct ConditionSpec {
  std::string name;  // lower case, digits and _
  std::string description;
  std::string severity;  // "low" to "emergency"
  std::string category;
  std::string when;  // an Expression over input_names()
  std::int64_t for_ns = 0;
  std::string what_to_do;
};

// Conditions of one tenant; further ones are refused.
inline constexpr std::size_t kConditionsMax = 200;
// A condition that held stays firing until it did not hold for this long.
inline constexpr std::int64_t kConditionClearNs = base::kNanosPerMinute;

// What can be asked for, with what it means.
struct InputDoc {
  const char* name;
  const char* meaning;
};
const std::vector<InputDoc>& input_docs();

// Agent cascade failure, coordination deadlock, resource exhaustion, throughput collapse; loop,
// stall, cost velocity, error-rate burst, monitoring blind.
const std::vector<ConditionSpec>& builtin_conditions();

// Missing inputs are absent.
using ConditionInputs = std::map<std::string, double, std::less<>>;

enum class ConditionState : std::uint8_t { kOk = 0, kPending = 1, kFiring = 2, kUnknown = 3 };
std::string_view condition_state_name(ConditionState state);

struct ConditionStatus {
  ConditionSpec spec;
  ConditionState state = ConditionState::kUnknown;
  base::UnixNanos since = 0;      // in this state
  base::UnixNanos evaluated = 0;  // 0: never
  std::map<std::string, std::optional<double>> inputs;
  std::vector<std::string> missing;
};

// Not thread-safe, no clock.
class ConditionBook {
 public:
  // The built-in ones, with those of `own` added or, under the same name, in their place.
  // kInvalidArgument names the condition and what is wrong with it.
  static base::Result<ConditionBook> create(const std::vector<ConditionSpec>& own);

  void evaluate(const ConditionInputs& inputs, base::UnixNanos now);
  const std::vector<ConditionStatus>& status() const { return status_; }

  // States of firing ones, for a restart: they go on firing until they are known not to hold.
  std::string save() const;
  void load(std::string_view bytes);

 private:
  struct Running {
    Expression expression;
    base::UnixNanos holds_since = 0;  // 0: does not hold
    base::UnixNanos held = 0;
  };

  void step(std::size_t index, Truth truth, base::UnixNanos now);

  std::vector<ConditionStatus> status_;
  std::vector<Running> running_;
};

}  // namespace honeyguide::watch
