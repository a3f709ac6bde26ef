#include "store/segment/search.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/strings.h"
#include "store/segment/predicate_scan.h"

namespace honeyguide::store::segment {
namespace {

bool hit_before(const SpanHit& a, const SpanHit& b) {
  if (a.start != b.start) return a.start > b.start;
  return std::tie(a.trace_id, a.span_id) < std::tie(b.trace_id, b.span_id);
}

// Hashes one of which is in the filter of every block with a hit; empty if none can be named.
std::vector<std::uint64_t> hashes_of(const Comparison& c) {
  const auto* text = std::get_if<std::string>(&c.operand);
  if (c.field == store::Field::kName && c.op == Op::kEqual && text != nullptr) {
    return {filter_hash(kNameFilterKey, *text)};
  }
  if (c.field == store::Field::kServiceName && c.op == Op::kEqual && text != nullptr &&
      !text->empty()) {
    return {filter_hash("service.name", *text)};
  }
  if (c.field != store::Field::kAttribute) return {};
  if (c.op != Op::kEqual) return {filter_key_hash(c.key)};
  if (text != nullptr) return {filter_hash(c.key, *text)};
  if (const auto* flag = std::get_if<bool>(&c.operand)) {
    return {filter_hash(c.key, *flag ? "true" : "false")};
  }
  // Equal numbers may be stored as integer or as double, whose texts may differ.
  if (const auto* number = std::get_if<std::int64_t>(&c.operand)) {
    return {filter_hash(c.key, std::to_string(*number)),
            filter_hash(c.key, base::format_double(static_cast<double>(*number)))};
  }
  if (const auto* real = std::get_if<double>(&c.operand)) {
    std::vector<std::uint64_t> out{filter_hash(c.key, base::format_double(*real))};
    if (std::abs(*real) < 9e15 && std::floor(*real) == *real) {
      out.push_back(filter_hash(c.key, std::to_string(static_cast<std::int64_t>(*real))));
      if (*real == 0) out.push_back(filter_hash(c.key, base::format_double(-*real)));
      return out;
    }
    // A huge double equals many integers' approximations: the key alone is certain.
    return std::abs(*real) < 9e15 ? out : std::vector<std::uint64_t>{filter_key_hash(c.key)};
  }
  return {filter_key_hash(c.key)};
}

void collect(const Predicate& predicate, FilterNeeds& out) {
  if (predicate.kind == Predicate::Kind::kAnd) {
    for (const Predicate& child : predicate.children) collect(child, out);
    return;
  }
  if (predicate.kind == Predicate::Kind::kCompare) {
    const Comparison& c = predicate.comparison;
    auto hashes = hashes_of(c);
    if (!hashes.empty()) out.all_of.push_back(std::move(hashes));
    const auto* ns = std::get_if<std::int64_t>(&c.operand);
    const bool lower = c.op == Op::kGreater || c.op == Op::kGreaterEqual || c.op == Op::kEqual;
    if (c.field == store::Field::kDurationNs && ns != nullptr && lower) {
      out.duration_min = std::max(out.duration_min, *ns);
    }
    return;
  }
  if (predicate.kind != Predicate::Kind::kOr || predicate.children.empty()) return;
  std::vector<std::uint64_t> any;
  for (const Predicate& child : predicate.children) {
    if (child.kind != Predicate::Kind::kCompare) return;
    const auto hashes = hashes_of(child.comparison);
    if (hashes.empty()) return;
    any.insert(any.end(), hashes.begin(), hashes.end());
  }
  out.all_of.push_back(std::move(any));
}

// `contains` asks the filter of one block.
template <typename Contains>
bool may_match(const FilterNeeds& needs, std::int64_t duration_max, Contains contains) {
  if (duration_max < needs.duration_min) return false;
  return std::all_of(needs.all_of.begin(), needs.all_of.end(), [&](const auto& any) {
    return std::any_of(any.begin(), any.end(), contains);
  });
}

}  // namespace

FilterNeeds filter_needs(const Predicate& predicate) {
  FilterNeeds out;
  collect(predicate, out);
  return out;
}

SpanSearcher::SpanSearcher(StoreReads& reads, TenantId tenant, const SpanSearch& search)
    : reads_(reads), search_(search), needs_(filter_needs(search.where)) {
  snapshot_ = reads.snapshot(tenant, RecordKind::kSpans, search.time);
  as_of_ = search.after ? search.after->as_of.sequence : snapshot_.last_sequence;
  result_.as_of = {0, as_of_};
}

void SpanSearcher::expand(const Candidate& candidate) {
  const auto open = reads_.cache_.open(candidate.file);
  if (!open) {
    damaged_ = damaged_ || !candidate.file->dropped;
    return;
  }
  const SettledIndex& index = (*open)->index;
  for (std::size_t i = 0; i < index.blocks().size(); ++i) {
    const BlockEntry& entry = index.blocks()[i];
    if (entry.kind != RecordKind::kSpans) continue;
    ++result_.cost.blocks_total;
    if (!search_.time.overlaps(entry.start_min, entry.start_max)) continue;
    if (search_.after && entry.start_min > search_.after->start) continue;
    const auto contains = [&](std::uint64_t hash) { return index.may_contain_value(entry, hash); };
    if (!may_match(needs_, entry.duration_max, contains)) continue;
    candidates_.push(
        {entry.start_max, candidate.file, *open, nullptr, static_cast<std::ptrdiff_t>(i)});
  }
}

bool SpanSearcher::wanted_row(OpenBlock& block, std::uint32_t row) {
  BlockReader& reader = *block.reader;
  const base::UnixNanos start = reader.starts()[row];
  if (!search_.time.contains(start)) return false;
  if (full() && start < hits_.front().start) return false;
  if (search_.after && start > search_.after->start) return false;
  if (block.young && block.sequence_of(row) > as_of_) return false;
  const bool order = search_.after && start == search_.after->start;
  if (!order && snapshot_.tombstones.empty()) return true;
  const base::TraceId trace = reader.row_trace_id(row);
  if (snapshot_.hides(trace, block.sequence_of(row))) return false;
  if (!order) return true;
  const SpanHit last{search_.after->trace_id, search_.after->span_id, search_.after->start, 0};
  return hit_before(last, {trace, reader.span_id(row), start, 0});
}

void SpanSearcher::keep(BlockReader& reader, const std::vector<std::uint32_t>& rows) {
  for (const std::uint32_t row : rows) {
    const base::UnixNanos start = reader.starts()[row];
    if (full() && start < hits_.front().start) continue;
    const std::int64_t duration = reader.ints(Field::kDuration).get(row);
    const SpanHit hit{reader.row_trace_id(row), reader.span_id(row), start,
                      std::max<std::int64_t>(duration, 0)};
    if (full()) {
      if (!hit_before(hit, hits_.front())) continue;
      std::pop_heap(hits_.begin(), hits_.end(), hit_before);
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), hit_before);
  }
}

void SpanSearcher::scan_block(OpenBlock& block) {
  BlockReader& reader = *block.reader;
  ++result_.cost.blocks_scanned;
  result_.cost.rows_scanned += reader.rows();
  const ScanResult found = scan(search_.where, reader);
  std::vector<std::uint32_t> sure;
  std::vector<std::uint32_t> asked;
  found.maybe.each([&](std::size_t row) {
    const auto number = static_cast<std::uint32_t>(row);
    if (!wanted_row(block, number)) return;
    (found.sure.get(row) ? sure : asked).push_back(number);
  });
  if (!asked.empty()) {
    telemetry::SpanBatch batch;
    reader.materialize(asked, batch);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      if (matches(search_.where, batch, batch.spans()[i])) sure.push_back(asked[i]);
    }
  }
  keep(reader, sure);
  damaged_ = damaged_ || reader.damaged();
  result_.cost.bytes_read += reader.bytes_read();
}

base::Result<SearchResult> SpanSearcher::run() {
  if (search_.limit == 0) return result_;
  for (const YoungRecord& record : snapshot_.young) {
    ++result_.cost.blocks_total;
    if (record.header.first_sequence > as_of_) continue;
    if (search_.after && record.start_min > search_.after->start) continue;
    const auto contains = [&](std::uint64_t hash) { return record.may_contain_value(hash); };
    if (!may_match(needs_, record.duration_max, contains)) continue;
    candidates_.push({record.start_max, nullptr, nullptr, &record, -1});
  }
  for (const auto& file : snapshot_.settled) {
    if (file->span_rows == 0 || file->first_sequence > as_of_) continue;
    if (!search_.time.overlaps(file->start_min, file->start_max)) continue;
    candidates_.push({file->start_max, file, nullptr, nullptr, -1});
  }
  while (!candidates_.empty()) {
    const Candidate next = candidates_.top();
    if (full() && next.start_max < hits_.front().start) break;
    candidates_.pop();
    if (StoreReads::out_of_budget(reads_.state_.options.clock, search_.budget, result_.partial)) {
      break;
    }
    if (next.young == nullptr && next.block < 0) {
      expand(next);
      continue;
    }
    auto block = next.young != nullptr
                     ? StoreReads::open_young(*next.young)
                     : StoreReads::open_settled(
                           *next.open,
                           next.open->index.blocks()[static_cast<std::size_t>(next.block)], false);
    if (block) {
      scan_block(*block);
    } else {
      damaged_ = true;
    }
  }
  std::sort(hits_.begin(), hits_.end(), hit_before);
  if (hits_.size() > search_.limit) {
    hits_.resize(search_.limit);
    const SpanHit& last = hits_.back();
    // A search that was cut has not seen all that lies before its last hit: nothing to go on from.
    if (result_.partial == Partial::kNo) {
      result_.next = SearchCursor{last.start, last.trace_id, last.span_id, {0, as_of_}};
    }
  }
  if (damaged_ && result_.partial == Partial::kNo) result_.partial = Partial::kDamaged;
  result_.hits = std::move(hits_);
  return std::move(result_);
}

base::Result<SearchResult> StoreReads::search(TenantId tenant, const SpanSearch& search) {
  return SpanSearcher(*this, tenant, search).run();
}

}  // namespace honeyguide::store::segment
