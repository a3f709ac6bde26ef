// StateStore: the contract behind which everything small that changes is kept: checkpoints, alerts,
// silences, escalations, thresholds, directives, the audit log, agent slots.
//
// Keys are (shard, kind, id). One checkpoint is one atomic write; it carries the epoch of its owner
// and is rejected once a newer owner has fenced it off. No transactions, no scans over shards.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/trace_store.h"

namespace honeyguide::store {

// What an entry is. Stored as one byte: never renumber.
enum class StateKind : std::uint8_t {
  kMeta = 0,       // format, node, clean shutdown
  kAnalytics = 1,  // agent metric state, chunked by id
  kDetector = 2,
  kForecast = 3,
  kAlert = 4,
  kSilence = 5,
  kEscalation = 6,
  kOutbox = 7,  // notifications and effects not yet delivered
  kThreshold = 8,
  kDirective = 9,
  kMitigation = 10,
  kAgentSlot = 11,
  kAudit = 12,  // id = 8-byte big-endian sequence; append-only by convention
  kSetting = 13,
  kTenant = 14,
  kFeedback = 15,
};

// The shard of what no stream owns: tenants, settings, slots. Written with epoch 0.
inline constexpr std::uint32_t kSharedShard = 0xffff;

struct StateChange {
  StateKind kind = StateKind::kMeta;
  std::string id;
  std::optional<std::string> value;  // nothing: remove
};

struct Checkpoint {
  std::uint32_t shard = 0;
  std::uint64_t epoch = 0;
  std::optional<Position> position;  // the state covers all up to here; nothing: unchanged
  std::uint64_t position_check = 0;  // hash of the record at that position, to notice a log that
                                     // lost its tail
  std::vector<StateChange> changes;
};

struct StoredPosition {
  Position position;
  std::uint64_t position_check = 0;
};

// Bytes of one value; larger ones are refused with kInvalidArgument.
inline constexpr std::size_t kStateValueBytesMax = 16u << 20;

class StateStore {
 public:
  virtual ~StateStore() = default;

  // All or nothing, durable when it returns. kFailedPrecondition for an epoch older than the newest
  // seen for the shard.
  virtual base::Result<void> checkpoint(const Checkpoint& checkpoint) = 0;
  // Takes ownership of a shard: a number greater than every epoch before it.
  virtual base::Result<std::uint64_t> acquire_epoch(std::uint32_t shard) = 0;

  virtual base::Result<std::optional<std::string>> get(std::uint32_t shard, StateKind kind,
                                                       std::string_view id) = 0;
  // Entries of one kind in id order, ids from `from` on, at most `limit`.
  virtual base::Result<std::vector<std::pair<std::string, std::string>>> list(
      std::uint32_t shard, StateKind kind, std::string_view from, std::uint32_t limit) = 0;
  // The newest position, and the one before it: two are kept, because after power loss the newest
  // may lie ahead of the log.
  virtual base::Result<std::vector<StoredPosition>> positions(std::uint32_t shard) = 0;

  // A consistent copy in `directory`, which must not exist yet, of this store and of the series
  // that share its database; the store goes on working. kFailedPrecondition where there is no way.
  virtual base::Result<void> snapshot(const std::string& directory) {
    return base::Error{base::ErrorCode::kFailedPrecondition,
                       "this state store cannot be copied to " + directory + " while it runs"};
  }
  virtual base::Result<void> purge() = 0;
  // Memory that the store and the series that share its database hold, and its bound.
  virtual PoolUse pool() { return {"state_and_series", 0, 0}; }
  virtual base::Result<void> close() = 0;
};

}  // namespace honeyguide::store
