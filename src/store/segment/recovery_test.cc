// Proves that files are the truth: every index rebuilt from the blocks equals the one that grew
// with them, damage is left out and named, and a disk that cannot be read is not taken for damage.
#include "store/segment/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "store/segment/test_store.h"

namespace honeyguide::store::segment {
namespace {

using ::testing::HasSubstr;

// Random ingest of several tenants and hours, with deletions, settled to `depth`: 0 young, 1 mixed,
// 2 settled.
void fill(TestStore& t, int depth) {
  for (int i = 0; i < 12; ++i) {
    for (TenantId tenant = 0; tenant < 3; ++tenant) {
      ASSERT_TRUE(t.append(t.spans(40), tenant));
    }
    if (i % 5 == 4) t.clock.advance(base::kNanosPerHour);
    ASSERT_TRUE(!(i == 6) || t.store->delete_trace(1, t.data.trace_id(3)));
    ASSERT_TRUE(!(i == 7 && depth >= 1) || t.store->settle_now());
  }
  ASSERT_TRUE(!(depth >= 2) || t.store->settle_now());
}

// All that a store answers, a line for each tenant and kind of question, hashed.
std::string answers(TestStore& t) {
  std::string out;
  auto end_line = [line_start = std::size_t{0}, &out](const char* name) mutable {
    const std::uint64_t hash = base::hash64(std::string_view(out).substr(line_start));
    out.resize(line_start);
    out += name + std::string(" ") + std::to_string(hash) + "\n";
    line_start = out.size();
  };
  for (TenantId tenant = 0; tenant < 3; ++tenant) {
    for (const auto& hash : t.stored(10, tenant)) {
      out += std::to_string(hash.low) + "," + std::to_string(hash.high) + ";";
    }
    end_line("by id");
    // Names that only a deleted trace had are forgotten by the rebuild, and by the running store
    // when their hour goes.
    if (tenant != 1) {
      const auto services = t.store->services(tenant).value();
      for (const std::string& name : services) out += name + ";";
      end_line("services");
      const auto operations = t.store->operations(tenant, "").value();
      for (const auto& operation : operations) out += operation.name + ";";
      end_line("operations");
      const auto keys = t.store->attribute_keys(tenant).value();
      for (const auto& key : keys) {
        out += key.key + std::to_string(key.scopes) + ";";
      }
      end_line("keys");
    }
    SpanSearch search;
    search.limit = 100'000;
    const auto found = t.store->search(tenant, search).value();
    for (const SpanHit& hit : found.hits) {
      out += hit.trace_id.to_hex() + hit.span_id.to_hex() + std::to_string(hit.start) + ";";
    }
    end_line("search");
  }
  const TraceStoreStats stats = t.store->stats();
  out += std::to_string(stats.spans) + " " + std::to_string(stats.last_position.sequence);
  return out;
}

TEST(RecoveryTest, ARebuildFromSegmentsEqualsWhatGrewWithThem) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const int depth : {0, 1, 2}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " depth " + std::to_string(depth));
      TestStore t(SyncPolicy::kInterval, seed);
      fill(t, depth);
      const std::string incremental = answers(t);
      const auto indexes = t.files(".hgi");
      t.store.reset();
      for (const auto& [path, bytes] : indexes) ASSERT_TRUE(t.fs.remove_file(path));
      ASSERT_TRUE(SegmentStore::repair(t.options()));
      EXPECT_EQ(t.files(".hgi"), indexes) << "byte for byte";
      t.open();
      EXPECT_EQ(answers(t), incremental);
    }
  }
}

TEST(RecoveryTest, AMissingOrDamagedIndexIsRebuiltAtTheStart) {
  TestStore t;
  fill(t, 2);
  const std::string before = answers(t);
  const auto indexes = t.files(".hgi");
  ASSERT_GE(indexes.size(), 3u);
  t.store.reset();
  ASSERT_TRUE(t.fs.remove_file(indexes[0].first));
  std::string damaged = indexes[1].second;
  damaged[damaged.size() / 2] ^= 1;
  ASSERT_TRUE(t.fs.write_file_atomic(indexes[1].first, damaged));
  ASSERT_TRUE(t.fs.write_file_atomic(indexes[2].first, indexes[2].second.substr(0, 20)));
  t.open();
  EXPECT_EQ(answers(t), before);
  EXPECT_EQ(t.files(".hgi"), indexes);
}

TEST(RecoveryTest, ADamagedBlockIsLeftOutNamedAndTheRestIsFound) {
  TestStore t;
  fill(t, 2);
  const auto whole = t.stored(10, 0).size();
  auto [path, bytes] = t.files(".hgs").front();
  t.store.reset();
  bytes[bytes.size() / 2] ^= 0x40;
  ASSERT_TRUE(t.fs.write_file_atomic(path, bytes));
  ASSERT_TRUE(SegmentStore::repair(t.options()));
  EXPECT_THAT(t.log, HasSubstr(path));
  t.open();
  EXPECT_LT(t.stored(10, 0).size() + t.stored(10, 1).size() + t.stored(10, 2).size(), 3 * whole);
  EXPECT_FALSE(t.store->search(1, {})->hits.empty());
}

TEST(RecoveryTest, ATornTailIsCutAndTheStoreGoesOn) {
  for (std::size_t cut = 1; cut < 400; cut += 13) {
    TestStore t;
    const auto kept = t.spans(20);
    ASSERT_TRUE(t.append(kept));
    ASSERT_TRUE(t.append(t.spans(20)));
    const auto [path, bytes] = t.files(".hgs").front();
    t.store.reset();
    ASSERT_TRUE(t.fs.write_file_atomic(path, bytes.substr(0, bytes.size() - cut)));
    t.open();
    EXPECT_TRUE(t.holds(*kept));
    const auto more = t.spans(20);
    ASSERT_TRUE(t.append(more));
    t.kill();
    EXPECT_TRUE(t.holds(*more));
    EXPECT_EQ(t.store->stats().quarantined_records, 0u);
  }
}

TEST(RecoveryTest, DamageBeforeTheEndIsQuarantinedNotCutOff) {
  TestStore t;
  ASSERT_TRUE(t.append(t.spans(20)));
  const std::size_t first_end = t.files(".hgs").front().second.size();
  const auto after = t.spans(20);
  ASSERT_TRUE(t.append(after));
  auto [path, bytes] = t.files(".hgs").front();
  t.store.reset();
  bytes[first_end - 20] ^= 1;
  ASSERT_TRUE(t.fs.write_file_atomic(path, bytes));
  t.open();
  EXPECT_EQ(t.store->stats().quarantined_records, 1u);
  EXPECT_TRUE(t.holds(*after));
  ASSERT_TRUE(t.store->settle_now());
  EXPECT_TRUE(t.holds(*after));
  EXPECT_EQ(t.files("", "data/quarantine").size(), 1u);
}

TEST(RecoveryTest, AReadThatFailsIsNotTakenForDamage) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestStore t(SyncPolicy::kInterval, seed);
    fill(t, 1);
    const std::string before = answers(t);
    const auto files = t.files();
    t.store.reset();
    t.fs.set_plan({.failed_read_chance = 0.1});
    (void)t.try_open();
    t.store.reset();
    t.fs.set_plan({});
    t.open();
    EXPECT_EQ(answers(t), before);
    EXPECT_EQ(t.store->stats().quarantined_records, 0u);
  }
}

TEST(RecoveryTest, AFileOfANewerVersionStopsTheStartAndStaysAsItIs) {
  for (const char* which : {"/young/", "/settled-"}) {
    TestStore t;
    fill(t, 1);
    t.store.reset();
    for (const auto& [path, bytes] : t.files(".hgs")) {
      if (path.find(which) == std::string::npos) continue;
      std::string newer = bytes;
      newer[4] = 9;
      ASSERT_TRUE(t.fs.write_file_atomic(path, newer));
      (void)t.fs.remove_file(path.substr(0, path.size() - 1) + "i");
      const auto refused = t.try_open();
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, base::ErrorCode::kFailedPrecondition);
      EXPECT_THAT(refused.error().message, HasSubstr("format version 9"));
      EXPECT_EQ(t.fs.read_file(path).value(), newer);
      break;
    }
  }
}

TEST(RecoveryTest, PositionsGoOnAfterEverythingWasPurgedOrDropped) {
  TestStore t;
  ASSERT_TRUE(t.append(t.spans(50)));
  ASSERT_TRUE(t.store->purge());
  t.kill();
  EXPECT_EQ(t.append(t.spans(10))->position.sequence, 60u);
  ASSERT_TRUE(t.store->settle_now());
  ASSERT_TRUE(t.store->apply_retention({}, t.clock.now() + 100 * base::kNanosPerDay));
  t.kill();
  EXPECT_EQ(t.store->stats().spans, 0u);
  EXPECT_EQ(t.append(t.spans(10))->position.sequence, 70u);
}

TEST(RecoveryTest, AFileChangeThatFailsHalfWayIsFinishedBeforeTheNext) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    TestStore t(SyncPolicy::kInterval, seed);
    fill(t, 1);
    const auto there = t.stored(10, 0);
    t.fs.set_plan({.failed_directory_chance = 0.3});
    for (int i = 0; i < 4; ++i) (void)t.store->settle_now();
    if (seed % 2 == 0) t.kill();
    t.fs.set_plan({});
    ASSERT_TRUE(t.store->settle_now());
    EXPECT_EQ(t.stored(10, 0), there);
    t.kill();
    EXPECT_EQ(t.stored(10, 0), there);
  }
}

}  // namespace
}  // namespace honeyguide::store::segment
