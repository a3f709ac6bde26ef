// Pieces of JSON that many endpoints share; their shapes stand in docs/reference/ui-api.md.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json_writer.h"
#include "server/api.h"
#include "store/series_store.h"

namespace honeyguide::server {

// null for nothing.
void write_optional(base::JsonWriter& json, std::string_view name, std::optional<double> value);
// A decimal string, null for 0.
void write_time(base::JsonWriter& json, std::string_view name, base::UnixNanos time);
// Text, null if empty.
void write_text(base::JsonWriter& json, std::string_view name, std::string_view text);

// The slot of an agent's identity, 0 to 31.
using SlotOf = std::function<std::uint32_t(const std::string& agent)>;
// {"id","name","slot"}
void write_agent(base::JsonWriter& json, const std::string& agent, const SlotOf& slot_of);

// A sentence as data: text that reads well alone, and its parts.
class Sentence {
 public:
  Sentence& text(std::string_view words);
  Sentence& strong(std::string_view words);
  Sentence& code(std::string_view words);
  Sentence& agent(const std::string& name);
  Sentence& workflow(std::string_view name);
  Sentence& duration_ms(double ms);
  Sentence& money(double usd);
  Sentence& number(double value, std::string_view unit = {});

  const std::string& plain() const { return text_; }
  void write(base::JsonWriter& json, const SlotOf& slot_of) const;

 private:
  struct Part {
    std::string kind;
    std::string words;
    double value = 0;
  };
  std::string text_;
  std::vector<Part> parts_;
};

// {"count","exact"}
void write_total(base::JsonWriter& json, std::uint64_t count, bool exact = true);

// The time range of a request's start and end, decimal nanoseconds or any time that time_param()
// takes; the last hour without them. kInvalidArgument if start is not before end.
base::Result<store::TimeRange> range_param(const ApiRequest& request, base::UnixNanos now);

// A window [offset, offset + limit) of a list, from the parameters limit and cursor (an offset in
// text); `limit_max` bounds it.
struct Page {
  std::size_t offset = 0;
  std::size_t limit = 0;
};
base::Result<Page> page_param(const ApiRequest& request, std::size_t fallback,
                              std::size_t limit_max);
// "next_cursor" for a list of `total`: null at the end.
void write_next_cursor(base::JsonWriter& json, const Page& page, std::size_t total);

// Points of one series, resampled to `cells` equal cells over a range: the sum (counters) or mean
// (others) of a cell's points, nothing where there is none.
std::vector<std::optional<double>> read_cells(store::SeriesStore& series, store::TenantId tenant,
                                              const telemetry::SeriesKey& key,
                                              telemetry::SeriesKind kind, store::TimeRange range,
                                              std::size_t cells);

// {"start_unix_ms","step_ms","values":[…]}
void write_series(base::JsonWriter& json, store::TimeRange range,
                  const std::vector<std::optional<double>>& values);

}  // namespace honeyguide::server
