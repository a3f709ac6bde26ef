#include "cli/cmd_export.h"

#include <memory>
#include <optional>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "net/compression.h"
#include "otlp/decode.h"
#include "otlp/encode.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using Compression = ExportWriter::Compression;

constexpr int kTracesPerPage = 200;

struct ExportOptions {
  std::string query;
  std::string service;
  std::string start;
  std::string end;
  std::int64_t since_ns = 0;
  std::int64_t limit = 0;
  std::string file = "-";
  std::string format;
  std::string compress;
};

struct Totals {
  std::int64_t traces = 0;
  std::int64_t gone = 0;  // expired between search and read
  bool partial = false;
};

bool wants_protobuf(const ExportOptions& options) {
  if (!options.format.empty()) return options.format == "protobuf";
  return options.file.find(".pb") != std::string::npos;
}

Compression compression_of(const ExportOptions& options) {
  if (options.compress == "gzip") return Compression::kGzip;
  if (options.compress == "zstd") return Compression::kZstd;
  if (options.compress == "none") return Compression::kNone;
  if (options.file.ends_with(".gz")) return Compression::kGzip;
  return options.file.ends_with(".zst") ? Compression::kZstd : Compression::kNone;
}

std::string page_path(const ExportOptions& options, const std::string& cursor) {
  std::string path = "/api/v1/traces?limit=" + std::to_string(kTracesPerPage);
  for (const auto& [name, value] : {std::pair<const char*, const std::string&>{"q", options.query},
                                    {"service", options.service},
                                    {"start", options.start},
                                    {"end", options.end},
                                    {"cursor", cursor}}) {
    if (!value.empty()) add_query(path, name, value);
  }
  return path;
}

Result<void> export_page(ApiClient& client, const ExportOptions& options,
                         const nlohmann::json& page, ExportWriter& writer, Totals& totals,
                         CommandIo& io) {
  for (const nlohmann::json& row : page.at("items")) {
    if (options.limit > 0 && totals.traces >= options.limit) return {};
    auto trace = client.get("/api/v1/traces/" + row.value("trace_id", ""));
    if (!trace && trace.error().code == ErrorCode::kNotFound) {
      ++totals.gone;
      continue;
    }
    if (!trace) return trace.error();
    HG_RETURN_IF_ERROR(writer.add(*std::move(trace)));
    ++totals.traces;
    if (io.err_is_terminal && totals.traces % 10 == 0) {
      io.err << "\r" << totals.traces << " traces" << std::flush;
    }
  }
  return {};
}

Result<Totals> export_all(ApiClient& client, const ExportOptions& options, ExportWriter& writer,
                          CommandIo& io) {
  Totals totals;
  std::string cursor;
  for (;;) {
    HG_ASSIGN_OR_RETURN(const auto page, client.get_json(page_path(options, cursor)));
    HG_RETURN_IF_ERROR(export_page(client, options, page, writer, totals, io));
    totals.partial |= page.contains("partial") && page["partial"].is_object();
    const auto next = page.find("next_cursor");
    const bool enough = options.limit > 0 && totals.traces >= options.limit;
    if (enough || next == page.end() || !next->is_string()) break;
    cursor = next->get<std::string>();
  }
  HG_RETURN_IF_ERROR(writer.finish());
  if (io.err_is_terminal) io.err << "\r";
  return totals;
}

// Writes into FILE.part and renames it when all is there: a file that exists is whole.
Result<Totals> export_to_file(ApiClient& client, const ExportOptions& options, CommandIo& io) {
  base::FileSystem& files = base::posix_fs();
  if (files.exists(options.file)) {
    return Error{ErrorCode::kAlreadyExists, options.file + " exists; remove it or name another"};
  }
  const std::string part = options.file + ".part";
  if (files.exists(part)) HG_RETURN_IF_ERROR(files.remove_file(part));
  HG_ASSIGN_OR_RETURN(const auto out, files.open_append(part));
  ExportWriter writer(wants_protobuf(options), compression_of(options),
                      [&](std::string_view bytes) { return out->append(bytes); });
  auto totals = export_all(client, options, writer, io);
  if (!totals) {
    (void)files.remove_file(part);
    return totals;
  }
  HG_RETURN_IF_ERROR(out->sync());
  HG_RETURN_IF_ERROR(files.rename(part, options.file));
  return totals;
}

Result<Totals> export_to_stdout(ApiClient& client, const ExportOptions& options, CommandIo& io) {
  ExportWriter writer(wants_protobuf(options), compression_of(options),
                      [&](std::string_view bytes) -> Result<void> {
                        io.out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
                        if (io.out.good()) return {};
                        return Error{ErrorCode::kUnavailable, "cannot write to the output"};
                      });
  return export_all(client, options, writer, io);
}

}  // namespace

ExportWriter::ExportWriter(bool protobuf, Compression compression, Sink sink)
    : protobuf_(protobuf), compression_(compression), sink_(std::move(sink)) {}

Result<void> ExportWriter::add(std::string otlp_json) {
  if (protobuf_) {
    otlp::DecodeLimits limits;
    limits.body_bytes_max = otlp_json.size() + 1;
    HG_ASSIGN_OR_RETURN(const auto decoded,
                        otlp::decode_traces_json(
                            std::make_shared<const std::string>(std::move(otlp_json)), limits));
    piece_ += otlp::encode_traces_protobuf(decoded.batch);
  } else {
    piece_ += base::trim(otlp_json);
    piece_ += '\n';
  }
  return piece_.size() >= kPieceBytes ? flush() : Result<void>{};
}

Result<void> ExportWriter::finish() {
  return piece_.empty() ? Result<void>{} : flush();
}

Result<void> ExportWriter::flush() {
  std::string bytes = std::move(piece_);
  piece_.clear();
  if (compression_ == Compression::kGzip) bytes = net::deflate_gzip(bytes);
  if (compression_ == Compression::kZstd) bytes = net::deflate_zstd(bytes);
  return sink_(bytes);
}

int run_export(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  ExportOptions options;
  Flags flags("export", "Write traces of a server as OTLP, newest first");
  flags.positional("query", options.query, "Which traces, as for search; all without it", false);
  flags.text("--file", options.file, "Where to; a file that does not exist yet, or - for stdout");
  flags.choice("--format", options.format, {"json", "protobuf"},
               "JSON lines, or one protobuf message; by default as the file's name says (.pb)");
  flags.choice("--compress", options.compress, {"none", "gzip", "zstd"},
               "By default as the file's name says (.gz, .zst)");
  flags.text("--service", options.service, "Traces with spans of this service");
  flags.duration("--since", options.since_ns, "Spans that started within this time before now");
  flags.text("--start", options.start, "Spans that start at or after this time");
  flags.text("--end", options.end, "Spans that start before this time");
  flags.integer("--limit", options.limit, "At most that many traces; 0: all");
  api.add_to(flags);
  flags.footer("Example: honeyguide export 'status:error' --since 24h --file errors.jsonl.zst");
  if (const auto code = flags.parse(args, io)) return *code;
  if (options.since_ns > 0 && options.start.empty()) {
    options.start = std::to_string(base::SystemClock().now() - options.since_ns);
  }
  auto client = ApiClient::create(api);
  if (!client) return report(io, "export", client.error());
  const bool to_stdout = options.file == "-";
  const auto totals =
      to_stdout ? export_to_stdout(*client, options, io) : export_to_file(*client, options, io);
  if (!totals) return report(io, "export", totals.error());
  if (api.output == "json") {
    const nlohmann::json summary = {{"traces", totals->traces},
                                    {"gone", totals->gone},
                                    {"partial", totals->partial},
                                    {"file", options.file}};
    (to_stdout ? io.err : io.out) << summary.dump() << "\n";
  } else {
    (to_stdout ? io.err : io.out) << totals->traces << " traces"
                                  << (totals->gone > 0 ? ", some expired meanwhile" : "") << "\n";
  }
  if (totals->partial) {
    io.err << "honeyguide export: a search was cut short; narrow it by time and export again\n";
    return kExitFailed;
  }
  return kExitOk;
}

}  // namespace honeyguide::cli
