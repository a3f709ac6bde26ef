// Prints the NAB scores of our detector beside the published table. FOLDER holds data/ and labels/.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "nab/nab_data.h"
#include "nab/nab_detect.h"

namespace {

using honeyguide::bench::kNabProfiles;

struct Published {
  const char* name;
  double score[3];
};
constexpr Published kPublished[] = {
    {"ARTime", {74.9, 65.1, 80.4}},
    {"Numenta HTM", {70.1, 63.1, 74.3}},
    {"CAD OSE", {69.9, 67.0, 73.2}},
    {"earthgecko Skyline", {58.2, 46.2, 63.9}},
    {"KNN-CAD", {58.0, 43.4, 64.8}},
    {"Relative Entropy", {54.6, 47.6, 58.8}},
    {"Random Cut Forest", {51.7, 38.4, 59.7}},
    {"Twitter ADVec", {47.1, 33.6, 53.5}},
    {"Windowed Gaussian", {39.6, 20.9, 47.4}},
    {"Etsy Skyline", {35.7, 27.1, 44.5}},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_nab FOLDER [quiet_rows]\n");
    return 2;
  }
  const auto files = honeyguide::bench::read_nab(argv[1]);
  if (!files) {
    std::fprintf(stderr, "bench_nab: %s\n", files.error().message.c_str());
    return 1;
  }
  honeyguide::bench::NabSettings settings;
  if (argc > 2) settings.quiet_rows = static_cast<std::size_t>(std::atoi(argv[2]));
  std::vector<std::vector<double>> scores;
  for (const auto& file : *files) scores.push_back(honeyguide::bench::nab_scores(file, settings));

  std::printf("%-34s %9s %9s %9s\n", "detector", "standard", "low FP", "low FN");
  double in_sample[3];
  double held_out[3];
  for (int i = 0; i < 3; ++i) {
    in_sample[i] = honeyguide::bench::nab_best(*files, scores, kNabProfiles[i]).score;
    held_out[i] = honeyguide::bench::nab_held_out(*files, scores, kNabProfiles[i]).score;
  }
  std::printf("%-34s %9.1f %9.1f %9.1f\n", "honeyguide, causal, in-sample", in_sample[0],
              in_sample[1], in_sample[2]);
  std::printf("%-34s %9.1f %9.1f %9.1f\n", "honeyguide, causal, held-out", held_out[0], held_out[1],
              held_out[2]);
  std::printf("published, in-sample, most of them told the file's range:\n");
  for (const Published& row : kPublished) {
    std::printf("  %-32s %9.1f %9.1f %9.1f\n", row.name, row.score[0], row.score[1], row.score[2]);
  }
  return 0;
}
