#include "store/rocks/rocks_chunks.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "store/rocks/rocks_keys.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

constexpr char kDescription = 0;
constexpr char kChunk = 1;
constexpr std::size_t kDescriptionKeyBytes = 13;
constexpr std::size_t kPeriodKeyBytes = 6;
constexpr std::size_t kChunkKeyBytes = 18;

std::string_view view(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

std::string period_key(Resolution resolution, std::uint32_t period) {
  std::string key(1, kChunk);
  key.push_back(static_cast<char>(resolution));
  put_big_endian(key, period);
  return key;
}

std::string chunk_key(const ChunkKey& chunk) {
  std::string key = period_key(chunk.resolution, chunk.period);
  put_big_endian(key, chunk.tenant);
  put_big_endian(key, chunk.series);
  return key;
}

std::string tick_key(std::uint64_t sequence) {
  std::string key;
  put_big_endian(key, sequence);
  return key;
}

}  // namespace

base::Result<std::unique_ptr<ChunkStorage>> RocksChunks::open(std::shared_ptr<RocksDb> db) {
  std::unique_ptr<RocksChunks> chunks(new RocksChunks(std::move(db)));
  HG_RETURN_IF_ERROR(chunks->find_periods());
  return std::unique_ptr<ChunkStorage>(std::move(chunks));
}

base::Result<void> RocksChunks::find_periods() {
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->db().NewIterator({}, db_->family(Family::kSeries)));
  // One seek a period: from each key found to the first key of the next period.
  for (at->Seek(std::string(1, kChunk)); at->Valid();) {
    const std::string_view key = view(at->key());
    if (key.size() != kChunkKeyBytes || key[0] != kChunk || key[1] < 0 || key[1] > 2) {
      return Error{ErrorCode::kDataLoss, "a series key is malformed"};
    }
    const auto resolution = static_cast<Resolution>(key[1]);
    const auto period = big_endian<std::uint32_t>(key.substr(2));
    periods_[static_cast<int>(resolution)].insert(period);
    at->Seek(period_key(resolution, period) + std::string(kChunkKeyBytes, '\xff'));
  }
  return from_status(at->status());
}

base::Result<void> RocksChunks::load_series(
    const std::function<base::Result<void>(TenantId, std::string_view)>& sink) {
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->db().NewIterator({}, db_->family(Family::kSeries)));
  for (at->SeekToFirst(); at->Valid() && view(at->key()).size() == kDescriptionKeyBytes &&
                          view(at->key())[0] == kDescription;
       at->Next()) {
    HG_RETURN_IF_ERROR(
        sink(big_endian<std::uint32_t>(view(at->key()).substr(1)), view(at->value())));
  }
  return from_status(at->status());
}

base::Result<void> RocksChunks::load_ticks(
    const std::function<base::Result<void>(std::string_view)>& sink) {
  {
    const std::unique_ptr<rocksdb::Iterator> last(
        db_->db().NewIterator({}, db_->family(Family::kTick)));
    last->SeekToLast();
    if (last->Valid()) next_tick_ = big_endian<std::uint64_t>(view(last->key())) + 1;
  }
  // The iterator sees the ticks as they are now, also while the sink folds some of them away.
  const std::unique_ptr<rocksdb::Iterator> at(
      db_->db().NewIterator({}, db_->family(Family::kTick)));
  for (at->SeekToFirst(); at->Valid(); at->Next()) HG_RETURN_IF_ERROR(sink(view(at->value())));
  return from_status(at->status());
}

base::Result<void> RocksChunks::put_series(TenantId tenant, const SeriesInfo& info) {
  std::string key(1, kDescription);
  put_big_endian(key, tenant);
  put_big_endian(key, info.key.id());
  return from_status(
      db_->db().Put({}, db_->family(Family::kSeries), key, encode_series_info(info)));
}

base::Result<void> RocksChunks::append_tick(std::string_view tick) {
  HG_RETURN_IF_ERROR(from_status(db_->db().Put({}, db_->family(Family::kTick), tick_key(next_tick_),
                                               rocksdb::Slice(tick.data(), tick.size()))));
  ++next_tick_;
  return {};
}

const std::set<std::uint32_t>& RocksChunks::periods(Resolution resolution) {
  return periods_[static_cast<int>(resolution)];
}

base::Result<std::string> RocksChunks::get_chunk(const ChunkKey& key) {
  std::string out;
  const auto status = db_->db().Get({}, db_->family(Family::kSeries), chunk_key(key), &out);
  if (status.IsNotFound()) return std::string();
  HG_RETURN_IF_ERROR(from_status(status));
  return out;
}

base::Result<void> RocksChunks::fold(const std::map<ChunkKey, std::string>& chunks) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, bytes] : chunks) {
    (void)batch.Put(db_->family(Family::kSeries), chunk_key(key), bytes);
  }
  (void)batch.DeleteRange(db_->family(Family::kTick), tick_key(0), tick_key(next_tick_));
  HG_RETURN_IF_ERROR(from_status(db_->db().Write({}, &batch)));
  for (const auto& [key, bytes] : chunks) {
    periods_[static_cast<int>(key.resolution)].insert(key.period);
  }
  return {};
}

base::Result<void> RocksChunks::drop_before(Resolution resolution, std::uint32_t period) {
  auto& all = periods_[static_cast<int>(resolution)];
  if (all.empty() || *all.begin() >= period) return {};
  const std::string begin = period_key(resolution, 0);
  const std::string end = period_key(resolution, period);
  const rocksdb::Slice begin_slice(begin);
  const rocksdb::Slice end_slice(end);
  // Files that lie wholly within go at once; what shares a file with younger chunks is deleted.
  HG_RETURN_IF_ERROR(from_status(rocksdb::DeleteFilesInRange(
      &db_->db(), db_->family(Family::kSeries), &begin_slice, &end_slice, false)));
  HG_RETURN_IF_ERROR(
      from_status(db_->db().DeleteRange({}, db_->family(Family::kSeries), begin_slice, end_slice)));
  all.erase(all.begin(), all.lower_bound(period));
  return {};
}

base::Result<void> RocksChunks::purge() {
  rocksdb::WriteBatch batch;
  const std::string end(kChunkKeyBytes + 1, '\xff');
  for (const Family family : {Family::kSeries, Family::kTick}) {
    (void)batch.DeleteRange(db_->family(family), "", end);
  }
  HG_RETURN_IF_ERROR(from_status(db_->db().Write({}, &batch)));
  for (const Family family : {Family::kSeries, Family::kTick}) {
    HG_RETURN_IF_ERROR(
        from_status(db_->db().CompactRange({}, db_->family(family), nullptr, nullptr)));
  }
  for (auto& periods : periods_) periods.clear();
  return {};
}

std::uint64_t RocksChunks::size_bytes() {
  return db_->size_bytes(Family::kSeries) + db_->size_bytes(Family::kTick);
}

base::Result<void> RocksChunks::close() {
  db_.reset();
  return {};
}

}  // namespace honeyguide::store
