#include "store/segment/zstd_text.h"

#include <memory>

#include <zstd.h>

#include "base/check.h"

namespace honeyguide::store::segment {
namespace {

constexpr int kLevel = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::size_t zstd_append(std::string& out, std::string_view bytes) {
  thread_local std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  HG_CHECK(context != nullptr);
  const std::size_t before = out.size();
  const std::size_t bound = ZSTD_compressBound(bytes.size());
  out.resize(before + bound);
  const std::size_t size = ZSTD_compressCCtx(context.get(), out.data() + before, bound,
                                             bytes.data(), bytes.size(), kLevel);
  HG_CHECK(ZSTD_isError(size) == 0);
  out.resize(before + size);
  return size;
}

bool zstd_inflate(std::string_view frame, std::size_t raw_size, std::string& out) {
  thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  HG_CHECK(context != nullptr);
  out.resize(raw_size);
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), out.data(), raw_size, frame.data(), frame.size());
  return ZSTD_isError(size) == 0 && size == raw_size;
}

}  // namespace honeyguide::store::segment
