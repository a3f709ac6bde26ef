// The grammars of HTTP on any text: paths, parameters, media types, negotiation, dates, addresses.
// What is understood means the same when it is written again.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "net/http_text.h"

namespace {

using namespace honeyguide;

void check_paths(std::string_view text) {
  if (const auto segments = net::path_segments(text)) {
    std::string again;
    for (const std::string& segment : *segments) again += "/" + net::percent_encode(segment);
    HG_CHECK(net::path_segments(again) == segments);
  }
  HG_CHECK(net::percent_decode(net::percent_encode(text)) == text);
}

void check_params(std::string_view text) {
  const auto params = net::QueryParams::parse(text);
  if (!params) return;
  HG_CHECK(params->all().size() <= net::QueryParams::kParamCountMax);
  for (const auto& [name, value] : params->all()) {
    HG_CHECK(params->get(name).has_value());
    HG_CHECK(!params->get_all(name).empty());
  }
}

void check_negotiation(std::string_view text) {
  const double quality = net::accept_quality(text, "application/json");
  HG_CHECK(quality >= 0 && quality <= 1);
  const std::string_view chosen = net::negotiate(text, {"text/html", "application/json"});
  HG_CHECK(chosen.empty() || chosen == "text/html" || chosen == "application/json");
  net::accepts_encoding(text, "gzip");
  if (const auto media = net::parse_media_type(text)) {
    HG_CHECK(media->type.find('/') != std::string::npos);
  }
}

void check_addresses(std::string_view text) {
  if (const auto seconds = net::parse_http_date(text)) {
    HG_CHECK(net::parse_http_date(net::format_http_date(*seconds)) == seconds);
  }
  net::parse_host_port(text);
  if (const auto url = net::parse_url(text)) {
    HG_CHECK(!url->host.empty() && url->target.starts_with('/'));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_paths(text);
  check_params(text);
  check_negotiation(text);
  check_addresses(text);
  return 0;
}
