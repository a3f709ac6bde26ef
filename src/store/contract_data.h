// Generated telemetry for the tests of stores: seeded, small, with all the shapes that senders
// produce (missing roots, duplicates, unended spans, every value type, large values).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "store/trace_store.h"

namespace honeyguide::store {

class ContractData {
 public:
  explicit ContractData(std::uint64_t seed) : random_(seed) {}

  // A number from 0 to `limit` - 1.
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  base::TraceId trace_id(std::uint64_t number);
  base::SpanId span_id(std::uint64_t number);

  // `rows` spans over traces numbered below `traces`, starting near `time`.
  telemetry::SpanBatchPtr spans(std::uint32_t rows, std::uint64_t traces, base::UnixNanos time);
  telemetry::LogBatchPtr logs(std::uint32_t rows, std::uint64_t traces, base::UnixNanos time);
  // A predicate over what spans() makes, up to `depth` deep; compiled.
  Predicate predicate(int depth);
  base::Hash128 batch_id() { return {random_(), random_() | 1}; }

 private:
  std::string word(const char* stem, std::uint64_t kinds);
  telemetry::Range attributes(telemetry::SpanBatch& batch, std::uint32_t count, bool large);
  telemetry::Value value(telemetry::SpanBatch& batch, std::uint64_t key, bool large);
  Comparison comparison();

  std::mt19937_64 random_;
};

}  // namespace honeyguide::store
