// KeyIndex: finds the index of an attribute key among those of one batch. Senders choose the keys,
// so the hash is seeded: nobody can make them collide. Not thread-safe while it grows.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace honeyguide::telemetry {

class KeyIndex {
 public:
  // The index of `key` in `keys`, of which all were add()ed in order; nothing if it is not there.
  std::optional<std::uint32_t> find(const std::vector<std::string_view>& keys,
                                    std::string_view key) const;
  // Adds the last element of `keys`, which must not be there yet.
  void add(const std::vector<std::string_view>& keys);

  std::size_t size_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    std::uint32_t hash = 0;  // the upper half, to compare before the text
    std::uint32_t index_plus_one = 0;
  };
  void insert(std::uint64_t hash, std::uint32_t index);

  // Open addressing, a power of two, at most half full. Empty up to a few keys, which are compared
  // one by one.
  std::vector<Slot> slots_;
};

}  // namespace honeyguide::telemetry
