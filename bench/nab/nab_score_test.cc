// Proves the scoring against its definition: the values of the sigmoid, windows and costs worked by
// hand, and on the real label file the scores of the null, perfect and random detectors.
#include "nab/nab_score.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

#include "base/test_data.h"
#include "nab/nab_data.h"

namespace honeyguide::bench {
namespace {

constexpr NabProfile kStandard = kNabProfiles[0];

// 1000 rows, so a probation of 150, with a window of 100 rows from 400.
NabFile one_window() {
  NabFile file;
  file.time_s.resize(1000);
  file.value.resize(1000);
  file.windows = {{400, 499}};
  return file;
}

std::vector<double> detections(std::size_t rows, std::initializer_list<std::size_t> where) {
  std::vector<double> out(rows, 0);
  for (const std::size_t row : where) out[row] = 1;
  return out;
}

double raw(const NabFile& file, std::vector<double> scores, const NabProfile& profile = kStandard) {
  const std::vector<std::vector<double>> all{std::move(scores)};
  return nab_raw({&file, 1}, all, profile, 0.5);
}

TEST(NabScoreTest, TheSigmoidHasItsKnownValues) {
  EXPECT_NEAR(nab_sigmoid(-1), 0.98661, 1e-5);
  EXPECT_EQ(nab_sigmoid(0), 0);
  EXPECT_NEAR(nab_sigmoid(1), -0.98661, 1e-5);
  EXPECT_EQ(nab_sigmoid(3.01), -1);
}

TEST(NabScoreTest, ProbationIsFifteenPercentUpToSevenHundredAndFifty) {
  EXPECT_EQ(nab_probation(1000), 150U);
  EXPECT_EQ(nab_probation(5000), 750U);
  EXPECT_EQ(nab_probation(20000), 750U);
}

TEST(NabScoreTest, AWindowIsWorthItsEarliestDetection) {
  const NabFile file = one_window();
  EXPECT_NEAR(raw(file, detections(1000, {400})), 1, 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {400, 450, 499})), 1, 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {450})), nab_sigmoid(-0.5) / nab_sigmoid(-1), 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {499})), nab_sigmoid(-0.01) / nab_sigmoid(-1), 1e-9);
}

TEST(NabScoreTest, AMissedWindowCostsItsWeight) {
  const NabFile file = one_window();
  EXPECT_EQ(raw(file, detections(1000, {})), -1);
  EXPECT_EQ(raw(file, detections(1000, {}), kNabProfiles[2]), -2);
}

TEST(NabScoreTest, ADetectionOutsideCostsByItsDistance) {
  const NabFile file = one_window();
  EXPECT_NEAR(raw(file, detections(1000, {300, 400})), 1 - 0.11, 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {300, 400}), kNabProfiles[1]), 1 - 0.22, 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {400, 500})), 1 + 0.11 * nab_sigmoid(1 / 99.0), 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {400, 900})), 1 - 0.11, 1e-9);
}

TEST(NabScoreTest, ProbationIsNeverScored) {
  const NabFile file = one_window();
  EXPECT_NEAR(raw(file, detections(1000, {0, 149, 400})), 1, 1e-9);
  EXPECT_NEAR(raw(file, detections(1000, {150, 400})), 1 - 0.11, 1e-9);
}

TEST(NabScoreTest, EqualScoresActTogether) {
  const NabFile file = one_window();
  std::vector<double> scores(1000, 0);
  scores[400] = 0.7;
  for (std::size_t i = 600; i < 620; ++i) scores[i] = 0.7;
  const std::vector<std::vector<double>> all{scores};
  const NabResult best = nab_best({&file, 1}, all, kStandard);
  EXPECT_EQ(best.raw, -1) << "the threshold cannot part equal scores";
}

// The archive, unpacked into a temporary folder for these tests.
class NabDataTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HG_SHARED_DATA_OR_SKIP(folder, "nab");
    folder_ = std::filesystem::temp_directory_path() / ("nab_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    const std::string command = "tar -xf '" + folder + "/nab.tar.xz' -C '" + folder_.string() + "'";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "tar cannot unpack " << folder;
    auto files = read_nab(folder_.string());
    ASSERT_TRUE(files.has_value()) << files.error().to_string();
    files_ = std::move(*files);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::vector<NabFile> files_;
};

TEST_F(NabDataTest, HoldsTheDocumentedSeriesRowsAndWindows) {
  std::size_t rows = 0;
  std::size_t windows = 0;
  for (const NabFile& file : files_) {
    rows += file.value.size();
    windows += file.windows.size();
  }
  EXPECT_EQ(files_.size(), 58U);
  EXPECT_EQ(rows, 365558U);
  EXPECT_EQ(windows, 116U);
}

TEST_F(NabDataTest, NullPerfectAndRandomDetectorsScoreAsDefined) {
  std::vector<std::vector<double>> null;
  std::vector<std::vector<double>> perfect;
  std::vector<std::vector<double>> random;
  std::mt19937_64 numbers(1);
  std::uniform_real_distribution<double> uniform;
  std::size_t in_probation = 0;
  for (const NabFile& file : files_) {
    null.emplace_back(file.value.size(), 0);
    perfect.emplace_back(file.value.size(), 0);
    random.emplace_back(file.value.size(), 0);
    for (double& score : random.back()) score = uniform(numbers);
    const std::size_t probation = nab_probation(file.value.size());
    for (const NabWindow& window : file.windows) {
      perfect.back()[std::max(window.first, probation)] = 1;
      in_probation += window.last < probation ? 1 : 0;
    }
  }
  const double lost = 100.0 * static_cast<double>(in_probation) / 116;
  for (const NabProfile& profile : kNabProfiles) {
    EXPECT_NEAR(nab_best(files_, null, profile).score, 0, lost + 1e-9) << profile.name;
    EXPECT_NEAR(nab_best(files_, perfect, profile).score, 100, lost + 1.5) << profile.name;
  }
  const double score = nab_best(files_, random, kStandard).score;
  EXPECT_GT(score, 5);
  EXPECT_LT(score, 20);
}

}  // namespace
}  // namespace honeyguide::bench
