// DemoControl: asks the server for the directives of the demo's agents and answers them, as a
// library's control() does. See docs/reference/control-channel.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/demo_live.h"
#include "net/http_client.h"

namespace honeyguide::cli {

class DemoControl {
 public:
  // `api`: "http://host:port" of the API. `token`: of role agent, bound to the demo's agents.
  DemoControl(net::HttpClient& client, const base::Clock& clock, std::string api,
              std::string token);

  // Asks for every agent, at most once a second; tells `live` what changed and acknowledges it.
  // Agents whose directive has expired go on, also while no server answers.
  void poll(DemoLive& live);

 private:
  struct Known {
    std::int64_t seq = 0;
    std::int64_t epoch = 0;
    base::UnixNanos expires = 0;  // 0: nothing is in force
  };
  void ask(const std::string& agent, Known& known, DemoLive& live);
  void acknowledge(const std::string& agent, std::int64_t seq, const char* state,
                   const std::string& detail);
  net::ClientRequest request(const char* method, const std::string& path) const;

  net::HttpClient& client_;
  const base::Clock& clock_;
  const std::string api_;
  const std::string token_;
  base::UnixNanos asked_ = 0;
  std::map<std::string, Known> known_;
};

}  // namespace honeyguide::cli
