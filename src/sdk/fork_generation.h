// How often this process was forked off while the library was loaded. Threads of ours do not
// survive a fork, and locks may be held by threads that do not exist any more, so whoever owns
// threads compares generations and starts anew. Nothing happens in the fork handler but a count.
#pragma once

#include <cstdint>

namespace honeyguide::sdk {

// 0 in a process that was never forked since the first call.
std::uint32_t fork_generation();

}  // namespace honeyguide::sdk
