// ActiveSpan: a span while it is recorded. Reused through a list of its thread, so that recording
// allocates nothing once a thread has warmed up.
#pragma once

#include <memory>
#include <string>

#include "sdk/span_record.h"

namespace honeyguide::sdk {

class TracerCore;

struct ActiveSpan {
  TracerCore* core = nullptr;  // kept alive by `keep`
  std::shared_ptr<TracerCore> keep;
  RecordHead head;
  std::string name;
  std::string trace_state;
  std::string status_message;
  std::string items;
  int attributes = 0;
  int events = 0;
  int links = 0;
};

}  // namespace honeyguide::sdk
