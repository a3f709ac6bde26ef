// What a series point costs on disk and to write: 48 h of 10 s points of agent-like series
// (throughput that moves in steps, a ratio, a noisy latency), one write a tick.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "base/mem_fs.h"
#include "store/file/file_stores.h"
#include "store/rocks/rocks_stores.h"

namespace honeyguide::store {
namespace {

constexpr int kSeries = 30;
constexpr std::int64_t kTicks = 3 * 360;

double sample(int series, std::int64_t tick, std::mt19937_64& random) {
  switch (series % 3) {
    case 0:
      return static_cast<double>(tick / 60 % 9);
    case 1:
      return static_cast<double>(random() % 100) / 100;
    default:
      return 2.5 + std::sin(static_cast<double>(tick) / 200) +
             static_cast<double>(random() % 1000) / 1000;
  }
}

void fill(SeriesStore& store, benchmark::State& state) {
  std::vector<SeriesPoint> points(kSeries);
  for (int i = 0; i < kSeries; ++i) {
    SeriesInfo info;
    info.key.name = "s" + std::to_string(i);
    HG_CHECK(store.register_series(0, info).has_value());
    points[static_cast<std::size_t>(i)].series = info.key.id();
  }
  std::mt19937_64 random(1);
  const base::UnixNanos start = 480'000 * base::kNanosPerHour;
  for (std::int64_t tick = 0; tick < kTicks; ++tick) {
    for (int i = 0; i < kSeries; ++i) {
      points[static_cast<std::size_t>(i)].point = {start + tick * resolution_ns(Resolution::k10s),
                                                   sample(i, tick, random)};
    }
    HG_CHECK(store.write(0, points).has_value());
  }
  const auto read = store.read(0, points[0].series, Resolution::k10s, {});
  HG_CHECK(read && read->size() == kTicks);
  state.SetItemsProcessed(state.items_processed() + kTicks * kSeries);
}

void BM_RocksWrite(benchmark::State& state) {
  for (auto _ : state) {
    std::string directory = "/tmp/hg_rocks_bench_XXXXXX";
    HG_CHECK(mkdtemp(directory.data()) != nullptr);
    {
      auto stores = open_rocks_stores(directory + "/db").value();
      fill(*stores.series, state);
    }
    std::filesystem::remove_all(directory);
  }
}
BENCHMARK(BM_RocksWrite)->Unit(benchmark::kMillisecond);

// The file store's chunks are the same bytes as RocksDB's values, without keys and compression.
void BM_FileWrite(benchmark::State& state) {
  double bytes_per_point = 0;
  for (auto _ : state) {
    base::MemFs fs;
    auto stores = open_file_stores(fs, "dir").value();
    fill(*stores.series, state);
    HG_CHECK(stores.series->close().has_value());
    std::uint64_t bytes = 0;
    const auto names = fs.list("dir/series").value();
    for (const std::string& name : names) {
      bytes += fs.read_file("dir/series/" + name).value().size();
    }
    bytes_per_point = static_cast<double>(bytes) / (kTicks * kSeries);
  }
  state.counters["bytes_per_point"] = bytes_per_point;
}
BENCHMARK(BM_FileWrite)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace honeyguide::store
