#include "net/grpc_wire.h"

#include <algorithm>
#include <utility>

namespace honeyguide::net {
namespace {

struct Unit {
  char letter;
  std::int64_t ns;
};
constexpr Unit kUnits[] = {{'n', 1},
                           {'u', 1'000},
                           {'m', 1'000'000},
                           {'S', 1'000'000'000},
                           {'M', 60'000'000'000},
                           {'H', 3'600'000'000'000}};
constexpr std::int64_t kTimeoutMaxNs = 10LL * 365 * 86'400 * 1'000'000'000;
constexpr std::int64_t kTimeoutDigitsMax = 99'999'999;

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::int64_t> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (const Unit& unit : kUnits) {
    if (unit.letter != text.back()) continue;
    return value > kTimeoutMaxNs / unit.ns ? kTimeoutMaxNs : value * unit.ns;
  }
  return std::nullopt;
}

std::string format_grpc_timeout(std::int64_t ns) {
  for (const Unit& unit : kUnits) {
    const std::int64_t value = ns / unit.ns + (ns % unit.ns != 0 ? 1 : 0);
    if (value <= kTimeoutDigitsMax) return std::to_string(value) + unit.letter;
  }
  return std::to_string(kTimeoutDigitsMax) + "H";
}

std::string encode_grpc_message(std::string_view message) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(message.size());
  for (const char c : message) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

std::string decode_grpc_message(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && text.size() - i >= 3 && hex_digit(text[i + 1]) >= 0 &&
                        hex_digit(text[i + 2]) >= 0;
    if (!escape) {
      out.push_back(text[i]);
      continue;
    }
    out.push_back(static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2])));
    i += 2;
  }
  return out;
}

std::string encode_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(kBase64[bits >> count & 63]);
    }
  }
  if (count > 0) out.push_back(kBase64[bits << (6 - count) & 63]);
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>(bits >> count & 255));
    }
  }
  return out;
}

std::string frame_grpc_message(std::string_view message, bool compressed) {
  std::string out;
  out.reserve(kGrpcPrefixBytes + message.size());
  out.push_back(compressed ? '\1' : '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(message.size() >> shift & 255));
  }
  out.append(message);
  return out;
}

GrpcMessageReader::Event GrpcMessageReader::feed(std::string_view& bytes) {
  if (!have_prefix_) {
    while (prefix_count_ < kGrpcPrefixBytes && !bytes.empty()) {
      prefix_[prefix_count_++] = static_cast<unsigned char>(bytes.front());
      bytes.remove_prefix(1);
    }
    if (prefix_count_ > 0 && prefix_[0] > 1) return Event::kMalformed;
    if (prefix_count_ < kGrpcPrefixBytes) return Event::kNeedMore;
    have_prefix_ = true;
    compressed_ = prefix_[0] == 1;
    size_ = 0;
    for (std::size_t i = 1; i < kGrpcPrefixBytes; ++i) size_ = size_ << 8 | prefix_[i];
    return Event::kPrefix;
  }
  if (message_.capacity() < std::min(size_, kFirstBytes)) {
    message_.reserve(std::min(size_, kFirstBytes));
  }
  const std::size_t count = std::min(bytes.size(), size_ - message_.size());
  message_.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  return complete() ? Event::kMessage : Event::kNeedMore;
}

std::string GrpcMessageReader::take() {
  std::string message = std::move(message_);
  *this = GrpcMessageReader{};
  return message;
}

}  // namespace honeyguide::net
