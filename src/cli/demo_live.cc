#include "cli/demo_live.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace honeyguide::cli {
namespace {

// The story, in seconds since its beginning; it repeats after kCycleS.
constexpr std::int64_t kCycleS = 1200;
constexpr std::int64_t kSlowFromS = 60;
constexpr std::int64_t kSlowUntilS = 600;
constexpr double kSlownessMax = 8;
constexpr std::int64_t kLoopAtS = 120;
constexpr int kLoopCalls = 60;
constexpr std::int64_t kDeadlockFromS = 240;
constexpr std::int64_t kDeadlockUntilS = 660;
// From the first wait of the ring to the last, at most: nothing begins in the future.
constexpr std::int64_t kRingClosesInS = 15;
constexpr std::int64_t kPoorDraftsFromS = 720;
constexpr std::int64_t kPoorDraftsUntilS = 900;
constexpr double kPoorDraft = 0.6;
// A throttled agent takes this share of its work: coder-2 none at all, the others go on.
constexpr const char* kSpareAgent = "coder-2";

std::uint64_t deadlock_number(base::UnixNanos since) {
  return static_cast<std::uint64_t>(since / base::kNanosPerSecond);
}

void append_all(telemetry::SpanBatch& out, const telemetry::SpanBatch& batch) {
  std::vector<std::uint32_t> rows(batch.size());
  std::iota(rows.begin(), rows.end(), 0u);
  out.append_copy(batch, rows);
}

}  // namespace

void DemoLive::direct(const std::string& agent, const std::optional<DemoDirective>& directive) {
  if (!directive || directive->word == "run") {
    directives_.erase(agent);
    return;
  }
  directives_[agent] = *directive;
}

bool DemoLive::is(const std::string& agent, const char* word) const {
  const auto found = directives_.find(agent);
  return found != directives_.end() && found->second.word == word;
}

DemoMood DemoLive::mood(base::UnixNanos now) const {
  DemoMood mood;
  const std::int64_t second = (now - begin_) / base::kNanosPerSecond % kCycleS;
  if (second >= kSlowFromS && second < kSlowUntilS) {
    const double share = static_cast<double>(second - kSlowFromS) / (kSlowUntilS - kSlowFromS);
    mood.research_slowness = 1 + (kSlownessMax - 1) * share;
  }
  if (second >= kPoorDraftsFromS && second < kPoorDraftsUntilS) mood.draft_quality = kPoorDraft;
  for (const char* word : {"pause", "throttle", "stop"}) {
    mood.coder_2_takes_no_work |= is(kSpareAgent, word);
  }
  for (const auto& [agent, directive] : directives_) {
    if (directive.word == "switch_model" && !directive.model.empty()) {
      mood.models[agent] = directive.model;
    }
  }
  return mood;
}

void DemoLive::begin_run(DemoRun run) {
  Run out;
  out.waiting.resize(run.batch.size());
  std::iota(out.waiting.begin(), out.waiting.end(), 0u);
  const auto spans = run.batch.spans();
  std::sort(out.waiting.begin(), out.waiting.end(),
            [&](std::uint32_t a, std::uint32_t b) { return spans[a].end > spans[b].end; });
  out.run = std::move(run);
  runs_.push_back(std::move(out));
}

void DemoLive::tell_story(base::UnixNanos now, telemetry::SpanBatch& out) {
  const std::int64_t cycle = (now - begin_) / (kCycleS * base::kNanosPerSecond);
  const std::int64_t second = (now - begin_) / base::kNanosPerSecond % kCycleS;
  if (second >= kLoopAtS && looped_in_ < cycle) {
    looped_in_ = cycle;
    if (!mood(now).coder_2_takes_no_work) begin_run(swarm_.loop_run(now, kLoopCalls));
  }
  if (second >= kDeadlockFromS && second < kDeadlockUntilS && deadlocked_in_ < cycle) {
    deadlocked_in_ = cycle;
    deadlock_since_ = now - kRingClosesInS * base::kNanosPerSecond;
    append_all(out, swarm_.deadlock(deadlock_since_, deadlock_number(deadlock_since_), 0).batch);
  }
  if (deadlock_since_ == 0) return;
  const bool broken = std::any_of(directives_.begin(), directives_.end(), [](const auto& entry) {
    return entry.second.word == "break_wait" || entry.second.word == "stop";
  });
  if (broken || second >= kDeadlockUntilS || cycle > deadlocked_in_) {
    append_all(out, swarm_.deadlock(deadlock_since_, deadlock_number(deadlock_since_), now).batch);
    deadlock_since_ = 0;
  }
}

void DemoLive::postpone(Run& run, std::int64_t ns, base::UnixNanos now) {
  auto& spans = run.run.batch.mutable_spans();
  for (const std::uint32_t row : run.waiting) {
    if (spans[row].start > now) spans[row].start += ns;
    spans[row].end += ns;
  }
}

void DemoLive::stop_runs_of(const std::string& agent, base::UnixNanos now) {
  for (Run& run : runs_) {
    auto& spans = run.run.batch.mutable_spans();
    const bool takes_part = std::any_of(
        run.waiting.begin(), run.waiting.end(),
        [&](std::uint32_t row) { return run.run.agents[row] == agent && spans[row].start <= now; });
    if (!takes_part) continue;
    // What had begun ends now and failed; what had not begun never happens.
    std::erase_if(run.waiting, [&](std::uint32_t row) { return spans[row].start > now; });
    for (const std::uint32_t row : run.waiting) {
      spans[row].end = now;
      spans[row].status = telemetry::StatusCode::kError;
      spans[row].status_message = "stopped by a directive";
    }
  }
}

telemetry::SpanBatch DemoLive::advance(base::UnixNanos now) {
  telemetry::SpanBatch out;
  tell_story(now, out);
  while (next_run_ <= now) {
    begin_run(swarm_.next_run(next_run_, mood(next_run_)));
    next_run_ +=
        static_cast<std::int64_t>(static_cast<double>(swarm_.interval_ns(next_run_)) / rate_);
  }
  for (const auto& [agent, directive] : directives_) {
    if (directive.word == "stop") stop_runs_of(agent, now);
  }
  for (Run& run : runs_) {
    // Who works at this moment holds the run up if it is paused.
    const auto& spans = run.run.batch.spans();
    const bool held = std::any_of(run.waiting.begin(), run.waiting.end(), [&](std::uint32_t row) {
      return spans[row].start <= now && is(run.run.agents[row], "pause");
    });
    if (held) postpone(run, now - at_, at_);
    std::vector<std::uint32_t> ended;
    while (!run.waiting.empty() && spans[run.waiting.back()].end <= now) {
      ended.push_back(run.waiting.back());
      run.waiting.pop_back();
    }
    if (!ended.empty()) out.append_copy(run.run.batch, ended);
  }
  std::erase_if(runs_, [](const Run& run) { return run.waiting.empty(); });
  at_ = now;
  return out;
}

}  // namespace honeyguide::cli
