// Proves that a series is its name and its label set, however the labels were given.
#include "telemetry/series.h"

#include <gtest/gtest.h>

namespace honeyguide::telemetry {
namespace {

TEST(SeriesTest, LabelOrderAndRepetitionDoNotMatter) {
  SeriesKey a{"tasks", {{"b", "2"}, {"a", "old"}, {"a", "1"}}};
  SeriesKey b{"tasks", {{"a", "1"}, {"b", "2"}}};
  a.normalise();
  b.normalise();
  EXPECT_EQ(a, b);
  EXPECT_EQ(a.id(), b.id());
  EXPECT_EQ(a.canonical(), "tasks{a=\"1\",b=\"2\"}");
  EXPECT_EQ(a.label("b"), "2");
  EXPECT_EQ(a.label("c"), "");
}

TEST(SeriesTest, HostileLabelValuesCannotForgeAnotherSeries) {
  const SeriesKey a{"t", {{"a", "1\",b=\"2"}}};
  const SeriesKey b{"t", {{"a", "1"}, {"b", "2"}}};
  EXPECT_NE(a.canonical(), b.canonical());
}

}  // namespace
}  // namespace honeyguide::telemetry
