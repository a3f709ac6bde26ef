// Proves that procfs and both cgroup versions are read right, from fixtures in a MemFs, and that
// what the system does not say stays unknown.
#include "health/resources.h"

#include <gtest/gtest.h>

#include "base/mem_fs.h"

namespace honeyguide::health {
namespace {

class ResourcesTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    ASSERT_TRUE(fs_.create_directories(base::directory_of(path)));
    ASSERT_TRUE(fs_.write_file_atomic(path, text));
  }
  base::MemFs fs_;
  base::SimClock clock_;
  ResourceSampler sampler_{fs_, clock_, "data", "proc", "cg"};
};

TEST_F(ResourcesTest, CpuIsTheShareSinceTheLastSample) {
  put("proc/stat", "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3\n");
  EXPECT_FALSE(sampler_.sample().cpu_percent);
  put("proc/stat", "cpu  160 0 115 815 10 0 0 0 50 0\n");
  // 75 busy of 100 ticks; iowait is idle and guest is not counted twice.
  EXPECT_DOUBLE_EQ(sampler_.sample().cpu_percent.value(), 75);
}

TEST_F(ResourcesTest, MemoryIsWhatIsNotAvailable) {
  put("proc/meminfo", "MemTotal:        1000 kB\nMemFree: 1 kB\nMemAvailable:     250 kB\n");
  const ResourceSample sample = sampler_.sample();
  EXPECT_DOUBLE_EQ(sample.memory_percent.value(), 75);
  EXPECT_EQ(sample.memory_available_bytes.value(), 250u * 1024);
}

TEST_F(ResourcesTest, TheProcessIsReadFromSelfWhateverItsName) {
  put("proc/self/status", "Name:\ta b)\nVmSize:\t  2048 kB\nVmRSS:\t 1024 kB\n");
  put("proc/self/stat", "1 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 100 20 0 0 20 0 1 0\n");
  ResourceSample sample = sampler_.sample();
  EXPECT_EQ(sample.process_memory_rss_bytes.value(), 1024u * 1024);
  EXPECT_EQ(sample.process_memory_vms_bytes.value(), 2048u * 1024);
  EXPECT_FALSE(sample.process_cpu_percent);
  clock_.advance(10 * base::kNanosPerSecond);
  put("proc/self/stat", "1 (a b) c) S 1 1 1 0 -1 0 0 0 0 0 500 120 0 0 20 0 1 0\n");
  sample = sampler_.sample();
  EXPECT_NEAR(sample.process_cpu_percent.value(), 50, 0.01);  // 500 ticks of 10 ms in 10 s
}

TEST_F(ResourcesTest, CgroupTwo) {
  put("proc/self/cgroup", "0::/user/app\n");
  put("cg/user/app/memory.current", "300\n");
  put("cg/user/app/memory.max", "1000\n");
  EXPECT_DOUBLE_EQ(sampler_.sample().cgroup_memory_percent.value(), 30);
  put("cg/user/app/memory.max", "max\n");
  EXPECT_FALSE(sampler_.sample().cgroup_memory_percent);
  EXPECT_EQ(sampler_.sample().cgroup_memory_bytes.value(), 300u);
}

TEST_F(ResourcesTest, CgroupOneAlsoWhenTheOwnGroupIsMountedAtTheTop) {
  put("proc/self/cgroup", "5:cpu:/\n4:memory:/app\n0::/\n");
  put("cg/memory/memory.usage_in_bytes", "500\n");
  put("cg/memory/memory.limit_in_bytes", "1000\n");
  EXPECT_DOUBLE_EQ(sampler_.sample().cgroup_memory_percent.value(), 50);
  put("cg/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(sampler_.sample().cgroup_memory_percent);
}

TEST_F(ResourcesTest, TheTightestMemoryIsTheLarger) {
  ResourceSample sample;
  EXPECT_FALSE(sample.tightest_memory_percent());
  sample.memory_percent = 40;
  EXPECT_EQ(sample.tightest_memory_percent().value(), 40);
  sample.cgroup_memory_percent = 90;
  EXPECT_EQ(sample.tightest_memory_percent().value(), 90);
}

TEST_F(ResourcesTest, NothingReadableGivesNothing) {
  const ResourceSample sample = sampler_.sample();
  EXPECT_FALSE(sample.cpu_percent);
  EXPECT_FALSE(sample.memory_percent);
  EXPECT_FALSE(sample.process_memory_rss_bytes);
}

TEST(ResourcesOnThisMachineTest, TheRealOnesAreRead) {
  const base::SystemClock clock;
  ResourceSampler sampler(base::posix_fs(), clock, "/");
  const ResourceSample sample = sampler.sample();
  EXPECT_GT(sample.memory_percent.value(), 0);
  EXPECT_GT(sample.process_memory_rss_bytes.value(), 1u << 20);
  EXPECT_GT(sample.disk_percent.value(), 0);
}

}  // namespace
}  // namespace honeyguide::health
