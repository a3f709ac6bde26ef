#include "server/outbound.h"

#include <chrono>
#include <future>
#include <utility>

#include "base/hash.h"
#include "base/json_writer.h"
#include "server/api_json.h"

namespace honeyguide::server {
namespace {

using base::JsonWriter;
using base::Result;

std::string_view health_of(const notify::ReceiverStatus& status) {
  if (status.last_failure > status.last_success) return "failing";
  return status.last_success == 0 ? "unknown" : "ok";
}

Result<net::HttpResponse> list_receivers(Outbound& outbound) {
  const auto all = outbound.notifier().status();
  JsonWriter json;
  json.begin_object().key("items").begin_array();
  for (const notify::ReceiverStatus& status : all) {
    json.begin_object().field("name", status.name);
    json.field("type", notify::receiver_type_name(status.type)).field("status", health_of(status));
    json.field("delivered", status.delivered).field("failures", status.failed + status.deferred);
    json.field("queued", status.queued);
    write_time(json, "last_success_unix_ns", status.last_success);
    write_time(json, "last_failure_unix_ns", status.last_failure);
    write_text(json, "last_error", status.last_error);
    json.end_object();
  }
  json.end_array();
  write_total(json, all.size());
  json.key("next_cursor").null().key("partial").null().end_object();
  return json_response(json.take());
}

alerts::Notification test_notification(const std::string& receiver, const std::string& who,
                                       base::UnixNanos now) {
  alerts::Alert alert;
  alert.finding.rule = "HoneyguideTest";
  alert.finding.severity = alerts::Severity::kLow;
  alert.finding.category = "test";
  alert.finding.annotations = {{"summary", "A test notification that " + who + " asked for."}};
  alert.labels = {{"alertname", alert.finding.rule}, {"severity", "low"}, {"category", "test"}};
  alert.id = alerts::fingerprint(alert.labels);
  alert.state = alerts::AlertState::kFiring;
  alert.since = alert.fired = alert.updated = now;
  alerts::Notification out;
  out.id = base::random_trace_id().to_hex();
  out.receiver = receiver;
  out.group_key = "{}/{}:{alertname=\"HoneyguideTest\"}";
  out.group_labels = {{"alertname", alert.finding.rule}};
  out.alerts = {std::move(alert)};
  out.created = now;
  return out;
}

void test_receiver(Outbound& outbound, const base::Clock& clock, const ApiRequest& request,
                   std::shared_ptr<net::Responder> responder) {
  outbound.notifier().send(
      test_notification(request.path_param("name"), request.principal.name, clock.now()),
      [responder = std::move(responder)](const Result<void>& result) {
        if (!result && result.error().code == base::ErrorCode::kNotFound) {
          responder->send(error_response(result.error()));
          return;
        }
        JsonWriter json;
        json.begin_object().field("delivered", result.has_value());
        write_text(json, "error", result ? "" : result.error().message);
        json.end_object();
        responder->send(json_response(json.take()));
      });
}

}  // namespace

bool outbound_address_allowed(std::string_view address) {
  return !address.starts_with("169.254.") && !address.starts_with("fe80:") &&
         !address.starts_with("::ffff:169.254.");
}

Result<std::unique_ptr<Outbound>> Outbound::create(std::vector<notify::ReceiverConfig> receivers,
                                                   const std::string& external_url,
                                                   net::IoPool& pool, const base::Clock& clock) {
  std::unique_ptr<Outbound> out(new Outbound());
  net::HttpClientOptions options;
  options.address_allowed = outbound_address_allowed;
  HG_ASSIGN_OR_RETURN(out->client_, net::HttpClient::create(pool, std::move(options)));
  out->runner_ = std::make_unique<notify::CommandRunner>(clock);
  out->notifier_ = std::make_shared<notify::Notifier>(std::move(receivers), external_url,
                                                      *out->client_, *out->runner_, clock);
  return out;
}

Outbound::~Outbound() {
  stop();
}

void Outbound::stop() {
  if (notifier_) notifier_->stop();
  runner_.reset();
  client_.reset();
}

void add_notification_routes(RouteTable& routes, Outbound& outbound, const base::Clock& clock) {
  routes.add({.method = "GET",
              .pattern = "/api/v1/notifications/receivers",
              .handler = [&outbound](const auto&) { return list_receivers(outbound); }});
  routes.add({.method = "POST",
              .pattern = "/api/v1/notifications/receivers/{name}/test",
              .role = kRoleOperate,
              .stream_handler = [&outbound, &clock](const auto& request, auto responder) {
                test_receiver(outbound, clock, request, std::move(responder));
              }});
}

void write_notification_metrics(MetricsPage& page, const notify::Notifier& notifier) {
  const auto all = notifier.status();
  page.family("honeyguide_notifications_total", "counter",
              "Deliveries, by receiver and outcome; what is deferred is tried again.");
  for (const auto& status : all) {
    const std::pair<std::string_view, std::uint64_t> kOutcomes[] = {
        {"delivered", status.delivered}, {"failed", status.failed}, {"deferred", status.deferred}};
    for (const auto& [outcome, count] : kOutcomes) {
      page.sample(static_cast<double>(count), {{"receiver", status.name}, {"outcome", outcome}});
    }
  }
  page.family("honeyguide_notification_queue", "gauge", "Notifications that wait, by receiver.");
  for (const auto& status : all) {
    page.sample(static_cast<double>(status.queued), {{"receiver", status.name}});
  }
}

}  // namespace honeyguide::server
