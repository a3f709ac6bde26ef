// Checkpoints of a RunSet.
#include <algorithm>

#include "agents/run_set.h"
#include "agents/run_set_internal.h"
#include "base/bytes.h"

namespace honeyguide::agents {
namespace {

void put_events(std::string& out, const RunSet::EventMap& events) {
  base::put_varint(out, events.size());
  for (const auto& [span, by_id] : events) {
    base::put_fixed(out, span.bytes);
    base::put_varint(out, by_id.size());
    for (const auto& [id, event] : by_id) {
      base::put_fixed(out, id);
      // An event is written as a fact that holds nothing else.
      SpanFact carrier;
      carrier.scores = event.scores;
      carrier.messages = event.messages;
      std::string bytes;
      write_fact(bytes, carrier);
      base::put_bytes(out, bytes);
    }
  }
}

bool take_events(base::ByteReader& in, const base::TraceId& trace, RunSet::EventMap& events) {
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    base::SpanId span;
    span.bytes = in.fixed<decltype(span.bytes)>();
    for (std::uint64_t more = in.varint(); more > 0 && in.ok(); --more) {
      EventFact event;
      event.trace_id = trace;
      event.span_id = span;
      event.id = in.fixed<std::uint64_t>();
      std::string_view bytes = in.bytes();
      SpanFact carrier;
      if (!in.ok() || !read_fact(bytes, carrier)) return false;
      event.scores = std::move(carrier.scores);
      event.messages = std::move(carrier.messages);
      events[span].emplace(event.id, std::move(event));
    }
  }
  return in.ok();
}

}  // namespace

void RunSet::save(std::string& out) const {
  base::put_varint(out, traces_.size());
  std::vector<base::TraceId> ids;
  for (const auto& [id, trace] : traces_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const base::TraceId& id : ids) {
    const Trace& trace = *traces_.at(id);
    base::put_fixed(out, id.bytes);
    base::put_varint(out, trace.facts.size());
    for (const auto& [span, fact] : trace.facts) {
      std::string bytes;
      write_fact(bytes, fact);
      base::put_bytes(out, bytes);
    }
    put_events(out, trace.events);
  }
  std::vector<const Evicted*> evicted;
  for (const auto& [id, run] : evicted_) {
    if (run->traces.front() == id) evicted.push_back(run.get());
  }
  base::put_varint(out, evicted.size());
  for (const Evicted* run : evicted) {
    base::put_varint(out, run->traces.size());
    for (const base::TraceId& id : run->traces) base::put_fixed(out, id.bytes);
    base::put_varint(out, run->keys.size());
    for (const auto& [key, id] : run->keys) {
      base::put_fixed(out, key);
      base::put_fixed(out, id.bytes);
    }
  }
  base::put_varint(out, silent_ring_.size());
  for (const std::uint64_t hash : silent_ring_) base::put_fixed(out, hash);
  base::put_fixed(out, silent_forgot_);
  base::put_fixed(out, stats_.spans);
  base::put_fixed(out, stats_.fact_spans);
  base::put_fixed(out, stats_.duplicates);
  base::put_fixed(out, stats_.evictions_total);
  base::put_fixed(out, stats_.rehydrations_total);
  base::put_fixed(out, stats_.dropped_spans);
}

bool RunSet::load(std::string_view& bytes) {
  base::ByteReader in(bytes);
  bool ok = true;
  for (std::uint64_t left = in.varint(); left > 0 && ok && in.ok(); --left) {
    base::TraceId id;
    id.bytes = in.fixed<decltype(id.bytes)>();
    Trace& trace = trace_for(id);
    for (std::uint64_t more = in.varint(); more > 0 && ok && in.ok(); --more) {
      std::string_view fact_bytes = in.bytes();
      SpanFact fact;
      ok = in.ok() && read_fact(fact_bytes, fact);
      if (ok) put_fact(trace, std::move(fact));
    }
    ok = ok && take_events(in, id, trace.events);
  }
  for (std::uint64_t left = in.varint(); left > 0 && ok && in.ok(); --left) {
    auto run = std::make_shared<Evicted>();
    for (std::uint64_t more = in.varint(); more > 0 && in.ok(); --more) {
      base::TraceId id;
      id.bytes = in.fixed<decltype(id.bytes)>();
      run->traces.push_back(id);
      evicted_[id] = run;
    }
    for (std::uint64_t more = in.varint(); more > 0 && in.ok(); --more) {
      const auto key = in.fixed<std::uint64_t>();
      base::TraceId id;
      id.bytes = in.fixed<decltype(id.bytes)>();
      run->keys.emplace_back(key, id);
      by_key_[key].insert(id);
    }
    ok = !run->traces.empty();
    ++stats_.evicted_runs;
  }
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const auto hash = in.fixed<std::uint64_t>();
    silent_ring_.push_back(hash);
    silent_.insert(hash);
  }
  silent_forgot_ = in.fixed<std::uint8_t>() != 0;
  stats_.spans = in.fixed<std::int64_t>();
  stats_.fact_spans = in.fixed<std::int64_t>();
  stats_.duplicates = in.fixed<std::int64_t>();
  stats_.evictions_total = in.fixed<std::int64_t>();
  stats_.rehydrations_total = in.fixed<std::int64_t>();
  stats_.dropped_spans = in.fixed<std::int64_t>();
  if (!ok || !in.ok()) return false;
  bytes.remove_prefix(bytes.size() - in.remaining());
  // The figures hold these runs already: evaluate them without telling anybody.
  flush(nullptr);
  return true;
}

}  // namespace honeyguide::agents
