// The text of a query while it is read. Private to the search language.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/query.h"

namespace honeyguide::store {

class QueryText {
 public:
  explicit QueryText(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  // The byte `ahead` of the next one, '\0' past the end.
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  std::size_t position() const { return at_; }
  void seek(std::size_t position) { at_ = position; }
  void advance(std::size_t bytes = 1) { at_ += bytes; }
  std::string_view slice(std::size_t begin) const { return text_.substr(begin, at_ - begin); }
  void skip_spaces();
  // Takes `token` if it stands next.
  bool take(std::string_view token);

  // "error LINE:COLUMN: message" for the character at byte `position`.
  base::Error error_at(std::size_t position, std::string_view message) const;
  base::Error error(std::string_view message) const { return error_at(at_, message); }

  // A string in quotes: "..." with escapes \" \\ \n \t \r, or `...` as it stands. The next
  // character must be one of the quotes.
  base::Result<std::string> quoted();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

// One of = != =~ !~ >= > <= <, longest first; nothing if none stands next.
std::optional<Op> take_operator(QueryText& text);

// The parsers of the two spellings.
struct Query;
base::Result<Query> parse_traceql(std::string_view text);
base::Result<Query> parse_words(std::string_view text);

}  // namespace honeyguide::store
