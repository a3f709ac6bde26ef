// What a person who types is offered: completions of a query, and things by name.
#include <algorithm>
#include <map>

#include "base/strings.h"
#include "server/alert_json.h"
#include "server/api_alerts.h"
#include "server/api_trace_view.h"
#include "store/query_complete.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

constexpr std::size_t kCompletionsMax = 20;
constexpr std::size_t kSearchItemsMax = 20;
constexpr std::uint32_t kValuesRead = 1000;
constexpr std::size_t kRunsSearched = 5000;

struct Completion {
  std::string text;
  std::string title;
  std::optional<std::int64_t> count;
};

bool contains_ignoring_case(std::string_view text, const std::string& lower) {
  return base::to_lower(text).find(lower) != std::string::npos;
}

// Values of a key with how often each was seen in runs, where that is known.
using Values = std::map<std::string, std::optional<std::int64_t>>;

Result<Values> values_of(const AgentRouteDeps& deps, const ApiRequest& request,
                         const store::CompletionPlace& place) {
  Values out;
  for (const std::string_view value : store::fixed_values(place.key)) {
    out[std::string(value)] = std::nullopt;
  }
  if (!out.empty()) return out;
  if (place.key == "agent") {
    deps.engine.analytics().read(request.tenant, deps.clock.now(),
                                 [&](const agents::AgentMetrics& metrics) {
                                   for (const agents::RunRow& run : metrics.runs()) {
                                     for (const std::string& agent : run.agents)
                                       out[agent] = out[agent].value_or(0) + 1;
                                   }
                                 });
  }
  if (place.key == "service" || place.key == "service.name" || place.key == "rootservice") {
    HG_ASSIGN_OR_RETURN(const auto services, deps.traces.services(request.tenant));
    for (const std::string& service : services) out[service] = std::nullopt;
    return out;
  }
  if (place.key == "name" || place.key == "op" || place.key == "root") {
    HG_ASSIGN_OR_RETURN(const auto operations, deps.traces.operations(request.tenant, ""));
    for (const store::Operation& operation : operations) out[operation.name] = std::nullopt;
    return out;
  }
  auto attributes = store::attributes_of_word(place.key);
  if (attributes.empty()) attributes = {place.key};
  for (const std::string_view attribute : attributes) {
    HG_ASSIGN_OR_RETURN(const auto values,
                        deps.traces.attribute_values(request.tenant, attribute, kValuesRead));
    for (const std::string& value : values) out.try_emplace(value, std::nullopt);
  }
  return out;
}

Result<std::vector<Completion>> complete_value(const AgentRouteDeps& deps,
                                               const ApiRequest& request,
                                               const store::CompletionPlace& place) {
  HG_ASSIGN_OR_RETURN(const Values values, values_of(deps, request, place));
  const std::string lower = base::to_lower(place.written);
  const bool fixed = !store::fixed_values(place.key).empty();
  std::vector<Completion> out;
  for (const auto& [value, count] : values) {
    if (!contains_ignoring_case(value, lower)) continue;
    out.push_back({store::quoted_value(value, place.traceql && !fixed), value, count});
  }
  std::stable_sort(out.begin(), out.end(), [&](const Completion& a, const Completion& b) {
    const bool a_starts = base::to_lower(a.title).starts_with(lower);
    const bool b_starts = base::to_lower(b.title).starts_with(lower);
    if (a_starts != b_starts) return a_starts;
    return a.count.value_or(0) > b.count.value_or(0);
  });
  return out;
}

Result<std::vector<Completion>> complete_key(const AgentRouteDeps& deps, const ApiRequest& request,
                                             const store::CompletionPlace& place) {
  const std::string lower = base::to_lower(place.written);
  std::vector<Completion> out;
  if (place.scope.empty()) {
    for (const std::string_view key : place.traceql ? store::traceql_names() : store::word_keys()) {
      if (!base::to_lower(key).starts_with(lower)) continue;
      out.push_back({std::string(key) + (place.traceql ? "" : ":"), std::string(key), {}});
    }
  }
  HG_ASSIGN_OR_RETURN(auto keys, deps.traces.attribute_keys(request.tenant));
  std::stable_sort(keys.begin(), keys.end(),
                   [](const auto& a, const auto& b) { return a.blocks > b.blocks; });
  for (const store::AttributeKey& key : keys) {
    if (place.written.empty() && place.scope.empty()) break;
    if (!contains_ignoring_case(key.key, lower)) continue;
    const std::string text =
        place.traceql ? (place.scope.empty() ? "." : place.scope) + key.key : key.key + ":";
    out.push_back({text, key.key, {}});
  }
  return out;
}

Result<net::HttpResponse> complete(const AgentRouteDeps& deps, const ApiRequest& request) {
  const auto query = request.param("q");
  HG_ASSIGN_OR_RETURN(const std::int64_t at,
                      int_param(request, "at", static_cast<std::int64_t>(query.size()), 0,
                                std::numeric_limits<std::int32_t>::max()));
  const auto place = store::completion_place(query, static_cast<std::size_t>(at));
  HG_ASSIGN_OR_RETURN(const auto items, place.in_value ? complete_value(deps, request, place)
                                                       : complete_key(deps, request, place));
  JsonWriter json;
  json.begin_object().field("replace_from", place.replace_from);
  json.field("replace_to", place.replace_to).key("items").begin_array();
  for (std::size_t i = 0; i < std::min(items.size(), kCompletionsMax); ++i) {
    json.begin_object().field("text", items[i].text).field("title", items[i].title).key("count");
    if (items[i].count) {
      json.value(*items[i].count);
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

struct Found {
  int rank = 0;  // 0: equal, 1: begins with it, 2: holds it
  std::string_view kind;
  std::string id;
  std::string title;
  std::string subtitle;
};

// How well a name fits, -1 if it does not.
int rank_of(std::string_view name, const std::string& lower) {
  const std::string text = base::to_lower(name);
  if (text == lower) return 0;
  if (text.starts_with(lower)) return 1;
  return text.find(lower) != std::string::npos ? 2 : -1;
}

void find_in_metrics(const agents::AgentMetrics& metrics, const std::string& lower,
                     base::UnixNanos now, std::vector<Found>& out) {
  for (const agents::AgentReport& agent : metrics.agents(agents::Window::kDay, now)) {
    const int rank = rank_of(agent.agent, lower);
    if (rank < 0) continue;
    const std::string subtitle = agent.team.empty() ? agent.state : agent.team + " team";
    out.push_back({rank, "agent", agent.agent, agent.agent, subtitle});
  }
  for (const agents::WorkflowReport& workflow : metrics.workflows(agents::Window::kDay, now)) {
    const int rank = rank_of(workflow.name, lower);
    if (rank < 0) continue;
    out.push_back({rank, "workflow", workflow.name, workflow.name,
                   std::to_string(workflow.runs) + " runs in 24 h"});
  }
  std::size_t seen = 0;
  std::size_t taken = 0;
  for (const agents::RunRow& run : metrics.runs()) {
    if (seen++ == kRunsSearched || taken == kSearchItemsMax) break;
    if (run.trace_ids.empty() || lower.empty()) continue;
    const std::string id = run.trace_ids.front().to_hex();
    int rank = rank_of(run.id, lower);
    if (rank < 0 && lower.size() >= 4 && id.starts_with(lower)) rank = 1;
    if (rank < 0) continue;
    ++taken;
    out.push_back({rank, "trace", id, run.name.empty() ? id.substr(0, 8) : run.name,
                   std::string(run_outcome(run)) + ", " + format_time(run.start).substr(0, 19)});
  }
}

Result<net::HttpResponse> search(const AgentRouteDeps& deps, const ApiRequest& request) {
  const base::UnixNanos now = deps.clock.now();
  const std::string lower = base::to_lower(base::trim(request.param("q")));
  std::vector<Found> found;
  deps.engine.analytics().read(request.tenant, now, [&](const agents::AgentMetrics& metrics) {
    find_in_metrics(metrics, lower, now, found);
  });
  // A trace that no agent ran in is found by its whole id.
  if (lower.size() == 32) {
    const auto id = base::TraceId::from_hex(lower);
    const bool known =
        std::any_of(found.begin(), found.end(), [&](const Found& one) { return one.id == lower; });
    if (id && !known) {
      HG_ASSIGN_OR_RETURN(const auto summaries, deps.traces.summaries(request.tenant, {*id}));
      for (const store::TraceSummary& summary : summaries) {
        found.push_back({0, "trace", lower, summary.root_name, summary.root_service});
      }
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Found& a, const Found& b) { return a.rank < b.rank; });
  const SlotOf slots = deps.slot_of(request.tenant);
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (std::size_t i = 0; i < std::min(found.size(), kSearchItemsMax); ++i) {
    const Found& one = found[i];
    json.begin_object().field("kind", one.kind).field("id", one.id).field("title", one.title);
    write_text(json, "subtitle", one.subtitle);
    json.key("agent");
    if (one.kind == "agent") {
      write_agent(json, one.id, slots);
    } else {
      json.null();
    }
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(json.take());
}

}  // namespace

void add_search_routes(RouteTable& routes, const AgentRouteDeps& deps) {
  const auto add = [&](const char* pattern, Lane lane, auto handler) {
    routes.add(
        {.method = "GET",
         .pattern = pattern,
         .lane = lane,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("/api/v1/traces/complete", Lane::kSearch, complete);
  add("/api/v1/search", Lane::kQuick, search);
}

}  // namespace honeyguide::server
