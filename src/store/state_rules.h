// What every StateStore checks before it writes, in one place.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/state_store.h"

namespace honeyguide::store {

// kInvalidArgument for a value above kStateValueBytesMax or an id above kStateIdBytesMax,
// kFailedPrecondition for an epoch older than `newest_epoch`.
base::Result<void> check_checkpoint(const Checkpoint& checkpoint, std::uint64_t newest_epoch);
inline constexpr std::size_t kStateIdBytesMax = 1024;

// Puts `position` first and keeps two; an equal position replaces the newest.
void push_position(std::vector<StoredPosition>& positions, const StoredPosition& position);

base::Error store_closed_error();

}  // namespace honeyguide::store
