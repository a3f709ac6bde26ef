#include "watch/anomaly.h"

#include <cmath>
#include <cstdio>

#include "base/hash.h"

namespace honeyguide::watch {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr double kMediumDecades = 1;
constexpr double kHighDecades = 3;
constexpr std::size_t kListMax = 64;

}  // namespace

std::string_view anomaly_kind_name(AnomalyKind kind) {
  constexpr std::string_view kNames[] = {"series", "agent", "absence"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view severity_of(const Anomaly& anomaly) {
  if (anomaly.kind == AnomalyKind::kAbsence) return "high";
  const double beyond = -std::log10(anomaly.p) - anomaly.bar;
  if (beyond < kMediumDecades) return "low";
  return beyond < kHighDecades ? "medium" : "high";
}

std::string anomaly_id(store::TenantId tenant, std::uint64_t subject, base::UnixNanos onset) {
  std::string bytes;
  base::put_fixed(bytes, tenant);
  base::put_fixed(bytes, subject);
  base::put_fixed(bytes, onset);
  char text[24];
  std::snprintf(text, sizeof(text), "an-%016llx",
                static_cast<unsigned long long>(base::hash64(bytes)));
  return text;
}

void put_key(std::string& out, const telemetry::SeriesKey& key) {
  base::put_bytes(out, key.name);
  base::put_varint(out, key.labels.size());
  for (const auto& [name, value] : key.labels) {
    base::put_bytes(out, name);
    base::put_bytes(out, value);
  }
}

telemetry::SeriesKey read_key(base::ByteReader& reader) {
  telemetry::SeriesKey key;
  key.name = reader.bytes();
  const std::uint64_t count = reader.varint();
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string name(reader.bytes());
    key.labels.emplace_back(std::move(name), reader.bytes());
  }
  return key;
}

std::string encode(const Anomaly& anomaly) {
  std::string out;
  out.push_back(static_cast<char>(kVersion));
  base::put_bytes(out, anomaly.id);
  base::put_fixed(out, anomaly.tenant);
  base::put_fixed(out, anomaly.kind);
  put_key(out, anomaly.key);
  base::put_bytes(out, anomaly.agent);
  base::put_fixed(out, anomaly.metric_class);
  for (const std::int64_t time :
       {anomaly.onset, anomaly.end, anomaly.peak, anomaly.refractory_until, anomaly.step_ns}) {
    base::put_fixed(out, time);
  }
  for (const double number : {anomaly.value, anomaly.expected, anomaly.expected_low,
                              anomaly.expected_high, anomaly.p, anomaly.bar}) {
    base::put_fixed(out, number);
  }
  base::put_fixed(out, anomaly.up);
  base::put_varint(out, anomaly.reasons.size());
  for (const Reason& reason : anomaly.reasons) {
    base::put_bytes(out, reason.name);
    base::put_fixed(out, reason.weight);
  }
  base::put_varint(out, anomaly.similar.size());
  for (const std::string& id : anomaly.similar) base::put_bytes(out, id);
  base::put_bytes(out, anomaly.trace_id);
  base::put_fixed(out, anomaly.opinion);
  base::put_fixed(out, anomaly.opinion_until);
  base::put_fixed(out, base::hash64(out));
  return out;
}

base::Result<Anomaly> decode_anomaly(std::string_view bytes) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "a stored anomaly is damaged or foreign"};
  if (bytes.size() < 1 + sizeof(std::uint64_t)) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check(bytes.substr(body.size()));
  if (check.fixed<std::uint64_t>() != base::hash64(body)) return damaged;
  base::ByteReader reader(body);
  if (reader.fixed<std::uint8_t>() != kVersion) return damaged;
  Anomaly out;
  out.id = reader.bytes();
  out.tenant = reader.fixed<store::TenantId>();
  out.kind = reader.fixed<AnomalyKind>();
  out.key = read_key(reader);
  out.agent = reader.bytes();
  out.metric_class = reader.fixed<detect::MetricClass>();
  for (std::int64_t* time :
       {&out.onset, &out.end, &out.peak, &out.refractory_until, &out.step_ns}) {
    *time = reader.fixed<std::int64_t>();
  }
  for (double* number :
       {&out.value, &out.expected, &out.expected_low, &out.expected_high, &out.p, &out.bar}) {
    *number = reader.fixed<double>();
  }
  out.up = reader.fixed<bool>();
  const std::uint64_t reasons = reader.varint();
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(reasons, kListMax); ++i) {
    std::string name(reader.bytes());
    out.reasons.push_back({std::move(name), reader.fixed<double>()});
  }
  const std::uint64_t similar = reader.varint();
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(similar, kListMax); ++i) {
    out.similar.emplace_back(reader.bytes());
  }
  out.trace_id = reader.bytes();
  out.opinion = reader.fixed<Opinion>();
  out.opinion_until = reader.fixed<base::UnixNanos>();
  if (!reader.ok() || !reader.at_end()) return damaged;
  return out;
}

}  // namespace honeyguide::watch
