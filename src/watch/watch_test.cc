// Proves that verdicts survive a killed process, that publishers never wait, that opinions are
// kept, and that clock jumps and silence are told apart from anomalies.
#include "watch/watch.h"

#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "store/model/model_series.h"
#include "store/model/model_state.h"

namespace honeyguide::watch {
namespace {

using telemetry::SeriesKind;

constexpr std::int64_t kBucket = 10 * base::kNanosPerSecond;
constexpr base::UnixNanos kStart = 1'750'000'200 * base::kNanosPerSecond;
constexpr store::TenantId kTenant = 3;

// Two outages of the coder, in minutes since the start, once a day is known.
constexpr std::int64_t kFirstOutage = 1800;
constexpr std::int64_t kSecondOutage = 2150;
constexpr int kBoth = 2200 * 6;  // buckets until both are over
constexpr int kOne = 1900 * 6;

const char* const kAgents[] = {"planner", "coder", "tester"};
const char* const kFigures[] = {"honeyguide_agent_task_throughput_per_hour",
                                "honeyguide_agent_call_error_ratio",
                                "honeyguide_agent_tokens_per_hour"};

// The stores, a clock, and a swarm whose points are a function of the time.
struct World {
  store::ModelSeriesStore series;
  store::ModelStateStore state;
  base::SimClock clock{kStart};
  std::unique_ptr<Watch> watch;
  std::uint64_t told = 0;

  World() { open(); }

  void open() {
    watch = std::make_unique<Watch>(WatchOptions{.threads = false}, series, state, clock,
                                    [](base::LogLevel, std::string_view) {});
    watch->set_find_exemplar([](const Anomaly&) { return std::string(32, 'a'); });
    watch->set_on_anomaly([this](const Anomaly&) { ++told; });
    ASSERT_TRUE(watch->restore());
  }
  // As after kill -9: what was not stored is gone.
  void kill() {
    const auto lost = std::move(watch);
    open();  // takes the shard over, so that the end of the lost one stores nothing
  }

  static double value(int agent, int figure, std::int64_t bucket) {
    std::mt19937 random(static_cast<unsigned>(bucket * 31 + agent * 7 + figure));
    double out = 20 + 10 * figure + std::normal_distribution<double>(0, 1)(random);
    const std::int64_t minute = bucket / 6 - kStart / base::kNanosPerMinute;
    const bool outage = (minute >= kFirstOutage && minute < kFirstOutage + 10) ||
                        (minute >= kSecondOutage && minute < kSecondOutage + 10);
    if (agent == 1 && figure != 1 && outage) out -= 18;
    return out;
  }

  void run(int buckets, bool silent_tester = false) {
    for (int i = 0; i < buckets; ++i) {
      const base::UnixNanos time = clock.now() - clock.now() % kBucket;
      std::vector<WatchedPoint> points;
      std::vector<store::SeriesPoint> stored;
      for (int a = 0; a < 3 - (silent_tester ? 1 : 0); ++a) {
        for (int f = 0; f < 3; ++f) {
          WatchedPoint point{{kFigures[f], {{"agent", kAgents[a]}}},
                             SeriesKind::kGauge,
                             {time, value(a, f, time / kBucket)}};
          ASSERT_TRUE(series.register_series(kTenant, {point.key, point.kind, "", ""}));
          stored.push_back({point.key.id(), point.point});
          points.push_back(std::move(point));
        }
      }
      ASSERT_TRUE(series.write(kTenant, stored));
      watch->offer(kTenant, std::move(points), false);
      clock.advance(kBucket);
      watch->poll();
    }
  }
  std::vector<Anomaly> all() {
    return watch->anomalies(kTenant, {0, clock.now() + base::kNanosPerDay, "", "", false});
  }
};

std::vector<std::string> ids(const std::vector<Anomaly>& anomalies) {
  std::vector<std::string> out;
  for (const Anomaly& anomaly : anomalies) out.push_back(anomaly.id);
  return out;
}

TEST(Watch, VerdictsAfterAKilledProcessAreThoseWithoutOne) {
  World whole;
  whole.run(kBoth);
  World killed;
  // Kills at odd moments, one of them within the outage.
  int done = 0;
  for (const int at : {1003, 5001, 10809, 10829, 12960}) {
    killed.run(at - done);
    done = at;
    killed.kill();
  }
  killed.run(kBoth - done);
  ASSERT_GE(whole.all().size(), 2u);
  EXPECT_EQ(ids(killed.all()), ids(whole.all()));
  for (std::size_t i = 0; i < whole.all().size(); ++i) {
    EXPECT_EQ(killed.all()[i], whole.all()[i]) << i;
  }
}

TEST(Watch, AnAnomalyIsToldOnceWithAnExemplar) {
  World world;
  world.run(kOne);
  const auto found = world.all();
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(world.told, found.size());
  for (const Anomaly& anomaly : found) EXPECT_EQ(anomaly.trace_id, std::string(32, 'a'));
  EXPECT_GT(world.watch->revision(), 0u);
}

TEST(Watch, OddAgentsNameTheFigureThatIsOdd) {
  World world;
  world.run(kOne);
  bool odd = false;
  for (const Anomaly& anomaly : world.all()) {
    EXPECT_EQ(anomaly.agent, "coder");
    if (anomaly.kind != AnomalyKind::kAgent) continue;
    odd = true;
    ASSERT_FALSE(anomaly.reasons.empty());
    EXPECT_NE(anomaly.reasons.front().name, "errors");
  }
  EXPECT_TRUE(odd);
}

TEST(Watch, ASurprisingAgentHasASurpriseNearOne) {
  World world;
  world.run((kFirstOutage + 5) * 6);
  const auto coder = world.watch->agent(kTenant, "coder");
  const auto planner = world.watch->agent(kTenant, "planner");
  ASSERT_TRUE(coder && planner);
  EXPECT_GT(coder->surprise, 0.999);
  EXPECT_LT(planner->surprise, 0.999);
  EXPECT_FALSE(world.watch->agent(kTenant, "nobody"));
  EXPECT_FALSE(world.watch->agent(kTenant + 1, "coder"));
}

TEST(Watch, WhoReportsAlwaysAndFallsSilentIsTold) {
  World world;
  world.run(kOne);
  world.run(6 * 10, true);
  const auto absent = [&] {
    std::vector<Anomaly> out;
    for (const Anomaly& anomaly : world.all()) {
      if (anomaly.kind == AnomalyKind::kAbsence) out.push_back(anomaly);
    }
    return out;
  };
  ASSERT_EQ(absent().size(), 1u);
  EXPECT_EQ(absent()[0].agent, "tester");
  EXPECT_EQ(absent()[0].end, 0);
  EXPECT_EQ(severity_of(absent()[0]), "high");
  world.run(12);
  ASSERT_EQ(absent().size(), 1u);
  EXPECT_GT(absent()[0].end, absent()[0].onset);
}

TEST(Watch, ATenantThatFallsSilentAsAWholeIsNoAbsenceOfItsAgents) {
  World world;
  world.run(kOne);
  const std::size_t before = world.all().size();
  for (int i = 0; i < 3600; ++i) {
    world.clock.advance(base::kNanosPerSecond);
    world.watch->poll();
  }
  EXPECT_EQ(world.all().size(), before);
}

TEST(Watch, OpinionsAreKeptOverAKillAndTakenBack) {
  World world;
  world.run(kOne);
  const std::string id = world.all().front().id;
  ASSERT_TRUE(world.watch->opine(kTenant, id, Opinion::kNotAnomaly));
  world.kill();
  const auto kept = world.watch->anomaly(kTenant, id);
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->opinion, Opinion::kNotAnomaly);
  EXPECT_EQ(kept->opinion_until, world.clock.now() + kOpinionNs);
  EXPECT_EQ(world.watch->opine(kTenant, id, Opinion::kNone)->opinion, Opinion::kNone);
  EXPECT_EQ(world.watch->opine(kTenant, "an-0", Opinion::kNone).error().code,
            base::ErrorCode::kNotFound);
  EXPECT_FALSE(world.watch->anomaly(kTenant + 1, id));
}

TEST(Watch, ClockJumpsInBothDirectionsRaiseNothing) {
  World world;
  world.run(2000);
  const std::size_t before = world.all().size();
  world.clock.jump_to(world.clock.now() + 3 * base::kNanosPerHour);
  world.run(300);
  world.clock.jump_to(world.clock.now() - 5 * base::kNanosPerHour);
  world.run(300);
  EXPECT_EQ(world.all().size(), before);
  EXPECT_EQ(world.watch->stats().clock_jumps_total, 2u);
  const auto series =
      world.watch->series(kTenant, telemetry::SeriesKey{kFigures[0], {{"agent", "planner"}}}.id());
  ASSERT_TRUE(series);
  EXPECT_LT(world.clock.now() - series->judged, 3 * base::kNanosPerMinute);
}

TEST(Watch, MorePointsThanTheQueueHoldsAreDroppedAndCounted) {
  World world;
  const WatchedPoint point{{"x", {}}, SeriesKind::kGauge, {world.clock.now(), 1}};
  for (int i = 0; i < 3; ++i) {
    world.watch->offer(kTenant, std::vector<WatchedPoint>(kQueuedPointsMax / 2, point), false);
  }
  EXPECT_EQ(world.watch->stats().queued_points, kQueuedPointsMax);
  EXPECT_EQ(world.watch->stats().dropped_points_total, kQueuedPointsMax / 2);
  world.watch->poll();
  EXPECT_EQ(world.watch->stats().queued_points, 0u);
}

TEST(Watch, DamagedStatesAreCountedAndLearnedAnew) {
  World world;
  world.run(500);
  world.watch->stop();
  const auto states = world.state.list(kWatchShard, store::StateKind::kDetector, "s/", 1);
  ASSERT_FALSE(states->empty());
  store::Checkpoint damage;
  damage.shard = kWatchShard;
  damage.epoch = *world.state.acquire_epoch(kWatchShard);
  damage.changes.push_back({store::StateKind::kDetector, states->front().first, "nonsense"});
  ASSERT_TRUE(world.state.checkpoint(damage));
  world.open();
  EXPECT_EQ(world.watch->stats().damaged_states, 1u);
  world.run(10);
  EXPECT_EQ(world.watch->stats().series.detectors, 9u);
}

TEST(Watch, APurgeForgetsEverythingForGood) {
  World world;
  world.run(kOne);
  world.watch->purge();
  EXPECT_TRUE(world.all().empty());
  world.watch->stop();
  EXPECT_TRUE(world.state.list(kWatchShard, store::StateKind::kDetector, "", 100)->empty());
}

}  // namespace
}  // namespace honeyguide::watch
