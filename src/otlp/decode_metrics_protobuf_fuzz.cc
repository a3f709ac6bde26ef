// Decoding metrics from any protobuf bytes: refused with a reason or kept, and what is kept reads
// back equal from both encodings.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/check.h"
#include "otlp/decode.h"
#include "otlp/encode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace honeyguide;
  const auto shared = [](std::string body) {
    return std::make_shared<const std::string>(std::move(body));
  };
  const auto first =
      otlp::decode_metrics_protobuf(shared(std::string(reinterpret_cast<const char*>(data), size)));
  if (!first) {
    HG_CHECK(!first.error().message.empty());
    return 0;
  }
  const std::string protobuf = otlp::encode_metrics_protobuf(first->batch);
  const auto again = otlp::decode_metrics_protobuf(shared(protobuf));
  HG_CHECK(again.has_value() && again->error_message.empty());
  HG_CHECK(again->batch.points.size() == first->batch.points.size());
  HG_CHECK(otlp::encode_metrics_protobuf(again->batch) == protobuf);
  // JSON has one NaN and nested values keep the bytes they came in, so what JSON says is compared.
  const std::string text = otlp::encode_metrics_json(first->batch);
  const auto json = otlp::decode_metrics_json(shared(text));
  HG_CHECK(json.has_value() && json->error_message.empty());
  HG_CHECK(otlp::encode_metrics_json(json->batch) == text);
  return 0;
}
