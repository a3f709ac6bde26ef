#include "telemetry/key_index.h"

#include "base/hash.h"

namespace honeyguide::telemetry {
namespace {

constexpr std::size_t kLinearMax = 4;
constexpr std::size_t kSlotsMin = 64;

std::uint64_t hash_of(std::string_view key) {
  static const std::uint64_t seed = base::random_seed();
  return base::hash64(key, seed);
}

}  // namespace

std::optional<std::uint32_t> KeyIndex::find(const std::vector<std::string_view>& keys,
                                            std::string_view key) const {
  if (slots_.empty()) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys[i] == key) return static_cast<std::uint32_t>(i);
    }
    return std::nullopt;
  }
  const std::uint64_t hash = hash_of(key);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.index_plus_one == 0) return std::nullopt;
    if (slot.hash == hash >> 32 && keys[slot.index_plus_one - 1] == key) {
      return slot.index_plus_one - 1;
    }
  }
}

void KeyIndex::add(const std::vector<std::string_view>& keys) {
  if (keys.size() <= kLinearMax) return;
  if (keys.size() * 2 <= slots_.size()) {
    return insert(hash_of(keys.back()), static_cast<std::uint32_t>(keys.size() - 1));
  }
  std::size_t slots = slots_.empty() ? kSlotsMin : slots_.size() * 2;
  while (keys.size() * 2 > slots) slots *= 2;
  slots_.assign(slots, Slot());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    insert(hash_of(keys[i]), static_cast<std::uint32_t>(i));
  }
}

void KeyIndex::insert(std::uint64_t hash, std::uint32_t index) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].index_plus_one != 0) at = (at + 1) & mask;
  slots_[at] = {static_cast<std::uint32_t>(hash >> 32), index + 1};
}

}  // namespace honeyguide::telemetry
