// Proves that the RocksDB stores keep the contracts and that kill -9 at any moment loses nothing
// that was acknowledged (a child process writes and is killed).
#include "store/rocks/rocks_stores.h"

#include <filesystem>
#include <optional>
#include <random>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/model/series_contract.h"
#include "store/model/state_contract.h"

namespace honeyguide::store {
namespace {

// A directory of its own, gone at the end.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string pattern = testing::TempDir() + "/hg_rocks_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~ScratchDirectory() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_ + "/db"; }

 private:
  std::string path_;
};

struct RocksHarness {
  static constexpr bool kKeeps = true;
  static constexpr std::uint32_t kSeriesMax = 20;
  RocksHarness() { reopen(); }
  void reopen() {
    stores_.reset();
    auto opened = open_rocks_stores(directory_.path(), kSeriesMax);
    if (!opened) ADD_FAILURE() << opened.error().to_string();
    stores_.emplace(std::move(opened).value());
  }
  ScratchDirectory directory_;
  std::optional<RocksStores> stores_;
};
struct RocksStateHarness : RocksHarness {
  StateStore& store() { return *stores_->state; }
};
struct RocksSeriesHarness : RocksHarness {
  SeriesStore& store() { return *stores_->series; }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, StateContract, RocksStateHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, SeriesContract, RocksSeriesHarness);

TEST(RocksStoresTest, ADirectoryHasOneOwner) {
  RocksHarness harness;
  const auto second = open_rocks_stores(harness.directory_.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kAlreadyExists) << second.error().to_string();
}

TEST(RocksStoresTest, ShardsBeyondTheKeyAreRefused) {
  RocksHarness harness;
  EXPECT_EQ(harness.stores_->state->acquire_epoch(1u << 16).error().code,
            base::ErrorCode::kInvalidArgument);
}

SeriesInfo counter() {
  SeriesInfo info;
  info.key.name = "a";
  info.kind = telemetry::SeriesKind::kCounter;
  return info;
}

// Writes checkpoints and points for ever and tells of each acknowledged number over `pipe`.
[[noreturn]] void write_until_killed(const std::string& directory, int pipe, std::uint32_t from) {
  auto stores = open_rocks_stores(directory);
  if (!stores) _exit(1);
  const auto epoch = stores->state->acquire_epoch(0);
  if (!epoch || !stores->series->register_series(0, counter())) _exit(1);
  for (std::uint32_t i = from;; ++i) {
    Checkpoint checkpoint;
    checkpoint.epoch = *epoch;
    checkpoint.position = Position{0, i};
    checkpoint.changes.push_back({StateKind::kAlert, "last", std::to_string(i)});
    const SeriesPoint point{counter().key.id(), {i * resolution_ns(Resolution::k10s), 1.0}};
    if (!stores->series->write(0, {point}) || !stores->state->checkpoint(checkpoint)) _exit(1);
    if (write(pipe, &i, sizeof(i)) != sizeof(i)) _exit(1);
  }
}

TEST(RocksStoresTest, ManyTimesTheMemoryOfLargeValuesOpensAndReads) {
  RocksHarness harness;
  std::mt19937_64 random(1);  // incompressible
  const auto value_of = [&random] {
    std::string value(3u << 20, '\0');
    for (char& c : value) c = static_cast<char>(random());
    return value;
  };
  std::vector<std::string> values;
  for (int i = 0; i < 30; ++i) {
    values.push_back(value_of());
    Checkpoint checkpoint;
    checkpoint.shard = kSharedShard;
    checkpoint.changes = {{StateKind::kSetting, std::to_string(i), values.back()}};
    ASSERT_TRUE(harness.stores_->state->checkpoint(checkpoint).has_value());
  }
  for (int life = 0; life < 2; ++life) {
    harness.reopen();
    ASSERT_TRUE(harness.stores_.has_value());
    for (int i = 0; i < 30; ++i) {
      const auto read =
          harness.stores_->state->get(kSharedShard, StateKind::kSetting, std::to_string(i));
      ASSERT_TRUE(read.has_value()) << read.error().to_string();
      EXPECT_EQ(*read, values[static_cast<std::size_t>(i)]) << i;
    }
  }
}

TEST(RocksStoresTest, KillLosesNothingAcknowledged) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not follow a fork";
#endif
  const ScratchDirectory directory;
  std::uint32_t acknowledged = 0;
  for (int life = 0; life < 3; ++life) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(pipe_ends[0]);
      write_until_killed(directory.path(), pipe_ends[1], acknowledged + 1);
    }
    close(pipe_ends[1]);
    // Passes an hour of points, so that some are folded and some are not.
    for (int i = 0; i < 800; ++i) {
      ASSERT_EQ(read(pipe_ends[0], &acknowledged, sizeof(acknowledged)),
                static_cast<ssize_t>(sizeof(acknowledged)));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::uint32_t more = 0;
    while (read(pipe_ends[0], &more, sizeof(more)) == sizeof(more)) acknowledged = more;
    close(pipe_ends[0]);

    const auto stores = open_rocks_stores(directory.path()).value();
    const auto last = stores.state->get(0, StateKind::kAlert, "last").value().value_or("0");
    EXPECT_GE(static_cast<std::uint32_t>(std::stoul(last)), acknowledged);
    EXPECT_EQ(std::to_string(stores.state->positions(0).value().at(0).position.sequence), last);
    const auto points = stores.series->read(0, counter().key.id(), Resolution::k10s, {}).value();
    ASSERT_GE(points.size(), acknowledged);
    double hours = 0;
    for (const auto& hour : stores.series->read(0, counter().key.id(), Resolution::k1h, {})
                                .value_or(std::vector<telemetry::Point>())) {
      hours += hour.value;
    }
    EXPECT_EQ(hours, static_cast<double>(points.size()));
    acknowledged = static_cast<std::uint32_t>(std::stoul(last));
  }
}

}  // namespace
}  // namespace honeyguide::store
