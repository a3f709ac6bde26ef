// RunSet: the facts of many traces, joined into runs and evaluated incrementally. Spans go in, in
// any order, split or repeated; out come the changes of runs: what a run was, what it is now.
// After flush() the runs are a pure function of the set of spans that went in.
//
// Traces are joined by a union over shared keys: links between traces, workflow ids, message topics
// and ids, and sessions of fragments (traces without an agent or workflow at their root). A key
// that would join more than `join_traces_max` traces is demoted: it joins nothing and is counted.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agents/recogniser.h"
#include "agents/run.h"

namespace honeyguide::agents {

struct RunSetOptions {
  RunLimits limits;
  std::size_t join_traces_max = 1000;
  // Facts of one trace beyond this are counted and left out; the trace's run says so.
  std::size_t spans_per_trace_max = 100'000;
  // Traces that were seen without a word about agents are remembered by hash, so that their spans
  // can be fetched should they turn out to be part of a run; the oldest are forgotten first.
  std::size_t silent_traces_max = 65'536;
  // Keep skeletons of traces that say nothing so far: for a closed set that is read once.
  bool keep_silent_traces = false;
  bool with_notes = false;
};

struct RunSetStats {
  std::int64_t spans = 0;       // handed in
  std::int64_t fact_spans = 0;  // that said something about agents
  std::int64_t duplicates = 0;
  std::int64_t live_traces = 0;
  std::int64_t live_runs = 0;
  std::int64_t live_bytes = 0;
  std::int64_t evicted_runs = 0;  // at present
  std::int64_t evictions_total = 0;
  std::int64_t rehydrations_total = 0;
  std::int64_t demoted_keys = 0;
  std::int64_t dropped_spans = 0;  // beyond spans_per_trace_max
};

class RunSet {
 public:
  // Gives all spans of a trace that were handed in before the batch that is being added, from the
  // store. Needed only if runs are evicted or traces may begin silently.
  using LoadTrace =
      std::function<std::vector<telemetry::SpanBatchPtr>(const base::TraceId& trace_id)>;
  // `before` is nullptr for a new run, `after` for one that was absorbed by another.
  using OnChange = std::function<void(const RunFacts* before, const RunFacts* after)>;

  // `conventions` and `prices` must outlive the set.
  RunSet(const Conventions& conventions, const PriceTable& prices, RunSetOptions options,
         LoadTrace load_trace = nullptr);
  ~RunSet();

  void add(const telemetry::SpanBatch& batch);
  void add(const telemetry::LogBatch& logs);

  // Joins and evaluates what changed since the last flush.
  void flush(const OnChange& on_change);

  // Forgets the facts of the runs that were touched longest ago until at most `bytes_max` are
  // held; what they contributed stays. Call after flush(). Returns how many runs were evicted.
  std::size_t evict(std::size_t bytes_max);

  // The runs held in memory, in order of (start, id). Valid until the next non-const call.
  std::vector<const RunFacts*> runs() const;
  // Nothing if the trace belongs to no run that is held.
  const RunFacts* run_of_trace(const base::TraceId& trace_id) const;

  RunSetStats stats() const;
  const std::map<std::string, std::int64_t>& unrecognised() const { return unrecognised_; }

  using EventMap = std::map<base::SpanId, std::map<std::uint64_t, EventFact>>;

  // State as bytes for a checkpoint, and back; false on malformed bytes (then the set is empty).
  void save(std::string& out) const;
  bool load(std::string_view& bytes);

 private:
  struct Trace;
  struct Component;
  struct Evicted;

  Trace& trace_for(const base::TraceId& id);
  void put_fact(Trace& trace, SpanFact fact);
  void put_batch(const telemetry::SpanBatch& batch, const base::TraceId* only);
  void rehydrate(const base::TraceId& id);
  void load_spans(const base::TraceId& id);
  void update_keys(Trace& trace);
  std::vector<std::uint64_t> keys_of(const Trace& trace) const;
  std::set<base::TraceId> closure_of_dirty();
  std::vector<std::vector<base::TraceId>> components_of_dirty();
  void remember_silent(const base::TraceId& id);
  void evaluate(const std::vector<base::TraceId>& members, Component& component) const;

  const Conventions& conventions_;
  const PriceTable& prices_;
  RunSetOptions options_;
  LoadTrace load_trace_;
  std::unordered_map<base::TraceId, std::unique_ptr<Trace>, base::HexIdHash> traces_;
  std::unordered_map<std::uint64_t, std::set<base::TraceId>> by_key_;
  std::map<std::uint64_t, std::unique_ptr<Component>> components_;
  std::unordered_map<base::TraceId, std::shared_ptr<Evicted>, base::HexIdHash> evicted_;
  std::set<base::TraceId> dirty_;
  std::unordered_set<std::uint64_t> silent_;
  std::vector<std::uint64_t> silent_ring_;
  std::size_t silent_next_ = 0;
  bool silent_forgot_ = false;
  std::uint64_t next_component_ = 1;
  std::uint64_t tick_ = 0;
  std::map<std::string, std::int64_t> unrecognised_;
  mutable RunSetStats stats_;
};

}  // namespace honeyguide::agents
