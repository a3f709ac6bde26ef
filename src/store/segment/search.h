// One search: a heap of files and blocks by their latest start time, so that the newest hits come
// first and older blocks are never opened once the page is full.
#pragma once

#include <queue>
#include <vector>

#include "store/segment/reading.h"

namespace honeyguide::store::segment {

// A disjunction of hashes of which a block must hold one; a predicate becomes a conjunction of
// these. What filters cannot decide contributes none.
struct FilterNeeds {
  std::vector<std::vector<std::uint64_t>> all_of;
  // Span duration must reach this in some row.
  std::int64_t duration_min = 0;
};
FilterNeeds filter_needs(const Predicate& predicate);

class SpanSearcher {
 public:
  SpanSearcher(StoreReads& reads, TenantId tenant, const SpanSearch& search);
  base::Result<SearchResult> run();

 private:
  // A file (block < 0), a settled block or a young record that may still have hits.
  struct Candidate {
    base::UnixNanos start_max = 0;
    std::shared_ptr<const SettledFile> file;
    std::shared_ptr<const OpenSettled> open;
    const YoungRecord* young = nullptr;
    std::ptrdiff_t block = -1;
    bool operator<(const Candidate& other) const { return start_max < other.start_max; }
  };

  void expand(const Candidate& candidate);
  void scan_block(OpenBlock& block);
  void keep(BlockReader& reader, const std::vector<std::uint32_t>& rows);
  bool wanted_row(OpenBlock& block, std::uint32_t row);
  bool full() const { return hits_.size() > search_.limit; }

  StoreReads& reads_;
  const SpanSearch& search_;
  FilterNeeds needs_;
  Snapshot snapshot_;
  std::uint64_t as_of_ = 0;
  std::priority_queue<Candidate> candidates_;
  std::vector<SpanHit> hits_;  // a heap with the worst hit first; at most limit + 1
  SearchResult result_;
  bool damaged_ = false;
};

}  // namespace honeyguide::store::segment
