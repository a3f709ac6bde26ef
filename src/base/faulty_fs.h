// FaultyFs: MemFs that fails on a seeded plan, for crash and fault tests. Thread-safe as far as
// MemFs is; the plan itself is drawn under a lock, so a single-threaded run is repeatable from its
// seed.
//
// Three ways to fail: single calls that give an error (FaultPlan), a process that ends in the
// middle of its work (stop_after() and restart()), and a machine that loses power (crash()): what
// was not synced may be lost, of files their unsynced tails, of directories the creations, renames
// and removals since the last sync of any directory, the latest first.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/mem_fs.h"

namespace honeyguide::base {

struct FaultPlan {
  // Chance of each append to write only a random prefix and then fail (kUnavailable).
  double torn_append_chance = 0;
  // Chance of each sync to fail and sync nothing (kUnavailable).
  double failed_sync_chance = 0;
  // Chance of each open for reading to fail (kUnavailable).
  double failed_open_chance = 0;
  // Chance of each read to fail (kUnavailable).
  double failed_read_chance = 0;
  // Chance of each rename, removal or sync of a directory to fail and do nothing (kUnavailable).
  double failed_directory_chance = 0;
};

class FaultyFs final : public MemFs {
 public:
  explicit FaultyFs(std::uint64_t seed) : random_(seed) {}

  void set_plan(const FaultPlan& plan);

  // After `changes` more calls that change something, each such call fails and does nothing, but
  // for the first one, which an append does in part. As if the process had been killed there.
  void stop_after(std::uint64_t changes);
  // True once a call has met that end.
  bool stopped();
  // A new process: calls work again, and no plan is left.
  void restart();

  // Power loss with a random share of each file's unsynced tail kept, and of the changes of
  // directories. Open handles go on working on what is left; locks are released.
  void crash();

  Result<std::unique_ptr<WritableFile>> open_append(const std::string& path) override;
  Result<std::unique_ptr<ReadableFile>> open_read(const std::string& path) override;
  Result<void> create_directories(const std::string& directory) override;
  Result<void> remove_file(const std::string& path) override;
  Result<void> remove_tree(const std::string& directory) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> sync_directory(const std::string& directory) override;

  // For the files this hands out. True with `chance`.
  bool draw(double FaultPlan::*chance);
  // A number from 0 to `limit`, both included.
  std::uint64_t draw_up_to(std::uint64_t limit);
  std::uint64_t space_left() { return free_bytes(); }
  enum class Fate : std::uint8_t { kGoes, kEndsHere, kGone };
  // Counts one changing call towards the end of the process.
  Fate next_change();

 private:
  Result<void> change(const std::string& what, double FaultPlan::*chance);
  void remember(std::function<void()> undo);

  Mutex plan_mutex_;
  std::mt19937_64 random_ HG_GUARDED_BY(plan_mutex_);
  FaultPlan plan_ HG_GUARDED_BY(plan_mutex_);
  std::uint64_t changes_left_ HG_GUARDED_BY(plan_mutex_) =
      std::numeric_limits<std::uint64_t>::max();
  bool stopped_ HG_GUARDED_BY(plan_mutex_) = false;
  // How to take back what no directory sync has made durable, oldest first.
  std::vector<std::function<void()>> undo_ HG_GUARDED_BY(plan_mutex_);
};

}  // namespace honeyguide::base
