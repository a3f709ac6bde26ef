// The StateStore contract as one typed suite: every implementation instantiates it with a harness
// that can open a store, and open it again over what it left behind. For tests only.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "store/state_store.h"

namespace honeyguide::store {

// Harness: default constructible; `StateStore& store()` is the open store; `void reopen()` closes
// it and opens it again; `static constexpr bool kKeeps` tells whether what was written is there
// after that.
template <typename Harness>
class StateContract : public testing::Test {
 protected:
  StateStore& store() { return harness_.store(); }
  std::uint64_t owner(std::uint32_t shard = 0) { return store().acquire_epoch(shard).value(); }
  std::string value_of(StateKind kind, std::string_view id, std::uint32_t shard = 0) {
    return store().get(shard, kind, id).value().value_or("(none)");
  }
  static Checkpoint one(std::uint64_t epoch, StateKind kind, std::string id,
                        std::optional<std::string> value) {
    Checkpoint out;
    out.epoch = epoch;
    out.changes.push_back({kind, std::move(id), std::move(value)});
    return out;
  }
  Harness harness_;
};
TYPED_TEST_SUITE_P(StateContract);

TYPED_TEST_P(StateContract, AValueIsThereUntilItIsRemoved) {
  const std::uint64_t epoch = this->owner();
  ASSERT_TRUE(this->store().checkpoint(this->one(epoch, StateKind::kAlert, "a", "1")));
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a"), "1");
  EXPECT_EQ(this->value_of(StateKind::kSilence, "a"), "(none)");
  ASSERT_TRUE(this->store().checkpoint(this->one(epoch, StateKind::kAlert, "a", "2")));
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a"), "2");
  ASSERT_TRUE(this->store().checkpoint(this->one(epoch, StateKind::kAlert, "a", std::nullopt)));
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a"), "(none)");
}

TYPED_TEST_P(StateContract, BytesOfAnyKindAreKept) {
  const std::string binary("\0\xff\n\0x", 5);
  const std::uint64_t epoch = this->owner();
  ASSERT_TRUE(this->store().checkpoint(this->one(epoch, StateKind::kMeta, binary, binary)));
  ASSERT_TRUE(this->store().checkpoint(this->one(epoch, StateKind::kMeta, "", "")));
  EXPECT_EQ(this->value_of(StateKind::kMeta, binary), binary);
  EXPECT_EQ(this->value_of(StateKind::kMeta, ""), "");
}

TYPED_TEST_P(StateContract, ListGivesOneKindInIdOrderFromAnIdOn) {
  Checkpoint checkpoint;
  checkpoint.epoch = this->owner();
  for (const char* id : {"b", "a", "c", "ab"}) {
    checkpoint.changes.push_back({StateKind::kSetting, id, std::string("v") + id});
  }
  checkpoint.changes.push_back({StateKind::kAudit, "z", "other kind"});
  checkpoint.changes.push_back({StateKind::kMitigation, "z", "other kind"});
  ASSERT_TRUE(this->store().checkpoint(checkpoint));
  const auto ids = [&](std::string_view from, std::uint32_t limit) {
    std::string out;
    const auto entries = this->store().list(0, StateKind::kSetting, from, limit).value();
    for (const auto& [id, value] : entries) {
      EXPECT_EQ(value, "v" + id);
      out += id + " ";
    }
    return out;
  };
  EXPECT_EQ(ids("", 100), "a ab b c ");
  EXPECT_EQ(ids("ab", 100), "ab b c ");
  EXPECT_EQ(ids("aa", 2), "ab b ");
  EXPECT_EQ(ids("d", 2), "");
  EXPECT_EQ(this->store().list(0, StateKind::kAudit, "", 9).value().size(), 1u);
}

TYPED_TEST_P(StateContract, ShardsDoNotSeeEachOther) {
  Checkpoint checkpoint = this->one(this->owner(1), StateKind::kAlert, "a", "1");
  checkpoint.shard = 1;
  ASSERT_TRUE(this->store().checkpoint(checkpoint));
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a", 0), "(none)");
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a", 1), "1");
  EXPECT_TRUE(this->store().list(2, StateKind::kAlert, "", 9).value().empty());
}

TYPED_TEST_P(StateContract, AnOldOwnerIsRefusedAndChangesNothing) {
  const std::uint64_t old_epoch = this->owner();
  const std::uint64_t new_epoch = this->owner();
  EXPECT_GT(new_epoch, old_epoch);
  const auto refused = this->store().checkpoint(this->one(old_epoch, StateKind::kAlert, "a", "1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kFailedPrecondition);
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a"), "(none)");
  EXPECT_TRUE(this->store().checkpoint(this->one(new_epoch, StateKind::kAlert, "a", "2")));
}

TYPED_TEST_P(StateContract, ATooLargeValueRefusesTheWholeCheckpoint) {
  Checkpoint checkpoint = this->one(this->owner(), StateKind::kAlert, "small", "1");
  checkpoint.changes.push_back(
      {StateKind::kAlert, "large", std::string(kStateValueBytesMax + 1, 'x')});
  const auto refused = this->store().checkpoint(checkpoint);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kInvalidArgument);
  EXPECT_EQ(this->value_of(StateKind::kAlert, "small"), "(none)");
}

TYPED_TEST_P(StateContract, TheNewestTwoPositionsAreKept) {
  EXPECT_TRUE(this->store().positions(0).value().empty());
  Checkpoint checkpoint;
  checkpoint.epoch = this->owner();
  for (std::uint64_t sequence : {10, 20, 30}) {
    checkpoint.position = Position{0, sequence};
    checkpoint.position_check = sequence * 7;
    ASSERT_TRUE(this->store().checkpoint(checkpoint));
  }
  checkpoint.position.reset();
  ASSERT_TRUE(this->store().checkpoint(checkpoint));
  const auto positions = this->store().positions(0).value();
  ASSERT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions[0].position.sequence, 30u);
  EXPECT_EQ(positions[0].position_check, 210u);
  EXPECT_EQ(positions[1].position.sequence, 20u);
}

TYPED_TEST_P(StateContract, EverythingIsThereAfterReopening) {
  if (!TypeParam::kKeeps) GTEST_SKIP() << "this store keeps nothing";
  Checkpoint checkpoint;
  checkpoint.epoch = this->owner();
  checkpoint.position = Position{0, 5};
  for (int i = 0; i < 100; ++i) {
    checkpoint.changes.push_back({StateKind::kAnalytics, std::to_string(i), std::to_string(i * i)});
  }
  ASSERT_TRUE(this->store().checkpoint(checkpoint));
  this->harness_.reopen();
  EXPECT_EQ(this->value_of(StateKind::kAnalytics, "9"), "81");
  EXPECT_EQ(this->store().list(0, StateKind::kAnalytics, "", 1000).value().size(), 100u);
  EXPECT_EQ(this->store().positions(0).value().at(0).position.sequence, 5u);
  EXPECT_GT(this->owner(), checkpoint.epoch);
  EXPECT_FALSE(this->store().checkpoint(checkpoint));
}

TYPED_TEST_P(StateContract, PurgeRemovesEverythingButTheFence) {
  const std::uint64_t epoch = this->owner();
  Checkpoint checkpoint = this->one(epoch, StateKind::kAlert, "a", "1");
  checkpoint.changes.push_back({StateKind::kAudit, "1", "entry"});
  checkpoint.position = Position{0, 5};
  ASSERT_TRUE(this->store().checkpoint(checkpoint));
  ASSERT_TRUE(this->store().purge());
  EXPECT_EQ(this->value_of(StateKind::kAlert, "a"), "(none)");
  EXPECT_EQ(this->value_of(StateKind::kAudit, "1"), "(none)");
  EXPECT_TRUE(this->store().positions(0).value().empty());
  EXPECT_GT(this->owner(), epoch);
}

TYPED_TEST_P(StateContract, AClosedStoreRefuses) {
  ASSERT_TRUE(this->store().close());
  ASSERT_TRUE(this->store().close());
  const auto refused = this->store().get(0, StateKind::kMeta, "a");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kFailedPrecondition);
  EXPECT_FALSE(this->store().checkpoint({}));
}

REGISTER_TYPED_TEST_SUITE_P(StateContract, AValueIsThereUntilItIsRemoved, BytesOfAnyKindAreKept,
                            ListGivesOneKindInIdOrderFromAnIdOn, ShardsDoNotSeeEachOther,
                            AnOldOwnerIsRefusedAndChangesNothing,
                            ATooLargeValueRefusesTheWholeCheckpoint, TheNewestTwoPositionsAreKept,
                            EverythingIsThereAfterReopening, PurgeRemovesEverythingButTheFence,
                            AClosedStoreRefuses);

}  // namespace honeyguide::store
