// What needs attention now, read from the agents' figures: deadlocks and loops.
#pragma once

#include <string>
#include <vector>

#include "engine/analytics.h"
#include "server/api_json.h"

namespace honeyguide::server {

// A loop that ended longer ago needs no attention any more.
inline constexpr std::int64_t kLoopAttentionNs = 15 * base::kNanosPerMinute;

struct AttentionItem {
  std::string id;
  std::string category;  // "deadlock", "loop"
  Sentence sentence;
  Sentence detail;
  std::vector<std::string> agents;
  std::string workflow;
  base::UnixNanos since = 0;
  std::string trace_id;
};

// Deadlocks first, then loops, newest first.
std::vector<AttentionItem> attention_items(engine::Analytics& analytics, store::TenantId tenant,
                                           base::UnixNanos now);
// As an Alert of kind "condition"; what an alerting module would add is null.
void write_attention_item(base::JsonWriter& json, const AttentionItem& item, const SlotOf& slot_of);

}  // namespace honeyguide::server
