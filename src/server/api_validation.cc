#include "server/api_validation.h"

#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using nlohmann::json;

Result<net::HttpResponse> begin(const ValidationRouteDeps& deps) {
  HG_ASSIGN_OR_RETURN(const Validation::Grant grant, deps.validation.begin());
  HG_ASSIGN_OR_RETURN(const std::uint64_t left, forget_traces(deps.traces, deps.tenant));
  (void)left;
  base::JsonWriter out;
  out.begin_object().field("token", grant.token).field("tenant", kValidationTenant);
  out.field("otlp_http", deps.otlp_http()).field("otlp_grpc", deps.otlp_grpc());
  out.key("expires_unix_ns").value_as_string(grant.expires);
  out.end_object();
  return json_response(out.take());
}

Result<std::vector<ValidationResult>> results_of(const std::string& text) {
  const json body = json::parse(text, nullptr, false);
  const Error shape{ErrorCode::kInvalidArgument,
                    R"(the body: {"results":[{"name":…,"status":…,"text":…,"fix":…}]})"};
  if (!body.is_object() || !body.contains("results") || !body["results"].is_array()) return shape;
  std::vector<ValidationResult> out;
  for (const json& one : body["results"]) {
    if (!one.is_object()) return shape;
    std::vector<std::string> words;
    for (const char* name : {"name", "status", "text", "fix"}) {
      const auto found = one.find(name);
      const bool missing = found == one.end() || found->is_null();
      if (!missing && !found->is_string()) return shape;
      words.push_back(missing ? std::string() : found->get<std::string>());
    }
    out.push_back({words[0], words[1], words[2], words[3]});
  }
  return out;
}

Result<net::HttpResponse> finish(const ValidationRouteDeps& deps, const ApiRequest& request) {
  if (request.principal.tenant != kValidationTenant) {
    return Error{ErrorCode::kPermissionDenied,
                 "only the token that POST /api/v1/validation gave may end the validation"};
  }
  HG_ASSIGN_OR_RETURN(auto results, results_of(request.http->body));
  HG_ASSIGN_OR_RETURN(const std::uint64_t deleted, forget_traces(deps.traces, deps.tenant));
  HG_RETURN_IF_ERROR(deps.validation.finish(std::move(results)));
  return json_response(R"({"deleted_traces":)" + std::to_string(deleted) + "}");
}

}  // namespace

void add_validation_routes(RouteTable& routes, const ValidationRouteDeps& deps) {
  routes.add({.method = "POST",
              .pattern = "/api/v1/validation",
              .role = kRoleIngest,
              .lane = Lane::kSearch,
              .handler = [deps](const ApiRequest&) { return begin(deps); }});
  routes.add({.method = "POST",
              .pattern = "/api/v1/validation/finish",
              .role = kRoleIngest,
              .lane = Lane::kSearch,
              .handler = [deps](const ApiRequest& request) { return finish(deps, request); }});
}

}  // namespace honeyguide::server
