#include "cli/cmd_analyze.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include <zlib.h>

#include "agents/analyze.h"
#include "agents/metrics.h"
#include "base/file_system.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "cli/flags.h"
#include "otlp/decode.h"

namespace honeyguide::cli {
namespace {

// A compressed file may grow to this; beyond it is refused.
constexpr std::size_t kInflatedBytesMax = std::size_t{1} << 31;

struct Loaded {
  std::vector<telemetry::SpanBatchPtr> spans;
  std::vector<telemetry::LogBatchPtr> logs;
  std::vector<std::string> skipped;
};

base::Result<std::string> inflate(const std::string& bytes, const std::string& path) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) {
    return base::Error{base::ErrorCode::kUnavailable, path + ": cannot start zlib"};
  }
  std::string out;
  std::string chunk(1 << 18, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int state = Z_OK;
  while (state == Z_OK && out.size() <= kInflatedBytesMax) {
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    state = ::inflate(&stream, Z_NO_FLUSH);
    out.append(chunk, 0, chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (state != Z_STREAM_END) {
    return base::Error{base::ErrorCode::kInvalidArgument, path + ": not a whole gzip file"};
  }
  return out;
}

base::Result<void> take_traces(std::shared_ptr<const std::string> body, bool json, Loaded& into) {
  auto decoded = json ? otlp::decode_traces_json(std::move(body))
                      : otlp::decode_traces_protobuf(std::move(body));
  if (!decoded) return std::move(decoded).error();
  into.spans.push_back(
      std::make_shared<const telemetry::SpanBatch>(std::move(decoded).value().batch));
  return {};
}

base::Result<void> take_logs(std::shared_ptr<const std::string> body, bool json, Loaded& into) {
  auto decoded =
      json ? otlp::decode_logs_json(std::move(body)) : otlp::decode_logs_protobuf(std::move(body));
  if (!decoded) return std::move(decoded).error();
  into.logs.push_back(
      std::make_shared<const telemetry::LogBatch>(std::move(decoded).value().batch));
  return {};
}

// One JSON request; true if it was one that tells something here.
base::Result<bool> take_json(std::string text, Loaded& into) {
  const bool traces = text.find("\"resourceSpans\"") != std::string::npos ||
                      text.find("\"resource_spans\"") != std::string::npos;
  const bool logs = text.find("\"resourceLogs\"") != std::string::npos ||
                    text.find("\"resource_logs\"") != std::string::npos;
  if (!traces && !logs) return false;
  auto body = std::make_shared<const std::string>(std::move(text));
  HG_RETURN_IF_ERROR(traces ? take_traces(std::move(body), true, into)
                            : take_logs(std::move(body), true, into));
  return true;
}

base::Result<bool> take_json_file(const std::string& bytes, bool lines, Loaded& into) {
  if (!lines) return take_json(bytes, into);
  bool any = false;
  for (const std::string_view line : base::split(bytes, '\n')) {
    if (base::trim(line).empty()) continue;
    HG_ASSIGN_OR_RETURN(const bool one, take_json(std::string(line), into));
    any = any || one;
  }
  return any;
}

base::Result<void> load_file(base::FileSystem& fs, const std::string& path, Loaded& into) {
  HG_ASSIGN_OR_RETURN(std::string bytes, fs.read_file(path));
  std::string name = path;
  if (name.ends_with(".gz")) {
    HG_ASSIGN_OR_RETURN(bytes, inflate(bytes, path));
    name.resize(name.size() - 3);
  }
  if (name.find(".metrics.") != std::string::npos) {
    into.skipped.push_back(path + " (metrics)");
    return {};
  }
  const std::string_view start = base::trim(std::string_view(bytes).substr(0, 64));
  const bool json = name.ends_with(".json") || name.ends_with(".jsonl") || start.starts_with("{");
  if (json) {
    auto taken = take_json_file(bytes, name.ends_with(".jsonl"), into);
    if (!taken) return base::with_context(std::move(taken).error(), path);
    if (!*taken) into.skipped.push_back(path + " (no OTLP request)");
    return {};
  }
  auto body = std::make_shared<const std::string>(std::move(bytes));
  auto taken = name.find(".logs.") != std::string::npos ? take_logs(std::move(body), false, into)
                                                        : take_traces(std::move(body), false, into);
  if (!taken) return base::with_context(std::move(taken).error(), path);
  return {};
}

bool is_recording(const std::string& name) {
  for (const std::string_view suffix :
       {".pb", ".json", ".jsonl", ".pb.gz", ".json.gz", ".jsonl.gz"}) {
    if (name.ends_with(suffix)) return true;
  }
  return false;
}

base::Result<Loaded> load(base::FileSystem& fs, const std::vector<std::string>& paths) {
  Loaded loaded;
  for (const std::string& path : paths) {
    const auto names = fs.list(path);
    if (!names) {
      HG_RETURN_IF_ERROR(load_file(fs, path, loaded));
      continue;
    }
    for (const std::string& name : *names) {
      if (is_recording(name)) HG_RETURN_IF_ERROR(load_file(fs, path + "/" + name, loaded));
    }
  }
  return loaded;
}

// Every figure of the agent metrics at the last instant of the data, per window.
std::string figures_json(const Loaded& loaded) {
  const agents::PriceTable prices = agents::PriceTable::builtin();
  agents::MetricsOptions options;
  options.set.keep_silent_traces = true;
  agents::AgentMetrics metrics(agents::Conventions::builtin(), prices, options);
  base::UnixNanos now = 0;
  for (const auto& batch : loaded.spans) {
    for (const telemetry::Span& span : batch->spans()) {
      now = std::max({now, span.start, span.end});
    }
  }
  for (const auto& batch : loaded.spans) metrics.add(*batch, now);
  for (const auto& batch : loaded.logs) metrics.add(*batch, now);
  metrics.flush(now);
  base::JsonWriter json;
  json.begin_object().field("now_unix_ns", now).key("dashboard");
  json.raw(agents::to_json(metrics.dashboard(now))).key("windows").begin_object();
  for (const auto window : {agents::Window::kFiveMinutes, agents::Window::kHour,
                            agents::Window::kDay, agents::Window::kSinceStart}) {
    json.key(agents::window_name(window)).begin_object().key("agents").begin_array();
    for (const agents::AgentReport& row : metrics.agents(window, now)) {
      const auto full = metrics.agent_report(row.agent, window, now);
      if (full) json.raw(agents::to_json(*full));
    }
    json.end_array().key("workflows").begin_array();
    for (const auto& row : metrics.workflows(window, now)) json.raw(agents::to_json(row));
    json.end_array().key("conflicts").raw(agents::to_json(metrics.conflicts(window, now)));
    json.key("dependencies").raw(agents::to_json(metrics.dependencies(window, now)));
    json.end_object();
  }
  json.end_object().end_object();
  return json.take();
}

int fail(CommandIo& io, const base::Error& error) {
  io.err << "honeyguide: " << error.to_string() << "\n";
  return error.code == base::ErrorCode::kNotFound ? kExitNotFound : kExitFailed;
}

}  // namespace

int run_analyze(const std::vector<std::string>& args, CommandIo& io) {
  std::string output = "text";
  bool figures = false;
  std::vector<std::string> paths;
  Flags flags("analyze", "Tell what a team of agents did, from recorded OTLP requests");
  flags.choice("--output", output, {"text", "json"}, "Form of the answer");
  flags.flag("--figures", figures,
             "Print the agent metrics at the last instant instead, per window, as JSON");
  flags.positionals("PATH", paths, "Files or folders: *.pb, JSON, JSON lines, also gzipped");
  if (const auto code = flags.parse(args, io)) return *code;
  const auto loaded = load(base::posix_fs(), paths);
  if (!loaded) return fail(io, loaded.error());
  if (figures) {
    io.out << figures_json(*loaded) << "\n";
    return kExitOk;
  }
  const agents::Analysis analysis = agents::analyze(loaded->spans, loaded->logs);
  if (output == "json") {
    io.out << agents::analysis_json(analysis) << "\n";
    return kExitOk;
  }
  io.out << agents::analysis_text(analysis) << std::flush;
  for (const std::string& path : loaded->skipped) io.err << "skipped: " << path << "\n";
  return kExitOk;
}

int run_explain(const std::vector<std::string>& args, CommandIo& io) {
  std::string output = "text";
  std::string trace;
  std::vector<std::string> paths;
  Flags flags("explain", "Show for each span of a run which rule recognised what, and why");
  flags.choice("--output", output, {"text", "json"}, "Form of the answer");
  flags.positional("TRACE_ID", trace, "Trace id in hex, or its beginning");
  flags.positionals("PATH", paths, "Files or folders with recorded OTLP requests");
  if (const auto code = flags.parse(args, io)) return *code;
  const auto loaded = load(base::posix_fs(), paths);
  if (!loaded) return fail(io, loaded.error());
  agents::AnalyzeOptions options;
  options.set.with_notes = true;
  const agents::Analysis analysis = agents::analyze(loaded->spans, loaded->logs, options);
  const agents::Conventions& conventions = agents::Conventions::builtin();
  for (const agents::RunFacts& run : analysis.runs) {
    const bool holds =
        std::any_of(run.trace_ids.begin(), run.trace_ids.end(), [&trace](const base::TraceId& id) {
          return id.to_hex().starts_with(base::to_lower(trace));
        });
    if (!holds) continue;
    io.out << (output == "json" ? agents::explain_json(run, conventions) + "\n"
                                : agents::explain_text(run, conventions));
    return kExitOk;
  }
  io.err << "honeyguide: no run holds the trace '" << trace << "'\n";
  return kExitNotFound;
}

}  // namespace honeyguide::cli
