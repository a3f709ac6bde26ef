#include "cli/text_table.h"

#include <algorithm>

#include "base/strings.h"

namespace honeyguide::cli {
namespace {

constexpr std::size_t kCellColumnsMax = 40;

bool starts_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

std::size_t text_columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_code_point));
}

std::string clipped(std::string_view text, std::size_t columns) {
  if (text_columns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    if (starts_code_point(text[end]) && ++seen == columns) break;
    ++end;
  }
  return std::string(text.substr(0, end)) + "…";
}

TextTable::TextTable(std::vector<std::string> headings) {
  for (std::string& heading : headings) {
    right_.push_back(heading.starts_with('>'));
    headings_.push_back(right_.back() ? heading.substr(1) : std::move(heading));
  }
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  for (std::string& cell : cells) cell = clipped(base::strip_control(cell), kCellColumnsMax);
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(std::size_t width, std::size_t rows) const {
  const std::size_t shown = rows == 0 ? rows_.size() : std::min(rows, rows_.size());
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < headings_.size(); ++column) {
    std::size_t widest = text_columns(headings_[column]);
    for (std::size_t row = 0; row < shown; ++row) {
      widest = std::max(widest, text_columns(rows_[row][column]));
    }
    widths.push_back(widest);
  }
  const auto line_of = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::string gap(widths[column] - text_columns(cells[column]), ' ');
      if (column > 0) line += "  ";
      line += right_[column] ? gap + cells[column] : cells[column] + gap;
    }
    while (line.ends_with(' ')) line.pop_back();
    return (width == 0 ? line : clipped(line, width)) + "\n";
  };
  std::string out = line_of(headings_);
  for (std::size_t row = 0; row < shown; ++row) out += line_of(rows_[row]);
  return out;
}

}  // namespace honeyguide::cli
