#include "store/segment/catalog.h"

#include <algorithm>
#include <set>

#include "base/hash.h"

namespace honeyguide::store::segment {
namespace {

// Beyond this the set of noted hashes starts anew; entries are then merely noted again.
constexpr std::size_t kNotedMax = 100'000;

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  return (a ^ b) * 0x9e3779b97f4a7c15u ^ (a >> 29);
}

}  // namespace

void Catalog::note(TenantId tenant, base::UnixNanos hour, const EncodedBlock& block) {
  if (noted_.size() > kNotedMax) noted_.clear();
  const std::uint64_t seed = mix(tenant + 1, static_cast<std::uint64_t>(hour));
  for (const OperationSeen& seen : block.operations) {
    const std::uint64_t hash = base::hash64(
        seen.name, base::hash64(seen.service, seed + static_cast<unsigned>(seen.kind)));
    if (noted_.insert(hash).second) {
      note_operation(tenant, hour, seen.service, seen.name, seen.kind);
    }
  }
  for (std::size_t i = 0; i < block.keys.size(); ++i) {
    const std::uint64_t hash =
        base::hash64(block.keys[i], seed ^ ~std::uint64_t{block.key_scopes[i]});
    if (noted_.insert(hash).second) note_key(tenant, hour, block.keys[i], block.key_scopes[i], 1);
  }
}

void Catalog::note_operation(TenantId tenant, base::UnixNanos hour, std::string_view service,
                             std::string_view name, telemetry::SpanKind kind) {
  Tenant& entry = tenants_[tenant];
  auto by_service = entry.operations.find(service);
  if (by_service == entry.operations.end()) {
    if (entry.operation_count >= kOperationsMax) {
      ++refused_;
      return;
    }
    by_service = entry.operations.try_emplace(std::string(service)).first;
  }
  const Operation operation{std::string(name), kind};
  const auto found = by_service->second.find(operation);
  if (found != by_service->second.end()) {
    found->second = std::max(found->second, hour);
  } else if (entry.operation_count >= kOperationsMax) {
    ++refused_;
  } else {
    ++entry.operation_count;
    by_service->second.emplace(operation, hour);
  }
}

void Catalog::note_key(TenantId tenant, base::UnixNanos hour, std::string_view key,
                       std::uint8_t scopes, std::uint64_t blocks) {
  Tenant& entry = tenants_[tenant];
  auto found = entry.keys.find(key);
  if (found == entry.keys.end()) {
    if (entry.keys.size() >= kKeysMax) {
      ++refused_;
      return;
    }
    found = entry.keys.emplace(std::string(key), Tenant::Key{}).first;
    found->second.key.key = key;
    found->second.hour = hour;
  }
  found->second.key.scopes |= scopes;
  found->second.key.blocks += blocks;
  found->second.hour = std::max(found->second.hour, hour);
}

void Catalog::forget_before(base::UnixNanos hour) {
  noted_.clear();
  for (auto& [tenant, entry] : tenants_) {
    entry.operation_count = 0;
    for (auto& [service, operations] : entry.operations) {
      std::erase_if(operations, [&](const auto& item) { return item.second < hour; });
      entry.operation_count += operations.size();
    }
    std::erase_if(entry.operations, [](const auto& item) { return item.second.empty(); });
    std::erase_if(entry.keys, [&](const auto& item) { return item.second.hour < hour; });
  }
}

void Catalog::clear() {
  noted_.clear();
  tenants_.clear();
}

std::vector<std::string> Catalog::services(TenantId tenant) const {
  std::vector<std::string> out;
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return out;
  for (const auto& [service, operations] : found->second.operations) {
    if (!service.empty()) out.push_back(service);
  }
  return out;
}

std::vector<Operation> Catalog::operations(TenantId tenant, std::string_view service) const {
  std::set<Operation> out;
  const auto found = tenants_.find(tenant);
  if (found != tenants_.end()) {
    for (const auto& [name, operations] : found->second.operations) {
      if (!service.empty() && name != service) continue;
      for (const auto& [operation, hour] : operations) out.insert(operation);
    }
  }
  return {out.begin(), out.end()};
}

std::vector<AttributeKey> Catalog::keys(TenantId tenant) const {
  std::vector<AttributeKey> out;
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return out;
  for (const auto& [name, entry] : found->second.keys) out.push_back(entry.key);
  return out;
}

}  // namespace honeyguide::store::segment
