#include "agents/run_set.h"

#include <algorithm>

#include "agents/run_set_internal.h"
#include "base/hash.h"

namespace honeyguide::agents {
namespace {

// Keys of traces are odd, all others even.
std::uint64_t key_of(char kind, std::string_view text) {
  return base::hash64(text, static_cast<std::uint64_t>(kind)) & ~std::uint64_t{1};
}

std::uint64_t key_of(const base::TraceId& id) {
  return base::hash64({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()}, 'L') | 1;
}

// Whom a key joins with `at`, of all who have it: a link joins the trace that links with the one
// that it names, but not all who link to the same one with each other if that one is no part of a
// run itself.
std::vector<base::TraceId> joined_by(std::uint64_t key, const base::TraceId& at,
                                     const std::set<base::TraceId>& members) {
  if ((key & 1) == 0 || key == key_of(at)) return {members.begin(), members.end()};
  for (const base::TraceId& member : members) {
    if (key_of(member) == key) return {member};
  }
  return {};
}

std::uint64_t hash_of(const base::TraceId& id) {
  return base::hash64({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
}

bool is_story(Role role) {
  return role == Role::kAgent || role == Role::kWorkflow;
}

}  // namespace

RunSet::RunSet(const Conventions& conventions, const PriceTable& prices, RunSetOptions options,
               LoadTrace load_trace)
    : conventions_(conventions),
      prices_(prices),
      options_(options),
      load_trace_(std::move(load_trace)) {}

RunSet::~RunSet() = default;

RunSet::Trace& RunSet::trace_for(const base::TraceId& id) {
  std::unique_ptr<Trace>& trace = traces_[id];
  if (trace == nullptr) {
    trace = std::make_unique<Trace>();
    trace->id = id;
    trace->bytes = sizeof(Trace) + 64;
    stats_.live_bytes += static_cast<std::int64_t>(trace->bytes);
  }
  return *trace;
}

void RunSet::put_fact(Trace& trace, SpanFact fact) {
  const auto found = trace.facts.find(fact.span_id);
  if (found != trace.facts.end()) {
    ++stats_.duplicates;
    if (!better_version(fact, found->second)) return;
    const auto before = static_cast<std::int64_t>(fact_size_bytes(found->second));
    const auto after = static_cast<std::int64_t>(fact_size_bytes(fact));
    trace.bytes += static_cast<std::size_t>(after - before);
    stats_.live_bytes += after - before;
    found->second = std::move(fact);
  } else {
    if (trace.facts.size() >= options_.spans_per_trace_max) {
      ++stats_.dropped_spans;
      return;
    }
    const std::size_t size = fact_size_bytes(fact) + 48;
    trace.bytes += size;
    stats_.live_bytes += static_cast<std::int64_t>(size);
    const base::SpanId id = fact.span_id;
    trace.facts.emplace(id, std::move(fact));
  }
  dirty_.insert(trace.id);
}

void RunSet::load_spans(const base::TraceId& id) {
  if (!load_trace_) return;
  for (const telemetry::SpanBatchPtr& batch : load_trace_(id)) {
    if (batch != nullptr) put_batch(*batch, &id);
  }
}

// Brings back every trace of the evicted run and its evaluation, so that the next flush can take
// back what it contributed.
void RunSet::rehydrate(const base::TraceId& id) {
  const auto found = evicted_.find(id);
  if (found == evicted_.end()) return;
  const std::shared_ptr<Evicted> run = found->second;
  for (const base::TraceId& trace : run->traces) evicted_.erase(trace);
  --stats_.evicted_runs;
  ++stats_.rehydrations_total;
  const std::set<base::TraceId> dirty_before = dirty_;
  for (const base::TraceId& trace : run->traces) {
    trace_for(trace);
    load_spans(trace);
  }
  const std::uint64_t number = next_component_++;
  auto component = std::make_unique<Component>();
  component->traces = run->traces;
  component->touched = ++tick_;
  for (const base::TraceId& trace : run->traces) {
    traces_.at(trace)->component = number;
    update_keys(*traces_.at(trace));
  }
  evaluate(component->traces, *component);
  components_.emplace(number, std::move(component));
  dirty_ = dirty_before;
  for (const base::TraceId& trace : run->traces) dirty_.insert(trace);
}

void RunSet::put_batch(const telemetry::SpanBatch& batch, const base::TraceId* only) {
  Recogniser recogniser(conventions_, batch);
  std::unordered_set<base::TraceId, base::HexIdHash> speaking;
  std::vector<std::pair<const telemetry::Span*, SpanFact>> facts;
  if (!recogniser.is_silent()) {
    for (const telemetry::Span& span : batch.spans()) {
      if (only != nullptr && span.trace_id != *only) continue;
      SpanFact fact;
      if (!recogniser.recognise(span, fact)) continue;
      speaking.insert(span.trace_id);
      facts.emplace_back(&span, std::move(fact));
    }
  }
  if (only == nullptr) {
    stats_.spans += static_cast<std::int64_t>(batch.size());
    stats_.fact_spans += static_cast<std::int64_t>(facts.size());
    for (const base::TraceId& id : speaking) {
      rehydrate(id);
      const bool fresh = !traces_.contains(id);
      trace_for(id);
      // Its earlier spans said nothing and were not kept.
      if (fresh && (silent_forgot_ || silent_.contains(hash_of(id)))) load_spans(id);
    }
  }
  std::size_t next = 0;
  for (const telemetry::Span& span : batch.spans()) {
    if (only != nullptr && span.trace_id != *only) continue;
    if (!span.trace_id.valid() || !span.span_id.valid()) continue;
    if (next < facts.size() && facts[next].first == &span) {
      put_fact(trace_for(span.trace_id), std::move(facts[next++].second));
      continue;
    }
    if (only == nullptr && evicted_.contains(span.trace_id)) rehydrate(span.trace_id);
    const auto found = traces_.find(span.trace_id);
    if (found != traces_.end()) {
      put_fact(*found->second, recogniser.skeleton(span));
      continue;
    }
    if (options_.keep_silent_traces) {
      put_fact(trace_for(span.trace_id), recogniser.skeleton(span));
    } else {
      remember_silent(span.trace_id);
    }
  }
}

void RunSet::remember_silent(const base::TraceId& id) {
  const std::uint64_t hash = hash_of(id);
  if (options_.silent_traces_max == 0 || !silent_.insert(hash).second) return;
  if (silent_ring_.size() < options_.silent_traces_max) {
    silent_ring_.push_back(hash);
    return;
  }
  silent_.erase(silent_ring_[silent_next_]);
  silent_ring_[silent_next_] = hash;
  silent_next_ = (silent_next_ + 1) % silent_ring_.size();
  silent_forgot_ = true;
}

void RunSet::add(const telemetry::SpanBatch& batch) {
  put_batch(batch, nullptr);
}

void RunSet::add(const telemetry::LogBatch& logs) {
  for (EventFact& fact : recognise_logs(conventions_, logs)) {
    rehydrate(fact.trace_id);
    Trace& trace = trace_for(fact.trace_id);
    const base::SpanId span = fact.span_id;
    const std::uint64_t id = fact.id;
    trace.events[span].emplace(id, std::move(fact));
    dirty_.insert(trace.id);
  }
}

std::vector<std::uint64_t> RunSet::keys_of(const Trace& trace) const {
  std::set<std::uint64_t> keys;
  // What only declares agents is linked to by every run of theirs and joins none with another.
  const bool declares = std::all_of(trace.facts.begin(), trace.facts.end(), [](const auto& entry) {
    return !entry.second.speaks || entry.second.role == Role::kCreateAgent;
  });
  if (!declares) keys.insert(key_of(trace.id));
  const bool speaks = std::any_of(trace.facts.begin(), trace.facts.end(),
                                  [](const auto& entry) { return entry.second.speaks; });
  if (!speaks) return {};  // what says nothing joins nothing
  bool fragment = true;
  for (const auto& [id, fact] : trace.facts) {
    if (is_story(fact.role) && !fact.parent_id.valid()) fragment = false;
    for (const FactLink& link : fact.links) keys.insert(key_of(link.trace_id));
    if (const auto text = fact.text(Text::kWorkflowId); !text.empty())
      keys.insert(key_of('W', text));
    if (const auto text = fact.text(Text::kTopic); !text.empty()) keys.insert(key_of('T', text));
    for (const MessageFact& message : fact.messages) {
      if (message.id != 0) {
        keys.insert(key_of('M', {reinterpret_cast<const char*>(&message.id), sizeof message.id}));
      }
    }
  }
  if (fragment) {
    for (const auto& [id, fact] : trace.facts) {
      if (const auto text = fact.text(Text::kSession); !text.empty()) {
        keys.insert(key_of('S', text));
      }
    }
  }
  return {keys.begin(), keys.end()};
}

void RunSet::update_keys(Trace& trace) {
  std::vector<std::uint64_t> keys = keys_of(trace);
  if (keys == trace.keys) return;
  const auto touch_if_at_limit = [this](const std::set<base::TraceId>& members) {
    // Crossing the limit in either direction changes every member.
    if (members.size() == options_.join_traces_max + 1) {
      dirty_.insert(members.begin(), members.end());
    }
  };
  for (const std::uint64_t key : trace.keys) {
    if (std::binary_search(keys.begin(), keys.end(), key)) continue;
    auto& members = by_key_[key];
    touch_if_at_limit(members);
    members.erase(trace.id);
    if (members.empty()) by_key_.erase(key);
  }
  for (const std::uint64_t key : keys) {
    auto& members = by_key_[key];
    if (members.insert(trace.id).second) touch_if_at_limit(members);
  }
  trace.keys = std::move(keys);
}

// Everything that the dirty traces are or were joined with.
std::set<base::TraceId> RunSet::closure_of_dirty() {
  for (bool again = true; again;) {
    const std::set<base::TraceId> round = dirty_;
    for (const base::TraceId& id : round) {
      const auto found = traces_.find(id);
      if (found != traces_.end()) update_keys(*found->second);
    }
    again = dirty_.size() != round.size();
  }
  std::set<base::TraceId> closure;
  std::vector<base::TraceId> stack(dirty_.begin(), dirty_.end());
  while (!stack.empty()) {
    const base::TraceId at = stack.back();
    stack.pop_back();
    rehydrate(at);
    const auto found = traces_.find(at);
    if (found == traces_.end() || !closure.insert(at).second) continue;
    const auto component = components_.find(found->second->component);
    if (component != components_.end()) {
      stack.insert(stack.end(), component->second->traces.begin(), component->second->traces.end());
    }
    const std::vector<std::uint64_t> keys = found->second->keys;
    for (const std::uint64_t key : keys) {
      const auto sharing = by_key_.find(key);
      if (sharing == by_key_.end() || sharing->second.size() > options_.join_traces_max) continue;
      const auto joined = joined_by(key, at, sharing->second);
      stack.insert(stack.end(), joined.begin(), joined.end());
    }
  }
  return closure;
}

std::vector<std::vector<base::TraceId>> RunSet::components_of_dirty() {
  const std::set<base::TraceId> closure = closure_of_dirty();
  std::vector<std::vector<base::TraceId>> components;
  std::set<base::TraceId> done;
  for (const base::TraceId& root : closure) {
    if (!done.insert(root).second) continue;
    std::vector<base::TraceId> members;
    std::vector<base::TraceId> stack{root};
    while (!stack.empty()) {
      const base::TraceId at = stack.back();
      stack.pop_back();
      members.push_back(at);
      for (const std::uint64_t key : traces_.at(at)->keys) {
        const auto sharing = by_key_.find(key);
        if (sharing == by_key_.end() || sharing->second.size() > options_.join_traces_max) continue;
        for (const base::TraceId& other : joined_by(key, at, sharing->second)) {
          if (closure.contains(other) && done.insert(other).second) stack.push_back(other);
        }
      }
    }
    std::sort(members.begin(), members.end());
    components.push_back(std::move(members));
  }
  return components;
}

void RunSet::evaluate(const std::vector<base::TraceId>& members, Component& component) const {
  std::vector<const SpanFact*> facts;
  std::vector<std::unique_ptr<SpanFact>> merged;  // facts with log events added
  for (const base::TraceId& id : members) {
    const Trace& trace = *traces_.at(id);
    for (const auto& [span, fact] : trace.facts) {
      const auto events = trace.events.find(span);
      if (events == trace.events.end()) {
        facts.push_back(&fact);
        continue;
      }
      auto copy = std::make_unique<SpanFact>(fact);
      for (const auto& [event_id, event] : events->second) {
        copy->scores.insert(copy->scores.end(), event.scores.begin(), event.scores.end());
        copy->messages.insert(copy->messages.end(), event.messages.begin(), event.messages.end());
      }
      facts.push_back(copy.get());
      merged.push_back(std::move(copy));
    }
  }
  component.traces = members;
  component.facts = evaluate_run(facts, options_.limits, prices_, options_.with_notes);
}

void RunSet::flush(const OnChange& on_change) {
  if (dirty_.empty()) return;
  ++tick_;
  const auto groups = components_of_dirty();
  std::map<std::uint64_t, std::unique_ptr<Component>> old;
  for (const auto& members : groups) {
    for (const base::TraceId& id : members) {
      const auto found = components_.find(traces_.at(id)->component);
      if (found == components_.end()) continue;
      old.emplace(found->first, std::move(found->second));
      components_.erase(found);
    }
  }
  // A group continues the first old run that it holds; the other old ones end.
  std::set<std::uint64_t> continued;
  std::vector<std::pair<std::uint64_t, std::unique_ptr<Component>>> fresh;
  for (const auto& members : groups) {
    auto component = std::make_unique<Component>();
    component->touched = tick_;
    evaluate(members, *component);
    const RunFacts* before = nullptr;
    for (const base::TraceId& id : members) {
      const std::uint64_t number = traces_.at(id)->component;
      if (number == 0 || !old.contains(number) || !continued.insert(number).second) continue;
      before = &old.at(number)->facts;
      break;
    }
    if (before != nullptr && before->empty()) before = nullptr;
    const RunFacts* after = component->facts.empty() ? nullptr : &component->facts;
    if (on_change && (before != nullptr || after != nullptr)) on_change(before, after);
    fresh.emplace_back(next_component_++, std::move(component));
  }
  for (const auto& [number, component] : old) {
    if (continued.contains(number) || component->facts.empty()) continue;
    if (on_change) on_change(&component->facts, nullptr);
  }
  for (auto& [number, component] : fresh) {
    for (const base::TraceId& id : component->traces) traces_.at(id)->component = number;
    components_.emplace(number, std::move(component));
  }
  dirty_.clear();
}

std::size_t RunSet::evict(std::size_t bytes_max) {
  if (stats_.live_bytes <= static_cast<std::int64_t>(bytes_max)) return 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> by_age;
  for (const auto& [number, component] : components_) {
    by_age.emplace_back(component->touched, number);
  }
  std::sort(by_age.begin(), by_age.end());
  std::size_t evicted = 0;
  for (const auto& [touched, number] : by_age) {
    if (stats_.live_bytes <= static_cast<std::int64_t>(bytes_max)) break;
    const auto found = components_.find(number);
    auto run = std::make_shared<Evicted>();
    run->traces = found->second->traces;
    bool is_dirty = false;
    for (const base::TraceId& id : run->traces) is_dirty = is_dirty || dirty_.contains(id);
    if (is_dirty) continue;
    for (const base::TraceId& id : run->traces) {
      for (const std::uint64_t key : traces_.at(id)->keys) run->keys.emplace_back(key, id);
      stats_.live_bytes -= static_cast<std::int64_t>(traces_.at(id)->bytes);
      traces_.erase(id);
      evicted_[id] = run;
    }
    components_.erase(found);
    ++evicted;
  }
  stats_.evicted_runs += static_cast<std::int64_t>(evicted);
  stats_.evictions_total += static_cast<std::int64_t>(evicted);
  return evicted;
}

std::vector<const RunFacts*> RunSet::runs() const {
  std::vector<const RunFacts*> runs;
  for (const auto& [number, component] : components_) {
    if (!component->facts.empty()) runs.push_back(&component->facts);
  }
  std::sort(runs.begin(), runs.end(), [](const RunFacts* a, const RunFacts* b) {
    return std::tie(a->start, a->id, a->trace_ids) < std::tie(b->start, b->id, b->trace_ids);
  });
  return runs;
}

const RunFacts* RunSet::run_of_trace(const base::TraceId& trace_id) const {
  const auto trace = traces_.find(trace_id);
  if (trace == traces_.end()) return nullptr;
  const auto component = components_.find(trace->second->component);
  return component == components_.end() ? nullptr : &component->second->facts;
}

RunSetStats RunSet::stats() const {
  stats_.live_traces = static_cast<std::int64_t>(traces_.size());
  stats_.live_runs = static_cast<std::int64_t>(components_.size());
  stats_.demoted_keys = 0;
  for (const auto& [key, members] : by_key_) {
    if (members.size() > options_.join_traces_max) ++stats_.demoted_keys;
  }
  return stats_;
}

}  // namespace honeyguide::agents
