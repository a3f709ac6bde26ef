// A SegmentStore on a faulty file system with a clock that is moved by hand: for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/faulty_fs.h"
#include "store/contract_data.h"
#include "store/segment/segment_store.h"

namespace honeyguide::store::segment {

struct TestStore {
  static constexpr base::UnixNanos kNow = 1'750'000'000 * base::kNanosPerSecond;

  explicit TestStore(SyncPolicy sync_policy = SyncPolicy::kInterval, std::uint64_t seed = 1)
      : fs(seed), data(seed), sync(sync_policy) {
    open();
  }

  SegmentOptions options() {
    SegmentOptions out{fs, clock, "data"};
    out.threads = false;
    out.sync = sync;
    out.log = [this](base::LogLevel, std::string_view line) {
      log += line;
      log += '\n';
    };
    return out;
  }
  base::Result<void> try_open() {
    store.reset();
    auto opened = SegmentStore::open(options());
    if (!opened) return opened.error();
    store = std::move(*opened);
    return {};
  }
  void open() {
    const auto opened = try_open();
    HG_CHECK(opened.has_value());
  }
  // The process ends without a word, and a new one starts.
  void kill() {
    fs.stop_after(0);
    store.reset();
    fs.restart();
    open();
  }
  void cut_power() {
    fs.stop_after(0);
    store.reset();
    fs.restart();
    fs.crash();
    open();
  }
  // Queues a batch, commits, gives the answer.
  base::Result<Ack> append(telemetry::SpanBatchPtr spans, TenantId tenant = 0,
                           base::Hash128 id = {}) {
    std::optional<base::Result<Ack>> out;
    AppendRequest request{tenant, std::move(spans), nullptr, id, clock.now()};
    store->append(std::move(request), [&](base::Result<Ack> ack) { out = std::move(ack); });
    store->poll();
    HG_CHECK(out.has_value());
    return *out;
  }
  telemetry::SpanBatchPtr spans(std::uint32_t rows, std::uint64_t traces = 10) {
    return data.spans(rows, traces, clock.now());
  }
  // Content hashes of all that is stored of a batch's traces, sorted, each once.
  std::vector<telemetry::SpanHash> stored(std::uint64_t traces = 10, TenantId tenant = 0) {
    std::vector<telemetry::SpanHash> out;
    for (std::uint64_t i = 0; i < traces; ++i) {
      const auto read = store->read_trace(tenant, data.trace_id(i), {});
      if (!read) continue;
      for (const auto& span : read->spans->spans()) {
        out.push_back(telemetry::span_content_hash(*read->spans, span));
      }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  bool holds(const telemetry::SpanBatch& batch, TenantId tenant = 0) {
    const auto there = stored(100, tenant);
    return std::all_of(batch.spans().begin(), batch.spans().end(), [&](const auto& span) {
      return std::binary_search(there.begin(), there.end(),
                                telemetry::span_content_hash(batch, span));
    });
  }
  // Every file of the store with its bytes, by path; `suffix` picks some.
  std::vector<std::pair<std::string, std::string>> files(const std::string& suffix = "",
                                                         const std::string& in = "data") {
    std::vector<std::pair<std::string, std::string>> out;
    const auto names = fs.list(in);
    if (!names) return out;
    for (const std::string& name : *names) {
      const std::string path = in + "/" + name;
      if (fs.list(path)) {
        for (auto& file : files(suffix, path)) out.push_back(std::move(file));
      } else if (path.ends_with(suffix)) {
        out.emplace_back(path, fs.read_file(path).value());
      }
    }
    return out;
  }

  base::SimClock clock{kNow};
  base::FaultyFs fs;
  ContractData data;
  SyncPolicy sync;
  std::string log;
  std::unique_ptr<SegmentStore> store;
};

}  // namespace honeyguide::store::segment
