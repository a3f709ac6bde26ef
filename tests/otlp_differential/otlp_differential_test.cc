// Proves that the protobuf decoders read what libprotobuf reads: random messages and dozens of
// random mutations of each are refused by both or by none, and keep the same items.
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "oracle.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/random_batch.h"

namespace honeyguide::otlp {
namespace {

std::shared_ptr<const std::string> shared(std::string body) {
  return std::make_shared<const std::string>(std::move(body));
}

// Damages a message in one to three places, as broken senders, networks and attackers do.
std::string mutate(std::string body, std::mt19937_64& random, const std::string& other) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : random() % end; };
  for (std::size_t times = 1 + below(3); times > 0; --times) {
    const std::size_t at = below(body.size());
    const std::size_t size = below(std::min<std::size_t>(body.size() - at, 40));
    switch (below(9)) {
      case 0:
        if (!body.empty()) body[at] = static_cast<char>(random());
        break;
      case 1:
        if (!body.empty()) body[at] = static_cast<char>(body[at] ^ (1 << below(8)));
        break;
      case 2:
        body.erase(at, size);
        break;
      case 3:
        body.insert(at, body.substr(below(body.size()), size));
        break;
      case 4:
        body.insert(at, 1, static_cast<char>(random()));
        break;
      case 5:
        body.resize(at);
        break;
      case 6:
        body += other;  // protobuf merges concatenated messages
        break;
      case 7:
        // An unknown field, then a group with one inside.
        body.insert(at, std::string("\xa2\x06\x02hi\xa3\x06\x08\x01\xa4\x06", 10));
        break;
      default:
        if (!body.empty()) body[at] = static_cast<char>(body[at] + (random() % 2 == 0 ? 1 : -1));
    }
  }
  return body;
}

DecodeLimits generous() {
  DecodeLimits limits;
  limits.value_depth_max = 10000;  // libprotobuf is told to go as deep
  return limits;
}

// How often a body is well-formed: a test of nothing but refusals would prove little.
struct Tally {
  int accepted = 0;
  int refused = 0;
};

template <typename Decode, typename Encode, typename Items>
void compare(const std::string& body, Decode decode, Encode encode, Items items, Tally& tally) {
  const auto expected = items(body);
  const auto decoded = decode(shared(body), generous());
  ASSERT_EQ(decoded.has_value(), expected.has_value())
      << (decoded ? "libprotobuf refuses it" : decoded.error().message);
  ++(decoded ? tally.accepted : tally.refused);
  if (!decoded) return;
  const auto found = items(encode(decoded->batch));
  ASSERT_TRUE(found.has_value()) << "what was encoded does not parse";
  ASSERT_EQ(found->size(), expected->size());
  for (std::size_t i = 0; i < found->size(); ++i) {
    ASSERT_TRUE((*found)[i] == (*expected)[i]) << "item " << i;
  }
}

template <typename RandomBatch, typename Decode, typename Encode, typename Items>
void compare_many(RandomBatch random_batch, Decode decode, Encode encode, Items items) {
  constexpr std::uint64_t kSeeds = 60;
  // For long runs, from outside.
  const char* wanted = std::getenv("HG_DIFFERENTIAL_MUTATIONS");
  const int mutations_each = wanted != nullptr ? std::atoi(wanted) : 50;
  Tally tally;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const std::string body = encode(random_batch(seed));
    const std::string other = encode(random_batch(seed + kSeeds));
    std::mt19937_64 random(seed);
    compare(body, decode, encode, items, tally);
    for (int i = 0; i < mutations_each; ++i) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", mutation " + std::to_string(i));
      compare(mutate(body, random, other), decode, encode, items, tally);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
  EXPECT_GT(tally.accepted, 500);
  EXPECT_GT(tally.refused, 500);
}

TEST(OtlpDifferentialTest, TracesReadAsLibprotobufReadsThem) {
  compare_many(
      random_span_batch, decode_traces_protobuf,
      [](const telemetry::SpanBatch& batch) { return encode_traces_protobuf(batch); },
      oracle::trace_items);
}

TEST(OtlpDifferentialTest, LogsReadAsLibprotobufReadsThem) {
  compare_many(
      random_log_batch, decode_logs_protobuf,
      [](const telemetry::LogBatch& batch) { return encode_logs_protobuf(batch); },
      oracle::log_items);
}

TEST(OtlpDifferentialTest, MetricsReadAsLibprotobufReadsThem) {
  compare_many(
      random_metric_batch, decode_metrics_protobuf,
      [](const telemetry::MetricBatch& batch) { return encode_metrics_protobuf(batch); },
      oracle::metric_items);
}

}  // namespace
}  // namespace honeyguide::otlp
