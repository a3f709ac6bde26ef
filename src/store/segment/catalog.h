// What a tenant's data looks like: services, operations and attribute keys, with the last arrival
// hour each was seen in. A pure function of the blocks; retention forgets what no longer occurs.
// Not thread-safe: guarded by the store's state mutex.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "store/segment/block_writer.h"
#include "store/trace_store.h"

namespace honeyguide::store::segment {

class Catalog {
 public:
  // Entries of one tenant; further ones are counted in refused() and not listed.
  static constexpr std::size_t kOperationsMax = 20'000;
  static constexpr std::size_t kKeysMax = 20'000;

  void note(TenantId tenant, base::UnixNanos hour, const EncodedBlock& block);
  void note_operation(TenantId tenant, base::UnixNanos hour, std::string_view service,
                      std::string_view name, telemetry::SpanKind kind);
  void note_key(TenantId tenant, base::UnixNanos hour, std::string_view key, std::uint8_t scopes,
                std::uint64_t blocks);
  // Forgets what was last seen before `hour`.
  void forget_before(base::UnixNanos hour);
  void clear();

  std::vector<std::string> services(TenantId tenant) const;
  std::vector<Operation> operations(TenantId tenant, std::string_view service) const;
  std::vector<AttributeKey> keys(TenantId tenant) const;
  std::uint64_t refused() const { return refused_; }

 private:
  struct Tenant {
    std::map<std::string, std::map<Operation, base::UnixNanos>, std::less<>> operations;
    std::size_t operation_count = 0;
    struct Key {
      AttributeKey key;
      base::UnixNanos hour = 0;
    };
    std::map<std::string, Key, std::less<>> keys;
  };

  std::map<TenantId, Tenant> tenants_;
  // Hashes of (tenant, hour, entry) already noted: the usual case costs one look.
  std::unordered_set<std::uint64_t> noted_;
  std::uint64_t refused_ = 0;
};

}  // namespace honeyguide::store::segment
