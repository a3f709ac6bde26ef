// Groups items under their resource and scope while they are written. Private to this module.
#pragma once

#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace honeyguide::otlp {

// Half-open run of positions in a list of rows.
struct RowRun {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Calls visit(run) for each longest run of rows, within `within`, for which same(first, other row)
// holds.
template <typename Same, typename Visit>
void each_run(std::span<const std::uint32_t> rows, RowRun within, Same same, Visit visit) {
  for (std::size_t begin = within.begin; begin < within.end;) {
    std::size_t end = begin + 1;
    while (end < within.end && same(rows[begin], rows[end])) ++end;
    visit(RowRun{begin, end});
    begin = end;
  }
}

// 0, 1, ... count - 1.
inline std::vector<std::uint32_t> all_rows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

}  // namespace honeyguide::otlp
