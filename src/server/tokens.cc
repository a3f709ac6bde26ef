#include "server/tokens.h"

#include <array>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "base/check.h"
#include "base/strings.h"

namespace honeyguide::server {
namespace {

constexpr std::pair<std::string_view, Role> kRoleNames[] = {
    {"ingest", kRoleIngest},   {"agent", kRoleAgent}, {"read", kRoleRead},
    {"operate", kRoleOperate}, {"admin", kRoleAdmin},
};

std::string sha256(std::string_view text) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string to_hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view hex) {
  if (hex.size() != 2 * SHA256_DIGEST_LENGTH) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    int byte = 0;
    for (const char c : hex.substr(i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
      byte = byte * 16 + (digit ? c - '0' : c - 'a' + 10);
    }
    out.push_back(static_cast<char>(byte));
  }
  return out;
}

base::Result<Principal> parse_principal(const std::vector<std::string_view>& words,
                                        const std::string& where) {
  Principal principal;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    const std::string_view name = words[i].substr(0, equals);
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : words[i].substr(equals + 1);
    if (name == "roles") {
      const auto roles = parse_roles(value);
      if (!roles) {
        return base::Error{base::ErrorCode::kInvalidArgument,
                           where + "roles are ingest, agent, read, operate, admin"};
      }
      principal.roles = *roles;
    } else if (name == "tenant" && !value.empty()) {
      if (value.front() == kReservedTenantMark) {
        return base::Error{base::ErrorCode::kInvalidArgument,
                           where + "names of tenants must not begin with '~'"};
      }
      principal.tenant = value;
    } else if (name == "agents" && !value.empty()) {
      for (const std::string_view agent : base::split(value, ',')) {
        principal.agents.emplace_back(agent);
      }
    } else {
      return base::Error{
          base::ErrorCode::kInvalidArgument,
          where + "unknown word '" + std::string(words[i]) + "'; write roles=… tenant=… agents=…"};
    }
  }
  return principal;
}

}  // namespace

bool Principal::speaks_for(std::string_view agent_id) const {
  for (const std::string& pattern : agents) {
    if (pattern.ends_with('*')) {
      if (agent_id.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1)))
        return true;
    } else if (agent_id == pattern) {
      return true;
    }
  }
  return false;
}

Principal anonymous_principal() {
  Principal principal;
  principal.name = "anonymous";
  principal.roles = kRoleIngest | kRoleRead;
  return principal;
}

base::Result<TokenSet> TokenSet::parse(std::string_view text, const std::string& file_name) {
  TokenSet set;
  std::size_t number = 0;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    line = base::trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::string where = file_name + ":" + std::to_string(number) + ": ";
    std::vector<std::string_view> words;
    for (const std::string_view word : base::split(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    if (!from_hex(words.front())) {
      return base::Error{
          base::ErrorCode::kInvalidArgument,
          where + "a line starts with the SHA-256 of a token, 64 lower-case hex digits"};
    }
    HG_ASSIGN_OR_RETURN(Principal principal, parse_principal(words, where));
    if (set.size() >= kTokensMax) {
      return base::Error{base::ErrorCode::kInvalidArgument,
                         where + "more than " + std::to_string(kTokensMax) + " tokens"};
    }
    set.add(std::string(words.front()), std::move(principal));
  }
  return set;
}

void TokenSet::add(const std::string& sha256_digest_hex, Principal principal) {
  const auto digest = from_hex(sha256_digest_hex);
  HG_CHECK(digest.has_value());
  if (principal.name.empty()) principal.name = "token:" + sha256_digest_hex.substr(0, 8);
  if (principal.has(kRoleAdmin)) principal.roles |= kRoleOperate | kRoleRead;
  if (principal.has(kRoleOperate)) principal.roles |= kRoleRead;
  entries_.push_back({*digest, std::move(principal)});
}

std::optional<Principal> TokenSet::find(std::string_view token) const {
  const std::string digest = sha256(token);
  const Entry* found = nullptr;
  for (const Entry& entry : entries_) {
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) found = &entry;
  }
  if (found == nullptr) return std::nullopt;
  return found->principal;
}

std::string make_token() {
  std::array<unsigned char, 32> bytes;
  HG_CHECK(RAND_bytes(bytes.data(), bytes.size()) == 1);
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string token = "hg_";
  std::uint32_t bits = 0;
  int count = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) token.push_back(kAlphabet[bits >> (count - 6) & 63]);
  }
  if (count > 0) token.push_back(kAlphabet[bits << (6 - count) & 63]);
  return token;
}

std::string sha256_hex(std::string_view text) {
  return to_hex(sha256(text));
}

std::optional<std::uint8_t> parse_roles(std::string_view text) {
  std::uint8_t roles = 0;
  for (const std::string_view word : base::split(text, ',')) {
    bool known = false;
    for (const auto& [name, role] : kRoleNames) {
      if (word != name) continue;
      roles |= role;
      known = true;
    }
    if (!known) return std::nullopt;
  }
  return roles;
}

}  // namespace honeyguide::server
