#include "cli/load_shapes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace honeyguide::cli {
namespace {

constexpr std::uint32_t kTraceSpans = 10;
constexpr std::uint32_t kAttributes = 11;
constexpr std::uint32_t kServices = 10;
constexpr std::uint32_t kAgentTracesAtOnce = 16;
constexpr std::uint32_t kAgentDepthMax = 24;
constexpr std::int64_t kAgentStepNs = 25 * base::kNanosPerSecond;
constexpr std::int64_t kTracegenRootNs = std::int64_t{1} << 27;

// A bijection of 64 bits that spreads them (the finaliser of splitmix64).
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// Draws numbers from one seed; good enough for load, not for secrets.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() { return mix(state_++); }
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((bits() >> 32) * bound) >> 32);
  }

 private:
  std::uint64_t state_;
};

std::uint64_t span_id_of(std::uint64_t trace_seed, std::uint32_t index) {
  return mix(trace_seed + index + 2) | 1;  // never all-zero
}

// --- protobuf text ---

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_bytes(std::string& out, int field, std::string_view bytes) {
  put_varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  put_varint(out, bytes.size());
  out.append(bytes);
}

void put_zeros(std::string& out, int field, std::size_t count) {
  put_bytes(out, field, std::string(count, '\0'));
}

std::string string_value(std::string_view text) {
  std::string value;
  put_bytes(value, 1, text);
  return value;
}

std::string key_value(std::string_view key, const std::string& any_value) {
  std::string out;
  put_bytes(out, 1, key);
  put_bytes(out, 2, any_value);
  return out;
}

std::string int_value(std::int64_t number) {
  std::string value;
  put_varint(value, 3 << 3);
  put_varint(value, static_cast<std::uint64_t>(number));
  return value;
}

std::string resource_of(std::string_view service) {
  std::string out;
  put_bytes(out, 1, key_value("service.name", string_value(service)));
  return out;
}

// Ids and times come first, so that all that is patched lies at fixed places after `at`: trace id
// 0-15, span id 18-25, then with a parent its id 28-35 and times at 37 and 46, else at 27 and 36.
std::string span_head(bool has_parent, std::string_view name, int kind) {
  std::string out;
  put_zeros(out, 1, 16);
  put_zeros(out, 2, 8);
  if (has_parent) put_zeros(out, 4, 8);
  for (const int field : {7, 8}) {
    put_varint(out, static_cast<std::uint64_t>(field) << 3 | 1);
    out.append(8, '\0');
  }
  put_bytes(out, 5, name);
  put_varint(out, 6 << 3);
  put_varint(out, static_cast<std::uint64_t>(kind));
  return out;
}
constexpr std::uint32_t kTraceIdAt = 2;  // within a span

void store(std::string& out, std::size_t at, std::uint64_t value) {
  std::memcpy(out.data() + at, &value, 8);
}

// A prompt of 1 KB to 100 KB, each power of ten as likely as the other; its last 16 bytes are a
// place for a nonce.
std::string make_prompt(Draw& draw) {
  static constexpr std::string_view kWords[] = {
      "check", "the", "result", "of",  "last",    "step",  "before", "you",    "write", "plan",
      "again", "in",  "module", "and", "because", "tests", "failed", "report", "with",  "error"};
  const std::uint32_t size =
      draw.below(2) == 0 ? 1000 + draw.below(9000) : 10'000 + draw.below(90'000);
  std::string prompt;
  while (prompt.size() < size) {
    prompt += kWords[draw.below(std::size(kWords))];
    prompt += ' ';
  }
  return prompt.append(16, '0');
}

// Span `index` of an agent trace: invoke_agent, chat, execute_tool in turn. `nonce` is the offset
// of its prompt's nonce, 0 if it has no prompt.
std::string agent_span(std::uint32_t index, Draw& draw, std::uint32_t& nonce) {
  static constexpr std::string_view kAgents[] = {"planner", "researcher", "coder", "reviewer"};
  const std::string_view agent = kAgents[index / kAgentDepthMax % 4];
  const std::uint32_t role = index == 0 ? 0 : index % 3;
  std::string attributes;
  const auto add = [&](std::string_view key, const std::string& value) {
    put_bytes(attributes, 9, key_value(key, value));
  };
  std::string name;
  if (role == 1) {
    name = "chat gpt-4o";
    add("gen_ai.operation.name", string_value("chat"));
    add("gen_ai.request.model", string_value("gpt-4o"));
    add("gen_ai.usage.input_tokens", int_value(200 + draw.below(4000)));
    add("gen_ai.usage.output_tokens", int_value(20 + draw.below(800)));
  } else if (role == 2) {
    name = "execute_tool search";
    add("gen_ai.operation.name", string_value("execute_tool"));
    add("gen_ai.tool.name", string_value("search"));
  } else {
    name = "invoke_agent " + std::string(agent);
    add("gen_ai.operation.name", string_value("invoke_agent"));
  }
  add("gen_ai.agent.name", string_value(agent));
  std::string span = span_head(index != 0, name, role == 1 ? 3 : 1) + attributes;
  if (role == 1 && draw.below(4) == 0) {
    put_bytes(span, 9, key_value("gen_ai.input.messages", string_value(make_prompt(draw))));
    nonce = static_cast<std::uint32_t>(span.size()) - 16;
  }
  return span;
}

}  // namespace

base::Result<LoadBodies> LoadBodies::create(const LoadShapeOptions& options) {
  const bool agent = options.shape == LoadShape::kAgent;
  LoadBodies out;
  out.shape_ = options.shape;
  out.seed_ = mix(options.seed);
  out.spans_per_request_ = options.spans_per_request;
  if (out.spans_per_request_ == 0) {
    out.spans_per_request_ = agent ? 20 : options.shape == LoadShape::kSmall ? 10 : 1000;
  }
  const std::uint32_t spans = out.spans_per_request_;
  if (spans > kLoadSpansPerRequestMax) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "at most " + std::to_string(kLoadSpansPerRequestMax) + " spans a request"};
  }
  if (agent && kLoadAgentTraceSpans % spans != 0) {
    return base::Error{
        base::ErrorCode::kInvalidArgument,
        "spans a request of the agent shape must divide " + std::to_string(kLoadAgentTraceSpans)};
  }
  out.traces_per_request_ = agent ? 1 : (spans + kTraceSpans - 1) / kTraceSpans;
  out.jitter_mask_ = (std::uint64_t{1} << 26) - 1;
  out.trace_length_ns_ = agent ? kAgentStepNs * kLoadAgentTraceSpans : 2 * kTracegenRootNs;
  if (agent) {
    for (std::uint32_t slice = 0; slice < kLoadAgentTraceSpans / spans; ++slice) {
      out.templates_.push_back(out.make_agent_slice(slice));
    }
    return out;
  }
  const std::uint32_t count = std::clamp(8000 / spans, 4u, 64u);
  std::uint64_t cycle = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.templates_.push_back(options.shape == LoadShape::kJaegerTracegen
                                 ? out.make_jaeger_tracegen(cycle)
                                 : out.make_tracegen(mix(out.seed_ ^ i), i % kServices));
  }
  return out;
}

LoadBodies::Template LoadBodies::make_tracegen(std::uint64_t seed, std::uint32_t service) const {
  Draw draw(seed);
  Template out;
  std::string spans;  // the ScopeSpans message
  std::string scope;
  put_bytes(scope, 1, "tracegen");
  put_bytes(spans, 1, scope);
  for (std::uint32_t i = 0; i < spans_per_request_; ++i) {
    const std::uint32_t index = i % kTraceSpans;
    const bool root = index == 0;
    std::string name = root ? "lets-go" : "child-span-0" + std::to_string(index);
    std::string span = span_head(!root, name, root ? 2 : 3);
    std::array<std::pair<std::uint32_t, bool>, kAttributes> digits;
    for (std::uint32_t a = 0; a < kAttributes; ++a) {
      const std::uint32_t value = draw.below(100);
      put_bytes(
          span, 9,
          key_value("attr_" + std::to_string(a), string_value("value-" + std::to_string(value))));
      const std::uint32_t width = value < 10 ? 1 : 2;
      digits[a] = {static_cast<std::uint32_t>(span.size()) - width, width == 2};
    }
    put_bytes(spans, 2, span);
    const auto at = static_cast<std::uint32_t>(spans.size() - span.size());
    out.spans.push_back(
        {at + kTraceIdAt, i / kTraceSpans, index, root ? -1 : 0, 0, root ? kTracegenRootNs : 0});
    for (const auto& [offset, two] : digits) {
      (two ? out.two_digits : out.one_digit).push_back(at + offset);
    }
  }
  std::string resource_spans;
  put_bytes(resource_spans, 1, resource_of("load-" + std::to_string(service)));
  put_bytes(resource_spans, 2, spans);
  put_bytes(out.bytes, 1, resource_spans);
  const auto shift = static_cast<std::uint32_t>(out.bytes.size() - spans.size());
  for (SpanSlot& slot : out.spans) slot.at += shift;
  for (std::uint32_t& offset : out.one_digit) offset += shift;
  for (std::uint32_t& offset : out.two_digits) offset += shift;
  return out;
}

LoadBodies::Template LoadBodies::make_jaeger_tracegen(std::uint64_t& cycle) const {
  Template out;
  const auto two = [](std::uint64_t number) {
    const std::string text = std::to_string(number);
    return text.size() < 2 ? "0" + text : text;
  };
  for (std::uint32_t first = 0; first < spans_per_request_; first += kTraceSpans) {
    const std::uint32_t trace = first / kTraceSpans;
    std::string spans;
    const std::size_t slots_before = out.spans.size();
    for (std::uint32_t index = 0; index < kTraceSpans && first + index < spans_per_request_;
         ++index) {
      const bool root = index == 0;
      std::string span =
          span_head(!root, root ? "lets-go" : "child-span-" + two(index - 1), root ? 2 : 3);
      if (root) {
        put_bytes(span, 9, key_value("peer.service", string_value("tracegen-server")));
        put_bytes(span, 9, key_value("peer.host.ipv4", string_value("1.1.1.1")));
      }
      for (std::uint32_t a = 0; !root && a < kAttributes; ++a, ++cycle) {
        put_bytes(span, 9,
                  key_value("attr_" + two(cycle % 97), string_value("val_" + two(cycle % 1000))));
      }
      put_bytes(spans, 2, span);
      out.spans.push_back({static_cast<std::uint32_t>(spans.size() - span.size()) + kTraceIdAt,
                           trace, index, root ? -1 : 0, 0, root ? kTracegenRootNs : 0});
    }
    std::string resource_spans;
    put_bytes(resource_spans, 1, resource_of("tracegen-" + two(trace % kServices)));
    put_bytes(resource_spans, 2, spans);
    put_bytes(out.bytes, 1, resource_spans);
    const auto shift = static_cast<std::uint32_t>(out.bytes.size() - spans.size());
    for (std::size_t i = slots_before; i < out.spans.size(); ++i) out.spans[i].at += shift;
  }
  return out;
}

// One slice of a long trace: a planner's steps, each with model calls, tools and sub-agents below
// it. A chain goes deeper with each span and starts again at the planner after kAgentDepthMax.
LoadBodies::Template LoadBodies::make_agent_slice(std::uint32_t slice) const {
  Draw draw(seed_ ^ (slice + 1000));
  Template out;
  std::string spans;
  for (std::uint32_t i = 0; i < spans_per_request_; ++i) {
    const std::uint32_t index = slice * spans_per_request_ + i;
    std::uint32_t nonce = 0;
    const std::string span = agent_span(index, draw, nonce);
    put_bytes(spans, 2, span);
    const auto at = static_cast<std::uint32_t>(spans.size() - span.size());
    std::int32_t parent = static_cast<std::int32_t>(index) - 1;
    if (index % kAgentDepthMax == 1) parent = 0;
    out.spans.push_back({at + kTraceIdAt, 0, index, parent, kAgentStepNs * index,
                         index == 0 ? trace_length_ns_ : kAgentStepNs});
    if (nonce != 0) out.nonces.push_back(at + nonce);
  }
  std::string resource_spans;
  put_bytes(resource_spans, 1, resource_of("load-agents"));
  put_bytes(resource_spans, 2, spans);
  put_bytes(out.bytes, 1, resource_spans);
  const auto shift = static_cast<std::uint32_t>(out.bytes.size() - spans.size());
  for (SpanSlot& slot : out.spans) slot.at += shift;
  for (std::uint32_t& offset : out.nonces) offset += shift;
  return out;
}

const LoadBodies::Template& LoadBodies::template_of(std::uint64_t number) const {
  const std::uint64_t index = shape_ == LoadShape::kAgent ? number / kAgentTracesAtOnce : number;
  return templates_[index % templates_.size()];
}

std::uint64_t LoadBodies::trace_seed(std::uint64_t number, std::uint32_t trace) const {
  std::uint64_t trace_number = number * traces_per_request_ + trace;
  if (shape_ == LoadShape::kAgent) {
    // Sixteen traces grow side by side, one slice each in turn.
    const std::uint64_t group = number / (kAgentTracesAtOnce * templates_.size());
    trace_number = group * kAgentTracesAtOnce + number % kAgentTracesAtOnce;
  }
  return mix(seed_ ^ mix(trace_number));
}

void LoadBodies::fill(std::uint64_t number, base::UnixNanos now, std::string& out) const {
  static constexpr char kHex[] = "0123456789abcdef";
  const Template& from = template_of(number);
  out.assign(from.bytes);
  Draw draw(mix(seed_ + number));
  std::uint32_t trace = 0xffffffff;
  std::uint64_t seed = 0;
  std::uint64_t id_low = 0;
  std::uint64_t id_high = 0;
  for (const SpanSlot& slot : from.spans) {
    if (slot.trace != trace) {
      trace = slot.trace;
      seed = trace_seed(number, trace);
      id_low = mix(seed);
      id_high = mix(seed + 1) | 1;
    }
    const std::uint64_t random = draw.bits();
    const std::int64_t start =
        now - trace_length_ns_ + slot.start_ns +
        (slot.parent < 0 ? 0 : static_cast<std::int64_t>(random & jitter_mask_));
    const std::int64_t end =
        start + slot.duration_ns + static_cast<std::int64_t>((random >> 26) & jitter_mask_);
    store(out, slot.at, id_low);
    store(out, slot.at + 8, id_high);
    store(out, slot.at + 18, span_id_of(seed, slot.index));
    std::size_t times = slot.at + 27;
    if (slot.parent >= 0) {
      store(out, slot.at + 28, span_id_of(seed, static_cast<std::uint32_t>(slot.parent)));
      times += 10;
    }
    store(out, times, static_cast<std::uint64_t>(start));
    store(out, times + 9, static_cast<std::uint64_t>(end));
  }
  for (const std::uint32_t at : from.one_digit) out[at] = static_cast<char>('0' + draw.below(10));
  for (const std::uint32_t at : from.two_digits) {
    const std::uint32_t value = 10 + draw.below(90);
    out[at] = static_cast<char>('0' + value / 10);
    out[at + 1] = static_cast<char>('0' + value % 10);
  }
  for (const std::uint32_t at : from.nonces) {
    std::uint64_t bits = draw.bits();
    for (std::uint32_t i = 0; i < 16; ++i, bits >>= 4) out[at + i] = kHex[bits & 15];
  }
}

void LoadBodies::for_each_trace(
    std::uint64_t number,
    const std::function<void(const base::TraceId&, std::uint32_t)>& visit) const {
  const Template& from = template_of(number);
  for (std::size_t i = 0; i < from.spans.size();) {
    std::size_t end = i;
    while (end < from.spans.size() && from.spans[end].trace == from.spans[i].trace) ++end;
    const std::uint64_t seed = trace_seed(number, from.spans[i].trace);
    const std::uint64_t parts[] = {mix(seed), mix(seed + 1) | 1};
    base::TraceId id;
    std::memcpy(id.bytes.data(), parts, 16);
    visit(id, static_cast<std::uint32_t>(end - i));
    i = end;
  }
}

}  // namespace honeyguide::cli
