// BudgetBook: budgets in money or tokens over a period, and what is spent of them: those of the
// configuration file, and those that were set while the server ran, which are kept over restarts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "engine/analytics.h"
#include "store/series_store.h"
#include "store/state_store.h"

namespace honeyguide::engine {

struct Budget {
  std::string name;
  // At most one label: "agent", "workflow" or "team". Empty: all spending.
  std::map<std::string, std::string> selector;
  double limit_usd = 0;           // 0: no limit in money
  std::int64_t limit_tokens = 0;  // 0: no limit in tokens
  std::int64_t period_ns = 24 * base::kNanosPerHour;
  bool from_file = false;

  // Periods follow each other from 1970 on: days begin at midnight UTC.
  store::TimeRange period_at(base::UnixNanos now) const;
};

inline constexpr std::size_t kBudgetsPerTenantMax = 1000;

// What was spent in a range: nothing is known of money where no call had a price.
struct Spending {
  std::optional<double> usd;
  std::optional<double> tokens;
};

// Thread-safe.
class BudgetBook {
 public:
  // `from_file` belong to every tenant. Stores and analytics must outlive the book.
  BudgetBook(std::vector<Budget> from_file, store::StateStore& state, store::SeriesStore& series,
             Analytics& analytics);
  // Reads what was stored; call once, before anything else. kInvalidArgument for a budget of the
  // file that cannot be.
  base::Result<void> load();

  // By name; one that was set while running stands for the file's of that name.
  std::vector<Budget> list(store::TenantId tenant) const;

  // Adds or replaces. kInvalidArgument for a budget that cannot be.
  base::Result<void> set(store::TenantId tenant, Budget budget);
  // Forgets one that was set while running. kNotFound for another.
  base::Result<void> remove(store::TenantId tenant, const std::string& name);

  Spending spent(store::TenantId tenant, const Budget& budget, store::TimeRange range,
                 base::UnixNanos now) const;
  // Cumulative money at the end of each of `cells` equal parts of the range, nothing for those that
  // lie ahead of `now`.
  std::vector<std::optional<double>> course(store::TenantId tenant, const Budget& budget,
                                            store::TimeRange range, std::size_t cells,
                                            base::UnixNanos now) const;

 private:
  std::vector<telemetry::SeriesKey> keys(store::TenantId tenant, const Budget& budget,
                                         std::string_view figure, base::UnixNanos now) const;
  std::vector<telemetry::Point> points(store::TenantId tenant, const Budget& budget,
                                       std::string_view figure, store::TimeRange range,
                                       base::UnixNanos now) const;

  const std::vector<Budget> from_file_;
  store::StateStore& state_;
  store::SeriesStore& series_;
  Analytics& analytics_;
  mutable base::Mutex mutex_;
  std::map<store::TenantId, std::map<std::string, Budget>> set_ HG_GUARDED_BY(mutex_);
};

}  // namespace honeyguide::engine
