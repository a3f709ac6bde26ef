// Proves the heartbeat rules with a clock that is moved by hand.
#include "health/components.h"

#include <gtest/gtest.h>

namespace honeyguide::health {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;

ComponentStatus only(const Components& components) {
  const auto all = components.snapshot();
  EXPECT_EQ(all.size(), 1u);
  return all.at(0);
}

TEST(ComponentsTest, AComponentIsUnknownUntilItsFirstBeatAndThenHealthy) {
  base::SimClock clock;
  Components components(clock);
  ASSERT_TRUE(components.add("ingest", 30 * kSecond, "restart it"));
  EXPECT_EQ(only(components).state, State::kUnknown);
  EXPECT_EQ(only(components).heartbeat_age_ns, -1);
  components.beat("ingest");
  clock.advance(kSecond);
  EXPECT_EQ(only(components).state, State::kHealthy);
  EXPECT_EQ(only(components).heartbeat_age_ns, kSecond);
}

TEST(ComponentsTest, SilenceBeyondTheLimitIsUnhealthyWhateverWasReported) {
  base::SimClock clock;
  Components components(clock);
  ASSERT_TRUE(components.add("ingest", 30 * kSecond, "restart it"));
  components.report("ingest", State::kHealthy, "", "");
  clock.advance(30 * kSecond);
  EXPECT_EQ(only(components).state, State::kHealthy);
  clock.advance(1);
  EXPECT_EQ(only(components).state, State::kUnhealthy);
  EXPECT_EQ(only(components).advice, "restart it");
  components.beat("ingest");
  EXPECT_EQ(only(components).state, State::kHealthy);
}

TEST(ComponentsTest, OneThatNeverBeatFallsUnhealthyAfterItsLimit) {
  base::SimClock clock;
  Components components(clock);
  ASSERT_TRUE(components.add("ingest", 30 * kSecond, "restart it"));
  clock.advance(31 * kSecond);
  EXPECT_EQ(only(components).state, State::kUnhealthy);
}

TEST(ComponentsTest, AReportStaysAndCarriesItsAdvice) {
  base::SimClock clock;
  Components components(clock);
  ASSERT_TRUE(components.add("exporter", 0, ""));
  components.report("exporter", State::kDegraded, "3 of 4 exports failed", "check the endpoint");
  clock.advance(1000 * kSecond);
  EXPECT_EQ(only(components).state, State::kDegraded);
  EXPECT_EQ(only(components).advice, "check the endpoint");
  components.report("nobody", State::kUnhealthy, "", "");
  EXPECT_EQ(components.snapshot().size(), 1u);
}

TEST(ComponentsTest, BeyondTheLimitAComponentIsRefused) {
  base::SimClock clock;
  Components components(clock);
  for (std::size_t i = 0; i < Components::kComponentsMax; ++i) {
    ASSERT_TRUE(components.add(std::to_string(i), 0, ""));
  }
  EXPECT_EQ(components.add("one more", 0, "").error().code, base::ErrorCode::kResourceExhausted);
  EXPECT_TRUE(components.add("7", 0, "again"));
}

}  // namespace
}  // namespace honeyguide::health
