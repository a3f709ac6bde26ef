// Who may do what: tokens, roles, tenants.
//
// A token file has one line a token: `SHA256 roles=ingest,agent,read,operate,admin tenant=NAME
// agents=PREFIX*`, SHA256 being the lower-case hex digest of the token. '#' starts a comment. The
// tenant comes from the token only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace honeyguide::server {

enum Role : std::uint8_t {
  kRoleIngest = 1,   // send telemetry
  kRoleAgent = 2,    // read and acknowledge one's own directives
  kRoleRead = 4,     // read everything of the tenant
  kRoleOperate = 8,  // acknowledge, silence, approve, pause; change thresholds; backfill
  kRoleAdmin = 16,   // delete, purge, snapshot, settings; includes operate and read
};

// Who makes a request.
struct Principal {
  std::string name;  // for the audit log: first 8 digits of the digest, or "anonymous"
  std::string tenant = "default";
  std::uint8_t roles = 0;
  // Agent ids that the sender speaks for, with one '*' at the end allowed. Empty: unbound, its
  // facts never steer.
  std::vector<std::string> agents;

  bool has(Role role) const { return (roles & role) != 0; }
  bool speaks_for(std::string_view agent_id) const;
};

// Tenants of the server's own begin with it; a token file must not name them.
inline constexpr char kReservedTenantMark = '~';

// The principal without a token: ingest and read, tenant default.
Principal anonymous_principal();

// A fixed set of tokens. Immutable, so thread-safe.
class TokenSet {
 public:
  static constexpr std::size_t kTokensMax = 10'000;

  // Errors name the line.
  static base::Result<TokenSet> parse(std::string_view text, const std::string& file_name);

  // Adds one token by its digest.
  void add(const std::string& sha256_hex, Principal principal);

  // Compares in constant time against every token. Nothing if none fits.
  std::optional<Principal> find(std::string_view token) const;
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string digest;  // 32 bytes
    Principal principal;
  };
  std::vector<Entry> entries_;
};

// 32 random bytes as "hg_" and 43 characters of base64url.
std::string make_token();
// Lower-case hex.
std::string sha256_hex(std::string_view text);
// "ingest,read" to bits; nothing on an unknown word.
std::optional<std::uint8_t> parse_roles(std::string_view text);

}  // namespace honeyguide::server
