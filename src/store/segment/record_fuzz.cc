// Records and file headers of any bytes: an answer or an error, and what is read writes back.
// Checksums are made to fit where a header claims a body that is there.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/mem_fs.h"
#include "store/segment/record.h"

namespace {

using namespace honeyguide;
using namespace honeyguide::store::segment;

void check_read(base::MemFs& fs, std::string_view bytes) {
  const std::string path = "/record";
  {
    auto file = fs.open_append(path);
    HG_CHECK(file.has_value() && (*file)->append(bytes).has_value());
  }
  auto reader = fs.open_read(path);
  HG_CHECK(reader.has_value());
  const auto record = read_record(**reader, 0, bytes.size());
  if (record) HG_CHECK(record->buffer->size() >= record->header.body_size + kRecordHeaderBytes);
  HG_CHECK(fs.remove_file(path).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  base::MemFs fs;
  check_read(fs, bytes);
  RecordHeader header;
  if (parse_record_header(bytes, header) && size >= kRecordHeaderBytes) {
    const std::string_view body = bytes.substr(kRecordHeaderBytes);
    std::string written;
    put_record(written, header, body);
    check_read(fs, written);
    RecordHeader again;
    HG_CHECK(parse_record_header(written, again) && again.body_size == body.size());
    HG_CHECK(again.first_sequence == header.first_sequence && again.rows == header.rows);
  }
  FileHeader file_header;
  parse_file_header(bytes, file_header);
  return 0;
}
