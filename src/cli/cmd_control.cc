#include "cli/cmd_control.h"

#include <ostream>

#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/file_system.h"
#include "base/json_writer.h"
#include "base/strings.h"
#include "cli/api_client.h"
#include "cli/flags.h"
#include "control/audit_log.h"
#include "net/http_text.h"
#include "server/config.h"

namespace honeyguide::cli {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return "-";
  return base::strip_control(found->is_string() ? found->get<std::string>() : found->dump());
}

int verify_audit(const std::string& data, const std::string& head, const std::string& output,
                 CommandIo& io) {
  const std::string directory = data + "/audit";
  if (!base::posix_fs().exists(directory)) {
    return report(io, "audit", {base::ErrorCode::kNotFound, "there is no " + directory});
  }
  const auto chain = control::verify_audit(base::posix_fs(), directory, head);
  if (!chain) return report(io, "audit", chain.error());
  if (output == "json") {
    base::JsonWriter out;
    out.begin_object().field("status", chain->ok ? "ok" : "broken");
    out.field("entries", chain->entries).field("head", chain->head);
    out.field("broken_seq", chain->broken_seq).field("problem", chain->problem);
    out.field("torn_bytes", chain->torn_bytes).end_object();
    io.out << out.take() << "\n";
  } else if (chain->ok) {
    io.out << "ok: " << chain->entries << " entries, head " << chain->head << "\n";
    if (chain->torn_bytes > 0) {
      io.out << "an unfinished entry of " << chain->torn_bytes
             << " bytes at the end was never acknowledged\n";
    }
  } else {
    io.out << "BROKEN: " << chain->problem << "; entries 1 to " << chain->broken_seq - 1
           << " are good\n";
  }
  return chain->ok ? kExitOk : kExitFailed;
}

void print_entry(const json& entry, CommandIo& io) {
  io.out << text_of(entry, "id") << "  " << text_of(entry, "actor") << "  "
         << text_of(entry, "action") << "  " << text_of(entry, "target") << "  "
         << text_of(entry, "result");
  const std::string detail = text_of(entry, "detail");
  if (!detail.empty() && detail != "-") io.out << "  " << detail;
  io.out << "\n";
}

void print_actions(const json& parsed, bool open_only, CommandIo& io) {
  for (const json& action : parsed["items"]) {
    const std::string state = text_of(action, "state");
    const bool open = state == "proposed" || state == "approved" || state == "requested" ||
                      state == "delivered" || state == "obeyed";
    if (open_only && !open) continue;
    io.out << text_of(action, "id") << "  " << state << "  " << text_of(action, "title") << "  "
           << text_of(action, "reason");
    if (state == "refused") io.out << "  refused by " << text_of(action, "refused_by");
    if (action["verification"].is_object()) {
      io.out << "  " << text_of(action["verification"], "text");
    }
    io.out << "\n";
  }
  io.err << "breaker " << text_of(parsed, "breaker") << "; " << text_of(parsed["counts"], "pending")
         << " wait for a decision\n";
}

}  // namespace

int run_audit(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string verb;
  std::string data = server::ServeConfig{}.data;
  std::string head;
  std::string actor;
  std::int64_t limit = 50;
  Flags flags("audit", "Show who did what, or verify the chain of the log's hashes");
  flags.positional("verb", verb, "list (asks a server) or verify (reads a data directory)");
  flags.text("--data", data, "verify: the data directory; its server may run");
  flags.text("--head", head, "verify: a hash noted earlier that the log must contain");
  flags.text("--actor", actor, "list: entries of this actor only");
  flags.integer("--limit", limit, "list: newest entries");
  api.add_to(flags);
  flags.footer("verify exits with 1 and names the entry if anything was changed or removed.");
  if (const auto code = flags.parse(args, io)) return *code;
  if (verb == "verify") return verify_audit(data, head, api.output, io);
  if (verb != "list") {
    io.err << "honeyguide audit: write 'list' or 'verify'\n";
    return kExitUsage;
  }
  auto client = ApiClient::create(api);
  if (!client) return report(io, "audit", client.error());
  std::string path = "/api/v1/audit?limit=" + std::to_string(limit);
  if (!actor.empty()) add_query(path, "actor", actor);
  const auto answer = client->get_json(path);
  if (!answer) return report(io, "audit", answer.error());
  if (api.output == "json") {
    io.out << answer->dump() << "\n";
    return kExitOk;
  }
  for (const json& entry : (*answer)["items"]) print_entry(entry, io);
  io.err << "chain: " << text_of((*answer)["chain"], "status") << ", "
         << text_of((*answer)["chain"], "entries") << " entries\n";
  return kExitOk;
}

int run_directive(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string agent;
  std::string word;
  std::string params = "{}";
  std::string reason;
  std::int64_t expires_ns = 0;
  Flags flags("directive", "Give an agent a directive; needs role operate");
  flags.positional("agent", agent, "Agent id");
  flags.positional("directive", word,
                   "run, throttle, pause, stop, reassign, break_wait or switch_model");
  flags.text("--params", params, "JSON object: {\"ratio\":0.5}, {\"model\":\"small-1\"}");
  flags.text("--reason", reason, "Why");
  flags.duration("--expires", expires_ns, "How long it holds (default and maximum by directive)");
  api.add_to(flags);
  flags.footer("Example: honeyguide directive coder-2 pause --reason loop --token-of DATA");
  if (const auto code = flags.parse(args, io)) return *code;
  const json parsed = json::parse(params, nullptr, false);
  if (!parsed.is_object()) {
    io.err << "honeyguide directive: --params is no JSON object\n";
    return kExitUsage;
  }
  json body = {{"directive", word}, {"params", parsed}, {"reason", reason}};
  if (expires_ns > 0) body["expires_in_ms"] = std::max<std::int64_t>(1, expires_ns / 1'000'000);
  auto client = ApiClient::create(api);
  if (!client) return report(io, "directive", client.error());
  const auto answer = client->send(
      "POST", "/api/v1/agents/" + net::percent_encode(agent) + "/directives", body.dump());
  if (!answer) return report(io, "directive", answer.error());
  if (api.output == "json") {
    io.out << *answer << "\n";
    return kExitOk;
  }
  const json action = json::parse(*answer, nullptr, false);
  io.out << text_of(action, "title") << ": " << text_of(action, "state") << "\n";
  return kExitOk;
}

int run_mitigations(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string verb = "list";
  std::string id;
  std::string note;
  std::string confirm;
  Flags flags("mitigations", "What was done about alerts, and what waits for a decision");
  flags.positional("verb", verb,
                   "list (what is pending or running), history, approve, deny, dry-run, rollback, "
                   "reset-breaker",
                   false);
  flags.positional("id", id, "The action: mi-7", false);
  flags.text("--note", note, "Why; kept with the decision");
  flags.text("--confirm-name", confirm, "approve what cannot be taken back: the agent's name");
  api.add_to(flags);
  flags.footer("Decisions need role operate. Example: honeyguide mitigations approve mi-7");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "mitigations", client.error());
  const std::string base = "/api/v1/mitigations";
  base::Result<std::string> answer = std::string();
  const bool list = verb == "list" || verb == "history";
  if (list) {
    answer = client->get(base + "?limit=200");
  } else if (verb == "reset-breaker") {
    answer = client->send("POST", base + "/breaker", "{}");
  } else if (!id.empty() &&
             (verb == "approve" || verb == "deny" || verb == "dry-run" || verb == "rollback")) {
    const json body = {{"note", note}, {"reason", note}, {"confirm_name", confirm}};
    answer = client->send("POST", base + "/" + net::percent_encode(id) + "/" + verb, body.dump());
  } else {
    io.err << "honeyguide mitigations: write list, history, reset-breaker, or approve, deny, "
              "dry-run, rollback with an id\n";
    return kExitUsage;
  }
  if (!answer) return report(io, "mitigations", answer.error());
  if (api.output == "json") {
    io.out << *answer << "\n";
    return kExitOk;
  }
  const json parsed = json::parse(*answer, nullptr, false);
  if (!list) {
    io.out << (verb == "reset-breaker" ? "breaker" : text_of(parsed, "title")) << ": "
           << text_of(parsed, "state") << "\n";
    return kExitOk;
  }
  print_actions(parsed, verb == "list", io);
  return kExitOk;
}

int run_receivers(const std::vector<std::string>& args, CommandIo& io) {
  ApiFlags api;
  std::string verb = "list";
  std::string name;
  Flags flags("receivers", "Who is notified, and whether it works");
  flags.positional("verb", verb, "list or test", false);
  flags.positional("name", name, "test: the receiver", false);
  api.add_to(flags);
  flags.footer("test needs role operate and sends one notification. Exit code 1: not delivered.");
  if (const auto code = flags.parse(args, io)) return *code;
  auto client = ApiClient::create(api);
  if (!client) return report(io, "receivers", client.error());
  const std::string base = "/api/v1/notifications/receivers";
  if (verb != "list" && (verb != "test" || name.empty())) {
    io.err << "honeyguide receivers: write list, or test with a receiver's name\n";
    return kExitUsage;
  }
  const auto answer =
      verb == "list" ? client->get(base)
                     : client->send("POST", base + "/" + net::percent_encode(name) + "/test", "");
  if (!answer) return report(io, "receivers", answer.error());
  const json parsed = json::parse(*answer, nullptr, false);
  const bool delivered = verb == "list" || parsed.value("delivered", false);
  if (api.output == "json") {
    io.out << *answer << "\n";
  } else if (verb == "test") {
    io.out << name << ": " << (delivered ? "delivered" : "failed: " + text_of(parsed, "error"))
           << "\n";
  } else {
    for (const json& receiver : parsed["items"]) {
      io.out << text_of(receiver, "name") << "  " << text_of(receiver, "type") << "  "
             << text_of(receiver, "status") << "  " << text_of(receiver, "delivered")
             << " delivered  " << text_of(receiver, "last_error") << "\n";
    }
  }
  return delivered ? kExitOk : kExitFailed;
}

}  // namespace honeyguide::cli
