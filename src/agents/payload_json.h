// JSON inside attributes as a document, for the files that read it. Internal to agents.
#pragma once

#include <optional>
#include <string_view>

#include <rapidjson/document.h>

namespace honeyguide::agents {

// Nothing for text that is no JSON object, array or string, is larger than kPayloadBytesMax, or
// nests deeper than kJsonDepthMax.
std::optional<rapidjson::Document> parse_payload(std::string_view text);

}  // namespace honeyguide::agents
