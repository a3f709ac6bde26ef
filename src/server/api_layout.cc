// REST: where agents stand in the topology, and what passed between two of them.
#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "server/api_settings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

constexpr std::size_t kMessagesMax = 20;
constexpr std::size_t kRunsSearchedMax = 5000;
constexpr std::size_t kAgentBytesMax = 1024;
constexpr double kCoordinateMax = 1e6;

Error wrong_position(const std::string& what) {
  return {ErrorCode::kInvalidArgument, "positions: " + what};
}

Result<LayoutStore::Positions> positions_of(const json& body) {
  const auto list = body.is_object() ? body.find("positions") : body.end();
  if (!body.is_object() || list == body.end() || !list->is_array()) {
    return wrong_position("a list is needed");
  }
  if (list->size() > LayoutStore::kPositionsMax) {
    return wrong_position("at most " + std::to_string(LayoutStore::kPositionsMax));
  }
  LayoutStore::Positions out;
  for (const json& item : *list) {
    if (!item.is_object()) return wrong_position("each is {id, x, y, pinned}");
    const auto id = item.find("id");
    const auto x = item.find("x");
    const auto y = item.find("y");
    if (id == item.end() || !id->is_string() || id->get<std::string>().empty() ||
        id->get<std::string>().size() > kAgentBytesMax) {
      return wrong_position("id is an agent's name");
    }
    for (const auto& number : {x, y}) {
      const bool fits = number != item.end() && number->is_number() &&
                        std::abs(number->get<double>()) <= kCoordinateMax;
      if (!fits) return wrong_position("x and y are numbers up to 1,000,000");
    }
    const auto pinned = item.find("pinned");
    if (pinned != item.end() && !pinned->is_boolean()) {
      return wrong_position("pinned is true or false");
    }
    out[id->get<std::string>()] = {x->get<double>(), y->get<double>(),
                                   pinned != item.end() && pinned->get<bool>()};
  }
  return out;
}

Result<net::HttpResponse> put_positions(const LayoutRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const auto positions,
                      positions_of(json::parse(request.http->body, nullptr, false)));
  const bool for_all = request.principal.has(kRoleOperate);
  HG_RETURN_IF_ERROR(
      deps.layout.put(request.tenant, for_all ? "" : request.principal.name, positions));
  JsonWriter out;
  out.begin_object().field("stored", positions.size()).end_object();
  return json_response(out.take());
}

struct PairMessage {
  base::UnixNanos time = 0;
  std::string kind;
  std::int64_t latency_ns = -1;
  bool error = false;
  base::TraceId trace_id;
  std::string span_id;
  std::string label;
};

// What `run` tells of the way from one agent to the other.
void collect_pair(const agents::RunFacts& run, std::string_view source, std::string_view target,
                  store::TimeRange range, std::vector<PairMessage>& out) {
  const base::TraceId first = run.trace_ids.empty() ? base::TraceId{} : run.trace_ids.front();
  for (const agents::Handoff& handoff : run.handoffs) {
    if (handoff.from != source || handoff.to != target || !range.contains(handoff.time)) continue;
    out.push_back({handoff.time, std::string(agents::handoff_kind_name(handoff.kind)),
                   handoff.latency_ns, handoff.error, handoff.span.trace_id,
                   handoff.span.span_id.to_hex(), run.name});
  }
  for (const agents::Message& message : run.messages) {
    if (message.from != source || message.to != target || !range.contains(message.time)) continue;
    out.push_back(
        {message.time, "message", message.latency_ns, message.error, first, "", run.name});
  }
}

Result<net::HttpResponse> pair(const LayoutRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  HG_ASSIGN_OR_RETURN(const store::TimeRange range, range_param(request, now));
  const auto source = request.param("source");
  const auto target = request.param("target");
  if (source.empty() || target.empty()) {
    return Error{ErrorCode::kInvalidArgument, "source, target: give the names of two agents"};
  }
  std::vector<PairMessage> messages;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    std::size_t searched = 0;
    for (const agents::RunRow& run : metrics.runs()) {
      if (searched++ == kRunsSearchedMax || messages.size() >= kMessagesMax) break;
      if (run.start >= range.end || (run.end != 0 && run.end < range.begin)) continue;
      const bool both = std::find(run.agents.begin(), run.agents.end(), target) != run.agents.end();
      if (!both || run.trace_ids.empty()) continue;
      const agents::RunFacts* facts = metrics.run_facts(run.trace_ids.front());
      if (facts != nullptr) collect_pair(*facts, source, target, range, messages);
    }
  });
  std::stable_sort(messages.begin(), messages.end(),
                   [](const auto& a, const auto& b) { return a.time > b.time; });
  JsonWriter out;
  out.begin_object().field("source", source).field("target", target).key("messages").begin_array();
  for (std::size_t i = 0; i < std::min(messages.size(), kMessagesMax); ++i) {
    const PairMessage& message = messages[i];
    out.begin_object().key("at_unix_ns").value_as_string(message.time);
    out.field("kind", message.kind).field("label", message.label);
    write_optional(out, "latency_ms",
                   message.latency_ns < 0
                       ? std::nullopt
                       : std::optional<double>(static_cast<double>(message.latency_ns) / 1e6));
    out.field("error", message.error).field("trace_id", message.trace_id.to_hex());
    write_text(out, "span_id", message.span_id);
    out.end_object();
  }
  out.end_array().end_object();
  return json_response(out.take());
}

std::string layout_id(store::TenantId tenant, const std::string& principal) {
  return "layout/" + std::to_string(tenant) + "/" + principal;
}

}  // namespace

Result<LayoutStore::Positions> LayoutStore::read(const std::string& id) const {
  HG_ASSIGN_OR_RETURN(const auto text,
                      state_.get(store::kSharedShard, store::StateKind::kSetting, id));
  Positions out;
  if (!text) return out;
  const json stored = json::parse(*text, nullptr, false);
  if (!stored.is_object())
    return Error{ErrorCode::kDataLoss, "stored layout '" + id + "' is damaged"};
  for (const auto& [agent, place] : stored.items()) {
    if (!place.is_array() || place.size() != 3) continue;
    out[agent] = {place[0].get<double>(), place[1].get<double>(), place[2].get<bool>()};
  }
  return out;
}

Result<LayoutStore::Positions> LayoutStore::get(store::TenantId tenant,
                                                const std::string& principal) const {
  HG_ASSIGN_OR_RETURN(Positions out, read(layout_id(tenant, "")));
  HG_ASSIGN_OR_RETURN(const Positions own, read(layout_id(tenant, principal)));
  for (const auto& [agent, place] : own) out[agent] = place;
  return out;
}

Result<void> LayoutStore::put(store::TenantId tenant, const std::string& principal,
                              const Positions& positions) {
  base::MutexLock lock(mutex_);
  const std::string id = layout_id(tenant, principal);
  HG_ASSIGN_OR_RETURN(Positions all, read(id));
  for (const auto& [agent, place] : positions) all[agent] = place;
  if (all.size() > kPositionsMax) {
    return Error{ErrorCode::kResourceExhausted,
                 "a layout has at most " + std::to_string(kPositionsMax) + " positions"};
  }
  json stored = json::object();
  for (const auto& [agent, place] : all) stored[agent] = {place.x, place.y, place.pinned};
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back({store::StateKind::kSetting, id,
                                stored.dump(-1, ' ', false, json::error_handler_t::replace)});
  return state_.checkpoint(checkpoint);
}

void add_layout_routes(RouteTable& routes, const LayoutRouteDeps& deps) {
  routes.add(
      {.method = "PUT",
       .pattern = "/api/v1/topology/positions",
       .handler = [deps](const ApiRequest& request) { return put_positions(deps, request); }});
  routes.add({.method = "GET",
              .pattern = "/api/v1/topology/pair",
              .handler = [deps](const ApiRequest& request) { return pair(deps, request); }});
}

}  // namespace honeyguide::server
