#include "base/arena.h"

#include <cstring>

namespace honeyguide::base {

char* Arena::allocate(std::size_t size) {
  if (size > left_) {
    if (size > kChunkBytes / 4) {
      // A large block of its own; the current chunk stays open for small ones.
      chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
      size_bytes_ += size;
      return chunks_.back().get();
    }
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkBytes));
    size_bytes_ += kChunkBytes;
    next_ = chunks_.back().get();
    left_ = kChunkBytes;
  }
  char* out = next_;
  next_ += size;
  left_ -= size;
  return out;
}

std::string_view Arena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* out = allocate(text.size());
  std::memcpy(out, text.data(), text.size());
  return {out, text.size()};
}

}  // namespace honeyguide::base
