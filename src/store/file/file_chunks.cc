#include "store/file/file_chunks.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/strings.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array<std::string_view, 3> kResolutionNames = {"10s", "1m", "1h"};
constexpr std::string_view kSuffix = ".chunks";

// "1m-20254.chunks"
std::optional<std::pair<Resolution, std::uint32_t>> parse_name(std::string_view name) {
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos || !name.ends_with(kSuffix)) return std::nullopt;
  const auto known =
      std::find(kResolutionNames.begin(), kResolutionNames.end(), name.substr(0, dash));
  const auto period =
      base::parse_uint64(name.substr(dash + 1, name.size() - dash - 1 - kSuffix.size()));
  if (known == kResolutionNames.end() || !period || *period > UINT32_MAX) return std::nullopt;
  return std::pair(static_cast<Resolution>(known - kResolutionNames.begin()),
                   static_cast<std::uint32_t>(*period));
}

}  // namespace

base::Result<std::unique_ptr<ChunkStorage>> FileChunks::open(base::FileSystem& fs,
                                                             const std::string& directory) {
  std::unique_ptr<FileChunks> chunks(new FileChunks(fs, directory));
  HG_RETURN_IF_ERROR(chunks->find_periods());
  return std::unique_ptr<ChunkStorage>(std::move(chunks));
}

base::Result<void> FileChunks::find_periods() {
  HG_ASSIGN_OR_RETURN(const auto names, fs_.list(directory_));
  for (const std::string& name : names) {
    const auto key = parse_name(name);
    if (!key) continue;
    periods_[static_cast<int>(key->first)].insert(key->second);
    HG_ASSIGN_OR_RETURN(const auto file, fs_.open_read(directory_ + "/" + name));
    HG_ASSIGN_OR_RETURN(file_bytes_[*key], file->size_bytes());
  }
  return {};
}

std::string FileChunks::path_of(const PeriodKey& key) const {
  return directory_ + "/" + std::string(kResolutionNames[static_cast<std::size_t>(key.first)]) +
         "-" + std::to_string(key.second) + std::string(kSuffix);
}

base::Result<void> FileChunks::load_series(
    const std::function<base::Result<void>(TenantId, std::string_view)>& sink) {
  HG_ASSIGN_OR_RETURN(series_log_,
                      RecordLog::open(fs_, directory_ + "/series.log",
                                      [&](std::string_view record) -> base::Result<void> {
                                        base::ByteReader reader(record);
                                        const auto tenant = reader.fixed<TenantId>();
                                        return sink(tenant, reader.take(reader.remaining()));
                                      }));
  return {};
}

base::Result<void> FileChunks::load_ticks(
    const std::function<base::Result<void>(std::string_view)>& sink) {
  // Taken first and handed on later: the sink may fold, which empties the log.
  std::vector<std::string> ticks;
  HG_ASSIGN_OR_RETURN(tick_log_, RecordLog::open(fs_, directory_ + "/ticks.log",
                                                 [&](std::string_view tick) -> base::Result<void> {
                                                   ticks.emplace_back(tick);
                                                   return {};
                                                 }));
  for (const std::string& tick : ticks) HG_RETURN_IF_ERROR(sink(tick));
  return {};
}

base::Result<void> FileChunks::put_series(TenantId tenant, const SeriesInfo& info) {
  std::string record;
  base::put_fixed(record, tenant);
  record += encode_series_info(info);
  return series_log_->append(record);
}

base::Result<void> FileChunks::append_tick(std::string_view tick) {
  return tick_log_->append(tick);
}

base::Result<void> FileChunks::sync() {
  HG_RETURN_IF_ERROR(series_log_->sync());
  return tick_log_->sync();
}

const std::set<std::uint32_t>& FileChunks::periods(Resolution resolution) {
  return periods_[static_cast<int>(resolution)];
}

void FileChunks::forget(const PeriodKey& key) {
  for (auto at = cache_.begin(); at != cache_.end(); ++at) {
    if (at->first != key) continue;
    cache_bytes_ -= at->second.size_bytes;
    cache_.erase(at);
    return;
  }
}

base::Result<FileChunks::Period*> FileChunks::period(const PeriodKey& key) {
  for (auto at = cache_.begin(); at != cache_.end(); ++at) {
    if (at->first != key) continue;
    cache_.splice(cache_.begin(), cache_, at);
    return &cache_.front().second;
  }
  Period loaded;
  if (periods_[static_cast<int>(key.first)].contains(key.second)) {
    auto body = read_record_file(fs_, path_of(key));
    if (!body && body.error().code == ErrorCode::kDataLoss) {
      HG_RETURN_IF_ERROR(fs_.rename(path_of(key), path_of(key) + ".damaged"));
      periods_[static_cast<int>(key.first)].erase(key.second);
      body = std::string();
    }
    if (!body) return body.error();
    base::ByteReader reader(*body);
    while (reader.ok() && !reader.at_end()) {
      const auto tenant = static_cast<TenantId>(reader.varint());
      const auto series = reader.fixed<std::uint64_t>();
      std::string& chunk = loaded.chunks[{tenant, series}];
      chunk = std::string(reader.bytes());
      loaded.size_bytes += chunk.size() + 64;
    }
    if (!reader.ok()) return Error{ErrorCode::kDataLoss, "'" + path_of(key) + "' is malformed"};
  }
  cache_bytes_ += loaded.size_bytes;
  cache_.emplace_front(key, std::move(loaded));
  while (cache_.size() > 1 && cache_bytes_ > kCacheBytesMax) {
    cache_bytes_ -= cache_.back().second.size_bytes;
    cache_.pop_back();
  }
  return &cache_.front().second;
}

base::Result<std::string> FileChunks::get_chunk(const ChunkKey& key) {
  HG_ASSIGN_OR_RETURN(const Period* own, period({key.resolution, key.period}));
  const auto found = own->chunks.find({key.tenant, key.series});
  return found == own->chunks.end() ? std::string() : found->second;
}

base::Result<void> FileChunks::fold(const std::map<ChunkKey, std::string>& chunks) {
  for (auto at = chunks.begin(); at != chunks.end();) {
    const PeriodKey key{at->first.resolution, at->first.period};
    HG_ASSIGN_OR_RETURN(const Period* before, period(key));
    auto merged = before->chunks;
    for (; at != chunks.end() && PeriodKey{at->first.resolution, at->first.period} == key; ++at) {
      merged[{at->first.tenant, at->first.series}] = at->second;
    }
    std::string body;
    for (const auto& [id, chunk] : merged) {
      base::put_varint(body, id.first);
      base::put_fixed(body, id.second);
      base::put_bytes(body, chunk);
    }
    forget(key);
    HG_RETURN_IF_ERROR(write_record_file(fs_, path_of(key), body));
    periods_[static_cast<int>(key.first)].insert(key.second);
    file_bytes_[key] = body.size();
  }
  return tick_log_->clear();
}

base::Result<void> FileChunks::remove_period(const PeriodKey& key) {
  forget(key);
  HG_RETURN_IF_ERROR(fs_.remove_file(path_of(key)));
  periods_[static_cast<int>(key.first)].erase(key.second);
  file_bytes_.erase(key);
  return {};
}

base::Result<void> FileChunks::drop_before(Resolution resolution, std::uint32_t period) {
  auto& all = periods_[static_cast<int>(resolution)];
  while (!all.empty() && *all.begin() < period) {
    HG_RETURN_IF_ERROR(remove_period({resolution, *all.begin()}));
  }
  return {};
}

base::Result<void> FileChunks::purge() {
  HG_RETURN_IF_ERROR(series_log_->clear());
  HG_RETURN_IF_ERROR(tick_log_->clear());
  for (const Resolution resolution : {Resolution::k10s, Resolution::k1m, Resolution::k1h}) {
    HG_RETURN_IF_ERROR(drop_before(resolution, UINT32_MAX));
  }
  return {};
}

std::uint64_t FileChunks::size_bytes() {
  std::uint64_t out = series_log_->size_bytes() + tick_log_->size_bytes();
  for (const auto& [key, bytes] : file_bytes_) out += bytes;
  return out;
}

}  // namespace honeyguide::store
