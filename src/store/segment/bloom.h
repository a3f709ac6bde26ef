// Split-block Bloom filters: 12 bits a distinct value, eight bits set in one 32-byte block, so a
// probe touches one cache line and about 0.5 % of absent values pass.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace honeyguide::store::segment {

inline constexpr std::size_t kBloomBlockBytes = 32;

// Appends a filter of the hashes (duplicates are counted once) and gives its number of blocks, at
// least one. Sorts `hashes`.
std::uint32_t put_bloom(std::string& out, std::vector<std::uint64_t>& hashes);

// `filter` is what put_bloom appended. False: surely absent.
bool bloom_may_contain(const char* filter, std::uint32_t block_count, std::uint64_t hash);

}  // namespace honeyguide::store::segment
