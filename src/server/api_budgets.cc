// REST: budgets and what is spent of them.
#include <nlohmann/json.hpp>

#include "server/api_settings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;
using nlohmann::json;

void write_limit(JsonWriter& out, std::string_view name, double limit) {
  write_optional(out, name, limit > 0 ? std::optional<double>(limit) : std::nullopt);
}

void write_budget(JsonWriter& out, const BudgetRouteDeps& deps, const ApiRequest& request,
                  const engine::Budget& budget) {
  const base::UnixNanos now = deps.clock.now();
  const store::TimeRange period = budget.period_at(now);
  const engine::Spending spent = deps.budgets.spent(request.tenant, budget, period, now);
  out.begin_object().field("name", budget.name).key("selector").begin_object();
  for (const auto& [label, value] : budget.selector) out.field(label, value);
  out.end_object();
  write_limit(out, "limit_usd", budget.limit_usd);
  write_limit(out, "limit_tokens", static_cast<double>(budget.limit_tokens));
  out.field("period_ms", budget.period_ns / base::kNanosPerMilli);
  out.key("period_start_unix_ns").value_as_string(period.begin);
  out.key("period_end_unix_ns").value_as_string(period.end);
  write_optional(out, "spent_usd", spent.usd);
  write_optional(out, "spent_tokens", spent.tokens);
  std::optional<double> ratio;
  if (budget.limit_usd > 0 && spent.usd) ratio = *spent.usd / budget.limit_usd;
  if (budget.limit_tokens > 0 && spent.tokens) {
    const double of_tokens = *spent.tokens / static_cast<double>(budget.limit_tokens);
    ratio = std::max(ratio.value_or(0), of_tokens);
  }
  write_optional(out, "spent_ratio", ratio);
  out.field("source", budget.from_file ? "file" : "runtime").end_object();
}

Result<net::HttpResponse> list_budgets(const BudgetRouteDeps& deps, const ApiRequest& request) {
  const auto budgets = deps.budgets.list(request.tenant);
  JsonWriter out;
  out.begin_object().key("items").begin_array();
  for (const engine::Budget& budget : budgets) write_budget(out, deps, request, budget);
  out.end_array();
  write_total(out, budgets.size());
  out.key("next_cursor").null().key("partial").null().end_object();
  return json_response(out.take());
}

Result<double> amount(const json& body, const char* name) {
  const auto found = body.find(name);
  if (found == body.end() || found->is_null()) return 0.0;
  const bool fits = found->is_number() && found->get<double>() > 0 && found->get<double>() < 1e15;
  if (!fits) return Error{ErrorCode::kInvalidArgument, std::string(name) + ": above 0"};
  return found->get<double>();
}

Result<engine::Budget> budget_of(const json& body) {
  if (!body.is_object()) return Error{ErrorCode::kInvalidArgument, "the body: a JSON object"};
  engine::Budget budget;
  const auto name = body.find("name");
  if (name == body.end() || !name->is_string()) {
    return Error{ErrorCode::kInvalidArgument, "name: a text is needed"};
  }
  budget.name = name->get<std::string>();
  HG_ASSIGN_OR_RETURN(budget.limit_usd, amount(body, "limit_usd"));
  HG_ASSIGN_OR_RETURN(const double tokens, amount(body, "limit_tokens"));
  budget.limit_tokens = static_cast<std::int64_t>(tokens);
  HG_ASSIGN_OR_RETURN(const double period_ms, amount(body, "period_ms"));
  if (period_ms > 366.0 * 24 * 3600 * 1000) {
    return Error{ErrorCode::kInvalidArgument, "period_ms: at most 366 days"};
  }
  if (period_ms > 0) {
    budget.period_ns = static_cast<std::int64_t>(period_ms) * base::kNanosPerMilli;
  }
  const auto selector = body.find("selector");
  if (selector == body.end() || selector->is_null()) return budget;
  if (!selector->is_object()) {
    return Error{ErrorCode::kInvalidArgument, "selector: an object of label and name"};
  }
  for (const auto& [label, value] : selector->items()) {
    if (!value.is_string()) {
      return Error{ErrorCode::kInvalidArgument, "selector: an object of label and name"};
    }
    budget.selector[label] = value.get<std::string>();
  }
  return budget;
}

Result<net::HttpResponse> set_budget(const BudgetRouteDeps& deps, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const engine::Budget budget,
                      budget_of(json::parse(request.http->body, nullptr, false)));
  HG_RETURN_IF_ERROR(deps.budgets.set(request.tenant, budget));
  JsonWriter out;
  write_budget(out, deps, request, budget);
  return json_response(out.take());
}

Result<net::HttpResponse> delete_budget(const BudgetRouteDeps& deps, const ApiRequest& request) {
  const std::string& name = request.path_param("name");
  HG_RETURN_IF_ERROR(deps.budgets.remove(request.tenant, name));
  JsonWriter out;
  out.begin_object().field("deleted", name).end_object();
  return json_response(out.take());
}

}  // namespace

void add_budget_routes(RouteTable& routes, const BudgetRouteDeps& deps) {
  const auto add = [&](const char* method, const char* pattern, Role role, auto handler) {
    routes.add(
        {.method = method,
         .pattern = pattern,
         .role = role,
         .handler = [deps, handler](const ApiRequest& request) { return handler(deps, request); }});
  };
  add("GET", "/api/v1/budgets", kRoleRead, list_budgets);
  add("POST", "/api/v1/budgets", kRoleOperate, set_budget);
  add("DELETE", "/api/v1/budgets/{name}", kRoleOperate, delete_budget);
}

}  // namespace honeyguide::server
