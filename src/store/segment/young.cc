#include "store/segment/young.h"

#include <algorithm>
#include <string_view>

#include "base/hash.h"
#include "store/segment/bloom.h"

namespace honeyguide::store::segment {
namespace {

constexpr std::size_t kSlotsMin = 1024;

}  // namespace

std::uint64_t TraceTable::hash(TenantId tenant, const base::TraceId& id) {
  // Ids come from senders: the seed keeps them from choosing colliding ones.
  static const std::uint64_t seed = base::random_seed();
  return base::hash64({reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()},
                      seed + tenant);
}

void TraceTable::add(TenantId tenant, const base::TraceId& id, std::uint32_t record) {
  if (used_ * 4 >= slots_.size() * 3) grow();
  const std::uint64_t wanted = hash(tenant, id);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = wanted & mask;
  while (slots_[at].head != 0 && slots_[at].hash != wanted) at = (at + 1) & mask;
  Slot& slot = slots_[at];
  if (slot.head == 0) {
    ++used_;
    slot.hash = wanted;
  }
  links_.push_back({record, slot.head});
  slot.head = static_cast<std::uint32_t>(links_.size());
}

void TraceTable::find(TenantId tenant, const base::TraceId& id,
                      std::vector<std::uint32_t>& out) const {
  if (slots_.empty()) return;
  const std::uint64_t wanted = hash(tenant, id);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = wanted & mask;
  while (slots_[at].head != 0 && slots_[at].hash != wanted) at = (at + 1) & mask;
  for (std::uint32_t link = slots_[at].head; link != 0; link = links_[link - 1].next) {
    out.push_back(links_[link - 1].record);
  }
}

void TraceTable::grow() {
  std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(std::max(kSlotsMin, old.size() * 2));
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.head == 0) continue;
    std::size_t at = slot.hash & mask;
    while (slots_[at].head != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void YoungRecord::set_filter(std::vector<std::uint64_t>& hashes) {
  auto bytes = std::make_shared<std::string>();
  put_bloom(*bytes, hashes);
  filter = std::move(bytes);
}

bool YoungRecord::may_contain_value(std::uint64_t hash) const {
  if (!filter) return true;
  const auto blocks = static_cast<std::uint32_t>(filter->size() / kBloomBlockBytes);
  return bloom_may_contain(filter->data(), blocks, hash);
}

void YoungFile::add(const YoungRecord& record, const std::vector<base::TraceId>& trace_ids) {
  const auto place = static_cast<std::uint32_t>(records.size());
  if (records.empty()) {
    first_sequence = record.header.first_sequence;
    first_arrival = record.header.arrival;
  }
  records.push_back(record);
  if (record.filter) filter_bytes += record.filter->capacity() + sizeof(std::string);
  last_sequence = record.header.last_sequence();
  first_arrival = std::min(first_arrival, record.header.arrival);
  (record.header.kind == RecordKind::kSpans ? span_rows : log_rows) += record.header.rows;
  for (const base::TraceId& id : trace_ids) traces.add(record.header.tenant, id, place);
}

}  // namespace honeyguide::store::segment
