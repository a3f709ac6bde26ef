#include "server/api_demo.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using nlohmann::json;

Result<std::int64_t> history_of(const ApiRequest& request) {
  if (request.http->body.empty()) return kDemoHistoryDefaultNs;
  const json body = json::parse(request.http->body, nullptr, false);
  if (!body.is_object()) return Error{ErrorCode::kInvalidArgument, "the body: a JSON object"};
  const auto history = body.find("history_ms");
  if (history == body.end() || history->is_null()) return kDemoHistoryDefaultNs;
  const bool fits = history->is_number_integer() && history->get<std::int64_t>() >= 0 &&
                    history->get<std::int64_t>() <= kDemoHistoryMaxNs / base::kNanosPerMilli;
  if (fits) return history->get<std::int64_t>() * base::kNanosPerMilli;
  return Error{ErrorCode::kInvalidArgument,
               "history_ms: a whole number from 0 to " +
                   std::to_string(kDemoHistoryMaxNs / base::kNanosPerMilli)};
}

Result<net::HttpResponse> start_demo(DemoSwitch& demo, const ApiRequest& request) {
  HG_ASSIGN_OR_RETURN(const std::int64_t history_ns, history_of(request));
  if (!demo.offered()) {
    return json_response(
        R"({"error":{"code":"unimplemented","message":"this process has no demo; run 'honeyguide )"
        R"(demo' beside it"}})",
        501);
  }
  HG_RETURN_IF_ERROR(demo.start(history_ns));
  return json_response(R"({"started":true})");
}

}  // namespace

void DemoSwitch::offer(StartDemo start) {
  base::MutexLock lock(mutex_);
  start_ = std::move(start);
}

bool DemoSwitch::offered() const {
  base::MutexLock lock(mutex_);
  return start_ != nullptr;
}

bool DemoSwitch::started() const {
  base::MutexLock lock(mutex_);
  return started_;
}

Result<void> DemoSwitch::start(std::int64_t history_ns) {
  base::MutexLock lock(mutex_);
  if (!start_) return Error{ErrorCode::kFailedPrecondition, "no demo is offered"};
  HG_RETURN_IF_ERROR(start_(history_ns));
  started_ = true;
  return {};
}

void add_demo_routes(RouteTable& routes, DemoSwitch& demo) {
  routes.add({.method = "POST",
              .pattern = "/api/v1/demo",
              .role = kRoleOperate,
              .handler = [&demo](const ApiRequest& request) { return start_demo(demo, request); }});
}

}  // namespace honeyguide::server
