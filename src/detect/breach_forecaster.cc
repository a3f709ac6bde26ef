#include "detect/breach_forecaster.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::detect {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::uint8_t kStateVersion = 1;
constexpr double kLadderSeconds[] = {300, 900, 1800, 3600, 7200, 21600, 43200};
constexpr double kHorizonMin = 300;
constexpr double kHorizonMax = 86400;
constexpr double kLevels[] = {0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98};
constexpr double kFirstQuantiles[] = {-2, -1, -0.5, 0, 0.8, 1.8, 3, 4, 5};
constexpr double kOffsetRate = 0.3;
constexpr double kOffsetLifeSeconds = 10000;
constexpr double kErrorRate = 0.01;
constexpr double kProfileDays = 0.25;
constexpr double kProfileWeeks = 0.3;
constexpr double kSpreadRate = 0.3;
constexpr double kReadyPeriods = 1.1;
constexpr double kPointsPerRung = 6;
constexpr double kMissSpreadRate = 0.03;
constexpr double kResetErrors = 12;
constexpr float kReliabilityForget = 0.005F;
constexpr double kReliabilityPrior = 10;
constexpr double kEtaFromP = 0.01;
constexpr std::uint32_t kTrustFrom = 6;  // resolved forecasts before a model may be chosen

double share_of_slot(double rate, double slot_s, double interval_s) {
  return std::min(0.5, rate / std::max(1.0, slot_s / std::max(interval_s, 1e-3)));
}

}  // namespace

base::Result<BreachForecaster> BreachForecaster::create(const ForecastOptions& options) {
  const auto bad = [](const char* message) {
    return base::Error{base::ErrorCode::kInvalidArgument, message};
  };
  if (!std::isfinite(options.threshold)) return bad("the threshold must be a finite number");
  if (!(options.horizon_s >= kHorizonMin && options.horizon_s <= kHorizonMax)) {
    return bad("the horizon must be between 5m and 24h");
  }
  if (!(options.clear_p > 0 && options.clear_p <= options.alert_p && options.alert_p < 1)) {
    return bad("probabilities must be 0 < clear_p <= alert_p < 1");
  }
  BreachForecaster out;
  out.options_ = options;
  for (const double seconds : kLadderSeconds) {
    if (seconds < options.horizon_s) out.step_s_[out.step_count_++] = seconds;
  }
  out.step_s_[out.step_count_++] = options.horizon_s;
  for (Rung& rung : out.rungs_) {
    for (Misses& misses : rung.misses) {
      std::copy(std::begin(kFirstQuantiles), std::end(kFirstQuantiles), misses.quantile.begin());
    }
  }
  return out;
}

// Theil-Sen over the block means: the median of all pairs' slopes.
void BreachForecaster::learn_line(double time_s, double x) {
  const double jump = x - last_;
  if (seen_ > kColdPoints && jump < -kResetErrors * error_ && slope_ > 0) {
    blocks_ = 0;  // the resource was reset or cleaned up
    block_points_ = 0;
  }
  if (block_points_ == 0) {
    block_start_s_ = time_s;
    block_sum_ = 0;
  }
  block_sum_ += x;
  ++block_points_;
  const double width = std::max(options_.horizon_s / kBlockCount, 2 * interval_s_);
  if (time_s - block_start_s_ < width) return;
  if (blocks_ == kBlockCount) {
    std::rotate(block_mean_.begin(), block_mean_.begin() + 1, block_mean_.end());
    std::rotate(block_time_s_.begin(), block_time_s_.begin() + 1, block_time_s_.end());
    --blocks_;
  }
  block_mean_[blocks_] = block_sum_ / block_points_;
  block_time_s_[blocks_] = 0.5 * (block_start_s_ + time_s);
  ++blocks_;
  block_points_ = 0;
  if (blocks_ < 3) return;
  std::array<double, kBlockCount*(kBlockCount - 1) / 2> slopes;
  std::size_t count = 0;
  for (int i = 0; i < blocks_; ++i) {
    for (int k = i + 1; k < blocks_; ++k) {
      slopes[count++] = (block_mean_[k] - block_mean_[i]) / (block_time_s_[k] - block_time_s_[i]);
    }
  }
  std::nth_element(slopes.begin(), slopes.begin() + count / 2, slopes.begin() + count);
  slope_ = slopes[count / 2];
}

double BreachForecaster::scale_at(double time_s) const {
  const auto spread = spread_.at(time_s);
  const double usual = std::max(error_, 1e-9 + 1e-6 * std::abs(last_));
  if (time_s - first_time_s_ < 86400 * kReadyPeriods || !spread.known) return usual;
  return std::max(0.5 * (usual + spread.value), 1e-9);
}

bool BreachForecaster::usable(int model, double time_s) const {
  const double age = time_s - first_time_s_;
  if (model == kDay) return age > 86400 * kReadyPeriods;
  if (model == kWeek) return age > 604800 * kReadyPeriods;
  return model != kLine || blocks_ >= 3;
}

BreachForecaster::Peaks BreachForecaster::forecast_peaks(double time_s) const {
  Peaks peaks{};
  const bool day = usable(kDay, time_s);
  const bool week = usable(kWeek, time_s);
  double day_peak = -std::numeric_limits<double>::infinity();
  double week_peak = day_peak;
  double from = 0;
  for (int r = 0; r < step_count_; ++r) {
    const double to = step_s_[r];
    const double step = std::max((to - from) / kPointsPerRung, std::min(interval_s_, to - from));
    for (double ahead = from + step; ahead <= to + 1e-6 && (day || week); ahead += step) {
      const double left = std::exp(-ahead / kOffsetLifeSeconds);
      if (day) day_peak = std::max(day_peak, day_.at(time_s + ahead).value + offset_ * left);
      if (week) {
        week_peak = std::max(week_peak, week_.at(time_s + ahead).value + week_offset_ * left);
      }
    }
    peaks[r][kStay] = last_;
    peaks[r][kLine] = last_ + std::max(0.0, slope_ * to);
    peaks[r][kDay] = day ? day_peak : last_;
    peaks[r][kWeek] = week ? week_peak : last_;
    from = to;
  }
  return peaks;
}

// Compares forecasts with the value and learns from those whose time has passed.
void BreachForecaster::settle(double time_s, double x) {
  for (int r = 0; r < step_count_; ++r) {
    Rung& rung = rungs_[r];
    for (int i = 0; i < rung.count; ++i) {
      Pending& pending = rung.pending[(rung.first + i) % kPendingMax];
      if (time_s > pending.due_s) continue;
      pending.highest = static_cast<float>(pending.any ? std::max<double>(pending.highest, x) : x);
      pending.any = true;
    }
    while (rung.count > 0 && time_s >= rung.pending[rung.first].due_s) {
      const Pending& pending = rung.pending[rung.first];
      for (int m = 0; m < kModelCount && pending.any; ++m) {
        if (!std::isfinite(pending.forecast[m])) continue;
        const double miss = double{pending.highest} - double{pending.forecast[m]};
        learn_miss(rung.misses[m], miss / pending.scale);
      }
      if (pending.p >= 0 && pending.any) {
        reliability_.learn(pending.p, pending.highest >= static_cast<float>(threshold()));
      }
      rung.first = static_cast<std::uint8_t>((rung.first + 1) % kPendingMax);
      --rung.count;
    }
  }
}

void BreachForecaster::learn_miss(Misses& misses, double miss) {
  const double n = misses.seen + 1.0;
  misses.spread += static_cast<float>((std::min(std::abs(miss - misses.quantile[4]),
                                                misses.seen < 10 ? 1e30 : 8.0 * misses.spread) -
                                       misses.spread) *
                                      std::max(kMissSpreadRate, 1 / n));
  const double step =
      std::max(double{misses.spread}, 1e-6) * std::max(0.05, 1.5 / std::sqrt(n + 4));
  for (int q = 0; q < kQuantileCount; ++q) {
    float& quantile = misses.quantile[q];
    quantile += static_cast<float>(step * (miss > quantile ? kLevels[q] : kLevels[q] - 1));
  }
  std::sort(misses.quantile.begin(), misses.quantile.end());
  if (misses.seen < 1'000'000) ++misses.seen;
}

void BreachForecaster::remember(double time_s, const Peaks& peaks, double p) {
  const double scale = scale_at(time_s);
  for (int r = 0; r < step_count_; ++r) {
    Rung& rung = rungs_[r];
    if (time_s < rung.next_s || rung.count == kPendingMax) continue;
    rung.next_s = time_s + step_s_[r] / (kPendingMax - 4);
    Pending& pending = rung.pending[(rung.first + rung.count) % kPendingMax];
    pending = Pending{};
    pending.due_s = time_s + step_s_[r];
    pending.scale = static_cast<float>(scale);
    if (r + 1 == step_count_) pending.p = static_cast<float>(p);
    for (int m = 0; m < kModelCount; ++m) {
      pending.forecast[m] = usable(m, time_s) ? static_cast<float>(peaks[r][m])
                                              : std::numeric_limits<float>::infinity();
    }
    ++rung.count;
  }
}

int BreachForecaster::best_model(const Rung& rung, double time_s) const {
  int best = kStay;
  for (int m = kLine; m < kModelCount; ++m) {
    const Misses& misses = rung.misses[m];
    if (!usable(m, time_s) || misses.seen < kTrustFrom) continue;
    if (misses.spread < rung.misses[best].spread) best = m;
  }
  return best;
}

// P(miss >= distance), linear between the tracked quantiles and exponential beyond them.
double BreachForecaster::p_over(const Misses& misses, double distance) {
  const auto& q = misses.quantile;
  const double unit = std::max(0.3 * misses.spread, 1e-9);
  if (distance <= q.front()) return 1 - kLevels[0] * std::exp((distance - q.front()) / unit);
  if (distance >= q.back()) {
    const double length = std::max({double{q[8]} - double{q[6]}, unit, 1e-9}) / 1.6;
    return (1 - kLevels[8]) * std::exp(-(distance - q.back()) / length);
  }
  int i = 0;
  while (distance > q[i + 1]) ++i;
  const double width = std::max(double{q[i + 1]} - double{q[i]}, 1e-12);
  const double part = std::clamp((distance - q[i]) / width, 0.0, 1.0);
  return 1 - (kLevels[i] + (kLevels[i + 1] - kLevels[i]) * part);
}

// The time by which `share` of the breaches within the horizon have come.
double BreachForecaster::eta(const std::array<double, kStepMax>& p, double share) const {
  const double wanted = share * p[step_count_ - 1];
  double p_before = 0;
  double time_before = 0;
  for (int r = 0; r < step_count_; ++r) {
    if (p[r] >= wanted) {
      const double part = (wanted - p_before) / std::max(p[r] - p_before, 1e-12);
      return time_before + (step_s_[r] - time_before) * std::clamp(part, 0.0, 1.0);
    }
    p_before = p[r];
    time_before = step_s_[r];
  }
  return options_.horizon_s;
}

void BreachForecaster::Reliability::learn(double p, bool breached) {
  const int bin = std::min(static_cast<int>(p * kBins), kBins - 1);
  came[bin] += ((breached ? 1.0F : 0.0F) - came[bin] * kReliabilityForget);
  asked[bin] += 1 - asked[bin] * kReliabilityForget;
}

// Starts as p itself, worth kReliabilityPrior answers; never falls where p rises.
double BreachForecaster::Reliability::corrected(double p) const {
  std::array<double, kBins> rate;
  double highest = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    const double centre = (bin + 0.5) / kBins;
    const double seen = (came[bin] + kReliabilityPrior * centre) / (asked[bin] + kReliabilityPrior);
    highest = std::max(highest, seen);
    rate[bin] = highest;
  }
  const double at = p * kBins - 0.5;
  if (at <= 0) return std::min(1.0, rate[0] * p / (0.5 / kBins));
  if (at >= kBins - 1) return rate[kBins - 1] + (1 - rate[kBins - 1]) * (at - kBins + 1);
  const int left = static_cast<int>(at);
  return rate[left] + (rate[left + 1] - rate[left]) * (at - left);
}

// Gives P(breach) before the correction by reliability.
double BreachForecaster::fill(double time_s, const Peaks& peaks, BreachForecast& out) const {
  constexpr std::string_view kNames[] = {"stay", "line", "day", "week"};
  const double scale = scale_at(time_s);
  std::array<double, kStepMax> p{};
  for (int r = 0; r < step_count_; ++r) {
    const int model = best_model(rungs_[r], time_s);
    const Misses& misses = rungs_[r].misses[model];
    p[r] = p_over(misses, (threshold() - peaks[r][model]) / scale);
    // Between two samples nothing can be seen to cross.
    if (step_s_[r] < 0.99 * interval_s_ && r + 1 < step_count_) p[r] = 0;
    if (r > 0) p[r] = std::max(p[r], p[r - 1]);
    if (r + 1 < step_count_) continue;
    out.model = kNames[model];
    out.expected_peak = peaks[r][model] + misses.quantile[4] * scale;
    if (options_.below) out.expected_peak = -out.expected_peak;
  }
  const double raw = p[step_count_ - 1];
  out.p_breach = std::clamp(reliability_.corrected(raw), 0.0, 1.0);
  if (out.p_breach < kEtaFromP) return raw;
  // A crossing is met at a sample: the interval reaches out to whole samples.
  const double unit = std::max(interval_s_, 1e-3);
  out.eta_q10_s = std::max(1.0, std::floor(eta(p, 0.1) / unit)) * unit;
  out.eta_q90_s = std::max(out.eta_q10_s, std::ceil(eta(p, 0.9) / unit - 0.01) * unit);
  out.eta_q50_s = std::clamp(eta(p, 0.5), out.eta_q10_s, out.eta_q90_s);
  return raw;
}

void BreachForecaster::learn(double time_s, double x) {
  const double rate = std::max(kErrorRate, 1.0 / (seen_ + 1.0));
  const auto day = day_.at(time_s);
  const auto week = week_.at(time_s);
  const double jump = std::abs(x - last_);
  const double counted = seen_ < kColdPoints ? jump : std::min(jump, 6 * std::max(error_, 1e-12));
  if (seen_ > 0) {
    const double passed = time_s - last_time_s_;
    if (passed > 0) {
      const double bounded = interval_s_ > 0 ? std::min(passed, 3 * interval_s_) : passed;
      interval_s_ += (bounded - interval_s_) * std::max(0.02, 1.0 / seen_);
    }
    error_ += (counted - error_) * rate;
    settle(time_s, x);
    learn_line(time_s, x);
  }
  offset_ += (x - day.value - offset_) * (usable(kDay, time_s) ? kOffsetRate : 1);
  week_offset_ += (x - week.value - week_offset_) * (usable(kWeek, time_s) ? kOffsetRate : 1);
  day_.learn(time_s, x, share_of_slot(kProfileDays, day_.slot_seconds(), interval_s_));
  week_.learn(time_s, x, share_of_slot(kProfileWeeks, week_.slot_seconds(), interval_s_));
  const double off = usable(kDay, time_s) && day.known ? std::abs(x - day.value) : counted;
  spread_.learn(time_s, off, share_of_slot(kSpreadRate, spread_.slot_seconds(), interval_s_));
  last_ = x;
  last_time_s_ = std::max(last_time_s_, time_s);
  ++seen_;
}

BreachForecast BreachForecaster::observe(double time_s, double value) {
  BreachForecast out;
  out.eta_q10_s = out.eta_q50_s = out.eta_q90_s = kNan;
  if (!std::isfinite(time_s)) return out;
  if (std::isfinite(value)) {
    const double x = std::clamp(options_.below ? -value : value, -1e18, 1e18);
    if (seen_ == 0) first_time_s_ = last_time_s_ = time_s;
    learn(time_s, x);
    out.breached = options_.below ? value <= options_.threshold : value >= options_.threshold;
  }
  if (seen_ < kColdPoints) return out;
  const Peaks peaks = forecast_peaks(time_s);
  if (out.breached) {
    remember(time_s, peaks, -1);
    out.p_breach = 1;
    out.eta_q10_s = out.eta_q50_s = out.eta_q90_s = 0;
    out.expected_peak = value;
    alerting_ = false;
    return out;
  }
  const double raw = fill(time_s, peaks, out);
  if (std::isfinite(value)) remember(time_s, peaks, raw);
  alerting_ = out.p_breach >= (alerting_ ? options_.clear_p : options_.alert_p);
  out.alert = alerting_;
  return out;
}

std::string BreachForecaster::save() const {
  static_assert(std::is_trivially_copyable_v<BreachForecaster>);
  std::string out;
  out.push_back(static_cast<char>(kStateVersion));
  out.append(reinterpret_cast<const char*>(this), sizeof(*this));
  base::put_fixed(out, base::hash64(out));
  return out;
}

base::Result<BreachForecaster> BreachForecaster::load(std::string_view bytes) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "forecast state is damaged or foreign"};
  const std::size_t body = 1 + sizeof(BreachForecaster);
  if (bytes.size() != body + sizeof(std::uint64_t)) return damaged;
  if (static_cast<std::uint8_t>(bytes[0]) != kStateVersion) return damaged;
  base::ByteReader reader(bytes.substr(body));
  if (reader.fixed<std::uint64_t>() != base::hash64(bytes.substr(0, body))) return damaged;
  BreachForecaster out;
  std::memcpy(static_cast<void*>(&out), bytes.data() + 1, sizeof(out));
  return out;
}

}  // namespace honeyguide::detect
