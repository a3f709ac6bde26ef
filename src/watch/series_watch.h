// SeriesWatch: a detector for every series that is stored, without configuration.
//
// Points come in as they are published; a point is judged once its cell is over, before it is
// learned from. What is judged:
//   gauges and ratios                       each 10 s bucket that has a value
//   honeyguide_* gauges (5 min windows)     the last bucket of each minute: neighbouring buckets
//                                           share 29/30 of their window and say nothing new
//   counters                                the sum of each minute, so that small counts are less
//                                           noisy; for honeyguide_* counters a minute without a
//                                           point is a zero as long as the tenant sends
// Buckets of histograms (NAME.bucket) are not watched one by one; NAME.count and NAME.sum are.
//
// The pool is bounded. Series compete for it by activity: points over the last minutes. Not
// thread-safe, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "detect/series_detector.h"
#include "store/state_store.h"
#include "telemetry/series.h"
#include "watch/anomaly_book.h"

namespace honeyguide::watch {

// Detectors at once, over all tenants: about 24 MB. Further series wait as candidates.
inline constexpr std::size_t kDetectorsMax = 10'000;
// Series that wait for a detector and whose activity is known; beyond them nothing is noted.
inline constexpr std::size_t kCandidatesMax = 100'000;
// A candidate takes the place of a series that was that many times less active.
inline constexpr double kAdmissionFactor = 2;
// Zeros a counter without points is given before it counts as idle, which is not judged.
inline constexpr int kZeroCellsMax = 60;
// A cell is judged when a later point comes or this long after its end.
inline constexpr std::int64_t kCellDelayNs = 10 * base::kNanosPerSecond;
// False anomalies that a series may open on a day, at most, if it behaves as it used to: sets the
// bar by the number of its points.
inline constexpr double kFalsePerSeriesDay = 0.05;
// How long an opinion on an anomaly changes the bar of its series.
inline constexpr std::int64_t kOpinionNs = 14 * base::kNanosPerDay;

struct WatchedPoint {
  telemetry::SeriesKey key;
  telemetry::SeriesKind kind = telemetry::SeriesKind::kGauge;
  telemetry::Point point;  // time: the bucket's start
};

// The band that was expected, for charts: one cell each two minutes over the last hour.
struct BandCell {
  std::int32_t cell = 0;  // number of the two minutes since 1970
  float low = 0;
  float high = 0;
};
inline constexpr int kBandCells = 32;
inline constexpr std::int64_t kBandCellNs = 2 * base::kNanosPerMinute;

// A series as it stands.
struct SeriesState {
  telemetry::SeriesKey key;
  telemetry::SeriesKind kind = telemetry::SeriesKind::kGauge;
  detect::MetricClass metric_class = detect::MetricClass::kGauge;
  base::UnixNanos judged = 0;  // start of the cell judged last, 0: none
  std::int64_t step_ns = 0;
  std::uint32_t points = 0;
  bool cold = true;  // too young to be judged
  detect::Judgement judgement;
  std::string open_anomaly;  // id or empty
  std::array<BandCell, kBandCells> band{};
};

struct SeriesWatchStats {
  std::uint64_t detectors = 0;
  std::uint64_t cold = 0;
  std::uint64_t candidates = 0;  // series without a detector
  std::uint64_t admitted_total = 0;
  std::uint64_t evicted_total = 0;
  std::uint64_t judged_total = 0;
  std::uint64_t late_total = 0;  // points of cells that were judged already
};

// Hears each judged point.
struct JudgedPoint {
  store::TenantId tenant = 0;
  const telemetry::SeriesKey& key;
  telemetry::SeriesKind kind;
  base::UnixNanos cell = 0;
  std::int64_t step_ns = 0;
  double value = 0;
  const detect::Judgement& judgement;
  bool history = false;  // learned only
};
using OnJudged = std::function<void(const JudgedPoint&)>;

class SeriesWatch {
 public:
  // `book` must outlive it.
  explicit SeriesWatch(AnomalyBook& book, std::size_t detectors_max = kDetectorsMax);
  ~SeriesWatch();

  void set_on_judged(OnJudged on_judged) { on_judged_ = std::move(on_judged); }

  // Points of one series in order of time; older ones than those judged are passed over. `history`:
  // learned, not judged.
  void take(store::TenantId tenant, const WatchedPoint& point, bool history);
  // Judges cells that are over at `now`. Call about once a second.
  void tick(base::UnixNanos now);
  // Lets active candidates replace idle series. Call about once a minute.
  void admit();
  // The wall clock went back by much: what is newer than `now` no longer keeps points out.
  void rewind(base::UnixNanos now);

  // kNotFound for an anomaly whose series has no detector any more.
  base::Result<void> opine(const Anomaly& anomaly, Opinion before, Opinion after);

  // False if there is no detector.
  bool state(store::TenantId tenant, std::uint64_t series, SeriesState& out) const;
  // Calls for each watched series of a tenant.
  void each(store::TenantId tenant, const std::function<void(const SeriesState&)>& call) const;
  SeriesWatchStats stats() const;

  // States that changed since they were stored, of slot `slot` of `slots` (all: 0 of 1), and those
  // that an opinion changed. Call stored() once they are safe.
  void collect_changes(std::uint64_t slot, std::uint64_t slots,
                       std::vector<store::StateChange>& out);
  void stored();
  // False for bytes that collect_changes() of this version did not make.
  bool load(std::string_view bytes);
  // Series with the start of the first cell that their state does not cover.
  void each_resume(
      const std::function<void(store::TenantId, const telemetry::SeriesKey&, telemetry::SeriesKind,
                               base::UnixNanos from)>& call) const;
  void clear();

 private:
  struct Track;
  struct Candidate;
  struct TenantMark;

  Track* find_or_admit(store::TenantId tenant, const WatchedPoint& point, std::uint64_t key);
  void close_cell(Track& track);
  void fill_zeros(Track& track, base::UnixNanos until);
  void judge(Track& track, base::UnixNanos cell, double value);
  void follow(Track& track, base::UnixNanos cell, const detect::Judgement& judgement);
  void note_band(Track& track, base::UnixNanos cell, const detect::Judgement& judgement);
  static std::string encode(const Track& track);
  static SeriesState state_of(const Track& track);
  void evict(std::uint64_t key);

  AnomalyBook& book_;
  const std::size_t detectors_max_;
  OnJudged on_judged_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Track>> tracks_;
  std::unordered_map<std::uint64_t, Candidate> candidates_;
  std::unordered_map<store::TenantId, base::UnixNanos> derived_until_;  // newest bucket published
  std::vector<std::string> removed_;
  std::vector<Track*> collected_;
  SeriesWatchStats stats_;
};

// The bar of a series with a point each `step_ns`.
detect::AlarmLimits limits_of_step(std::int64_t step_ns);

}  // namespace honeyguide::watch
