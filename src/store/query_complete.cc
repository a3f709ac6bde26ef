#include "store/query_complete.h"

#include <algorithm>

namespace honeyguide::store {
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Byte offset of a character, at most the size of the text.
std::size_t byte_of(std::string_view text, std::size_t character) {
  std::size_t at = 0;
  while (at < text.size() && character > 0) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
    --character;
  }
  return at;
}

std::size_t character_of(std::string_view text, std::size_t byte) {
  return static_cast<std::size_t>(std::count_if(text.begin(),
                                                text.begin() + static_cast<std::ptrdiff_t>(byte),
                                                [](char c) { return !is_continuation(c); }));
}

bool is_operator(char c) {
  return c == ':' || c == '=' || c == '<' || c == '>' || c == '!' || c == '~';
}

bool ends_name(char c, bool traceql) {
  static constexpr std::string_view kTraceql = " \t\n\r{}()&|,=<>!~";
  static constexpr std::string_view kWords = " \t\n\r";
  return (traceql ? kTraceql : kWords).find(c) != std::string_view::npos;
}

// Where the word with the cursor begins: behind the last blank that stands in no quotes.
std::size_t word_begin(std::string_view before) {
  std::size_t begin = 0;
  char quote = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const char c = before[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"') ++i;
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '`') {
      quote = c;
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      begin = i + 1;
    }
  }
  return std::min(begin, before.size());
}

CompletionPlace place_of_word(std::string_view query, std::size_t at) {
  const std::string_view before = query.substr(0, at);
  std::size_t from = word_begin(before);
  if (from < at && before[from] == '-') ++from;
  std::size_t to = at;
  while (to < query.size() && !ends_name(query[to], false)) ++to;
  CompletionPlace place;
  const std::string_view word = before.substr(from);
  const std::size_t op = word.find_first_of(":=<>!");
  if (op != std::string_view::npos && word.front() != '"') {
    place.in_value = true;
    place.key = word.substr(0, op);
    std::size_t value = op;
    while (value < word.size() && is_operator(word[value])) ++value;
    const std::size_t comma = word.rfind(',');
    if (comma != std::string_view::npos && comma >= value) value = comma + 1;
    from += value;
  }
  place.written = before.substr(from);
  if (place.in_value && place.written.starts_with('"')) place.written.erase(0, 1);
  place.replace_from = character_of(query, from);
  place.replace_to = character_of(query, to);
  return place;
}

CompletionPlace place_of_traceql(std::string_view query, std::size_t at) {
  const std::string_view before = query.substr(0, at);
  CompletionPlace place;
  place.traceql = true;
  // A value: behind an operator, and blanks, and perhaps an opening quote.
  const bool open_quote = std::count(before.begin(), before.end(), '"') % 2 == 1;
  std::size_t from = at;
  if (open_quote) {
    from = before.rfind('"');
  } else {
    while (from > 0 && !ends_name(before[from - 1], true)) --from;
  }
  std::size_t op_end = from;
  while (op_end > 0 && before[op_end - 1] == ' ') --op_end;
  std::size_t op = op_end;
  while (op > 0 && (is_operator(before[op - 1]) && before[op - 1] != ':')) --op;
  if (op < op_end) {
    std::size_t key_end = op;
    while (key_end > 0 && before[key_end - 1] == ' ') --key_end;
    std::size_t key = key_end;
    while (key > 0 && !ends_name(before[key - 1], true)) --key;
    place.in_value = true;
    place.key = before.substr(key, key_end - key);
    for (const std::string_view scope :
         {"span.", "resource.", "event.", "link.", "instrumentation.", "."}) {
      if (!place.key.starts_with(scope)) continue;
      place.key.erase(0, scope.size());
      break;
    }
  }
  place.written = before.substr(from);
  if (place.written.starts_with('"')) place.written.erase(0, 1);
  std::size_t to = at;
  while (to < query.size() && (open_quote ? query[to] != '"' : !ends_name(query[to], true))) ++to;
  if (open_quote && to < query.size()) ++to;
  if (!place.in_value) {
    for (const std::string_view scope :
         {"span.", "resource.", "event.", "link.", "instrumentation.", "."}) {
      if (!place.written.starts_with(scope)) continue;
      place.scope = scope;
      place.written.erase(0, scope.size());
      break;
    }
  }
  place.replace_from = character_of(query, from);
  place.replace_to = character_of(query, to);
  return place;
}

}  // namespace

CompletionPlace completion_place(std::string_view query, std::size_t at) {
  const std::size_t byte = byte_of(query, at);
  const std::size_t first = query.find_first_not_of(" \t\n\r");
  const bool traceql = first != std::string_view::npos && query[first] == '{';
  return traceql ? place_of_traceql(query, byte) : place_of_word(query, byte);
}

std::vector<std::string_view> traceql_names() {
  return {"span.",    "resource.",     "event.",        "name",     "status",         "kind",
          "duration", "statusMessage", "traceDuration", "rootName", "rootServiceName"};
}

std::vector<std::string_view> fixed_values(std::string_view key) {
  if (key == "status" || key == "span:status") return {"ok", "error", "unset"};
  if (key == "kind" || key == "span:kind") {
    return {"server", "client", "internal", "producer", "consumer", "unspecified"};
  }
  return {};
}

std::string quoted_value(std::string_view value, bool always) {
  const bool plain = !value.empty() && value.find_first_of(" \t\n\r,\"`*\\") == value.npos;
  if (plain && !always) return std::string(value);
  std::string out = "\"";
  for (const char c : value) {
    switch (c) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '"':
      case '\\':
        out += '\\';
        [[fallthrough]];
      default:
        out += c;
    }
  }
  return out + '"';
}

}  // namespace honeyguide::store
