// ServeConfig: everything that can be set about a server, with its default. Filled in this order,
// the later winning: defaults, configuration file, environment, flags.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agents/budget.h"
#include "agents/conventions.h"
#include "agents/prices.h"
#include "alerts/routing.h"
#include "base/clock.h"
#include "base/result.h"
#include "control/mitigation_policy.h"
#include "notify/receiver_config.h"
#include "watch/condition.h"

namespace honeyguide::server {

// Where the value of a setting comes from.
struct SettingSource {
  std::string source;  // "file", "environment", "flag"
  std::string detail;  // file and line, the variable's or the flag's name
};

struct ServeConfig {
  // Of the settings that are not at their default, by name.
  std::map<std::string, SettingSource> sources;

  // Data directory; one process at a time.
  std::string data = "honeyguide-data";

  // Listeners, HOST:PORT; port 0 picks a free one.
  std::string otlp_grpc = "127.0.0.1:4317";
  std::string otlp_http = "127.0.0.1:4318";
  std::string http = "127.0.0.1:8321";

  // Prefix of every path of the API and the page, "" or "/x" without a slash at the end.
  std::string base_path;
  // Further names that the Host header may have.
  std::vector<std::string> allowed_hosts;
  // Origins of browser pages that may send OTLP or read the API; "https://app.example".
  std::vector<std::string> cors_origins;
  // SHA256 roles=... tenant=... agents=... lines. Needed for a listener that is not on loopback.
  std::string token_file;
  // Allows a listener that is not on loopback without tokens. Whoever reaches it may send and read.
  bool insecure = false;
  // Offers POST /api/v1/admin/purge on a data directory that was created under this flag.
  bool allow_purge = false;

  // "1s": data reach the disk within a second of the acknowledgement; survives a killed process.
  // "commit": before the acknowledgement; survives power loss too.
  std::string sync = "1s";
  std::int64_t retention_ns = 24 * base::kNanosPerHour;         // spans, by arrival
  std::int64_t retention_errors_ns = 72 * base::kNanosPerHour;  // traces with an error span
  std::int64_t disk_bytes = 0;                                  // 0: 80 % of the volume
  std::int64_t memory_bytes = 192'000'000;                      // sum of all pools
  std::int64_t series_raw_ns = 48 * base::kNanosPerHour;        // 10 s points
  std::int64_t series_minute_ns = 15 * base::kNanosPerDay;
  std::int64_t series_hour_ns = 400 * base::kNanosPerDay;

  // Body of one OTLP request, after decompression.
  std::int64_t body_bytes_max = 64 << 20;
  int io_threads = 2;
  int query_threads = 1;
  // Searches that wait for a query thread; further ones get 503.
  int query_queue_max = 16;
  std::int64_t query_deadline_ns = 10 * base::kNanosPerSecond;

  // "" keeps an agent one across services; "service" splits agents by service.name.
  std::string agents_scope;
  std::map<std::string, std::string> agent_teams;  // agent name -> team
  // An open conflict counts as timed out when its run went on that much longer.
  std::int64_t conflict_timeout_ns = base::kNanosPerHour;
  std::vector<agents::MappingOverride> conventions;  // `conventions:`, or the list of this file
  std::string conventions_file;
  std::map<std::string, agents::ModelPrice> prices;  // `prices:`, or the map of this file
  std::string prices_file;
  std::string rules_file;           // further alert rules, in Prometheus' form too
  alerts::AlertingConfig alerting;  // the section `alerting:`
  std::vector<agents::BudgetRule> budgets;
  control::MitigationConfig mitigation;
  std::vector<notify::ReceiverConfig> receivers;
  // This server's address for people, in links of notifications: "https://hg.example".
  std::string external_url;
  // Critical conditions, in addition to the built-in ones or in the place of those of their name.
  std::vector<watch::ConditionSpec> conditions;
  bool enable_exec = false;  // commands of the rules file may run

  // Passes everything received on to another OTLP/HTTP endpoint.
  std::string forward;

  std::string log_level = "info";  // debug, info, warning, error
};

// Checks what can be checked without touching the machine: addresses, sizes, words. The message
// names the setting and says what to write.
base::Result<void> validate(const ServeConfig& config);

// Applies HONEYGUIDE_DATA, HONEYGUIDE_HTTP and so on (each flag's name in capitals with '_'), and
// LOG_LEVEL. `get` is getenv in the program.
base::Result<void> apply_environment(ServeConfig& config, const char* (*get)(const char* name));

// Applies one setting by its file and flag name ("retention", "otlp_http", ...). kNotFound for an
// unknown name, kInvalidArgument for a value that does not fit.
base::Result<void> apply_setting(ServeConfig& config, const std::string& name,
                                 const std::string& value);

// Names that apply_setting() takes, sorted.
std::vector<std::string> setting_names();

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
  bool loopback = false;
};
base::Result<ListenAddress> parse_listen_address(const std::string& text);

}  // namespace honeyguide::server
