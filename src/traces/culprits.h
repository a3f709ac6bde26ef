// Culprits: which agents or services an incident most likely comes from, by what their traces and
// series did before and after its onset. Simple statistics on purpose: they need no model of the
// system, and each line of evidence can be checked by hand.
//
// For each label: how far its own time per trace (children's time taken off, so that no caller is
// blamed for whom it calls) and its series moved, in robust deviations; and how well its own errors
// and slowness tell bad traces from good ones (Ochiai). A label whose callees are at least as
// suspicious yields to them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "traces/bottlenecks.h"

namespace honeyguide::traces {

// A series of one label; `kind` says of what: "latency", "errors", "rate", "queue", "tokens",
// "retries", or any other word.
struct LabelSeries {
  std::string label;
  std::string kind;
  std::vector<std::pair<base::UnixNanos, double>> points;
};

struct IncidentTrace {
  const TraceTree* tree = nullptr;
  bool bad = false;  // failed, or as slow as the incident is about
};

struct Incident {
  base::UnixNanos onset = 0;
  // What the incident is about: series of other kinds are left out, because "anything that moved"
  // names the wrong one far more often. Empty: all kinds.
  std::string kind;
};

struct Culprit {
  std::string label;
  double suspicion = 0;               // 0 to 1, for ordering
  std::vector<std::string> evidence;  // sentences, the strongest first
  base::TraceId exemplar;             // a bad trace in which it shows; all-zero: none
};

inline constexpr std::size_t kCulpritsMax = 3;
// Deviations from which a label counts as moved.
inline constexpr double kMovedDeviations = 3;
// Points and traces on each side of the onset without which nothing is said about a move.
inline constexpr std::size_t kSideMin = 5;

// At most kCulpritsMax, the most suspicious first; fewer, or none, if no more are suspicious. Equal
// ones in order of their first sign, then of their name.
std::vector<Culprit> rank_culprits(const Incident& incident,
                                   const std::vector<IncidentTrace>& traces,
                                   const LabelOf& label_of, const std::vector<LabelSeries>& series);

}  // namespace honeyguide::traces
