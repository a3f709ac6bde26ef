#include "control/directive_book.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/json_writer.h"
#include "base/strings.h"

namespace honeyguide::control {
namespace {

using base::Error;
using base::ErrorCode;
using base::MutexLock;
using base::Result;
using nlohmann::json;

constexpr std::string_view kEpochId = "epoch";
constexpr std::string_view kAgentPrefix = "a/";
constexpr std::uint32_t kLoadPage = 1000;

// "a/" tenant '/' agent: one entry an agent.
std::string state_id(const AgentKey& key) {
  return std::string(kAgentPrefix) + std::to_string(key.tenant) + "/" + key.agent;
}

std::optional<AgentKey> parse_state_id(std::string_view id) {
  id.remove_prefix(kAgentPrefix.size());
  const auto slash = id.find('/');
  const auto tenant = base::parse_uint64(id.substr(0, slash));
  if (slash == std::string_view::npos || !tenant) return std::nullopt;
  return AgentKey{static_cast<store::TenantId>(*tenant), std::string(id.substr(slash + 1))};
}

void write_directive(base::JsonWriter& out, const Directive& d) {
  out.begin_object().field("seq", d.seq).field("epoch", d.epoch);
  out.field("directive", directive_name(d.kind)).key("params").raw(d.params);
  out.field("reason", d.reason).field("by", d.issued_by);
  out.field("issued", d.issued).field("expires", d.expires).field("obey_by", d.obey_by);
  out.field("ack", ack_name(d.ack)).field("detail", d.ack_detail);
  out.field("received", d.received_at).field("settled", d.settled_at).end_object();
}

std::optional<Directive> read_directive(const json& object) {
  const auto kind = parse_directive(object.value("directive", ""));
  if (!kind) return std::nullopt;
  Directive d;
  d.kind = *kind;
  d.seq = object.value("seq", std::uint64_t{0});
  d.epoch = object.value("epoch", std::uint64_t{0});
  d.params = object.value("params", json::object()).dump();
  d.reason = object.value("reason", "");
  d.issued_by = object.value("by", "");
  d.issued = object.value("issued", base::UnixNanos{0});
  d.expires = object.value("expires", base::UnixNanos{0});
  d.obey_by = object.value("obey_by", base::UnixNanos{0});
  d.ack = parse_ack(object.value("ack", "")).value_or(AckState::kNone);
  d.ack_detail = object.value("detail", "");
  d.received_at = object.value("received", base::UnixNanos{0});
  d.settled_at = object.value("settled", base::UnixNanos{0});
  return d;
}

std::string cut(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  // Not in the middle of a character.
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xc0) == 0x80) --bytes_max;
  text.resize(bytes_max);
  return text;
}

}  // namespace

Result<std::unique_ptr<DirectiveBook>> DirectiveBook::open(store::StateStore& state,
                                                           const base::Clock& clock) {
  std::unique_ptr<DirectiveBook> book(new DirectiveBook(state, clock));
  MutexLock lock(book->mutex_);
  HG_RETURN_IF_ERROR(book->load());
  HG_RETURN_IF_ERROR(book->begin_epoch());
  return book;
}

void DirectiveBook::set_on_issue(std::function<void(const AgentKey&, const Directive&)> on_issue) {
  on_issue_ = std::move(on_issue);
}

void DirectiveBook::set_on_ack(std::function<void(const AgentKey&, const Directive&)> on_ack) {
  on_ack_ = std::move(on_ack);
}

Result<void> DirectiveBook::load() {
  std::string from(kAgentPrefix);
  for (;;) {
    HG_ASSIGN_OR_RETURN(
        const auto page,
        state_.list(store::kSharedShard, store::StateKind::kDirective, from, kLoadPage));
    for (const auto& [id, text] : page) {
      if (!id.starts_with(kAgentPrefix)) continue;
      const auto key = parse_state_id(id);
      const json object = json::parse(text, nullptr, false);
      if (!key || !object.is_object()) {
        return Error{ErrorCode::kDataLoss, "the stored directives of '" + id + "' are damaged"};
      }
      Agent& agent = agents_[*key];
      agent.last_seq = object.value("last_seq", std::uint64_t{0});
      for (const json& item : object.value("kept", json::array())) {
        if (auto directive = read_directive(item)) agent.kept.push_back(*std::move(directive));
      }
    }
    if (page.size() < kLoadPage) return {};
    from = page.back().first + '\0';
  }
}

Result<void> DirectiveBook::begin_epoch() {
  HG_ASSIGN_OR_RETURN(const auto stored,
                      state_.get(store::kSharedShard, store::StateKind::kDirective, kEpochId));
  const auto before = stored ? base::parse_uint64(*stored).value_or(0) : 0;
  epoch_ = std::max<std::uint64_t>(before + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(
                                                   0, clock_.now() / base::kNanosPerSecond)));
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back(
      {store::StateKind::kDirective, std::string(kEpochId), std::to_string(epoch_)});
  return state_.checkpoint(checkpoint);
}

Result<void> DirectiveBook::save(const AgentKey& key, const Agent& agent) {
  base::JsonWriter out;
  out.begin_object().field("last_seq", agent.last_seq).key("kept").begin_array();
  for (const Directive& directive : agent.kept) write_directive(out, directive);
  out.end_array().end_object();
  store::Checkpoint checkpoint;
  checkpoint.shard = store::kSharedShard;
  checkpoint.changes.push_back({store::StateKind::kDirective, state_id(key), out.take()});
  return state_.checkpoint(checkpoint);
}

Result<Directive> DirectiveBook::issue(const AgentKey& key, const DirectiveRequest& request) {
  if (key.agent.empty() || key.agent.size() > kAgentIdBytesMax || !base::is_utf8(key.agent)) {
    return Error{ErrorCode::kInvalidArgument, "an agent id is UTF-8 text of 1 to " +
                                                  std::to_string(kAgentIdBytesMax) + " bytes"};
  }
  HG_RETURN_IF_ERROR(check_directive(request));
  const DirectiveTraits& traits = directive_traits(request.kind);
  Directive d;
  d.epoch = epoch_;
  d.kind = request.kind;
  d.params = request.params;
  d.reason = cut(request.reason, kDirectiveReasonBytesMax);
  d.issued_by = request.issued_by;
  d.issued = clock_.now();
  const std::int64_t wish =
      request.expires_in_ns > 0 ? request.expires_in_ns : traits.expiry_default_ns;
  d.expires = d.issued + std::min(wish, traits.expiry_max_ns);
  d.obey_by = std::min(d.issued + kObeyDeadlineNs, d.expires);
  {
    MutexLock lock(mutex_);
    const auto found = agents_.find(key);
    if (found == agents_.end() && agents_.size() >= kDirectedAgentsMax) {
      return Error{ErrorCode::kResourceExhausted,
                   std::to_string(kDirectedAgentsMax) +
                       " agents have directives already; that is the limit"};
    }
    Agent next = found == agents_.end() ? Agent{} : found->second;
    d.seq = ++next.last_seq;
    if (next.kept.size() >= kDirectivesKeptMax) next.kept.erase(next.kept.begin());
    next.kept.push_back(d);
    HG_RETURN_IF_ERROR(save(key, next));
    agents_[key] = std::move(next);
    ++issued_;
  }
  if (on_issue_) on_issue_(key, d);
  return d;
}

std::optional<Directive> DirectiveBook::newest(const AgentKey& key) const {
  MutexLock lock(mutex_);
  const auto found = agents_.find(key);
  if (found == agents_.end() || found->second.kept.empty()) return std::nullopt;
  return found->second.kept.back();
}

std::optional<Directive> DirectiveBook::current(const AgentKey& key, std::uint64_t after,
                                                std::uint64_t epoch) const {
  const auto last = newest(key);
  if (!last || last->expired(clock_.now())) return std::nullopt;
  const bool known = after == last->seq && (epoch == 0 || epoch == last->epoch);
  if (known) return std::nullopt;
  return last;
}

std::optional<Directive> DirectiveBook::find(const AgentKey& key, std::uint64_t seq) const {
  for (const Directive& directive : history(key)) {
    if (directive.seq == seq) return directive;
  }
  return std::nullopt;
}

std::vector<Directive> DirectiveBook::history(const AgentKey& key) const {
  MutexLock lock(mutex_);
  const auto found = agents_.find(key);
  if (found == agents_.end()) return {};
  return {found->second.kept.rbegin(), found->second.kept.rend()};
}

Result<Directive> DirectiveBook::acknowledge(const AgentKey& key, std::uint64_t seq, AckState state,
                                             std::string detail) {
  Directive changed;
  {
    MutexLock lock(mutex_);
    const auto found = agents_.find(key);
    if (found == agents_.end()) {
      return Error{ErrorCode::kNotFound, "agent '" + key.agent + "' has no directives"};
    }
    Agent next = found->second;
    const auto at = std::find_if(next.kept.begin(), next.kept.end(),
                                 [&](const Directive& d) { return d.seq == seq; });
    if (at == next.kept.end()) {
      return Error{ErrorCode::kNotFound, "agent '" + key.agent + "' has no directive " +
                                             std::to_string(seq) + ", or no more"};
    }
    const bool settled = at->ack == AckState::kObeyed || at->ack == AckState::kRefused;
    if (at->ack == state || (settled && state == AckState::kReceived)) return *at;
    if (settled) {
      return Error{ErrorCode::kFailedPrecondition, "directive " + std::to_string(seq) + " was " +
                                                       std::string(ack_name(at->ack)) + " already"};
    }
    const base::UnixNanos now = clock_.now();
    at->ack = state;
    at->ack_detail = cut(std::move(detail), kDirectiveReasonBytesMax);
    if (at->received_at == 0) at->received_at = now;
    if (state != AckState::kReceived) at->settled_at = now;
    changed = *at;
    HG_RETURN_IF_ERROR(save(key, next));
    found->second = std::move(next);
    ++acks_[static_cast<std::size_t>(state)];
  }
  if (on_ack_) on_ack_(key, changed);
  return changed;
}

std::set<std::string> DirectiveBook::restricted(store::TenantId tenant) const {
  MutexLock lock(mutex_);
  const base::UnixNanos now = clock_.now();
  std::set<std::string> out;
  for (auto at = agents_.lower_bound({tenant, ""}); at != agents_.end(); ++at) {
    if (at->first.tenant != tenant) break;
    const auto& kept = at->second.kept;
    if (kept.empty() || kept.back().expired(now)) continue;
    if (kept.back().kind != DirectiveKind::kRun) out.insert(at->first.agent);
  }
  return out;
}

void DirectiveBook::heard_from(const AgentKey& key) {
  MutexLock lock(mutex_);
  heard_[key] = {clock_.now(), clock_.steady_ns()};
  if (heard_.size() <= kListenersMax) return;
  heard_.erase(std::min_element(heard_.begin(), heard_.end(), [](const auto& a, const auto& b) {
    return a.second.steady_ns < b.second.steady_ns;
  }));
}

base::UnixNanos DirectiveBook::last_heard(const AgentKey& key) const {
  MutexLock lock(mutex_);
  const auto found = heard_.find(key);
  return found == heard_.end() ? 0 : found->second.at;
}

bool DirectiveBook::listening(const AgentKey& key) const {
  MutexLock lock(mutex_);
  const auto found = heard_.find(key);
  return found != heard_.end() && clock_.steady_ns() - found->second.steady_ns <= kListeningNs;
}

DirectiveCounts DirectiveBook::counts() const {
  MutexLock lock(mutex_);
  const base::UnixNanos now = clock_.now();
  DirectiveCounts out;
  out.issued = issued_;
  std::copy(std::begin(acks_), std::end(acks_), out.acks);
  out.agents = agents_.size();
  for (const auto& [key, agent] : agents_) {
    if (agent.kept.empty() || agent.kept.back().expired(now)) continue;
    if (agent.kept.back().kind != DirectiveKind::kRun) ++out.in_force;
    if (agent.kept.back().overdue(now)) ++out.overdue;
  }
  return out;
}

}  // namespace honeyguide::control
