#include "cli/cmd_version.h"

#include <ostream>

#include "base/json_writer.h"
#include "cli/flags.h"

namespace honeyguide::cli {

int run_version(const std::vector<std::string>& args, CommandIo& io) {
  std::string output = "text";
  Flags flags("version", "Version and build of this binary");
  flags.choice("--output", output, {"text", "json"}, "Form of the answer");
  if (const auto code = flags.parse(args, io)) return *code;
  if (output == "json") {
    base::JsonWriter json;
    json.begin_object().field("version", HG_VERSION).field("compiler", __VERSION__).end_object();
    io.out << json.take() << "\n";
  } else {
    io.out << "honeyguide " << HG_VERSION << " (compiler " << __VERSION__ << ")\n";
  }
  return kExitOk;
}

}  // namespace honeyguide::cli
