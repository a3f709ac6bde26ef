#include "store/file/record_log.h"

#include <optional>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kHeadBytes = 12;

std::string frame(std::string_view body) {
  std::string out;
  out.reserve(kHeadBytes + body.size());
  base::put_fixed(out, static_cast<std::uint32_t>(body.size()));
  base::put_fixed(out, base::hash64(body));
  out += body;
  return out;
}

// The body of the record at the front of `bytes`; nothing if it is torn or damaged.
std::optional<std::string_view> first_record(std::string_view bytes) {
  base::ByteReader reader(bytes);
  const auto size = reader.fixed<std::uint32_t>();
  const auto hash = reader.fixed<std::uint64_t>();
  if (size > RecordLog::kRecordBytesMax) return std::nullopt;
  const std::string_view body = reader.take(size);
  if (!reader.ok() || base::hash64(body) != hash) return std::nullopt;
  return body;
}

}  // namespace

base::Result<std::unique_ptr<RecordLog>> RecordLog::open(
    base::FileSystem& fs, const std::string& path,
    const std::function<base::Result<void>(std::string_view)>& sink) {
  std::string bytes;
  const bool existed = fs.exists(path);
  if (existed) {
    HG_ASSIGN_OR_RETURN(bytes, fs.read_file(path));
  }
  std::size_t good = 0;
  while (good < bytes.size()) {
    const auto body = first_record(std::string_view(bytes).substr(good));
    if (!body) break;
    HG_RETURN_IF_ERROR(sink(*body));
    good += kHeadBytes + body->size();
  }
  HG_ASSIGN_OR_RETURN(auto file, fs.open_append(path));
  if (good < bytes.size()) HG_RETURN_IF_ERROR(file->truncate(good));
  if (!existed) HG_RETURN_IF_ERROR(fs.sync_directory(base::directory_of(path)));
  return std::unique_ptr<RecordLog>(new RecordLog(std::move(file), good, bytes.size() - good));
}

base::Result<void> RecordLog::append(std::string_view body) {
  if (body.size() > kRecordBytesMax) {
    return Error{ErrorCode::kInvalidArgument, "a record of " + std::to_string(body.size()) +
                                                  " bytes, at most " +
                                                  std::to_string(kRecordBytesMax)};
  }
  HG_RETURN_IF_ERROR(cut_tail());
  if (auto written = file_->append(frame(body)); !written) {
    has_tail_ = true;
    (void)cut_tail();
    return written;
  }
  good_bytes_ += kHeadBytes + body.size();
  return {};
}

base::Result<void> RecordLog::cut_tail() {
  if (!has_tail_) return {};
  HG_RETURN_IF_ERROR(file_->truncate(good_bytes_));
  has_tail_ = false;
  return {};
}

base::Result<void> RecordLog::append_durable(std::string_view body) {
  const std::uint64_t before = good_bytes_;
  HG_RETURN_IF_ERROR(append(body));
  if (auto synced = file_->sync(); !synced) {
    good_bytes_ = before;
    has_tail_ = true;
    (void)cut_tail();
    return synced;
  }
  return {};
}

base::Result<void> RecordLog::clear() {
  HG_RETURN_IF_ERROR(file_->truncate(0));
  good_bytes_ = 0;
  has_tail_ = false;
  return file_->sync();
}

base::Result<void> write_record_file(base::FileSystem& fs, const std::string& path,
                                     std::string_view body) {
  return fs.write_file_atomic(path, frame(body));
}

base::Result<std::string> read_record_file(base::FileSystem& fs, const std::string& path) {
  HG_ASSIGN_OR_RETURN(const std::string bytes, fs.read_file(path));
  const auto body = first_record(bytes);
  if (!body) return Error{ErrorCode::kDataLoss, "'" + path + "' is damaged"};
  return std::string(*body);
}

}  // namespace honeyguide::store
