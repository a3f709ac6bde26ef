#include "watch/agent_watch.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::watch {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint32_t kPausesKnown = 1000;  // before silence can be told from a habit
constexpr std::int64_t kPauseFactor = 3;
constexpr double kLongestKeptADay = 0.8;
constexpr int kReasonsMax = 4;
constexpr float kShareMin = 0.1F;

struct Figure {
  std::string_view series;
  std::string_view name;
};
constexpr Figure kFigures[kAgentFigures] = {
    {"honeyguide_agent_task_throughput_per_hour", "throughput"},
    {"honeyguide_agent_task_success_ratio", "success"},
    {"honeyguide_agent_task_duration_seconds", "duration"},
    {"honeyguide_agent_call_error_ratio", "errors"},
    {"honeyguide_agent_tokens_per_hour", "tokens"},
    {"honeyguide_agent_cost_usd_per_hour", "cost"},
    {"honeyguide_agent_utilization_ratio", "utilization"},
    {"honeyguide_agent_waiting_seconds_total", "waiting"},
};

constexpr int kWaiting = 7;

int figure_of(std::string_view series) {
  for (int i = 0; i < kAgentFigures; ++i) {
    if (kFigures[i].series == series) return i;
  }
  return -1;
}

telemetry::SeriesKey key_of(const std::string& subject) {
  const bool agent = subject.starts_with("a:");
  return {agent ? "agent" : "service", {{agent ? "agent" : "service.name", subject.substr(2)}}};
}

std::string state_id(store::TenantId tenant, const std::string& subject) {
  std::string bytes;
  base::put_fixed(bytes, tenant);
  bytes += subject;
  return "v/" + std::to_string(base::hash64(bytes));
}

}  // namespace

std::string_view agent_figure_name(int figure) {
  return kFigures[figure].name;
}

AgentWatch::Subject* AgentWatch::subject(store::TenantId tenant, const telemetry::SeriesKey& key,
                                         std::string& name) {
  const std::string_view agent = key.label("agent");
  const std::string_view service = key.label("service.name");
  if (agent.empty() && service.empty()) return nullptr;
  name = agent.empty() ? "s:" + std::string(service) : "a:" + std::string(agent);
  const auto found = subjects_.find({tenant, name});
  if (found != subjects_.end()) return &found->second;
  if (subjects_.size() >= kSubjectsMax) return nullptr;
  Subject& made = subjects_[{tenant, name}];
  made.figures.fill(std::numeric_limits<double>::quiet_NaN());
  made.is_agent = !agent.empty();
  return &made;
}

void AgentWatch::take(const JudgedPoint& point) {
  base::UnixNanos& newest = newest_[point.tenant];
  newest = std::max(newest, point.cell);
  std::string name;
  Subject* found = subject(point.tenant, point.key, name);
  if (found == nullptr) return;
  Subject& of = *found;
  const Key key{point.tenant, name};
  // Zeros that stand for "nothing came" are no sign of life.
  const bool zero = point.kind == telemetry::SeriesKind::kCounter && point.value == 0;
  if (!zero) note_presence(of, point.cell, point.history);
  const base::UnixNanos cell = point.cell - point.cell % base::kNanosPerMinute;
  if (cell <= of.judged && of.judged != 0) return;
  if (of.cell != 0 && cell > of.cell) judge(key, of);
  if (cell > of.cell) {
    of.cell = cell;
    of.history = point.history;
  }
  if (point.judgement.judged) {
    of.lowest_p = std::min(of.lowest_p, point.judgement.p);
    ++of.judgements;
  }
  const int figure = of.is_agent ? figure_of(point.key.name) : -1;
  if (figure >= 0) of.figures[static_cast<std::size_t>(figure)] = point.value;
}

void AgentWatch::judge(const Key& key, Subject& of) {
  const bool any = std::any_of(of.figures.begin(), of.figures.end(),
                               [](double figure) { return std::isfinite(figure); });
  const detect::AlarmLimits limits = limits_of_step(base::kNanosPerMinute);
  // Who did not wait has no such series: that is a zero.
  if (any && !std::isfinite(of.figures[kWaiting])) of.figures[kWaiting] = 0;
  detect::VectorJudgement now;
  if (any) {
    now = of.detector.observe(static_cast<double>(of.cell) / 1e9, of.figures, limits);
    if (now.judged) {
      of.lowest_p = std::min(of.lowest_p, now.p);
      ++of.judgements;
    }
  }
  of.surprise = 1 - std::min(1.0, of.judgements * of.lowest_p);
  of.lowest_p = 1;
  of.judgements = 0;
  of.judged = of.cell;
  of.last = now;
  of.changed = true;
  Anomaly* open = of.open_id.empty() ? nullptr : book_.find(of.open_id);
  if (now.opened && !of.history && now.oddest >= 0) {
    open_odd(key, of, limits.open);
  } else if (now.closed && open != nullptr) {
    open->end = of.cell;
    open->refractory_until = of.cell + limits.quiet_rows * base::kNanosPerMinute;
    book_.touch(open->id);
    of.open_id.clear();
  }
  of.figures.fill(std::numeric_limits<double>::quiet_NaN());
}

void AgentWatch::open_odd(const Key& key, Subject& of, double bar) {
  const detect::VectorJudgement& now = of.last;
  const auto oddest = static_cast<std::size_t>(now.oddest);
  Anomaly made;
  made.tenant = key.first;
  made.kind = AnomalyKind::kAgent;
  made.key = key_of(key.second);
  made.agent = key.second.substr(2);
  made.id = anomaly_id(key.first, made.key.id(), of.cell);
  if (const Anomaly* known = book_.find(made.id)) made = *known;
  made.end = made.refractory_until = 0;
  made.onset = made.peak = of.cell;
  made.step_ns = base::kNanosPerMinute;
  made.bar = bar;
  made.p = now.p;
  made.value = of.figures[oddest];
  made.expected = made.expected_low = made.expected_high = now.expected[oddest];
  made.up = now.deviation[oddest] > 0;
  made.reasons.clear();
  for (int i = 0; i < kAgentFigures; ++i) {
    const float share = now.share[static_cast<std::size_t>(i)];
    if (share >= kShareMin) made.reasons.push_back({std::string(kFigures[i].name), share});
  }
  std::sort(made.reasons.begin(), made.reasons.end(),
            [](const Reason& a, const Reason& b) { return a.weight > b.weight; });
  if (made.reasons.size() > kReasonsMax) made.reasons.resize(kReasonsMax);
  of.open_id = made.id;
  book_.put(std::move(made));
}

void AgentWatch::note_presence(Subject& of, base::UnixNanos time, bool history) {
  if (time <= of.seen) return;
  if (of.seen != 0) {
    of.longest_ns = std::max(of.longest_ns, time - of.seen);
    ++of.pauses;
  }
  if (time - of.aged >= base::kNanosPerDay) {
    if (of.aged != 0) {
      of.longest_ns =
          static_cast<std::int64_t>(static_cast<double>(of.longest_ns) * kLongestKeptADay);
    }
    of.aged = time;
  }
  of.seen = time;
  of.changed = true;
  if (of.silence_id.empty() || history) return;
  if (Anomaly* silence = book_.find(of.silence_id)) {
    silence->end = silence->refractory_until = time;
    book_.touch(silence->id);
  }
  of.silence_id.clear();
}

void AgentWatch::open_silence(const Key& key, Subject& of) {
  Anomaly made;
  made.tenant = key.first;
  made.kind = AnomalyKind::kAbsence;
  made.key = key_of(key.second);
  if (of.is_agent) made.agent = key.second.substr(2);
  made.onset = of.seen;
  made.id = anomaly_id(key.first, made.key.id() ^ 1, of.seen);
  if (const Anomaly* known = book_.find(made.id)) made = *known;
  made.end = 0;
  made.peak = newest_[key.first];
  made.step_ns = base::kNanosPerMinute;
  // The chance that the next pause is longer than all before it.
  made.p = 1.0 / (of.pauses + 1.0);
  made.value = static_cast<double>(newest_[key.first] - of.seen) / 1e9;
  made.expected = 0;
  made.expected_high = static_cast<double>(of.longest_ns) / 1e9;
  made.up = true;
  made.reasons = {{"absence", -std::log10(made.p)}};
  of.silence_id = made.id;
  of.changed = true;
  book_.put(std::move(made));
}

void AgentWatch::tick() {
  for (auto& [key, of] : subjects_) {
    // Against the newest point of the tenant: where nothing comes at all, nobody is told apart.
    const std::int64_t silent = newest_[key.first] - of.seen;
    if (of.seen == 0 || silent < std::max(kSilenceMinNs, kPauseFactor * of.longest_ns)) continue;
    if (of.cell > of.judged) judge(key, of);
    of.surprise = 0;
    if (of.silence_id.empty() && of.pauses >= kPausesKnown) open_silence(key, of);
  }
}

void AgentWatch::rewind(base::UnixNanos now) {
  for (auto& [key, of] : subjects_) {
    of.judged = std::min(of.judged, now);
    of.cell = std::min(of.cell, now);
    of.seen = std::min(of.seen, now);
    of.aged = std::min(of.aged, now);
  }
  for (auto& [tenant, newest] : newest_) newest = std::min(newest, now);
}

base::Result<void> AgentWatch::opine(const Anomaly& anomaly, Opinion before, Opinion after) {
  const std::string name =
      (anomaly.agent.empty() ? "s:" : "a:") +
      (anomaly.agent.empty() ? std::string(anomaly.key.label("service.name")) : anomaly.agent);
  const auto found = subjects_.find({anomaly.tenant, name});
  if (found == subjects_.end()) {
    return base::Error{base::ErrorCode::kNotFound, "this agent is not watched any more"};
  }
  Subject& of = found->second;
  of.changed = true;
  if (anomaly.kind == AnomalyKind::kAbsence) {
    // Not strange: such a pause is usual from now on.
    if (after == Opinion::kNotAnomaly) {
      of.longest_ns = std::max(of.longest_ns, static_cast<std::int64_t>(anomaly.value * 1e9));
    }
    return {};
  }
  const auto verdict = [](Opinion opinion) {
    return opinion == Opinion::kAnomaly ? detect::Verdict::kThumbsUp : detect::Verdict::kThumbsDown;
  };
  if (before != Opinion::kNone) of.detector.withdraw(verdict(before));
  if (after != Opinion::kNone) {
    of.detector.feedback(verdict(after), static_cast<double>(anomaly.opinion_until) / 1e9);
  }
  return {};
}

bool AgentWatch::state(store::TenantId tenant, const std::string& agent, AgentState& out) const {
  const auto found = subjects_.find({tenant, "a:" + agent});
  if (found == subjects_.end()) return false;
  out.judgement = found->second.last;
  out.judged = found->second.judged;
  out.surprise = found->second.surprise;
  out.cold = found->second.pauses < detect::VectorDetector::kColdPoints;
  return true;
}

std::string AgentWatch::encode(const Key& key, const Subject& of) {
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  base::put_fixed(out, key.first);
  base::put_bytes(out, key.second);
  for (const std::int64_t time : {of.cell, of.judged, of.seen, of.longest_ns, of.aged}) {
    base::put_fixed(out, time);
  }
  base::put_fixed(out, of.figures);
  base::put_fixed(out, of.lowest_p);
  base::put_fixed(out, of.judgements);
  base::put_fixed(out, of.pauses);
  base::put_bytes(out, of.open_id);
  base::put_bytes(out, of.silence_id);
  base::put_bytes(out, of.detector.save());
  base::put_fixed(out, base::hash64(out));
  return out;
}

bool AgentWatch::load(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check(bytes.substr(body.size()));
  if (check.fixed<std::uint64_t>() != base::hash64(body)) return false;
  base::ByteReader reader(body);
  if (reader.fixed<std::uint8_t>() != kVersion) return false;
  Key key;
  key.first = reader.fixed<store::TenantId>();
  key.second = reader.bytes();
  Subject of;
  of.is_agent = key.second.starts_with("a:");
  for (std::int64_t* time : {&of.cell, &of.judged, &of.seen, &of.longest_ns, &of.aged}) {
    *time = reader.fixed<std::int64_t>();
  }
  of.figures = reader.fixed<std::array<double, kAgentFigures>>();
  of.lowest_p = reader.fixed<double>();
  of.judgements = reader.fixed<int>();
  of.pauses = reader.fixed<std::uint32_t>();
  of.open_id = reader.bytes();
  of.silence_id = reader.bytes();
  const auto detector = detect::VectorDetector::load(reader.bytes());
  if (!reader.ok() || !detector || key.second.size() < 2) return false;
  of.detector = *detector;
  base::UnixNanos& newest = newest_[key.first];
  newest = std::max(newest, of.seen);
  subjects_[key] = std::move(of);
  return true;
}

void AgentWatch::collect_changes(std::vector<store::StateChange>& out) {
  collected_.clear();
  for (auto& [key, of] : subjects_) {
    if (!of.changed) continue;
    collected_.push_back(&of);
    out.push_back({store::StateKind::kDetector, state_id(key.first, key.second), encode(key, of)});
  }
  for (const std::string& id : removed_) {
    out.push_back({store::StateKind::kDetector, id, std::nullopt});
  }
}

void AgentWatch::stored() {
  for (Subject* of : collected_) of->changed = false;
  collected_.clear();
  removed_.clear();
}

void AgentWatch::clear() {
  for (const auto& [key, of] : subjects_) removed_.push_back(state_id(key.first, key.second));
  subjects_.clear();
  newest_.clear();
  collected_.clear();
}

}  // namespace honeyguide::watch
