// Proves what a breach forecast promises: times are measured from now, a ramp is met when it should
// be, a daily peak is foreseen, probabilities and intervals are right as often as they say, and the
// file form is causal.
#include "detect/breach_forecaster.h"

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "base/strings.h"
#include "detect/csv_forecast.h"
#include "detect/forecast_score.h"

namespace honeyguide::detect {
namespace {

constexpr double kStart = 1.7e9;

BreachForecaster make(double threshold, double horizon_s, bool below = false) {
  ForecastOptions options;
  options.threshold = threshold;
  options.horizon_s = horizon_s;
  options.below = below;
  auto created = BreachForecaster::create(options);
  EXPECT_TRUE(created.has_value());
  return *created;
}

struct RampCase {
  const char* name;
  double from;
  double per_minute;
  double threshold;
  bool below;
};

TEST(BreachForecasterTest, ARampIsMeasuredFromNow) {
  for (const RampCase& c : {RampCase{"disk fills", 10, 0.1, 90, false},
                            {"budget empties", 100, -0.1, 20, true},
                            {"fast", 0, 2, 1600, false}}) {
    std::mt19937_64 random(1);
    std::normal_distribution<double> noise(0, 0.05);
    BreachForecaster forecaster = make(c.threshold, 3600, c.below);
    const double crossing_s = 60 * (c.threshold - c.from) / c.per_minute;
    int seen = 0;
    for (int i = 0; 60.0 * i < crossing_s - 300; ++i) {
      const BreachForecast forecast =
          forecaster.observe(kStart + 60.0 * i, c.from + c.per_minute * i + noise(random));
      const double left = crossing_s - 60.0 * i;
      if (left > 3300 && left < 3600) continue;
      EXPECT_FALSE(forecast.breached) << c.name;
      EXPECT_FALSE(forecast.alert && left > 4500) << c.name << " " << left << " s before";
      if (left < 2400 && left > 1200) {
        ++seen;
        EXPECT_TRUE(forecast.alert) << c.name << " " << left << " s before";
        EXPECT_NEAR(forecast.eta_q50_s, left, 900) << c.name;
        EXPECT_LE(forecast.eta_q10_s, forecast.eta_q50_s) << c.name;
        EXPECT_LE(forecast.eta_q50_s, forecast.eta_q90_s) << c.name;
      }
    }
    EXPECT_GT(seen, 5) << c.name;
  }
}

TEST(BreachForecasterTest, ADailyPeakIsForeseen) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> noise(0, 3);
  BreachForecaster forecaster = make(185, 3600);
  ForecastScorer scorer(3600);
  for (int i = 0; i < 15 * 288; ++i) {
    const double value = 100 + 100 * std::sin(2 * M_PI * i / 288.0) + noise(random);
    const BreachForecast forecast = forecaster.observe(kStart + 300.0 * i, value);
    if (i > 4 * 288) scorer.observe(kStart + 300.0 * i, forecast);
  }
  EXPECT_GE(scorer.accuracy().breaches, 10U);
  EXPECT_GE(scorer.accuracy().recall(), 0.9);
  EXPECT_GE(scorer.accuracy().precision(), 0.7);
  EXPECT_GE(scorer.accuracy().lead_median_s(), 1800);
}

TEST(BreachForecasterTest, ProbabilitiesAreRates) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  BreachForecaster forecaster = make(2.2, 1800);
  double level = 0;
  double expected = 0;
  double came = 0;
  double asked = 0;
  std::vector<std::pair<double, double>> open;  // time, p
  for (int i = 0; i < 40000; ++i) {
    level = 0.98 * level + 0.2 * normal(random);
    const double now = kStart + 60.0 * i;
    const BreachForecast forecast = forecaster.observe(now, level);
    if (forecast.breached) came += static_cast<double>(open.size());
    while (!open.empty() && (forecast.breached || now - open.front().first >= 1800)) {
      expected += open.front().second;
      asked += 1;
      open.erase(open.begin());
    }
    if (i > 5000 && !forecast.breached) open.emplace_back(now, forecast.p_breach);
  }
  EXPECT_NEAR(expected / asked, came / asked, 0.04);
  EXPECT_GT(came / asked, 0.01);
}

TEST(BreachForecasterTest, ABreachIsNoForecast) {
  BreachForecaster forecaster = make(50, 3600);
  BreachForecast forecast;
  for (int i = 0; i < 100; ++i) forecast = forecaster.observe(kStart + 60.0 * i, 60);
  EXPECT_TRUE(forecast.breached);
  EXPECT_FALSE(forecast.alert);
  EXPECT_EQ(forecast.p_breach, 1);
  EXPECT_EQ(forecast.eta_q50_s, 0);
}

TEST(BreachForecasterTest, ContinuesFromItsSavedState) {
  BreachForecaster a = make(150, 3600);
  for (int i = 0; i < 3000; ++i) a.observe(kStart + 60.0 * i, 100 + 20 * std::sin(i / 50.0));
  const std::string bytes = a.save();
  auto loaded = BreachForecaster::load(bytes);
  ASSERT_TRUE(loaded.has_value());
  for (int i = 3000; i < 4000; ++i) {
    const double value = 100 + 30 * std::sin(i / 50.0);
    ASSERT_EQ(a.observe(kStart + 60.0 * i, value).p_breach,
              loaded->observe(kStart + 60.0 * i, value).p_breach);
  }
  std::string flipped = bytes;
  flipped[50] = static_cast<char>(flipped[50] ^ 4);
  EXPECT_EQ(BreachForecaster::load(flipped).error().code, base::ErrorCode::kDataLoss);
}

TEST(BreachForecasterTest, RefusesWhatItCannotDo) {
  for (const ForecastOptions& options : {ForecastOptions{std::nan(""), false, 3600, 0.2, 0.1},
                                         {1, false, 60, 0.2, 0.1},
                                         {1, false, 90000, 0.2, 0.1},
                                         {1, false, 3600, 0.2, 0.3},
                                         {1, false, 3600, 1.5, 0.1}}) {
    const auto created = BreachForecaster::create(options);
    ASSERT_FALSE(created.has_value());
    EXPECT_EQ(created.error().code, base::ErrorCode::kInvalidArgument);
  }
}

TEST(ForecastScorerTest, CountsByItsDefinitions) {
  ForecastScorer scorer(3600);
  BreachForecast calm;
  calm.p_breach = 0.1;
  BreachForecast alert;
  alert.p_breach = 0.8;
  alert.alert = true;
  alert.eta_q10_s = 600;
  alert.eta_q50_s = 1200;
  alert.eta_q90_s = 2400;
  BreachForecast breach;
  breach.breached = true;
  // Caught 20 minutes ahead; later a false alert; later a breach that nobody saw.
  for (int minute = 0; minute < 60; ++minute) {
    scorer.observe(60.0 * minute, minute == 30 ? alert : calm);
  }
  scorer.observe(60.0 * 50 + 0, breach);
  for (int minute = 60; minute < 400; ++minute) {
    scorer.observe(60.0 * minute, minute == 200 ? alert : calm);
  }
  scorer.observe(60.0 * 400, breach);
  scorer.observe(60.0 * 900, calm);
  const ForecastAccuracy& accuracy = scorer.accuracy();
  EXPECT_EQ(accuracy.breaches, 2U);
  EXPECT_EQ(accuracy.caught, 1U);
  EXPECT_EQ(accuracy.episodes, 2U);
  EXPECT_EQ(accuracy.right, 1U);
  EXPECT_EQ(accuracy.lead_median_s(), 1200);
  EXPECT_EQ(accuracy.coverage(), 1);
}

std::string forecast_csv(std::string_view input, bool backtest) {
  CsvForecastOptions options;
  options.forecast.threshold = 90;
  options.forecast.horizon_s = 3600;
  options.backtest = backtest;
  std::string out;
  auto forecaster = CsvForecaster::create(options, [&](std::string_view text) { out += text; });
  EXPECT_TRUE(forecaster.has_value());
  EXPECT_TRUE((*forecaster)->feed(input).has_value());
  EXPECT_TRUE((*forecaster)->finish().has_value());
  return out;
}

std::string ramp_csv(int rows) {
  std::string out = "timestamp,value\n";
  for (int i = 0; i < rows; ++i) {
    out += std::to_string(1'700'000'000 + 60 * i) + "," + std::to_string(10 + 0.1 * i) + "\n";
  }
  return out;
}

TEST(CsvForecastTest, BacktestWritesARowForEachRowAndIsCausal) {
  const std::string whole = forecast_csv(ramp_csv(820), true);
  const std::string half = forecast_csv(ramp_csv(500), true);
  EXPECT_TRUE(
      whole.starts_with("timestamp,value,p_breach,eta_q10_s,eta_q50_s,eta_q90_s,alert\n1700000000,"
                        "10.000000,0,,,,0\n"));
  EXPECT_EQ(whole.substr(0, half.size()), half);
  EXPECT_EQ(std::count(whole.begin(), whole.end(), '\n'), 821);
  EXPECT_NE(whole.find(",1,0.0,0.0,0.0,0\n"), std::string::npos) << "the breach itself";
  EXPECT_NE(forecast_csv("1,5\n2,\n", true).find("\n2,,0,,,,0\n"), std::string::npos);
}

TEST(CsvForecastTest, TheEndIsOneJsonLine) {
  const std::string out = forecast_csv(ramp_csv(775), false);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  for (const char* part :
       {"\"rows\":775", "\"threshold\":90", "\"horizon_s\":3600", "\"alert\":true",
        "\"eta_q50_s\":", "\"model\":\"line\"", "\"accuracy\":{\"breaches\":0"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << " in " << out;
  }
}

}  // namespace
}  // namespace honeyguide::detect
