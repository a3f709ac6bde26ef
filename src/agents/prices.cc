#include "agents/prices.h"

#include <algorithm>

namespace honeyguide::agents {
namespace {

struct Row {
  std::string_view model;
  double input_usd;  // per million tokens
  double cached_usd;
  double output_usd;
};

// Public list prices, without batch or volume discounts. A wrong or missing price is corrected in
// the configuration file.
constexpr std::string_view kDate = "2025-08-01";
constexpr std::string_view kSource = "public list prices of the providers";
constexpr Row kRows[] = {
    {"gpt-3.5-turbo", 0.5, 0.5, 1.5},
    {"gpt-3.5-turbo-16k*", 3, 3, 4},
    {"gpt-4", 30, 30, 60},
    {"gpt-4-32k", 60, 60, 120},
    {"gpt-4-turbo", 10, 10, 30},
    {"gpt-4o", 2.5, 1.25, 10},
    {"gpt-4o-mini", 0.15, 0.075, 0.6},
    {"gpt-4.1", 2, 0.5, 8},
    {"gpt-4.1-mini", 0.4, 0.1, 1.6},
    {"gpt-4.1-nano", 0.1, 0.025, 0.4},
    {"gpt-5", 1.25, 0.125, 10},
    {"gpt-5-mini", 0.25, 0.025, 2},
    {"gpt-5-nano", 0.05, 0.005, 0.4},
    {"o1", 15, 7.5, 60},
    {"o3", 2, 0.5, 8},
    {"o3-mini", 1.1, 0.55, 4.4},
    {"o4-mini", 1.1, 0.275, 4.4},
    {"claude-3-haiku*", 0.25, 0.03, 1.25},
    {"claude-3-5-haiku*", 0.8, 0.08, 4},
    {"claude-3-5-sonnet*", 3, 0.3, 15},
    {"claude-3-7-sonnet*", 3, 0.3, 15},
    {"claude-sonnet-4*", 3, 0.3, 15},
    {"claude-opus-4*", 15, 1.5, 75},
    {"gemini-2.0-flash", 0.1, 0.025, 0.4},
    {"gemini-2.5-flash", 0.3, 0.075, 2.5},
    {"gemini-2.5-flash-lite", 0.1, 0.025, 0.4},
    {"gemini-2.5-pro", 1.25, 0.31, 10},
};

std::int64_t nano(double usd_per_million) {
  return static_cast<std::int64_t>(usd_per_million * 1000 + 0.5);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// "gpt-4o-mini-2024-07-18" and "claude-x-20250929" without the date.
std::string_view without_date(std::string_view model) {
  const auto tail_is = [model](std::string_view shape) {
    if (model.size() <= shape.size()) return false;
    const std::string_view tail = model.substr(model.size() - shape.size());
    return std::equal(tail.begin(), tail.end(), shape.begin(),
                      [](char c, char s) { return s == 'd' ? is_digit(c) : c == s; });
  };
  for (const std::string_view shape : {"-dddd-dd-dd", "-dddddddd", "-dddd", "@dddddddd"}) {
    if (tail_is(shape)) return model.substr(0, model.size() - shape.size());
  }
  return model;
}

}  // namespace

PriceTable PriceTable::builtin() {
  PriceTable table;
  table.date_ = kDate;
  table.source_ = kSource;
  for (const Row& row : kRows) {
    table.set(std::string(row.model),
              {nano(row.input_usd), nano(row.cached_usd), nano(row.output_usd)});
  }
  return table;
}

void PriceTable::set(std::string model, ModelPrice price) {
  rows_[std::move(model)] = price;
}

std::optional<ModelPrice> PriceTable::find(std::string_view model) const {
  if (model.empty()) return std::nullopt;
  const std::size_t slash = model.rfind('/');
  const std::string_view bare = slash == std::string_view::npos ? model : model.substr(slash + 1);
  for (const std::string_view name : {model, bare, without_date(bare)}) {
    const auto found = rows_.find(name);
    if (found != rows_.end()) return found->second;
  }
  std::optional<ModelPrice> best;
  std::size_t best_size = 0;
  for (const auto& [name, price] : rows_) {
    if (!name.ends_with('*') || name.size() <= best_size) continue;
    if (bare.starts_with(std::string_view(name).substr(0, name.size() - 1))) {
      best = price;
      best_size = name.size();
    }
  }
  return best;
}

std::int64_t PriceTable::cost_micro_usd(std::string_view model, std::int64_t input,
                                        std::int64_t cached, std::int64_t output) const {
  const auto price = find(model);
  if (!price) return -1;
  cached = std::clamp<std::int64_t>(cached, 0, std::max<std::int64_t>(0, input));
  const std::int64_t nano_usd = (input - cached) * price->input_nano + cached * price->cached_nano +
                                output * price->output_nano;
  return (nano_usd + 500) / 1000;
}

}  // namespace honeyguide::agents
