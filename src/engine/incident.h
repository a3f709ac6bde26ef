// Culprits of an incident out of the stores: the traces and the agents' series an hour before its
// onset and up to an hour after, ranked by traces::rank_culprits.
//
// A span counts for its agent, else for its service. Reads at most kIncidentTracesMax traces a
// side, the newest ones, and stops at the budget's deadline with what it has.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/trace_view.h"
#include "store/series_store.h"
#include "traces/culprits.h"

namespace honeyguide::engine {

inline constexpr std::uint32_t kIncidentTracesMax = 40;
inline constexpr std::int64_t kIncidentSideNs = base::kNanosPerHour;
// Series of one name that are compared; further agents are judged by their traces alone.
inline constexpr std::uint32_t kIncidentSeriesMax = 200;

struct IncidentQuestion {
  store::TenantId tenant = 0;
  base::UnixNanos onset = 0;
  base::UnixNanos end = 0;  // 0: it goes on
  // What it is about, see traces::Incident; empty: anything.
  std::string kind;
};

struct IncidentAnswer {
  std::vector<traces::Culprit> culprits;
  std::set<std::string> agents;  // the labels that are agents; others are services
  store::Partial partial = store::Partial::kNo;
  std::size_t traces_before = 0;
  std::size_t traces_after = 0;
};

// "latency", "errors", "tokens", "rate" or empty, by the words of a measure's name.
std::string incident_kind(std::string_view measure);

base::Result<IncidentAnswer> culprits_of(const TraceViewSources& sources,
                                         store::SeriesStore& series,
                                         const IncidentQuestion& question, base::UnixNanos now,
                                         const store::ReadBudget& budget);

}  // namespace honeyguide::engine
