#include "honeyguide/tracer.h"

#include <utility>

#include "base/log.h"
#include "sdk/otlp_exporter.h"
#include "sdk/random_ids.h"
#include "sdk/tracer_core.h"

namespace honeyguide {
namespace {

Result<void> to_public(const base::Result<void>& result) {
  if (result) return {};
  return Error{static_cast<ErrorCode>(result.error().code), result.error().message};
}

// Lives as long as the process: cores may outlive every tracer.
const base::Clock& system_clock() {
  static const base::SystemClock* clock = new base::SystemClock;
  return *clock;
}

}  // namespace

Span::Span(Span&& other) noexcept
    : context_(other.context_), active_(std::exchange(other.active_, nullptr)) {}

Span& Span::operator=(Span&& other) noexcept {
  if (this == &other) return *this;
  end();
  context_ = other.context_;
  active_ = std::exchange(other.active_, nullptr);
  return *this;
}

void Span::set_attribute(std::string_view key, const AttributeValue& value) {
  if (active_ == nullptr) return;
  if (active_->attributes == kAttributesMax) {
    ++active_->head.dropped_attributes;
    return;
  }
  ++active_->attributes;
  sdk::append_attribute_item(active_->items, key, value);
}

void Span::add_event(std::string_view name, Attributes attributes) {
  if (active_ != nullptr) add_event_at(active_->core->now(), name, attributes);
}

void Span::add_event_at(UnixNanos time, std::string_view name, Attributes attributes) {
  if (active_ == nullptr) return;
  if (active_->events == kEventsMax) {
    ++active_->head.dropped_events;
    return;
  }
  ++active_->events;
  sdk::append_event_item(active_->items, time, name);
  for (const Attribute& attribute : attributes) {
    sdk::append_attribute_item(active_->items, attribute.key, attribute.value);
  }
  sdk::append_span_item(active_->items);
}

void Span::add_link(const SpanContext& to, Attributes attributes) {
  if (active_ == nullptr || !to.valid()) return;
  if (active_->links == kLinksMax) {
    ++active_->head.dropped_links;
    return;
  }
  ++active_->links;
  sdk::append_link_item(active_->items, base::TraceId{to.trace_id}, base::SpanId{to.span_id},
                        to.sampled);
  for (const Attribute& attribute : attributes) {
    sdk::append_attribute_item(active_->items, attribute.key, attribute.value);
  }
  sdk::append_span_item(active_->items);
}

void Span::set_ok() {
  if (active_ == nullptr) return;
  active_->head.status = static_cast<std::uint8_t>(telemetry::StatusCode::kOk);
  active_->status_message.clear();
}

void Span::set_error(std::string_view message) {
  if (active_ == nullptr) return;
  active_->head.status = static_cast<std::uint8_t>(telemetry::StatusCode::kError);
  active_->status_message.assign(message.substr(0, sdk::kTextBytesMax));
}

void Span::end() {
  end_at(0);
}

void Span::end_at(UnixNanos time) {
  if (active_ == nullptr) return;
  sdk::ActiveSpan* span = std::exchange(active_, nullptr);
  span->core->end(span, time);
}

Tracer::Tracer(std::shared_ptr<sdk::TracerCore> core) : core_(std::move(core)) {}

Result<std::unique_ptr<Tracer>> Tracer::create(const Config& config) {
  if (config.export_interval.count() <= 0 || config.export_timeout.count() <= 0) {
    return Error{ErrorCode::kInvalidArgument,
                 "export_interval and export_timeout must be positive"};
  }
  base::LogSink log = base::null_log_sink();
  if (config.log) {
    log = [sink = config.log](base::LogLevel level, std::string_view line) {
      sink(static_cast<LogLevel>(level), line);
    };
  }
  std::vector<std::unique_ptr<sdk::SpanExporter>> exporters;
  if (!config.server.empty()) {
    exporters.push_back(
        std::make_unique<sdk::OtlpExporter>(config.server, config.token, system_clock()));
  }
  return std::unique_ptr<Tracer>(new Tracer(std::make_shared<sdk::TracerCore>(
      config, system_clock(), std::move(log), std::move(exporters), true)));
}

Tracer::~Tracer() {
  (void)core_->shutdown(std::chrono::seconds(1));
}

Span Tracer::start_span(std::string_view name, Attributes attributes, const SpanOptions& options) {
  Span span;
  span.active_ = core_->start(name, attributes, options, span.context_);
  return span;
}

Result<void> Tracer::flush(std::chrono::milliseconds deadline) {
  return to_public(core_->flush(deadline));
}

Result<void> Tracer::shutdown(std::chrono::milliseconds deadline) {
  return to_public(core_->shutdown(deadline));
}

TracerStats Tracer::stats() const {
  return core_->stats();
}

}  // namespace honeyguide
