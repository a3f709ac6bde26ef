// Proves what the tracer records, samples, drops and carries over a fork, against an exporter that
// keeps what it is given and a clock that is moved by hand.
#include "sdk/tracer_core.h"

#include <map>
#include <set>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

namespace honeyguide::sdk {
namespace {

struct Kept {
  std::vector<telemetry::SpanBatchPtr> batches;
  bool fail = false;

  std::size_t size() const {
    std::size_t count = 0;
    for (const auto& batch : batches) count += batch->size();
    return count;
  }
};

class KeepingExporter final : public SpanExporter {
 public:
  explicit KeepingExporter(Kept& kept) : kept_(kept) {}
  std::string_view name() const override { return "kept"; }
  base::Result<void> export_batch(const telemetry::SpanBatchPtr& batch,
                                  std::chrono::milliseconds) override {
    if (kept_.fail) return base::Error{base::ErrorCode::kUnavailable, "away"};
    kept_.batches.push_back(batch);
    return {};
  }

 private:
  Kept& kept_;
};

class TracerCoreTest : public testing::Test {
 protected:
  std::shared_ptr<TracerCore> core(const Config& config = {}, bool background = false) {
    std::vector<std::unique_ptr<SpanExporter>> exporters;
    exporters.push_back(std::make_unique<KeepingExporter>(kept_));
    return std::make_shared<TracerCore>(config, clock_, base::null_log_sink(), std::move(exporters),
                                        background);
  }
  // Starts and ends one span and gives its context.
  SpanContext record(TracerCore& core, const SpanOptions& options = {}) {
    SpanContext context;
    ActiveSpan* span =
        core.start("work", {{"agent.id", "a"}, {"n", 3}, {"ok", true}}, options, context);
    if (span != nullptr) core.end(span, 0);
    return context;
  }
  base::SimClock clock_;
  Kept kept_;
};

constexpr std::chrono::milliseconds kDeadline{1000};

TEST_F(TracerCoreTest, ASpanArrivesAsItWasRecorded) {
  const auto core = this->core();
  SpanContext context;
  ActiveSpan* span = core->start("work", {{"agent.id", "a"}, {"n", 3}, {"x", 0.5}}, {}, context);
  clock_.advance(1000);
  core->end(span, 0);
  ASSERT_TRUE(core->flush(kDeadline));
  ASSERT_EQ(kept_.size(), 1u);
  const telemetry::SpanBatch& batch = *kept_.batches[0];
  const telemetry::Span& read = batch.spans()[0];
  EXPECT_EQ(read.name, "work");
  EXPECT_EQ(read.trace_id.to_hex(), context.trace_id_hex());
  EXPECT_EQ(read.span_id.to_hex(), context.span_id_hex());
  EXPECT_FALSE(read.parent_span_id.valid());
  EXPECT_EQ(read.duration_ns(), 1000);
  EXPECT_EQ(batch.service_name(read), "agent-hive");
  EXPECT_EQ(batch.find(read.attributes, "agent.id")->text(), "a");
  EXPECT_EQ(batch.find(read.attributes, "n")->as_int(), 3);
  EXPECT_EQ(batch.find(read.attributes, "x")->as_double(), 0.5);
}

TEST_F(TracerCoreTest, ChildrenOfTheContextInForceAreInItsTrace) {
  const auto core = this->core();
  const SpanContext root = record(*core);
  {
    const ContextScope scope{Context(root)};
    const SpanContext child = record(*core);
    EXPECT_EQ(child.trace_id, root.trace_id);
    EXPECT_NE(child.span_id, root.span_id);
    SpanOptions detached;
    detached.parent = Context();
    EXPECT_NE(record(*core, detached).trace_id, root.trace_id);
  }
  EXPECT_FALSE(Context::current().span().valid());
}

TEST_F(TracerCoreTest, ASpanThatSomebodyElseBeganKeepsItsIds) {
  auto tracer = core(Config{.sampler = Sampler::kAlwaysOff});
  SpanOptions options;
  options.context = SpanContext{{1, 2, 3}, {4, 5}, true};
  options.start = 17;
  const SpanContext context = record(*tracer, options);
  EXPECT_EQ(context, *options.context);
  ASSERT_TRUE(tracer->flush(std::chrono::seconds(1)));
  ASSERT_EQ(kept_.size(), 1u);
  const telemetry::Span& span = kept_.batches[0]->spans()[0];
  EXPECT_EQ(span.trace_id, base::TraceId{options.context->trace_id});
  EXPECT_EQ(span.span_id, base::SpanId{options.context->span_id});
  EXPECT_EQ(span.start, 17);
}

TEST_F(TracerCoreTest, BeyondTheQueueSpansAreDroppedAndCounted) {
  Config config;
  config.queue_bytes_max = 2000;
  const auto core = this->core(config);
  for (int i = 0; i < 100; ++i) record(*core);
  const TracerStats full = core->stats();
  EXPECT_GT(full.ended, 0u);
  EXPECT_EQ(full.ended + full.dropped, 100u);
  EXPECT_LE(full.queued_bytes, 2000u);
  ASSERT_TRUE(core->flush(kDeadline));
  EXPECT_EQ(kept_.size(), full.ended);
  EXPECT_EQ(core->stats().queued_bytes, 0u);
}

TEST_F(TracerCoreTest, SamplersDecideAsTheySay) {
  Config config;
  config.sampler = Sampler::kAlwaysOff;
  EXPECT_FALSE(record(*core(config)).sampled);
  config.sampler = Sampler::kRatio;
  config.sampler_ratio = 0.25;
  const auto ratio = core(config);
  int sampled = 0;
  for (int i = 0; i < 2000; ++i) sampled += record(*ratio).sampled ? 1 : 0;
  EXPECT_GT(sampled, 400);
  EXPECT_LT(sampled, 600);
  config.sampler = Sampler::kRateLimited;
  config.sampler_traces_per_second = 10;
  const auto limited = core(config);
  const auto let_through = [&] {
    int count = 0;
    for (int i = 0; i < 100; ++i) count += record(*limited).sampled ? 1 : 0;
    return count;
  };
  clock_.advance(10 * base::kNanosPerSecond);
  EXPECT_EQ(let_through(), 10);
  EXPECT_EQ(let_through(), 0);
  clock_.advance(base::kNanosPerSecond / 2);
  EXPECT_EQ(let_through(), 5);
}

TEST_F(TracerCoreTest, AChildOfAnUnsampledParentIsNotRecorded) {
  const auto core = this->core();
  SpanContext parent = record(*core);
  parent.sampled = false;
  SpanOptions options;
  options.parent = Context(parent);
  EXPECT_FALSE(record(*core, options).sampled);
}

TEST_F(TracerCoreTest, AfterShutdownSpansAreCountedAsDropped) {
  const auto core = this->core({}, true);
  record(*core);
  ASSERT_TRUE(core->shutdown(kDeadline));
  ASSERT_TRUE(core->shutdown(kDeadline));
  record(*core);
  EXPECT_EQ(kept_.size(), 1u);
  EXPECT_EQ(core->stats().dropped, 1u);
}

TEST_F(TracerCoreTest, AnExporterThatFailsIsCountedAndToldToTheFlusher) {
  const auto core = this->core();
  kept_.fail = true;
  record(*core);
  EXPECT_FALSE(core->flush(kDeadline));
  EXPECT_EQ(core->stats().export_failures, 1u);
  EXPECT_EQ(core->stats().exported, 0u);
}

TEST_F(TracerCoreTest, ThreadsThatEndedLoseNothing) {
  const auto core = this->core();
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) record(*core);
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(core->flush(kDeadline));
  EXPECT_EQ(kept_.size(), 4000u);
}

TEST_F(TracerCoreTest, AForkedChildRecordsItsOwnSpansOnly) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not follow a fork";
#endif
  const auto core = this->core({}, true);
  // So much that the child would have it too, had it not started anew.
  kept_.batches.clear();
  record(*core);
  const pid_t child = fork();
  if (child == 0) {
    Kept before = kept_;
    record(*core);
    const bool flushed = core->flush(kDeadline).has_value();
    _exit(flushed && kept_.size() == before.size() + 1 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  ASSERT_TRUE(core->shutdown(kDeadline));
  EXPECT_EQ(kept_.size(), 1u);
}

}  // namespace
}  // namespace honeyguide::sdk
