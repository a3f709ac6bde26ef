#include "net/compression.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <zlib.h>
#include <zstd.h>

#include "base/strings.h"

namespace honeyguide::net {
namespace {

constexpr std::size_t kStepBytesMin = 16 * 1024;
constexpr std::size_t kStepBytesMax = 1024 * 1024;
constexpr int kGzipWindowBits = 15 + 16;
// Frames that want a larger window are refused: 8 MiB is what RFC 9659 allows on the web.
constexpr int kZstdWindowLogMax = 23;

base::Error malformed(std::string_view what) {
  return {base::ErrorCode::kInvalidArgument, "malformed " + std::string(what) + " data"};
}

// The growing output, kept inside its limits.
class Output {
 public:
  Output(std::size_t input_bytes, const InflateLimits& limits, ByteReservation* reservation)
      : reservation_(reservation) {
    std::size_t by_ratio = limits.output_bytes_max;
    if (limits.ratio_max > 0 && input_bytes < by_ratio / limits.ratio_max) {
      by_ratio = std::max(input_bytes * limits.ratio_max, kRatioFreeBytes);
    }
    limit_ = std::min(limits.output_bytes_max, by_ratio);
    step_ = std::clamp(input_bytes * 4, kStepBytesMin, kStepBytesMax);
  }

  // Makes room; at the limit one byte is left free, so that a decoder can show that there is more.
  base::Result<void> make_room() {
    if (used_ < bytes_.size()) return {};
    if (used_ > limit_) return too_large();
    const std::size_t size = std::min(bytes_.size() + step_, limit_ + 1);
    if (reservation_ != nullptr && !reservation_->grow(size - bytes_.size())) {
      return base::Error{base::ErrorCode::kUnavailable,
                         "too many bytes in flight to decompress the body"};
    }
    bytes_.resize(size);
    step_ = std::min(step_ * 2, kStepBytesMax);
    return {};
  }

  char* free_begin() { return bytes_.data() + used_; }
  std::size_t free_bytes() const { return bytes_.size() - used_; }
  void advance(std::size_t count) { used_ += count; }

  base::Result<std::string> finish() {
    if (used_ > limit_) return too_large();
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  base::Error too_large() const {
    return {base::ErrorCode::kResourceExhausted,
            "the body decompresses to more than " + std::to_string(limit_) + " bytes"};
  }

  ByteReservation* reservation_;
  std::string bytes_;
  std::size_t used_ = 0;
  std::size_t limit_ = 0;
  std::size_t step_ = 0;
};

struct InflateEnd {
  void operator()(z_stream* stream) const {
    inflateEnd(stream);
    delete stream;
  }
};

base::Result<std::string> inflate_gzip(std::string_view input, Output output) {
  std::unique_ptr<z_stream, InflateEnd> stream(new z_stream{});
  if (inflateInit2(stream.get(), kGzipWindowBits) != Z_OK) return malformed("gzip");
  stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream->avail_in = static_cast<uInt>(input.size());
  while (true) {
    HG_RETURN_IF_ERROR(output.make_room());
    const std::size_t room = output.free_bytes();
    stream->next_out = reinterpret_cast<Bytef*>(output.free_begin());
    stream->avail_out = static_cast<uInt>(room);
    const int code = ::inflate(stream.get(), Z_NO_FLUSH);
    const std::size_t made = room - stream->avail_out;
    output.advance(made);
    if (code == Z_STREAM_END) {
      if (stream->avail_in == 0) return output.finish();
      if (inflateReset(stream.get()) != Z_OK) return malformed("gzip");
      continue;
    }
    if (code != Z_OK && code != Z_BUF_ERROR) return malformed("gzip");
    if (stream->avail_in == 0 && stream->avail_out > 0) return malformed("truncated gzip");
  }
}

struct ZstdEnd {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

base::Result<std::string> inflate_zstd(std::string_view input, Output output) {
  std::unique_ptr<ZSTD_DCtx, ZstdEnd> context(ZSTD_createDCtx());
  if (context == nullptr) return malformed("zstd");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  ZSTD_inBuffer in{input.data(), input.size(), 0};
  while (true) {
    HG_RETURN_IF_ERROR(output.make_room());
    ZSTD_outBuffer out{output.free_begin(), output.free_bytes(), 0};
    const std::size_t code = ZSTD_decompressStream(context.get(), &out, &in);
    output.advance(out.pos);
    if (ZSTD_isError(code)) return malformed("zstd");
    if (in.pos == in.size && out.pos < out.size) {
      if (code == 0) return output.finish();
      return malformed("truncated zstd");
    }
  }
}

}  // namespace

base::Result<Encoding> parse_encoding(std::string_view name) {
  const std::string lower = base::to_lower(base::trim(name));
  if (lower.empty() || lower == "identity") return Encoding::kIdentity;
  if (lower == "gzip" || lower == "x-gzip") return Encoding::kGzip;
  if (lower == "zstd") return Encoding::kZstd;
  return base::Error{base::ErrorCode::kInvalidArgument, "unknown content encoding"};
}

base::Result<std::string> inflate(Encoding encoding, std::string_view input,
                                  const InflateLimits& limits, ByteReservation* reservation) {
  if (encoding == Encoding::kIdentity) {
    if (input.size() > limits.output_bytes_max) {
      return base::Error{base::ErrorCode::kResourceExhausted, "the body is too large"};
    }
    return std::string(input);
  }
  Output output(input.size(), limits, reservation);
  if (encoding == Encoding::kGzip) return inflate_gzip(input, std::move(output));
  return inflate_zstd(input, std::move(output));
}

std::string deflate_gzip(std::string_view input) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
               Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(input.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string deflate_zstd(std::string_view input) {
  std::string out(ZSTD_compressBound(input.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), input.data(), input.size(), 1);
  out.resize(ZSTD_isError(size) ? 0 : size);
  return out;
}

}  // namespace honeyguide::net
