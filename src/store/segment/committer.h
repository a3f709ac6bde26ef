// The commit path: batches queue, one committer takes whatever waits, encodes it into records,
// writes once, publishes, acknowledges. There is no timer: alone, a batch costs one write; under
// load commits grow by themselves.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "store/segment/block_writer.h"
#include "store/segment/state.h"

namespace honeyguide::store::segment {

class Committer {
 public:
  explicit Committer(StoreState& state) : state_(state) {}

  // Thread-safe. Refusals call `done` at once, from a place of their own.
  void push(AppendRequest request, AppendDone done);
  std::size_t waiting();
  std::uint64_t queued_bytes();
  // Waits until something is queued or stop_waiting() was called.
  void wait();
  // From now on push() refuses and wait() returns.
  void stop();
  bool stopped();

  // The rest is for one thread at a time (the committer).

  // Appends to this file from now on; null makes the next commit open a new one.
  void use_file(std::shared_ptr<YoungFile> file, std::unique_ptr<base::WritableFile> writer);
  // Takes what waits and commits it; the number of batches answered.
  std::size_t commit_once();
  // Makes all that is committed durable, if anything is not yet.
  base::Result<void> sync();
  // Closes the present file (synced), so that settle may take it. False if it was empty.
  base::Result<bool> rotate();
  // Batches that come again are stored again: what they held may be gone since.
  void forget_batches();
  // True if the present file has reached one of its limits at `now`.
  bool rotation_due();

 private:
  struct Pending {
    AppendRequest request;
    AppendDone done;
    std::uint64_t bytes = 0;
    base::Reservation reservation;
  };
  struct Commit;

  std::vector<Pending> take();
  base::Result<void> check_space();
  base::Result<void> ensure_file() HG_REQUIRES(file_mutex_);
  void place(Commit& commit);
  void encode(Commit& commit);
  void add_record(Commit& commit, RecordKind kind, TenantId tenant, base::UnixNanos arrival,
                  EncodedBlock block);
  template <typename Slice, typename ChildrenOf, typename Flush>
  void cut_records(const std::vector<std::pair<std::size_t, Slice>>& slices, Commit& commit,
                   ChildrenOf children_of, Flush flush);
  base::Result<void> cut_torn_tail() HG_REQUIRES(file_mutex_);
  base::Result<void> write(Commit& commit) HG_REQUIRES(file_mutex_);
  void publish(Commit& commit) HG_REQUIRES(file_mutex_);
  void answer(Commit& commit, const base::Result<void>& result);
  void forget_old_ids();

  StoreState& state_;
  base::Mutex queue_mutex_;
  base::CondVar queue_changed_;
  std::deque<Pending> queue_ HG_GUARDED_BY(queue_mutex_);
  std::uint64_t queue_bytes_ HG_GUARDED_BY(queue_mutex_) = 0;
  bool stopped_ HG_GUARDED_BY(queue_mutex_) = false;

  base::Mutex file_mutex_;  // the writer: commits, syncs and rotations exclude each other
  std::unique_ptr<base::WritableFile> writer_ HG_GUARDED_BY(file_mutex_);
  std::shared_ptr<YoungFile> file_ HG_GUARDED_BY(file_mutex_);
  std::uint64_t good_size_ HG_GUARDED_BY(file_mutex_) = 0;
  // Part of a record that failed may stand behind good_size_ and could not be cut off yet.
  bool torn_ HG_GUARDED_BY(file_mutex_) = false;
  bool dirty_ HG_GUARDED_BY(file_mutex_) = false;

  BlockWriter encoder_;
  struct IdHash {
    std::size_t operator()(const base::Hash128& id) const { return id.low ^ id.high; }
  };
  // Batches of the window; guarded by file_mutex_.
  std::unordered_map<base::Hash128, Position, IdHash> ids_;
  std::deque<std::pair<base::Hash128, std::int64_t>> id_order_;  // with the time it expires
};

}  // namespace honeyguide::store::segment
