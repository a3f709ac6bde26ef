#include "detect/forecast_score.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/hash.h"

namespace honeyguide::detect {
namespace {

constexpr std::uint8_t kStateVersion = 1;
constexpr double kQuietSecondsMax = 7200;

double share(std::uint64_t part, std::uint64_t all) {
  return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0;
}

}  // namespace

double ForecastAccuracy::precision() const {
  return share(right, episodes);
}
double ForecastAccuracy::recall() const {
  return share(caught, breaches);
}
double ForecastAccuracy::coverage() const {
  return share(covered, timed);
}

double ForecastAccuracy::brier() const {
  return scored > 0 ? brier_sum / static_cast<double>(scored) : 0;
}

double ForecastAccuracy::f1() const {
  const double sum = precision() + recall();
  return sum > 0 ? 2 * precision() * recall() / sum : 0;
}

double ForecastAccuracy::lead_median_s() const {
  if (lead_s.empty()) return 0;
  std::vector<double> sorted = lead_s;
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<long>(sorted.size() / 2),
                   sorted.end());
  return sorted[sorted.size() / 2];
}

ForecastAccuracy& ForecastAccuracy::operator+=(const ForecastAccuracy& other) {
  breaches += other.breaches;
  caught += other.caught;
  episodes += other.episodes;
  right += other.right;
  scored += other.scored;
  timed += other.timed;
  covered += other.covered;
  before_median += other.before_median;
  brier_sum += other.brier_sum;
  lead_s.insert(lead_s.end(), other.lead_s.begin(), other.lead_s.end());
  return *this;
}

// Answers all waiting forecasts: the breach they asked about is here.
void ForecastScorer::on_breach(double time_s) {
  for (const Pending& pending : pending_) {
    const double wait = time_s - pending.time_s;
    if (wait > horizon_s_) continue;
    const Pending& forecast = pending;
    ++accuracy_.scored;
    accuracy_.brier_sum += (1 - forecast.p_breach) * (1 - forecast.p_breach);
    if (!forecast.alert) continue;
    ++accuracy_.timed;
    accuracy_.covered += wait >= forecast.eta_q10_s && wait <= forecast.eta_q90_s ? 1 : 0;
    accuracy_.before_median += wait <= forecast.eta_q50_s ? 1 : 0;
  }
  pending_.clear();
  const double quiet = std::min(kQuietSecondsMax, kQuietShare * horizon_s_);
  const bool fresh = time_s - last_breach_s_ >= quiet;
  double first = time_s;
  for (Episode& episode : episodes_) {
    if (episode.end_s + horizon_s_ < time_s) continue;
    episode.right = true;
    first = std::min(first, std::max(episode.start_s, time_s - horizon_s_));
  }
  if (!fresh) return;
  ++accuracy_.breaches;
  if (first >= time_s) return;
  ++accuracy_.caught;
  accuracy_.lead_s.push_back(time_s - first);
  if (accuracy_.lead_s.size() > kLeadsMax) accuracy_.lead_s.erase(accuracy_.lead_s.begin());
}

void ForecastScorer::expire(double time_s) {
  while (!pending_.empty() && time_s - pending_.front().time_s > horizon_s_) {
    const double p = pending_.front().p_breach;
    ++accuracy_.scored;
    accuracy_.brier_sum += p * p;
    pending_.pop_front();
  }
  while (!episodes_.empty()) {
    const Episode& episode = episodes_.front();
    const bool open = alerting_ && episodes_.size() == 1;
    const bool over = !open && time_s > episode.end_s + horizon_s_;
    if (!over && episodes_.size() <= kEpisodesMax) break;
    ++accuracy_.episodes;
    accuracy_.right += episode.right ? 1 : 0;
    episodes_.pop_front();
  }
}

std::string ForecastScorer::save() const {
  std::string out;
  out.push_back(static_cast<char>(kStateVersion));
  for (const double number : {horizon_s_, last_breach_s_, next_pending_s_, accuracy_.brier_sum}) {
    base::put_fixed(out, number);
  }
  base::put_fixed(out, alerting_);
  for (const std::uint64_t count :
       {accuracy_.breaches, accuracy_.caught, accuracy_.episodes, accuracy_.right, accuracy_.scored,
        accuracy_.timed, accuracy_.covered, accuracy_.before_median}) {
    base::put_varint(out, count);
  }
  base::put_varint(out, accuracy_.lead_s.size());
  for (const double lead : accuracy_.lead_s) base::put_fixed(out, lead);
  base::put_varint(out, pending_.size());
  for (const Pending& pending : pending_) base::put_fixed(out, pending);
  base::put_varint(out, episodes_.size());
  for (const Episode& episode : episodes_) base::put_fixed(out, episode);
  base::put_fixed(out, base::hash64(out));
  return out;
}

base::Result<ForecastScorer> ForecastScorer::load(std::string_view bytes) {
  const base::Error damaged{base::ErrorCode::kDataLoss, "forecast scores are damaged or foreign"};
  if (bytes.size() < sizeof(std::uint64_t)) return damaged;
  const std::string_view body = bytes.substr(0, bytes.size() - sizeof(std::uint64_t));
  base::ByteReader check(bytes.substr(body.size()));
  if (check.fixed<std::uint64_t>() != base::hash64(body)) return damaged;
  base::ByteReader reader(body);
  if (reader.fixed<std::uint8_t>() != kStateVersion) return damaged;
  ForecastScorer out(0);
  ForecastAccuracy& accuracy = out.accuracy_;
  for (double* number :
       {&out.horizon_s_, &out.last_breach_s_, &out.next_pending_s_, &accuracy.brier_sum}) {
    *number = reader.fixed<double>();
  }
  out.alerting_ = reader.fixed<bool>();
  for (std::uint64_t* count :
       {&accuracy.breaches, &accuracy.caught, &accuracy.episodes, &accuracy.right, &accuracy.scored,
        &accuracy.timed, &accuracy.covered, &accuracy.before_median}) {
    *count = reader.varint();
  }
  const std::uint64_t leads = reader.varint();
  for (std::uint64_t i = 0; i < leads && reader.ok(); ++i) {
    accuracy.lead_s.push_back(reader.fixed<double>());
  }
  const std::uint64_t waiting = reader.varint();
  for (std::uint64_t i = 0; i < waiting && reader.ok(); ++i) {
    out.pending_.push_back(reader.fixed<Pending>());
  }
  const std::uint64_t episodes = reader.varint();
  for (std::uint64_t i = 0; i < episodes && reader.ok(); ++i) {
    out.episodes_.push_back(reader.fixed<Episode>());
  }
  if (!reader.ok() || !reader.at_end()) return damaged;
  return out;
}

void ForecastScorer::observe(double time_s, const BreachForecast& forecast) {
  expire(time_s);
  if (forecast.breached) {
    on_breach(time_s);
    last_breach_s_ = time_s;
    alerting_ = false;
    return;
  }
  if (forecast.alert) {
    if (!alerting_) episodes_.push_back({time_s, time_s});
    episodes_.back().end_s = time_s;
  }
  alerting_ = forecast.alert;
  if (time_s < next_pending_s_ || pending_.size() >= kPendingMax) return;
  next_pending_s_ = time_s + horizon_s_ / static_cast<double>(kPendingMax);
  pending_.push_back({time_s, static_cast<float>(forecast.p_breach),
                      static_cast<float>(forecast.eta_q10_s),
                      static_cast<float>(forecast.eta_q50_s),
                      static_cast<float>(forecast.eta_q90_s), forecast.alert});
}

}  // namespace honeyguide::detect
