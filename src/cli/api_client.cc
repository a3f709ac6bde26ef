#include "cli/api_client.h"

#include <cstdlib>
#include <ostream>

#include <nlohmann/json.hpp>

#include "base/file_system.h"
#include "base/strings.h"
#include "cli/data_directory.h"
#include "cli/flags.h"
#include "net/http_client.h"
#include "net/http_text.h"
#include "net/io_pool.h"

namespace honeyguide::cli {
namespace {

using base::Error;
using base::ErrorCode;
using base::Result;

constexpr std::chrono::milliseconds kDeadline{60'000};
constexpr std::size_t kResponseBytesMax = 512u << 20;

ErrorCode code_of_status(int status) {
  if (status == 404 || status == 410) return ErrorCode::kNotFound;
  if (status == 401 || status == 403) return ErrorCode::kPermissionDenied;
  if (status == 429) return ErrorCode::kResourceExhausted;
  if (status >= 500) return ErrorCode::kUnavailable;
  return ErrorCode::kInvalidArgument;
}

std::string message_of(const net::ClientResponse& response) {
  const auto parsed = nlohmann::json::parse(response.body, nullptr, false);
  if (parsed.is_object() && parsed.contains("error") && parsed["error"].is_object()) {
    return parsed["error"].value("message", "");
  }
  return "the server answered " + std::to_string(response.status);
}

}  // namespace

void ApiFlags::add_to(Flags& flags) {
  if (const char* value = std::getenv("HONEYGUIDE_URL")) url = value;
  if (const char* value = std::getenv("HONEYGUIDE_TOKEN")) token = value;
  flags.text("--url", url, "The server (HONEYGUIDE_URL)");
  flags.text("--token", token, "Token (HONEYGUIDE_TOKEN)");
  flags.text("--token-of", token_data, "Use the operator token of this data directory");
  flags.choice("--output", output, {"text", "json"}, "Form of the answer");
}

ApiClient::ApiClient() = default;
ApiClient::ApiClient(ApiClient&&) noexcept = default;
ApiClient::~ApiClient() = default;

Result<ApiClient> ApiClient::create(const ApiFlags& flags) {
  ApiClient out;
  out.url_ = flags.url;
  while (out.url_.ends_with('/')) out.url_.pop_back();
  if (!net::parse_url(out.url_)) {
    return Error{ErrorCode::kInvalidArgument,
                 "--url: '" + flags.url + "' is no address; write http://127.0.0.1:8321"};
  }
  out.token_ = flags.token;
  if (!flags.token_data.empty()) {
    HG_ASSIGN_OR_RETURN(out.token_, read_operator_token(base::posix_fs(), flags.token_data));
  }
  out.clock_ = std::make_unique<base::SystemClock>();
  HG_ASSIGN_OR_RETURN(out.pool_, net::IoPool::create(1, *out.clock_));
  HG_ASSIGN_OR_RETURN(out.client_, net::HttpClient::create(*out.pool_, {}));
  return out;
}

Result<std::string> ApiClient::get(const std::string& path) {
  return send("GET", path, "");
}

Result<std::string> ApiClient::send(const std::string& method, const std::string& path,
                                    const std::string& json_body) {
  net::ClientRequest request;
  request.method = method;
  request.url = url_ + path;
  request.deadline = kDeadline;
  request.response_bytes_max = kResponseBytesMax;
  if (!token_.empty()) request.headers.add("Authorization", "Bearer " + token_);
  if (!json_body.empty()) request.headers.add("Content-Type", "application/json");
  request.body = json_body;
  auto response = client_->send_and_wait(std::move(request));
  if (!response) {
    return Error{response.error().code, "no server at " + url_ + " (" + response.error().message +
                                            "); start one with 'honeyguide serve' or give --url"};
  }
  if (response->status >= 400) {
    return Error{code_of_status(response->status), message_of(*response)};
  }
  return std::move(response->body);
}

Result<nlohmann::json> ApiClient::get_json(const std::string& path) {
  HG_ASSIGN_OR_RETURN(const std::string body, get(path));
  auto parsed = nlohmann::json::parse(body, nullptr, false);
  if (parsed.is_discarded()) {
    return Error{ErrorCode::kDataLoss, "the server's answer is not JSON; is it a honeyguide?"};
  }
  return parsed;
}

int report(CommandIo& io, const std::string& command, const Error& error) {
  io.err << "honeyguide " << command << ": " << base::strip_control(error.message) << "\n";
  return error.code == ErrorCode::kNotFound ? kExitNotFound : kExitFailed;
}

void add_query(std::string& path, const std::string& name, const std::string& value) {
  path += path.find('?') == std::string::npos ? '?' : '&';
  path += name + "=" + net::percent_encode(value);
}

}  // namespace honeyguide::cli
