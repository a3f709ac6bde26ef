// Text helpers that more than one module needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::base {

// ASCII only; other bytes stay.
std::string to_lower(std::string_view text);
bool equals_ignore_case(std::string_view a, std::string_view b);

// Without leading and trailing spaces, tabs, CR and LF.
std::string_view trim(std::string_view text);

// "a,b,,c" by ',' gives 4 pieces; an empty text gives one empty piece.
std::vector<std::string_view> split(std::string_view text, char separator);

// The whole text as a decimal number, else nothing (also on overflow, spaces, a leading '+').
std::optional<std::int64_t> parse_int64(std::string_view text);
std::optional<std::uint64_t> parse_uint64(std::string_view text);
// The whole text as a finite decimal floating-point number, else nothing. Ignores the locale.
std::optional<double> parse_double(std::string_view text);

// A duration as Go writes it ("1h30m", "1.5s", "-2ms", units ns us µs ms s m h, "0" alone), in
// nanoseconds; nothing on malformed text or overflow. Also "d" for 24 hours, which Go lacks.
std::optional<std::int64_t> parse_duration_ns(std::string_view text);

// "1.5ms", "2m3s": the shortest unit that reads well, for people. Not for machines.
std::string format_duration_ns(std::int64_t ns);

// The shortest decimal that reads back to the same double; "NaN", "Inf", "-Inf" as Prometheus
// writes them.
std::string format_double(double value);

// True if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

// `text` as a JSON string, quotes included. Malformed UTF-8 becomes U+FFFD; control characters,
// quote and backslash are escaped.
std::string json_quote(std::string_view text);
void append_json_quoted(std::string& out, std::string_view text);

// Removes control characters and terminal escapes, for printing foreign text to a terminal. Keeps
// tab and newline only if `keep_layout`.
std::string strip_control(std::string_view text, bool keep_layout = false);

}  // namespace honeyguide::base
