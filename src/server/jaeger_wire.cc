#include "server/jaeger_wire.h"

#include <limits>

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/strings.h"

namespace honeyguide::server {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;
using protozero::pbf_reader;
using protozero::pbf_writer;

// Runs a reader; protozero throws on malformed bytes and nothing of it leaves here.
template <typename T, typename Read>
Result<T> guarded(std::string_view message, Read read) {
  try {
    return read(pbf_reader(protozero::data_view(message.data(), message.size())));
  } catch (const protozero::exception& error) {
    return Error{ErrorCode::kInvalidArgument, std::string("malformed message: ") + error.what()};
  }
}

// google.protobuf.Timestamp and Duration are alike: seconds = 1, nanos = 2.
std::int64_t read_seconds_nanos(pbf_reader message) {
  std::int64_t seconds = 0;
  std::int64_t nanos = 0;
  while (message.next()) {
    if (message.tag() == 1) {
      seconds = message.get_int64();
    } else if (message.tag() == 2) {
      nanos = message.get_int32();
    } else {
      message.skip();
    }
  }
  constexpr std::int64_t kSecondsMax = 9'223'372'035;
  if (seconds > kSecondsMax) return std::numeric_limits<std::int64_t>::max();
  if (seconds < -kSecondsMax) return std::numeric_limits<std::int64_t>::min();
  return seconds * base::kNanosPerSecond + nanos;
}

// The text of an AnyValue; nested values are not searched for.
std::string read_any_value(pbf_reader message) {
  std::string text;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        text = message.get_string();
        break;
      case 2:
        text = message.get_bool() ? "true" : "false";
        break;
      case 3:
        text = std::to_string(message.get_int64());
        break;
      case 4:
        text = base::format_double(message.get_double());
        break;
      default:
        message.skip();
    }
  }
  return text;
}

std::pair<std::string, std::string> read_key_value(pbf_reader message) {
  std::pair<std::string, std::string> out;
  while (message.next()) {
    if (message.tag() == 1) {
      out.first = message.get_string();
    } else if (message.tag() == 2) {
      out.second = read_any_value(message.get_message());
    } else {
      message.skip();
    }
  }
  return out;
}

bool has_page_token(pbf_reader pagination) {
  bool found = false;
  while (pagination.next()) {
    if (pagination.tag() == 2) {
      found = !pagination.get_string().empty();
    } else {
      pagination.skip();
    }
  }
  return found;
}

Result<JaegerQuery> read_query(pbf_reader message) {
  JaegerQuery query;
  while (message.next()) {
    switch (message.tag()) {
      case 1:
        query.search.service = message.get_string();
        break;
      case 2:
        query.search.operation = message.get_string();
        break;
      case 3:
        query.search.tags.push_back(read_key_value(message.get_message()));
        break;
      case 4:
        query.time.begin = read_seconds_nanos(message.get_message());
        break;
      case 5:
        query.time.end = read_seconds_nanos(message.get_message());
        break;
      case 6:
        query.search.duration_min_ns = read_seconds_nanos(message.get_message());
        break;
      case 7:
        query.search.duration_max_ns = read_seconds_nanos(message.get_message());
        break;
      case 8:
        if (const auto depth = message.get_int32(); depth > 0) {
          query.depth = static_cast<std::uint32_t>(depth);
        }
        break;
      case 9:
        return Error{ErrorCode::kInvalidArgument, "structured filters are offered by /api/v3 only"};
      case 10:
        if (has_page_token(message.get_message())) {
          return Error{ErrorCode::kInvalidArgument, "page tokens are not offered here"};
        }
        break;
      default:
        message.skip();
    }
  }
  // Jaeger's ranges include their end.
  if (query.time.end != std::numeric_limits<base::UnixNanos>::max()) query.time.end += 1;
  return query;
}

void add_timestamp(pbf_writer& parent, protozero::pbf_tag_type tag, base::UnixNanos time) {
  std::string bytes;
  pbf_writer writer(bytes);
  writer.add_int64(1, time / base::kNanosPerSecond);
  writer.add_int32(2, static_cast<std::int32_t>(time % base::kNanosPerSecond));
  parent.add_message(tag, bytes);
}

std::string id_bytes(const base::TraceId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

}  // namespace

Result<std::vector<base::TraceId>> read_get_traces(std::string_view message) {
  using Ids = std::vector<base::TraceId>;
  return guarded<Ids>(message, [](pbf_reader request) -> Result<Ids> {
    Ids ids;
    while (request.next(1)) {
      pbf_reader params = request.get_message();
      while (params.next()) {
        if (params.tag() != 1) {
          params.skip();
          continue;
        }
        const auto view = params.get_view();
        const auto id = base::TraceId::from_bytes({view.data(), view.size()});
        if (!id) return Error{ErrorCode::kInvalidArgument, "a trace id has 16 bytes"};
        ids.push_back(*id);
      }
    }
    return ids;
  });
}

Result<OperationsRequest> read_get_operations(std::string_view message) {
  return guarded<OperationsRequest>(message, [](pbf_reader request) -> Result<OperationsRequest> {
    OperationsRequest out;
    while (request.next()) {
      if (request.tag() == 1) {
        out.service = request.get_string();
      } else if (request.tag() == 2) {
        out.span_kind = request.get_string();
      } else {
        request.skip();
      }
    }
    return out;
  });
}

Result<JaegerQuery> read_find(std::string_view message) {
  return guarded<JaegerQuery>(message, [](pbf_reader request) -> Result<JaegerQuery> {
    while (request.next(1)) return read_query(request.get_message());
    return JaegerQuery{};
  });
}

Result<store::TimeRange> read_get_dependencies(std::string_view message) {
  return guarded<store::TimeRange>(message, [](pbf_reader request) -> Result<store::TimeRange> {
    store::TimeRange time;
    while (request.next()) {
      if (request.tag() == 1) {
        time.begin = read_seconds_nanos(request.get_message());
      } else if (request.tag() == 2) {
        time.end = read_seconds_nanos(request.get_message());
      } else {
        request.skip();
      }
    }
    return time;
  });
}

std::string write_services(const std::vector<std::string>& services) {
  std::string out;
  pbf_writer writer(out);
  for (const std::string& service : services) writer.add_string(1, service);
  return out;
}

std::string write_operations(const std::vector<store::Operation>& operations,
                             std::string_view span_kind) {
  std::string out;
  pbf_writer writer(out);
  for (const store::Operation& operation : operations) {
    const bool known = operation.kind != telemetry::SpanKind::kUnspecified;
    const std::string kind(known ? telemetry::span_kind_name(operation.kind) : "");
    if (!span_kind.empty() && span_kind != kind) continue;
    std::string bytes;
    pbf_writer item(bytes);
    item.add_string(1, operation.name);
    item.add_string(2, kind);
    writer.add_message(1, bytes);
  }
  return out;
}

std::string write_trace_ids(const std::vector<store::TraceSummary>& traces) {
  std::string out;
  pbf_writer writer(out);
  for (const store::TraceSummary& trace : traces) {
    std::string bytes;
    pbf_writer item(bytes);
    item.add_bytes(1, id_bytes(trace.trace_id));
    add_timestamp(item, 2, trace.start);
    add_timestamp(item, 3, trace.end);
    writer.add_message(1, bytes);
  }
  return out;
}

std::string write_dependencies(const std::vector<ServiceDependency>& dependencies) {
  std::string out;
  pbf_writer writer(out);
  for (const ServiceDependency& dependency : dependencies) {
    std::string bytes;
    pbf_writer item(bytes);
    item.add_string(1, dependency.parent);
    item.add_string(2, dependency.child);
    item.add_uint64(3, dependency.call_count);
    writer.add_message(1, bytes);
  }
  return out;
}

std::string write_summaries(const std::vector<JaegerSummary>& summaries) {
  std::string out;
  pbf_writer writer(out);
  for (const JaegerSummary& summary : summaries) {
    std::string bytes;
    pbf_writer item(bytes);
    item.add_bytes(1, id_bytes(summary.trace.trace_id));
    item.add_string(2, summary.trace.root_service);
    item.add_string(3, summary.trace.root_name);
    item.add_fixed64(4, static_cast<std::uint64_t>(summary.trace.start));
    item.add_fixed64(5, static_cast<std::uint64_t>(summary.trace.end));
    item.add_int32(6, static_cast<std::int32_t>(summary.trace.span_count));
    item.add_int32(7, static_cast<std::int32_t>(summary.trace.error_count));
    item.add_int32(8, static_cast<std::int32_t>(summary.orphans));
    for (const ServiceCount& service : summary.services) {
      std::string inner;
      pbf_writer one(inner);
      one.add_string(1, service.name);
      one.add_int32(2, static_cast<std::int32_t>(service.spans));
      one.add_int32(3, static_cast<std::int32_t>(service.errors));
      item.add_message(9, inner);
    }
    writer.add_message(1, bytes);
  }
  return out;
}

}  // namespace honeyguide::server
