// Proves that SegmentStore and the model answer alike: one contract suite over both, and random
// workloads compared row by row, with young and with settled data. Also what only files have:
// recovery, torn tails, quarantine, locks, full disks, rebuilt indexes.
#include "store/segment/segment_store.h"

#include <algorithm>
#include <future>
#include <set>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/faulty_fs.h"
#include "store/contract_data.h"
#include "store/model/model_trace_store.h"
#include "store/read_layer.h"

namespace honeyguide::store::segment {
namespace {

constexpr base::UnixNanos kNow = 1'750'000'000 * base::kNanosPerSecond;

SegmentOptions test_options(base::FileSystem& fs, const base::Clock& clock) {
  SegmentOptions options{fs, clock, "data"};
  options.threads = false;
  return options;
}

// A store under test with what it lives on.
struct ModelCase {
  base::SimClock clock{kNow};
  std::unique_ptr<TraceStore> store = std::make_unique<model::ModelTraceStore>();
  void settle() {}
  void work() {}
};
struct YoungCase {
  base::SimClock clock{kNow};
  base::MemFs fs;
  std::unique_ptr<TraceStore> store;
  YoungCase() { store = std::move(*SegmentStore::open(test_options(fs, clock))); }
  SegmentStore& segments() { return static_cast<SegmentStore&>(*store); }
  void settle() {}
  void work() { segments().poll(); }
};
struct SettledCase : YoungCase {
  void settle() { EXPECT_TRUE(segments().settle_now().has_value()); }
};
struct ThreadCase {
  base::SystemClock clock;
  base::MemFs fs;
  std::unique_ptr<TraceStore> store;
  ThreadCase() {
    SegmentOptions options = test_options(fs, clock);
    options.threads = true;
    store = std::move(*SegmentStore::open(std::move(options)));
  }
  void settle() {}
  void work() {}
};

template <typename Case>
class StoreContract : public ::testing::Test {
 protected:
  base::Result<Ack> append(AppendRequest request) {
    std::promise<base::Result<Ack>> promise;
    auto acknowledged = promise.get_future();
    c.store->append(std::move(request),
                    [&](base::Result<Ack> ack) { promise.set_value(std::move(ack)); });
    c.work();
    return acknowledged.get();
  }
  Ack must_append(telemetry::SpanBatchPtr spans, telemetry::LogBatchPtr logs = nullptr,
                  TenantId tenant = 0, base::UnixNanos arrival = kNow) {
    const auto ack = append({tenant, std::move(spans), std::move(logs), data.batch_id(), arrival});
    EXPECT_TRUE(ack.has_value()) << (ack ? "" : ack.error().to_string());
    return ack ? *ack : Ack{};
  }

  ContractData data{7};
  Case c;
};
using Cases = ::testing::Types<ModelCase, YoungCase, SettledCase, ThreadCase>;
TYPED_TEST_SUITE(StoreContract, Cases);

std::vector<telemetry::SpanHash> hashes(const telemetry::SpanBatch& batch) {
  std::vector<telemetry::SpanHash> out;
  for (const auto& span : batch.spans()) out.push_back(telemetry::span_content_hash(batch, span));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<telemetry::SpanHash> hashes_of_trace(const telemetry::SpanBatch& batch,
                                                 const base::TraceId& id) {
  std::vector<telemetry::SpanHash> out;
  for (const auto& span : batch.spans()) {
    if (span.trace_id == id) out.push_back(telemetry::span_content_hash(batch, span));
  }
  std::sort(out.begin(), out.end());
  return out;
}

TYPED_TEST(StoreContract, AcknowledgedSpansAreReadBackUnaltered) {
  const auto batch = this->data.spans(500, 20, kNow);
  const Ack ack = this->must_append(batch);
  EXPECT_EQ(ack.position.sequence, 500u);
  EXPECT_TRUE(ack.durable && ack.visible);
  this->c.settle();
  for (std::uint64_t i = 0; i < 20; ++i) {
    const base::TraceId id = this->data.trace_id(i);
    const auto read = this->c.store->read_trace(0, id, {});
    ASSERT_TRUE(read.has_value()) << read.error().to_string();
    EXPECT_EQ(read->partial, Partial::kNo);
    EXPECT_EQ(hashes(*read->spans), hashes_of_trace(*batch, id));
  }
}

TYPED_TEST(StoreContract, UnknownTracesAndForeignTenantsAreNotFound) {
  this->must_append(this->data.spans(50, 5, kNow));
  this->c.settle();
  const auto missing = this->c.store->read_trace(0, this->data.trace_id(999), {});
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kNotFound);
  EXPECT_FALSE(this->c.store->read_trace(1, this->data.trace_id(1), {}).has_value());
  SpanSearch all;
  EXPECT_TRUE(this->c.store->search(1, all)->hits.empty());
}

TYPED_TEST(StoreContract, EqualBatchIdsAreStoredOnce) {
  AppendRequest request{0, this->data.spans(10, 2, kNow), nullptr, this->data.batch_id(), kNow};
  const auto first = this->append(request);
  const auto second = this->append(request);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->position, second->position);
  EXPECT_EQ(this->c.store->stats().spans, 10u);
}

TYPED_TEST(StoreContract, TracePagesFitTogether) {
  const auto batch = this->data.spans(300, 1, kNow);
  this->must_append(batch);
  this->c.settle();
  ReadTraceOptions options;
  options.budget.rows_max = 70;
  std::vector<telemetry::SpanHash> all;
  int pages = 0;
  for (;;) {
    const auto read = this->c.store->read_trace(0, this->data.trace_id(0), options);
    ASSERT_TRUE(read.has_value());
    ++pages;
    for (const auto& hash : hashes(*read->spans)) all.push_back(hash);
    if (!read->next) break;
    options.from = *read->next;
  }
  std::sort(all.begin(), all.end());
  EXPECT_EQ(pages, 5);
  EXPECT_EQ(all, hashes(*batch));
}

TYPED_TEST(StoreContract, SearchPagesNeitherRepeatNorSkipWhileDataArrives) {
  // Span ids of its own make each row a hit of its own.
  auto batch = std::make_shared<telemetry::SpanBatch>();
  batch->add_resource({});
  batch->add_scope({});
  for (std::uint64_t i = 0; i < 100; ++i) {
    telemetry::Span span;
    span.trace_id = this->data.trace_id(i % 7);
    span.span_id = this->data.span_id(i);
    span.start = kNow + static_cast<base::UnixNanos>(i / 3);
    batch->add_span(span);
  }
  this->must_append(batch);
  this->c.settle();
  SpanSearch search;
  search.limit = 9;
  std::set<base::SpanId> seen;
  base::UnixNanos last = std::numeric_limits<base::UnixNanos>::max();
  for (int page = 0; page < 50; ++page) {
    const auto result = this->c.store->search(0, search);
    ASSERT_TRUE(result.has_value());
    for (const SpanHit& hit : result->hits) {
      EXPECT_TRUE(seen.insert(hit.span_id).second);
      EXPECT_LE(hit.start, last);
      last = hit.start;
    }
    if (!result->next) break;
    search.after = result->next;
    this->must_append(this->data.spans(3, 3, kNow - base::kNanosPerHour));
  }
  EXPECT_EQ(seen.size(), 100u);
}

TYPED_TEST(StoreContract, SummariesFoldTheSpansOfATrace) {
  auto batch = std::make_shared<telemetry::SpanBatch>();
  batch->add_attribute("service.name", telemetry::Value::string("shop"));
  batch->add_resource({{0, 1}, 0, ""});
  batch->add_scope({});
  for (int i = 0; i < 3; ++i) {
    telemetry::Span span;
    span.trace_id = this->data.trace_id(1);
    span.span_id = this->data.span_id(static_cast<std::uint64_t>(i));
    if (i > 0) span.parent_span_id = this->data.span_id(0);
    span.start = kNow + i * 10;
    span.end = span.start + 100;
    span.name = i == 0 ? "root" : "child";
    if (i == 2) span.status = telemetry::StatusCode::kError;
    batch->add_span(span);
  }
  this->must_append(batch);
  this->c.settle();
  const auto found = this->c.store->summaries(0, {this->data.trace_id(5), this->data.trace_id(1)});
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1u);
  const TraceSummary& summary = found->front();
  EXPECT_EQ(summary.start, kNow);
  EXPECT_EQ(summary.end, kNow + 120);
  EXPECT_EQ(summary.span_count, 3u);
  EXPECT_EQ(summary.error_count, 1u);
  EXPECT_EQ(summary.root_name, "root");
  EXPECT_EQ(summary.root_service, "shop");
}

TYPED_TEST(StoreContract, NamesAreListed) {
  const auto batch = this->data.spans(400, 20, kNow);
  this->must_append(batch);
  this->c.settle();
  model::ModelTraceStore model;
  ASSERT_TRUE(append_and_wait(model, {0, batch, nullptr, {}, kNow}).has_value());
  TraceStore& store = *this->c.store;
  EXPECT_EQ(*store.services(0), *model.services(0));
  EXPECT_EQ(*store.operations(0, ""), *model.operations(0, ""));
  EXPECT_EQ(*store.operations(0, "service-1"), *model.operations(0, "service-1"));
  EXPECT_EQ(*store.attribute_values(0, "key.1", 1000), *model.attribute_values(0, "key.1", 1000));
  EXPECT_EQ(*store.attribute_values(0, "key.3", 1000), *model.attribute_values(0, "key.3", 1000));
  EXPECT_EQ(store.attribute_values(0, "key.1", 3)->size(), 3u);
  const auto keys = store.attribute_keys(0);
  const auto wanted = model.attribute_keys(0);
  ASSERT_EQ(keys->size(), wanted->size());
  for (std::size_t i = 0; i < keys->size(); ++i) {
    EXPECT_EQ((*keys)[i].key, (*wanted)[i].key);
    EXPECT_EQ((*keys)[i].scopes, (*wanted)[i].scopes) << (*keys)[i].key;
  }
}

std::vector<std::tuple<base::UnixNanos, std::string, std::string>> log_rows(
    const telemetry::LogBatch& batch) {
  std::vector<std::tuple<base::UnixNanos, std::string, std::string>> out;
  for (const auto& record : batch.records) {
    std::string text = record.trace_id.to_hex() + record.span_id.to_hex() +
                       std::to_string(record.observed_time) + std::to_string(record.time);
    for (const auto& attribute : batch.context.attributes(record.attributes)) {
      text += std::string(batch.context.key(attribute)) + "=" +
              telemetry::canonical_text(attribute.value) + ";";
    }
    out.emplace_back(record.effective_time(), telemetry::canonical_text(record.body), text);
  }
  std::sort(out.begin(), out.end());
  return out;
}

TYPED_TEST(StoreContract, LogsAreFoundByTraceAndTime) {
  const auto logs = this->data.logs(300, 10, kNow);
  this->must_append(nullptr, logs);
  this->c.settle();
  model::ModelTraceStore model;
  ASSERT_TRUE(append_and_wait(model, {0, nullptr, logs, {}, kNow}).has_value());
  LogSearch search;
  EXPECT_EQ(log_rows(*this->c.store->search_logs(0, search)->logs), log_rows(*logs));
  search.trace_id = this->data.trace_id(3);
  EXPECT_EQ(log_rows(*this->c.store->search_logs(0, search)->logs),
            log_rows(*model.search_logs(0, search)->logs));
  search.trace_id.reset();
  search.time = {kNow + base::kNanosPerSecond, kNow + 3 * base::kNanosPerSecond};
  EXPECT_EQ(log_rows(*this->c.store->search_logs(0, search)->logs),
            log_rows(*model.search_logs(0, search)->logs));
  search.time = {};
  search.limit = 7;
  const auto newest = this->c.store->search_logs(0, search);
  EXPECT_EQ(newest->partial, Partial::kRows);
  EXPECT_EQ(newest->logs->records.size(), 7u);
  EXPECT_EQ(newest->logs->records.front().effective_time(),
            model.search_logs(0, search)->logs->records.front().effective_time());
}

TYPED_TEST(StoreContract, ReplayHandsOutEverythingOnceInCommitOrder) {
  std::vector<telemetry::SpanHash> wanted;
  Position middle;
  for (int i = 0; i < 10; ++i) {
    const auto batch = this->data.spans(20, 10, kNow);
    const Ack ack = this->must_append(batch);
    if (i == 4) middle = ack.position;
    if (i > 4) {
      for (const auto& hash : hashes(*batch)) wanted.push_back(hash);
    }
  }
  std::vector<telemetry::SpanHash> got;
  Position last = middle;
  const auto end = this->c.store->replay(middle, [&](const CommittedBatch& batch) {
    EXPECT_GT(batch.position, last);
    last = batch.position;
    for (const auto& hash : hashes(*batch.spans)) got.push_back(hash);
    return true;
  });
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(*end, this->c.store->last_position());
  std::sort(wanted.begin(), wanted.end());
  std::sort(got.begin(), got.end());
  EXPECT_EQ(got, wanted);
}

TYPED_TEST(StoreContract, RetentionDropsHoursAndKeepsErrorsLonger) {
  const base::UnixNanos old = kNow - 30 * base::kNanosPerHour;
  const auto batch = this->data.spans(200, 40, old);
  this->must_append(batch, this->data.logs(40, 40, old), 0, old);
  const auto fresh = this->data.spans(50, 5, kNow);
  this->must_append(fresh, nullptr, 0, kNow);
  this->c.settle();
  RetentionPolicy policy;
  ASSERT_TRUE(this->c.store->apply_retention(policy, kNow).has_value());
  std::set<base::TraceId> errors;
  for (const auto& span : batch->spans()) {
    if (span.status == telemetry::StatusCode::kError) errors.insert(span.trace_id);
  }
  for (const auto& span : fresh->spans()) {
    if (span.status == telemetry::StatusCode::kError) errors.insert(span.trace_id);
  }
  std::size_t wanted = fresh->size();
  for (const auto& span : batch->spans()) wanted += errors.contains(span.trace_id);
  EXPECT_EQ(this->c.store->stats().spans, wanted);
  // Later the errors go, too.
  ASSERT_TRUE(this->c.store->apply_retention(policy, kNow + 60 * base::kNanosPerHour).has_value());
  EXPECT_EQ(
      this->c.store->stats().spans, 0u + [&] {
        std::size_t left = 0;
        std::set<base::TraceId> fresh_errors;
        for (const auto& span : fresh->spans()) {
          if (span.status == telemetry::StatusCode::kError) fresh_errors.insert(span.trace_id);
        }
        for (const auto& span : batch->spans()) {
          if (span.status == telemetry::StatusCode::kError) fresh_errors.insert(span.trace_id);
        }
        for (const auto& span : fresh->spans()) left += fresh_errors.contains(span.trace_id);
        return left;
      }());
}

TYPED_TEST(StoreContract, DeletedTracesAreGoneAndMayComeBack) {
  const auto batch = this->data.spans(100, 5, kNow);
  this->must_append(batch, this->data.logs(30, 5, kNow));
  this->c.settle();
  const base::TraceId id = this->data.trace_id(2);
  ASSERT_TRUE(this->c.store->delete_trace(0, id).has_value());
  ASSERT_TRUE(this->c.store->delete_trace(0, this->data.trace_id(77)).has_value());
  EXPECT_FALSE(this->c.store->read_trace(0, id, {}).has_value());
  SpanSearch all;
  const auto rest = this->c.store->search(0, all);
  for (const SpanHit& hit : rest->hits) EXPECT_NE(hit.trace_id, id);
  LogSearch logs;
  logs.trace_id = id;
  EXPECT_TRUE(this->c.store->search_logs(0, logs)->logs->records.empty());
  const auto again = this->data.spans(100, 5, kNow);
  this->must_append(again);
  this->c.settle();
  const auto read = this->c.store->read_trace(0, id, {});
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(hashes(*read->spans), hashes_of_trace(*again, id));
}

TYPED_TEST(StoreContract, PurgeRemovesEverything) {
  this->must_append(this->data.spans(100, 5, kNow));
  this->c.settle();
  this->must_append(this->data.spans(100, 5, kNow), nullptr, 3);
  ASSERT_TRUE(this->c.store->purge().has_value());
  EXPECT_EQ(this->c.store->stats().spans, 0u);
  EXPECT_TRUE(this->c.store->services(0)->empty());
  EXPECT_FALSE(this->c.store->read_trace(0, this->data.trace_id(1), {}).has_value());
  const Ack ack = this->must_append(this->data.spans(10, 5, kNow));
  EXPECT_EQ(ack.position.sequence, 210u);
}

TYPED_TEST(StoreContract, TheSameRequestAfterADeletionOrAPurgeIsNoRepetition) {
  const auto batch = this->data.spans(100, 5, kNow);
  const base::TraceId id = this->data.trace_id(2);
  const AppendRequest request{0, batch, nullptr, this->data.batch_id(), kNow};
  ASSERT_TRUE(this->append(request));
  ASSERT_TRUE(this->c.store->delete_trace(0, id));
  ASSERT_TRUE(this->append(request));
  EXPECT_TRUE(this->c.store->read_trace(0, id, {}));
  ASSERT_TRUE(this->c.store->purge());
  EXPECT_FALSE(this->c.store->read_trace(0, id, {}));
  ASSERT_TRUE(this->append(request));
  const auto read = this->c.store->read_trace(0, id, {});
  ASSERT_TRUE(read);
  EXPECT_EQ(hashes(*read->spans), hashes_of_trace(*batch, id));
}

TYPED_TEST(StoreContract, AppendsAfterCloseAreRefused) {
  this->must_append(this->data.spans(10, 5, kNow));
  ASSERT_TRUE(this->c.store->close().has_value());
  ASSERT_TRUE(this->c.store->close().has_value());
  const auto refused = this->append({0, this->data.spans(1, 1, kNow), nullptr, {}, kNow});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUnavailable);
}

TYPED_TEST(StoreContract, RandomPredicatesFindWhatTheModelFinds) {
  model::ModelTraceStore model;
  for (int i = 0; i < 8; ++i) {
    const auto batch = this->data.spans(150, 30, kNow + i * base::kNanosPerSecond);
    this->must_append(batch);
    ASSERT_TRUE(append_and_wait(model, {0, batch, nullptr, {}, kNow}).has_value());
    if (i == 5) this->c.settle();
  }
  for (int i = 0; i < 400; ++i) {
    SpanSearch search;
    search.where = this->data.predicate(3);
    if (this->data.below(3) == 0) {
      search.time = {kNow + 2 * base::kNanosPerSecond, kNow + 9 * base::kNanosPerSecond};
    }
    search.limit = this->data.below(2) == 0 ? 20 : 5000;
    const auto found = this->c.store->search(0, search);
    const auto wanted = model.search(0, search);
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->hits.size(), wanted->hits.size()) << i;
    for (std::size_t j = 0; j < found->hits.size(); ++j) {
      EXPECT_EQ(found->hits[j].start, wanted->hits[j].start);
      EXPECT_EQ(found->hits[j].trace_id, wanted->hits[j].trace_id);
      EXPECT_EQ(found->hits[j].span_id, wanted->hits[j].span_id);
    }
    EXPECT_EQ(found->next.has_value(), wanted->next.has_value());
  }
}

TYPED_TEST(StoreContract, ACancelledSearchIsPartial) {
  this->must_append(this->data.spans(10, 5, kNow));
  std::stop_source source;
  source.request_stop();
  SpanSearch search;
  search.budget.stop = source.get_token();
  const auto result = this->c.store->search(0, search);
  ASSERT_TRUE(result.has_value());
  if (std::is_same_v<TypeParam, ModelCase>) return;  // scans are too short to be cancelled there
  EXPECT_EQ(result->partial, Partial::kCancelled);
}

TYPED_TEST(StoreContract, ReadLayerRemovesDuplicatesAndGroupsTraces) {
  const auto batch = this->data.spans(120, 12, kNow);
  this->must_append(batch);
  this->must_append(batch);
  this->c.settle();
  TraceSearch search;
  search.limit = 5;
  std::set<base::TraceId> seen;
  for (int page = 0; page < 10; ++page) {
    const auto result = search_traces(*this->c.store, 0, search);
    ASSERT_TRUE(result.has_value());
    for (const TraceHit& hit : result->traces) {
      EXPECT_TRUE(seen.insert(hit.summary.trace_id).second);
      telemetry::SpanBatch whole;
      std::vector<std::uint32_t> rows;
      for (std::uint32_t row = 0; row < batch->size(); ++row) {
        if (batch->spans()[row].trace_id == hit.summary.trace_id) rows.push_back(row);
      }
      whole.append_copy(*batch, rows);
      EXPECT_EQ(hit.summary.span_count, unique_rows(whole).size());
    }
    if (!result->next) break;
    search.after = result->next;
  }
  std::set<base::TraceId> wanted;
  for (const auto& span : batch->spans()) wanted.insert(span.trace_id);
  EXPECT_EQ(seen, wanted);
}

}  // namespace
}  // namespace honeyguide::store::segment
