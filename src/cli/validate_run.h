// ValidationRun: checks a running server from outside, through every way in and out, in the tenant
// that POST /api/v1/validation gives; the caller's own figures stay as they were.
//
// Each check writes, reads back and compares; the last ones see to it that what must be refused is
// refused. A check that cannot be made because an earlier one failed says so.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace honeyguide::cli {

struct CheckResult {
  std::string name;
  std::string status;  // "ok", "warning", "failed"
  std::string text;    // what was seen
  std::string fix;     // what to do; empty where nothing is to be done
};

struct ValidationTarget {
  std::string url;    // of the API
  std::string token;  // of the caller; may be empty
  // How long analytics may take until figures are there, and alerting until the alert is raised.
  std::chrono::milliseconds figures_within{10'000};
  std::chrono::milliseconds alert_within{60'000};
};

class ValidationRun {
 public:
  // kInvalidArgument for a URL that is none.
  static base::Result<std::unique_ptr<ValidationRun>> create(ValidationTarget target);
  virtual ~ValidationRun() = default;

  // Makes every check in order and hands each result to `told` as it comes. kUnavailable if there
  // is no server or it cannot begin a validation.
  virtual base::Result<std::vector<CheckResult>> run(
      const std::function<void(const CheckResult&)>& told) = 0;
};

}  // namespace honeyguide::cli
