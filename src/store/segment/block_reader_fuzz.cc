// Block bodies of any bytes: reading every row of every column never leaves the buffer. The
// checksum of the directory is made to fit, so that what lies behind it is reached.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "store/segment/block_reader.h"

namespace {

using namespace honeyguide;
using namespace honeyguide::store::segment;

constexpr std::size_t kChecksumOffset = 8;  // of the directory's checksum in the body's head

// The body with slack behind it; a young one, whose columns have no checksums of their own.
std::shared_ptr<const std::string> body_of(std::string_view bytes) {
  auto out = std::make_shared<std::string>(bytes);
  (*out)[0] = static_cast<char>((*out)[0] & ~kFlagSettled);
  const std::uint64_t end = directory_end(*out);
  if (end >= kBodyHeadBytes && end <= out->size()) {
    const std::string_view directory(out->data() + kBodyHeadBytes,
                                     static_cast<std::size_t>(end) - kBodyHeadBytes);
    const auto sum = static_cast<std::uint32_t>(base::hash64(directory));
    std::memcpy(out->data() + kChecksumOffset, &sum, sizeof(sum));
  }
  out->resize(out->size() + kSlackBytes);
  return out;
}

void read_all(BlockReader& reader) {
  std::vector<std::uint32_t> rows(reader.rows());
  std::iota(rows.begin(), rows.end(), 0u);
  telemetry::SpanBatch spans;
  reader.materialize(rows, spans);
  telemetry::LogBatch logs;
  reader.materialize_logs(rows, logs);
  for (const std::uint32_t row : rows) {
    reader.start(row);
    reader.end(row);
    reader.row_trace_id(row);
    reader.log_effective(row);
    reader.log_trace_id(row);
  }
  std::vector<std::uint32_t> found;
  for (std::size_t trace = 0; trace < reader.trace_count(); ++trace) {
    reader.rows_of_trace(reader.trace_id(trace), found);
  }
  reader.keep_alive(spans);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kBodyHeadBytes) return 0;
  const auto body = body_of({reinterpret_cast<const char*>(data), size});
  auto reader = BlockReader::open(BlockBytes(body, 0, body->size() - kSlackBytes), nullptr);
  if (reader) read_all(**reader);
  return 0;
}
