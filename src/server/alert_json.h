// An alert as docs/reference/ui-api.md has it.
#pragma once

#include "alerts/alert.h"
#include "server/api_json.h"

namespace honeyguide::server {

// The object of an Alert. `group_count`: open alerts of its rule.
void write_alert(base::JsonWriter& json, const alerts::Alert& alert, const SlotOf& slots,
                 std::size_t group_count = 1, base::UnixNanos silence_ends = 0);
// The summary with the agents and the workflow that it names as parts.
Sentence alert_sentence(const alerts::Alert& alert);
// "firing", "silenced", "predicted", ...: the word of the page.
std::string_view alert_state_word(const alerts::Alert& alert);

}  // namespace honeyguide::server
