#include "engine/budget_book.h"

#include <algorithm>
#include <cmath>

#include "base/bytes.h"
#include "base/strings.h"

namespace honeyguide::engine {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::size_t kNameBytesMax = 200;
constexpr std::uint32_t kStoredMax = 1'000'000;
constexpr std::string_view kStoredPrefix = "budget/";
constexpr std::int64_t kPeriodMin = base::kNanosPerMinute;
constexpr std::int64_t kPeriodMax = 366 * base::kNanosPerDay;

std::string stored_id(store::TenantId tenant, const std::string& name) {
  return std::string(kStoredPrefix) + std::to_string(tenant) + "/" + name;
}

// USD, TOKENS, PERIOD, LABEL, VALUE on a line each.
std::string stored_text(const Budget& budget) {
  std::string out = base::format_double(budget.limit_usd) + "\n" +
                    std::to_string(budget.limit_tokens) + "\n" + std::to_string(budget.period_ns);
  for (const auto& [label, value] : budget.selector) out += "\n" + label + "\n" + value;
  return out;
}

std::optional<Budget> read_stored(std::string name, std::string_view text) {
  const auto lines = base::split(text, '\n');
  if (lines.size() != 3 && lines.size() != 5) return std::nullopt;
  const auto usd = base::parse_double(lines[0]);
  const auto tokens = base::parse_int64(lines[1]);
  const auto period = base::parse_int64(lines[2]);
  if (!usd || !tokens || !period || *period <= 0) return std::nullopt;
  Budget budget;
  budget.name = std::move(name);
  budget.limit_usd = *usd;
  budget.limit_tokens = *tokens;
  budget.period_ns = *period;
  if (lines.size() == 5) budget.selector[std::string(lines[3])] = lines[4];
  return budget;
}

Result<void> check(const Budget& budget) {
  const auto wrong = [](const std::string& message) -> Result<void> {
    return Error{ErrorCode::kInvalidArgument, message};
  };
  if (budget.name.empty() || budget.name.size() > kNameBytesMax) {
    return wrong("name: 1 to " + std::to_string(kNameBytesMax) + " bytes");
  }
  const bool usd = std::isfinite(budget.limit_usd) && budget.limit_usd >= 0;
  if (!usd || budget.limit_tokens < 0 || (budget.limit_usd == 0 && budget.limit_tokens == 0)) {
    return wrong("limit_usd, limit_tokens: one of them, above 0");
  }
  if (budget.period_ns < kPeriodMin || budget.period_ns > kPeriodMax) {
    return wrong("period_ms: from one minute to 366 days");
  }
  if (budget.selector.size() > 1) return wrong("selector: at most one label");
  for (const auto& [label, value] : budget.selector) {
    if (label != "agent" && label != "workflow" && label != "team") {
      return wrong("selector: agent, workflow or team, not '" + label + "'");
    }
    if (value.empty() || value.size() > kNameBytesMax || value.find('\n') != value.npos) {
      return wrong("selector: the name of an " + label);
    }
  }
  return {};
}

store::Resolution resolution_for(store::TimeRange range) {
  const std::int64_t length = range.end - range.begin;
  if (length <= 6 * base::kNanosPerHour) return store::Resolution::k10s;
  return length <= 10 * base::kNanosPerDay ? store::Resolution::k1m : store::Resolution::k1h;
}

}  // namespace

store::TimeRange Budget::period_at(base::UnixNanos now) const {
  std::int64_t into = now % period_ns;
  if (into < 0) into += period_ns;
  return {now - into, now - into + period_ns};
}

BudgetBook::BudgetBook(std::vector<Budget> from_file, store::StateStore& state,
                       store::SeriesStore& series, Analytics& analytics)
    : from_file_(std::move(from_file)), state_(state), series_(series), analytics_(analytics) {}

Result<void> BudgetBook::load() {
  for (const Budget& budget : from_file_) {
    const auto fits = check(budget);
    if (!fits) return base::with_context(fits.error(), "budget '" + budget.name + "'");
  }
  HG_ASSIGN_OR_RETURN(
      const auto stored,
      state_.list(store::kSharedShard, store::StateKind::kSetting, kStoredPrefix, kStoredMax));
  base::MutexLock lock(mutex_);
  for (const auto& [id, text] : stored) {
    if (!id.starts_with(kStoredPrefix)) break;
    const std::string_view rest = std::string_view(id).substr(kStoredPrefix.size());
    const std::size_t slash = rest.find('/');
    const auto tenant = base::parse_uint64(rest.substr(0, slash));
    if (slash == std::string_view::npos || !tenant) continue;
    auto budget = read_stored(std::string(rest.substr(slash + 1)), text);
    if (!budget) return Error{ErrorCode::kDataLoss, "stored budget '" + id + "' is damaged"};
    const std::string name = budget->name;
    set_[static_cast<store::TenantId>(*tenant)][name] = *std::move(budget);
  }
  return {};
}

std::vector<Budget> BudgetBook::list(store::TenantId tenant) const {
  std::map<std::string, Budget> all;
  for (const Budget& budget : from_file_) all[budget.name] = budget;
  {
    base::MutexLock lock(mutex_);
    const auto found = set_.find(tenant);
    if (found != set_.end()) {
      for (const auto& [name, budget] : found->second) all[name] = budget;
    }
  }
  std::vector<Budget> out;
  for (auto& [name, budget] : all) out.push_back(std::move(budget));
  return out;
}

Result<void> BudgetBook::set(store::TenantId tenant, Budget budget) {
  HG_RETURN_IF_ERROR(check(budget));
  budget.from_file = false;
  base::MutexLock lock(mutex_);
  auto& of_tenant = set_[tenant];
  if (!of_tenant.contains(budget.name) && of_tenant.size() >= kBudgetsPerTenantMax) {
    return Error{ErrorCode::kResourceExhausted,
                 "there are " + std::to_string(kBudgetsPerTenantMax) + " budgets; no more fit"};
  }
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {store::StateKind::kSetting, stored_id(tenant, budget.name), stored_text(budget)});
  HG_RETURN_IF_ERROR(state_.checkpoint(checkpoint));
  const std::string name = budget.name;
  of_tenant[name] = std::move(budget);
  return {};
}

Result<void> BudgetBook::remove(store::TenantId tenant, const std::string& name) {
  base::MutexLock lock(mutex_);
  auto& of_tenant = set_[tenant];
  if (!of_tenant.contains(name)) {
    return Error{ErrorCode::kNotFound,
                 "no budget '" + name + "' was set here; those of the file stay"};
  }
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back({store::StateKind::kSetting, stored_id(tenant, name), std::nullopt});
  HG_RETURN_IF_ERROR(state_.checkpoint(checkpoint));
  of_tenant.erase(name);
  return {};
}

// The series that add up to a figure ("cost_usd_total", "tokens_total") of what a budget selects.
std::vector<telemetry::SeriesKey> BudgetBook::keys(store::TenantId tenant, const Budget& budget,
                                                   std::string_view figure,
                                                   base::UnixNanos now) const {
  std::string prefix = "honeyguide_";
  std::vector<telemetry::Labels> owners{{}};
  if (!budget.selector.empty()) {
    const auto& [label, value] = *budget.selector.begin();
    prefix += (label == "workflow" ? "workflow_" : "agent_");
    owners = {{{label, value}}};
    if (label == "team") {
      owners.clear();
      analytics_.read(tenant, now, [&](const agents::AgentMetrics& metrics) {
        for (const auto& report : metrics.agents(agents::Window::kFiveMinutes, now)) {
          if (report.team == value) owners.push_back({{"agent", report.agent}});
        }
      });
    }
  }
  std::vector<telemetry::SeriesKey> out;
  for (const telemetry::Labels& owner : owners) {
    const bool tokens = figure == "tokens_total";
    for (const char* type : {"input", "output"}) {
      telemetry::SeriesKey key{prefix + std::string(figure), owner};
      if (tokens) key.labels.emplace_back("type", type);
      key.normalise();
      out.push_back(std::move(key));
      if (!tokens) break;
    }
  }
  return out;
}

std::vector<telemetry::Point> BudgetBook::points(store::TenantId tenant, const Budget& budget,
                                                 std::string_view figure, store::TimeRange range,
                                                 base::UnixNanos now) const {
  std::vector<telemetry::Point> out;
  for (const telemetry::SeriesKey& key : keys(tenant, budget, figure, now)) {
    const auto read = series_.read(tenant, key.id(), resolution_for(range), range);
    if (read) out.insert(out.end(), read->begin(), read->end());
  }
  std::erase_if(out, [](const telemetry::Point& point) { return std::isnan(point.value); });
  std::sort(out.begin(), out.end(),
            [](const telemetry::Point& a, const telemetry::Point& b) { return a.time < b.time; });
  return out;
}

Spending BudgetBook::spent(store::TenantId tenant, const Budget& budget, store::TimeRange range,
                           base::UnixNanos now) const {
  Spending out;
  for (const auto& point : points(tenant, budget, "cost_usd_total", range, now)) {
    out.usd = out.usd.value_or(0) + point.value;
  }
  for (const auto& point : points(tenant, budget, "tokens_total", range, now)) {
    out.tokens = out.tokens.value_or(0) + point.value;
  }
  return out;
}

std::vector<std::optional<double>> BudgetBook::course(store::TenantId tenant, const Budget& budget,
                                                      store::TimeRange range, std::size_t cells,
                                                      base::UnixNanos now) const {
  std::vector<std::optional<double>> out(cells);
  const std::int64_t step = (range.end - range.begin) / static_cast<std::int64_t>(cells);
  if (step <= 0) return out;
  const auto all = points(tenant, budget, "cost_usd_total", range, now);
  double sum = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const base::UnixNanos begin = range.begin + static_cast<std::int64_t>(i) * step;
    if (begin > now) break;
    while (next < all.size() && all[next].time < begin + step) sum += all[next++].value;
    out[i] = sum;
  }
  return out;
}

}  // namespace honeyguide::engine
