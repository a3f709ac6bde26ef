// The health score and the status, by one rule:
//
//   score = weighted mean of the factors that are known, each 0 to 1
//   one component unhealthy: the score is at most 0.79; two or more: at most 0.49
//   one component degraded: at most 0.79 as well
//   status: score >= 0.8 "healthy", >= 0.5 "degraded", below "critical"
//
// So score and status can never contradict each other. A factor without a value is left out and
// named in `unknown_factors`; without any known factor and with healthy components the score is 1.
// Weights: cpu 1, memory 2, disk 2, errors 2, throughput 1, coordination 1, conflicts 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "health/components.h"
#include "health/resources.h"

namespace honeyguide::health {

// What the agents' own figures say; nothing where there is no figure.
struct WorkFigures {
  std::optional<double> error_rate;                // 0 to 1
  std::optional<double> throughput_per_hour;       // of an agent, mean
  double throughput_target_per_hour = 10;          // the seed's target
  std::optional<double> coordination_efficiency;   // 0 to 1
  std::optional<double> conflict_resolution_rate;  // 0 to 1
  std::uint64_t active_alerts = 0;
};

struct Factor {
  std::string name;
  double weight = 0;
  double value = 0;    // 1: nothing to complain of
  double reading = 0;  // what was measured
};

struct HealthReport {
  base::UnixNanos time = 0;
  double score = 1;
  std::string status;  // "healthy", "degraded", "critical"
  std::vector<Factor> factors;
  std::vector<std::string> unknown_factors;
  std::vector<ComponentStatus> components;
  std::vector<std::string> recommendations;  // each names the cause; the worst first
};

HealthReport assess(const std::vector<ComponentStatus>& components, const ResourceSample& resources,
                    const WorkFigures& work);

// 1 up to `warning`, from there falling to 0.25 at `critical` and to 0 at 100.
double headroom(double percent, double warning, double critical);

std::string_view status_of_score(double score);

}  // namespace honeyguide::health
