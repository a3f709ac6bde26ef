// Arena: bytes that live and die together. Pointers stay valid until the arena is destroyed, also
// when it is moved. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace honeyguide::base {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;

  // `size` uninitialised bytes, unaligned. Size 0 gives a valid pointer to nothing.
  char* allocate(std::size_t size);

  // A copy of `text` that lives as long as the arena.
  std::string_view copy(std::string_view text);

  // Bytes held, unused tails of chunks included.
  std::size_t size_bytes() const { return size_bytes_; }

 private:
  static constexpr std::size_t kChunkBytes = 16 * 1024;

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t size_bytes_ = 0;
};

}  // namespace honeyguide::base
