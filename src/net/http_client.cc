#include "net/http_client.h"

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "net/http_exchange.h"

namespace honeyguide::net {
namespace {

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// Nothing that could smuggle a field or a second request.
bool is_sane(const ClientRequest& request) {
  if (!is_token(request.method)) return false;
  for (std::size_t i = 0; i < request.headers.size(); ++i) {
    if (!is_token(request.headers.name(i))) return false;
    const std::string_view value = request.headers.value(i);
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
  }
  return true;
}

class BeastHttpClient final : public HttpClient {
 public:
  explicit BeastHttpClient(std::shared_ptr<HttpClientCore> core) : core_(std::move(core)) {}

  ~BeastHttpClient() override {
    core_->thread->run_and_wait([this] {
      core_->closed = true;
      const std::vector<std::shared_ptr<HttpExchange>> left(core_->active.begin(),
                                                            core_->active.end());
      for (const auto& exchange : left) {
        exchange->fail(base::ErrorCode::kCancelled, "the client is closed");
      }
      core_->idle.clear();
    });
  }

  void send(ClientRequest request, ClientCallback done) override {
    auto url = parse_url(request.url);
    if (!url || !is_sane(request)) {
      return done(base::Error{base::ErrorCode::kInvalidArgument,
                              "no valid request: " + request.method + " " + request.url});
    }
    if (core_->in_flight.fetch_add(1) >= core_->options.requests_in_flight_max) {
      core_->in_flight.fetch_sub(1);
      return done(base::Error{base::ErrorCode::kResourceExhausted, "too many requests in flight"});
    }
    auto exchange =
        std::make_shared<HttpExchange>(core_, std::move(request), std::move(*url), std::move(done));
    const bool posted = core_->thread->post([exchange] { exchange->start(); });
    if (!posted) exchange->fail(base::ErrorCode::kCancelled, "the I/O threads have ended");
  }

 private:
  const std::shared_ptr<HttpClientCore> core_;
};

}  // namespace

base::Result<std::unique_ptr<HttpClient>> HttpClient::create(IoPool& pool,
                                                             HttpClientOptions options) {
  std::shared_ptr<IoThread> thread = pool.threads()[0];
  for (const auto& candidate : pool.threads()) {
    if (candidate->connection_count < thread->connection_count) thread = candidate;
  }
  auto core = std::make_shared<HttpClientCore>(thread, pool.clock());
  core->options = std::move(options);
  boost::system::error_code error;
  core->tls.set_options(boost::asio::ssl::context::default_workarounds |
                            boost::asio::ssl::context::no_tlsv1 |
                            boost::asio::ssl::context::no_tlsv1_1,
                        error);
  if (core->options.ca_file.empty()) {
    core->tls.set_default_verify_paths(error);
  } else {
    core->tls.load_verify_file(core->options.ca_file, error);
  }
  if (error) {
    return base::Error{base::ErrorCode::kInvalidArgument,
                       "cannot load certificates: " + error.message()};
  }
  return std::unique_ptr<HttpClient>(std::make_unique<BeastHttpClient>(std::move(core)));
}

base::Result<ClientResponse> HttpClient::send_and_wait(ClientRequest request) {
  std::promise<base::Result<ClientResponse>> promise;
  send(std::move(request),
       [&](base::Result<ClientResponse> result) { promise.set_value(std::move(result)); });
  return promise.get_future().get();
}

}  // namespace honeyguide::net
