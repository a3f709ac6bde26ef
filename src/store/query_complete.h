// What a half-written query could go on with: the word at the cursor, and which names fit it.
// Pure; values come from whoever asks, who knows the data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::store {

// Positions count characters (code points) from 0, as an input field does.
struct CompletionPlace {
  std::size_t replace_from = 0;
  std::size_t replace_to = 0;  // half-open
  bool in_value = false;       // behind `key` and an operator
  std::string key;             // the key whose value is written; TraceQL: without its scope
  std::string written;         // what stands between replace_from and the cursor
  bool traceql = false;
  std::string scope;  // TraceQL: "span.", "resource.", ".": what stands before the name
};

// `at` beyond the text counts as its end.
CompletionPlace completion_place(std::string_view query, std::size_t at);

// The short keys of filter words, and TraceQL's names of its own, in the order of the reference.
std::vector<std::string_view> word_keys();
std::vector<std::string_view> traceql_names();
// The attributes that a short key stands for; empty for one that reads a field of the span.
std::vector<std::string_view> attributes_of_word(std::string_view key);

// The values that a key can only have ("status": ok, error, unset); empty for all others.
std::vector<std::string_view> fixed_values(std::string_view key);

// `value` as it must be written behind a key: in quotes where it holds spaces, commas or quotes, or
// always (TraceQL).
std::string quoted_value(std::string_view value, bool always);

}  // namespace honeyguide::store
