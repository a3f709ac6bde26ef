// Tables for people: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::cli {

class TextTable {
 public:
  // A heading that starts with '>' makes a column of numbers.
  explicit TextTable(std::vector<std::string> headings);

  // Cells beyond the headings are left out; control characters are removed.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Lines of at most `width` columns (0: no limit), of at most `rows` rows (0: all) below the
  // headings; each ends in '\n'. Cells of more than 40 columns end in "…".
  std::string text(std::size_t width = 0, std::size_t rows = 0) const;

 private:
  std::vector<std::string> headings_;
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

// Columns that a text takes: code points, which is right for all but wide East Asian characters.
std::size_t text_columns(std::string_view text);
// At most `columns` columns; what is cut ends in "…".
std::string clipped(std::string_view text, std::size_t columns);

}  // namespace honeyguide::cli
