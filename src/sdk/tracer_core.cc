#include "sdk/tracer_core.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include <pthread.h>
#include <signal.h>

#include "base/hash.h"
#include "sdk/fork_generation.h"
#include "sdk/random_ids.h"

namespace honeyguide::sdk {
namespace {

std::atomic<std::uint64_t> next_core_id{1};

// Active spans of this thread that wait to be used again. Spans may end on another thread than they
// started on, so the list is bounded.
constexpr std::size_t kFreeSpansMax = 64;
// A buffer that once held a giant value is not kept.
constexpr std::size_t kKeptBytesMax = 16u << 10;

struct FreeSpans {
  std::vector<std::unique_ptr<ActiveSpan>> spans;
};
thread_local FreeSpans free_spans;

ActiveSpan* take_active_span() {
  if (free_spans.spans.empty()) return new ActiveSpan;
  ActiveSpan* span = free_spans.spans.back().release();
  free_spans.spans.pop_back();
  return span;
}

void give_back(ActiveSpan* span) {
  std::unique_ptr<ActiveSpan> owned(span);
  owned->keep.reset();
  if (free_spans.spans.size() >= kFreeSpansMax || owned->items.capacity() > kKeptBytesMax) return;
  owned->head = RecordHead();
  owned->name.clear();
  owned->trace_state.clear();
  owned->status_message.clear();
  owned->items.clear();
  owned->attributes = owned->events = owned->links = 0;
  free_spans.spans.push_back(std::move(owned));
}

base::TraceId to_base(const std::array<std::uint8_t, 16>& id) {
  return base::TraceId{id};
}

// Threads of the library never take the host's signals.
void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

// The buffer of this thread in the core it used last, and those of other cores.
struct TracerCore::ThreadSlot {
  struct Known {
    std::uint64_t core_id = 0;
    const Life* life = nullptr;
    std::shared_ptr<ThreadBuffer> buffer;
  };
  Known last;
  std::vector<Known> others;
};
thread_local TracerCore::ThreadSlot TracerCore::slot_;

TracerCore::TracerCore(const Config& config, const base::Clock& clock, base::LogSink log,
                       std::vector<std::unique_ptr<SpanExporter>> exporters, bool background)
    : config_(config),
      clock_(clock),
      log_(std::move(log)),
      exporters_(std::move(exporters)),
      background_(background),
      id_(next_core_id.fetch_add(1)) {
  auto* life = new Life;
  life->generation = fork_generation();
  life_ = life;
  if (background_) start_thread(*life);
}

TracerCore::~TracerCore() {
  Life* life = life_.load();
  // In a forked child that never recorded, threads and locks are the parent's: leave them be.
  if (life->generation != fork_generation()) {
    if (life->thread.joinable()) life->thread.detach();
    return;
  }
  (void)shutdown(std::chrono::seconds(1));
  delete life;
}

void TracerCore::start_thread(Life& life) {
  life.thread = std::thread([this, &life] {
    block_all_signals();
    run(life);
  });
}

TracerCore::Life& TracerCore::life() {
  Life* life = life_.load(std::memory_order_acquire);
  if (life->generation == fork_generation()) [[likely]] {
    return *life;
  }
  return new_life_after_fork(life);
}

TracerCore::Life& TracerCore::new_life_after_fork(Life* old) {
  // One thread makes it, the others wait a moment. The old one is leaked: its locks may be held by
  // threads that the fork left behind.
  while (reviving_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
  Life* life = life_.load();
  if (life == old) {
    life = new Life;
    life->generation = fork_generation();
    queued_bytes_ = 0;
    life_.store(life, std::memory_order_release);
    if (background_) start_thread(*life);
  }
  reviving_.store(false, std::memory_order_release);
  return *life;
}

void TracerCore::run(Life& life) {
  while (true) {
    {
      std::unique_lock<base::Mutex> lock(life.mutex);
      life.wake.wait_for(lock, config_.export_interval,
                         [&] { return life.wake_now || life.stopping; });
      life.wake_now = false;
      if (life.stopping) return;
    }
    (void)drain(life, config_.export_timeout);
  }
}

void TracerCore::wake(Life& life) {
  {
    base::MutexLock lock(life.mutex);
    life.wake_now = true;
  }
  life.wake.notify_one();
}

TracerCore::ThreadBuffer& TracerCore::buffer_of_thread(Life& life) {
  ThreadSlot& slot = slot_;
  if (slot.last.core_id == id_ && slot.last.life == &life) [[likely]] {
    return *slot.last.buffer;
  }
  for (ThreadSlot::Known& known : slot.others) {
    if (known.core_id != id_ || known.life != &life) continue;
    std::swap(known, slot.last);
    return *slot.last.buffer;
  }
  ThreadSlot::Known made;
  made.core_id = id_;
  made.life = &life;
  made.buffer = std::make_shared<ThreadBuffer>();
  {
    base::MutexLock lock(life.mutex);
    life.buffers.push_back(made.buffer);
  }
  // Buffers of cores that are gone are dropped here: nobody else holds them.
  std::erase_if(slot.others, [](const auto& known) { return known.buffer.use_count() == 1; });
  if (slot.last.buffer != nullptr) slot.others.push_back(std::move(slot.last));
  slot.last = std::move(made);
  return *slot.last.buffer;
}

bool TracerCore::sample(const base::TraceId& trace_id, const SpanContext& parent) {
  switch (config_.sampler) {
    case Sampler::kAlwaysOn:
      return !parent.valid() || parent.sampled;
    case Sampler::kAlwaysOff:
      return false;
    case Sampler::kParentRatio:
      if (parent.valid()) return parent.sampled;
      [[fallthrough]];
    case Sampler::kRatio: {
      // By the last 7 bytes of the trace id, so that every sampler of the trace decides alike.
      std::uint64_t low = 0;
      std::memcpy(&low, trace_id.bytes.data() + 8, 8);
      low = __builtin_bswap64(low) & ((1ull << 56) - 1);
      return static_cast<double>(low) < config_.sampler_ratio * 0x1p56;
    }
    case Sampler::kRateLimited: {
      if (parent.valid()) return parent.sampled;
      if (!(config_.sampler_traces_per_second > 0)) return false;
      // A second's worth may come at once; then one trace each step.
      const auto step = static_cast<std::int64_t>(1e9 / config_.sampler_traces_per_second);
      const std::int64_t now = clock_.steady_ns();
      std::int64_t at = rate_tokens_at_.load(std::memory_order_relaxed);
      while (true) {
        const std::int64_t next = std::max(at, now - base::kNanosPerSecond) + step;
        if (next > now) return false;
        if (rate_tokens_at_.compare_exchange_weak(at, next, std::memory_order_relaxed)) return true;
      }
    }
  }
  return true;
}

ActiveSpan* TracerCore::start(std::string_view name, const Attributes& attributes,
                              const SpanOptions& options, SpanContext& context) {
  const Context& parent_context = options.parent ? *options.parent : current_context();
  const SpanContext& parent = parent_context.span();
  RandomIds& random = random_ids();
  const bool given = options.context && options.context->valid();
  const base::TraceId trace_id = given            ? to_base(options.context->trace_id)
                                 : parent.valid() ? to_base(parent.trace_id)
                                                  : random.trace_id();
  const base::SpanId span_id = given ? base::SpanId{options.context->span_id} : random.span_id();
  const bool sampled = given ? options.context->sampled : sample(trace_id, parent);
  context.trace_id = trace_id.bytes;
  context.span_id = span_id.bytes;
  context.sampled = sampled;
  started_.fetch_add(1, std::memory_order_relaxed);
  if (!sampled || shut_down_.load(std::memory_order_relaxed)) {
    sampled_out_.fetch_add(sampled ? 0 : 1, std::memory_order_relaxed);
    if (sampled) dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  ActiveSpan* span = take_active_span();
  span->core = this;
  span->keep = shared_from_this();
  span->head.trace_id = trace_id;
  span->head.span_id = span_id;
  if (parent.valid()) span->head.parent_id = base::SpanId{parent.span_id};
  span->head.start = options.start.value_or(0) != 0 ? *options.start : clock_.now();
  span->head.kind = static_cast<std::uint8_t>(options.kind);
  span->head.flags = 1;
  span->name.assign(name.substr(0, kTextBytesMax));
  if (!parent_context.trace_state().empty()) span->trace_state = parent_context.trace_state();
  for (const Attribute& attribute : attributes) {
    if (span->attributes == Span::kAttributesMax) {
      ++span->head.dropped_attributes;
      continue;
    }
    ++span->attributes;
    append_attribute_item(span->items, attribute.key, attribute.value);
  }
  return span;
}

void TracerCore::append_record(ActiveSpan* span) {
  RecordHead& head = span->head;
  head.name_bytes = static_cast<std::uint32_t>(span->name.size());
  head.trace_state_bytes = static_cast<std::uint32_t>(span->trace_state.size());
  head.status_message_bytes = static_cast<std::uint32_t>(span->status_message.size());
  const std::size_t size = sizeof(head) + span->name.size() + span->trace_state.size() +
                           span->status_message.size() + span->items.size();
  head.size_bytes = static_cast<std::uint32_t>(size);
  const std::uint64_t queued = queued_bytes_.fetch_add(size, std::memory_order_relaxed);
  if (queued + size > config_.queue_bytes_max || size > UINT32_MAX ||
      shut_down_.load(std::memory_order_relaxed)) {
    queued_bytes_.fetch_sub(size, std::memory_order_relaxed);
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Life& own = life();
  ThreadBuffer& buffer = buffer_of_thread(own);
  bool full = false;
  {
    base::MutexLock lock(buffer.mutex);
    const std::size_t before = buffer.bytes.size();
    buffer.bytes.append(reinterpret_cast<const char*>(&head), sizeof(head));
    buffer.bytes += span->name;
    buffer.bytes += span->trace_state;
    buffer.bytes += span->status_message;
    buffer.bytes += span->items;
    full = before < kBufferBytes && buffer.bytes.size() >= kBufferBytes;
  }
  ended_.fetch_add(1, std::memory_order_relaxed);
  if (full && background_) wake(own);
}

void TracerCore::end(ActiveSpan* span, UnixNanos time) {
  span->head.end = std::max(time != 0 ? time : clock_.now(), span->head.start);
  append_record(span);
  give_back(span);
}

base::Result<void> TracerCore::export_records(std::string_view records,
                                              std::chrono::milliseconds deadline) {
  base::Result<void> outcome;
  while (!records.empty()) {
    // Whole records up to about kBatchBytes.
    std::size_t size = 0;
    while (size < records.size() && size < kBatchBytes) {
      RecordHead head;
      std::memcpy(&head, records.data() + size, sizeof(head));
      size += head.size_bytes;
    }
    auto batch = std::make_shared<telemetry::SpanBatch>();
    telemetry::Resource resource;
    const auto add = [&](std::string_view key, std::string_view value) {
      batch->add_attribute(batch->own(key), telemetry::Value::string(batch->own(value)));
    };
    add("service.name", config_.service_name);
    add("telemetry.sdk.name", "honeyguide");
    add("telemetry.sdk.language", "cpp");
    for (const auto& [key, value] : config_.resource_attributes) add(key, value);
    resource.attributes = {0, static_cast<std::uint32_t>(batch->mutable_attributes().size())};
    batch->add_resource(resource);
    telemetry::Scope scope;
    scope.name = batch->own("honeyguide");
    batch->add_scope(scope);
    add_records(*batch, records.substr(0, size));
    records.remove_prefix(size);
    const telemetry::SpanBatchPtr ready = batch;
    bool all_took_it = true;
    for (const auto& exporter : exporters_) {
      if (auto sent = exporter->export_batch(ready, deadline); !sent) {
        all_took_it = false;
        outcome = base::with_context(sent.error(), exporter->name());
        export_failures_.fetch_add(1, std::memory_order_relaxed);
        log_(base::LogLevel::kWarning, outcome.error().to_string());
      }
    }
    if (all_took_it) exported_.fetch_add(ready->size(), std::memory_order_relaxed);
  }
  return outcome;
}

base::Result<void> TracerCore::drain(Life& life, std::chrono::milliseconds deadline) {
  base::MutexLock exporting(life.export_mutex);
  std::string records;
  {
    base::MutexLock lock(life.mutex);
    for (const auto& buffer : life.buffers) {
      base::MutexLock buffer_lock(buffer->mutex);
      if (records.empty()) {
        records.swap(buffer->bytes);
      } else {
        records += buffer->bytes;
        buffer->bytes.clear();
      }
    }
    // Threads that ended hold their buffers no more.
    std::erase_if(life.buffers, [](const auto& buffer) { return buffer.use_count() == 1; });
  }
  auto outcome = export_records(records, deadline);
  queued_bytes_.fetch_sub(records.size(), std::memory_order_relaxed);
  return outcome;
}

base::Result<void> TracerCore::flush(std::chrono::milliseconds deadline) {
  return drain(life(), deadline);
}

base::Result<void> TracerCore::shutdown(std::chrono::milliseconds deadline) {
  Life& own = life();
  if (shut_down_.exchange(true)) return {};
  {
    base::MutexLock lock(own.mutex);
    own.stopping = true;
  }
  own.wake.notify_all();
  if (own.thread.joinable()) own.thread.join();
  return drain(own, deadline);
}

TracerStats TracerCore::stats() const {
  TracerStats out;
  out.started = started_;
  out.sampled_out = sampled_out_;
  out.ended = ended_;
  out.dropped = dropped_;
  out.exported = exported_;
  out.export_failures = export_failures_;
  out.queued_bytes = queued_bytes_;
  return out;
}

}  // namespace honeyguide::sdk
