// Proves that the queue is bounded and that what was taken runs before the pool ends.
#include "server/worker_pool.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace honeyguide::server {
namespace {

TEST(WorkerPoolTest, AFullQueueRefusesAndTakenWorkRuns) {
  std::atomic<int> done{0};
  std::promise<void> started;
  std::promise<void> go_on;
  auto may_go_on = go_on.get_future().share();
  {
    WorkerPool pool(1, 2, 0);
    ASSERT_TRUE(pool.submit([&, may_go_on] {
      started.set_value();
      may_go_on.wait();
      ++done;
    }));
    started.get_future().wait();
    EXPECT_EQ(pool.running_count(), 1);
    EXPECT_TRUE(pool.submit([&] { ++done; }));
    EXPECT_TRUE(pool.submit([&] { ++done; }));
    EXPECT_FALSE(pool.submit([&] { ++done; }));
    EXPECT_EQ(pool.queued_count(), 2);
    go_on.set_value();
  }
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace honeyguide::server
