// Index files of any bytes: parsed or refused, and every answer of a parsed one stays inside it.
// The file header and the checksum behind it are made to fit, so that what follows is reached.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "store/segment/index_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  using namespace honeyguide::store::segment;
  const std::string rest(reinterpret_cast<const char*>(data), size);
  FileHeader header;
  header.kind = FileKind::kIndex;
  std::string bytes;
  put_file_header(bytes, header);
  base::put_fixed(bytes, base::hash64(rest));
  bytes += rest;
  SettledFile file;
  auto index = SettledIndex::parse(bytes, file);
  if (!index) return 0;
  for (const BlockEntry& block : index->blocks()) {
    index->may_contain_value(block, 0x9e3779b97f4a7c15u);
    index->blocks_of(block.first_trace);
  }
  index->operations();
  index->keys();
  index->fingerprints(file);
  return 0;
}
