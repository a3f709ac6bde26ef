#include "detect/synthetic.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

namespace honeyguide::detect {
namespace {

constexpr double kDay = 86400;

class Maker {
 public:
  explicit Maker(const SyntheticOptions& options)
      : options_(options), random_(options.seed * 7919 + static_cast<int>(options.family)) {}

  SyntheticSeries make() {
    count_ = static_cast<std::size_t>(options_.days * kDay / options_.step_s);
    out_.value.resize(count_);
    out_.label.assign(count_, 0);
    for (std::size_t i = 0; i < count_; ++i) {
      out_.time_s.push_back(options_.start_s + static_cast<std::int64_t>(i) * options_.step_s);
    }
    draw_shape();
    make_mean();
    add_deployments();
    if (options_.anomalies_per_day > 0) add_anomalies();
    sample();
    add_lone_spikes();
    add_missing();
    return std::move(out_);
  }

 private:
  double uniform(double low, double high) {
    return low + (high - low) * (static_cast<double>(random_() >> 11) * 0x1p-53);
  }
  double normal() {
    const double u = std::max(uniform(0, 1), 1e-300);
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * uniform(0, 1));
  }
  double poisson(double mean) {
    if (mean > 50) return std::max(0.0, std::round(mean + std::sqrt(mean) * normal()));
    double left = std::exp(-mean);
    double product = uniform(0, 1);
    double count = 0;
    while (product > left) {
      product *= uniform(0, 1);
      ++count;
    }
    return count;
  }
  bool chance(double p) { return uniform(0, 1) < p; }
  double log_uniform(double low, double high) {
    return std::exp(uniform(std::log(low), std::log(high)));
  }

  void draw_shape() {
    for (double& a : amplitude_) a = uniform(0.3, 1);
    for (double& p : phase_) p = uniform(0, 2 * std::numbers::pi);
    weekend_ = uniform(0.55, 1.05);
    base_ = log_uniform(0.5, 5000);
    season_ = uniform(0.2, 0.8);
    wobble_ = log_uniform(0.005, 0.05);
    noise_ = log_uniform(0.01, 0.1);
    trend_ = chance(0.3) ? uniform(-0.02, 0.03) : 0;
    job_hour_ = uniform(0, 24);
    hourly_job_ = chance(0.5);
  }

  double daily_shape(double t) const {
    const double day = std::fmod(t, kDay) / kDay * 2 * std::numbers::pi;
    const double wave = amplitude_[0] * std::sin(day + phase_[0]) +
                        0.5 * amplitude_[1] * std::sin(2 * day + phase_[1]) +
                        0.25 * amplitude_[2] * std::sin(3 * day + phase_[2]);
    const int weekday = static_cast<int>(std::fmod(t / kDay + 4, 7));
    const double week = weekday == 0 || weekday == 6 ? weekend_ : 1;
    return (1 + season_ * wave / 1.3) * week;
  }

  // mean_ is the expected value, spread_ the size of one step's noise, both before anomalies.
  void make_mean() {
    using F = SyntheticFamily;
    mean_.resize(count_);
    spread_.resize(count_);
    double slow = 0;
    double walk = 0;
    double level = uniform(0.3, 0.7);
    const double step_day = options_.step_s / kDay;
    for (std::size_t i = 0; i < count_; ++i) {
      const double t = static_cast<double>(out_.time_s[i]);
      slow += -slow * 0.01 + normal() * 0.14;
      walk += normal() * 0.02;
      const double drift = 1 + trend_ * static_cast<double>(i) * step_day;
      const double wobble = 1 + wobble_ * slow;
      switch (options_.family) {
        case F::kTraffic:
          mean_[i] = std::max(0.02, daily_shape(t)) * base_ * drift * wobble;
          spread_[i] = mean_[i] * noise_;
          break;
        case F::kLatency:
          mean_[i] = base_ * (1 + 0.3 * (daily_shape(t) - 1)) * wobble;
          spread_[i] = mean_[i] * (0.05 + 2 * noise_);
          break;
        case F::kCounts:
          mean_[i] = std::max(0.02, daily_shape(t)) * std::fmod(base_, 8) + 0.05;
          spread_[i] = std::sqrt(mean_[i]);
          break;
        case F::kCpu:
          mean_[i] = 100 * std::clamp(0.1 + 0.25 * std::max(0.05, daily_shape(t)) * wobble + job(t),
                                      0.01, 0.97);
          spread_[i] = 100 * (0.005 + 0.4 * noise_);
          break;
        case F::kMemory:
          level += (0.3 + 0.2 * wobble) * 1e-4;
          if (level > 0.8 && chance(0.05)) level = uniform(0.3, 0.5);
          mean_[i] = 1e9 * (level + 0.01 * slow * noise_ * 10);
          spread_[i] = 1e9 * 0.003;
          break;
        case F::kSteps:
          if (chance(0.3 * step_day)) level = uniform(0.2, 0.9);
          mean_[i] = std::round(40 * level);
          spread_[i] = 1;
          break;
        case F::kSuccessRate:
          mean_[i] = 100 - 2 * noise_ * 10 * (1 + 0.3 * (daily_shape(t) - 1));
          spread_[i] = 3 * noise_;
          break;
        case F::kQueue:
          mean_[i] = base_ * 0.05 * (1 + 0.5 * std::abs(walk)) * std::max(0.1, daily_shape(t));
          spread_[i] = mean_[i] * 0.5;
          walk *= 0.999;
          break;
      }
    }
  }

  double job(double t) const {
    const double hour = std::fmod(t, kDay) / 3600;
    double load = hour > job_hour_ && hour < job_hour_ + 0.3 ? 0.35 : 0;
    if (hourly_job_ && std::fmod(t, 3600) < 120) load += 0.08;
    return load;
  }

  void add_deployments() {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!chance(0.08 * options_.step_s / kDay)) continue;
      const double factor = 1 + uniform(-0.15, 0.15);
      for (std::size_t k = i; k < count_; ++k) mean_[k] *= factor;
    }
  }

  void add_anomalies() {
    std::size_t at = static_cast<std::size_t>(1.5 * kDay / options_.step_s);
    for (;;) {
      const double gap_days = -std::log(std::max(uniform(0, 1), 1e-9)) / options_.anomalies_per_day;
      at += 30 + static_cast<std::size_t>(gap_days * kDay / options_.step_s);
      const auto length = static_cast<std::size_t>(log_uniform(1, 150));
      if (at + length + 10 >= count_) return;
      add_anomaly(at, length);
      at += length;
    }
  }

  void add_anomaly(std::size_t at, std::size_t length) {
    const double local = std::max({spread_[at], 0.02 * std::abs(mean_[at]), 1e-6});
    const double size = log_uniform(4, 30) * local;
    const bool down = chance(0.5);
    int kind = static_cast<int>(uniform(0, 8));
    if (kind == 7 && !chance(0.3)) kind = 1;
    const std::size_t edge =
        length > 10 && chance(0.4) ? static_cast<std::size_t>(uniform(2, 10)) : 0;
    const double held = mean_[at];
    for (std::size_t k = 0; k < length; ++k) {
      const std::size_t i = at + k;
      out_.label[i] = 1;
      double shape = 1;
      if (edge > 0 && k < edge) shape = (k + 1.0) / static_cast<double>(edge + 1);
      switch (kind) {
        case 0:
        case 1:
        case 2:  // shift or spike
          mean_[i] += (down ? -size : size) * shape;
          break;
        case 3:  // drop to a fraction
          mean_[i] *= 1 - 0.9 * shape;
          spread_[i] *= 0.5;
          break;
        case 4:  // a multiple
          mean_[i] *= 1 + 1.5 * shape;
          break;
        case 5:  // noisy
          spread_[i] *= 6;
          break;
        case 6:  // decays back
          mean_[i] += (down ? -size : size) *
                      std::exp(-3.0 * static_cast<double>(k) / static_cast<double>(length));
          break;
        default:  // stuck
          mean_[i] = held;
          spread_[i] = 0;
          break;
      }
    }
    if (options_.family == SyntheticFamily::kMemory || kind != 0 || length < 40) return;
    // An unfinished recovery.
    for (std::size_t k = 0; k < 20 && at + length + k < count_; ++k) {
      mean_[at + length + k] +=
          (down ? -size : size) * std::exp(-static_cast<double>(k) / 5.0) * 0.5;
    }
  }

  void sample() {
    using F = SyntheticFamily;
    double memory = 0;
    double before = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      memory = 0.5 * memory + normal() * 0.87;
      double v = mean_[i];
      switch (options_.family) {
        case F::kTraffic:
          v = base_ < 200 ? poisson(std::max(0.0, v + spread_[i] * memory))
                          : v + spread_[i] * memory;
          v = std::max(0.0, v);
          break;
        case F::kLatency:
          v = std::max(0.0, v * std::exp(spread_[i] / std::max(v, 1e-9) * normal()));
          break;
        case F::kCounts:
          v = poisson(std::max(0.0, v * (0.7 + 0.6 * uniform(0, 1))));
          break;
        case F::kCpu:
          v = std::round(std::clamp(v + spread_[i] * memory, 0.0, 100.0) * 1000) / 1000;
          break;
        case F::kMemory:
          v = std::max(0.0, v + spread_[i] * memory);
          break;
        case F::kSteps:
          v = std::round(
              std::max(0.0, v + (spread_[i] > 0 && chance(0.15) ? spread_[i] * normal() : 0)));
          break;
        case F::kSuccessRate:
          v = std::clamp(v - std::abs(spread_[i] * normal()), 0.0, 100.0);
          break;
        case F::kQueue:
          v = std::round(std::max(0.0, v + spread_[i] * (memory + std::abs(normal()) * memory)));
          break;
      }
      if (spread_[i] == 0 && i > 0) v = before;
      before = v;
      out_.value[i] = v;
    }
  }

  void add_lone_spikes() {
    const double rate = log_uniform(0.05, 3) * options_.step_s / kDay;
    for (std::size_t i = 0; i < count_; ++i) {
      if (!chance(rate) || out_.label[i] != 0) continue;
      const double up = spread_[i] * log_uniform(3, 8);
      out_.value[i] = std::max(0.0, out_.value[i] + up);
      if (options_.family == SyntheticFamily::kSuccessRate)
        out_.value[i] = std::min(out_.value[i], 100.0);
    }
  }

  void add_missing() {
    if (!chance(0.4)) return;
    for (std::size_t i = 0; i < count_; ++i) {
      if (chance(0.3 * options_.step_s / kDay)) {
        const auto length = static_cast<std::size_t>(log_uniform(1, 200));
        for (std::size_t k = i; k < std::min(count_, i + length); ++k) {
          if (out_.label[k] == 0) out_.value[k] = std::nan("");
        }
      }
    }
  }

  SyntheticOptions options_;
  std::mt19937_64 random_;
  SyntheticSeries out_;
  std::size_t count_ = 0;
  std::vector<double> mean_;
  std::vector<double> spread_;
  double amplitude_[3] = {};
  double phase_[3] = {};
  double weekend_ = 1;
  double base_ = 1;
  double season_ = 0;
  double wobble_ = 0;
  double noise_ = 0;
  double trend_ = 0;
  double job_hour_ = 0;
  bool hourly_job_ = false;
};

}  // namespace

std::string_view synthetic_family_name(SyntheticFamily family) {
  constexpr std::string_view kNames[] = {"traffic", "latency", "counts",       "cpu",
                                         "memory",  "steps",   "success_rate", "queue"};
  return kNames[static_cast<int>(family)];
}

SyntheticSeries make_synthetic(const SyntheticOptions& options) {
  return Maker(options).make();
}

}  // namespace honeyguide::detect
