// The SeriesStore contract as one typed suite, run over every implementation and compared with the
// model. For tests only.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/model/model_series.h"
#include "store/series_store.h"

namespace honeyguide::store {

// As for StateContract.
template <typename Harness>
class SeriesContract : public testing::Test {
 protected:
  static constexpr base::UnixNanos kStart = 1'750'000'000 * base::kNanosPerSecond / 3600 /
                                            base::kNanosPerSecond * 3600 * base::kNanosPerSecond;

  SeriesStore& store() { return harness_.store(); }

  static SeriesInfo info(std::string name, telemetry::Labels labels = {},
                         telemetry::SeriesKind kind = telemetry::SeriesKind::kGauge) {
    SeriesInfo out;
    out.key.name = std::move(name);
    out.key.labels = std::move(labels);
    out.key.normalise();
    out.kind = kind;
    out.unit = "1";
    return out;
  }
  std::uint64_t add(const SeriesInfo& series, TenantId tenant = 0) {
    EXPECT_TRUE(store().register_series(tenant, series));
    return series.key.id();
  }
  base::Result<void> put(std::uint64_t series, std::int64_t seconds, double value) {
    return store().write(0, {{series, {kStart + seconds * base::kNanosPerSecond, value}}});
  }
  // "seconds=value" of every point, relative to kStart.
  std::string text(std::uint64_t series, Resolution resolution, TimeRange time = {}) {
    std::string out;
    const auto points = store().read(0, series, resolution, time);
    EXPECT_TRUE(points);
    if (!points) return "error";
    for (const telemetry::Point& point : *points) {
      out += std::to_string((point.time - kStart) / base::kNanosPerSecond) + "=";
      out += std::isnan(point.value) ? "nan" : std::to_string(static_cast<int>(point.value));
      out += " ";
    }
    return out;
  }
  std::string names(std::string_view name, const std::vector<LabelMatcher>& matchers,
                    std::uint32_t limit = 100) {
    std::string out;
    const auto all = store().find_series(0, name, matchers, limit).value();
    for (const SeriesInfo& found : all) {
      out += found.key.canonical() + " ";
    }
    return out;
  }

  Harness harness_;
};
TYPED_TEST_SUITE_P(SeriesContract);

TYPED_TEST_P(SeriesContract, ABucketWrittenAgainIsOverwritten) {
  const std::uint64_t id = this->add(this->info("a"));
  ASSERT_TRUE(this->put(id, 0, 1));
  ASSERT_TRUE(this->put(id, 10, 2));
  ASSERT_TRUE(this->put(id, 13, 3));  // the bucket that starts at 10
  EXPECT_EQ(this->text(id, Resolution::k10s), "0=1 10=3 ");
}

TYPED_TEST_P(SeriesContract, CountersAddUpAndGaugesKeepTheLast) {
  const std::uint64_t gauge = this->add(this->info("g"));
  const std::uint64_t counter = this->add(this->info("c", {}, telemetry::SeriesKind::kCounter));
  for (const std::uint64_t id : {gauge, counter}) {
    ASSERT_TRUE(this->put(id, 50, 5));
    ASSERT_TRUE(this->put(id, 0, 1));  // late
    ASSERT_TRUE(this->put(id, 60, 7));
    ASSERT_TRUE(this->put(id, 3600, 9));
  }
  EXPECT_EQ(this->text(gauge, Resolution::k1m), "0=5 60=7 3600=9 ");
  EXPECT_EQ(this->text(gauge, Resolution::k1h), "0=7 3600=9 ");
  EXPECT_EQ(this->text(counter, Resolution::k1m), "0=6 60=7 3600=9 ");
  EXPECT_EQ(this->text(counter, Resolution::k1h), "0=13 3600=9 ");
  ASSERT_TRUE(this->put(counter, 50, 4));  // a revision, not an increment
  EXPECT_EQ(this->text(counter, Resolution::k1h), "0=12 3600=9 ");
}

TYPED_TEST_P(SeriesContract, NoValueIsKeptAsSuchAndNeverFoldedOverAValue) {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::uint64_t id = this->add(this->info("a"));
  ASSERT_TRUE(this->put(id, 0, 4));
  ASSERT_TRUE(this->put(id, 10, none));
  ASSERT_TRUE(this->put(id, 60, none));
  EXPECT_EQ(this->text(id, Resolution::k10s), "0=4 10=nan 60=nan ");
  EXPECT_EQ(this->text(id, Resolution::k1m), "0=4 60=nan ");
}

TYPED_TEST_P(SeriesContract, ReadsAreHalfOpen) {
  const std::uint64_t id = this->add(this->info("a"));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(this->put(id, i * 10, i));
  const std::int64_t second = base::kNanosPerSecond;
  EXPECT_EQ(
      this->text(id, Resolution::k10s, {this->kStart + 10 * second, this->kStart + 30 * second}),
      "10=1 20=2 ");
  EXPECT_EQ(this->text(id, Resolution::k10s, {this->kStart + second, this->kStart + second}), "");
}

TYPED_TEST_P(SeriesContract, AnUnknownSeriesRefusesTheWholeWrite) {
  const std::uint64_t id = this->add(this->info("a"));
  const auto refused =
      this->store().write(0, {{id, {this->kStart, 1}}, {id + 1, {this->kStart, 1}}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(this->text(id, Resolution::k10s), "");
  EXPECT_EQ(this->store().read(1, id, Resolution::k10s, {}).error().code,
            base::ErrorCode::kNotFound);
}

TYPED_TEST_P(SeriesContract, SeriesAreFoundByNameAndLabels) {
  this->add(this->info("tasks", {{"agent", "a"}, {"type", "x"}}));
  this->add(this->info("tasks", {{"agent", "b"}}));
  this->add(this->info("tasks_total"));
  this->add(this->info("tasks", {{"agent", "c"}}), 1);
  using Compare = LabelMatcher::Op;
  EXPECT_EQ(this->names("tasks", {}), R"(tasks{agent="a",type="x"} tasks{agent="b"} )");
  EXPECT_EQ(this->names("", {}, 2), R"(tasks_total{} tasks{agent="a",type="x"} )");
  EXPECT_EQ(this->names("tasks", {{"agent", Compare::kEqual, "b"}}), R"(tasks{agent="b"} )");
  EXPECT_EQ(this->names("tasks", {{"agent", Compare::kNotEqual, "b"}}),
            R"(tasks{agent="a",type="x"} )");
  EXPECT_EQ(this->names("tasks",
                        {{"agent", Compare::kMatches, "[ab]"}, {"type", Compare::kMatches, "x?"}}),
            R"(tasks{agent="a",type="x"} tasks{agent="b"} )");
  EXPECT_EQ(this->names("tasks", {{"agent", Compare::kNotMatches, "a|z"}}), R"(tasks{agent="b"} )");
  EXPECT_EQ(this->names("nothing", {}), "");
  EXPECT_EQ(
      this->store().find_series(0, "tasks", {{"agent", Compare::kMatches, "("}}, 9).error().code,
      base::ErrorCode::kInvalidArgument);
}

TYPED_TEST_P(SeriesContract, TheFirstRegistrationStays) {
  SeriesInfo info = this->info("a", {{"z", "1"}, {"b", "2"}});
  info.help = "first";
  this->add(info);
  info.help = "second";
  this->add(info);
  const auto found = this->store().find_series(0, "a", {}, 9).value();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].help, "first");
  EXPECT_EQ(found[0].unit, "1");
  EXPECT_EQ(this->store().stats().series, 1u);
  SeriesInfo nameless;
  EXPECT_EQ(this->store().register_series(0, nameless).error().code,
            base::ErrorCode::kInvalidArgument);
}

TYPED_TEST_P(SeriesContract, BeyondTheLimitASeriesIsRefusedAndCounted) {
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < TypeParam::kSeriesMax + 3; ++i) {
    const auto added =
        this->store().register_series(0, this->info("s", {{"i", std::to_string(i)}}));
    if (added) continue;
    EXPECT_EQ(added.error().code, base::ErrorCode::kResourceExhausted);
    ++refused;
  }
  EXPECT_EQ(refused, 3u);
  EXPECT_EQ(this->store().stats().refused_series, 3u);
  EXPECT_EQ(this->store().stats().series, TypeParam::kSeriesMax);
}

TYPED_TEST_P(SeriesContract, EachResolutionAgesByItself) {
  const std::uint64_t id = this->add(this->info("a"));
  ASSERT_TRUE(this->put(id, 0, 1));
  ASSERT_TRUE(this->put(id, 100 * 3600, 2));
  SeriesRetention retention;
  retention.raw_ns = 48 * base::kNanosPerHour;
  const base::UnixNanos now = this->kStart + 101 * base::kNanosPerHour;
  ASSERT_TRUE(this->store().apply_retention(retention, now));
  EXPECT_EQ(this->text(id, Resolution::k10s), "360000=2 ");
  EXPECT_EQ(this->text(id, Resolution::k1m), "0=1 360000=2 ");
  EXPECT_EQ(this->text(id, Resolution::k1h), "0=1 360000=2 ");
  retention.minute_ns = 48 * base::kNanosPerHour;
  ASSERT_TRUE(this->store().apply_retention(retention, now));
  EXPECT_EQ(this->text(id, Resolution::k1m), "360000=2 ");
  EXPECT_EQ(this->text(id, Resolution::k1h), "0=1 360000=2 ");
}

// Hours of seeded writes, in and out of order, with revisions and reopenings, against the model.
TYPED_TEST_P(SeriesContract, EqualsTheModelUnderRandomWrites) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    ModelSeriesStore model;
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < 6; ++i) {
      const SeriesInfo info =
          this->info("s", {{"i", std::to_string(i)}, {"seed", std::to_string(seed)}},
                     i % 2 == 0 ? telemetry::SeriesKind::kGauge : telemetry::SeriesKind::kCounter);
      ids.push_back(this->add(info));
      ASSERT_TRUE(model.register_series(0, info));
    }
    for (int step = 0; step < 400; ++step) {
      std::vector<SeriesPoint> points;
      for (const std::uint64_t id : ids) {
        const std::int64_t back = random() % 5 == 0 ? static_cast<std::int64_t>(random() % 900) : 0;
        points.push_back({id,
                          {this->kStart + (step * 40 - back * 10) * base::kNanosPerSecond,
                           static_cast<double>(random() % 1000) / 8}});
      }
      ASSERT_TRUE(this->store().write(0, points));
      ASSERT_TRUE(model.write(0, points));
      if (TypeParam::kKeeps && random() % 150 == 0) this->harness_.reopen();
    }
    for (const std::uint64_t id : ids) {
      for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
        EXPECT_EQ(this->store().read(0, id, resolution, {}).value(),
                  model.read(0, id, resolution, {}).value());
      }
    }
  }
}

TYPED_TEST_P(SeriesContract, PurgeLeavesNothing) {
  const std::uint64_t id = this->add(this->info("a"));
  ASSERT_TRUE(this->put(id, 0, 1));
  ASSERT_TRUE(this->put(id, 3 * 3600, 1));
  ASSERT_TRUE(this->store().purge());
  EXPECT_EQ(this->names("", {}), "");
  this->add(this->info("a"));
  EXPECT_EQ(this->text(id, Resolution::k10s), "");
  EXPECT_EQ(this->text(id, Resolution::k1h), "");
}

TYPED_TEST_P(SeriesContract, AClosedStoreRefuses) {
  const std::uint64_t id = this->add(this->info("a"));
  ASSERT_TRUE(this->store().close());
  ASSERT_TRUE(this->store().close());
  EXPECT_EQ(this->put(id, 0, 1).error().code, base::ErrorCode::kFailedPrecondition);
}

REGISTER_TYPED_TEST_SUITE_P(SeriesContract, ABucketWrittenAgainIsOverwritten,
                            CountersAddUpAndGaugesKeepTheLast,
                            NoValueIsKeptAsSuchAndNeverFoldedOverAValue, ReadsAreHalfOpen,
                            AnUnknownSeriesRefusesTheWholeWrite, SeriesAreFoundByNameAndLabels,
                            TheFirstRegistrationStays, BeyondTheLimitASeriesIsRefusedAndCounted,
                            EachResolutionAgesByItself, EqualsTheModelUnderRandomWrites,
                            PurgeLeavesNothing, AClosedStoreRefuses);

}  // namespace honeyguide::store
