// Proves what the runner does with each kind of answer, over receivers made of a few lines. Counts
// are asserted, times never.
#include "cli/load_run.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace honeyguide::cli {
namespace {

// Answers on the sender's own thread.
class Receiver final : public LoadTransport {
 public:
  explicit Receiver(std::function<LoadOutcome(std::uint64_t call)> answer)
      : answer_(std::move(answer)) {}
  void send(std::shared_ptr<std::string> body, int,
            std::function<void(LoadOutcome)> done) override {
    bodies.push_back(std::move(*body));
    done(answer_(calls++));
  }
  std::vector<std::string> bodies;
  std::uint64_t calls = 0;

 private:
  std::function<LoadOutcome(std::uint64_t)> answer_;
};

// Answers on threads of its own.
class SlowReceiver final : public LoadTransport {
 public:
  ~SlowReceiver() override {
    // A thread can end the run before the call that started it has returned.
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      threads.swap(threads_);
    }
    for (auto& thread : threads) thread.join();
  }
  void send(std::shared_ptr<std::string>, int, std::function<void(LoadOutcome)> done) override {
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([done = std::move(done)] { done({}); });
  }

 private:
  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

LoadPlan plan_of(std::uint64_t requests) {
  LoadPlan plan;
  plan.slots = 3;
  plan.requests_max = requests;
  plan.duration_ns = 60 * base::kNanosPerSecond;
  return plan;
}

LoadBodies small() {
  return *LoadBodies::create({LoadShape::kSmall, 10, 1});
}

TEST(LoadRunTest, EveryRequestIsSentOnceAndCounted) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t) { return LoadOutcome{}; });
  base::SystemClock clock;
  LoadRunner runner(bodies, receiver, clock, plan_of(500));
  std::set<std::uint64_t> acked;
  runner.on_acked([&](std::uint64_t number) { EXPECT_TRUE(acked.insert(number).second); });
  const LoadReport report = runner.run();
  EXPECT_EQ(report.requests_acked, 500u);
  EXPECT_EQ(report.spans_acked, 5000u);
  EXPECT_EQ(report.latency.count(), 500u);
  EXPECT_EQ(acked.size(), 500u);
  EXPECT_EQ(std::set(receiver.bodies.begin(), receiver.bodies.end()).size(), 500u);
}

TEST(LoadRunTest, AnswersFromOtherThreadsStartTheNextRequest) {
  const LoadBodies bodies = small();
  SlowReceiver receiver;
  base::SystemClock clock;
  LoadRunner runner(bodies, receiver, clock, plan_of(200));
  EXPECT_EQ(runner.run().requests_acked, 200u);
}

TEST(LoadRunTest, ARetryableAnswerSendsTheSameBytesAgain) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t call) {
    return call == 0 ? LoadOutcome{LoadAnswer::kRetryable, 0, 0, "busy"} : LoadOutcome{};
  });
  base::SystemClock clock;
  LoadPlan plan = plan_of(1);
  LoadRunner runner(bodies, receiver, clock, plan);
  const LoadReport report = runner.run();
  EXPECT_EQ(report.requests_acked, 1u);
  EXPECT_EQ(report.answers_retryable, 1u);
  ASSERT_EQ(receiver.bodies.size(), 2u);
  EXPECT_EQ(receiver.bodies[0], receiver.bodies[1]);
}

TEST(LoadRunTest, ARefusedRequestIsNotSentAgain) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t) { return LoadOutcome{LoadAnswer::kRefused, 0, -1, "bad"}; });
  base::SystemClock clock;
  LoadRunner runner(bodies, receiver, clock, plan_of(5));
  const LoadReport report = runner.run();
  EXPECT_EQ(report.requests_refused, 5u);
  EXPECT_EQ(report.requests_acked, 0u);
  EXPECT_EQ(report.last_error, "bad");
  EXPECT_EQ(receiver.calls, 5u);
}

TEST(LoadRunTest, ARequestIsGivenUpAfterItsLastAttempt) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t) {
    return LoadOutcome{LoadAnswer::kRetryable, 0, 0, "busy"};
  });
  base::SystemClock clock;
  LoadPlan plan = plan_of(2);
  plan.attempts_max = 3;
  LoadRunner runner(bodies, receiver, clock, plan);
  const LoadReport report = runner.run();
  EXPECT_EQ(report.requests_given_up, 2u);
  EXPECT_EQ(receiver.calls, 6u);
}

TEST(LoadRunTest, TheFirstLostConnectionEndsTheRunIfAsked) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t call) {
    return call == 10 ? LoadOutcome{LoadAnswer::kLost, 0, -1, "reset"} : LoadOutcome{};
  });
  base::SystemClock clock;
  LoadPlan plan = plan_of(1000);
  plan.slots = 1;
  plan.stop_when_lost = true;
  LoadRunner runner(bodies, receiver, clock, plan);
  EXPECT_EQ(runner.run().requests_acked, 10u);
}

TEST(LoadRunTest, ARequestThatLostSpansIsNotInTheLedger) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t call) {
    return LoadOutcome{LoadAnswer::kAcked, call == 1 ? 4u : 0u, -1, ""};
  });
  base::SystemClock clock;
  LoadPlan plan = plan_of(3);
  plan.slots = 1;
  LoadRunner runner(bodies, receiver, clock, plan);
  int ledger = 0;
  runner.on_acked([&](std::uint64_t number) {
    EXPECT_NE(number, 1u);
    ++ledger;
  });
  const LoadReport report = runner.run();
  EXPECT_EQ(ledger, 2);
  EXPECT_EQ(report.spans_acked, 26u);
  EXPECT_EQ(report.spans_rejected, 4u);
}

TEST(LoadRunTest, ARateSpreadsTheRequests) {
  const LoadBodies bodies = small();
  Receiver receiver([](std::uint64_t) { return LoadOutcome{}; });
  base::SystemClock clock;
  LoadPlan plan = plan_of(0);
  plan.spans_per_second = 1000;
  plan.duration_ns = 100 * base::kNanosPerMilli;
  LoadRunner runner(bodies, receiver, clock, plan);
  const LoadReport report = runner.run();
  EXPECT_LE(report.requests_acked, 11u);  // never above the rate, however slow the machine is
  EXPECT_GE(report.requests_acked, 1u);
}

}  // namespace
}  // namespace honeyguide::cli
