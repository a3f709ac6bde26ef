// The text and framing of gRPC on any bytes, fed in pieces whose size the first byte chooses.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/grpc_wire.h"

namespace {

using namespace honeyguide;

void check_texts(std::string_view text) {
  if (const auto ns = net::parse_grpc_timeout(text)) {
    const auto again = net::parse_grpc_timeout(net::format_grpc_timeout(*ns));
    HG_CHECK(again.has_value() && *again >= *ns);
  }
  HG_CHECK(net::decode_grpc_message(net::encode_grpc_message(text)) == text);
  HG_CHECK(net::decode_base64(net::encode_base64(text)) == text);
  net::decode_base64(text);
  net::decode_grpc_message(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece_bytes = std::size_t{data[0]} + 1;
  std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_texts(rest);
  net::GrpcMessageReader reader;
  while (!rest.empty()) {
    std::string_view piece = rest.substr(0, std::min(piece_bytes, rest.size()));
    const std::size_t before = piece.size();
    const auto event = reader.feed(piece);
    if (event == net::GrpcMessageReader::Event::kMalformed) break;
    if (event == net::GrpcMessageReader::Event::kMessage) {
      const std::size_t announced = reader.size_bytes();
      HG_CHECK(reader.take().size() == announced);
    }
    HG_CHECK(piece.size() < before || event == net::GrpcMessageReader::Event::kMessage);
    rest.remove_prefix(before - piece.size());
  }
  return 0;
}
