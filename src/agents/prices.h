// Model prices as versioned data. A model that is not in the table has no price: its cost is
// unknown, never 0.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace honeyguide::agents {

struct ModelPrice {
  // Nano-USD a token, which is USD per million tokens times 1,000.
  std::int64_t input_nano = 0;
  std::int64_t cached_nano = 0;
  std::int64_t output_nano = 0;
};

class PriceTable {
 public:
  // The table of the release; date() says of when, source() from where.
  static PriceTable builtin();

  std::string_view date() const { return date_; }
  std::string_view source() const { return source_; }

  // Adds or replaces a model; a trailing '*' stands for any suffix.
  void set(std::string model, ModelPrice price);
  // Exact name first, then without provider prefix ("openai/") and date suffix ("-2024-07-18"),
  // then the longest '*' row.
  std::optional<ModelPrice> find(std::string_view model) const;
  // Whole micro-USD, rounded half up; -1 if the model is unknown.
  std::int64_t cost_micro_usd(std::string_view model, std::int64_t input, std::int64_t cached,
                              std::int64_t output) const;

 private:
  std::map<std::string, ModelPrice, std::less<>> rows_;
  std::string date_;
  std::string source_;
};

}  // namespace honeyguide::agents
