// Proves that the file stores keep the contracts, that a directory has one owner, and that crashes,
// torn writes and damage lose nothing that was acknowledged (seeded faults, MemFs and FaultyFs).
#include "store/file/file_stores.h"

#include <map>
#include <optional>
#include <random>

#include "base/faulty_fs.h"
#include "base/mem_fs.h"
#include "store/chunked_series_store.h"
#include "store/model/series_contract.h"
#include "store/model/state_contract.h"

namespace honeyguide::store {
namespace {

struct FileHarness {
  static constexpr bool kKeeps = true;
  static constexpr std::uint32_t kSeriesMax = 20;
  FileHarness() { reopen(); }
  void reopen() {
    stores_.reset();
    auto opened = open_file_stores(fs_, "dir", kSeriesMax);
    if (!opened) ADD_FAILURE() << opened.error().to_string();
    stores_.emplace(std::move(opened).value());
  }
  base::MemFs fs_;
  std::optional<FileStores> stores_;
};
struct FileStateHarness : FileHarness {
  StateStore& store() { return *stores_->state; }
};
struct FileSeriesHarness : FileHarness {
  SeriesStore& store() { return *stores_->series; }
};

INSTANTIATE_TYPED_TEST_SUITE_P(File, StateContract, FileStateHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(File, SeriesContract, FileSeriesHarness);

TEST(FileStoresTest, ADirectoryHasOneOwner) {
  base::MemFs fs;
  auto first = open_file_stores(fs, "dir");
  ASSERT_TRUE(first);
  const auto second = open_file_stores(fs, "dir");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kAlreadyExists);
}

// Checkpoints under torn appends, failed syncs and power loss. What a crash may leave of a
// checkpoint that failed is all of it or nothing.
TEST(FileStoresTest, AcknowledgedCheckpointsSurviveFaults) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    base::FaultyFs fs(seed);
    std::mt19937_64 random(seed);
    std::map<std::string, std::string> expected;
    for (int life = 0; life < 6; ++life) {
      fs.set_plan({});
      auto stores = open_file_stores(fs, "dir");
      ASSERT_TRUE(stores) << stores.error().to_string();
      for (const auto& [id, value] : expected) {
        ASSERT_EQ(stores->state->get(0, StateKind::kAlert, id).value().value_or(""), value);
      }
      EXPECT_EQ(stores->state->list(0, StateKind::kAlert, "", 10'000).value().size(),
                expected.size());
      Checkpoint checkpoint;
      checkpoint.epoch = stores->state->acquire_epoch(0).value();
      fs.set_plan({.torn_append_chance = 0.05, .failed_sync_chance = 0.05});
      for (int step = 0; step < 50; ++step) {
        checkpoint.changes.clear();
        const std::string id = std::to_string(random() % 20);
        const std::string value = std::to_string(random());
        checkpoint.changes.push_back({StateKind::kAlert, id, value});
        if (stores->state->checkpoint(checkpoint)) expected[id] = value;
      }
      stores = base::Error{};
      fs.crash();
    }
  }
}

TEST(FileStoresTest, PointsSurviveAKillOfTheProcess) {
  base::MemFs fs;
  const std::int64_t ten = resolution_ns(Resolution::k10s);
  SeriesInfo info;
  info.key.name = "a";
  ModelSeriesStore model;
  ASSERT_TRUE(model.register_series(0, info));
  for (int life = 0; life < 4; ++life) {
    // Kept to the end: nothing is folded or closed, as after kill -9. The lock alone goes.
    // The list is never destroyed either, so that no leak checker calls them lost.
    static auto* const killed = new std::vector<FileStores*>;
    auto* stores = new FileStores(open_file_stores(fs, "dir").value());
    killed->push_back(stores);
    ASSERT_TRUE(stores->series->register_series(0, info));
    for (int i = 0; i < 500; ++i) {
      const std::vector<SeriesPoint> point = {
          {info.key.id(), {(life * 500 + i) * ten, static_cast<double>(i)}}};
      ASSERT_TRUE(stores->series->write(0, point));
      ASSERT_TRUE(model.write(0, point));
    }
    stores->lock.reset();
  }
  const auto stores = open_file_stores(fs, "dir").value();
  for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
    EXPECT_EQ(stores.series->read(0, info.key.id(), resolution, {}).value(),
              model.read(0, info.key.id(), resolution, {}).value());
  }
}

TEST(FileStoresTest, ADamagedPeriodIsSetAsideAndTheRestIsRead) {
  base::MemFs fs;
  SeriesInfo info;
  info.key.name = "a";
  const std::uint64_t id = info.key.id();
  {
    auto stores = open_file_stores(fs, "dir").value();
    ASSERT_TRUE(stores.series->register_series(0, info));
    ASSERT_TRUE(stores.series->write(0, {{id, {0, 1}}, {id, {base::kNanosPerHour, 2}}}));
    ASSERT_TRUE(stores.series->close());
  }
  const std::string path = "dir/series/10s-0.chunks";
  std::string bytes = fs.read_file(path).value();
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  ASSERT_TRUE(fs.write_file_atomic(path, bytes));
  auto stores = open_file_stores(fs, "dir").value();
  const auto points = stores.series->read(0, id, Resolution::k10s, {}).value();
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].value, 2);
  EXPECT_TRUE(fs.exists(path + ".damaged"));
  EXPECT_FALSE(fs.exists(path));
}

TEST(FileStoresTest, AFullDiskRefusesAndForgetsNothing) {
  base::MemFs fs;
  auto stores = open_file_stores(fs, "dir").value();
  Checkpoint checkpoint;
  checkpoint.epoch = stores.state->acquire_epoch(0).value();
  checkpoint.changes.push_back({StateKind::kAlert, "a", "kept"});
  ASSERT_TRUE(stores.state->checkpoint(checkpoint));
  fs.set_capacity_bytes(200);
  checkpoint.changes[0].value = std::string(1000, 'x');
  EXPECT_EQ(stores.state->checkpoint(checkpoint).error().code, base::ErrorCode::kResourceExhausted);
  EXPECT_EQ(stores.state->get(0, StateKind::kAlert, "a").value().value_or(""), "kept");
  fs.set_capacity_bytes(1 << 20);
  EXPECT_TRUE(stores.state->checkpoint(checkpoint));
}

TEST(FileStoresTest, TheLogIsFoldedIntoASnapshotBeforeItOutgrowsIt) {
  base::MemFs fs;
  auto stores = open_file_stores(fs, "dir").value();
  Checkpoint checkpoint;
  checkpoint.epoch = stores.state->acquire_epoch(0).value();
  checkpoint.changes.push_back({StateKind::kAnalytics, "a", std::string(1 << 20, 'x')});
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(stores.state->checkpoint(checkpoint));
  EXPECT_LT(fs.read_file("dir/state.log").value().size(), 6u << 20);
  EXPECT_GT(fs.read_file("dir/state.snapshot").value().size(), 1u << 20);
}

}  // namespace
}  // namespace honeyguide::store
