#include "store/query_text.h"

namespace honeyguide::store {

void QueryText::skip_spaces() {
  while (!at_end() && std::string_view(" \t\r\n").find(peek()) != std::string_view::npos) {
    advance();
  }
}

bool QueryText::take(std::string_view token) {
  if (text_.substr(std::min(at_, text_.size()), token.size()) != token) return false;
  at_ += token.size();
  return true;
}

base::Error QueryText::error_at(std::size_t position, std::string_view message) const {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i < position && i < text_.size(); ++i) {
    if (text_[i] == '\n') {
      ++line;
      column = 1;
    } else if ((static_cast<unsigned char>(text_[i]) & 0xc0) != 0x80) {
      ++column;  // a byte that begins a character
    }
  }
  return {
      base::ErrorCode::kInvalidArgument,
      "error " + std::to_string(line) + ":" + std::to_string(column) + ": " + std::string(message)};
}

base::Result<std::string> QueryText::quoted() {
  const std::size_t begin = at_;
  const char quote = peek();
  advance();
  std::string out;
  for (; !at_end() && peek() != quote; advance()) {
    if (quote == '`' || peek() != '\\') {
      out.push_back(peek());
      continue;
    }
    advance();
    switch (peek()) {
      case '"':
      case '\\':
        out.push_back(peek());
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'r':
        out.push_back('\r');
        break;
      default:
        return error_at(at_ - 1, "unknown escape; write \\\\ for a backslash");
    }
  }
  if (at_end()) return error_at(begin, "the string does not end");
  advance();
  return out;
}

std::optional<Op> take_operator(QueryText& text) {
  struct Spelling {
    std::string_view text;
    Op op;
  };
  static constexpr Spelling kSpellings[] = {
      {"=~", Op::kMatches},      {"!~", Op::kNotMatches}, {"!=", Op::kNotEqual},
      {">=", Op::kGreaterEqual}, {"<=", Op::kLessEqual},  {"=", Op::kEqual},
      {">", Op::kGreater},       {"<", Op::kLess},
  };
  for (const Spelling& spelling : kSpellings) {
    if (text.take(spelling.text)) return spelling.op;
  }
  return std::nullopt;
}

}  // namespace honeyguide::store
