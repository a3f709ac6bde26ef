// bench_limit [SECONDS]: what one thread can do at best with the spans of an OTLP request: decode
// it, make columns and filters of it, compress them; no socket, no disk, no analytics. One JSON
// line with spans a second and body bytes a span by request size. What a server acknowledges is
// judged by it.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "cli/load_shapes.h"
#include "otlp/decode.h"
#include "store/segment/block_writer.h"
#include "store/segment/bloom.h"

namespace {

using honeyguide::store::segment::BlockWriter;
using honeyguide::store::segment::SpanSlice;

struct Measured {
  double spans_per_s = 0;
  double bytes_per_span = 0;
};

// Requests of `size` spans, gathered into blocks as the committer does under load.
Measured measure(std::uint32_t size, double seconds) {
  constexpr std::uint32_t kBlockRows = 4000;
  const auto bodies =
      honeyguide::cli::LoadBodies::create({honeyguide::cli::LoadShape::kTracegen, size, 1}).value();
  // Made beforehand: a client's work is not part of it.
  std::vector<std::shared_ptr<const std::string>> requests;
  for (std::uint64_t number = 0; number < 2 * kBlockRows / size; ++number) {
    std::string body;
    bodies.fill(number, 1'750'000'000'000'000'000, body);
    requests.push_back(std::make_shared<const std::string>(std::move(body)));
  }
  BlockWriter writer;
  std::uint64_t spans = 0;
  std::uint64_t bytes = 0;
  std::vector<honeyguide::telemetry::SpanBatch> batches;
  // Processor time: a busy machine makes it a little slower, not many times.
  const std::clock_t start = std::clock();
  double elapsed = 0;
  for (std::size_t next = 0; elapsed < seconds;) {
    batches.clear();
    std::uint32_t rows = 0;
    while (rows < kBlockRows) {
      auto decoded = honeyguide::otlp::decode_traces_protobuf(requests[next], {});
      HG_CHECK(decoded && decoded->batch.size() == size);
      batches.push_back(std::move(decoded->batch));
      rows += size;
      next = (next + 1) % requests.size();
    }
    std::vector<SpanSlice> slices;
    for (const auto& batch : batches) {
      slices.push_back({&batch, 0, static_cast<std::uint32_t>(batch.size())});
    }
    auto block = writer.encode_spans(slices, nullptr);
    std::string filter;
    honeyguide::store::segment::put_bloom(filter, block.filter_hashes);
    HG_CHECK(block.rows == rows && !filter.empty());
    spans += rows;
    bytes += block.body.size();
    elapsed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }
  return {static_cast<double>(spans) / elapsed,
          static_cast<double>(bytes) / static_cast<double>(spans)};
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::strtod(argv[1], nullptr) : 3;
  std::printf("{");
  const char* separator = "";
  for (const std::uint32_t size : {1000u, 100u, 10u}) {
    const Measured measured = measure(size, seconds);
    std::printf("%s\"%u\": {\"spans_per_s\": %.0f, \"block_bytes_per_span\": %.1f}", separator,
                size, measured.spans_per_s, measured.bytes_per_span);
    separator = ", ";
  }
  std::printf("}\n");
  return 0;
}
