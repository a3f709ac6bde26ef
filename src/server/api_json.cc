#include "server/api_json.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace honeyguide::server {

using base::Error;
using base::ErrorCode;
using base::JsonWriter;
using base::Result;

void write_optional(JsonWriter& json, std::string_view name, std::optional<double> value) {
  json.key(name);
  if (value) {
    json.value(*value);
  } else {
    json.null();
  }
}

void write_time(JsonWriter& json, std::string_view name, base::UnixNanos time) {
  json.key(name);
  if (time != 0) {
    json.value_as_string(time);
  } else {
    json.null();
  }
}

void write_text(JsonWriter& json, std::string_view name, std::string_view text) {
  json.key(name);
  if (text.empty()) {
    json.null();
  } else {
    json.value(text);
  }
}

void write_agent(JsonWriter& json, const std::string& agent, const SlotOf& slot_of) {
  json.begin_object().field("id", agent).field("name", agent).field("slot", slot_of(agent));
  json.end_object();
}

Sentence& Sentence::text(std::string_view words) {
  text_ += words;
  parts_.push_back({"text", std::string(words)});
  return *this;
}

Sentence& Sentence::strong(std::string_view words) {
  text_ += words;
  parts_.push_back({"strong", std::string(words)});
  return *this;
}

Sentence& Sentence::code(std::string_view words) {
  text_ += words;
  parts_.push_back({"code", std::string(words)});
  return *this;
}

Sentence& Sentence::agent(const std::string& name) {
  text_ += name;
  parts_.push_back({"agent", name});
  return *this;
}

Sentence& Sentence::workflow(std::string_view name) {
  text_ += name;
  parts_.push_back({"workflow", std::string(name)});
  return *this;
}

Sentence& Sentence::duration_ms(double ms) {
  text_ += base::format_duration_ns(static_cast<std::int64_t>(ms * 1e6));
  parts_.push_back({"duration", "", ms});
  return *this;
}

Sentence& Sentence::money(double usd) {
  text_ += "$" + base::format_double(std::round(usd * 100) / 100);
  parts_.push_back({"money", "", usd});
  return *this;
}

Sentence& Sentence::number(double value, std::string_view unit) {
  text_ += base::format_double(std::round(value * 100) / 100);
  if (!unit.empty()) text_ += " " + std::string(unit);
  parts_.push_back({"number", std::string(unit), value});
  return *this;
}

void Sentence::write(JsonWriter& json, const SlotOf& slot_of) const {
  json.begin_object().field("text", text_).key("parts").begin_array();
  for (const Part& part : parts_) {
    json.begin_object().field("kind", part.kind);
    if (part.kind == "agent") {
      json.key("agent");
      write_agent(json, part.words, slot_of);
    } else if (part.kind == "workflow") {
      json.field("name", part.words);
    } else if (part.kind == "duration") {
      json.field("ms", part.value);
    } else if (part.kind == "money") {
      json.field("usd", part.value);
    } else if (part.kind == "number") {
      json.field("value", part.value);
      json.field("unit", part.words);
    } else {
      json.field("text", part.words);
    }
    json.end_object();
  }
  json.end_array().end_object();
}

void write_total(JsonWriter& json, std::uint64_t count, bool exact) {
  json.key("total").begin_object().field("count", count).field("exact", exact).end_object();
}

Result<store::TimeRange> range_param(const ApiRequest& request, base::UnixNanos now) {
  store::TimeRange range;
  HG_ASSIGN_OR_RETURN(range.end, time_param(request, "end", now));
  HG_ASSIGN_OR_RETURN(range.begin, time_param(request, "start", range.end - base::kNanosPerHour));
  if (range.begin >= range.end) {
    return Error{ErrorCode::kInvalidArgument, "start must be before end"};
  }
  return range;
}

Result<Page> page_param(const ApiRequest& request, std::size_t fallback, std::size_t limit_max) {
  Page page;
  HG_ASSIGN_OR_RETURN(const std::int64_t limit,
                      int_param(request, "limit", static_cast<std::int64_t>(fallback), 1,
                                static_cast<std::int64_t>(limit_max)));
  HG_ASSIGN_OR_RETURN(const std::int64_t offset, int_param(request, "cursor", 0, 0, 1ll << 40));
  page.limit = static_cast<std::size_t>(limit);
  page.offset = static_cast<std::size_t>(offset);
  return page;
}

void write_next_cursor(JsonWriter& json, const Page& page, std::size_t total) {
  json.key("next_cursor");
  if (page.offset + page.limit < total) {
    json.value(std::to_string(page.offset + page.limit));
  } else {
    json.null();
  }
}

std::vector<std::optional<double>> read_cells(store::SeriesStore& series, store::TenantId tenant,
                                              const telemetry::SeriesKey& key,
                                              telemetry::SeriesKind kind, store::TimeRange range,
                                              std::size_t cells) {
  std::vector<std::optional<double>> out(cells);
  const std::int64_t step = (range.end - range.begin) / static_cast<std::int64_t>(cells);
  if (step <= 0) return out;
  const store::Resolution resolution = step >= base::kNanosPerHour     ? store::Resolution::k1h
                                       : step >= base::kNanosPerMinute ? store::Resolution::k1m
                                                                       : store::Resolution::k10s;
  const auto points = series.read(tenant, key.id(), resolution, range);
  if (!points) return out;
  std::vector<std::uint32_t> counts(cells);
  for (const telemetry::Point& point : *points) {
    if (std::isnan(point.value)) continue;
    const auto cell = static_cast<std::size_t>((point.time - range.begin) / step);
    if (cell >= cells) continue;
    out[cell] = out[cell].value_or(0) + point.value;
    ++counts[cell];
  }
  if (kind == telemetry::SeriesKind::kCounter) return out;
  for (std::size_t i = 0; i < cells; ++i) {
    if (counts[i] > 1) *out[i] /= counts[i];
  }
  return out;
}

void write_series(JsonWriter& json, store::TimeRange range,
                  const std::vector<std::optional<double>>& values) {
  const std::int64_t step =
      values.empty() ? 0 : (range.end - range.begin) / static_cast<std::int64_t>(values.size());
  json.begin_object().field("start_unix_ms", range.begin / base::kNanosPerMilli);
  json.field("step_ms", step / base::kNanosPerMilli).key("values").begin_array();
  for (const auto& value : values) {
    if (value) {
      json.value(*value);
    } else {
      json.null();
    }
  }
  json.end_array().end_object();
}

}  // namespace honeyguide::server
