#include "cli/cmd_serve.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ostream>

#include <malloc.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/json_writer.h"
#include "cli/data_directory.h"
#include "cli/demo_thread.h"
#include "cli/flags.h"
#include "cli/log_sink.h"
#include "cli/open_stores.h"
#include "server/alerting_file.h"
#include "server/config.h"
#include "server/config_file.h"
#include "server/server.h"
#include "server/tokens.h"

namespace honeyguide::cli {
namespace {

using base::Result;
using server::ServeConfig;

constexpr std::chrono::milliseconds kStopDeadline{4500};

struct FlagSpec {
  const char* name;  // as a setting: "otlp_http"
  const char* help;
};
constexpr FlagSpec kTextFlags[] = {
    {"data", "Data directory; one process at a time"},
    {"http", "API and page, HOST:PORT; port 0 picks a free one"},
    {"otlp_http", "OTLP/HTTP, HOST:PORT"},
    {"otlp_grpc", "OTLP/gRPC and Jaeger's storage API, HOST:PORT"},
    {"base_path", "Prefix of every path, such as /honeyguide"},
    {"allowed_hosts", "Further Host names, comma-separated"},
    {"cors_origins", "Origins of browser pages that may send or read, comma-separated"},
    {"token_file", "Tokens: lines of SHA256 roles=… tenant=… agents=…"},
    {"sync", "1s: on disk within a second of the ack; commit: before the ack"},
    {"retention", "Age of spans, by arrival: 24h, 7d"},
    {"retention_errors", "Age of traces with an error span"},
    {"disk", "Bytes that segments may take, oldest hour goes first (default 80 % of the volume)"},
    {"memory", "Sum of all memory pools"},
    {"series_retention", "Age of 10 s, 1 min and 1 h points: 48h,15d,400d"},
    {"body_max", "Bytes of one OTLP request, decompressed"},
    {"io_threads", "Threads that receive and decode"},
    {"query_threads", "Threads that search"},
    {"query_deadline", "Time after which a search answers with what it has"},
    {"conventions_file", "Overrides of the convention tables"},
    {"prices_file", "Overrides of the price table"},
    {"external_url", "This server's address for people, for links in notifications"},
    {"rules_file", "Further alert rules, in Prometheus' form too"},
    {"forward", "Also send everything on to this OTLP/HTTP endpoint"},
    {"log_level", "debug, info, warning or error"},
};
constexpr FlagSpec kSwitches[] = {
    {"insecure", "Allow listeners beyond loopback without tokens"},
    {"allow_purge", "Offer POST /api/v1/admin/purge on a directory created with this flag"},
    {"enable_exec", "Let commands of the rules file run"},
};

std::string flag_name(const std::string& setting) {
  std::string out = "--" + setting;
  for (char& c : out) c = c == '_' ? '-' : c;
  return out;
}

// Whoever can write the file chooses the commands: nobody but its owner may.
Result<void> check_writers(const ServeConfig& config, const std::string& file) {
  const auto& actions = config.mitigation.actions;
  const bool acts = std::any_of(actions.begin(), actions.end(), [](const auto& action) {
    return action.type == control::ActionType::kCommand;
  });
  const bool commands =
      acts ||
      std::any_of(config.receivers.begin(), config.receivers.end(), [](const auto& receiver) {
        return receiver.type == notify::ReceiverType::kCommand;
      });
  struct stat status {};
  if (!commands || ::stat(file.c_str(), &status) != 0) return {};
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return base::Error{base::ErrorCode::kPermissionDenied,
                     file + " has commands and can be written by others; chmod go-w it"};
}

// Defaults, then file, environment, flags.
Result<ServeConfig> load_config(const std::string& config_file,
                                const std::vector<std::pair<std::string, std::string>>& given) {
  ServeConfig config;
  if (!config_file.empty()) {
    HG_ASSIGN_OR_RETURN(const std::string text, base::posix_fs().read_file(config_file));
    HG_RETURN_IF_ERROR(server::apply_config_text(config, text, config_file));
    HG_RETURN_IF_ERROR(check_writers(config, config_file));
  }
  HG_RETURN_IF_ERROR(server::apply_environment(
      config, [](const char* name) -> const char* { return std::getenv(name); }));
  for (const auto& [name, value] : given) {
    if (const auto applied = server::apply_setting(config, name, value); !applied) {
      return base::with_context(applied.error(), flag_name(name));
    }
    config.sources[name] = {"flag", flag_name(name)};
  }
  if (!config.conventions_file.empty()) {
    HG_ASSIGN_OR_RETURN(const auto text, base::posix_fs().read_file(config.conventions_file));
    HG_RETURN_IF_ERROR(server::apply_conventions_text(config, text, config.conventions_file));
  }
  if (!config.prices_file.empty()) {
    HG_ASSIGN_OR_RETURN(const auto text, base::posix_fs().read_file(config.prices_file));
    HG_RETURN_IF_ERROR(server::apply_prices_text(config, text, config.prices_file));
  }
  if (auto valid = server::validate(config); !valid) {
    // The message starts with the setting's name; name the flag if it came by one.
    for (const auto& [name, value] : given) {
      if (valid.error().message.starts_with(name + ":")) {
        return base::Error{valid.error().code,
                           flag_name(name) + valid.error().message.substr(name.size())};
      }
    }
    return valid.error();
  }
  if (!config.rules_file.empty()) {
    HG_ASSIGN_OR_RETURN(const std::string text, base::posix_fs().read_file(config.rules_file));
    HG_RETURN_IF_ERROR(server::apply_rule_file(config.alerting, text, config.rules_file));
  }
  return config;
}

Result<server::TokenSet> load_tokens(const std::string& file) {
  if (file.empty()) return server::TokenSet{};
  HG_ASSIGN_OR_RETURN(const std::string text, base::posix_fs().read_file(file));
  return server::TokenSet::parse(text, file);
}

std::string ready_line(const server::ServerAddresses& addresses) {
  base::JsonWriter json;
  json.begin_object().field("event", "ready").field("http", addresses.http);
  json.field("otlp_http", addresses.otlp_http).field("otlp_grpc", addresses.otlp_grpc);
  json.field("pid", static_cast<std::int64_t>(::getpid())).end_object();
  return json.take();
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

// A listener on every address is reached by loopback.
std::string reachable(std::string address) {
  if (address.starts_with("0.0.0.0:")) address.replace(0, 7, "127.0.0.1");
  if (address.starts_with("[::]:")) address.replace(0, 4, "[::1]");
  return address;
}

int fail(CommandIo& io, const base::Error& error) {
  io.err << "honeyguide: " << error.message << "\n";
  return kExitFailed;
}

// Many threads allocate: without a bound each gets an arena of its own, whose free pages nobody
// else can use and which never go back.
void bound_heap() {
  constexpr int kArenasMax = 2;
  constexpr int kMmapBytesMin = 256 << 10;
  constexpr int kTrimBytes = 4 << 20;
  mallopt(M_ARENA_MAX, kArenasMax);
  mallopt(M_MMAP_THRESHOLD, kMmapBytesMin);
  mallopt(M_TRIM_THRESHOLD, kTrimBytes);
}

int serve(ServeConfig config, bool login, CommandIo& io) {
  bound_heap();
  base::SystemClock clock;
  const base::LogSink log = stderr_log_sink(config.log_level);
  auto directory = DataDirectory::open(base::posix_fs(), config.data, config.allow_purge);
  if (!directory) return fail(io, directory.error());
  auto tokens = load_tokens(config.token_file);
  if (!tokens) return fail(io, tokens.error());
  if (config.disk_bytes == 0) {
    const auto space = base::posix_fs().disk_space(config.data);
    if (!space) return fail(io, space.error());
    config.disk_bytes = static_cast<std::int64_t>(space->total_bytes / 10 * 8);
  }
  // Blocked before any thread starts: the stop signals are waited for, not handled.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  auto stores = open_stores(config, base::posix_fs(), clock, log);
  if (!stores) return fail(io, stores.error());
  auto server = server::Server::start(config, *tokens, directory->operator_token(),
                                      directory->may_purge(), stores->view(), clock, log);
  if (!server) return fail(io, server.error());
  DemoThread demo(clock, log);
  const server::ServerAddresses addresses = (*server)->addresses();
  (*server)->offer_demo([&, base_path = config.base_path](std::int64_t history_ns) {
    DemoOptions options;
    options.url = "http://" + reachable(addresses.otlp_http);
    options.api = "http://" + reachable(addresses.http) + base_path;
    options.token = options.agent_token = directory->operator_token();
    options.history_ns = history_ns;
    return demo.start(std::move(options));
  });
  io.out << ready_line(addresses) << std::endl;
  if (login) io.err << "page: " << (*server)->make_login_url() << std::endl;
  int received = 0;
  sigwait(&signals, &received);
  log(base::LogLevel::kInfo, "stopping: answering what was taken, committing the rest");
  demo.stop();
  const bool drained = (*server)->stop(kStopDeadline);
  server->reset();
  const auto closed = stores->close();
  if (!closed) return fail(io, closed.error());
  log(base::LogLevel::kInfo, drained ? "stopped" : "stopped; some clients were cut off");
  return kExitOk;
}

}  // namespace

int run_serve(const std::vector<std::string>& args, CommandIo& io) {
  Flags flags("serve", "Receive OpenTelemetry data, keep it, analyse it, show it");
  std::string config_file;
  std::vector<std::string> values(std::size(kTextFlags));
  bool switches[std::size(kSwitches)] = {};
  bool login = io.err_is_terminal;
  flags.text("--config", config_file, "Configuration file (YAML)");
  for (std::size_t i = 0; i < values.size(); ++i) {
    flags.text(flag_name(kTextFlags[i].name), values[i], kTextFlags[i].help);
  }
  for (std::size_t i = 0; i < std::size(kSwitches); ++i) {
    flags.flag(flag_name(kSwitches[i].name), switches[i], kSwitches[i].help);
  }
  flags.flag("--login-url", login, "Print a one-time URL that opens the page with role operate");
  flags.footer(
      "When ready it prints one JSON line with its addresses. SIGTERM stops it and loses nothing.\n"
      "Defaults: 127.0.0.1:8321 (page, API), 127.0.0.1:4318 (OTLP/HTTP), 127.0.0.1:4317 "
      "(OTLP/gRPC).");
  if (const auto code = flags.parse(args, io)) return *code;
  std::vector<std::pair<std::string, std::string>> given;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (flags.given(flag_name(kTextFlags[i].name)))
      given.emplace_back(kTextFlags[i].name, values[i]);
  }
  for (std::size_t i = 0; i < std::size(kSwitches); ++i) {
    if (switches[i]) given.emplace_back(kSwitches[i].name, "true");
  }
  const auto config = load_config(config_file, given);
  if (!config) {
    io.err << "honeyguide serve: " << config.error().message << "\n";
    return kExitUsage;
  }
  return serve(*config, login, io);
}

int run_check_config(const std::vector<std::string>& args, CommandIo& io) {
  std::string file;
  Flags flags("check-config", "Check a configuration file as serve would read it");
  flags.positional("file", file, "Configuration file (YAML)");
  if (const auto code = flags.parse(args, io)) return *code;
  // Commands are checked as if they were enabled: the flag is the server's own.
  const auto config = load_config(file, {{"enable_exec", "true"}});
  if (!config) {
    io.err << config.error().message << "\n";
    return kExitFailed;
  }
  if (const auto tokens = load_tokens(config->token_file); !tokens) return fail(io, tokens.error());
  io.out << file << ": ok\n";
  return kExitOk;
}

int run_repair(const std::vector<std::string>& args, CommandIo& io) {
  ServeConfig config;
  Flags flags("repair", "Rebuild every index of a data directory from its segments");
  flags.text("--data", config.data, "Data directory of a server that is not running");
  flags.footer("A server repairs by itself what a crash leaves; this is for damaged files.");
  if (const auto code = flags.parse(args, io)) return *code;
  if (!base::posix_fs().exists(config.data)) {
    return fail(io, {base::ErrorCode::kNotFound, "there is no " + config.data});
  }
  base::SystemClock clock;
  const auto directory = DataDirectory::open(base::posix_fs(), config.data, false);
  if (!directory) return fail(io, directory.error());
  const auto repaired =
      repair_stores(config, base::posix_fs(), clock, stderr_log_sink(config.log_level));
  if (!repaired) return fail(io, repaired.error());
  io.out << config.data << ": repaired\n";
  return kExitOk;
}

int run_token(const std::vector<std::string>& args, CommandIo& io) {
  std::string data = ServeConfig{}.data;
  std::string roles;
  std::string tenant = "default";
  std::string agents;
  Flags flags("token", "Print the operator token of a data directory, or make a new token");
  flags.text("--data", data, "Data directory whose operator token is printed");
  flags.text("--new", roles, "Make a token with these roles: ingest,agent,read,operate,admin");
  flags.text("--tenant", tenant, "Tenant of the new token");
  flags.text("--agents", agents, "Agents that the new token speaks for: coder-*,planner");
  flags.footer("The new token is shown once; put the printed line into the token file.");
  if (const auto code = flags.parse(args, io)) return *code;
  if (!flags.given("--new")) {
    const auto token = read_operator_token(base::posix_fs(), data);
    if (!token) return fail(io, token.error());
    io.out << *token << "\n";
    return kExitOk;
  }
  if (!server::parse_roles(roles)) {
    io.err << "honeyguide token: roles are ingest, agent, read, operate, admin\n";
    return kExitUsage;
  }
  const std::string token = server::make_token();
  io.out << "token: " << token << "\n"
         << "line:  " << server::sha256_hex(token) << " roles=" << roles << " tenant=" << tenant
         << (agents.empty() ? "" : " agents=" + agents) << "\n";
  return kExitOk;
}

}  // namespace honeyguide::cli
