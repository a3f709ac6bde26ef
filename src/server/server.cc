#include "server/server.h"

#include <utility>

#include "control/audit_log.h"
#include "control/directive_book.h"
#include "engine/engine.h"
#include "net/byte_budget.h"
#include "net/grpc_server.h"
#include "net/http_server.h"
#include "net/io_pool.h"
#include "server/access.h"
#include "server/alert_json.h"
#include "server/alert_service.h"
#include "server/api_agents.h"
#include "server/api_alerts.h"
#include "server/api_audit.h"
#include "server/api_conditions.h"
#include "server/api_control.h"
#include "server/api_endpoint.h"
#include "server/api_live.h"
#include "server/api_mitigation.h"
#include "server/api_settings.h"
#include "server/api_system.h"
#include "server/api_trace_view.h"
#include "server/api_traces.h"
#include "server/api_validation.h"
#include "server/api_watch.h"
#include "server/attention.h"
#include "server/control_hub.h"
#include "server/guard.h"
#include "server/jaeger_grpc.h"
#include "server/jaeger_http.h"
#include "server/mitigation_service.h"
#include "server/openapi.h"
#include "server/otlp_endpoints.h"
#include "server/outbound.h"
#include "server/page.h"
#include "server/receiver.h"
#include "server/sender_trust.h"
#include "server/tenants.h"
#include "server/validation.h"
#include "server/vitals.h"
#include "server/watch_findings.h"
#include "server/worker_pool.h"

namespace honeyguide::server {
namespace {

using base::Result;

constexpr int kQuickThreads = 2;
constexpr int kQuickQueueMax = 256;
constexpr int kSearchNice = 10;
// A quarter of --memory holds requests between their first byte and their acknowledgement.
constexpr std::int64_t kIngestShare = 4;
// Another quarter holds the facts of live runs.
constexpr std::int64_t kLiveShare = 4;

// Hands what the receiver decoded to the engine.
class EngineSink final : public IngestSink {
 public:
  explicit EngineSink(engine::Engine& engine) : engine_(engine) {}

  void append(store::AppendRequest request, bool backfill, store::AppendDone done) override {
    engine_.append(std::move(request), backfill, std::move(done));
  }
  Result<MetricOutcome> append_metrics(store::TenantId tenant, telemetry::MetricBatchPtr metrics,
                                       base::UnixNanos arrival, bool backfill) override {
    HG_ASSIGN_OR_RETURN(auto outcome, engine_.append_metrics(tenant, *metrics, arrival, backfill));
    return MetricOutcome{outcome.rejected, std::move(outcome.message)};
  }

 private:
  engine::Engine& engine_;
};

GuardOptions guard_options(const ServeConfig& config, const ListenAddress& address) {
  return {address.host, address.loopback, config.allowed_hosts, config.cors_origins};
}

engine::EngineOptions engine_options(const ServeConfig& config) {
  engine::EngineOptions options;
  options.retention = {config.retention_ns, config.retention_errors_ns,
                       static_cast<std::uint64_t>(config.disk_bytes)};
  options.series_retention = {config.series_raw_ns, config.series_minute_ns, config.series_hour_ns};
  agents::MetricsOptions& metrics = options.analytics.metrics;
  metrics.set.limits.split_by_service = config.agents_scope == "service";
  metrics.set.limits.teams = config.agent_teams;
  metrics.set.limits.conflict_timeout_ns = config.conflict_timeout_ns;
  metrics.budgets = config.budgets;
  options.analytics.mappings = config.conventions;
  options.analytics.prices = config.prices;
  options.analytics.metrics.live_bytes_max =
      static_cast<std::size_t>(config.memory_bytes / kLiveShare);
  return options;
}

std::vector<engine::Budget> budgets_of(const ServeConfig& config) {
  std::vector<engine::Budget> out;
  for (const agents::BudgetRule& budget : config.budgets) {
    out.push_back({budget.name, budget.selector, static_cast<double>(budget.limit_micro_usd) / 1e6,
                   budget.limit_tokens, budget.period_ns, true});
  }
  return out;
}

// What steers agents, made before the server because it reads the stores.
struct Steering {
  std::unique_ptr<control::DirectiveBook> directives;
  std::unique_ptr<control::AuditLog> audit;
  std::unique_ptr<SenderTrust> trust;
  std::unique_ptr<MitigationService> mitigation;
  std::unique_ptr<Outbound> outbound;
  store::TenantId validation_tenant = 0;
};

Result<Steering> open_steering(const ServeConfig& config, const ServerStores& stores,
                               engine::Engine& engine, net::IoPool& pool,
                               const base::Clock& clock) {
  Steering out;
  HG_ASSIGN_OR_RETURN(out.validation_tenant,
                      Tenants(stores.state).id_of(std::string(kValidationTenant)));
  HG_ASSIGN_OR_RETURN(out.audit,
                      control::AuditLog::open(base::posix_fs(), config.data + "/audit", clock));
  HG_ASSIGN_OR_RETURN(out.directives, control::DirectiveBook::open(stores.state, clock));
  HG_ASSIGN_OR_RETURN(out.outbound,
                      Outbound::create(config.receivers, config.external_url, pool, clock));
  HG_ASSIGN_OR_RETURN(out.trust, SenderTrust::open(stores.state, clock));
  control::MitigationConfig mitigation = config.mitigation;
  mitigation.exec_enabled = config.enable_exec;
  HG_ASSIGN_OR_RETURN(
      out.mitigation,
      MitigationService::create(std::move(mitigation), {stores.state, *out.directives, *out.audit,
                                                        engine, *out.trust, pool, clock}));
  return out;
}

class ServerImpl final : public Server {
 public:
  ServerImpl(ServeConfig config, TokenSet tokens, bool may_purge, ServerStores stores,
             const base::Clock& clock, base::LogSink log, std::unique_ptr<engine::Engine> engine,
             Steering steering, std::unique_ptr<net::IoPool> pool, const ListenAddress& http,
             const ListenAddress& otlp_http)
      : config_(std::move(config)),
        stores_(stores),
        clock_(clock),
        log_(std::move(log)),
        engine_(std::move(engine)),
        steering_(std::move(steering)),
        thresholds_(stores.state, engine_->analytics()),
        budgets_(budgets_of(config_), stores.state, stores.series, engine_->analytics()),
        layout_(stores.state),
        tenants_(stores.state),
        ingest_budget_(static_cast<std::size_t>(config_.memory_bytes / kIngestShare)),
        validation_(clock),
        access_(
            {.tokens = std::move(tokens),
             .anonymous_allowed = config_.insecure || (http.loopback && otlp_http.loopback),
             .passing_tokens = [this](std::string_view token) { return validation_.find(token); }},
            clock),
        api_guard_(guard_options(config_, http)),
        otlp_guard_(guard_options(config_, otlp_http)),
        sink_(*engine_),
        receiver_(sink_, clock, decode_limits(config_)),
        live_(receiver_, clock),
        control_(*steering_.directives, clock),
        alerts_(config_.alerting, {*engine_, stores_.series, stores_.state, clock, log_,
                                   steering_.validation_tenant}),
        culprits_(stores_.traces, stores_.series, *engine_, clock),
        quick_(kQuickThreads, kQuickQueueMax, 0),
        search_(config_.query_threads, config_.query_queue_max, kSearchNice),
        pool_(std::move(pool)) {
    // Alerts stop before what they are sent by.
    alerts_.set_sender(steering_.outbound->notifier());
    alerts_.add_source("conditions", [this](store::TenantId tenant, base::UnixNanos now) {
      return SourceAnswer{attention_findings(engine_->analytics(), tenant, now), {}};
    });
    auto vitals =
        Vitals::create({*engine_, stores_.traces, stores_.series, stores_.state, receiver_,
                        budgets_, ingest_budget_, base::posix_fs(), clock, log_, config_.data},
                       config_.conditions);
    vitals_ = std::move(vitals).value();  // the conditions were checked
    alerts_.add_source("critical_conditions", [this](store::TenantId tenant, base::UnixNanos) {
      return condition_findings(*vitals_, tenant);
    });
    alerts_.add_source("anomalies", [this](store::TenantId tenant, base::UnixNanos now) {
      return anomaly_findings(engine_->watch(), tenant, now);
    });
    alerts_.add_source("predictions", [this](store::TenantId tenant, base::UnixNanos) {
      return prediction_findings(engine_->watch(), tenant);
    });
    add_routes(may_purge);
    alerts_.set_on_change([this](store::TenantId tenant, const alerts::Alert& alert) {
      base::JsonWriter json;
      write_alert(json, alert, [&](const std::string& agent) {
        return engine_->analytics().agent_slot(tenant, agent);
      });
      live_.publish(tenant, "alert", json.take());
    });
    engine_->watch().set_on_anomaly([this](const watch::Anomaly& anomaly) {
      live_.publish(anomaly.tenant, "anomaly",
                    anomaly_event_json(anomaly, [&](const std::string& agent) {
                      return engine_->analytics().agent_slot(anomaly.tenant, agent);
                    }));
    });
    endpoint_ = std::make_unique<ApiEndpoint>(
        ApiEndpointOptions{config_.base_path, config_.query_deadline_ns}, routes_, api_guard_,
        access_, [this](const std::string& name) { return tenants_.id_of(name); }, quick_, search_,
        [this](std::string_view path) { return page_response(config_.base_path, path); }, clock);
    endpoint_->set_on_change([this](const ApiRequest& request, const Route& route, int status) {
      if (!route.writes_audit) audit_change(*steering_.audit, request, route, status);
    });
    steering_.mitigation->start(
        [this](store::TenantId tenant) {
          if (tenant == steering_.validation_tenant) return std::vector<control::Trigger>{};
          return triggers_of_alerts(alerts_, tenant);
        },
        [this] { live_.touch(); });
  }

  ~ServerImpl() override { stop(std::chrono::milliseconds(5000)); }

  // What was set while an earlier process ran.
  Result<void> load() {
    HG_RETURN_IF_ERROR(thresholds_.load());
    return budgets_.load();
  }

  Result<void> listen(const ListenAddress& http, const ListenAddress& otlp_http,
                      const ListenAddress& otlp_grpc) {
    const OtlpEndpointDeps deps{receiver_, access_, ingest_budget_,
                                [this](const std::string& name) { return tenants_.id_of(name); },
                                steering_.trust.get()};
    HG_RETURN_IF_ERROR(listen_otlp_http(deps, otlp_http));
    HG_RETURN_IF_ERROR(listen_otlp_grpc(deps, otlp_grpc));
    HG_RETURN_IF_ERROR(listen_api(http));
    alerts_.start();
    return {};
  }

  void watch_vitals() { vitals_->start(); }

  ServerAddresses addresses() const override {
    return {api_server_->address(), otlp_http_server_->address(), otlp_grpc_server_->address()};
  }

  std::string make_login_url() override {
    return "http://" + api_server_->address() + config_.base_path +
           "/login?code=" + access_.make_login_code();
  }

  void offer_demo(StartDemo start) override { demo_.offer(std::move(start)); }

  bool stop(std::chrono::milliseconds deadline) override {
    if (stopped_) return true;
    stopped_ = true;
    const std::int64_t end = clock_.steady_ns() + deadline.count() * base::kNanosPerMilli;
    const auto left = [&] {
      return std::chrono::milliseconds(
          std::max<std::int64_t>(0, (end - clock_.steady_ns()) / base::kNanosPerMilli));
    };
    live_.stop();
    control_.stop();
    vitals_->stop();
    bool drained = true;
    // Senders first: what is taken is committed and answered before the engine ends.
    if (otlp_grpc_server_) drained &= otlp_grpc_server_->drain(left() / 2);
    if (otlp_http_server_) drained &= otlp_http_server_->drain(left() / 2);
    if (api_server_) drained &= api_server_->drain(left() / 2);
    steering_.mitigation->stop();
    alerts_.stop();
    steering_.outbound->stop();
    engine_->stop();
    return drained;
  }

 private:
  static otlp::DecodeLimits decode_limits(const ServeConfig& config) {
    otlp::DecodeLimits limits;
    limits.body_bytes_max = static_cast<std::size_t>(config.body_bytes_max);
    return limits;
  }

  void add_vital_routes() {
    const ConditionRouteDeps conditions{*engine_, stores_.traces, stores_.series, *vitals_,
                                        config_,  clock_,         validation_};
    add_condition_routes(routes_, conditions);
    add_health_routes(routes_, conditions);
    add_validation_routes(routes_, {validation_, stores_.traces, steering_.validation_tenant,
                                    [this] { return otlp_http_server_->address(); },
                                    [this] { return otlp_grpc_server_->address(); }});
  }

  void add_routes(bool may_purge) {
    const AgentRouteDeps agents{*engine_,
                                stores_.traces,
                                stores_.series,
                                receiver_,
                                clock_,
                                live_,
                                *steering_.directives,
                                budgets_,
                                layout_,
                                *steering_.mitigation,
                                demo_,
                                alerts_,
                                *vitals_};
    const AlertRouteDeps alerts{alerts_, stores_.series, *engine_, clock_, culprits_};
    add_alert_routes(routes_, alerts);
    add_alert_rule_routes(routes_, alerts);
    add_alertmanager_routes(routes_, alerts);
    add_trace_routes(routes_, trace_route_deps(agents));
    add_live_routes(routes_, live_);
    add_watch_routes(routes_, {*engine_, stores_.series, clock_});
    add_vital_routes();
    add_audit_routes(routes_, *steering_.audit, clock_);
    const MitigationRouteDeps mitigation{*steering_.mitigation, *engine_, stores_.series, clock_};
    add_mitigation_routes(routes_, mitigation);
    add_notification_routes(routes_, *steering_.outbound, clock_);
    add_control_routes(routes_, {*steering_.directives, control_, *steering_.audit, mitigation});
    add_list_routes(routes_, agents);
    add_agent_routes(routes_, agents);
    add_work_routes(routes_, agents);
    add_topology_routes(routes_, agents);
    add_overview_routes(routes_, agents);
    add_trace_view_routes(routes_, agents);
    add_trace_text_routes(routes_, agents);
    add_compare_routes(routes_, agents);
    add_search_routes(routes_, agents);
    add_settings_routes(routes_, {config_, thresholds_, clock_});
    add_budget_routes(routes_, {budgets_, clock_});
    add_demo_routes(routes_, demo_);
    add_layout_routes(routes_, {layout_, *engine_, clock_});
    add_jaeger_v1_routes(routes_, stores_.traces, clock_);
    add_jaeger_v3_routes(routes_, stores_.traces, clock_);
    add_system_routes(routes_, {stores_.traces,
                                stores_.series,
                                *engine_,
                                receiver_,
                                ingest_budget_,
                                clock_,
                                may_purge && config_.allow_purge,
                                {[this](MetricsPage& page) {
                                  write_control_metrics(page, *steering_.directives, control_,
                                                        *steering_.audit);
                                  write_mitigation_metrics(page, steering_.mitigation->engine());
                                  write_notification_metrics(page, steering_.outbound->notifier());
                                  write_alert_metrics(page, alerts_);
                                }}});
    add_openapi_route(routes_, config_.base_path);
  }

  Result<void> listen_otlp_http(const OtlpEndpointDeps& deps, const ListenAddress& address) {
    auto endpoint = make_otlp_http_endpoint(deps, otlp_guard_,
                                            static_cast<std::size_t>(config_.body_bytes_max));
    net::HttpServerOptions options;
    options.host = address.host;
    options.port = address.port;
    options.body_bytes_max = static_cast<std::size_t>(config_.body_bytes_max);
    options.admission = std::move(endpoint.admission);
    options.error_formatter = std::move(endpoint.error_formatter);
    auto server = net::HttpServer::create(*pool_, std::move(options), std::move(endpoint.handler));
    if (!server) return base::with_context(server.error(), "otlp_http");
    otlp_http_server_ = std::move(server).value();
    return {};
  }

  Result<void> listen_otlp_grpc(const OtlpEndpointDeps& deps, const ListenAddress& address) {
    auto endpoint = make_otlp_grpc_endpoint(deps);
    add_jaeger_storage_methods(endpoint.methods, {stores_.traces, access_, deps.tenant_ids, quick_,
                                                  search_, clock_, config_.query_deadline_ns});
    net::GrpcServerOptions options;
    options.host = address.host;
    options.port = address.port;
    options.message_bytes_max = static_cast<std::size_t>(config_.body_bytes_max);
    options.admission = std::move(endpoint.admission);
    auto server = net::GrpcServer::create(*pool_, std::move(options), std::move(endpoint.methods));
    if (!server) return base::with_context(server.error(), "otlp_grpc");
    otlp_grpc_server_ = std::move(server).value();
    return {};
  }

  Result<void> listen_api(const ListenAddress& address) {
    net::HttpServerOptions options;
    options.host = address.host;
    options.port = address.port;
    options.admission = [this](const net::HttpRequest& head, auto content_length) {
      return endpoint_->admit(head, content_length);
    };
    options.error_formatter = ApiEndpoint::format_error;
    auto server = net::HttpServer::create(
        *pool_, std::move(options),
        [this](net::HttpRequest request, std::shared_ptr<net::Responder> responder) {
          endpoint_->handle(std::move(request), std::move(responder));
        });
    if (!server) return base::with_context(server.error(), "http");
    api_server_ = std::move(server).value();
    return {};
  }

  const ServeConfig config_;
  const ServerStores stores_;
  const base::Clock& clock_;
  const base::LogSink log_;
  std::unique_ptr<engine::Engine> engine_;
  Steering steering_;
  engine::ThresholdBook thresholds_;
  engine::BudgetBook budgets_;
  LayoutStore layout_;
  DemoSwitch demo_;
  Tenants tenants_;
  net::ByteBudget ingest_budget_;
  Validation validation_;
  Access access_;
  Guard api_guard_;
  Guard otlp_guard_;
  EngineSink sink_;
  Receiver receiver_;
  LiveHub live_;
  ControlHub control_;
  AlertService alerts_;
  CulpritBook culprits_;
  RouteTable routes_;
  WorkerPool quick_;
  WorkerPool search_;
  std::unique_ptr<Vitals> vitals_;
  std::unique_ptr<ApiEndpoint> endpoint_;
  std::unique_ptr<net::IoPool> pool_;
  // Last, so that they close before anything that their handlers use.
  std::unique_ptr<net::HttpServer> otlp_http_server_;
  std::unique_ptr<net::GrpcServer> otlp_grpc_server_;
  std::unique_ptr<net::HttpServer> api_server_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServeConfig config, TokenSet tokens,
                                              const std::string& operator_token, bool may_purge,
                                              ServerStores stores, const base::Clock& clock,
                                              base::LogSink log) {
  HG_ASSIGN_OR_RETURN(const ListenAddress http, parse_listen_address(config.http));
  HG_ASSIGN_OR_RETURN(const ListenAddress otlp_http, parse_listen_address(config.otlp_http));
  HG_ASSIGN_OR_RETURN(const ListenAddress otlp_grpc, parse_listen_address(config.otlp_grpc));
  Principal operator_principal;
  operator_principal.name = "operator";
  operator_principal.roles = kRoleIngest | kRoleAgent | kRoleRead | kRoleOperate | kRoleAdmin;
  operator_principal.agents = {"*"};
  tokens.add(sha256_hex(operator_token), operator_principal);
  HG_ASSIGN_OR_RETURN(const auto conditions, watch::ConditionBook::create(config.conditions));
  (void)conditions;
  HG_ASSIGN_OR_RETURN(auto pool, net::IoPool::create(config.io_threads, clock));
  HG_ASSIGN_OR_RETURN(auto engine, engine::Engine::create(
                                       engine_options(config),
                                       {stores.traces, stores.series, stores.state}, clock, log));
  HG_ASSIGN_OR_RETURN(Steering steering, open_steering(config, stores, *engine, *pool, clock));
  auto server = std::make_unique<ServerImpl>(std::move(config), std::move(tokens), may_purge,
                                             stores, clock, std::move(log), std::move(engine),
                                             std::move(steering), std::move(pool), http, otlp_http);
  HG_RETURN_IF_ERROR(server->load());
  HG_RETURN_IF_ERROR(server->listen(http, otlp_http, otlp_grpc));
  server->watch_vitals();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace honeyguide::server
