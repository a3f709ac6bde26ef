// The small grammars of HTTP: percent-encoding, query strings, media types, content negotiation.
// Pure functions on hostile input; none throws, all are linear in the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace honeyguide::net {

// Undoes %XX. Nothing on a malformed escape. With `plus_is_space`, '+' becomes a space (queries and
// forms, not paths).
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);

// Escapes all but unreserved characters (RFC 3986: letters, digits, "-._~").
std::string percent_encode(std::string_view text);

// "/a/b%2Fc/" -> {"a", "b/c", ""}: split at '/' first, decoded after, so an encoded slash stays
// inside its segment. Nothing if it does not start with '/', an escape is malformed, or a decoded
// segment is "." or ".." or contains NUL.
std::optional<std::vector<std::string>> path_segments(std::string_view path);

// A decoded query string, in order, duplicates kept.
class QueryParams {
 public:
  static constexpr std::size_t kParamCountMax = 256;

  // Nothing on a malformed escape or more than kParamCountMax parameters. "a&b=" gives both with
  // empty values.
  static std::optional<QueryParams> parse(std::string_view query);

  // The first value, if the name is there.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> get_all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return params_; }

 private:
  std::vector<std::pair<std::string, std::string>> params_;
};

// "Application/JSON; charset=utf-8" -> type "application/json", {("charset", "utf-8")}.
struct MediaType {
  std::string type;                                         // lower case, "type/subtype"
  std::vector<std::pair<std::string, std::string>> params;  // names lower case, values unquoted

  // The value of a parameter, or empty.
  std::string_view param(std::string_view name) const;
};

// Nothing on malformed text (RFC 9110 8.3.1).
std::optional<MediaType> parse_media_type(std::string_view text);

// The quality (0 to 1) that an Accept header gives `type` ("text/html"): the most specific match
// wins; an empty header accepts everything with 1. Malformed elements are skipped.
double accept_quality(std::string_view accept, std::string_view type);

// The first of `offers` with the highest quality above 0, or empty if none is acceptable.
std::string_view negotiate(std::string_view accept, const std::vector<std::string_view>& offers);

// True if an Accept-Encoding header asks for `coding` by name with q > 0 ("*" is not asking).
bool accepts_encoding(std::string_view accept_encoding, std::string_view coding);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string format_http_date(std::int64_t unix_seconds);
// The same form only (IMF-fixdate); nothing on anything else.
std::optional<std::int64_t> parse_http_date(std::string_view text);

// "host", "host:port", "[v6]:port" split; nothing if malformed. Port 0 if absent.
struct HostPort {
  std::string host;  // without brackets
  std::uint16_t port = 0;
};
std::optional<HostPort> parse_host_port(std::string_view text);

// An absolute http or https URL. Nothing on another scheme, user info, fragment, empty host,
// control characters or spaces.
struct Url {
  bool https = false;
  std::string host;        // without brackets
  std::uint16_t port = 0;  // 80 or 443 when absent
  std::string target;      // path and query, at least "/"
};
std::optional<Url> parse_url(std::string_view text);

}  // namespace honeyguide::net
