#include "cli/cmd_validate.h"

#include <algorithm>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/data_directory.h"
#include "cli/flags.h"
#include "cli/validate_run.h"

namespace honeyguide::cli {
namespace {

void print(const CheckResult& result, CommandIo& io) {
  io.out << (result.status == "ok"        ? "ok      "
             : result.status == "warning" ? "warning "
                                          : "FAILED  ")
         << result.name;
  if (!result.text.empty()) io.out << ": " << base::strip_control(result.text);
  io.out << "\n";
  if (!result.fix.empty()) io.out << "        " << base::strip_control(result.fix) << "\n";
  io.out.flush();
}

void print_json(const std::vector<CheckResult>& results, bool ok, CommandIo& io) {
  nlohmann::json checks = nlohmann::json::array();
  for (const CheckResult& one : results) {
    checks.push_back(
        {{"name", one.name}, {"status", one.status}, {"text", one.text}, {"fix", one.fix}});
  }
  io.out << nlohmann::json{{"ok", ok}, {"checks", std::move(checks)}}.dump(2) << "\n";
}

}  // namespace

int run_validate(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  ValidationTarget target;
  std::int64_t figures_within_ns = target.figures_within.count() * base::kNanosPerMilli;
  std::int64_t alert_within_ns = target.alert_within.count() * base::kNanosPerMilli;
  Flags flags(
      "validate",
      "Check a running server: send telemetry through every way in, read it back through "
      "every way out, compare.\nIt works in a tenant of its own: no figure of yours changes, "
      "nobody is notified, nothing is left.");
  flags.duration("--figures-within", figures_within_ns, "How long figures may take to be there");
  flags.duration("--alert-within", alert_within_ns, "How long alerting may take to raise an alert");
  api.add_to(flags);
  flags.positional("URL", api.url, "The server's API, as --url", false);
  flags.footer("Exit code 1 if a check failed; warnings are no failure.");
  if (const auto code = flags.parse(args, io)) return *code;
  target.url = api.url;
  target.token = api.token;
  target.figures_within = std::chrono::milliseconds(figures_within_ns / base::kNanosPerMilli);
  target.alert_within = std::chrono::milliseconds(alert_within_ns / base::kNanosPerMilli);
  if (!api.token_data.empty()) {
    auto token = read_operator_token(base::posix_fs(), api.token_data);
    if (!token) return report(io, "validate", token.error());
    target.token = *std::move(token);
  }
  auto run = ValidationRun::create(std::move(target));
  if (!run) return report(io, "validate", run.error());
  const bool text = api.output == "text";
  const auto results = (*run)->run([&](const CheckResult& result) {
    if (text) print(result, io);
  });
  if (!results) return report(io, "validate", results.error());
  const auto failed = std::count_if(results->begin(), results->end(),
                                    [](const CheckResult& one) { return one.status == "failed"; });
  if (!text) print_json(*results, failed == 0, io);
  if (text) {
    io.out << (failed == 0 ? "valid: " : "NOT VALID: ") << results->size() - failed << " of "
           << results->size() << " checks passed\n";
  }
  return failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace honeyguide::cli
