#include "store/segment/bloom.h"

#include <algorithm>
#include <cstring>

namespace honeyguide::store::segment {
namespace {

constexpr std::size_t kBitsPerValue = 12;
// One odd multiplier for each of the eight words of a block.
constexpr std::uint32_t kSalts[8] = {0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d,
                                     0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

std::size_t block_of(std::uint64_t hash, std::uint32_t block_count) {
  return static_cast<std::size_t>((hash >> 32) * block_count >> 32);
}

}  // namespace

std::uint32_t put_bloom(std::string& out, std::vector<std::uint64_t>& hashes) {
  std::sort(hashes.begin(), hashes.end());
  hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
  const std::size_t bits = std::max<std::size_t>(hashes.size() * kBitsPerValue, 1);
  const std::size_t blocks = (bits + kBloomBlockBytes * 8 - 1) / (kBloomBlockBytes * 8);
  const std::size_t before = out.size();
  out.resize(before + blocks * kBloomBlockBytes, '\0');
  for (const std::uint64_t hash : hashes) {
    char* block =
        out.data() + before + block_of(hash, static_cast<std::uint32_t>(blocks)) * kBloomBlockBytes;
    for (std::size_t i = 0; i < 8; ++i) {
      std::uint32_t word;
      std::memcpy(&word, block + i * 4, 4);
      word |= 1u << (static_cast<std::uint32_t>(hash) * kSalts[i] >> 27);
      std::memcpy(block + i * 4, &word, 4);
    }
  }
  return static_cast<std::uint32_t>(blocks);
}

bool bloom_may_contain(const char* filter, std::uint32_t block_count, std::uint64_t hash) {
  const char* block = filter + block_of(hash, block_count) * kBloomBlockBytes;
  for (std::size_t i = 0; i < 8; ++i) {
    std::uint32_t word;
    std::memcpy(&word, block + i * 4, 4);
    if ((word >> (static_cast<std::uint32_t>(hash) * kSalts[i] >> 27) & 1) == 0) return false;
  }
  return true;
}

}  // namespace honeyguide::store::segment
