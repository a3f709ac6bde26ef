// Proves that copies outlive their source and the arena's own moves and chunk changes.
#include "base/arena.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace honeyguide::base {
namespace {

TEST(ArenaTest, CopiesStayValidAcrossChunksAndMoves) {
  Arena arena;
  std::vector<std::pair<std::string, std::string_view>> kept;
  for (int i = 0; i < 3000; ++i) {
    std::string text(static_cast<std::size_t>(i) % 97, static_cast<char>('a' + i % 26));
    if (i % 500 == 0) text.assign(20000, 'x');
    const std::string_view copy = arena.copy(text);
    kept.emplace_back(std::move(text), copy);
  }
  const Arena moved = std::move(arena);
  for (const auto& [text, copy] : kept) ASSERT_EQ(text, copy);
  EXPECT_GT(moved.size_bytes(), 120000u);
}

}  // namespace
}  // namespace honeyguide::base
