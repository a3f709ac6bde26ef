#include "watch/series_watch.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/series_store.h"

namespace honeyguide::watch {
namespace {

using telemetry::SeriesKind;

constexpr std::uint8_t kVersion = 1;
constexpr std::int64_t kBucketNs = 10 * base::kNanosPerSecond;
constexpr std::string_view kDerivedPrefix = "honeyguide_";
constexpr std::string_view kSystemPrefix = "honeyguide_system_";  // sampled, not windowed
constexpr float kActivityDecay = 0.933F;                          // a minute; half in ten
constexpr float kForgotten = 0.05F;                               // activity of a candidate
constexpr double kOpenDecades = 1;                                // closes that far under the bar
constexpr int kReasonsMax = 4;
constexpr double kReasonFloor = 1.5;  // -log10 p under which a feature explains nothing
constexpr std::size_t kReplacedPerMinuteMax = 1000;

std::uint64_t track_key(store::TenantId tenant, std::uint64_t series) {
  return series ^ (static_cast<std::uint64_t>(tenant) * 0x9e3779b97f4a7c15u);
}

std::string state_id(store::TenantId tenant, std::uint64_t series) {
  char text[40];
  std::snprintf(text, sizeof(text), "s/%08u/%016llx", tenant,
                static_cast<unsigned long long>(series));
  return text;
}

bool is_derived(const telemetry::SeriesKey& key) {
  return key.name.starts_with(kDerivedPrefix) && !key.name.starts_with(kSystemPrefix);
}

std::int64_t floor_to(std::int64_t time, std::int64_t step) {
  const std::int64_t rest = time % step;
  return time - (rest < 0 ? rest + step : rest);
}

double seconds(base::UnixNanos time) {
  return static_cast<double>(time) / 1e9;
}

detect::MetricClass class_of(const telemetry::SeriesKey& key, SeriesKind kind) {
  const detect::MetricClass named = detect::classify_metric(key.name);
  if (kind != SeriesKind::kCounter) {
    // The store keeps the increase of counters, so what is called a total is one no more.
    return named == detect::MetricClass::kCounter ? detect::MetricClass::kGauge : named;
  }
  for (const std::string_view word :
       {"error", "fail", "conflict", "retr", "cancel", "loop", "timed_out"}) {
    if (key.name.find(word) != std::string::npos) return detect::MetricClass::kSparse;
    for (const auto& [label, value] : key.labels) {
      if (label != "agent" && value.find(word) != std::string::npos) {
        return detect::MetricClass::kSparse;
      }
    }
  }
  return detect::MetricClass::kRate;
}

}  // namespace

struct SeriesWatch::Track {
  store::TenantId tenant = 0;
  std::uint64_t series = 0;
  telemetry::SeriesKey key;
  SeriesKind kind = SeriesKind::kGauge;
  bool derived = false;
  std::int64_t grain_ns = kBucketNs;
  detect::SeriesDetector detector;
  // The cell that is filling: the sum of its finished buckets, and the newest bucket.
  base::UnixNanos cell = 0;
  base::UnixNanos bucket = 0;
  double finished = 0;
  double newest = 0;
  bool filling = false;
  bool history = false;
  base::UnixNanos judged = 0;         // cell judged last
  base::UnixNanos value_at = 0;       // cell of the last point that was no filled-in zero
  base::UnixNanos bucket_before = 0;  // the newest bucket of the cells before
  float activity = 0;
  bool changed = false;
  bool urgent = false;  // to be stored with the next checkpoint, whatever its slot
  std::string open_id;
  detect::Judgement last;
  std::array<BandCell, kBandCells> band{};

  double cell_value() const;
};

struct SeriesWatch::Candidate {
  telemetry::SeriesKey key;
  SeriesKind kind = SeriesKind::kGauge;
  store::TenantId tenant = 0;
  float activity = 0;
};

// What a sender counted is spread evenly over the time since its last report, so that reports each
// minute that drift over the minute's edge make no spikes, and neither do reports after a pause.
double SeriesWatch::Track::cell_value() const {
  if (kind != SeriesKind::kCounter) return newest;
  const double sum = finished + newest;
  if (derived || bucket_before == 0 || bucket <= bucket_before) return sum;
  return sum * static_cast<double>(grain_ns) / static_cast<double>(bucket - bucket_before);
}

detect::AlarmLimits limits_of_step(std::int64_t step_ns) {
  const double points = static_cast<double>(base::kNanosPerDay) /
                        static_cast<double>(std::max<std::int64_t>(step_ns, base::kNanosPerSecond));
  detect::AlarmLimits limits;
  limits.open = std::max(3.0, std::log10(points / kFalsePerSeriesDay));
  limits.close = limits.open - kOpenDecades;
  return limits;
}

SeriesWatch::SeriesWatch(AnomalyBook& book, std::size_t detectors_max)
    : book_(book), detectors_max_(detectors_max) {}

SeriesWatch::~SeriesWatch() = default;

SeriesWatch::Track* SeriesWatch::find_or_admit(store::TenantId tenant, const WatchedPoint& point,
                                               std::uint64_t key) {
  const auto found = tracks_.find(key);
  if (found != tracks_.end()) return found->second.get();
  if (tracks_.size() >= detectors_max_) {
    const auto waiting = candidates_.find(key);
    if (waiting != candidates_.end()) {
      waiting->second.activity += 1;
    } else if (candidates_.size() < kCandidatesMax) {
      candidates_.emplace(key, Candidate{point.key, point.kind, tenant, 1});
    }
    return nullptr;
  }
  auto track = std::make_unique<Track>();
  track->tenant = tenant;
  track->series = point.key.id();
  track->key = point.key;
  track->kind = point.kind;
  track->derived = is_derived(point.key);
  const bool minutely = track->derived || point.kind == SeriesKind::kCounter;
  track->grain_ns = minutely ? base::kNanosPerMinute : kBucketNs;
  track->detector = detect::SeriesDetector(class_of(point.key, point.kind));
  ++stats_.admitted_total;
  return tracks_.emplace(key, std::move(track)).first->second.get();
}

void SeriesWatch::take(store::TenantId tenant, const WatchedPoint& point, bool history) {
  if (!std::isfinite(point.point.value) || point.key.name.ends_with(".bucket")) return;
  const std::uint64_t key = track_key(tenant, point.key.id());
  Track* track = find_or_admit(tenant, point, key);
  if (track == nullptr) return;
  track->activity += 1;
  const base::UnixNanos bucket = floor_to(point.point.time, kBucketNs);
  const base::UnixNanos cell = floor_to(bucket, track->grain_ns);
  if (track->derived) {
    base::UnixNanos& until = derived_until_[tenant];
    until = std::max(until, bucket);
  }
  if ((track->judged != 0 && cell <= track->judged) || (track->filling && cell < track->cell)) {
    ++stats_.late_total;
    return;
  }
  if (track->filling && cell > track->cell) close_cell(*track);
  if (!track->filling) {
    track->filling = true;
    track->cell = cell;
    track->bucket = bucket;
    track->finished = 0;
  } else if (bucket > track->bucket) {
    track->finished += track->newest;
    track->bucket = bucket;
  } else if (bucket < track->bucket) {
    ++stats_.late_total;
    return;
  }
  track->newest = point.point.value;
  track->history = history;
}

void SeriesWatch::close_cell(Track& track) {
  track.filling = false;
  fill_zeros(track, track.cell);
  track.value_at = track.cell;
  const double value = track.cell_value();
  track.bucket_before = track.bucket;
  judge(track, track.cell, value);
}

// Minutes in which a counter of spans did not grow, up to `until` (exclusive).
void SeriesWatch::fill_zeros(Track& track, base::UnixNanos until) {
  if (!track.derived || track.kind != SeriesKind::kCounter || track.judged == 0) return;
  const base::UnixNanos last = track.value_at + kZeroCellsMax * track.grain_ns;
  for (base::UnixNanos cell = track.judged + track.grain_ns; cell < until && cell <= last;
       cell += track.grain_ns) {
    judge(track, cell, 0);
  }
}

void SeriesWatch::judge(Track& track, base::UnixNanos cell, double value) {
  track.judged = cell;
  track.changed = true;
  ++stats_.judged_total;
  if (track.history) {
    track.detector.learn(seconds(cell), value);
    track.last = detect::Judgement{};
    track.last.value = value;
  } else {
    track.last = track.detector.observe(seconds(cell), value, limits_of_step(track.grain_ns));
    follow(track, cell, track.last);
    note_band(track, cell, track.last);
  }
  if (!on_judged_) return;
  on_judged_({track.tenant, track.key, track.kind, cell, track.grain_ns, value, track.last,
              track.history});
}

void SeriesWatch::note_band(Track& track, base::UnixNanos cell,
                            const detect::Judgement& judgement) {
  if (!judgement.judged) return;
  const std::int64_t number = floor_to(cell, kBandCellNs) / kBandCellNs;
  track.band[static_cast<std::size_t>(number % kBandCells)] = {
      static_cast<std::int32_t>(number), static_cast<float>(judgement.expected_low),
      static_cast<float>(judgement.expected_high)};
}

namespace {

std::vector<Reason> reasons_of(const detect::Judgement& judgement) {
  std::vector<Reason> out;
  for (int k = 0; k < detect::kFeatureCount; ++k) {
    const double surprise = judgement.surprise[static_cast<std::size_t>(k)];
    const auto feature = static_cast<detect::Feature>(k);
    if (surprise < kReasonFloor && feature != judgement.feature) continue;
    out.push_back({std::string(detect::feature_name(feature)), surprise});
  }
  const std::string_view best = detect::feature_name(judgement.feature);
  std::sort(out.begin(), out.end(), [&](const Reason& a, const Reason& b) {
    if ((a.name == best) != (b.name == best)) return a.name == best;
    return a.weight > b.weight;
  });
  if (out.size() > kReasonsMax) out.resize(kReasonsMax);
  return out;
}

void set_peak(Anomaly& anomaly, base::UnixNanos cell, const detect::Judgement& judgement) {
  anomaly.peak = cell;
  anomaly.value = judgement.value;
  anomaly.expected = judgement.expected;
  anomaly.expected_low = judgement.expected_low;
  anomaly.expected_high = judgement.expected_high;
  anomaly.p = judgement.p;
  anomaly.up = judgement.value >= judgement.expected;
  anomaly.reasons = reasons_of(judgement);
}

}  // namespace

void SeriesWatch::follow(Track& track, base::UnixNanos cell, const detect::Judgement& judgement) {
  const detect::AlarmLimits limits = limits_of_step(track.grain_ns);
  if (judgement.opened) {
    Anomaly anomaly;
    anomaly.id = anomaly_id(track.tenant, track.series, cell);
    if (const Anomaly* known = book_.find(anomaly.id)) anomaly = *known;  // of a replay
    anomaly.tenant = track.tenant;
    anomaly.key = track.key;
    anomaly.agent = track.key.label("agent");
    anomaly.metric_class = track.detector.metric_class();
    anomaly.onset = cell;
    anomaly.end = 0;
    anomaly.refractory_until = 0;
    anomaly.step_ns = track.grain_ns;
    anomaly.bar = limits.open;
    set_peak(anomaly, cell, judgement);
    track.open_id = anomaly.id;
    book_.put(std::move(anomaly));
    return;
  }
  if (track.open_id.empty()) return;
  Anomaly* open = book_.find(track.open_id);
  if (open == nullptr) {
    track.open_id.clear();
    return;
  }
  if (judgement.closed) {
    open->end = cell;
    open->refractory_until = cell + limits.quiet_rows * track.grain_ns;
    track.open_id.clear();
    book_.touch(open->id);
  } else if (judgement.anomaly && judgement.p < open->p) {
    Anomaly changed = *open;
    set_peak(changed, cell, judgement);
    book_.put(std::move(changed));
  }
}

void SeriesWatch::tick(base::UnixNanos now) {
  for (auto& [key, track] : tracks_) {
    if (track->filling && track->cell + track->grain_ns + kCellDelayNs <= now) close_cell(*track);
    if (!track->derived || track->kind != SeriesKind::kCounter || track->filling) continue;
    const auto until = derived_until_.find(track->tenant);
    if (until == derived_until_.end()) continue;
    fill_zeros(*track, floor_to(until->second, track->grain_ns));
  }
}

void SeriesWatch::rewind(base::UnixNanos now) {
  for (auto& [key, track] : tracks_) {
    if (track->filling && track->cell > now) close_cell(*track);
    if (track->judged > now) track->judged = floor_to(now, track->grain_ns);
    track->value_at = std::min(track->value_at, track->judged);
  }
  for (auto& [tenant, until] : derived_until_) until = std::min(until, now);
}

void SeriesWatch::evict(std::uint64_t key) {
  const auto found = tracks_.find(key);
  Track& track = *found->second;
  if (Anomaly* open = track.open_id.empty() ? nullptr : book_.find(track.open_id)) {
    open->end = std::max(track.judged, open->onset);
    book_.touch(open->id);
  }
  removed_.push_back(state_id(track.tenant, track.series));
  tracks_.erase(found);
  ++stats_.evicted_total;
}

void SeriesWatch::admit() {
  for (auto& [key, track] : tracks_) track->activity *= kActivityDecay;
  for (auto& [key, candidate] : candidates_) candidate.activity *= kActivityDecay;
  std::erase_if(candidates_, [](const auto& entry) { return entry.second.activity < kForgotten; });
  std::vector<std::pair<float, std::uint64_t>> waiting;
  for (const auto& [key, candidate] : candidates_) waiting.emplace_back(candidate.activity, key);
  std::sort(waiting.rbegin(), waiting.rend());
  if (waiting.size() > kReplacedPerMinuteMax) waiting.resize(kReplacedPerMinuteMax);
  std::vector<std::pair<float, std::uint64_t>> watched;
  if (!waiting.empty()) {
    for (const auto& [key, track] : tracks_) watched.emplace_back(track->activity, key);
    std::sort(watched.begin(), watched.end());
  }
  std::size_t worst = 0;
  for (const auto& [activity, key] : waiting) {
    if (tracks_.size() >= detectors_max_) {
      if (worst >= watched.size()) break;
      if (activity <= kAdmissionFactor * watched[worst].first) break;
      evict(watched[worst++].second);
    }
    const auto candidate = candidates_.find(key);
    const WatchedPoint first{candidate->second.key, candidate->second.kind, {}};
    Track* track = find_or_admit(candidate->second.tenant, first, key);
    track->activity = activity;
    candidates_.erase(candidate);
  }
}

base::Result<void> SeriesWatch::opine(const Anomaly& anomaly, Opinion before, Opinion after) {
  const auto found = tracks_.find(track_key(anomaly.tenant, anomaly.key.id()));
  if (found == tracks_.end()) {
    return base::Error{base::ErrorCode::kNotFound, "this series has no detector any more"};
  }
  Track& track = *found->second;
  const auto verdict = [](Opinion opinion) {
    return opinion == Opinion::kAnomaly ? detect::Verdict::kThumbsUp : detect::Verdict::kThumbsDown;
  };
  if (before != Opinion::kNone) track.detector.withdraw(verdict(before));
  if (after != Opinion::kNone) {
    track.detector.feedback(verdict(after), seconds(anomaly.opinion_until));
  }
  track.changed = track.urgent = true;
  return {};
}

SeriesState SeriesWatch::state_of(const Track& track) {
  SeriesState out;
  out.key = track.key;
  out.kind = track.kind;
  out.metric_class = track.detector.metric_class();
  out.judged = track.judged;
  out.step_ns = track.grain_ns;
  out.points = track.detector.points();
  out.cold = out.points < detect::SeriesDetector::kColdPoints;
  out.judgement = track.last;
  out.open_anomaly = track.open_id;
  out.band = track.band;
  return out;
}

bool SeriesWatch::state(store::TenantId tenant, std::uint64_t series, SeriesState& out) const {
  const auto found = tracks_.find(track_key(tenant, series));
  if (found == tracks_.end()) return false;
  out = state_of(*found->second);
  return true;
}

void SeriesWatch::each(store::TenantId tenant,
                       const std::function<void(const SeriesState&)>& call) const {
  for (const auto& [key, track] : tracks_) {
    if (track->tenant == tenant) call(state_of(*track));
  }
}

SeriesWatchStats SeriesWatch::stats() const {
  SeriesWatchStats out = stats_;
  out.detectors = tracks_.size();
  out.candidates = candidates_.size();
  for (const auto& [key, track] : tracks_) {
    out.cold += track->detector.points() < detect::SeriesDetector::kColdPoints ? 1 : 0;
  }
  return out;
}

std::string SeriesWatch::encode(const Track& track) {
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  base::put_fixed(out, track.tenant);
  put_key(out, track.key);
  base::put_fixed(out, track.kind);
  base::put_fixed(out, track.judged);
  base::put_fixed(out, track.value_at);
  base::put_fixed(out, track.bucket_before);
  base::put_fixed(out, track.activity);
  base::put_bytes(out, track.open_id);
  base::put_fixed(out, track.band);
  base::put_bytes(out, track.detector.save());
  base::put_fixed(out, base::hash64(out));
  return out;
}

bool SeriesWatch::load(std::string_view bytes) {
  if (bytes.size() < sizeof(std::uint64_t)) return false;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check(bytes.substr(body.size()));
  if (check.fixed<std::uint64_t>() != base::hash64(body)) return false;
  base::ByteReader reader(body);
  if (reader.fixed<std::uint8_t>() != kVersion) return false;
  const auto tenant = reader.fixed<store::TenantId>();
  WatchedPoint first;
  first.key = read_key(reader);
  first.kind = reader.fixed<SeriesKind>();
  const auto judged = reader.fixed<base::UnixNanos>();
  const auto value_at = reader.fixed<base::UnixNanos>();
  const auto bucket_before = reader.fixed<base::UnixNanos>();
  const auto activity = reader.fixed<float>();
  std::string open_id(reader.bytes());
  const auto band = reader.fixed<std::array<BandCell, kBandCells>>();
  const auto detector = detect::SeriesDetector::load(reader.bytes());
  if (!reader.ok() || !detector) return false;
  Track* track = find_or_admit(tenant, first, track_key(tenant, first.key.id()));
  if (track == nullptr) return true;  // the pool has become smaller
  track->detector = *detector;
  track->judged = judged;
  track->value_at = value_at;
  track->bucket_before = bucket_before;
  track->activity = activity;
  track->open_id = std::move(open_id);
  track->band = band;
  if (track->derived) {
    base::UnixNanos& until = derived_until_[tenant];
    until = std::max(until, judged);
  }
  return true;
}

void SeriesWatch::each_resume(const std::function<void(store::TenantId, const telemetry::SeriesKey&,
                                                       SeriesKind, base::UnixNanos)>& call) const {
  for (const auto& [key, track] : tracks_) {
    call(track->tenant, track->key, track->kind, track->judged + track->grain_ns);
  }
}

void SeriesWatch::collect_changes(std::uint64_t slot, std::uint64_t slots,
                                  std::vector<store::StateChange>& out) {
  collected_.clear();
  for (auto& [key, track] : tracks_) {
    if (!track->changed || (track->series % slots != slot && !track->urgent)) continue;
    collected_.push_back(track.get());
    out.push_back(
        {store::StateKind::kDetector, state_id(track->tenant, track->series), encode(*track)});
  }
  for (const std::string& id : removed_) {
    out.push_back({store::StateKind::kDetector, id, std::nullopt});
  }
}

void SeriesWatch::stored() {
  for (Track* track : collected_) track->changed = track->urgent = false;
  collected_.clear();
  removed_.clear();
}

void SeriesWatch::clear() {
  for (const auto& [key, track] : tracks_) {
    removed_.push_back(state_id(track->tenant, track->series));
  }
  tracks_.clear();
  candidates_.clear();
  derived_until_.clear();
  collected_.clear();
}

}  // namespace honeyguide::watch
