// The slow twin of the OTLP decoders: libprotobuf parses, and the rules of otlp/decode.h are
// applied to its messages one by one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace honeyguide::otlp::oracle {

// Every kept item as text, with its resource and scope, in order; nothing if libprotobuf refuses
// the body. Two bodies that say the same have the same items.
std::optional<std::vector<std::string>> trace_items(std::string_view body);
std::optional<std::vector<std::string>> log_items(std::string_view body);
std::optional<std::vector<std::string>> metric_items(std::string_view body);

}  // namespace honeyguide::otlp::oracle
