// Proves that every series is judged without configuration, and what is not judged: late points,
// histories, counters that rest, candidates without a detector.
#include "watch/series_watch.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace honeyguide::watch {
namespace {

using telemetry::SeriesKind;

constexpr std::int64_t kBucket = 10 * base::kNanosPerSecond;
constexpr base::UnixNanos kStart = 1'750'000'200 * base::kNanosPerSecond;  // a whole minute
constexpr store::TenantId kTenant = 3;

WatchedPoint point(const std::string& name, base::UnixNanos time, double value,
                   SeriesKind kind = SeriesKind::kGauge, const std::string& agent = "planner") {
  return {{name, {{"agent", agent}}}, kind, {time, value}};
}

struct Bench {
  AnomalyBook book;
  SeriesWatch watch;
  std::mt19937 random{7};
  base::UnixNanos now = kStart;

  explicit Bench(std::size_t detectors_max = kDetectorsMax) : watch(book, detectors_max) {}
  double noise(double mean, double deviation) {
    return std::normal_distribution<double>(mean, deviation)(random);
  }
  void quiet(const std::string& name, int buckets, double mean, double deviation) {
    for (int i = 0; i < buckets; ++i) {
      watch.take(kTenant, point(name, now, noise(mean, deviation)), false);
      now += kBucket;
      watch.tick(now);
    }
  }
  std::vector<Anomaly> all() {
    return book.list(kTenant, {0, now + base::kNanosPerDay, "", "", false});
  }
  SeriesState state(const std::string& name) {
    SeriesState out;
    EXPECT_TRUE(watch.state(kTenant, point(name, 0, 0).key.id(), out));
    return out;
  }
};

TEST(SeriesWatch, ASpikeOpensOneAnomalyThatSaysWhy) {
  Bench bench;
  bench.quiet("queue_length", 2000, 50, 2);
  ASSERT_TRUE(bench.all().empty());
  const base::UnixNanos onset = bench.now;
  bench.watch.take(kTenant, point("queue_length", bench.now, 90), false);
  bench.now += kBucket;
  bench.quiet("queue_length", 100, 50, 2);
  const auto found = bench.all();
  ASSERT_EQ(found.size(), 1u);
  const Anomaly& anomaly = found.front();
  EXPECT_EQ(anomaly.onset, onset);
  EXPECT_EQ(anomaly.agent, "planner");
  EXPECT_EQ(anomaly.value, 90);
  EXPECT_TRUE(anomaly.up);
  EXPECT_NEAR(anomaly.expected, 50, 3);
  EXPECT_LT(anomaly.expected_high, 70);
  EXPECT_GT(anomaly.expected_low, 30);
  EXPECT_GE(-std::log10(anomaly.p), anomaly.bar);
  ASSERT_FALSE(anomaly.reasons.empty());
  EXPECT_TRUE(anomaly.reasons.front().name == "above" || anomaly.reasons.front().name == "step");
  EXPECT_GT(anomaly.end, onset);
  EXPECT_GT(anomaly.refractory_until, anomaly.end);
  EXPECT_TRUE(anomaly.similar.empty());
}

TEST(SeriesWatch, TheSecondSuchSpikeNamesTheFirst) {
  Bench bench;
  bench.quiet("queue_length", 2000, 50, 2);
  for (int i = 0; i < 2; ++i) {
    bench.watch.take(kTenant, point("queue_length", bench.now, 120), false);
    bench.now += kBucket;
    bench.quiet("queue_length", 1500, 50, 2);
  }
  const auto found = bench.all();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].similar, std::vector<std::string>{found[1].id});
}

TEST(SeriesWatch, OrdinaryNoiseStaysUnderTheFalseAlarmsItPromises) {
  Bench bench;
  constexpr int kSeries = 20;
  constexpr int kDays = 3;
  for (int i = 0; i < kDays * 8640; ++i) {
    for (int s = 0; s < kSeries; ++s) {
      bench.watch.take(kTenant, point("gauge_" + std::to_string(s), bench.now, bench.noise(10, 1)),
                       false);
    }
    bench.now += kBucket;
  }
  // Twice the promise: the count is small.
  EXPECT_LE(bench.all().size(), 2 * kFalsePerSeriesDay * kSeries * kDays);
}

TEST(SeriesWatch, NothingIsSaidWhileCold) {
  Bench bench;
  bench.quiet("queue_length", detect::SeriesDetector::kColdPoints - 10, 50, 2);
  bench.watch.take(kTenant, point("queue_length", bench.now, 1e6), false);
  bench.now += kBucket;
  bench.quiet("queue_length", 3, 50, 2);
  EXPECT_TRUE(bench.all().empty());
  EXPECT_TRUE(bench.state("queue_length").cold);
}

TEST(SeriesWatch, HistoryIsLearnedAndNotJudged) {
  Bench bench;
  for (int i = 0; i < 2000; ++i) {
    const double value = i == 1500 ? 500 : bench.noise(50, 2);
    bench.watch.take(kTenant, point("queue_length", bench.now, value), true);
    bench.now += kBucket;
  }
  EXPECT_TRUE(bench.all().empty());
  bench.watch.take(kTenant, point("queue_length", bench.now, 200), false);
  bench.now += kBucket;
  bench.quiet("queue_length", 2, 50, 2);
  EXPECT_EQ(bench.all().size(), 1u);
}

TEST(SeriesWatch, RevisionsOfJudgedCellsChangeNothing) {
  Bench bench;
  bench.quiet("queue_length", 500, 50, 2);
  const auto before = bench.state("queue_length");
  bench.watch.take(kTenant, point("queue_length", bench.now - 5 * kBucket, 1e6), false);
  bench.watch.tick(bench.now);
  EXPECT_EQ(bench.state("queue_length").points, before.points);
  EXPECT_GT(bench.watch.stats().late_total, 0u);
}

TEST(SeriesWatch, AFiveMinuteFigureIsJudgedOnceAMinute) {
  Bench bench;
  for (int i = 0; i < 600; ++i) {
    bench.watch.take(kTenant, point("honeyguide_agent_tokens_per_hour", bench.now, 5), false);
    bench.now += kBucket;
  }
  bench.watch.tick(bench.now + base::kNanosPerMinute);
  EXPECT_EQ(bench.state("honeyguide_agent_tokens_per_hour").points, 100u);
}

TEST(SeriesWatch, ARestingCounterCountsZeroWhileTheTenantSendsAndThenRests) {
  Bench bench;
  const std::string name = "honeyguide_agent_tasks_total";
  const auto beat = [&](int minutes) {
    for (int i = 0; i < minutes * 6; ++i) {
      bench.watch.take(
          kTenant,
          point("honeyguide_agent_utilization_ratio", bench.now, 0.5, SeriesKind::kRatio, "other"),
          false);
      bench.now += kBucket;
      bench.watch.tick(bench.now);
    }
  };
  bench.watch.take(kTenant, point(name, bench.now, 4, SeriesKind::kCounter), false);
  beat(20);
  const auto after_20 = bench.state(name);
  EXPECT_GE(after_20.points, 18u);
  EXPECT_EQ(after_20.judgement.value, 0);
  beat(200);
  EXPECT_EQ(bench.state(name).points, 1u + kZeroCellsMax);
}

TEST(SeriesWatch, ReportsThatDriftOverTheMinuteAreNoSpikes) {
  Bench bench;
  // 60 a minute, reported each 61 s, then a report late by five minutes.
  base::UnixNanos reported = bench.now;
  base::UnixNanos before = reported;
  for (int i = 0; i < 600; ++i) {
    reported += (i == 500 ? 361 : 61) * base::kNanosPerSecond;
    const double increase = static_cast<double>(reported - before) / 1e9;
    before = reported;
    bench.watch.take(kTenant, point("requests", reported, increase, SeriesKind::kCounter), false);
    bench.now = reported;
    bench.watch.tick(bench.now);
  }
  EXPECT_TRUE(bench.all().empty());
  EXPECT_NEAR(bench.state("requests").judgement.value, 60, 12);
}

TEST(SeriesWatch, PoissonCountsOfLowRateStayQuietAndABurstSpeaks) {
  Bench bench;
  std::poisson_distribution<int> few(0.2);
  const auto minutes = [&](int count, int extra) {
    for (int i = 0; i < count; ++i) {
      const double value = few(bench.random) + extra;
      bench.watch.take(kTenant, point("errors", bench.now, value, SeriesKind::kCounter), false);
      bench.now += base::kNanosPerMinute;
      bench.watch.tick(bench.now);
    }
  };
  minutes(3 * 1440, 0);
  EXPECT_LE(bench.all().size(), 1u);
  const std::size_t before = bench.all().size();
  minutes(3, 25);
  minutes(2, 0);
  EXPECT_EQ(bench.all().size(), before + 1);
}

TEST(SeriesWatch, BucketsOfHistogramsTakeNoDetector) {
  Bench bench;
  bench.watch.take(kTenant, point("latency.bucket", bench.now, 4, SeriesKind::kCounter), false);
  bench.watch.take(kTenant, point("latency.count", bench.now, 4, SeriesKind::kCounter), false);
  EXPECT_EQ(bench.watch.stats().detectors, 1u);
}

TEST(SeriesWatch, ActiveSeriesTakeThePlaceOfIdleOnes) {
  Bench bench(10);
  for (int s = 0; s < 10; ++s) bench.quiet("idle_" + std::to_string(s), 1, 1, 0.1);
  for (int i = 0; i < 60; ++i) {
    bench.watch.take(kTenant, point("busy", bench.now, 1), false);
    bench.now += kBucket;
  }
  EXPECT_EQ(bench.watch.stats().candidates, 1u);
  bench.watch.admit();
  EXPECT_EQ(bench.watch.stats().detectors, 10u);
  EXPECT_EQ(bench.watch.stats().evicted_total, 1u);
  EXPECT_EQ(bench.watch.stats().candidates, 0u);
  EXPECT_EQ(bench.state("busy").points, 0u);
}

TEST(SeriesWatch, OpinionsMoveTheBarOfTheirSeriesOnly) {
  // How many of these ever larger spikes are told, after that many thumbs down.
  const auto told = [](int thumbs_down) {
    Bench bench;
    bench.quiet("queue_length", 4000, 50, 2);
    Anomaly about;
    about.tenant = kTenant;
    about.key = point("queue_length", 0, 0).key;
    about.opinion_until = bench.now + kOpinionNs;
    for (int i = 0; i < thumbs_down; ++i) {
      EXPECT_TRUE(bench.watch.opine(about, Opinion::kNone, Opinion::kNotAnomaly));
    }
    for (int i = 0; i < 16; ++i) {
      bench.watch.take(kTenant, point("queue_length", bench.now, 57 + 6 * i), false);
      bench.now += kBucket;
      bench.quiet("queue_length", 100, 50, 2);
    }
    return bench.all().size();
  };
  EXPECT_LT(told(4), told(0));
  Bench bench;
  Anomaly unknown;
  unknown.key.name = "unknown";
  EXPECT_EQ(bench.watch.opine(unknown, Opinion::kNone, Opinion::kAnomaly).error().code,
            base::ErrorCode::kNotFound);
}

TEST(SeriesWatch, AClockThatGoesBackDoesNotLockASeriesOut) {
  Bench bench;
  bench.quiet("queue_length", 300, 50, 2);
  const auto before = bench.state("queue_length");
  bench.now -= base::kNanosPerDay;
  bench.watch.rewind(bench.now);
  bench.quiet("queue_length", 50, 50, 2);
  EXPECT_GE(bench.state("queue_length").points, before.points + 45);
}

TEST(AnomalyCodec, WhatIsWrittenReadsBackAndDamageIsTold) {
  Bench bench;
  bench.quiet("queue_length", 2000, 50, 2);
  bench.watch.take(kTenant, point("queue_length", bench.now, 90), false);
  bench.now += kBucket;
  bench.quiet("queue_length", 3, 50, 2);
  const Anomaly anomaly = bench.all().front();
  const std::string bytes = encode(anomaly);
  EXPECT_EQ(decode_anomaly(bytes).value(), anomaly);
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    EXPECT_FALSE(decode_anomaly(damaged)) << i;
    EXPECT_FALSE(decode_anomaly(bytes.substr(0, i))) << i;
  }
}

}  // namespace
}  // namespace honeyguide::watch
