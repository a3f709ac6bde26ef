// Proves the file form of detection: rows in and out correspond, however the bytes are cut; times
// and missing values are read; scores keep their digits; a row depends on earlier rows only.
#include "detect/csv_detect.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/strings.h"

namespace honeyguide::detect {
namespace {

std::string run(std::string_view input, CsvDetectOptions options = {}, std::size_t piece = 1000) {
  std::string out;
  CsvDetector detector(std::move(options), [&](std::string_view text) { out += text; });
  for (std::size_t at = 0; at < input.size(); at += piece) {
    EXPECT_TRUE(detector.feed(input.substr(at, piece)).has_value());
  }
  EXPECT_TRUE(detector.finish().has_value());
  return out;
}

std::string noisy_csv(int rows, int spike_at) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal(50, 2);
  std::string out = "timestamp,value\n";
  for (int i = 0; i < rows; ++i) {
    out += std::to_string(1'700'000'000 + 60 * i) + "," +
           std::to_string(i == spike_at ? 120.0 : normal(random)) + "\n";
  }
  return out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (const auto line : base::split(text, '\n')) {
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

struct TimeCase {
  const char* text;
  double time_s;  // < 0: not readable
};

TEST(SeriesCsvTest, ReadsTimes) {
  for (const TimeCase& c : {TimeCase{"2014-04-01 00:05:00", 1396310700},
                            {"2014-04-01T00:05:00Z", 1396310700},
                            {"2014-04-01T02:05:00+02:00", 1396310700},
                            {"2014-03-31T19:05:00-0500", 1396310700},
                            {"2014-04-01T00:05:00.500Z", 1396310700.5},
                            {"2014-04-01 00:05", 1396310700},
                            {"2014-04-01", 1396310400},
                            {"1396310700", 1396310700},
                            {" 1396310700.25 ", 1396310700.25},
                            {"1396310700000", 1396310700},
                            {"2014-02-30 00:00:00", -1},
                            {"2014-04-01 25:00:00", -1},
                            {"2014-04-01 00:05:00 CET", -1},
                            {"yesterday", -1},
                            {"", -1}}) {
    const auto time_s = parse_time_s(c.text);
    ASSERT_EQ(time_s.has_value(), c.time_s >= 0) << c.text;
    EXPECT_DOUBLE_EQ(time_s.value_or(-1), c.time_s) << c.text;
  }
  EXPECT_EQ(format_time_s(1396310700), "2014-04-01T00:05:00Z");
  EXPECT_EQ(format_time_s(1396310700.25), "2014-04-01T00:05:00.250Z");
}

TEST(CsvDetectTest, AScoreKeepsNineDigitsOfOneMinusIt) {
  EXPECT_EQ(format_score(1), "0");
  EXPECT_EQ(format_score(0.25), "0.7500000000");
  EXPECT_EQ(format_score(1.2345e-6), "0.999998765500000");
  EXPECT_EQ(format_score(1e-10), "0.9999999999000000000");
  for (const double p : {0.123456789, 1.23456789e-3, 1.23456789e-7}) {
    EXPECT_NEAR((1 - std::stod(format_score(p))) / p, 1, 2e-9 + 2.3e-16 / p) << p;
  }
}

TEST(CsvDetectTest, WritesOneRowForEachRowInOrder) {
  const auto out = lines_of(run(noisy_csv(600, 500)));
  ASSERT_EQ(out.size(), 601U);
  EXPECT_EQ(out[0], "timestamp,value,score,anomaly");
  for (std::size_t i = 1; i < out.size(); ++i) {
    const auto fields = base::split(out[i], ',');
    ASSERT_EQ(fields.size(), 4U);
    EXPECT_EQ(fields[0], std::to_string(1'700'000'000 + 60 * (i - 1)));
    const double score = std::stod(std::string(fields[2]));
    EXPECT_GE(score, 0);
    EXPECT_LE(score, 1);
    EXPECT_TRUE(fields[3] == "0" || fields[3] == "1");
  }
  EXPECT_TRUE(out[501].ends_with(",1")) << out[501];
}

TEST(CsvDetectTest, MissingValuesGiveARowThatSaysNothing) {
  std::string csv = noisy_csv(600, 590);
  for (const char* missing : {"", "NaN", "null", "-"}) {
    csv += std::to_string(1'700'000'000 + 60 * 600) + "," + missing + "\n";
  }
  const auto out = lines_of(run(csv));
  ASSERT_EQ(out.size(), 605U);
  for (std::size_t i = 601; i < out.size(); ++i) EXPECT_TRUE(out[i].ends_with(",0,0")) << out[i];
}

TEST(CsvDetectTest, TheCutOfTheBytesDoesNotMatter) {
  const std::string input = noisy_csv(300, 280);
  EXPECT_EQ(run(input), run(input, {}, 1));
  EXPECT_EQ(run(input), run(input, {}, 7));
}

TEST(CsvDetectTest, ARowDependsOnEarlierRowsOnly) {
  const std::string whole = run(noisy_csv(600, 590));
  const std::string half = run(noisy_csv(400, 590));
  EXPECT_EQ(whole.substr(0, half.size()), half);
}

struct FormCase {
  const char* name;
  const char* input;
  const char* expect;
};

TEST(CsvDetectTest, ReadsEveryForm) {
  for (const FormCase& c : {
           FormCase{"missing values keep their rows", "timestamp,value\n1,5\n2,\n3,NaN\n4,7\n",
                    "timestamp,value,score,anomaly\n1,5,0,0\n2,,0,0\n3,NaN,0,0\n4,7,0,0\n"},
           {"no header", "1,5\n2,6\n", "timestamp,value,score,anomaly\n1,5,0,0\n2,6,0,0\n"},
           {"series without header", "1,5,a\n2,6,b\n",
            "timestamp,value,series,score,anomaly\n1,5,a,0,0\n2,6,b,0,0\n"},
           {"named columns in any order", "value,label,timestamp\n5,0,1\n",
            "timestamp,value,score,anomaly\n1,5,0,0\n"},
           {"quotes and CRLF", "timestamp,value,series\r\n1,5,\"a,\"\"b\"\"\"\r\n",
            "timestamp,value,series,score,anomaly\n1,5,\"a,\"\"b\"\"\",0,0\n"},
           {"unreadable value", "1,5\n2,x\n", "timestamp,value,score,anomaly\n1,5,0,0\n2,x,0,0\n"},
           {"unreadable time", "1,5\nlater,6\n",
            "timestamp,value,score,anomaly\n1,5,0,0\nlater,6,0,0\n"},
           {"no line end", "1,5\n2,6", "timestamp,value,score,anomaly\n1,5,0,0\n2,6,0,0\n"},
           {"empty file", "", ""},
       }) {
    EXPECT_EQ(run(c.input), c.expect) << c.name;
  }
}

TEST(CsvDetectTest, ManyFilesHaveAFileColumn) {
  CsvDetectOptions options;
  options.file = "b.csv";
  options.file_column = true;
  EXPECT_EQ(run("1,5\n", options), "file,timestamp,value,score,anomaly\nb.csv,1,5,0,0\n");
  options.header = false;
  EXPECT_EQ(run("1,5\n", options), "b.csv,1,5,0,0\n");
}

TEST(CsvDetectTest, SeriesOfOneFileDoNotTouchEachOther) {
  const std::string one = noisy_csv(400, 390);
  std::string two = "timestamp,value,series\n";
  const auto rows = lines_of(one);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    two += rows[i] + ",a\n" + rows[i].substr(0, rows[i].find(',')) + ",1,b\n";
  }
  const auto alone = lines_of(run(one));
  const auto mixed = lines_of(run(two));
  for (std::size_t i = 1; i < alone.size(); ++i) {
    const auto a = base::split(alone[i], ',');
    const auto b = base::split(mixed[2 * i - 1], ',');
    EXPECT_EQ(a[2], b[3]) << i;
  }
}

TEST(CsvDetectTest, AnEventSaysWhy) {
  CsvDetectOptions options;
  options.events = true;
  options.file = "a.csv";
  const auto out = lines_of(run(noisy_csv(600, 500), options));
  std::size_t found = 0;
  for (const std::string& line : out) {
    if (line.find("\"peak_time\":\"2023-11-15T06:33:20Z\"") == std::string::npos) continue;
    ++found;
    for (const char* part : {"\"file\":\"a.csv\"", "\"value\":120", "\"expected_low\":",
                             "\"direction\":\"up\"", "\"feature\":", "\"p\":", "\"similar\":["}) {
      EXPECT_NE(line.find(part), std::string::npos) << part << " in " << line;
    }
  }
  EXPECT_EQ(found, 1U);
}

TEST(CsvDetectTest, RefusesALineWithoutEnd) {
  CsvDetector detector({}, [](std::string_view) {});
  const auto result = detector.feed(std::string(SeriesCsvReader::kLineBytesMax + 1, 'x'));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, base::ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace honeyguide::detect
