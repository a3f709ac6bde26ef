// Proves that a pool never passes its limit and gets back exactly what was taken.
#include "base/memory_pool.h"

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

TEST(MemoryPoolTest, RefusesBeyondTheLimitAndCountsIt) {
  MemoryPool pool("ingest", 100);
  Reservation first;
  EXPECT_TRUE(first.grow(pool, 60));
  EXPECT_TRUE(first.grow(pool, 40));
  Reservation second;
  EXPECT_FALSE(second.grow(pool, 1));
  EXPECT_EQ(pool.refused_count(), 1u);
  Reservation moved = std::move(first);
  EXPECT_EQ(pool.used_bytes(), 100);
  moved.reset();
  EXPECT_EQ(pool.used_bytes(), 0);
  EXPECT_TRUE(second.grow(pool, 100));
}

}  // namespace
}  // namespace honeyguide::base
