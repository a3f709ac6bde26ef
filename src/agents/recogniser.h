// Recogniser: spans in, facts out. One per batch: what can be decided for a key or a scope is
// decided once for the batch, so that a span that says nothing about agents costs a table look-up
// per attribute.
//
// Not thread-safe; several recognisers may read one batch.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agents/conventions.h"
#include "agents/fact.h"
#include "telemetry/log_batch.h"
#include "telemetry/span_batch.h"

namespace honeyguide::agents {

class Recogniser {
 public:
  // Both must outlive the recogniser.
  Recogniser(const Conventions& conventions, const telemetry::SpanBatch& batch);

  // True if no span of the batch can say anything about agents.
  bool is_silent() const { return silent_; }

  // Does the span say something about agents? If so `fact` is filled. Never fails.
  bool recognise(const telemetry::Span& span, SpanFact& fact) const;

  // The fact of a span that says nothing: its ids, times, name and status.
  SpanFact skeleton(const telemetry::Span& span) const;

  // The values that the span's attributes give to fields; of several keys for one field the one
  // that stands first in the tables.
  struct Fields {
    std::array<const telemetry::Value*, static_cast<std::size_t>(Field::kCount)> values{};
    std::array<Conventions::Key, static_cast<std::size_t>(Field::kCount)> keys{};

    const telemetry::Value* find(Field field) const {
      return values[static_cast<std::size_t>(field)];
    }
    Convention convention(Field field) const {
      return keys[static_cast<std::size_t>(field)].convention;
    }
    // The text of a string value, else empty.
    std::string_view text(Field field) const;
    // -1 if absent or no whole number; reads numbers sent as text too.
    std::int64_t integer(Field field) const;
  };

 private:
  bool may_speak(const telemetry::Span& span) const;
  void collect(telemetry::Range attributes, Fields& fields) const;
  std::uint16_t rule_for(const telemetry::Span& span, const Fields& fields,
                         std::string_view* middle) const;
  void fill_common(const telemetry::Span& span, SpanFact& fact) const;

  const Conventions& conventions_;
  const telemetry::SpanBatch& batch_;
  std::vector<Conventions::Key> keys_;  // by the batch's key index
  std::vector<char> speaks_;            // by key: enough to look closer
  // Rules of the values seen so far, by field; their text lives in the batch.
  mutable std::array<std::unordered_map<std::string_view, std::uint16_t>, 16> rules_seen_;
  std::vector<char> named_scope_;  // by scope: span names matter there
  bool silent_ = true;
};

// Facts of log events (`gen_ai.evaluation.result`, our own events): one skeleton fact per record
// that names a span, to be merged into that span's fact with merge_event().
struct EventFact {
  base::TraceId trace_id;
  base::SpanId span_id;
  std::uint64_t id = 0;  // equal records have equal ids
  std::vector<ScoreFact> scores;
  std::vector<MessageFact> messages;
};
std::vector<EventFact> recognise_logs(const Conventions& conventions,
                                      const telemetry::LogBatch& logs);

}  // namespace honeyguide::agents
