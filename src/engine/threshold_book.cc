#include "engine/threshold_book.h"

#include <cmath>

#include "base/bytes.h"
#include "base/strings.h"

namespace honeyguide::engine {
namespace {

using agents::Thresholds;
using agents::ThresholdSet;
using base::Error;
using base::ErrorCode;
using base::Result;

struct Row {
  const char* key;
  const char* title;
  const char* unit;
  ThresholdSet Thresholds::*set;
  double ThresholdSet::*member;
};
constexpr Row kRows[] = {
    {"thresholds.task_throughput.target", "Task throughput, target", "tasks/h",
     &Thresholds::throughput_per_hour, &ThresholdSet::target},
    {"thresholds.task_throughput.warning", "Task throughput, warning", "tasks/h",
     &Thresholds::throughput_per_hour, &ThresholdSet::warning},
    {"thresholds.task_throughput.critical", "Task throughput, critical", "tasks/h",
     &Thresholds::throughput_per_hour, &ThresholdSet::critical},
    {"thresholds.conflict_resolution.target", "Conflict resolution, target", "ratio",
     &Thresholds::conflict_resolution_rate, &ThresholdSet::target},
    {"thresholds.conflict_resolution.warning", "Conflict resolution, warning", "ratio",
     &Thresholds::conflict_resolution_rate, &ThresholdSet::warning},
    {"thresholds.conflict_resolution.critical", "Conflict resolution, critical", "ratio",
     &Thresholds::conflict_resolution_rate, &ThresholdSet::critical},
};
// Tenants times rows, with room for rows of later versions.
constexpr std::uint32_t kStoredMax = 1'000'000;

const Row* find_row(const std::string& key) {
  for (const Row& row : kRows) {
    if (key == row.key) return &row;
  }
  return nullptr;
}

// "TENANT/KEY"
std::string stored_id(store::TenantId tenant, const std::string& key) {
  return std::to_string(tenant) + "/" + key;
}

// VALUE, AT, BY and NOTE on a line each; the note may have more lines.
std::string stored_text(double value, const SettingChange& change) {
  return base::format_double(value) + "\n" + std::to_string(change.at) + "\n" + change.by + "\n" +
         change.note;
}

Result<void> check(const ThresholdSet& set, bool rate) {
  const bool ordered = 0 <= set.critical && set.critical <= set.warning &&
                       set.warning <= set.target && std::isfinite(set.target);
  if (ordered && (!rate || set.target <= 1)) return {};
  return Error{ErrorCode::kInvalidArgument,
               "value: 0 <= critical <= warning <= target" + std::string(rate ? " <= 1" : "") +
                   " must hold; it would be " + base::format_double(set.critical) + ", " +
                   base::format_double(set.warning) + ", " + base::format_double(set.target)};
}

}  // namespace

Result<void> ThresholdBook::load() {
  HG_ASSIGN_OR_RETURN(const auto stored, state_.list(store::kSharedShard,
                                                     store::StateKind::kThreshold, "", kStoredMax));
  base::MutexLock lock(mutex_);
  for (const auto& [id, text] : stored) {
    const std::size_t slash = id.find('/');
    const auto tenant = base::parse_uint64(std::string_view(id).substr(0, slash));
    const std::size_t first = text.find('\n');
    const std::size_t second = text.find('\n', first + 1);
    const std::size_t third = text.find('\n', second + 1);
    const auto value = base::parse_double(std::string_view(text).substr(0, first));
    if (slash == std::string::npos || !tenant || third == std::string::npos || !value) {
      return Error{ErrorCode::kDataLoss, "stored threshold '" + id + "' is damaged"};
    }
    const auto at = base::parse_int64(std::string_view(text).substr(first + 1, second - first - 1));
    Stored& entry = values_[static_cast<store::TenantId>(*tenant)][id.substr(slash + 1)];
    entry.value = *value;
    entry.change = {text.substr(second + 1, third - second - 1), at.value_or(0),
                    text.substr(third + 1)};
  }
  for (const auto& [tenant, values] : values_) {
    HG_RETURN_IF_ERROR(analytics_.set_thresholds(tenant, resolve(values)));
  }
  return {};
}

Thresholds ThresholdBook::resolve(const Values& values) {
  Thresholds out;
  for (const Row& row : kRows) {
    const auto found = values.find(row.key);
    if (found != values.end()) out.*row.set.*row.member = found->second.value;
  }
  return out;
}

std::vector<ThresholdEntry> ThresholdBook::entries(const Values& values) const {
  const Thresholds now = resolve(values);
  const Thresholds defaults;
  std::vector<ThresholdEntry> out;
  for (const Row& row : kRows) {
    ThresholdEntry entry{
        row.key,     row.title, row.unit, now.*row.set.*row.member, defaults.*row.set.*row.member,
        std::nullopt};
    const auto found = values.find(row.key);
    if (found != values.end()) entry.changed = found->second.change;
    out.push_back(std::move(entry));
  }
  return out;
}

std::vector<ThresholdEntry> ThresholdBook::list(store::TenantId tenant) const {
  base::MutexLock lock(mutex_);
  const auto found = values_.find(tenant);
  return entries(found == values_.end() ? Values{} : found->second);
}

Thresholds ThresholdBook::thresholds(store::TenantId tenant) const {
  base::MutexLock lock(mutex_);
  const auto found = values_.find(tenant);
  return found == values_.end() ? Thresholds{} : resolve(found->second);
}

Result<ThresholdEntry> ThresholdBook::set(store::TenantId tenant, const std::string& key,
                                          double value, std::optional<double> previous,
                                          const SettingChange& change) {
  const Row* row = find_row(key);
  if (row == nullptr) return Error{ErrorCode::kNotFound, "there is no setting '" + key + "'"};
  base::MutexLock lock(mutex_);
  Values values = values_[tenant];
  const double now = resolve(values).*row->set.*row->member;
  if (previous && *previous != now) {
    return Error{ErrorCode::kFailedPrecondition,
                 key + " is " + base::format_double(now) + " by now; look at it again"};
  }
  values[key] = {value, change};
  const Thresholds wanted = resolve(values);
  HG_RETURN_IF_ERROR(check(wanted.*row->set, row->set == &Thresholds::conflict_resolution_rate));
  SettingChange clean = change;
  // Lines separate what is stored.
  clean.by = base::strip_control(change.by);
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {store::StateKind::kThreshold, stored_id(tenant, key), stored_text(value, clean)});
  HG_RETURN_IF_ERROR(state_.checkpoint(checkpoint));
  HG_RETURN_IF_ERROR(analytics_.set_thresholds(tenant, wanted));
  values_[tenant] = std::move(values);
  for (ThresholdEntry& entry : entries(values_[tenant])) {
    if (entry.key == key) return std::move(entry);
  }
  return Error{ErrorCode::kNotFound, key};
}

}  // namespace honeyguide::engine
