#include "server/attention.h"

#include <algorithm>

namespace honeyguide::server {
namespace {

using base::JsonWriter;

// Agents that wait for each other in a ring: since the youngest wait closed it.
AttentionItem deadlock_item(const std::vector<std::string>& ring,
                            const agents::DependencyReport& report) {
  AttentionItem item;
  item.id = "deadlock-" + ring.front();
  item.category = "deadlock";
  item.agents = ring;
  for (std::size_t i = 0; i < ring.size(); ++i) {
    if (i > 0) item.sentence.text(" \xe2\x86\x92 ");
    item.sentence.agent(ring[i]);
    for (const agents::WaitRow& wait : report.waiting) {
      if (wait.consumer == ring[i] && wait.producer == ring[(i + 1) % ring.size()]) {
        item.since = std::max(item.since, wait.since);
        item.trace_id = wait.span.trace_id.to_hex();
      }
    }
  }
  item.sentence.text(" wait on each other");
  item.detail.text("a deadlock: none of them can go on");
  return item;
}

AttentionItem loop_item(const agents::LoopRow& row) {
  AttentionItem item;
  item.id = "loop-" + row.run_id;
  item.category = "loop";
  item.agents = {row.loop.agent};
  item.workflow = row.workflow;
  item.since = row.loop.start;
  item.sentence.agent(row.loop.agent).text(" repeats ");
  item.sentence.code(row.loop.tool.empty() ? row.loop.peer : row.loop.tool);
  item.detail.number(static_cast<double>(row.loop.repeats)).text(" calls, " + row.loop.evidence);
  if (!row.loop.trace_ids.empty()) item.trace_id = row.loop.trace_ids.front().to_hex();
  return item;
}

}  // namespace

std::vector<AttentionItem> attention_items(engine::Analytics& analytics, store::TenantId tenant,
                                           base::UnixNanos now) {
  std::vector<AttentionItem> items;
  analytics.read(tenant, now, [&](const agents::AgentMetrics& metrics) {
    const auto dependencies = metrics.dependencies(agents::Window::kHour, now);
    for (const auto& ring : dependencies.deadlocks) {
      items.push_back(deadlock_item(ring, dependencies));
    }
    for (const agents::LoopRow& row : metrics.loops()) {
      if (row.loop.progress || now - row.loop.end > kLoopAttentionNs) continue;
      items.push_back(loop_item(row));
    }
  });
  return items;
}

void write_attention_item(JsonWriter& json, const AttentionItem& item, const SlotOf& slot_of) {
  json.begin_object().field("id", item.id).field("kind", "condition");
  json.field("severity", "critical").field("state", "firing").field("category", item.category);
  json.field("rule", item.category).key("sentence");
  item.sentence.write(json, slot_of);
  json.key("detail");
  item.detail.write(json, slot_of);
  json.key("agents").begin_array();
  for (const std::string& agent : item.agents) write_agent(json, agent, slot_of);
  json.end_array();
  write_text(json, "workflow", item.workflow);
  json.key("since_unix_ns").value_as_string(item.since);
  json.key("resolved_unix_ns").null().key("measure").null().key("impact").begin_object();
  for (const char* name : {"cost_usd", "cost_per_h_usd", "cost_per_h_usual_usd", "runs_blocked",
                           "throughput_change_per_h"}) {
    json.key(name).null();
  }
  json.end_object();
  for (const char* name : {"prediction", "action", "acknowledged", "assigned_to", "escalation",
                           "silence", "caused_by"}) {
    json.key(name).null();
  }
  json.field("group_count", 1).key("evidence");
  if (item.trace_id.empty()) {
    json.null();
  } else {
    json.begin_object().field("trace_id", item.trace_id).key("span_id").null().end_object();
  }
  json.end_object();
}

}  // namespace honeyguide::server
