#include "engine/conversation.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/hash.h"

namespace honeyguide::engine {
namespace {

using agents::ChatMessage;
using agents::SpanContent;

// Builds the turns in order of time, then folds.
class Reader {
 public:
  Reader(const TraceView& view, const agents::Conventions& conventions)
      : view_(view), conventions_(conventions) {}

  Conversation read() {
    std::vector<int> rows(view_.spans.size());
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int>(i);
    std::stable_sort(rows.begin(), rows.end(),
                     [&](int a, int b) { return view_.span(a).start < view_.span(b).start; });
    for (const int row : rows) {
      if (out_.turns.size() >= kTurnsMax) {
        out_.cut = true;
        break;
      }
      const SpanCategory category = view_.spans[row].category;
      if (category == SpanCategory::kModelCall) add_model_call(row);
      if (category == SpanCategory::kToolCall) add_tool_call(row);
    }
    add_handoffs();
    std::stable_sort(out_.turns.begin(), out_.turns.end(),
                     [](const Turn& a, const Turn& b) { return a.time < b.time; });
    for (std::size_t i = 0; i < out_.turns.size(); ++i) {
      out_.turns[i].number = static_cast<int>(i) + 1;
    }
    fold();
    return std::move(out_);
  }

 private:
  Turn turn_at(int row) const {
    const ViewSpan& span = view_.spans[row];
    const traces::TreeSpan& node = view_.tree.spans()[span.tree];
    Turn turn;
    turn.agent = span.agent;
    turn.span = row;
    turn.time = node.start;
    turn.duration_ns = node.duration_ns();
    turn.tokens = span.tokens;
    turn.cost_micro_usd = span.cost_micro_usd;
    return turn;
  }

  // What the model was shown and nobody has read yet: questions and instructions. What agents and
  // tools said before stands in turns of its own.
  void add_new_questions(int row, const SpanContent& content) {
    for (const ChatMessage& message : content.input) {
      if (message.role != "user" && message.role != "system") continue;
      if (!seen_.insert(base::hash64(message.role + '\0' + message.text)).second) continue;
      Turn turn = turn_at(row);
      turn.message = message;
      turn.duration_ns = 0;
      turn.tokens = -1;
      turn.cost_micro_usd = -1;
      out_.turns.push_back(std::move(turn));
    }
  }

  void add_model_call(int row) {
    const SpanContent content =
        agents::span_content(conventions_, view_.batch(row), view_.span(row), false);
    add_new_questions(row, content);
    Turn turn = turn_at(row);
    turn.model = view_.facts[view_.spans[row].fact].text(agents::Text::kModel);
    turn.message.role = "assistant";
    turn.has_content = !content.output.empty();
    for (const ChatMessage& message : content.output) {
      if (!turn.message.text.empty() && !message.text.empty()) turn.message.text += '\n';
      turn.message.text += message.text;
      turn.message.reasoning += message.reasoning;
      turn.message.calls.insert(turn.message.calls.end(), message.calls.begin(),
                                message.calls.end());
      turn.message.media.insert(turn.message.media.end(), message.media.begin(),
                                message.media.end());
    }
    if (!turn.message.text.empty()) {
      seen_.insert(base::hash64(std::string("user") + '\0' + turn.message.text));
    }
    out_.turns.push_back(std::move(turn));
  }

  void add_tool_call(int row) {
    const ViewSpan& span = view_.spans[row];
    const agents::SpanFact& fact = view_.facts[span.fact];
    SpanContent content =
        agents::span_content(conventions_, view_.batch(row), view_.span(row), true);
    Turn turn = turn_at(row);
    turn.kind = Turn::Kind::kTool;
    turn.tool = fact.text(agents::Text::kTool);
    if (turn.tool.empty()) turn.tool = view_.span(row).name;
    turn.arguments = std::move(content.arguments);
    turn.result = std::move(content.result);
    turn.has_content = !turn.arguments.empty() || !turn.result.empty();
    if (span.status == 2 || fact.error) {
      turn.error = view_.span(row).status_message;
      if (turn.error.empty()) turn.error = fact.text(agents::Text::kErrorType);
      if (turn.error.empty()) turn.error = "failed";
    }
    // Equal calls of an agent in a row, whatever its model said in between.
    Last& last = last_tool_[span.agent];
    const std::uint64_t hash = fact.arguments_hash;
    const bool same = hash != 0 && last.tool == turn.tool && last.hash == hash;
    last = {turn.tool, hash, same ? last.count + 1 : 0};
    turn.same_as_before = last.count;
    out_.turns.push_back(std::move(turn));
  }

  void add_handoffs() {
    for (const ViewInteraction& one : view_.interactions) {
      if (one.kind != "handoff" && one.kind != "delegation") continue;
      Turn turn;
      turn.kind = Turn::Kind::kHandoff;
      turn.agent = one.from;
      turn.handoff_to = one.to;
      turn.span = one.span;
      turn.time = one.time;
      turn.message.text = one.label;
      out_.turns.push_back(std::move(turn));
    }
  }

  // Equal turns have equal marks; 0 where equality cannot be told.
  std::uint64_t mark_of(const Turn& turn) const {
    std::string text = std::to_string(static_cast<int>(turn.kind)) + '\0' +
                       std::to_string(turn.agent) + '\0' + turn.tool + '\0';
    if (turn.kind == Turn::Kind::kTool) {
      const std::uint32_t hash = view_.spans[turn.span].arguments_hash;
      if (hash == 0) return 0;
      text += std::to_string(hash) + '\0' + turn.error;
    } else if (turn.kind == Turn::Kind::kMessage) {
      text += turn.message.role + '\0' + turn.message.text;
      for (const agents::ToolUse& call : turn.message.calls) {
        text += '\0' + call.name + '\0' + call.arguments;
      }
    } else {
      text += std::to_string(turn.handoff_to);
    }
    return base::hash64(text);
  }

  // How often the block of `period` turns at `at` stands there in a row.
  static int repeats_at(const std::vector<std::uint64_t>& marks, std::size_t at,
                        std::size_t period) {
    int repeats = 1;
    while (at + period * static_cast<std::size_t>(repeats + 1) <= marks.size()) {
      const auto begin = marks.begin() + static_cast<std::ptrdiff_t>(at);
      const auto next = begin + static_cast<std::ptrdiff_t>(period) * repeats;
      if (!std::equal(begin, begin + static_cast<std::ptrdiff_t>(period), next)) break;
      ++repeats;
    }
    return repeats;
  }

  // A block may be folded if equality of each turn is known and one of them carries content.
  bool foldable(const std::vector<std::uint64_t>& marks, std::size_t at, std::size_t period) const {
    if (at + period > marks.size()) return false;
    bool told = false;
    for (std::size_t i = at; i < at + period; ++i) {
      if (marks[i] == 0) return false;
      const Turn& turn = out_.turns[i];
      told |= turn.kind == Turn::Kind::kTool || !turn.message.text.empty();
    }
    return told;
  }

  void fold() {
    std::vector<std::uint64_t> marks;
    for (const Turn& turn : out_.turns) marks.push_back(mark_of(turn));
    std::vector<Turn> folded;
    std::size_t at = 0;
    while (at < out_.turns.size()) {
      int repeats = 0;
      std::size_t period = 1;
      for (; period <= kFoldPeriodMax; ++period) {
        if (!foldable(marks, at, period)) continue;
        repeats = repeats_at(marks, at, period);
        if (repeats >= kFoldRepeatsMin) break;
      }
      if (period > kFoldPeriodMax) {
        folded.push_back(std::move(out_.turns[at++]));
        continue;
      }
      for (std::size_t i = 0; i < period; ++i) folded.push_back(std::move(out_.turns[at + i]));
      const std::size_t end = at + period * static_cast<std::size_t>(repeats);
      folded.push_back(fold_turn(at + period, end));
      at = end;
    }
    out_.turns = std::move(folded);
  }

  Turn fold_turn(std::size_t begin, std::size_t end) const {
    const Turn& first = out_.turns[begin];
    const Turn& last = out_.turns[end - 1];
    Turn turn;
    turn.kind = Turn::Kind::kFold;
    turn.number = first.number;
    turn.agent = first.agent;
    turn.time = first.time;
    turn.duration_ns = last.time + last.duration_ns - first.time;
    turn.fold_count = static_cast<int>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      const std::int64_t cost = out_.turns[i].cost_micro_usd;
      if (cost >= 0) turn.cost_micro_usd = std::max<std::int64_t>(0, turn.cost_micro_usd) + cost;
    }
    return turn;
  }

  struct Last {
    std::string tool;
    std::uint64_t hash = 0;
    int count = 0;
  };

  const TraceView& view_;
  const agents::Conventions& conventions_;
  Conversation out_;
  std::set<std::uint64_t> seen_;
  std::map<int, Last> last_tool_;
};

}  // namespace

Conversation conversation_of(const TraceView& view, const agents::Conventions& conventions) {
  return Reader(view, conventions).read();
}

}  // namespace honeyguide::engine
