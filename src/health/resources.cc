#include "health/resources.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "base/strings.h"

namespace honeyguide::health {
namespace {

// Fields of a line, whatever number of spaces separates them.
std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> out;
  for (const std::string_view word : base::split(line, ' ')) {
    if (!word.empty()) out.push_back(word);
  }
  return out;
}

std::uint64_t number(std::string_view text) {
  return base::parse_uint64(base::trim(text)).value_or(0);
}

// "MemTotal:   123 kB" of /proc/meminfo and /proc/self/status, in bytes.
std::optional<std::uint64_t> kilobytes_field(std::string_view text, std::string_view name) {
  for (const std::string_view line : base::split(text, '\n')) {
    if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') continue;
    std::string_view value = base::trim(line.substr(name.size() + 1));
    if (value.ends_with("kB")) value.remove_suffix(2);
    const auto parsed = base::parse_uint64(base::trim(value));
    if (!parsed) return std::nullopt;
    return *parsed * 1024;
  }
  return std::nullopt;
}

// A limit beyond any machine is how cgroup v1 says "none".
constexpr std::uint64_t kNoLimitBytes = 1ull << 60;

}  // namespace

std::optional<double> ResourceSample::tightest_memory_percent() const {
  if (!memory_percent) return cgroup_memory_percent;
  if (!cgroup_memory_percent) return memory_percent;
  return std::max(*memory_percent, *cgroup_memory_percent);
}

ResourceSampler::ResourceSampler(base::FileSystem& fs, const base::Clock& clock,
                                 std::string disk_directory, std::string proc, std::string cgroup)
    : fs_(fs),
      clock_(clock),
      disk_directory_(std::move(disk_directory)),
      proc_(std::move(proc)),
      cgroup_(std::move(cgroup)) {}

// Files of procfs say that they are empty, so they are read until they end.
std::string ResourceSampler::read(const std::string& path) {
  const auto file = fs_.open_read(path);
  if (!file) return {};
  std::string out;
  char block[4096];
  while (out.size() < 256 * 1024) {
    const auto got = (*file)->read_at(out.size(), sizeof(block), block);
    if (!got || *got == 0) break;
    out.append(block, *got);
  }
  return out;
}

ResourceSample ResourceSampler::sample() {
  ResourceSample out;
  out.time = clock_.now();
  read_cpu(out);
  read_memory(out);
  read_process(out);
  read_cgroup(out);
  read_disk(out);
  return out;
}

void ResourceSampler::read_cpu(ResourceSample& out) {
  const std::string stat = read(proc_ + "/stat");
  const auto fields = words(std::string_view(stat).substr(0, stat.find('\n')));
  if (fields.size() < 6 || fields[0] != "cpu") return;
  std::uint64_t total = 0;
  // user nice system idle iowait irq softirq steal; guest time is part of user already.
  for (std::size_t i = 1; i < std::min<std::size_t>(fields.size(), 9); ++i) {
    total += number(fields[i]);
  }
  const std::uint64_t busy = total - number(fields[4]) - number(fields[5]);
  if (last_total_ != 0 && total > last_total_ && busy >= last_busy_) {
    out.cpu_percent =
        100.0 * static_cast<double>(busy - last_busy_) / static_cast<double>(total - last_total_);
  }
  last_busy_ = busy;
  last_total_ = total;
}

void ResourceSampler::read_memory(ResourceSample& out) {
  const std::string info = read(proc_ + "/meminfo");
  const auto total = kilobytes_field(info, "MemTotal");
  const auto available = kilobytes_field(info, "MemAvailable");
  if (!total || !available || *total == 0) return;
  out.memory_available_bytes = available;
  out.memory_percent =
      100.0 * (1.0 - static_cast<double>(*available) / static_cast<double>(*total));
}

void ResourceSampler::read_process(ResourceSample& out) {
  const std::string status = read(proc_ + "/self/status");
  out.process_memory_rss_bytes = kilobytes_field(status, "VmRSS");
  out.process_memory_vms_bytes = kilobytes_field(status, "VmSize");
  if (const auto files = fs_.list(proc_ + "/self/fd")) out.process_open_files = files->size();
  const std::string stat = read(proc_ + "/self/stat");
  // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
  const std::size_t after_name = stat.rfind(')');
  if (after_name == std::string::npos) return;
  const auto fields = words(std::string_view(stat).substr(after_name + 1));
  if (fields.size() < 13) return;
  const std::uint64_t ticks = number(fields[11]) + number(fields[12]);
  const std::int64_t now = clock_.steady_ns();
  if (last_steady_ns_ >= 0 && now > last_steady_ns_ && ticks >= last_process_ticks_) {
    const double seconds = static_cast<double>(ticks - last_process_ticks_) /
                           static_cast<double>(sysconf(_SC_CLK_TCK));
    out.process_cpu_percent = 100.0 * seconds / (static_cast<double>(now - last_steady_ns_) / 1e9);
  }
  last_process_ticks_ = ticks;
  last_steady_ns_ = now;
}

void ResourceSampler::read_cgroup(ResourceSample& out) {
  // "0::/path" is version 2, "N:...,memory,...:/path" version 1.
  const std::string groups = read(proc_ + "/self/cgroup");
  std::string usage;
  std::string limit;
  for (const std::string_view line : base::split(groups, '\n')) {
    const auto parts = base::split(line, ':');
    if (parts.size() < 3) continue;
    const std::string path = parts[2] == "/" ? "" : std::string(parts[2]);
    const auto controllers = base::split(parts[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "memory") != controllers.end()) {
      usage = read(cgroup_ + "/memory" + path + "/memory.usage_in_bytes");
      limit = read(cgroup_ + "/memory" + path + "/memory.limit_in_bytes");
      if (usage.empty()) {  // inside a container the own group is mounted at the top
        usage = read(cgroup_ + "/memory/memory.usage_in_bytes");
        limit = read(cgroup_ + "/memory/memory.limit_in_bytes");
      }
      break;
    }
    if (parts[0] == "0" && parts[1].empty()) {
      usage = read(cgroup_ + path + "/memory.current");
      limit = read(cgroup_ + path + "/memory.max");
    }
  }
  const auto used_bytes = base::parse_uint64(base::trim(usage));
  if (!used_bytes) return;
  out.cgroup_memory_bytes = used_bytes;
  const auto limit_bytes = base::parse_uint64(base::trim(limit));  // "max": nothing
  if (!limit_bytes || *limit_bytes == 0 || *limit_bytes >= kNoLimitBytes) return;
  out.cgroup_memory_percent =
      100.0 * static_cast<double>(*used_bytes) / static_cast<double>(*limit_bytes);
}

void ResourceSampler::read_disk(ResourceSample& out) {
  const auto space = fs_.disk_space(disk_directory_);
  if (!space || space->total_bytes == 0) return;
  out.disk_free_bytes = space->free_bytes;
  out.disk_percent = 100.0 * (1.0 - static_cast<double>(space->free_bytes) /
                                        static_cast<double>(space->total_bytes));
}

}  // namespace honeyguide::health
