// AgentWatch: the figures of each agent judged together, and agents and services that fall silent.
//
// Fed with the judged points of SeriesWatch: the minutely figures of an agent form a vector, which
// is judged once the next minute begins. Silence: who reports regularly and then does not for
// longer than three times the longest pause known, and at least five minutes, while others of the
// tenant still report. Not thread-safe, no clock.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "detect/vector_detector.h"
#include "watch/anomaly_book.h"
#include "watch/series_watch.h"

namespace honeyguide::watch {

// Agents and services over all tenants; further ones are not judged as a whole.
inline constexpr std::size_t kSubjectsMax = 10'000;
inline constexpr std::int64_t kSilenceMinNs = 5 * base::kNanosPerMinute;
inline constexpr int kAgentFigures = 8;
// Names of the figures, as in reasons of anomalies.
std::string_view agent_figure_name(int figure);

struct AgentState {
  detect::VectorJudgement judgement;
  base::UnixNanos judged = 0;
  // Of everything judged about the agent in its last minute: 1 - min(1, judgements x lowest p).
  double surprise = 0;
  bool cold = true;
};

class AgentWatch {
 public:
  explicit AgentWatch(AnomalyBook& book) : book_(book) {}

  void take(const JudgedPoint& point);
  // Looks for silence.
  void tick();
  void rewind(base::UnixNanos now);

  base::Result<void> opine(const Anomaly& anomaly, Opinion before, Opinion after);
  // False if nothing is known of the agent.
  bool state(store::TenantId tenant, const std::string& agent, AgentState& out) const;
  std::size_t size() const { return subjects_.size(); }

  void collect_changes(std::vector<store::StateChange>& out);
  void stored();
  bool load(std::string_view bytes);
  void clear();

 private:
  struct Subject {
    detect::VectorDetector detector{kAgentFigures};
    std::array<double, kAgentFigures> figures{};
    base::UnixNanos cell = 0;    // that fills
    base::UnixNanos judged = 0;  // cell judged last
    bool history = false;
    bool is_agent = false;
    detect::VectorJudgement last;
    std::string open_id;
    // Of the cell that fills, and of the one before.
    double lowest_p = 1;
    int judgements = 0;
    double surprise = 0;
    // Pauses between points.
    base::UnixNanos seen = 0;
    std::int64_t longest_ns = 0;  // falls by a fifth a day
    base::UnixNanos aged = 0;
    std::uint32_t pauses = 0;
    std::string silence_id;
    bool changed = false;
  };
  using Key = std::pair<store::TenantId, std::string>;  // "a:NAME" or "s:NAME"

  Subject* subject(store::TenantId tenant, const telemetry::SeriesKey& key, std::string& name);
  void judge(const Key& key, Subject& subject);
  void open_odd(const Key& key, Subject& subject, double bar);
  void note_presence(Subject& subject, base::UnixNanos time, bool history);
  void open_silence(const Key& key, Subject& subject);
  static std::string encode(const Key& key, const Subject& subject);

  AnomalyBook& book_;
  std::map<Key, Subject> subjects_;
  std::map<store::TenantId, base::UnixNanos> newest_;  // of any point of the tenant
  std::vector<Subject*> collected_;
  std::vector<std::string> removed_;
};

}  // namespace honeyguide::watch
