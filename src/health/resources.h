// ResourceSampler: what this process, the machine and the control group use, read from procfs and
// cgroup (v1 and v2) through a FileSystem. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file_system.h"

namespace honeyguide::health {

// Nothing where the system does not say, or where two samples are needed and this is the first.
struct ResourceSample {
  base::UnixNanos time = 0;
  std::optional<double> cpu_percent;          // of all cores of the machine, since the last sample
  std::optional<double> process_cpu_percent;  // of one core, since the last sample
  std::optional<double> memory_percent;       // 1 - available / total
  std::optional<std::uint64_t> memory_available_bytes;
  std::optional<double> disk_percent;  // of the volume that holds the data directory
  std::optional<std::uint64_t> disk_free_bytes;
  std::optional<std::uint64_t> process_memory_rss_bytes;
  std::optional<std::uint64_t> process_memory_vms_bytes;
  std::optional<std::uint64_t> process_open_files;
  std::optional<double> cgroup_memory_percent;  // of its limit; nothing without a limit
  std::optional<std::uint64_t> cgroup_memory_bytes;

  // The larger of memory_percent and cgroup_memory_percent: what kills the process first.
  std::optional<double> tightest_memory_percent() const;
};

class ResourceSampler {
 public:
  // `disk_directory` exists. `proc` and `cgroup` are roots that tests replace.
  ResourceSampler(base::FileSystem& fs, const base::Clock& clock, std::string disk_directory,
                  std::string proc = "/proc", std::string cgroup = "/sys/fs/cgroup");

  ResourceSample sample();

 private:
  std::string read(const std::string& path);
  void read_cpu(ResourceSample& out);
  void read_memory(ResourceSample& out);
  void read_process(ResourceSample& out);
  void read_cgroup(ResourceSample& out);
  void read_disk(ResourceSample& out);

  base::FileSystem& fs_;
  const base::Clock& clock_;
  const std::string disk_directory_;
  const std::string proc_;
  const std::string cgroup_;
  std::uint64_t last_busy_ = 0;
  std::uint64_t last_total_ = 0;
  std::uint64_t last_process_ticks_ = 0;
  std::int64_t last_steady_ns_ = -1;
};

}  // namespace honeyguide::health
