#include "store/series_index.h"

#include <memory>
#include <utility>

#include <re2/re2.h>

#include "base/bytes.h"

namespace honeyguide::store {
namespace {

using base::Error;
using base::ErrorCode;

// A matcher with its expression compiled.
struct CompiledMatcher {
  const LabelMatcher* matcher = nullptr;
  std::unique_ptr<re2::RE2> regex;

  bool holds(const telemetry::SeriesKey& key) const {
    const std::string_view value = key.label(matcher->label);
    switch (matcher->op) {
      case LabelMatcher::Op::kEqual:
        return value == matcher->value;
      case LabelMatcher::Op::kNotEqual:
        return value != matcher->value;
      case LabelMatcher::Op::kMatches:
        return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex);
      case LabelMatcher::Op::kNotMatches:
        return !re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex);
    }
    return false;
  }
};

base::Result<std::vector<CompiledMatcher>> compile_matchers(
    const std::vector<LabelMatcher>& matchers) {
  std::vector<CompiledMatcher> out;
  for (const LabelMatcher& matcher : matchers) {
    CompiledMatcher compiled;
    compiled.matcher = &matcher;
    if (matcher.op == LabelMatcher::Op::kMatches || matcher.op == LabelMatcher::Op::kNotMatches) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      options.set_max_mem(kRegexBytesMax);
      compiled.regex = std::make_unique<re2::RE2>(matcher.value, options);
      if (!compiled.regex->ok()) {
        return Error{ErrorCode::kInvalidArgument, "label '" + matcher.label + "': expression '" +
                                                      matcher.value +
                                                      "': " + compiled.regex->error()};
      }
    }
    out.push_back(std::move(compiled));
  }
  return out;
}

bool all_hold(const std::vector<CompiledMatcher>& matchers, const telemetry::SeriesKey& key) {
  for (const CompiledMatcher& matcher : matchers) {
    if (!matcher.holds(key)) return false;
  }
  return true;
}

}  // namespace

base::Result<bool> SeriesIndex::add(TenantId tenant, SeriesInfo info) {
  if (info.key.name.empty()) {
    return Error{ErrorCode::kInvalidArgument, "a series needs a name"};
  }
  info.key.normalise();
  Tenant& own = tenants_[tenant];
  std::string canonical = info.key.canonical();
  if (own.by_canonical.contains(canonical)) return false;
  if (own.by_canonical.size() >= series_per_tenant_max_) {
    ++refused_count_;
    return Error{ErrorCode::kResourceExhausted,
                 "tenant " + std::to_string(tenant) + " has " +
                     std::to_string(series_per_tenant_max_) +
                     " series already; fold further ones into an overflow series"};
  }
  const auto [at, inserted] = own.by_canonical.emplace(std::move(canonical), std::move(info));
  own.by_id.emplace(at->second.key.id(), &at->second);
  return inserted;
}

void SeriesIndex::remove(TenantId tenant, const telemetry::SeriesKey& key) {
  Tenant& own = tenants_[tenant];
  own.by_id.erase(key.id());
  own.by_canonical.erase(key.canonical());
}

const SeriesInfo* SeriesIndex::find(TenantId tenant, std::uint64_t series) const {
  const auto own = tenants_.find(tenant);
  if (own == tenants_.end()) return nullptr;
  const auto found = own->second.by_id.find(series);
  return found == own->second.by_id.end() ? nullptr : found->second;
}

base::Result<std::vector<SeriesInfo>> SeriesIndex::search(TenantId tenant, std::string_view name,
                                                          const std::vector<LabelMatcher>& matchers,
                                                          std::uint32_t limit) const {
  HG_ASSIGN_OR_RETURN(const auto compiled, compile_matchers(matchers));
  std::vector<SeriesInfo> out;
  const auto own = tenants_.find(tenant);
  if (own == tenants_.end()) return out;
  const auto& all = own->second.by_canonical;
  // Every canonical key of a name starts with it, so the names form one run of the map.
  for (auto at = name.empty() ? all.begin() : all.lower_bound(std::string(name));
       at != all.end() && out.size() < limit; ++at) {
    if (!name.empty()) {
      if (!at->first.starts_with(name)) break;
      if (at->second.key.name != name) continue;
    }
    if (all_hold(compiled, at->second.key)) out.push_back(at->second);
  }
  return out;
}

std::uint64_t SeriesIndex::size() const {
  std::uint64_t count = 0;
  for (const auto& [tenant, own] : tenants_) count += own.by_canonical.size();
  return count;
}

std::string encode_series_info(const SeriesInfo& info) {
  std::string out;
  out.push_back(1);  // version
  base::put_bytes(out, info.key.name);
  base::put_varint(out, info.key.labels.size());
  for (const auto& [label, value] : info.key.labels) {
    base::put_bytes(out, label);
    base::put_bytes(out, value);
  }
  out.push_back(static_cast<char>(info.kind));
  base::put_bytes(out, info.unit);
  base::put_bytes(out, info.help);
  return out;
}

base::Result<SeriesInfo> decode_series_info(std::string_view bytes) {
  base::ByteReader reader(bytes);
  SeriesInfo info;
  const auto version = reader.fixed<std::uint8_t>();
  info.key.name = std::string(reader.bytes());
  const std::uint64_t labels = reader.varint();
  for (std::uint64_t i = 0; i < labels && reader.ok(); ++i) {
    std::string label(reader.bytes());
    std::string value(reader.bytes());
    info.key.labels.emplace_back(std::move(label), std::move(value));
  }
  const auto kind = reader.fixed<std::uint8_t>();
  info.unit = std::string(reader.bytes());
  info.help = std::string(reader.bytes());
  if (!reader.ok() || version != 1 || kind > 2 || info.key.name.empty()) {
    return Error{ErrorCode::kDataLoss, "a stored series description is damaged"};
  }
  info.kind = static_cast<telemetry::SeriesKind>(kind);
  return info;
}

}  // namespace honeyguide::store
