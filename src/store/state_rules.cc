#include "store/state_rules.h"

#include <string>

namespace honeyguide::store {

using base::Error;
using base::ErrorCode;

base::Result<void> check_checkpoint(const Checkpoint& checkpoint, std::uint64_t newest_epoch) {
  if (checkpoint.epoch < newest_epoch) {
    return Error{ErrorCode::kFailedPrecondition,
                 "shard " + std::to_string(checkpoint.shard) + " has a newer owner: epoch " +
                     std::to_string(newest_epoch) + ", this is epoch " +
                     std::to_string(checkpoint.epoch)};
  }
  for (const StateChange& change : checkpoint.changes) {
    if (change.id.size() > kStateIdBytesMax) {
      return Error{ErrorCode::kInvalidArgument,
                   "a state id has " + std::to_string(change.id.size()) + " bytes, at most " +
                       std::to_string(kStateIdBytesMax)};
    }
    if (change.value && change.value->size() > kStateValueBytesMax) {
      return Error{ErrorCode::kInvalidArgument,
                   "state value '" + change.id + "' has " + std::to_string(change.value->size()) +
                       " bytes, at most " + std::to_string(kStateValueBytesMax)};
    }
  }
  return {};
}

void push_position(std::vector<StoredPosition>& positions, const StoredPosition& position) {
  if (!positions.empty() && positions.front().position == position.position) {
    positions.front() = position;
    return;
  }
  positions.insert(positions.begin(), position);
  if (positions.size() > 2) positions.pop_back();
}

base::Error store_closed_error() {
  return Error{ErrorCode::kFailedPrecondition, "the state store is closed"};
}

}  // namespace honeyguide::store
