#include "store/model/model_state.h"

#include "store/state_rules.h"

namespace honeyguide::store {

base::Result<void> ModelStateStore::checkpoint(const Checkpoint& checkpoint) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  Shard& shard = shards_[checkpoint.shard];
  HG_RETURN_IF_ERROR(check_checkpoint(checkpoint, shard.epoch));
  shard.epoch = checkpoint.epoch;
  for (const StateChange& change : checkpoint.changes) {
    if (change.value) {
      shard.entries[{change.kind, change.id}] = *change.value;
    } else {
      shard.entries.erase({change.kind, change.id});
    }
  }
  if (checkpoint.position) {
    push_position(shard.positions, {*checkpoint.position, checkpoint.position_check});
  }
  return {};
}

base::Result<std::uint64_t> ModelStateStore::acquire_epoch(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  return ++shards_[shard].epoch;
}

base::Result<std::optional<std::string>> ModelStateStore::get(std::uint32_t shard, StateKind kind,
                                                              std::string_view id) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  const auto own = shards_.find(shard);
  if (own == shards_.end()) return std::optional<std::string>();
  const auto found = own->second.entries.find({kind, std::string(id)});
  if (found == own->second.entries.end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

base::Result<std::vector<std::pair<std::string, std::string>>> ModelStateStore::list(
    std::uint32_t shard, StateKind kind, std::string_view from, std::uint32_t limit) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  std::vector<std::pair<std::string, std::string>> out;
  const auto own = shards_.find(shard);
  if (own == shards_.end()) return out;
  const auto& entries = own->second.entries;
  for (auto at = entries.lower_bound({kind, std::string(from)});
       at != entries.end() && at->first.first == kind && out.size() < limit; ++at) {
    out.emplace_back(at->first.second, at->second);
  }
  return out;
}

base::Result<std::vector<StoredPosition>> ModelStateStore::positions(std::uint32_t shard) {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  const auto own = shards_.find(shard);
  return own == shards_.end() ? std::vector<StoredPosition>() : own->second.positions;
}

base::Result<void> ModelStateStore::purge() {
  base::MutexLock lock(mutex_);
  if (closed_) return store_closed_error();
  // Epochs stay: an owner that was fenced off must not come back through a purge.
  for (auto& [number, shard] : shards_) {
    shard.entries.clear();
    shard.positions.clear();
  }
  return {};
}

base::Result<void> ModelStateStore::close() {
  base::MutexLock lock(mutex_);
  closed_ = true;
  return {};
}

}  // namespace honeyguide::store
