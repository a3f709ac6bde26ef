#include "cli/cmd_import.h"

#include <memory>
#include <optional>
#include <ostream>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/strings.h"
#include "cli/data_directory.h"
#include "cli/flags.h"
#include "net/compression.h"
#include "net/http_client.h"
#include "net/io_pool.h"
#include "otlp/decode.h"
#include "otlp/response.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kFileBytesMax = std::size_t{2} << 30;  // decompressed
constexpr std::string_view kSignals[] = {"traces", "logs", "metrics"};
constexpr std::string_view kJsonKeys[] = {"\"resourceSpans\"", "\"resourceLogs\"",
                                          "\"resourceMetrics\""};

Result<std::string> decompress(const std::string& name, std::string bytes) {
  const net::InflateLimits limits{kFileBytesMax, 100'000};
  net::Encoding encoding = net::Encoding::kIdentity;
  if (bytes.starts_with("\x1f\x8b")) encoding = net::Encoding::kGzip;
  if (bytes.starts_with("\x28\xb5\x2f\xfd")) encoding = net::Encoding::kZstd;
  if (encoding == net::Encoding::kIdentity) return bytes;
  auto inflated = net::inflate(encoding, bytes, limits);
  if (!inflated) return base::with_context(inflated.error(), name);
  return inflated;
}

// Index into kSignals by the file's name or the flag.
std::optional<std::size_t> named_signal(const std::string& name, const std::string& signal) {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    if (name.find("." + std::string(kSignals[i]) + ".") != std::string::npos) return i;
  }
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    if (signal == kSignals[i]) return i;
  }
  return std::nullopt;
}

Error ambiguous(const std::string& name) {
  return {ErrorCode::kInvalidArgument,
          name + ": cannot tell what it holds; say --signal traces, logs or metrics"};
}

// The one kind as which the bytes decode without a rejected item.
Result<std::size_t> protobuf_signal(const std::string& name, std::string_view bytes) {
  const auto body = std::make_shared<const std::string>(bytes);
  std::optional<std::size_t> found;
  const auto spans = otlp::decode_traces_protobuf(body);
  const auto logs = otlp::decode_logs_protobuf(body);
  const auto metrics = otlp::decode_metrics_protobuf(body);
  const bool fits[] = {spans && spans->rejected_spans == 0 && !spans->batch.empty(),
                       logs && logs->rejected_records == 0 && !logs->batch.records.empty(),
                       metrics && metrics->rejected_points == 0 && !metrics->batch.points.empty()};
  for (std::size_t i = 0; i < std::size(fits); ++i) {
    if (!fits[i]) continue;
    if (found) return ambiguous(name);
    found = i;
  }
  if (!found) return ambiguous(name);
  return *found;
}

Result<ImportRequest> json_request(const std::string& name, std::string_view text,
                                   std::optional<std::size_t> signal) {
  for (std::size_t i = 0; i < std::size(kJsonKeys) && !signal; ++i) {
    if (text.find(kJsonKeys[i]) != std::string_view::npos) signal = i;
  }
  if (!signal) return ambiguous(name);
  return ImportRequest{"/v1/" + std::string(kSignals[*signal]), true, std::string(text)};
}

struct Totals {
  std::uint64_t requests = 0;
  std::uint64_t rejected = 0;
};

Result<void> send_file(const std::string& path, const std::string& signal, const std::string& url,
                       const std::string& token, net::HttpClient& client, Totals& totals) {
  HG_ASSIGN_OR_RETURN(std::string raw, base::posix_fs().read_file(path));
  HG_ASSIGN_OR_RETURN(const std::string bytes, decompress(path, std::move(raw)));
  HG_ASSIGN_OR_RETURN(const auto requests, import_requests(path, bytes, signal));
  for (const ImportRequest& one : requests) {
    net::ClientRequest request;
    request.method = "POST";
    request.url = url + one.path;
    request.headers.add("Content-Type", one.json ? "application/json" : "application/x-protobuf");
    request.headers.add("honeyguide-backfill", "1");
    if (!token.empty()) request.headers.add("Authorization", "Bearer " + token);
    request.body = one.body;
    const auto response = client.send_and_wait(std::move(request));
    if (!response) return base::with_context(response.error(), url);
    if (response->status == 401 || response->status == 403) {
      return Error{ErrorCode::kPermissionDenied,
                   "importing needs role operate; give --token or --token-of DIR"};
    }
    if (response->status != 200) {
      return Error{ErrorCode::kInvalidArgument,
                   path + ": the server answered " + std::to_string(response->status)};
    }
    ++totals.requests;
    if (!one.json) {
      totals.rejected += static_cast<std::uint64_t>(
          otlp::decode_export_response_protobuf(response->body).rejected);
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ImportRequest>> import_requests(const std::string& name, std::string_view bytes,
                                                   const std::string& signal) {
  const auto named = named_signal(name, signal);
  std::vector<ImportRequest> out;
  if (!base::trim(bytes.substr(0, 64)).starts_with("{")) {
    std::size_t kind = 0;
    if (named) {
      kind = *named;
    } else {
      HG_ASSIGN_OR_RETURN(kind, protobuf_signal(name, bytes));
    }
    out.push_back({"/v1/" + std::string(kSignals[kind]), false, std::string(bytes)});
    return out;
  }
  // JSON lines if each line that is not empty is an object of its own; else one document.
  const auto lines = base::split(bytes, '\n');
  bool each_line = lines.size() > 1;
  for (const std::string_view line : lines) {
    const auto text = base::trim(line);
    each_line = each_line && (text.empty() || (text.starts_with("{") && text.ends_with("}")));
  }
  if (!each_line) {
    HG_ASSIGN_OR_RETURN(auto one, json_request(name, bytes, named));
    out.push_back(std::move(one));
    return out;
  }
  for (const std::string_view line : lines) {
    if (base::trim(line).empty()) continue;
    HG_ASSIGN_OR_RETURN(auto one, json_request(name, base::trim(line), named));
    out.push_back(std::move(one));
  }
  return out;
}

int run_import(const std::vector<std::string>& args, CommandIo& io) {
  std::vector<std::string> files;
  std::string signal;
  std::string url = "http://127.0.0.1:4318";
  std::string token;
  std::string token_data;
  Flags flags("import", "Send recorded OTLP requests to a server as history");
  flags.positionals("files", files, "Protobuf, JSON or JSON lines; plain, gzip or zstd");
  flags.text("--signal", signal, "traces, logs or metrics, where neither name nor content tells");
  flags.text("--url", url, "OTLP/HTTP address of the server");
  flags.text("--token", token, "Token with the roles ingest and operate");
  flags.text("--token-of", token_data, "Use the operator token of this data directory");
  flags.footer("Example: honeyguide import --token-of honeyguide-data run-*.traces.pb");
  if (const auto code = flags.parse(args, io)) return *code;
  const auto fail = [&](const Error& error) {
    io.err << "honeyguide import: " << base::strip_control(error.message) << "\n";
    return kExitFailed;
  };
  if (!token_data.empty()) {
    auto found = read_operator_token(base::posix_fs(), token_data);
    if (!found) return fail(found.error());
    token = *found;
  }
  base::SystemClock clock;
  const auto pool = net::IoPool::create(1, clock);
  if (!pool) return fail(pool.error());
  const auto client = net::HttpClient::create(**pool, {});
  if (!client) return fail(client.error());
  Totals totals;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto sent = send_file(files[i], signal, url, token, **client, totals);
    if (!sent) return fail(sent.error());
    if (io.err_is_terminal) {
      io.err << "\r" << i + 1 << " of " << files.size() << " files" << std::flush;
    }
  }
  if (io.err_is_terminal) io.err << "\n";
  io.out << files.size() << " files, " << totals.requests << " requests";
  if (totals.rejected > 0) io.out << ", " << totals.rejected << " items rejected";
  io.out << "\n";
  return kExitOk;
}

}  // namespace honeyguide::cli
