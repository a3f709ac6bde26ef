// honeyguide import: recorded OTLP requests into a server.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace honeyguide::cli {

int run_import(const std::vector<std::string>& args, CommandIo& io);

// One request to send.
struct ImportRequest {
  std::string path;  // "/v1/traces"
  bool json = false;
  std::string body;
};

// The requests of one file's decompressed bytes: one protobuf message, one JSON document, or JSON
// lines. The signal comes from `.traces.`, `.logs.` or `.metrics.` in the name, else from `signal`
// ("traces", ...), else from the content: JSON by its key, protobuf if it decodes as one kind only.
// kInvalidArgument names the file, and the flag where the signal is ambiguous.
base::Result<std::vector<ImportRequest>> import_requests(const std::string& name,
                                                         std::string_view bytes,
                                                         const std::string& signal);

}  // namespace honeyguide::cli
