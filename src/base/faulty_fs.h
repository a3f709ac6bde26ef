// FaultyFs: MemFs that fails on a seeded plan, for crash and fault tests. Thread-safe as far as
// MemFs is; the plan itself is drawn under a lock, so a single-threaded run is repeatable from its
// seed.
#pragma once

#include <cstdint>
#include <random>

#include "base/mem_fs.h"

namespace honeyguide::base {

struct FaultPlan {
  // Chance of each append to write only a random prefix and then fail (kUnavailable).
  double torn_append_chance = 0;
  // Chance of each sync to fail and sync nothing (kUnavailable).
  double failed_sync_chance = 0;
  // Chance of each open for reading to fail (kUnavailable).
  double failed_open_chance = 0;
};

class FaultyFs final : public MemFs {
 public:
  explicit FaultyFs(std::uint64_t seed) : random_(seed) {}

  void set_plan(const FaultPlan& plan);

  // Power loss with a random share of each file's unsynced tail kept.
  void crash();

  Result<std::unique_ptr<WritableFile>> open_append(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override;

  // For the files this hands out. True with `chance`.
  bool draw(double FaultPlan::*chance);
  // A number from 0 to `limit`, both included.
  std::uint64_t draw_up_to(std::uint64_t limit);

 private:
  Mutex plan_mutex_;
  std::mt19937_64 random_ HG_GUARDED_BY(plan_mutex_);
  FaultPlan plan_ HG_GUARDED_BY(plan_mutex_);
};

}  // namespace honeyguide::base
