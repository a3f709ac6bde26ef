#include "agents/fact.h"

#include <iterator>
#include <tuple>

#include "base/bytes.h"

namespace honeyguide::agents {
namespace {

using base::ByteReader;

void put_calls(std::string& out, const std::vector<PlannedCall>& calls) {
  base::put_varint(out, calls.size());
  for (const PlannedCall& call : calls) {
    base::put_fixed(out, call.call_id);
    base::put_fixed(out, call.arguments_hash);
    base::put_bytes(out, call.name);
    base::put_bytes(out, call.target);
  }
}

void put_hashes(std::string& out, const std::vector<std::uint64_t>& hashes) {
  base::put_varint(out, hashes.size());
  for (const std::uint64_t hash : hashes) base::put_fixed(out, hash);
}

// A count that cannot exceed what the rest of the buffer could hold.
std::size_t take_count(ByteReader& in, std::size_t bytes_each) {
  const std::uint64_t count = in.varint();
  return count <= in.remaining() / bytes_each ? static_cast<std::size_t>(count) : 0;
}

std::vector<PlannedCall> take_calls(ByteReader& in) {
  std::vector<PlannedCall> calls(take_count(in, 18));
  for (PlannedCall& call : calls) {
    call.call_id = in.fixed<std::uint64_t>();
    call.arguments_hash = in.fixed<std::uint64_t>();
    call.name = in.bytes();
    call.target = in.bytes();
  }
  return calls;
}

std::vector<std::uint64_t> take_hashes(ByteReader& in) {
  std::vector<std::uint64_t> hashes(take_count(in, 8));
  for (std::uint64_t& hash : hashes) hash = in.fixed<std::uint64_t>();
  return hashes;
}

// The plain numbers, in one block: written and read by the same list.
template <typename Fact, typename Visit>
void visit_numbers(Fact& fact, Visit&& visit) {
  visit(fact.trace_id.bytes);
  visit(fact.span_id.bytes);
  visit(fact.parent_id.bytes);
  visit(fact.start);
  visit(fact.end);
  visit(fact.content.low);
  visit(fact.content.high);
  visit(fact.attribute_count);
  visit(fact.rule);
  visit(fact.role);
  visit(fact.convention);
  visit(fact.status);
  visit(fact.kind);
  visit(fact.finish);
  visit(fact.confidence_percent);
  visit(fact.speaks);
  visit(fact.has_model);
  visit(fact.error);
  visit(fact.limit_error);
  visit(fact.control_error);
  visit(fact.has_final_text);
  visit(fact.litellm_counting);
  visit(fact.input_tokens);
  visit(fact.output_tokens);
  visit(fact.cached_tokens);
  visit(fact.reasoning_tokens);
  visit(fact.cost_micro_usd);
  visit(fact.conflict_opened_at);
  visit(fact.conflict_resolved);
  visit(fact.arguments_hash);
  visit(fact.result_hash);
  visit(fact.call_id);
  visit(fact.response_id);
}

void put_message(std::string& out, const MessageFact& message) {
  base::put_fixed(out, message.id);
  base::put_fixed(out, message.time);
  base::put_fixed(out, message.input_tokens);
  base::put_fixed(out, message.output_tokens);
  base::put_bytes(out, message.from);
  base::put_bytes(out, message.to);
  base::put_bytes(out, message.kind);
  put_calls(out, message.calls);
  put_hashes(out, message.answered_calls);
  put_hashes(out, message.results);
}

MessageFact take_message(ByteReader& in) {
  MessageFact message;
  message.id = in.fixed<std::uint64_t>();
  message.time = in.fixed<base::UnixNanos>();
  message.input_tokens = in.fixed<std::int64_t>();
  message.output_tokens = in.fixed<std::int64_t>();
  message.from = in.bytes();
  message.to = in.bytes();
  message.kind = in.bytes();
  message.calls = take_calls(in);
  message.answered_calls = take_hashes(in);
  message.results = take_hashes(in);
  return message;
}

}  // namespace

std::string_view role_name(Role role) {
  static constexpr std::string_view kNames[] = {
      "none",     "agent", "create_agent", "model_call", "model_wrapper", "tool",     "handoff",
      "workflow", "task",  "step",         "message",    "selection",     "conflict", "dependency"};
  const auto index = static_cast<std::size_t>(role);
  return index < std::size(kNames) ? kNames[index] : kNames[0];
}

std::string_view convention_name(Convention convention) {
  static constexpr std::string_view kNames[] = {
      "none",       "honeyguide",      "gen_ai",  "openinference", "openllmetry", "openlit",
      "langfuse",   "vercel_ai",       "mlflow",  "langsmith",     "pydantic_ai", "agentops",
      "adk",        "agent_framework", "autogen", "ag2",           "strands",     "crewai",
      "llamaindex", "smolagents",      "agno",    "mastra",        "a2a",         "mcp",
      "langgraph"};
  const auto index = static_cast<std::size_t>(convention);
  return index < std::size(kNames) ? kNames[index] : kNames[0];
}

void TextFields::set(Text tag, std::string_view text) {
  if (text.empty()) return;
  text = text.substr(0, kTextBytesMax);
  if (get(tag).empty()) {  // the usual case: nothing to replace
    base::put_fixed(packed_, tag);
    base::put_bytes(packed_, text);
    return;
  }
  std::string next;
  ByteReader in(packed_);
  while (!in.at_end()) {
    const auto other = in.fixed<Text>();
    const std::string_view value = in.bytes();
    if (other == tag) continue;
    base::put_fixed(next, other);
    base::put_bytes(next, value);
  }
  base::put_fixed(next, tag);
  base::put_bytes(next, text);
  packed_ = std::move(next);
}

std::string_view TextFields::get(Text tag) const {
  ByteReader in(packed_);
  while (!in.at_end()) {
    const auto other = in.fixed<Text>();
    const std::string_view value = in.bytes();
    if (other == tag) return value;
  }
  return {};
}

bool fact_before(const SpanFact& a, const SpanFact& b) {
  return std::tie(a.start, a.span_id, a.trace_id) < std::tie(b.start, b.span_id, b.trace_id);
}

bool better_version(const SpanFact& a, const SpanFact& b) {
  const auto rank = [](const SpanFact& fact) {
    return std::make_tuple(fact.end != 0, fact.end, fact.attribute_count, fact.content);
  };
  return rank(a) > rank(b);
}

void write_fact(std::string& out, const SpanFact& fact) {
  visit_numbers(fact, [&out](const auto& value) { base::put_fixed(out, value); });
  base::put_bytes(out, fact.texts.packed());
  base::put_varint(out, fact.links.size());
  for (const FactLink& link : fact.links) {
    base::put_fixed(out, link.trace_id.bytes);
    base::put_fixed(out, link.span_id.bytes);
  }
  put_calls(out, fact.calls);
  put_hashes(out, fact.answered_calls);
  put_hashes(out, fact.failed_answers);
  base::put_varint(out, fact.messages.size());
  for (const MessageFact& message : fact.messages) put_message(out, message);
  base::put_varint(out, fact.scores.size());
  for (const ScoreFact& score : fact.scores) {
    base::put_bytes(out, score.name);
    base::put_bytes(out, score.label);
    base::put_fixed(out, score.score_e6);
    base::put_fixed(out, score.has_score);
  }
}

bool read_fact(std::string_view& bytes, SpanFact& fact) {
  ByteReader in(bytes);
  visit_numbers(fact, [&in](auto& value) { value = in.fixed<std::decay_t<decltype(value)>>(); });
  fact.texts.set_packed(std::string(in.bytes()));
  fact.links.resize(take_count(in, 24));
  for (FactLink& link : fact.links) {
    link.trace_id.bytes = in.fixed<decltype(link.trace_id.bytes)>();
    link.span_id.bytes = in.fixed<decltype(link.span_id.bytes)>();
  }
  fact.calls = take_calls(in);
  fact.answered_calls = take_hashes(in);
  fact.failed_answers = take_hashes(in);
  fact.messages.resize(take_count(in, 40));
  for (MessageFact& message : fact.messages) message = take_message(in);
  fact.scores.resize(take_count(in, 11));
  for (ScoreFact& score : fact.scores) {
    score.name = in.bytes();
    score.label = in.bytes();
    score.score_e6 = in.fixed<std::int64_t>();
    score.has_score = in.fixed<bool>();
  }
  if (!in.ok()) return false;
  bytes.remove_prefix(bytes.size() - in.remaining());
  return true;
}

std::size_t fact_size_bytes(const SpanFact& fact) {
  std::size_t size =
      sizeof(SpanFact) + fact.texts.packed().capacity() + fact.links.size() * sizeof(FactLink) +
      (fact.answered_calls.size() + fact.failed_answers.size()) * sizeof(std::uint64_t) +
      fact.scores.size() * sizeof(ScoreFact);
  for (const PlannedCall& call : fact.calls) size += sizeof(call) + call.name.size();
  for (const MessageFact& message : fact.messages) size += sizeof(message) + 64;
  return size;
}

}  // namespace honeyguide::agents
