#include "health/score.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace honeyguide::health {
namespace {

constexpr double kOneDownMax = 0.79;
constexpr double kTwoDownMax = 0.49;
constexpr double kHealthyMin = 0.8;
constexpr double kDegradedMin = 0.5;
constexpr std::uint64_t kManyAlerts = 10;

// Whole percents, for people.
std::string percent_text(double percent) {
  return std::to_string(static_cast<int>(percent + 0.5)) + " %";
}

struct Gathering {
  HealthReport& report;
  std::vector<std::pair<double, std::string>> complaints;  // loss, text

  void factor(const std::string& name, double weight, std::optional<double> reading,
              double (*value_of)(double, double), double parameter, const std::string& complaint) {
    if (!reading) {
      report.unknown_factors.push_back(name);
      return;
    }
    const double value = std::clamp(value_of(*reading, parameter), 0.0, 1.0);
    report.factors.push_back({name, weight, value, *reading});
    if (value < kHealthyMin) complaints.emplace_back((1 - value) * weight, complaint);
  }
};

void gather_resources(Gathering& to, const ResourceSample& resources) {
  const std::optional<double> memory = resources.tightest_memory_percent();
  to.factor(
      "cpu", 1, resources.cpu_percent, [](double x, double) { return headroom(x, 80, 95); }, 0,
      "CPU at " + percent_text(resources.cpu_percent.value_or(0)) +
          ": find the busy process or add cores");
  to.factor(
      "memory", 2, memory, [](double x, double) { return headroom(x, 85, 95); }, 0,
      "Memory at " + percent_text(memory.value_or(0)) +
          ": reduce retention or sampling, or raise the limit");
  to.factor(
      "disk", 2, resources.disk_percent, [](double x, double) { return headroom(x, 90, 98); }, 0,
      "Disk at " + percent_text(resources.disk_percent.value_or(0)) +
          ": shorten retention or free space");
}

void gather_work(Gathering& to, const WorkFigures& work) {
  to.factor(
      "errors", 2, work.error_rate, [](double x, double) { return 1 - x; }, 0,
      percent_text(100 * work.error_rate.value_or(0)) +
          " of tasks fail: look at the failing agents' traces");
  to.factor(
      "throughput", 1, work.throughput_per_hour,
      [](double x, double target) { return target > 0 ? x / target : 1; },
      work.throughput_target_per_hour,
      "Task throughput at " + base::format_double(work.throughput_per_hour.value_or(0)) +
          " per hour and agent, target " + base::format_double(work.throughput_target_per_hour));
  to.factor(
      "coordination", 1, work.coordination_efficiency, [](double x, double) { return x; }, 0,
      "Collaboration efficiency at " +
          percent_text(100 * work.coordination_efficiency.value_or(0)) +
          ": agents wait for each other, look at the topology");
  to.factor(
      "conflicts", 1, work.conflict_resolution_rate, [](double x, double) { return x; }, 0,
      "Only " + percent_text(100 * work.conflict_resolution_rate.value_or(0)) +
          " of conflicts are resolved: look at the conflict report");
}

}  // namespace

double headroom(double percent, double warning, double critical) {
  if (percent <= warning) return 1;
  if (percent <= critical) return 1 - 0.75 * (percent - warning) / (critical - warning);
  if (percent >= 100) return 0;
  return 0.25 * (100 - percent) / (100 - critical);
}

std::string_view status_of_score(double score) {
  if (score >= kHealthyMin) return "healthy";
  return score >= kDegradedMin ? "degraded" : "critical";
}

HealthReport assess(const std::vector<ComponentStatus>& components, const ResourceSample& resources,
                    const WorkFigures& work) {
  HealthReport report;
  report.time = resources.time;
  report.components = components;
  Gathering gathering{report, {}};
  gather_resources(gathering, resources);
  gather_work(gathering, work);

  double weights = 0;
  double sum = 0;
  for (const Factor& factor : report.factors) {
    weights += factor.weight;
    sum += factor.weight * factor.value;
  }
  report.score = weights > 0 ? sum / weights : 1;

  int down = 0;
  int limping = 0;
  for (const ComponentStatus& component : components) {
    if (component.state != State::kUnhealthy && component.state != State::kDegraded) continue;
    const bool is_down = component.state == State::kUnhealthy;
    (is_down ? down : limping) += 1;
    std::string text = component.name + " is " + std::string(state_name(component.state));
    if (!component.detail.empty()) text += " (" + component.detail + ")";
    if (!component.advice.empty()) text += ": " + component.advice;
    // Components stand before figures: a figure may be wrong because of them.
    gathering.complaints.emplace_back(is_down ? 200 : 100, std::move(text));
  }
  if (down >= 2) {
    report.score = std::min(report.score, kTwoDownMax);
  } else if (down + limping >= 1) {
    report.score = std::min(report.score, kOneDownMax);
  }
  if (work.active_alerts > kManyAlerts) {
    gathering.complaints.emplace_back(
        1, std::to_string(work.active_alerts) + " active alerts: investigate their common cause");
  }
  report.status = std::string(status_of_score(report.score));
  std::stable_sort(gathering.complaints.begin(), gathering.complaints.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (auto& [loss, text] : gathering.complaints) report.recommendations.push_back(std::move(text));
  return report;
}

}  // namespace honeyguide::health
