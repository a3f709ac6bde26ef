#include "server/settings_table.h"

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

using Config = ServeConfig;

std::string quoted(const std::string& text) {
  return base::json_quote(text);
}
std::string flag(bool value) {
  return value ? "true" : "false";
}
std::string ms(std::int64_t ns) {
  return std::to_string(ns / base::kNanosPerMilli);
}
std::string list(const std::vector<std::string>& values) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& value : values) json.value(value);
  json.end_array();
  return json.take();
}

constexpr SettingRow kRows[] = {
    {"data", "retention", "Data directory", "Data directory; one process at a time.", "text",
     [](const Config& c) { return quoted(c.data); }},
    {"http", "access", "API and page", "HOST:PORT of API and page; port 0 picks a free one.",
     "text", [](const Config& c) { return quoted(c.http); }},
    {"otlp_http", "access", "OTLP/HTTP", "HOST:PORT of the OTLP/HTTP receiver.", "text",
     [](const Config& c) { return quoted(c.otlp_http); }},
    {"otlp_grpc", "access", "OTLP/gRPC",
     "HOST:PORT of the OTLP/gRPC receiver and of Jaeger's storage API.", "text",
     [](const Config& c) { return quoted(c.otlp_grpc); }},
    {"base_path", "access", "Base path", "Prefix of every path, such as /honeyguide.", "text",
     [](const Config& c) { return quoted(c.base_path); }},
    {"allowed_hosts", "access", "Allowed hosts", "Further names that the Host header may have.",
     "list", [](const Config& c) { return list(c.allowed_hosts); }},
    {"cors_origins", "access", "Welcome origins",
     "Origins of browser pages that may send or read, such as https://app.example.", "list",
     [](const Config& c) { return list(c.cors_origins); }},
    {"token_file", "access", "Token file", "Tokens: lines of SHA256 roles=… tenant=… agents=….",
     "text", [](const Config& c) { return quoted(c.token_file); }},
    {"insecure", "access", "Insecure", "Allows listeners beyond loopback without tokens.",
     "boolean", [](const Config& c) { return flag(c.insecure); }},
    {"allow_purge", "access", "Allow purge",
     "Offers POST /api/v1/admin/purge on a directory that was created with it.", "boolean",
     [](const Config& c) { return flag(c.allow_purge); }},
    {"sync", "retention", "Sync",
     "1s: on disk within a second of the acknowledgement; commit: before it.", "text",
     [](const Config& c) { return quoted(c.sync); }},
    {"retention", "retention", "Age of spans", "Age of spans, by arrival.", "duration_ms",
     [](const Config& c) { return ms(c.retention_ns); }},
    {"retention_errors", "retention", "Age of failed traces",
     "Age of traces with an error span, by arrival.", "duration_ms",
     [](const Config& c) { return ms(c.retention_errors_ns); }},
    {"disk", "retention", "Disk",
     "Bytes that segments may take, the oldest hour goes first; 0: 80 % of the volume.", "number",
     [](const Config& c) { return std::to_string(c.disk_bytes); }},
    {"series_retention", "retention", "Age of series",
     "Age of points of 10 s, 1 min and 1 h, comma-separated.", "list",
     [](const Config& c) {
       return list({base::format_duration_ns(c.series_raw_ns),
                    base::format_duration_ns(c.series_minute_ns),
                    base::format_duration_ns(c.series_hour_ns)});
     }},
    {"memory", "retention", "Memory", "Sum of all memory pools in bytes, at least 64MB.", "number",
     [](const Config& c) { return std::to_string(c.memory_bytes); }},
    {"body_max", "access", "Largest body", "Bytes of one OTLP request, decompressed.", "number",
     [](const Config& c) { return std::to_string(c.body_bytes_max); }},
    {"io_threads", "access", "I/O threads", "Threads that receive and decode, 1 to 64.", "number",
     [](const Config& c) { return std::to_string(c.io_threads); }},
    {"query_threads", "access", "Query threads", "Threads that search, 1 to 64.", "number",
     [](const Config& c) { return std::to_string(c.query_threads); }},
    {"query_queue_max", "access", "Waiting searches",
     "Searches that may wait for a thread; further ones get 503.", "number",
     [](const Config& c) { return std::to_string(c.query_queue_max); }},
    {"query_deadline", "access", "Search deadline",
     "Time after which a search answers with what it has.", "duration_ms",
     [](const Config& c) { return ms(c.query_deadline_ns); }},
    {"conventions_file", "mappings", "Mappings", "File with overrides of the convention tables.",
     "text", [](const Config& c) { return quoted(c.conventions_file); }},
    {"prices_file", "prices", "Prices", "File with overrides of the price table.", "text",
     [](const Config& c) { return quoted(c.prices_file); }},
    {"rules_file", "rules", "Rules", "Further alert rules, in Prometheus' form too.", "text",
     [](const Config& c) { return quoted(c.rules_file); }},
    {"enable_exec", "actions", "Commands", "Lets commands of the rules file run.", "boolean",
     [](const Config& c) { return flag(c.enable_exec); }},
    {"external_url", "access", "Address for people",
     "This server's address for people, for links in notifications.", "text",
     [](const Config& c) { return quoted(c.external_url); }},
    {"forward", "access", "Forward", "Also sends everything on to this OTLP/HTTP endpoint.", "text",
     [](const Config& c) { return quoted(c.forward); }},
    {"log_level", "access", "Log level", "debug, info, warning or error.", "text",
     [](const Config& c) { return quoted(c.log_level); }},
};

}  // namespace

std::span<const SettingRow> settings_table() {
  return kRows;
}

}  // namespace honeyguide::server
