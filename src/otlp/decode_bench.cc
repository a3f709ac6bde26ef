// What decoding costs a span, for the shape that the ingest budgets are stated in: 10-span traces
// of 11 string attributes, 316 B a span, in requests of 1,000 spans and of 10; and JSON of the
// same.
#include <random>

#include <benchmark/benchmark.h>

#include "base/check.h"
#include "otlp/decode.h"
#include "otlp/encode.h"

namespace honeyguide::otlp {
namespace {

using telemetry::Span;
using telemetry::SpanBatch;
using telemetry::Value;

constexpr int kAttributeCount = 11;
constexpr int kSpansPerTrace = 10;

SpanBatch make_batch(int span_count) {
  std::mt19937_64 random(42);
  SpanBatch batch;
  telemetry::Resource resource;
  batch.add_attribute("service.name", Value::string("tracegen-00"));
  resource.attributes = {0, 1};
  batch.add_resource(resource);
  telemetry::Scope scope;
  scope.name = "tracegen";
  batch.add_scope(scope);
  base::TraceId trace_id;
  for (int i = 0; i < span_count; ++i) {
    const auto fill = [&](auto& id) {
      for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random() | 1);
    };
    Span span;
    if (i % kSpansPerTrace == 0) fill(trace_id);
    span.trace_id = trace_id;
    fill(span.span_id);
    if (i % kSpansPerTrace != 0) span.parent_span_id = batch.spans()[batch.size() - 1].span_id;
    span.start = static_cast<base::UnixNanos>(1700000000000000000 + random() % 1000000000);
    span.end = span.start + 123000;
    span.name = i % kSpansPerTrace == 0 ? "lets-go" : "okey-dokey-0";
    span.kind = telemetry::SpanKind::kClient;
    span.attributes.begin = static_cast<std::uint32_t>(batch.mutable_attributes().size());
    for (int a = 0; a < kAttributeCount; ++a) {
      const std::string value = "value-" + std::to_string(random() % 100);
      batch.add_attribute("attr_" + std::to_string(a), Value::string(batch.own(value)));
    }
    span.attributes.end = static_cast<std::uint32_t>(batch.mutable_attributes().size());
    batch.add_span(span);
  }
  return batch;
}

void report(benchmark::State& state, std::size_t bytes) {
  const auto spans = static_cast<std::int64_t>(state.range(0));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * spans);
  state.counters["bytes_a_span"] = static_cast<double>(bytes) / static_cast<double>(spans);
  state.counters["ns_a_span"] =
      benchmark::Counter(static_cast<double>(state.iterations() * spans) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void decode_protobuf(benchmark::State& state) {
  const SpanBatch batch = make_batch(static_cast<int>(state.range(0)));
  const auto body = std::make_shared<const std::string>(encode_traces_protobuf(batch));
  for (auto _ : state) {
    auto decoded = decode_traces_protobuf(body);
    HG_CHECK(decoded && decoded->batch.size() == batch.size());
    benchmark::DoNotOptimize(decoded);
  }
  const auto decoded = decode_traces_protobuf(body);
  HG_CHECK(span_content_hash(decoded->batch, decoded->batch.spans().back()) ==
           span_content_hash(batch, batch.spans().back()));
  report(state, body->size());
}
BENCHMARK(decode_protobuf)->Arg(1000)->Arg(10);

void decode_json(benchmark::State& state) {
  const SpanBatch batch = make_batch(static_cast<int>(state.range(0)));
  const auto body = std::make_shared<const std::string>(encode_traces_json(batch));
  for (auto _ : state) {
    auto decoded = decode_traces_json(body);
    HG_CHECK(decoded && decoded->batch.size() == batch.size());
    benchmark::DoNotOptimize(decoded);
  }
  const auto decoded = decode_traces_json(body);
  HG_CHECK(span_content_hash(decoded->batch, decoded->batch.spans().back()) ==
           span_content_hash(batch, batch.spans().back()));
  report(state, body->size());
}
BENCHMARK(decode_json)->Arg(1000)->Arg(10);

void encode_protobuf(benchmark::State& state) {
  const SpanBatch batch = make_batch(static_cast<int>(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out = encode_traces_protobuf(batch);
    benchmark::DoNotOptimize(out);
  }
  HG_CHECK(decode_traces_protobuf(std::make_shared<const std::string>(out))->batch.size() ==
           batch.size());
  report(state, out.size());
}
BENCHMARK(encode_protobuf)->Arg(1000)->Arg(10);

void encode_json(benchmark::State& state) {
  const SpanBatch batch = make_batch(static_cast<int>(state.range(0)));
  std::string out;
  for (auto _ : state) {
    out = encode_traces_json(batch);
    benchmark::DoNotOptimize(out);
  }
  HG_CHECK(decode_traces_json(std::make_shared<const std::string>(out))->batch.size() ==
           batch.size());
  report(state, out.size());
}
BENCHMARK(encode_json)->Arg(1000)->Arg(10);

}  // namespace
}  // namespace honeyguide::otlp
