#include "watch/anomaly_book.h"

#include <algorithm>
#include <cmath>

namespace honeyguide::watch {
namespace {

constexpr double kSimilarLog2 = 1;  // sizes within a factor of two

std::uint64_t subject_of(const Anomaly& anomaly) {
  return anomaly.key.id() ^ (static_cast<std::uint64_t>(anomaly.tenant) * 0x9e3779b97f4a7c15u) ^
         static_cast<std::uint64_t>(anomaly.kind);
}

bool similar(const Anomaly& a, const Anomaly& b) {
  if (a.up != b.up || a.reasons.empty() || b.reasons.empty()) return false;
  if (a.reasons.front().name != b.reasons.front().name) return false;
  const double size_a = std::max(std::abs(a.value - a.expected), 1e-300);
  const double size_b = std::max(std::abs(b.value - b.expected), 1e-300);
  return std::abs(std::log2(size_a / size_b)) <= kSimilarLog2;
}

}  // namespace

std::string anomaly_state_id(const std::string& id) {
  return "a/" + id;
}

void AnomalyBook::index(const Anomaly& anomaly) {
  by_onset_.emplace(anomaly.onset, anomaly.id);
  by_subject_[subject_of(anomaly)].emplace(anomaly.onset, anomaly.id);
}

void AnomalyBook::put(Anomaly anomaly) {
  const auto found = by_id_.find(anomaly.id);
  changed_.insert(anomaly.id);
  removed_.erase(anomaly.id);
  if (found == by_id_.end()) {
    if (by_id_.size() >= kAnomaliesMax) drop_oldest();
    index(anomaly);
    opened_.push_back(anomaly.id);
  }
  anomaly.similar.clear();
  const auto& past = by_subject_[subject_of(anomaly)];
  for (auto at = past.rbegin(); at != past.rend() && anomaly.similar.size() < kSimilarMax; ++at) {
    if (at->first >= anomaly.onset) continue;
    if (similar(by_id_.at(at->second), anomaly)) anomaly.similar.push_back(at->second);
  }
  by_id_[anomaly.id] = std::move(anomaly);
}

Anomaly* AnomalyBook::find(const std::string& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

void AnomalyBook::drop_oldest() {
  const auto oldest = by_onset_.begin();
  const std::string id = oldest->second;
  const auto found = by_id_.find(id);
  auto& ids = by_subject_[subject_of(found->second)];
  ids.erase(*oldest);
  if (ids.empty()) by_subject_.erase(subject_of(found->second));
  by_id_.erase(found);
  by_onset_.erase(oldest);
  changed_.erase(id);
  removed_.insert(id);
}

std::vector<Anomaly> AnomalyBook::list(store::TenantId tenant, const AnomalyFilter& filter) const {
  std::vector<Anomaly> out;
  for (auto at = by_onset_.rbegin(); at != by_onset_.rend(); ++at) {
    const Anomaly& anomaly = by_id_.at(at->second);
    if (anomaly.tenant != tenant || anomaly.onset >= filter.end) continue;
    if (anomaly.end != 0 && (filter.open_only || anomaly.end < filter.begin)) continue;
    if (!filter.agent.empty() && anomaly.agent != filter.agent) continue;
    if (!filter.metric.empty() && anomaly.key.name != filter.metric) continue;
    out.push_back(anomaly);
  }
  return out;
}

std::size_t AnomalyBook::open_count(store::TenantId tenant) const {
  return static_cast<std::size_t>(std::count_if(
      by_id_.begin(), by_id_.end(),
      [&](const auto& entry) { return entry.second.tenant == tenant && entry.second.end == 0; }));
}

std::vector<std::string> AnomalyBook::take_opened() {
  return std::exchange(opened_, {});
}

void AnomalyBook::collect_changes(std::vector<store::StateChange>& out) const {
  for (const std::string& id : changed_) {
    out.push_back({store::StateKind::kDetector, anomaly_state_id(id), encode(by_id_.at(id))});
  }
  for (const std::string& id : removed_) {
    out.push_back({store::StateKind::kDetector, anomaly_state_id(id), std::nullopt});
  }
}

void AnomalyBook::stored() {
  changed_.clear();
  removed_.clear();
}

void AnomalyBook::load(Anomaly anomaly) {
  if (by_id_.contains(anomaly.id) || by_id_.size() >= kAnomaliesMax) return;
  index(anomaly);
  by_id_[anomaly.id] = std::move(anomaly);
}

void AnomalyBook::clear() {
  for (const auto& [id, anomaly] : by_id_) removed_.insert(id);
  by_id_.clear();
  by_onset_.clear();
  by_subject_.clear();
  changed_.clear();
}

}  // namespace honeyguide::watch
