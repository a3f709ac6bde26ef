#include "store/segment/values_file.h"

#include "base/hash.h"
#include "store/segment/record.h"
#include "store/segment/zstd_text.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::size_t kFlushBytes = 1u << 20;

}  // namespace

LargeRef ValuesFileWriter::store(std::string_view raw) {
  const base::Hash128 hash = base::hash128(raw);
  const auto found = known_.find(hash.low);
  if (found != known_.end() && found->second.hash_high == hash.high) return found->second;
  if (size_ == 0) {
    put_file_header(buffer_, {FileKind::kValues, number_, 0, 0});
    size_ = buffer_.size();
  }
  LargeRef ref{hash.low, hash.high, size_, 0, static_cast<std::uint32_t>(raw.size())};
  ref.stored_size = static_cast<std::uint32_t>(zstd_append(buffer_, raw));
  size_ += ref.stored_size;
  if (known_.size() < kKnownMax) known_[hash.low] = ref;
  if (buffer_.size() >= kFlushBytes && status_) status_ = flush();
  return ref;
}

base::Result<void> ValuesFileWriter::flush() {
  if (!file_) {
    HG_ASSIGN_OR_RETURN(file_, fs_.open_append(path_));
  }
  HG_RETURN_IF_ERROR(file_->append(buffer_));
  buffer_.clear();
  return {};
}

base::Result<std::uint64_t> ValuesFileWriter::finish() {
  if (size_ == 0) return std::uint64_t{0};
  if (status_ && !buffer_.empty()) status_ = flush();
  HG_RETURN_IF_ERROR(status_);
  HG_RETURN_IF_ERROR(file_->sync());
  return size_;
}

}  // namespace honeyguide::store::segment
