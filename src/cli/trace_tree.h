// A trace as a tree of lines for a terminal.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace honeyguide::cli {

// `otlp` is OTLP JSON ({"resourceSpans":[…]}) of one trace. One line a span, children below their
// parent by start; spans whose parent is missing stand at the top, marked. Terminal escapes in
// names are removed.
std::string format_trace_tree(const nlohmann::json& otlp, bool attributes);

}  // namespace honeyguide::cli
