#include "sdk/random_ids.h"

#include <bit>
#include <cstring>

#include "base/hash.h"
#include "sdk/fork_generation.h"

namespace honeyguide::sdk {

std::uint64_t RandomIds::next() {
  const std::uint64_t out = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return out;
}

void RandomIds::seed() {
  for (std::uint64_t& word : state_) word = base::random_seed();
  state_[0] |= 1;  // never all zero
}

base::TraceId RandomIds::trace_id() {
  base::TraceId id;
  const std::uint64_t words[2] = {next(), next() | 1};
  std::memcpy(id.bytes.data(), words, sizeof(words));
  return id;
}

base::SpanId RandomIds::span_id() {
  base::SpanId id;
  std::uint64_t word = next();
  while (word == 0) word = next();
  std::memcpy(id.bytes.data(), &word, sizeof(word));
  return id;
}

RandomIds& random_ids() {
  thread_local RandomIds ids;
  const std::uint32_t generation = fork_generation();
  if (!ids.seeded_ || ids.generation_ != generation) [[unlikely]] {
    ids.seed();
    ids.generation_ = generation;
    ids.seeded_ = true;
  }
  return ids;
}

Context& current_context() {
  thread_local Context context;
  return context;
}

}  // namespace honeyguide::sdk
