// Work in the background: settle, the merge of closed hours, deletions, retention. One piece at a
// time; each ends in one file transaction, after which memory follows.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "store/segment/committer.h"
#include "store/segment/file_transaction.h"
#include "store/segment/index_file.h"
#include "store/segment/partition_writer.h"
#include "store/segment/state.h"

namespace honeyguide::store::segment {

class Maintenance {
 public:
  Maintenance(StoreState& state, SettledCache& cache, Committer& committer)
      : state_(state), cache_(cache), committer_(committer) {}

  // Called between pieces of work; once it gives false the work is given up, and nothing of it
  // has happened.
  void set_pace(std::function<bool()> pace) { pace_ = std::move(pace); }

  // Young files wait to be settled and may be: settle should stop being polite.
  bool is_behind();
  // Does one piece of what is due (all pieces with `force`); true if it did something.
  base::Result<bool> run(bool force);
  base::Result<RetentionResult> apply_retention(const RetentionPolicy& policy, base::UnixNanos now);
  base::Result<void> purge();
  base::Result<void> delete_trace(TenantId tenant, const base::TraceId& id);
  // A consistent copy of all files; kAlreadyExists if the directory is there.
  base::Result<void> snapshot(const std::string& directory);
  base::Result<void> load_tombstones();

 private:
  using Partition = std::pair<TenantId, base::UnixNanos>;
  struct Loaded;

  base::Result<bool> settle_one(bool force) HG_REQUIRES(work_mutex_);
  base::Result<void> settle_file(const std::shared_ptr<YoungFile>& file) HG_REQUIRES(work_mutex_);
  base::Result<std::map<Partition, Loaded>> load_young(YoungFile& file);
  base::Result<bool> merge_one(bool force) HG_REQUIRES(work_mutex_);
  base::Result<bool> erase_one() HG_REQUIRES(work_mutex_);
  // Rewrites settled files of one partition into one file of `target_class` with the rows `keep`
  // wants, and takes the old ones away.
  base::Result<std::shared_ptr<SettledFile>> rewrite(
      const std::vector<std::shared_ptr<const SettledFile>>& files, FileClass target_class,
      const KeepRow& keep) HG_REQUIRES(work_mutex_);
  base::Result<void> drop(const std::vector<std::shared_ptr<const SettledFile>>& files,
                          RetentionResult& result) HG_REQUIRES(work_mutex_);
  base::Result<void> keep_errors(const std::vector<std::shared_ptr<const SettledFile>>& files,
                                 RetentionResult& result) HG_REQUIRES(work_mutex_);
  base::Result<std::set<base::TraceId>> error_traces(TenantId tenant);
  // Commits `transaction`; `after` follows in memory once its steps are done, which after an error
  // is when finish_earlier() succeeds.
  base::Result<void> commit(FileTransaction transaction, std::function<void()> after)
      HG_REQUIRES(work_mutex_);
  base::Result<void> finish_earlier() HG_REQUIRES(work_mutex_);
  // Positions go on from here, whatever is dropped.
  base::Result<void> save_sequence();
  base::Result<void> save_tombstones(
      const std::map<std::pair<TenantId, base::TraceId>, std::uint64_t>& tombstones);

  std::string partition_directory(TenantId tenant, FileClass file_class,
                                  base::UnixNanos hour) const;
  std::shared_ptr<SettledFile> new_file(TenantId tenant, FileClass file_class,
                                        base::UnixNanos hour);
  void remove_files(FileTransaction& transaction, const SettledFile& file);
  void replace(const std::vector<std::shared_ptr<const SettledFile>>& out,
               const std::vector<std::shared_ptr<SettledFile>>& in);
  // Deleted rows are left out of whatever is written.
  KeepRow not_deleted(TenantId tenant);
  base::Result<std::string> fresh_staging();
  std::uint64_t next_number();

  StoreState& state_;
  SettledCache& cache_;
  Committer& committer_;
  std::function<bool()> pace_;
  base::Mutex work_mutex_;
  struct Unfinished {
    FileTransaction transaction;
    std::function<void()> after;  // null: done
  };
  std::optional<Unfinished> unfinished_ HG_GUARDED_BY(work_mutex_);
  // Files whose filter wrongly claims a deleted trace, so that they are not rewritten again.
  std::set<std::pair<std::uint64_t, base::TraceId>> clean_ HG_GUARDED_BY(work_mutex_);
};

}  // namespace honeyguide::store::segment
