// Proves what an acknowledgement promises and what a refusal leaves: sync settings over kills and
// power cuts, torn writes, full disks, the order of acknowledgements, the limits of the queue.
#include "store/segment/committer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/segment/test_store.h"

namespace honeyguide::store::segment {
namespace {

// What each setting of --sync promises, in the words of docs/guide/durability.md.
TEST(CommitterTest, WhatEachSyncSettingPromises) {
  enum class End { kKill, kPowerCutAtOnce, kPowerCutAfterTheInterval };
  struct Case {
    const char* name;
    SyncPolicy sync;
    End end;
    bool must_survive;
  };
  const Case kCases[] = {
      {"1s survives a kill", SyncPolicy::kInterval, End::kKill, true},
      {"1s may lose the last second to a power cut", SyncPolicy::kInterval, End::kPowerCutAtOnce,
       false},
      {"1s keeps what is older than a second", SyncPolicy::kInterval,
       End::kPowerCutAfterTheInterval, true},
      {"commit survives a kill", SyncPolicy::kCommit, End::kKill, true},
      {"commit survives a power cut", SyncPolicy::kCommit, End::kPowerCutAtOnce, true},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    int survived = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      TestStore t(c.sync, seed);
      ASSERT_TRUE(t.append(t.spans(20)));
      t.clock.advance(2 * base::kNanosPerSecond);
      t.store->poll();
      const auto batch = t.spans(30);
      ASSERT_TRUE(t.append(batch));
      if (c.end == End::kPowerCutAfterTheInterval) {
        t.clock.advance(base::kNanosPerSecond);
        t.store->poll();
      }
      if (c.end == End::kKill) {
        t.kill();
      } else {
        t.cut_power();
      }
      const bool there = t.holds(*batch);
      survived += there;
      EXPECT_TRUE(there || !c.must_survive) << "seed " << seed;
      EXPECT_FALSE(t.stored().empty()) << "only the last second may be lost";
    }
    // The case that may lose must be seen to lose, or the test proves nothing.
    EXPECT_TRUE(c.must_survive || survived < 20);
  }
}

TEST(CommitterTest, WhatAKillLeftUnsyncedIsSyncedByTheNextStart) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestStore t(SyncPolicy::kInterval, seed);
    const auto batch = t.spans(30);
    ASSERT_TRUE(t.append(batch));
    t.kill();
    t.cut_power();
    EXPECT_TRUE(t.holds(*batch));
  }
}

TEST(CommitterTest, AFullDiskRefusesReadsGoOnAndWritesComeBackWithTheSpace) {
  TestStore t;
  const auto before = t.spans(100);
  ASSERT_TRUE(t.append(before));
  const std::uint64_t used = (std::uint64_t{1} << 40) - t.fs.space_left();
  // 300 MB in all, 10 % of them reserved; less is free.
  t.fs.set_capacity_bytes(used + (20 << 20));
  const auto refused = t.append(t.spans(10));
  ASSERT_TRUE(refused) << "a tenth of so small a volume is free";
  t.fs.set_capacity_bytes(used + 10'000);
  for (int i = 0; i < 3; ++i) {
    const auto full = t.append(t.spans(300));
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, base::ErrorCode::kResourceExhausted);
    EXPECT_TRUE(t.holds(*before));
    EXPECT_FALSE(t.store->search(0, {})->hits.empty());
  }
  t.fs.set_capacity_bytes(std::uint64_t{1} << 40);
  const auto after = t.spans(100);
  EXPECT_TRUE(t.append(after));
  t.kill();
  EXPECT_TRUE(t.holds(*before));
  EXPECT_TRUE(t.holds(*after));
  EXPECT_EQ(t.store->stats().quarantined_records, 0u);
}

TEST(CommitterTest, ADiskThatFillsUpInTheMiddleOfAWriteLosesNothingAndTearsNothing) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    TestStore t(SyncPolicy::kInterval, seed);
    std::vector<telemetry::SpanBatchPtr> kept;
    t.fs.set_capacity_bytes(120'000);
    int refused = 0;
    for (int i = 0; i < 60; ++i) {
      const auto batch = t.spans(60);
      const auto ack = t.append(batch);
      if (ack) kept.push_back(batch);
      if (!ack) ++refused;
    }
    EXPECT_GT(refused, 0);
    t.fs.set_capacity_bytes(std::uint64_t{1} << 40);
    const auto after = t.spans(60);
    ASSERT_TRUE(t.append(after));
    kept.push_back(after);
    t.kill();
    const auto there = t.stored();
    std::size_t missing = 0;
    for (const auto& batch : kept) {
      for (const auto& span : batch->spans()) {
        missing += !std::binary_search(there.begin(), there.end(),
                                       telemetry::span_content_hash(*batch, span));
      }
    }
    EXPECT_EQ(missing, 0u);
    EXPECT_EQ(t.store->stats().quarantined_records, 0u);
  }
}

TEST(CommitterTest, ATornWriteThatCannotBeCutOffHoldsUpWhatComesAfterIt) {
  TestStore t;
  const auto first = t.spans(20);
  ASSERT_TRUE(t.append(first));
  // Writes tear and the cut fails, too: nothing may follow the torn record.
  t.fs.set_plan({.torn_append_chance = 1, .failed_sync_chance = 1});
  EXPECT_FALSE(t.append(t.spans(20)));
  t.fs.set_plan({.failed_sync_chance = 1});
  EXPECT_FALSE(t.append(t.spans(20)));
  t.fs.set_plan({});
  const auto second = t.spans(20);
  ASSERT_TRUE(t.append(second));
  t.kill();
  EXPECT_TRUE(t.holds(*first));
  EXPECT_TRUE(t.holds(*second));
  EXPECT_EQ(t.store->stats().quarantined_records, 0u);
}

TEST(CommitterTest, UnderCommitAFailedSyncRefusesAndTheResendIsStoredOnce) {
  TestStore t(SyncPolicy::kCommit);
  const auto batch = t.spans(20);
  const base::Hash128 id = t.data.batch_id();
  t.fs.set_plan({.failed_sync_chance = 1});
  const auto refused = t.append(batch, 0, id);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
  t.fs.set_plan({});
  ASSERT_TRUE(t.append(batch, 0, id));
  EXPECT_EQ(t.store->stats().spans, 20u);
  t.cut_power();
  EXPECT_TRUE(t.holds(*batch));
}

TEST(CommitterTest, AcknowledgementsRiseAndEachPositionCoversAllBatchesBeforeIt) {
  TestStore t;
  std::vector<std::pair<Position, std::size_t>> acks;
  const auto push = [&](TenantId tenant, std::uint32_t rows, bool logs) {
    AppendRequest request{tenant, t.spans(rows), nullptr, {}, t.clock.now()};
    if (logs) request.logs = t.data.logs(5, 10, t.clock.now());
    t.store->append(std::move(request), [&acks, rows, logs](base::Result<Ack> ack) {
      ASSERT_TRUE(ack);
      acks.emplace_back(ack->position, rows + (logs ? 5 : 0));
    });
  };
  // Tenants mix within one commit, which groups rows by tenant.
  for (std::uint32_t i = 0; i < 30; ++i) push(2 - i % 3, 3 + i, i % 7 == 0);
  t.store->poll();
  ASSERT_EQ(acks.size(), 30u);
  std::uint64_t rows = 0;
  for (const auto& [position, count] : acks) {
    rows += count;
    EXPECT_EQ(position.sequence, rows);
  }
}

TEST(CommitterTest, AFullQueueRefusesWithoutWaiting) {
  TestStore t;
  SegmentOptions options = t.options();
  options.directory = "small";
  options.queue_bytes_max = 30'000;
  const auto store = SegmentStore::open(options).value();
  int taken = 0;
  std::vector<base::ErrorCode> refusals;
  for (int i = 0; i < 20; ++i) {
    store->append({0, t.spans(20), nullptr, {}, t.clock.now()}, [&](base::Result<Ack> ack) {
      if (ack) {
        ++taken;
      } else {
        refusals.push_back(ack.error().code);
      }
    });
  }
  EXPECT_FALSE(refusals.empty());
  EXPECT_THAT(refusals, ::testing::Each(base::ErrorCode::kResourceExhausted));
  store->poll();
  EXPECT_EQ(taken + static_cast<int>(refusals.size()), 20);
}

}  // namespace
}  // namespace honeyguide::store::segment
