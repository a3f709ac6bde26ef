// Proves the one rule of score and status, in table form.
#include "health/score.h"

#include <gtest/gtest.h>

namespace honeyguide::health {
namespace {

TEST(ScoreTest, HeadroomFallsFromTheWarningOn) {
  EXPECT_DOUBLE_EQ(headroom(0, 80, 95), 1);
  EXPECT_DOUBLE_EQ(headroom(80, 80, 95), 1);
  EXPECT_DOUBLE_EQ(headroom(95, 80, 95), 0.25);
  EXPECT_DOUBLE_EQ(headroom(100, 80, 95), 0);
  EXPECT_DOUBLE_EQ(headroom(120, 80, 95), 0);
  EXPECT_GT(headroom(85, 80, 95), headroom(90, 80, 95));
}

ComponentStatus component(const char* name, State state) {
  ComponentStatus out;
  out.name = name;
  out.state = state;
  out.advice = std::string("repair ") + name;
  return out;
}

struct Case {
  const char* name;
  std::vector<ComponentStatus> components;
  ResourceSample resources;
  WorkFigures work;
  double score;
  const char* status;
  std::size_t recommendations;
};

ResourceSample used(double cpu, double memory, double disk) {
  ResourceSample out;
  out.cpu_percent = cpu;
  out.memory_percent = memory;
  out.disk_percent = disk;
  return out;
}

WorkFigures work(double error_rate, double throughput) {
  WorkFigures out;
  out.error_rate = error_rate;
  out.throughput_per_hour = throughput;
  return out;
}

const Case kCases[] = {
    {"nothing known", {}, {}, {}, 1, "healthy", 0},
    {"all well", {component("a", State::kHealthy)}, used(50, 50, 50), work(0, 10), 1, "healthy", 0},
    {"an unknown component changes nothing",
     {component("a", State::kUnknown)},
     used(50, 50, 50),
     {},
     1,
     "healthy",
     0},
    {"one component down caps the score",
     {component("a", State::kUnhealthy), component("b", State::kHealthy)},
     used(1, 1, 1),
     {},
     0.79,
     "degraded",
     1},
    {"one degraded too", {component("a", State::kDegraded)}, {}, {}, 0.79, "degraded", 1},
    {"two down are critical",
     {component("a", State::kUnhealthy), component("b", State::kUnhealthy)},
     used(1, 1, 1),
     {},
     0.49,
     "critical",
     2},
    // (1x0.25 + 2x1 + 2x1) / 5
    {"busy but well", {}, used(95, 50, 50), {}, 0.85, "healthy", 1},
    // (1x0 + 2x0 + 2x0 + 2x0.5 + 1x0) / 8
    {"everything bad", {}, used(100, 100, 100), work(0.5, 0), 0.125, "critical", 5},
    {"throughput above the target is no more than good", {}, {}, work(0, 50), 1, "healthy", 0},
};

TEST(ScoreTest, ScoreAndStatusFollowTheRule) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const HealthReport report = assess(c.components, c.resources, c.work);
    EXPECT_NEAR(report.score, c.score, 1e-9);
    EXPECT_EQ(report.status, c.status);
    EXPECT_EQ(report.recommendations.size(), c.recommendations);
  }
}

TEST(ScoreTest, UnknownFactorsAreNamedAndLeftOut) {
  const HealthReport report = assess({}, used(10, 10, 10), {});
  EXPECT_EQ(report.factors.size(), 3u);
  EXPECT_EQ(report.unknown_factors,
            (std::vector<std::string>{"errors", "throughput", "coordination", "conflicts"}));
}

TEST(ScoreTest, RecommendationsNameTheCauseTheWorstFirst) {
  const HealthReport report =
      assess({component("exporter", State::kDegraded), component("store", State::kUnhealthy)},
             used(99, 10, 10), {});
  ASSERT_EQ(report.recommendations.size(), 3u);
  EXPECT_EQ(report.recommendations[0], "store is unhealthy: repair store");
  EXPECT_EQ(report.recommendations[1], "exporter is degraded: repair exporter");
  EXPECT_EQ(report.recommendations[2], "CPU at 99 %: find the busy process or add cores");
}

TEST(ScoreTest, ManyAlertsAreARecommendation) {
  WorkFigures figures;
  figures.active_alerts = 10;
  EXPECT_TRUE(assess({}, {}, figures).recommendations.empty());
  figures.active_alerts = 11;
  EXPECT_EQ(assess({}, {}, figures).recommendations.size(), 1u);
}

}  // namespace
}  // namespace honeyguide::health
