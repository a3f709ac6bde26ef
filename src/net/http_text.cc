#include "net/http_text.h"

#include <algorithm>
#include <cstdio>

#include "base/strings.h"

namespace honeyguide::net {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// RFC 9110 5.6.2.
bool is_token_char(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// Splits at `separator` outside double quotes; each piece trimmed.
std::vector<std::string_view> split_quoted(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || (text[i] == separator && !quoted)) {
      pieces.push_back(base::trim(text.substr(begin, i - begin)));
      begin = i + 1;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == '\\' && quoted && i + 1 < text.size()) {
      ++i;
    }
  }
  return pieces;
}

// A token or a quoted string, unquoted.
std::optional<std::string> parameter_value(std::string_view text) {
  if (text.size() < 2 || text.front() != '"') {
    return is_token(text) ? std::optional(std::string(text)) : std::nullopt;
  }
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1 == text.size() ? std::optional(out) : std::nullopt;
    if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
    out.push_back(text[i]);
  }
  return std::nullopt;
}

// The q of one element's parameters: 1 if absent, negative if malformed.
double quality_of(const std::vector<std::string_view>& pieces) {
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    const std::string_view piece = pieces[i];
    if (piece.size() < 2 || (piece[0] != 'q' && piece[0] != 'Q')) continue;
    const std::size_t equals = piece.find('=');
    if (equals == std::string_view::npos || !base::trim(piece.substr(1, equals - 1)).empty()) {
      continue;
    }
    const auto value = base::parse_double(base::trim(piece.substr(equals + 1)));
    return value && *value >= 0 && *value <= 1 ? *value : -1;
  }
  return 1;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out.push_back(' ');
      continue;
    }
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.push_back('%');
      out.push_back(kDigits[byte >> 4]);
      out.push_back(kDigits[byte & 15]);
    }
  }
  return out;
}

std::optional<std::vector<std::string>> path_segments(std::string_view path) {
  if (path.empty() || path[0] != '/') return std::nullopt;
  std::vector<std::string> segments;
  for (const auto& piece : base::split(path.substr(1), '/')) {
    auto segment = percent_decode(piece);
    if (!segment || *segment == "." || *segment == "..") return std::nullopt;
    if (segment->find('\0') != std::string::npos) return std::nullopt;
    segments.push_back(std::move(*segment));
  }
  return segments;
}

std::optional<QueryParams> QueryParams::parse(std::string_view query) {
  QueryParams out;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view piece = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (piece.empty()) continue;
    if (out.params_.size() == kParamCountMax) return std::nullopt;
    const std::size_t equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                  : percent_decode(piece.substr(equals + 1), true);
    if (!name || !value) return std::nullopt;
    out.params_.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::optional<std::string_view> QueryParams::get(std::string_view name) const {
  for (const auto& [key, value] : params_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> QueryParams::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : params_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string_view MediaType::param(std::string_view name) const {
  for (const auto& [key, value] : params) {
    if (base::equals_ignore_case(key, name)) return value;
  }
  return {};
}

std::optional<MediaType> parse_media_type(std::string_view text) {
  const auto pieces = split_quoted(text, ';');
  const std::size_t slash = pieces[0].find('/');
  if (slash == std::string_view::npos || !is_token(pieces[0].substr(0, slash)) ||
      !is_token(pieces[0].substr(slash + 1))) {
    return std::nullopt;
  }
  MediaType media;
  media.type = base::to_lower(pieces[0]);
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i].empty()) continue;
    const std::size_t equals = pieces[i].find('=');
    if (equals == std::string_view::npos || !is_token(pieces[i].substr(0, equals))) {
      return std::nullopt;
    }
    auto value = parameter_value(pieces[i].substr(equals + 1));
    if (!value) return std::nullopt;
    media.params.emplace_back(base::to_lower(pieces[i].substr(0, equals)), std::move(*value));
  }
  return media;
}

double accept_quality(std::string_view accept, std::string_view type) {
  if (base::trim(accept).empty()) return 1;
  const std::string wanted = base::to_lower(type);
  const std::string family = wanted.substr(0, wanted.find('/')) + "/*";
  double quality = 0;
  int best = 0;
  for (const std::string_view element : split_quoted(accept, ',')) {
    const auto pieces = split_quoted(element, ';');
    const std::string range = base::to_lower(pieces[0]);
    const int rank = range == wanted ? 3 : (range == family ? 2 : (range == "*/*" ? 1 : 0));
    const double q = quality_of(pieces);
    if (rank == 0 || q < 0 || rank < best) continue;
    quality = rank > best ? q : std::max(quality, q);
    best = rank;
  }
  return quality;
}

std::string_view negotiate(std::string_view accept, const std::vector<std::string_view>& offers) {
  std::string_view chosen;
  double best = 0;
  for (const std::string_view offer : offers) {
    const double quality = accept_quality(accept, offer);
    if (quality > best) {
      best = quality;
      chosen = offer;
    }
  }
  return chosen;
}

bool accepts_encoding(std::string_view accept_encoding, std::string_view coding) {
  for (const std::string_view element : split_quoted(accept_encoding, ',')) {
    const auto pieces = split_quoted(element, ';');
    if (base::equals_ignore_case(pieces[0], coding)) return quality_of(pieces) > 0;
  }
  return false;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort out;
  std::string_view rest;
  if (!text.empty() && text[0] == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    out.host = std::string(text.substr(1, end - 1));
    if (out.host.find_first_not_of("0123456789abcdefABCDEF:.%") != std::string::npos) {
      return std::nullopt;
    }
    rest = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    out.host = std::string(text.substr(0, colon));
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    constexpr std::string_view kAllowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (out.host.find_first_not_of(kAllowed) != std::string::npos) return std::nullopt;
  }
  if (out.host.empty()) return std::nullopt;
  if (rest.empty()) return out;
  const auto port = rest[0] == ':' ? base::parse_uint64(rest.substr(1)) : std::nullopt;
  if (!port || *port > 65535) return std::nullopt;
  out.port = static_cast<std::uint16_t>(*port);
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#' || c == '\\') {
      return std::nullopt;
    }
  }
  const std::size_t scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  const std::string scheme = base::to_lower(text.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  std::string_view rest = text.substr(scheme_end + 3);
  const std::size_t host_end = rest.find_first_of("/?");
  const auto host = parse_host_port(rest.substr(0, host_end));
  if (!host) return std::nullopt;
  Url url;
  url.https = scheme == "https";
  url.host = host->host;
  url.port = host->port != 0 ? host->port : static_cast<std::uint16_t>(url.https ? 443 : 80);
  rest = host_end == std::string_view::npos ? std::string_view{} : rest.substr(host_end);
  url.target = rest.empty() || rest[0] == '?' ? "/" + std::string(rest) : std::string(rest);
  return url;
}

}  // namespace honeyguide::net
