#include "detect/series_detector.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::detect {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr std::uint32_t kUnsettledPoints = 40;
constexpr double kDeviationMax = 6;  // scales, in running means
constexpr double kShiftRate = 0.25;
constexpr double kDriftRate = 0.05;
constexpr double kNoiseRate = 0.1;
constexpr double kStepErrorRate = 0.01;
constexpr double kRepeatRate = 0.001;
constexpr double kStepGate = 1;   // a step counts at most this many misses
constexpr double kHabitFree = 3;  // scales of habit that change nothing
constexpr double kSurpriseCap = 16;
constexpr double kStrange = 3;  // -log10 p from which learning slows down
constexpr double kStrangeWeight = 0.05;
constexpr double kLearnedSurpriseMax = 3.5;
constexpr std::uint16_t kStrangeRowsMax = 60;  // after these the new state is accepted
constexpr std::uint16_t kAnchorRows = 240;
constexpr double kGapSteps = 5;
constexpr double kLongGapSeconds = 86400;
constexpr std::uint16_t kSettleRows = 10;
constexpr std::uint16_t kLongSettleRows = 200;
constexpr double kUnseasonedConfidence = 0.8;  // until a day has been seen
constexpr double kSeasonedSeconds = 86400 * 1.2;
constexpr double kDistanceMax = 1e6;
constexpr double kValueMax = 1e18;
constexpr double kBandSurprise = 3;

int index_of(Feature feature) {
  return static_cast<int>(feature);
}

}  // namespace

double Judgement::surprise_total() const {
  return -std::log10(p);
}

void SeriesDetector::begin(double time_s, double value) {
  origin_ = value;
  first_time_s_ = time_s;
  last_time_s_ = time_s;
  seen_ = 1;
  levels_.predict(time_s, 0, std::abs(value));
  levels_.learn(time_s, 0, 1, 0, 1);
}

void SeriesDetector::note_gap(double time_s) {
  const double gap = time_s - last_time_s_;
  settle_rows_ = gap > kLongGapSeconds ? kLongSettleRows : kSettleRows;
  shift_ = 0;
  drift_ = 0;
  repeat_run_ = 0;
}

// In [0, 1]: how far a p-value can be trusted now.
double SeriesDetector::confidence(double time_s) const {
  if (seen_ < kColdPoints) return 0;
  double out = time_s - first_time_s_ > kSeasonedSeconds ? 1 : kUnseasonedConfidence;
  if (settle_rows_ > 0) out *= 0.5;
  return out;
}

SeriesDetector::Features SeriesDetector::measure(double x, const Prediction& prediction) {
  Features out;
  const double scale = prediction.scale;
  out.miss = (x - prediction.expected) / scale;
  out.slow_miss = (x - prediction.slow) / prediction.slow_scale;
  // A point is strange only if it fits none of: the recent past, the slow level, and for some time
  // after an anomaly the level before it. Else every recovery would be the next anomaly.
  double distance = std::min(std::abs(out.miss), std::abs(x - prediction.slow) / scale);
  if (anchor_rows_ > 0) {
    distance = std::min(distance, std::abs(x - prediction.season - anchor_level_) / scale);
  }
  // What happens at this time every day is worth less.
  distance /= std::max(1.0, prediction.habit / kHabitFree);
  distance = std::min(distance, kDistanceMax);
  out.raw[index_of(out.miss > 0 ? Feature::kAbove : Feature::kBelow)] = distance;

  const double bounded = std::clamp(out.slow_miss, -kDeviationMax, kDeviationMax);
  shift_ += static_cast<float>((bounded - shift_) * kShiftRate);
  drift_ += static_cast<float>((bounded - drift_) * kDriftRate);
  const double square = std::min(out.miss * out.miss, kDeviationMax * kDeviationMax);
  noise_ += static_cast<float>((square - noise_) * kNoiseRate);
  out.raw[index_of(Feature::kShift)] = std::abs(shift_);
  out.raw[index_of(Feature::kDrift)] = std::abs(drift_);
  out.raw[index_of(Feature::kVolatility)] =
      std::max(0.0, std::log(std::max(double{noise_}, 1e-6)) + 1);

  const double step = x - last_;
  const double step_scale = std::max(double{step_error_}, prediction.floor);
  out.raw[index_of(Feature::kStep)] = std::min(std::abs(step) / step_scale, kStepGate * distance);
  if (step == 0) {
    const double share = std::clamp(double{repeat_share_}, 1e-3, 1 - 1e-9);
    out.raw[index_of(Feature::kStuck)] = (repeat_run_ + 1) * -std::log10(share);
  }
  out.raw[index_of(Feature::kNovelty)] = shapes_.observe(out.slow_miss);
  return out;
}

// A power mean of the weighted surprises, with exponent 1.5: between "any" (maximum) and "all"
// (sum).
double SeriesDetector::fuse(const Features& features, Judgement& out) const {
  const FeatureWeights& weights = feature_weights(metric_class_);
  double sum = 0;
  double best = -1;
  for (int k = 0; k < kFeatureCount; ++k) {
    // Where nothing ever varied the tail knows no size, so a feature bounds its own surprise.
    const double limit = std::min(
        kSurpriseCap, k == index_of(Feature::kStuck) ? features.raw[k] : features.raw[k] + 1);
    const double surprise = std::min(tails_[k].surprise(features.raw[k]), limit);
    const double weighted = surprise * weights[k];
    out.surprise[k] = static_cast<float>(surprise);
    sum += weighted * std::sqrt(weighted);
    if (weighted > best) {
      best = weighted;
      out.feature = static_cast<Feature>(k);
    }
  }
  return std::pow(sum, 2.0 / 3);
}

// The levels must not follow an anomaly, but a share of normal points that leaves the strange ones
// out is none: it calls them rarer than they are. So the r-th row of a strange run counts 1/r
// times, as a score that comes once in 3,000 points at most: how many there are is learned, not how
// large one was, or the first outage would hide the second.
void SeriesDetector::calibrate(double fused, double weight, std::uint32_t seen) {
  if (strange_run_ > 0 && weight < 1) {
    weight = 1.0 / strange_run_;
    const double usual = calibrator_.tail_value(kLearnedSurpriseMax);
    if (usual > 0) fused = std::min(fused, usual);
  }
  calibrator_.learn(fused, weight, seen);
}

void SeriesDetector::learn_features(const Features& features, double fused, double weight) {
  // Before, scales are guesses and the features with them.
  const std::uint32_t settled = seen_ - std::min(seen_, kUnsettledPoints);
  if (settled == 0) return;
  for (int k = 0; k < kFeatureCount; ++k) tails_[k].learn(features.raw[k], weight, settled - 1);
  if (settled <= kUnsettledPoints) return;
  calibrate(fused, weight, settled - kUnsettledPoints - 1);
}

void SeriesDetector::learn_steps(double x, double weight, const Prediction& prediction) {
  const double step = std::abs(x - last_);
  const double early = 1 / (seen_ + 1.0);
  const double limit = kDeviationMax * std::max(double{step_error_}, prediction.floor);
  const double counted = seen_ < 30 ? step : std::min(step, limit);
  step_error_ +=
      static_cast<float>((counted - step_error_) * std::max(early, kStepErrorRate) * weight);
  const double repeated = step == 0 ? 1 : 0;
  repeat_share_ += static_cast<float>((repeated - repeat_share_) * std::max(early, kRepeatRate));
  if (step != 0) {
    repeat_run_ = 0;
  } else if (repeat_run_ < 60000) {
    ++repeat_run_;
  }
}

Judgement SeriesDetector::observe(double time_s, double value, const AlarmLimits& limits) {
  Judgement out;
  out.value = value;
  if (!std::isfinite(value) || !std::isfinite(time_s)) return out;
  if (seen_ == 0) {
    begin(time_s, std::clamp(value, -kValueMax, kValueMax));
    out.expected = out.expected_low = out.expected_high = value;
    return out;
  }
  const double passed = time_s - last_time_s_;
  if (step_s_ == 0 && passed > 0) step_s_ = static_cast<float>(passed);
  out.after_gap = step_s_ > 0 && passed > kGapSteps * step_s_;
  if (out.after_gap) note_gap(time_s);

  // Beyond it floats overflow; nothing measured is that large.
  const double x = std::clamp(value - origin_, -kValueMax, kValueMax);
  const double elapsed = time_s - first_time_s_;
  Prediction prediction = levels_.predict(time_s, elapsed, std::abs(value));
  if (out.after_gap) {
    levels_.forget_fast();
    prediction = levels_.predict(time_s, elapsed, std::abs(value));
  }
  const Features features = measure(x, prediction);
  const double fused = fuse(features, out);
  const double trust = confidence(time_s);
  out.judged = trust > 0;
  const double surprise = trust * -std::log10(calibrator_.p_value(fused));
  out.p = std::clamp(std::pow(10, -surprise), 1e-300, 1.0);
  const auto state = gate_.observe(surprise, limits, time_s);
  out.anomaly = state.anomaly;
  out.opened = state.opened;
  out.closed = state.closed;
  out.expected = origin_ + prediction.expected;
  const double up = tails_[index_of(Feature::kAbove)].value_at(kBandSurprise);
  const double down = tails_[index_of(Feature::kBelow)].value_at(kBandSurprise);
  out.expected_high = out.expected + up * prediction.scale;
  out.expected_low = out.expected - down * prediction.scale;

  if (state.opened) {
    if (anchor_rows_ == 0) anchor_level_ = static_cast<float>(levels_.resting_level());
    anchor_rows_ = kAnchorRows;
  } else if (anchor_rows_ > 0 && !state.anomaly) {
    --anchor_rows_;
  }
  const bool strange = surprise > kStrange;
  strange_run_ = strange && strange_run_ < 60000 ? strange_run_ + 1 : 0;
  const double weight = strange && strange_run_ < kStrangeRowsMax ? kStrangeWeight : 1;
  learn_features(features, fused, weight);
  learn_steps(x, weight, prediction);
  levels_.learn(time_s, x, weight, seen_, std::max(1e-3, double{step_s_}));
  if (settle_rows_ > 0) --settle_rows_;
  if (passed > 0) {
    step_s_ += static_cast<float>((std::min(passed, 3.0 * step_s_) - step_s_) * 0.02);
    last_time_s_ = time_s;
  }
  last_ = x;
  ++seen_;
  return out;
}

void SeriesDetector::learn(double time_s, double value) {
  const AlarmGate before = gate_;
  observe(time_s, value);
  gate_ = before;
}

std::string SeriesDetector::save() const {
  static_assert(std::is_trivially_copyable_v<SeriesDetector>);
  std::string out;
  out.push_back(static_cast<char>(kStateVersion));
  out.append(reinterpret_cast<const char*>(this), sizeof(*this));
  base::put_fixed(out, base::hash64(out));
  return out;
}

base::Result<SeriesDetector> SeriesDetector::load(std::string_view bytes) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "detector state is damaged or foreign"};
  const std::size_t body = 1 + sizeof(SeriesDetector);
  if (bytes.size() != body + sizeof(std::uint64_t)) return damaged;
  if (static_cast<std::uint8_t>(bytes[0]) != kStateVersion) return damaged;
  base::ByteReader reader(bytes.substr(body));
  if (reader.fixed<std::uint64_t>() != base::hash64(bytes.substr(0, body))) return damaged;
  SeriesDetector out;
  std::memcpy(static_cast<void*>(&out), bytes.data() + 1, sizeof(out));
  return out;
}

}  // namespace honeyguide::detect
