#include "server/culprit_book.h"

#include <algorithm>

namespace honeyguide::server {
namespace {

using alerts::Alert;

bool names_its_agents(const Alert& alert) {
  return alert.finding.kind == alerts::AlertKind::kCondition && !alert.finding.agents.empty() &&
         alert.finding.agents.size() <= traces::kCulpritsMax;
}

std::string summary_of(const Alert& alert) {
  for (const auto& [name, text] : alert.finding.annotations) {
    if (name == "summary") return text;
  }
  return "the alert names it";
}

}  // namespace

LikelyCulprits CulpritBook::of(store::TenantId tenant, const Alert& alert) {
  const std::pair key{tenant, alert.id};
  const bool resolved = alert.resolved != 0;
  const std::int64_t now = clock_.steady_ns();
  {
    base::MutexLock lock(mutex_);
    const auto found = known_.find(key);
    if (found != known_.end() && found->second.resolved == resolved &&
        (resolved || now - found->second.made < kCulpritsAgeNsMax)) {
      return found->second.answer;
    }
  }
  LikelyCulprits answer = find(tenant, alert);
  base::MutexLock lock(mutex_);
  if (known_.size() >= kCulpritAnswersMax) known_.clear();
  known_[key] = {now, resolved, answer};
  return answer;
}

LikelyCulprits CulpritBook::find(store::TenantId tenant, const Alert& alert) const {
  LikelyCulprits out;
  if (names_its_agents(alert)) {
    for (const std::string& agent : alert.finding.agents) {
      out.rows.push_back({agent,
                          true,
                          alert.finding.confidence_percent / 100.0,
                          {summary_of(alert)},
                          alert.finding.trace_id});
    }
  }
  const engine::Analytics& analytics = engine_.analytics();
  store::ReadBudget budget;
  budget.bytes_max = kCulpritsBytesMax;
  budget.deadline_steady_ns = clock_.steady_ns() + kCulpritsDeadlineNs;
  const base::UnixNanos onset = alert.finding.since != 0 ? alert.finding.since : alert.since;
  const auto found = engine::culprits_of(
      {traces_, analytics.conventions(), analytics.prices(), &analytics.limits()}, series_,
      {tenant, onset, alert.resolved, engine::incident_kind(alert.finding.measure)}, clock_.now(),
      budget);
  if (!found) {
    out.partial = store::Partial::kDamaged;
    return out;
  }
  out.partial = found->partial;
  for (const traces::Culprit& culprit : found->culprits) {
    if (out.rows.size() >= traces::kCulpritsMax) break;
    const bool named = std::any_of(out.rows.begin(), out.rows.end(),
                                   [&](const auto& row) { return row.label == culprit.label; });
    if (named) continue;
    out.rows.push_back({culprit.label, found->agents.contains(culprit.label), culprit.suspicion,
                        culprit.evidence,
                        culprit.exemplar == base::TraceId{} ? "" : culprit.exemplar.to_hex()});
  }
  return out;
}

void write_culprits(base::JsonWriter& json, const LikelyCulprits& culprits, const SlotOf& slots) {
  json.key("culprits").begin_array();
  for (const LikelyCulprit& row : culprits.rows) {
    json.begin_object().key("agent");
    if (row.agent) {
      write_agent(json, row.label, slots);
    } else {
      json.null();
    }
    json.field("confidence_ratio", row.confidence).key("sentence");
    std::string text = row.agent ? "" : "service " + row.label + ": ";
    bool first = true;
    for (const std::string& one : row.evidence) {
      text += (first ? "" : "; ") + one;
      first = false;
    }
    Sentence().text(text).write(json, slots);
    json.key("trace_id");
    if (row.trace_id.empty()) {
      json.null();
    } else {
      json.value(row.trace_id);
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace honeyguide::server
