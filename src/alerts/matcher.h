// Label matchers as Prometheus and Alertmanager spell them: {agent="x",team=~"code|research"}.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "alerts/alert.h"
#include "base/result.h"
#include "store/series_store.h"

namespace re2 {
class RE2;
}

namespace honeyguide::alerts {

using store::LabelMatcher;

// `agent=~"coder-.*"`, with or without quotes. kInvalidArgument says what is wrong where.
base::Result<LabelMatcher> parse_matcher(std::string_view text);
std::string to_string(const LabelMatcher& matcher);

// A list of matchers, compiled: all must hold. A label that is absent counts as empty. Copies
// share the compiled expressions; thread-safe.
class Matchers {
 public:
  Matchers() = default;
  // kInvalidArgument on a regular expression that does not compile or an empty label name.
  static base::Result<Matchers> compile(std::vector<LabelMatcher> matchers);

  bool match(const Labels& labels) const;
  bool empty() const { return list_.empty(); }
  const std::vector<LabelMatcher>& list() const { return list_; }

 private:
  std::vector<LabelMatcher> list_;
  std::vector<std::shared_ptr<const re2::RE2>> patterns_;  // null where none is needed
};

}  // namespace honeyguide::alerts
