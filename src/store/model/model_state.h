// ModelStateStore: StateStore in memory, as plain as it can be. The oracle of tests and simulation,
// and the state of a library that keeps nothing on disk.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/state_store.h"

namespace honeyguide::store {

class ModelStateStore final : public StateStore {
 public:
  base::Result<void> checkpoint(const Checkpoint& checkpoint) override;
  base::Result<std::uint64_t> acquire_epoch(std::uint32_t shard) override;
  base::Result<std::optional<std::string>> get(std::uint32_t shard, StateKind kind,
                                               std::string_view id) override;
  base::Result<std::vector<std::pair<std::string, std::string>>> list(std::uint32_t shard,
                                                                      StateKind kind,
                                                                      std::string_view from,
                                                                      std::uint32_t limit) override;
  base::Result<std::vector<StoredPosition>> positions(std::uint32_t shard) override;
  base::Result<void> purge() override;
  base::Result<void> close() override;

 private:
  struct Shard {
    std::uint64_t epoch = 0;
    std::vector<StoredPosition> positions;  // newest first, at most two
    std::map<std::pair<StateKind, std::string>, std::string> entries;
  };

  base::Mutex mutex_;
  std::map<std::uint32_t, Shard> shards_ HG_GUARDED_BY(mutex_);
  bool closed_ HG_GUARDED_BY(mutex_) = false;
};

}  // namespace honeyguide::store
