#include "watch/breach_watch.h"

#include <algorithm>
#include <cstdio>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::watch {
namespace {

constexpr std::uint8_t kVersion = 1;

std::uint64_t key_hash(store::TenantId tenant, std::uint64_t series, const std::string& target) {
  std::string bytes;
  base::put_fixed(bytes, tenant);
  base::put_fixed(bytes, series);
  bytes += target;
  return base::hash64(bytes);
}

std::string state_id(std::uint64_t hash) {
  return "f/" + std::to_string(hash);
}

std::string target_name(const BreachTarget& target) {
  return target.metric + (target.below ? "<" : ">") + std::to_string(target.threshold) + "@" +
         std::to_string(target.horizon_ns);
}

void put_target(std::string& out, const BreachTarget& target) {
  base::put_bytes(out, target.metric);
  base::put_fixed(out, target.threshold);
  base::put_fixed(out, target.below);
  base::put_fixed(out, target.horizon_ns);
  base::put_bytes(out, target.metric_class);
}

BreachTarget read_target(base::ByteReader& reader) {
  BreachTarget out;
  out.metric = reader.bytes();
  out.threshold = reader.fixed<double>();
  out.below = reader.fixed<bool>();
  out.horizon_ns = reader.fixed<std::int64_t>();
  out.metric_class = reader.bytes();
  return out;
}

}  // namespace

std::vector<BreachTarget> default_targets() {
  constexpr std::int64_t kHour = base::kNanosPerHour;
  return {
      {"honeyguide_system_cpu_percent", 95, false, kHour, "resource"},
      {"honeyguide_system_memory_percent", 95, false, 4 * kHour, "resource"},
      {"honeyguide_system_disk_percent", 98, false, 24 * kHour, "resource"},
      {"honeyguide_agent_task_throughput_per_hour", 2, true, kHour, "throughput"},
      {"honeyguide_agent_call_error_ratio", 0.1, false, kHour, "error_rate"},
      {"honeyguide_budget_spent_ratio", 1, false, 6 * kHour, "budget"},
  };
}

BreachWatch::BreachWatch(std::vector<BreachTarget> targets) : targets_(std::move(targets)) {}

BreachWatch::Entry* BreachWatch::entry(const Key& key, const JudgedPoint& point,
                                       const BreachTarget& target) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return &found->second;
  if (entries_.size() >= kForecastersMax) {
    ++refused_;
    return nullptr;
  }
  detect::ForecastOptions options;
  options.threshold = target.threshold;
  options.below = target.below;
  options.horizon_s = static_cast<double>(target.horizon_ns) / 1e9;
  auto forecaster = detect::BreachForecaster::create(options);
  if (!forecaster) return nullptr;
  Entry made{point.key, target, std::move(forecaster).value(),
             detect::ForecastScorer(options.horizon_s)};
  return &entries_.emplace(key, std::move(made)).first->second;
}

void BreachWatch::observe(Entry& of, base::UnixNanos at, double value) {
  const double time_s = static_cast<double>(at) / 1e9;
  const bool alerted = of.last.alert;
  of.last = of.forecaster.observe(time_s, value);
  of.scorer.observe(time_s, of.last);
  if (of.last.alert && !alerted) of.since = at;
  of.value = value;
  of.at = at;
  of.changed = true;
}

void BreachWatch::take(const JudgedPoint& point) {
  const base::UnixNanos at = point.cell + point.step_ns;
  for (const BreachTarget& target : targets_) {
    if (target.metric != point.key.name) continue;
    Entry* of = entry({point.tenant, point.key.id(), target_name(target)}, point, target);
    if (of != nullptr && at > of->at) observe(*of, at, point.value);
  }
}

void BreachWatch::rewind(base::UnixNanos now) {
  for (auto& [key, of] : entries_) of.at = std::min(of.at, now);
}

Prediction BreachWatch::prediction_of(const Key& key, const Entry& of) {
  char id[24];
  std::snprintf(id, sizeof(id), "pr-%016llx",
                static_cast<unsigned long long>(
                    key_hash(std::get<0>(key), std::get<1>(key), std::get<2>(key))));
  return {id,       of.key, std::string(of.key.label("agent")), of.target, of.since, of.at,
          of.value, of.last};
}

std::vector<Prediction> BreachWatch::all(store::TenantId tenant) const {
  std::vector<Prediction> out;
  for (const auto& [key, of] : entries_) {
    if (std::get<0>(key) == tenant) out.push_back(prediction_of(key, of));
  }
  return out;
}

std::vector<Prediction> BreachWatch::predictions(store::TenantId tenant) const {
  std::vector<Prediction> out = all(tenant);
  std::erase_if(out, [](const Prediction& prediction) { return !prediction.forecast.alert; });
  std::sort(out.begin(), out.end(), [](const Prediction& a, const Prediction& b) {
    if (a.forecast.eta_q50_s != b.forecast.eta_q50_s) {
      return a.forecast.eta_q50_s < b.forecast.eta_q50_s;
    }
    return a.id < b.id;
  });
  return out;
}

std::vector<ClassAccuracy> BreachWatch::accuracy(store::TenantId tenant) const {
  std::map<std::string, ClassAccuracy> by_class;
  for (const auto& [key, of] : entries_) {
    if (std::get<0>(key) != tenant) continue;
    ClassAccuracy& sum = by_class[of.target.metric_class];
    sum.metric_class = of.target.metric_class;
    ++sum.series;
    sum.pending += of.scorer.pending();
    sum.accuracy += of.scorer.accuracy();
  }
  std::vector<ClassAccuracy> out;
  for (auto& [name, sum] : by_class) out.push_back(std::move(sum));
  return out;
}

std::string BreachWatch::encode(const Key& key, const Entry& of) {
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  base::put_fixed(out, std::get<0>(key));
  base::put_fixed(out, std::get<1>(key));
  base::put_bytes(out, std::get<2>(key));
  put_key(out, of.key);
  put_target(out, of.target);
  base::put_bytes(out, of.forecaster.save());
  base::put_bytes(out, of.scorer.save());
  for (const double number : {of.last.p_breach, of.last.eta_q10_s, of.last.eta_q50_s,
                              of.last.eta_q90_s, of.last.expected_peak, of.value}) {
    base::put_fixed(out, number);
  }
  base::put_fixed(out, of.last.alert);
  base::put_fixed(out, of.last.breached);
  for (const base::UnixNanos time : {of.at, of.since}) base::put_fixed(out, time);
  base::put_fixed(out, base::hash64(out));
  return out;
}

bool BreachWatch::load(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check(bytes.substr(body.size()));
  if (check.fixed<std::uint64_t>() != base::hash64(body)) return false;
  base::ByteReader reader(body);
  if (reader.fixed<std::uint8_t>() != kVersion) return false;
  const auto tenant = reader.fixed<store::TenantId>();
  const auto series = reader.fixed<std::uint64_t>();
  std::string name(reader.bytes());
  telemetry::SeriesKey key = read_key(reader);
  BreachTarget target = read_target(reader);
  auto forecaster = detect::BreachForecaster::load(reader.bytes());
  auto scorer = detect::ForecastScorer::load(reader.bytes());
  if (!forecaster || !scorer) return false;
  Entry of{std::move(key), std::move(target), std::move(forecaster).value(),
           std::move(scorer).value()};
  for (double* number : {&of.last.p_breach, &of.last.eta_q10_s, &of.last.eta_q50_s,
                         &of.last.eta_q90_s, &of.last.expected_peak, &of.value}) {
    *number = reader.fixed<double>();
  }
  of.last.alert = reader.fixed<bool>();
  of.last.breached = reader.fixed<bool>();
  for (base::UnixNanos* time : {&of.at, &of.since}) {
    *time = reader.fixed<base::UnixNanos>();
  }
  if (!reader.ok() || !reader.at_end()) return false;
  entries_.insert_or_assign(Key{tenant, series, std::move(name)}, std::move(of));
  return true;
}

void BreachWatch::collect_changes(std::uint64_t slot, std::uint64_t slots,
                                  std::vector<store::StateChange>& out) {
  collected_.clear();
  for (auto& [key, of] : entries_) {
    if (!of.changed || of.key.id() % slots != slot) continue;
    collected_.push_back(&of);
    const auto& [tenant, series, name] = key;
    out.push_back(
        {store::StateKind::kForecast, state_id(key_hash(tenant, series, name)), encode(key, of)});
  }
  for (const std::string& id : removed_) {
    out.push_back({store::StateKind::kForecast, id, std::nullopt});
  }
}

void BreachWatch::stored() {
  for (Entry* of : collected_) of->changed = false;
  collected_.clear();
  removed_.clear();
}

void BreachWatch::clear() {
  for (const auto& [key, of] : entries_) {
    const auto& [tenant, series, name] = key;
    removed_.push_back(state_id(key_hash(tenant, series, name)));
  }
  entries_.clear();
  collected_.clear();
}

}  // namespace honeyguide::watch
