// A client of a server's REST API, for the commands that ask a running server.
#pragma once

#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "cli/command.h"

namespace honeyguide::net {
class HttpClient;
class IoPool;
}  // namespace honeyguide::net

namespace honeyguide::cli {

class Flags;

// The flags that every such command has; add_to() declares them.
struct ApiFlags {
  std::string url = "http://127.0.0.1:8321";  // HONEYGUIDE_URL
  std::string token;                          // HONEYGUIDE_TOKEN
  std::string token_data;                     // read the operator token of this data directory
  std::string output = "text";

  void add_to(Flags& flags);
};

class ApiClient {
 public:
  // Reads the environment where flags were not given. kInvalidArgument for a URL that is none.
  static base::Result<ApiClient> create(const ApiFlags& flags);
  ~ApiClient();
  ApiClient(ApiClient&&) noexcept;

  // `path` starts with "/api/…" and holds its query, encoded. Errors carry the server's message;
  // kUnavailable says how to start a server.
  base::Result<std::string> get(const std::string& path);
  base::Result<std::string> send(const std::string& method, const std::string& path,
                                 const std::string& json_body);
  base::Result<nlohmann::json> get_json(const std::string& path);

 private:
  ApiClient();

  std::string url_;
  std::string token_;
  std::unique_ptr<base::SystemClock> clock_;
  std::unique_ptr<net::IoPool> pool_;
  std::unique_ptr<net::HttpClient> client_;
};

// Prints the error and gives the exit code that fits: kExitNotFound or kExitFailed.
int report(CommandIo& io, const std::string& command, const base::Error& error);

// "name=value" of a query, percent-encoded, with '&' or '?' before it as needed.
void add_query(std::string& path, const std::string& name, const std::string& value);

}  // namespace honeyguide::cli
