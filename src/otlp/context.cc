#include "otlp/context.h"

#include <algorithm>

#include "base/strings.h"
#include "otlp/text.h"

namespace honeyguide::otlp {
namespace {

constexpr std::size_t kTraceParentSize = 55;  // version 00
constexpr std::uint8_t kKnownFlags = 3;
constexpr std::size_t kTraceStateKeyMax = 256;
constexpr std::size_t kTraceStateValueMax = 256;

std::string_view trim_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

int hex_value(char c) {
  return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}
bool is_hex(char c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
std::uint8_t hex_byte(std::string_view two) {
  return static_cast<std::uint8_t>(hex_value(two[0]) << 4 | hex_value(two[1]));
}

bool is_key_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' ||
         c == '/';
}

// Level 2's rule: begins with a letter or digit, at most one '@' and not at an end, 256 in all.
bool is_tracestate_key(std::string_view key) {
  if (key.empty() || key.size() > kTraceStateKeyMax) return false;
  if (!is_key_char(key.front()) || std::string_view("_-*/").find(key.front()) != key.npos) {
    return false;
  }
  const std::size_t at = key.find('@');
  if (at == key.npos) return std::all_of(key.begin(), key.end(), is_key_char);
  const std::string_view tenant = key.substr(0, at);
  const std::string_view system = key.substr(at + 1);
  return !system.empty() && std::all_of(tenant.begin(), tenant.end(), is_key_char) &&
         std::all_of(system.begin(), system.end(), is_key_char);
}

// Printable ASCII but ',' and '=', no space at the end.
bool is_tracestate_value(std::string_view value) {
  if (value.empty() || value.size() > kTraceStateValueMax || value.back() == ' ') return false;
  return std::all_of(value.begin(), value.end(),
                     [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

// RFC 7230's token.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// What a baggage value may hold unencoded.
bool is_baggage_octet(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

std::string percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2])) {
      out.push_back(static_cast<char>(hex_byte(text.substr(i + 1, 2))));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return is_utf8_fast(out) ? out : repair_utf8(out);
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_baggage_octet(c) && c != '%') {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<std::uint8_t>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

std::optional<BaggageEntry> parse_baggage_member(std::string_view member) {
  const std::size_t equals = member.find('=');
  if (equals == member.npos) return std::nullopt;
  BaggageEntry entry;
  entry.key = std::string(trim_blanks(member.substr(0, equals)));
  if (!is_token(entry.key)) return std::nullopt;
  std::string_view value = member.substr(equals + 1);
  if (const std::size_t semicolon = value.find(';'); semicolon != value.npos) {
    entry.metadata = std::string(trim_blanks(value.substr(semicolon + 1)));
    value = value.substr(0, semicolon);
  }
  value = trim_blanks(value);
  if (!std::all_of(value.begin(), value.end(), is_baggage_octet)) return std::nullopt;
  entry.value = percent_decode(value);
  return entry;
}

// Properties are passed on as they came, so they must be harmless in a header.
bool is_metadata(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0x20 && c < 0x7f && c != ',') || c == '\t'; });
}

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view header) {
  const std::string_view text = trim_blanks(header);
  if (text.size() < kTraceParentSize || text[2] != '-' || text[35] != '-' || text[52] != '-') {
    return std::nullopt;
  }
  const std::string_view version = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  if (!is_lower_hex(version) || version == "ff" || !is_lower_hex(text.substr(3, 32)) ||
      !is_lower_hex(text.substr(36, 16)) || !is_lower_hex(flags)) {
    return std::nullopt;
  }
  if (text.size() > kTraceParentSize && (version == "00" || text[kTraceParentSize] != '-')) {
    return std::nullopt;
  }
  TraceParent parent;
  parent.trace_id = *base::TraceId::from_hex(text.substr(3, 32));
  parent.span_id = *base::SpanId::from_hex(text.substr(36, 16));
  parent.flags = hex_byte(flags);
  if (!parent.trace_id.valid() || !parent.span_id.valid()) return std::nullopt;
  return parent;
}

std::string format_traceparent(const TraceParent& parent) {
  std::string out = "00-" + parent.trace_id.to_hex() + "-" + parent.span_id.to_hex() + "-0";
  out.push_back(static_cast<char>('0' + (parent.flags & kKnownFlags)));
  return out;
}

std::optional<TraceState> parse_tracestate(std::string_view header) {
  TraceState state;
  for (const std::string_view piece : base::split(header, ',')) {
    const std::string_view member = trim_blanks(piece);
    if (member.empty()) continue;
    const std::size_t equals = member.find('=');
    if (equals == member.npos) return std::nullopt;
    const std::string_view key = member.substr(0, equals);
    const std::string_view value = member.substr(equals + 1);
    if (!is_tracestate_key(key) || !is_tracestate_value(value)) return std::nullopt;
    for (const auto& [known, unused] : state) {
      if (known == key) return std::nullopt;
    }
    if (state.size() == kTraceStateMembersMax) return std::nullopt;
    state.emplace_back(key, value);
  }
  return state;
}

std::string format_tracestate(const TraceState& state) {
  std::string out;
  for (const auto& [key, value] : state) {
    if (!out.empty()) out.push_back(',');
    out += key + "=" + value;
  }
  return out;
}

bool update_tracestate(TraceState& state, std::string_view key, std::string_view value) {
  if (!is_tracestate_key(key) || !is_tracestate_value(value)) return false;
  std::erase_if(state, [&](const auto& member) { return member.first == key; });
  state.emplace(state.begin(), key, value);
  if (state.size() > kTraceStateMembersMax) state.resize(kTraceStateMembersMax);
  return true;
}

std::vector<BaggageEntry> parse_baggage(std::string_view header) {
  std::vector<BaggageEntry> entries;
  std::size_t bytes = 0;
  for (const std::string_view piece : base::split(header, ',')) {
    bytes += piece.size() + 1;
    if (bytes > kBaggageBytesMax + 1) break;
    auto entry = parse_baggage_member(piece);
    if (!entry) continue;
    const auto known = std::find_if(entries.begin(), entries.end(), [&](const BaggageEntry& other) {
      return other.key == entry->key;
    });
    if (known != entries.end()) {
      *known = std::move(*entry);
    } else if (entries.size() < kBaggageEntriesMax) {
      entries.push_back(std::move(*entry));
    }
  }
  return entries;
}

std::string format_baggage(const std::vector<BaggageEntry>& entries) {
  std::string out;
  std::size_t count = 0;
  for (const BaggageEntry& entry : entries) {
    if (!is_token(entry.key) || count == kBaggageEntriesMax) continue;
    std::string member = entry.key + "=" + percent_encode(entry.value);
    if (!entry.metadata.empty() && is_metadata(entry.metadata)) member += ";" + entry.metadata;
    const std::size_t comma = out.empty() ? 0 : 1;
    if (out.size() + comma + member.size() > kBaggageBytesMax) continue;
    if (comma != 0) out.push_back(',');
    out += member;
    ++count;
  }
  return out;
}

}  // namespace honeyguide::otlp
