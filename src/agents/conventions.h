// The convention tables: which attribute means what, which value makes a span what. Data, not code;
// what data cannot say is in the translators (translate.h). docs/reference/conventions.md shows
// these tables to people.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agents/fact.h"
#include "base/result.h"

namespace honeyguide::agents {

// Raised with every change of the tables; reports carry it.
inline constexpr int kConventionTableVersion = 2;

// What an attribute can tell. Several keys may map to one field; the first in table order wins.
enum class Field : std::uint8_t {
  kNoField = 0,
  // Discriminators, in the order in which they are believed.
  kOwnKind,
  kAg2Type,
  kMastraType,
  kTraceloopKind,
  kOperation,
  kOiKind,
  kLangfuseType,
  kVercelOperation,
  kMlflowType,
  kLangsmithKind,
  kAgentopsKind,
  kMcpMethod,
  kA2aMethod,
  kRequestType,  // llm.request.type of old OpenLLMetry
  // Identity.
  kAgentName,
  kAgentId,
  kAgentNameWeak,  // repeated on spans that are not the agent's own
  kNodeId,
  kNodeParent,
  kEntityName,
  kFunctionId,
  kTeam,
  kMembers,
  // Model calls.
  kModelRequest,
  kModelResponse,
  kProvider,
  kResponseId,
  kInputTokens,
  kOutputTokens,
  kCachedTokens,
  kReasoningTokens,
  kUsageJson,
  kCost,
  kFinish,
  kOutputMessages,
  kInputMessages,
  kModelResponseJson,
  // Tools.
  kToolName,
  kCallId,
  kArguments,
  kResult,
  kToolStatus,
  // Work.
  kTaskId,
  kTaskType,
  kTaskStatus,
  kTaskWaitsFor,
  kWorkflowName,
  kWorkflowId,
  kSession,
  kUser,
  kQuality,
  // Communication.
  kHandoffFrom,
  kHandoffTo,
  kSelected,
  kSender,
  kReceiver,
  kTopic,
  kMessage,
  kMessageId,
  kRecipientClass,
  kDependencyOn,
  // Conflicts.
  kConflictId,
  kConflictType,
  kConflictAgents,
  kConflictMethod,
  kConflictResolved,
  kConflictOpenedAt,
  // Errors and content.
  kErrorType,
  kInput,
  kOutput,
  kMetadata,
  kGraphNode,
  kGraphPath,
  kGraphAgent,
  kCount,
};
std::string_view field_name(Field field);
std::optional<Field> field_by_name(std::string_view name);

struct KeyRow {
  std::string_view key;
  Field field;
  Convention convention;
  bool verified;  // seen in a recording of ours
};

struct ValueRow {
  Field field;             // a discriminator
  std::string_view value;  // compared without regard to case
  Role role;
  Convention convention;
  std::uint8_t confidence_percent;
  bool verified;
  std::string_view id;  // "openinference.agent": what explain shows
};

// A span name with one wildcard '*' that stands for the agent's, tool's or workflow's name.
struct NameRow {
  std::string_view scope;    // prefix or suffix of the scope's name, empty: any
  std::string_view pattern;  // "*.run"
  Role role;
  Convention convention;
  std::uint8_t confidence_percent;
  bool verified;
  std::string_view id;
};

std::span<const KeyRow> builtin_keys();
std::span<const ValueRow> builtin_values();
std::span<const NameRow> builtin_names();

// What a user's file adds or overrides.
struct MappingOverride {
  std::string attribute;  // key
  std::string field;      // name of a Field: the key tells that field
  std::string value;      // with `role`: a span whose key has this value is that
  std::string role;       // name of a Role
};

// One immutable set of tables: the built-in ones plus overrides. Thread-safe to read.
class Conventions {
 public:
  // kInvalidArgument names the first override that cannot be.
  static base::Result<Conventions> create(std::span<const MappingOverride> overrides);
  static const Conventions& builtin();

  struct Key {
    Field field = Field::kNoField;
    std::uint16_t rank = 0;  // position in the table: smaller wins
    Convention convention = Convention::kNone;
  };
  // Field::kNoField for keys that no convention knows. Knows prefixed keys of message lists too.
  Key key(std::string_view attribute) const;
  // Index into rules() of the row for that value of a discriminator, 0 if none.
  std::uint16_t rule_of(Field field, std::string_view value) const;
  std::uint16_t rule_of_name(std::string_view scope, std::string_view span_name,
                             std::string_view* middle) const;

  struct Rule {
    std::string id;
    Role role = Role::kNone;
    Convention convention = Convention::kNone;
    std::uint8_t confidence_percent = 0;
    bool verified = false;
  };
  // rules()[0] stands for "no rule".
  const std::vector<Rule>& rules() const { return rules_; }

 private:
  Conventions();
  std::unordered_map<std::string, Key> keys_;
  std::unordered_map<std::string, std::uint16_t> values_;  // "field\0lower value"
  std::size_t first_name_rule_ = 0;
  std::vector<Rule> rules_;
};

// --- Word lists, each with what it is for. ---

// The tool passes control to an agent: its name says so ("transfer_to_x", "handoff_to_agent").
// `target` gets the part of the name that names the agent, empty if the name holds none.
bool is_control_tool(std::string_view tool, std::string_view* target);
// What stands behind a verb such as "ask_" or "call_", without a trailing "_agent"; empty if the
// tool has no such verb. It makes a control tool only if an agent of that name works in the run.
std::string_view named_by_verb(std::string_view tool);
// Such a tool asks somebody and waits for the answer ("delegate ..."), it does not give up control.
bool is_delegation_tool(std::string_view tool);
// The tool only ends the run ("final_answer").
bool is_final_tool(std::string_view tool);
// Exception types that frameworks raise to pass control.
bool is_control_exception(std::string_view type);
// An error's type or message that tells of a limit of turns, calls, steps or budget.
bool is_limit_error(std::string_view type, std::string_view message);
// The text of a tool's result that tells a failure, where nothing else does.
bool is_error_text(std::string_view result);
// An error that only a client of a model raises.
bool is_model_error(std::string_view type);
// A graph's node that is a part of an agent, not one.
bool is_helper_node(std::string_view node);
// Names that frameworks give to their own plumbing.
bool is_plumbing_name(std::string_view agent);
// Keys of tool arguments that name the agent to go to, in order of belief.
std::span<const std::string_view> target_argument_keys();

}  // namespace honeyguide::agents
