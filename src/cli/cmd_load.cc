#include "cli/cmd_load.h"

#include <fstream>
#include <map>
#include <optional>
#include <ostream>

#include "base/json_writer.h"
#include "base/strings.h"
#include "cli/flags.h"
#include "cli/load_transport.h"

namespace honeyguide::cli {
namespace {

const std::map<std::string, LoadShape>& shapes() {
  static const auto* table =
      new std::map<std::string, LoadShape>{{"tracegen", LoadShape::kTracegen},
                                           {"jaeger-tracegen", LoadShape::kJaegerTracegen},
                                           {"agent", LoadShape::kAgent},
                                           {"small", LoadShape::kSmall}};
  return *table;
}

double per_second(std::uint64_t count, std::int64_t elapsed_ns) {
  return elapsed_ns > 0 ? static_cast<double>(count) * 1e9 / static_cast<double>(elapsed_ns) : 0;
}

std::string report_json(const LoadReport& report, const std::string& shape) {
  base::JsonWriter json;
  json.begin_object().field("shape", shape);
  json.field("spans_per_s", per_second(report.spans_acked, report.elapsed_ns));
  json.field("spans_acked", report.spans_acked).field("spans_rejected", report.spans_rejected);
  json.field("bytes_acked", report.bytes_acked).field("requests_acked", report.requests_acked);
  json.field("requests_refused", report.requests_refused);
  json.field("requests_given_up", report.requests_given_up);
  json.field("answers_retryable", report.answers_retryable);
  json.field("answers_lost", report.answers_lost);
  json.field("elapsed_s", static_cast<double>(report.elapsed_ns) / 1e9);
  json.key("latency_ms").begin_object();
  for (const auto& [name, q] :
       {std::pair<const char*, double>{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}}) {
    json.field(name, static_cast<double>(report.latency.quantile_ns(q)) / 1e6);
  }
  json.field("max", static_cast<double>(report.latency.max_ns()) / 1e6).end_object();
  if (!report.last_error.empty()) json.field("last_error", report.last_error);
  json.end_object();
  return json.take();
}

void print_report(const LoadReport& report, CommandIo& io) {
  const auto quantile = [&](double q) {
    return base::format_duration_ns(report.latency.quantile_ns(q));
  };
  io.out << "acknowledged  " << report.spans_acked << " spans in "
         << base::format_duration_ns(report.elapsed_ns) << ", "
         << static_cast<std::uint64_t>(per_second(report.spans_acked, report.elapsed_ns))
         << " spans/s\n"
         << "latency       p50 " << quantile(0.5) << ", p90 " << quantile(0.9) << ", p99 "
         << quantile(0.99) << ", max " << base::format_duration_ns(report.latency.max_ns()) << "\n"
         << "not taken     " << report.spans_rejected << " spans rejected, "
         << report.requests_refused << " requests refused, " << report.requests_given_up
         << " given up, " << report.answers_retryable << " told to retry, " << report.answers_lost
         << " without an answer\n";
  if (!report.last_error.empty()) {
    io.out << "last error    " << base::strip_control(report.last_error) << "\n";
  }
}

struct LoadOptions {
  LoadTarget target;
  LoadPlan plan;
  std::string shape = "tracegen";
  std::string output = "text";
  std::string ledger_file;
  std::int64_t spans_per_request = 0;
  std::int64_t slots = 8;
  std::int64_t connections = 4;
  std::int64_t seed = 1;
};

// The exit code if the command ends here.
std::optional<int> read_options(const std::vector<std::string>& args, LoadOptions& options,
                                CommandIo& io) {
  options.plan.duration_ns = 10 * base::kNanosPerSecond;
  LoadTarget& target = options.target;
  Flags flags("load", "Send traces as fast as they are acknowledged, or at a rate, and measure");
  flags.text("--url", target.url,
             "Receiver: http://127.0.0.1:4318, or HOST:PORT with --grpc (127.0.0.1:4317)");
  flags.flag("--grpc", target.grpc, "OTLP/gRPC instead of OTLP/HTTP");
  flags.text("--token", target.token, "Token with the role ingest");
  flags.choice("--shape", options.shape, {"tracegen", "jaeger-tracegen", "agent", "small"},
               "What the spans look like");
  flags.integer("--spans-per-request", options.spans_per_request, "0: what fits the shape");
  flags.real("--rate", options.plan.spans_per_second, "Spans a second; 0: no limit");
  flags.duration("--duration", options.plan.duration_ns, "How long requests are started");
  flags.integer("--in-flight", options.slots, "Requests in flight");
  flags.integer("--connections", options.connections, "Connections (gRPC)");
  flags.integer("--seed", options.seed, "Seed of ids and values");
  flags.text("--ledger", options.ledger_file,
             "Write each acknowledged trace id and its spans, one a line");
  flags.choice("--output", options.output, {"text", "json"}, "Form of the report");
  if (const auto code = flags.parse(args, io)) return code;
  if (options.slots < 1 || options.slots > 4096 || options.connections < 1 ||
      options.connections > 64) {
    io.err << "honeyguide load: --in-flight is 1 to 4096, --connections 1 to 64\n";
    return kExitUsage;
  }
  if (target.url.empty()) target.url = target.grpc ? "127.0.0.1:4317" : "http://127.0.0.1:4318";
  target.connections = static_cast<int>(options.connections);
  target.slots = options.plan.slots = static_cast<int>(options.slots);
  return std::nullopt;
}

}  // namespace

int run_load(const std::vector<std::string>& args, CommandIo& io) {
  LoadOptions options;
  if (const auto code = read_options(args, options, io)) return *code;
  const auto fail = [&](const base::Error& error) {
    io.err << "honeyguide load: " << error.message << "\n";
    return kExitFailed;
  };
  const auto bodies = LoadBodies::create({shapes().at(options.shape),
                                          static_cast<std::uint32_t>(options.spans_per_request),
                                          static_cast<std::uint64_t>(options.seed)});
  if (!bodies) return fail(bodies.error());
  base::SystemClock clock;
  const auto transport = make_load_transport(options.target, clock);
  if (!transport) return fail(transport.error());
  LoadRunner runner(*bodies, **transport, clock, options.plan);
  std::ofstream ledger;
  if (!options.ledger_file.empty()) {
    ledger.open(options.ledger_file);
    if (!ledger)
      return fail({base::ErrorCode::kUnavailable, "cannot write " + options.ledger_file});
    runner.on_acked([&](std::uint64_t number) {
      bodies->for_each_trace(number, [&](const base::TraceId& id, std::uint32_t spans) {
        ledger << id.to_hex() << " " << spans << "\n";
      });
      ledger.flush();
    });
  }
  if (io.err_is_terminal) {
    runner.on_progress([&](const LoadReport& report) {
      io.err << "\r" << report.spans_acked << " spans acknowledged" << std::flush;
    });
  }
  const LoadReport report = runner.run();
  if (io.err_is_terminal) io.err << "\n";
  if (options.output == "json") {
    io.out << report_json(report, options.shape) << "\n";
  } else {
    print_report(report, io);
  }
  return report.spans_acked > 0 ? kExitOk : kExitFailed;
}

}  // namespace honeyguide::cli
