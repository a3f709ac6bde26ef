#include "cli/read_pieces.h"

#include "base/file_system.h"

namespace honeyguide::cli {
namespace {

constexpr std::size_t kPieceBytes = 256 * 1024;

}  // namespace

base::Result<void> read_pieces(
    const std::string& path, const std::function<base::Result<void>(std::string_view)>& on_piece) {
  HG_ASSIGN_OR_RETURN(const auto file, base::posix_fs().open_read(path));
  std::string buffer(kPieceBytes, '\0');
  std::uint64_t offset = 0;
  for (;;) {
    HG_ASSIGN_OR_RETURN(const std::size_t size,
                        file->read_at(offset, buffer.size(), buffer.data()));
    if (size == 0) return {};
    HG_RETURN_IF_ERROR(on_piece(std::string_view(buffer).substr(0, size)));
    offset += size;
  }
}

}  // namespace honeyguide::cli
