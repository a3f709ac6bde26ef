#include "alerts/alert_codec.h"

#include "base/bytes.h"

namespace honeyguide::alerts {
namespace {

using base::ByteReader;
using base::Error;
using base::ErrorCode;
using base::put_bytes;
using base::put_fixed;
using base::put_varint;
using base::Result;

// Entries a list may claim.
constexpr std::uint64_t kListMax = 100'000;

void put_time(std::string& out, std::int64_t value) {
  put_varint(out, base::zigzag(value));
}
void put_flag(std::string& out, bool value) {
  out.push_back(value ? 1 : 0);
}
void put_optional(std::string& out, const std::optional<double>& value) {
  put_flag(out, value.has_value());
  if (value) put_fixed(out, *value);
}
void put_labels(std::string& out, const Labels& labels) {
  put_varint(out, labels.size());
  for (const auto& [name, value] : labels) {
    put_bytes(out, name);
    put_bytes(out, value);
  }
}

// Reads what the functions above wrote; after a mistake everything is empty and ok() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : in_(bytes) {}

  bool ok() const { return in_.ok() && !bad_; }
  bool at_end() const { return in_.at_end(); }
  void fail() { bad_ = true; }

  std::int64_t time() { return in_.signed_varint(); }
  bool flag() { return in_.fixed<std::uint8_t>() != 0; }
  std::string text() { return std::string(in_.bytes()); }
  std::uint64_t count() {
    const std::uint64_t count = in_.varint();
    if (count > kListMax || count > in_.remaining()) {
      bad_ = true;
      return 0;
    }
    return count;
  }
  std::uint64_t number() { return in_.varint(); }
  std::optional<double> optional() {
    if (!flag()) return std::nullopt;
    return in_.fixed<double>();
  }
  double real() { return in_.fixed<double>(); }
  Labels labels() {
    Labels out;
    for (std::uint64_t left = count(); left > 0 && ok(); --left) {
      std::string name = text();
      out[std::move(name)] = text();
    }
    return out;
  }
  template <typename T>
  T enumeration(T last) {
    const auto value = in_.fixed<std::uint8_t>();
    if (value > static_cast<std::uint8_t>(last)) bad_ = true;
    return bad_ ? T{} : static_cast<T>(value);
  }

 private:
  ByteReader in_;
  bool bad_ = false;
};

void put_forecast(std::string& out, const std::optional<BreachForecast>& forecast) {
  put_flag(out, forecast.has_value());
  if (!forecast) return;
  put_time(out, forecast->eta_q10_ms);
  put_flag(out, forecast->eta_q50_ms.has_value());
  if (forecast->eta_q50_ms) put_time(out, *forecast->eta_q50_ms);
  put_time(out, forecast->eta_q90_ms);
  put_fixed(out, forecast->breach_ratio);
  put_fixed(out, forecast->threshold);
  put_bytes(out, forecast->unit);
  put_time(out, forecast->stays_until);
}

std::optional<BreachForecast> read_forecast(Reader& in) {
  if (!in.flag()) return std::nullopt;
  BreachForecast out;
  out.eta_q10_ms = in.time();
  if (in.flag()) out.eta_q50_ms = in.time();
  out.eta_q90_ms = in.time();
  out.breach_ratio = in.real();
  out.threshold = in.real();
  out.unit = in.text();
  out.stays_until = in.time();
  return out;
}

void put_finding(std::string& out, const Finding& finding) {
  put_bytes(out, finding.rule);
  out.push_back(static_cast<char>(finding.kind));
  out.push_back(static_cast<char>(finding.severity));
  put_bytes(out, finding.category);
  put_labels(out, finding.labels);
  put_labels(out, finding.annotations);
  put_varint(out, finding.agents.size());
  for (const std::string& agent : finding.agents) put_bytes(out, agent);
  for (const std::string* text : {&finding.workflow, &finding.measure, &finding.unit}) {
    put_bytes(out, *text);
  }
  for (const auto* number : {&finding.value, &finding.usual, &finding.threshold, &finding.cost_usd,
                             &finding.cost_per_h_usd}) {
    put_optional(out, *number);
  }
  put_forecast(out, finding.forecast);
  put_time(out, finding.since);
  for (const std::string* text :
       {&finding.trace_id, &finding.span_id, &finding.what_to_do, &finding.runbook_url}) {
    put_bytes(out, *text);
  }
  put_varint(out, static_cast<std::uint64_t>(finding.confidence_percent));
  put_flag(out, finding.bound_sender);
  for (const std::int64_t time : {finding.for_ns, finding.keep_firing_ns, finding.ends}) {
    put_time(out, time);
  }
}

Finding read_finding(Reader& in) {
  Finding out;
  out.rule = in.text();
  out.kind = in.enumeration(AlertKind::kExternal);
  out.severity = in.enumeration(Severity::kEmergency);
  out.category = in.text();
  out.labels = in.labels();
  out.annotations = in.labels();
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    out.agents.push_back(in.text());
  }
  for (std::string* text : {&out.workflow, &out.measure, &out.unit}) *text = in.text();
  for (auto* number :
       {&out.value, &out.usual, &out.threshold, &out.cost_usd, &out.cost_per_h_usd}) {
    *number = in.optional();
  }
  out.forecast = read_forecast(in);
  out.since = in.time();
  for (std::string* text : {&out.trace_id, &out.span_id, &out.what_to_do, &out.runbook_url}) {
    *text = in.text();
  }
  out.confidence_percent = static_cast<int>(in.number());
  out.bound_sender = in.flag();
  for (std::int64_t* time : {&out.for_ns, &out.keep_firing_ns, &out.ends}) *time = in.time();
  return out;
}

void put_alert(std::string& out, const Alert& alert) {
  put_bytes(out, alert.id);
  put_finding(out, alert.finding);
  put_labels(out, alert.labels);
  out.push_back(static_cast<char>(alert.state));
  for (const std::int64_t time :
       {alert.since, alert.fired, alert.last_held, alert.resolved, alert.updated}) {
    put_time(out, time);
  }
  put_varint(out, alert.episodes);
  put_flag(out, alert.holding);
  put_flag(out, alert.flapping);
  put_flag(out, alert.acknowledged.has_value());
  if (alert.acknowledged) {
    put_bytes(out, alert.acknowledged->by);
    put_time(out, alert.acknowledged->at);
    put_bytes(out, alert.acknowledged->note);
  }
  put_bytes(out, alert.assigned_to);
  put_flag(out, alert.escalation.has_value());
  if (alert.escalation) {
    put_bytes(out, alert.escalation->policy);
    put_varint(out, alert.escalation->step);
    put_varint(out, alert.escalation->round);
    put_time(out, alert.escalation->next);
  }
  put_varint(out, alert.changes.size());
  for (const base::UnixNanos at : alert.changes) put_time(out, at);
  put_varint(out, alert.timeline.size());
  for (const TimelineEntry& entry : alert.timeline) {
    put_time(out, entry.at);
    put_bytes(out, entry.kind);
    put_bytes(out, entry.text);
    put_bytes(out, entry.by);
  }
}

Alert read_alert(Reader& in) {
  Alert out;
  out.id = in.text();
  out.finding = read_finding(in);
  out.labels = in.labels();
  out.state = in.enumeration(AlertState::kResolved);
  for (std::int64_t* time : {&out.since, &out.fired, &out.last_held, &out.resolved, &out.updated}) {
    *time = in.time();
  }
  out.episodes = static_cast<std::uint32_t>(in.number());
  out.holding = in.flag();
  out.flapping = in.flag();
  if (in.flag()) {
    Acknowledgement ack;
    ack.by = in.text();
    ack.at = in.time();
    ack.note = in.text();
    out.acknowledged = std::move(ack);
  }
  out.assigned_to = in.text();
  if (in.flag()) {
    EscalationState state;
    state.policy = in.text();
    state.step = static_cast<std::uint32_t>(in.number());
    state.round = static_cast<std::uint32_t>(in.number());
    state.next = in.time();
    out.escalation = std::move(state);
  }
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    out.changes.push_back(in.time());
  }
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    TimelineEntry entry;
    entry.at = in.time();
    entry.kind = in.text();
    entry.text = in.text();
    entry.by = in.text();
    out.timeline.push_back(std::move(entry));
  }
  return out;
}

template <typename T>
Result<T> finish(Reader& in, T value, const char* what) {
  if (in.ok() && in.at_end()) return value;
  return Error{ErrorCode::kDataLoss, std::string("a stored ") + what + " is damaged"};
}

}  // namespace

std::string encode_alert(const Alert& alert) {
  std::string out(1, static_cast<char>(kAlertVersion));
  put_alert(out, alert);
  return out;
}

Result<Alert> decode_alert(std::string_view bytes) {
  Reader in(bytes.empty() ? bytes : bytes.substr(1));
  if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != kAlertVersion) in.fail();
  Alert alert = in.ok() ? read_alert(in) : Alert{};
  return finish(in, std::move(alert), "alert");
}

std::string encode_silence(const Silence& silence) {
  std::string out(1, static_cast<char>(kAlertVersion));
  put_bytes(out, silence.id);
  put_varint(out, silence.matchers.list().size());
  for (const LabelMatcher& matcher : silence.matchers.list()) {
    put_bytes(out, matcher.label);
    out.push_back(static_cast<char>(matcher.op));
    put_bytes(out, matcher.value);
  }
  for (const std::int64_t time : {silence.starts, silence.ends, silence.updated}) {
    put_time(out, time);
  }
  for (const std::string* text : {&silence.created_by, &silence.comment, &silence.alert_id}) {
    put_bytes(out, *text);
  }
  return out;
}

Result<Silence> decode_silence(std::string_view bytes) {
  Reader in(bytes.empty() ? bytes : bytes.substr(1));
  if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != kAlertVersion) in.fail();
  Silence out;
  out.id = in.text();
  std::vector<LabelMatcher> matchers;
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    LabelMatcher matcher;
    matcher.label = in.text();
    matcher.op = in.enumeration(LabelMatcher::Op::kNotMatches);
    matcher.value = in.text();
    matchers.push_back(std::move(matcher));
  }
  for (std::int64_t* time : {&out.starts, &out.ends, &out.updated}) *time = in.time();
  for (std::string* text : {&out.created_by, &out.comment, &out.alert_id}) *text = in.text();
  auto compiled = Matchers::compile(std::move(matchers));
  if (!compiled) in.fail();
  if (in.ok()) out.matchers = std::move(compiled).value();
  return finish(in, std::move(out), "silence");
}

std::string encode_notification(const Notification& notification) {
  std::string out(1, static_cast<char>(kAlertVersion));
  for (const std::string* text :
       {&notification.id, &notification.receiver, &notification.group_key}) {
    put_bytes(out, *text);
  }
  put_labels(out, notification.group_labels);
  put_flag(out, notification.resolved);
  put_bytes(out, notification.escalation);
  put_varint(out, notification.step);
  put_varint(out, notification.alerts.size());
  for (const Alert& alert : notification.alerts) put_alert(out, alert);
  put_varint(out, notification.truncated);
  put_time(out, notification.created);
  return out;
}

Result<Notification> decode_notification(std::string_view bytes) {
  Reader in(bytes.empty() ? bytes : bytes.substr(1));
  if (bytes.empty() || static_cast<std::uint8_t>(bytes[0]) != kAlertVersion) in.fail();
  Notification out;
  for (std::string* text : {&out.id, &out.receiver, &out.group_key}) *text = in.text();
  out.group_labels = in.labels();
  out.resolved = in.flag();
  out.escalation = in.text();
  out.step = static_cast<std::uint32_t>(in.number());
  for (std::uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    out.alerts.push_back(read_alert(in));
  }
  out.truncated = static_cast<std::uint32_t>(in.number());
  out.created = in.time();
  return finish(in, std::move(out), "notification");
}

}  // namespace honeyguide::alerts
