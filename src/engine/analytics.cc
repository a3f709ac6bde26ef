#include "engine/analytics.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/strings.h"

namespace honeyguide::engine {
namespace {

using base::Result;

constexpr std::uint32_t kShard = 0;
// A checkpoint's state goes into values of this size; the store takes up to 16 MiB a value.
constexpr std::size_t kChunkBytes = 4u << 20;
constexpr std::uint32_t kChunksMax = 1u << 20;
constexpr int kRehydrateAttempts = 3;

// "00000003/00000001": sorted by tenant, then chunk.
std::string chunk_id(store::TenantId tenant, std::size_t chunk) {
  std::string tenant_text = std::to_string(tenant);
  std::string chunk_text = std::to_string(chunk);
  tenant_text.insert(0, 8 - std::min<std::size_t>(8, tenant_text.size()), '0');
  chunk_text.insert(0, 8 - std::min<std::size_t>(8, chunk_text.size()), '0');
  return tenant_text + "/" + chunk_text;
}

base::UnixNanos newest_end(const store::CommittedBatch& batch) {
  base::UnixNanos newest = 0;
  if (batch.spans) {
    for (const auto& span : batch.spans->spans()) {
      newest = std::max({newest, span.start, span.end});
    }
  }
  if (batch.logs) {
    for (const auto& record : batch.logs->records) {
      newest = std::max(newest, record.effective_time());
    }
  }
  return newest;
}

// The same for two runs of the program exactly if they make the same figures of the same spans.
AnalyticsOptions with_meaning(AnalyticsOptions options) {
  std::string all = std::to_string(agents::kConventionTableVersion) + "\n" +
                    std::string(agents::PriceTable::builtin().date());
  const auto add = [&all](std::string_view text) {
    all += '\n';
    all += text;
  };
  for (const agents::MappingOverride& line : options.mappings) {
    for (const std::string& part : {line.attribute, line.field, line.value, line.role}) add(part);
  }
  for (const auto& [model, price] : options.prices) {
    add(model);
    for (const auto nano : {price.input_nano, price.cached_nano, price.output_nano}) {
      add(std::to_string(nano));
    }
  }
  const agents::RunLimits& limits = options.metrics.set.limits;
  add(limits.split_by_service ? "service" : "name");
  for (const auto& [agent, team] : limits.teams) add(agent + "\t" + team);
  for (const auto number :
       {limits.loop_repeats_min, limits.ping_pong_min, limits.conflict_timeout_ns}) {
    add(std::to_string(number));
  }
  for (const agents::BudgetRule& rule : options.metrics.budgets) {
    add(rule.name + "\t" + std::to_string(rule.period_ns));
    for (const auto& [label, value] : rule.selector) add(label + "\t" + value);
  }
  options.metrics.meaning = std::to_string(base::hash64(all));
  return options;
}

}  // namespace

Result<std::unique_ptr<Analytics>> Analytics::create(AnalyticsOptions options,
                                                     store::TraceStore& traces,
                                                     store::SeriesStore& series,
                                                     store::StateStore& state, base::LogSink log) {
  HG_ASSIGN_OR_RETURN(auto conventions, agents::Conventions::create(options.mappings));
  return std::unique_ptr<Analytics>(new Analytics(std::move(options), std::move(conventions),
                                                  traces, series, state, std::move(log)));
}

Analytics::Analytics(AnalyticsOptions options, agents::Conventions conventions,
                     store::TraceStore& traces, store::SeriesStore& series,
                     store::StateStore& state, base::LogSink log)
    : options_(with_meaning(std::move(options))),
      conventions_(std::move(conventions)),
      prices_(agents::PriceTable::builtin()),
      traces_(traces),
      series_(series),
      state_(state),
      log_(std::move(log)) {
  for (const auto& [model, price] : options_.prices) prices_.set(model, price);
}

Analytics::Tenant* Analytics::tenant(store::TenantId id) {
  const auto found = tenants_.find(id);
  if (found != tenants_.end()) return &found->second;
  if (tenants_.size() >= kAnalysedTenantsMax) {
    if (refused_tenants_++ == 0) {
      log_(base::LogLevel::kWarning, "more than " + std::to_string(kAnalysedTenantsMax) +
                                         " tenants; further ones are stored, not analysed");
    }
    return nullptr;
  }
  Tenant& made = tenants_[id];
  const auto load_trace = [this, id](const base::TraceId& trace_id) {
    store::ReadTraceOptions read;
    read.budget.bytes_max = options_.rehydrate_bytes_max;
    std::vector<telemetry::SpanBatchPtr> batches;
    for (int attempt = 1;; ++attempt) {
      const auto trace = traces_.read_trace(id, trace_id, read);
      if (trace) {
        batches.push_back(trace->spans);
        break;
      }
      if (trace.error().code == base::ErrorCode::kNotFound) break;
      if (attempt < kRehydrateAttempts) continue;
      log_(base::LogLevel::kError,
           "the figures of trace " + trace_id.to_hex() +
               " lack spans that could not be read: " + trace.error().to_string());
      break;
    }
    return batches;
  };
  made.metrics =
      std::make_unique<agents::AgentMetrics>(conventions_, prices_, options_.metrics, load_trace);
  return &made;
}

void Analytics::consume(const store::CommittedBatch& batch) {
  base::MutexLock lock(mutex_);
  Tenant* owner = tenant(batch.tenant);
  if (owner == nullptr) return;
  const base::UnixNanos newest = newest_end(batch);
  const bool history = batch.backfill || batch.arrival - newest > kHistoryAgeNs;
  // History moves the clock of its tenant's figures only as far as its own spans go.
  const base::UnixNanos now = history ? std::max(newest, owner->event_now) : batch.arrival;
  if (batch.spans) owner->metrics->add(*batch.spans, now);
  if (batch.logs) owner->metrics->add(*batch.logs, now);
  owner->dirty = true;
  owner->changed = true;
  if (!history) return;
  owner->event_now = now;
  if (now - owner->flushed >= 10 * base::kNanosPerSecond) flush(batch.tenant, *owner, now, true);
}

void Analytics::tick(base::UnixNanos now) {
  base::MutexLock lock(mutex_);
  for (auto& [id, owner] : tenants_) flush(id, owner, now, false);
}

void Analytics::flush(store::TenantId id, Tenant& owner, base::UnixNanos now, bool history) {
  owner.metrics->flush(now);
  owner.dirty = false;
  owner.flushed = now;
  auto points = owner.metrics->take_points(now);
  if (!points.empty()) {
    owner.changed = true;
    publish(id, owner, points);
    if (listener_.on_points) listener_.on_points(id, std::move(points), history);
  }
  if (listener_.on_flush) listener_.on_flush(id, now, history);
}

void Analytics::publish(store::TenantId id, Tenant& owner,
                        const std::vector<agents::SeriesPoint>& points) {
  std::vector<store::SeriesPoint> out;
  out.reserve(points.size());
  for (const agents::SeriesPoint& point : points) {
    const std::uint64_t series = point.key.id();
    if (!owner.registered.contains(series)) {
      const auto registered = series_.register_series(id, {point.key, point.kind, "", ""});
      if (!registered) continue;  // counted by the store: refused_series
      owner.registered.insert(series);
    }
    out.push_back({series, point.point});
  }
  if (const auto written = series_.write(id, out); !written) {
    log_(base::LogLevel::kError, "series were not written: " + written.error().message);
  }
}

Result<void> Analytics::checkpoint(store::Position position) {
  base::MutexLock lock(mutex_);
  if (epoch_ == 0) {
    HG_ASSIGN_OR_RETURN(epoch_, state_.acquire_epoch(kShard));
  }
  store::Checkpoint checkpoint;
  checkpoint.shard = kShard;
  checkpoint.epoch = epoch_;
  checkpoint.position = position;
  std::vector<std::pair<Tenant*, std::size_t>> chunk_counts;
  for (auto& [id, owner] : tenants_) {
    if (!owner.changed) continue;
    std::string bytes;
    owner.metrics->save(bytes);
    // The checksum tells a state whose chunks do not belong together.
    base::put_fixed(bytes, base::hash64(bytes));
    std::size_t chunk = 0;
    for (std::size_t at = 0; at < bytes.size(); at += kChunkBytes, ++chunk) {
      checkpoint.changes.push_back(
          {store::StateKind::kAnalytics, chunk_id(id, chunk), bytes.substr(at, kChunkBytes)});
    }
    for (std::size_t old = chunk; old < owner.chunks; ++old) {
      checkpoint.changes.push_back({store::StateKind::kAnalytics, chunk_id(id, old), std::nullopt});
    }
    chunk_counts.emplace_back(&owner, chunk);
  }
  // Neither the spans that this state knows nor the points that it has published may be younger on
  // disk than the state itself.
  HG_RETURN_IF_ERROR(traces_.sync());
  HG_RETURN_IF_ERROR(series_.sync());
  HG_RETURN_IF_ERROR(state_.checkpoint(checkpoint));
  for (const auto& [owner, chunks] : chunk_counts) {
    owner->chunks = chunks;
    owner->changed = false;
  }
  return {};
}

Result<store::Position> Analytics::restore() {
  base::MutexLock lock(mutex_);
  HG_ASSIGN_OR_RETURN(epoch_, state_.acquire_epoch(kShard));
  HG_ASSIGN_OR_RETURN(const auto positions, state_.positions(kShard));
  if (positions.empty()) return store::Position{};
  const store::Position newest = positions.front().position;
  if (newest > traces_.last_position()) {
    // The log has lost what was synced, or was put back from an older copy: the state knows spans
    // that are gone.
    log_(base::LogLevel::kWarning,
         "the checkpoint is newer than the log; figures are computed again from the stored spans");
    return discard_checkpoint();
  }
  HG_ASSIGN_OR_RETURN(const bool whole, restore_tenants());
  if (whole) return newest;
  log_(base::LogLevel::kWarning,
       "the checkpoint is damaged, or was made under other tables, prices, budgets or agent "
       "settings; figures are computed again from the stored spans");
  tenants_.clear();
  return discard_checkpoint();
}

Result<store::Position> Analytics::discard_checkpoint() {
  // On disk, too, and before the log grows past the position that the old state claims to cover.
  store::Checkpoint nothing;
  nothing.shard = kShard;
  nothing.epoch = epoch_;
  nothing.position = store::Position{};
  HG_ASSIGN_OR_RETURN(const auto chunks,
                      state_.list(kShard, store::StateKind::kAnalytics, "", kChunksMax));
  for (const auto& [id, bytes] : chunks) {
    nothing.changes.push_back({store::StateKind::kAnalytics, id, std::nullopt});
  }
  HG_RETURN_IF_ERROR(state_.checkpoint(nothing));
  return store::Position{};
}

Result<bool> Analytics::restore_tenants() {
  HG_ASSIGN_OR_RETURN(const auto chunks,
                      state_.list(kShard, store::StateKind::kAnalytics, "", kChunksMax));
  std::map<store::TenantId, std::string> states;
  std::map<store::TenantId, std::size_t> counts;
  for (const auto& [id, bytes] : chunks) {
    const auto number = base::parse_uint64(std::string_view(id).substr(0, id.find('/')));
    if (!number) return false;
    states[static_cast<store::TenantId>(*number)] += bytes;
    ++counts[static_cast<store::TenantId>(*number)];
  }
  for (const auto& [id, bytes] : states) {
    if (bytes.size() < sizeof(std::uint64_t)) return false;
    const std::string_view body(bytes.data(), bytes.size() - sizeof(std::uint64_t));
    base::ByteReader tail(std::string_view(bytes).substr(body.size()));
    if (tail.fixed<std::uint64_t>() != base::hash64(body)) return false;
    Tenant* owner = tenant(id);
    if (owner == nullptr || !owner->metrics->load(body)) return false;
    owner->chunks = counts[id];
  }
  return true;
}

void Analytics::read(store::TenantId id, base::UnixNanos now,
                     const std::function<void(const agents::AgentMetrics&)>& read) {
  base::MutexLock lock(mutex_);
  Tenant* owner = tenant(id);
  if (owner == nullptr) {
    const agents::AgentMetrics none(conventions_, prices_, options_.metrics);
    return read(none);
  }
  if (owner->dirty) {
    owner->metrics->flush(now);
    owner->dirty = false;
  }
  read(*owner->metrics);
}

void Analytics::peek(store::TenantId id,
                     const std::function<void(const agents::AgentMetrics&)>& read) {
  base::MutexLock lock(mutex_);
  const auto found = tenants_.find(id);
  if (found != tenants_.end()) read(*found->second.metrics);
}

std::vector<store::TenantId> Analytics::tenants() {
  base::MutexLock lock(mutex_);
  std::vector<store::TenantId> out;
  for (const auto& [id, owner] : tenants_) out.push_back(id);
  return out;
}

std::uint32_t Analytics::agent_slot(store::TenantId id, const std::string& agent) {
  base::MutexLock lock(mutex_);
  const auto wanted = static_cast<std::uint32_t>(base::hash64(agent) % kAgentSlots);
  Tenant* owner = tenant(id);
  if (owner == nullptr) return wanted;
  if (!owner->slots_loaded) load_slots(id, *owner);
  const auto found = owner->slots.find(agent);
  if (found != owner->slots.end()) return found->second;
  if (owner->slots.size() >= kAgentSlots) return wanted;
  bool taken[kAgentSlots] = {};
  for (const auto& [name, slot] : owner->slots) taken[slot] = true;
  std::uint32_t slot = wanted;
  while (taken[slot]) slot = (slot + 1) % kAgentSlots;
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {store::StateKind::kAgentSlot, std::to_string(id) + "/" + agent, std::to_string(slot)});
  if (const auto stored = state_.checkpoint(checkpoint); !stored) return wanted;
  owner->slots[agent] = slot;
  return slot;
}

void Analytics::load_slots(store::TenantId id, Tenant& owner) {
  const std::string prefix = std::to_string(id) + "/";
  const auto stored =
      state_.list(store::kSharedShard, store::StateKind::kAgentSlot, prefix, kAgentSlots);
  if (!stored) return;
  for (const auto& [key, value] : *stored) {
    if (!key.starts_with(prefix)) break;
    const auto slot = base::parse_uint64(value);
    if (slot && *slot < kAgentSlots) {
      owner.slots[key.substr(prefix.size())] = static_cast<std::uint32_t>(*slot);
    }
  }
  owner.slots_loaded = true;
}

Result<void> Analytics::set_thresholds(store::TenantId id, const agents::Thresholds& thresholds) {
  base::MutexLock lock(mutex_);
  Tenant* owner = tenant(id);
  if (owner == nullptr) {
    return base::Error{base::ErrorCode::kResourceExhausted, "this tenant is not analysed"};
  }
  owner->metrics->set_thresholds(thresholds);
  owner->changed = true;
  return {};
}

void Analytics::purge() {
  base::MutexLock lock(mutex_);
  for (auto& [id, owner] : tenants_) {
    owner.metrics = std::make_unique<agents::AgentMetrics>(conventions_, prices_, options_.metrics);
    owner.registered.clear();
    owner.changed = true;
  }
}

}  // namespace honeyguide::engine
