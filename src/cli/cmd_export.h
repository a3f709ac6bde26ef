// honeyguide export: traces of a running server as OTLP, for files that `import` reads.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace honeyguide::cli {

// How traces become bytes of a file. Pieces are written as they fill: gzip members and zstd frames
// stand one after the other, protobuf messages are concatenated, which is one message by protobuf's
// rules, and JSON stands one request a line.
class ExportWriter {
 public:
  using Sink = std::function<base::Result<void>(std::string_view bytes)>;
  enum class Compression { kNone, kGzip, kZstd };

  ExportWriter(bool protobuf, Compression compression, Sink sink);

  // `otlp_json` is one trace as the server answers it.
  base::Result<void> add(std::string otlp_json);
  // Writes what is left.
  base::Result<void> finish();

  // Bytes that gather before they are compressed and written.
  static constexpr std::size_t kPieceBytes = 1 << 20;

 private:
  base::Result<void> flush();

  const bool protobuf_;
  const Compression compression_;
  const Sink sink_;
  std::string piece_;
};

int run_export(const std::vector<std::string>& args, CommandIo& io);

}  // namespace honeyguide::cli
