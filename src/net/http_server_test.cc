// Proves what HttpServer promises at its edges, with raw sockets on loopback: framing, order,
// limits, refusals before the body, timeouts, streams, clients that go away, drain.
#include "net/http_server.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/compression.h"
#include "net/test_http_server.h"

namespace honeyguide::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

TEST_F(HttpServerTest, KeepsTheConnectionForTheNextRequest) {
  start_echo();
  TestSocket socket = connect();
  for (int i = 0; i < 3; ++i) {
    socket.send(post("/p" + std::to_string(i), "abc"));
    const std::string answer = socket.read_response();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(answer, HasSubstr("\r\ndate: "));
    EXPECT_THAT(answer, EndsWith("POST /p" + std::to_string(i) + " abc"));
  }
  EXPECT_EQ(server_->stats().connections_total, 1u);
  EXPECT_EQ(server_->stats().requests_total, 3u);
}

TEST_F(HttpServerTest, ReportsTheBoundPortAlsoOverIpv6) {
  HttpServerOptions options;
  options.host = "::1";
  pool_ = IoPool::create(1, clock_).value();
  auto server = HttpServer::create(*pool_, options, [](HttpRequest request, auto responder) {
    responder->send(HttpResponse::with_body(200, "text/plain", request.peer->address));
  });
  if (!server) GTEST_SKIP() << "no IPv6 loopback here: " << server.error().to_string();
  EXPECT_EQ((*server)->address(), "[::1]:" + std::to_string((*server)->port()));
  TestSocket socket((*server)->port(), true);
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(socket.read_response(), HasSubstr("\r\n\r\n[::1]:"));
}

TEST_F(HttpServerTest, TakenPortAndBadHostAreErrors) {
  start_echo();
  HttpServerOptions options;
  options.port = server_->port();
  EXPECT_EQ(HttpServer::create(*pool_, options, nullptr).error().code,
            base::ErrorCode::kAlreadyExists);
  options.host = "no.such.name";
  EXPECT_EQ(HttpServer::create(*pool_, options, nullptr).error().code,
            base::ErrorCode::kInvalidArgument);
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start_echo();
  TestSocket socket = connect();
  std::string all;
  for (int i = 0; i < 500; ++i) all += post("/" + std::to_string(i), std::string(i, 'x'));
  std::thread sender([&] { socket.send(all); });
  for (int i = 0; i < 500; ++i) {
    EXPECT_THAT(socket.read_response(),
                EndsWith("POST /" + std::to_string(i) + " " + std::string(i, 'x')));
  }
  sender.join();
}

TEST_F(HttpServerTest, SecondPipelinedRequestWaitsForTheFirstAnswer) {
  start_taking();
  TestSocket socket = connect();
  socket.send(post("/1", "") + post("/2", ""));
  Taken first = taken_.take();
  EXPECT_EQ(first.request.path(), "/1");
  EXPECT_EQ(taken_.size(), 0u);
  EXPECT_TRUE(first.responder->send(HttpResponse::with_body(200, "text/plain", "one")));
  EXPECT_THAT(socket.read_response(), EndsWith("one"));
  Taken second = taken_.take();
  EXPECT_EQ(second.request.path(), "/2");
  second.responder->send(HttpResponse::with_body(200, "text/plain", "two"));
  EXPECT_THAT(socket.read_response(), EndsWith("two"));
}

TEST_F(HttpServerTest, PipelineReadAheadIsBounded) {
  HttpServerOptions options;
  options.pipeline_bytes_max = 4096;
  start_taking(options);
  TestSocket socket = connect();
  socket.send(post("/first", ""));
  Taken first = taken_.take();
  // More than the read-ahead and the kernel's buffers hold: the sender must block.
  std::atomic<bool> sent{false};
  const std::string flood(32 << 20, 'x');
  std::thread sender([&] {
    socket.send(post("/second", flood));
    sent = true;
  });
  EXPECT_LT(server_->stats().received_bytes_total, 1u << 20);
  EXPECT_FALSE(sent);
  first.responder->send({});
  Taken second = taken_.take();
  EXPECT_EQ(second.request.body.size(), flood.size());
  second.responder->send({});
  sender.join();
}

TEST_F(HttpServerTest, BytesArrivingOneByOneMakeTheSameRequest) {
  start_echo();
  for (const std::string& text :
       {post("/slow", "body"), std::string("POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                           "chunked\r\n\r\n3\r\nbod\r\n1;x=y\r\ny\r\n0\r\n\r\n")}) {
    TestSocket socket = connect();
    for (const char c : text) socket.send(std::string_view(&c, 1));
    EXPECT_THAT(socket.read_response(), EndsWith("POST /slow body"));
  }
}

struct MalformedCase {
  const char* name;
  const char* bytes;
  const char* status;
};

TEST_F(HttpServerTest, MalformedRequestsAreRefusedAndTheConnectionCloses) {
  start_echo();
  const MalformedCase cases[] = {
      {"no version", "GET /\r\n\r\n", "400"},
      {"binary", "\x16\x03\x01\x02\x00\r\n\r\n", "400"},
      {"http2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"no host", "GET / HTTP/1.1\r\n\r\n", "400"},
      {"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
      {"two lengths",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
      {"length and chunked",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
       "\r\n",
       "400"},
      {"negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
      {"huge length",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400"},
      {"other coding",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "501"},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"bad chunk size", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
       "400"},
      {"space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400"},
      {"relative target", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"other expectation", "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", "417"},
  };
  for (const auto& item : cases) {
    SCOPED_TRACE(item.name);
    TestSocket socket = connect();
    socket.send(item.bytes);
    const std::string answer = socket.read_all();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::string(item.status)));
    EXPECT_THAT(answer, HasSubstr("connection: close"));
  }
  EXPECT_EQ(server_->stats().requests_malformed_total, std::size(cases));
}

TEST_F(HttpServerTest, HeadOverTheLimitIs431) {
  HttpServerOptions options;
  options.header_bytes_max = 2048;
  start_echo(options);
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(4096, 'x') + "\r\n\r\n");
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 431"));
}

TEST_F(HttpServerTest, BodyOverTheLimitIs413WithAndWithoutALength) {
  HttpServerOptions options;
  options.body_bytes_max = 100;
  options.error_formatter = [](const HttpRequest* request, HttpResponse& response) {
    response.body = "shaped for " + std::string(request->path());
    response.status = 200;  // the status is not the formatter's to change
  };
  start_echo(options);
  TestSocket socket = connect();
  socket.send(post("/a", std::string(101, 'x')));
  const std::string answer = socket.read_response();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(answer, EndsWith("shaped for /a"));
  socket.send(post("/b", std::string(100, 'x')));
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 200"));
  socket.send("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
              std::string(101, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 413"));
}

// The hook decides on the head alone: nothing of the body has been sent when the answer comes.
TEST_F(HttpServerTest, AdmissionRefusesBeforeTheBodyIsRead) {
  ByteBudget budget(1000);
  HttpServerOptions options;
  options.admission = [&](const HttpRequest& head, std::optional<std::uint64_t> length) {
    Admission admission;
    EXPECT_EQ(head.headers.get("x-key"), "k");
    if (!budget.reserve(static_cast<std::size_t>(*length), &admission.reservation)) {
      admission.refusal = HttpResponse::with_body(429, "text/plain", "later");
      admission.refusal->headers.add("Retry-After", "7");
    }
    return admission;
  };
  start_taking(options);
  TestSocket socket = connect();
  socket.send("POST / HTTP/1.1\r\nHost: a\r\nX-Key: k\r\nContent-Length: 2000\r\n\r\n");
  const std::string answer = socket.read_response();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 429 Too Many Requests"));
  EXPECT_THAT(answer, HasSubstr("retry-after: 7"));
  EXPECT_THAT(answer, Not(HasSubstr("connection: close")));
  // The body is discarded and the connection goes on.
  socket.send(std::string(2000, 'x') + post("/ok", std::string(900, 'y'), "X-Key: k\r\n"));
  Taken taken = taken_.take();
  EXPECT_EQ(budget.used_bytes(), 900u);
  taken.responder->send({});
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(budget.used_bytes(), 900u);
  taken.request.reservation.release();
  EXPECT_EQ(budget.used_bytes(), 0u);
  EXPECT_EQ(server_->stats().requests_refused_total, 1u);
}

TEST_F(HttpServerTest, RefusedBodyTooLargeToDiscardClosesAndTheAnswerArrives) {
  HttpServerOptions options;
  options.discard_bytes_max = 10;
  options.admission = [](const HttpRequest&, std::optional<std::uint64_t>) {
    return Admission{HttpResponse::with_body(503, "text/plain", "full"), {}};
  };
  start_taking(options);
  TestSocket socket = connect();
  socket.send(post("/", std::string(200'000, 'x')));
  const std::string answer = socket.read_all();
  EXPECT_THAT(answer, HasSubstr("connection: close"));
  EXPECT_THAT(answer, EndsWith("full"));
}

TEST_F(HttpServerTest, ChunkedBodyOverTheBudgetIs503AndGivesTheBytesBack) {
  ByteBudget budget(300'000);
  HttpServerOptions options;
  options.admission = [&](const HttpRequest&, std::optional<std::uint64_t> length) {
    EXPECT_FALSE(length.has_value());
    Admission admission;
    EXPECT_TRUE(budget.reserve(0, &admission.reservation));
    return admission;
  };
  start_taking(options);
  TestSocket socket = connect();
  socket.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "186a0\r\n" + std::string(100'000, 'x') + "\r\n";
  for (int i = 0; i < 10 && socket.send(chunk); ++i) {
  }
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 503"));
  server_.reset();
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST_F(HttpServerTest, ExpectContinueIsAskedForTheBodyOrRefusedWithoutIt) {
  HttpServerOptions options;
  options.admission = [](const HttpRequest& head, std::optional<std::uint64_t>) {
    Admission admission;
    if (head.path() == "/no") admission.refusal = HttpResponse::with_body(429, "text/plain", "no");
    return admission;
  };
  start_taking(options);
  TestSocket socket = connect();
  socket.send("POST /yes HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("hi");
  taken_.take().responder->send({});
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 200"));
  socket.send("POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_THAT(socket.read_all(), StartsWith("HTTP/1.1 429"));
}

TEST_F(HttpServerTest, CompressedBodiesArriveDecoded) {
  start_taking();
  const std::string text(10'000, 'h');
  const struct {
    const char* encoding;
    std::string body;
  } cases[] = {{"gzip", deflate_gzip(text)}, {"zstd", deflate_zstd(text)}, {"identity", text}};
  TestSocket socket = connect();
  for (const auto& item : cases) {
    SCOPED_TRACE(item.encoding);
    socket.send(post("/", item.body, std::string("Content-Encoding: ") + item.encoding + "\r\n"));
    Taken taken = taken_.take();
    EXPECT_EQ(taken.request.body, text);
    EXPECT_EQ(taken.request.wire_body_bytes, item.body.size());
    taken.responder->send({});
    socket.read_response();
  }
}

TEST_F(HttpServerTest, BadCompressedBodiesAreRefusedAndTheConnectionGoesOn) {
  HttpServerOptions options;
  options.body_bytes_max = 2 << 20;
  start_echo(options);
  const struct {
    const char* name;
    const char* encoding;
    std::string body;
    const char* status;
  } cases[] = {
      {"bomb", "gzip", deflate_gzip(std::string(40 << 20, '\0')), "413"},
      {"zstd bomb", "zstd", deflate_zstd(std::string(40 << 20, '\0')), "413"},
      {"not gzip", "gzip", "hello", "400"},
      {"truncated", "gzip", deflate_gzip("hello").substr(0, 12), "400"},
  };
  TestSocket socket = connect();
  for (const auto& item : cases) {
    SCOPED_TRACE(item.name);
    socket.send(post("/", item.body, std::string("Content-Encoding: ") + item.encoding + "\r\n"));
    EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 " + std::string(item.status)));
  }
  socket.send(post("/", "x", "Content-Encoding: br\r\n"));
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 415"));
}

TEST_F(HttpServerTest, AnswersAreCompressedOnlyWhenAskedFor) {
  start(HttpServerOptions{}, [](HttpRequest request, std::shared_ptr<Responder> responder) {
    const bool image = request.path() == "/image";
    responder->send(HttpResponse::with_body(200, image ? "image/png" : "application/json",
                                            std::string(5000, 'j')));
  });
  TestSocket socket = connect();
  socket.send("GET /json HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n");
  const std::string zipped = socket.read_response();
  EXPECT_THAT(zipped, HasSubstr("content-encoding: gzip"));
  EXPECT_THAT(zipped, HasSubstr("vary: Accept-Encoding"));
  const std::string body = zipped.substr(zipped.find("\r\n\r\n") + 4);
  EXPECT_EQ(inflate(Encoding::kGzip, body, {}).value(), std::string(5000, 'j'));
  for (const char* fields : {"", "Accept-Encoding: br\r\n", "Accept-Encoding: gzip;q=0\r\n"}) {
    socket.send("GET /json HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    EXPECT_THAT(socket.read_response(), Not(HasSubstr("content-encoding")));
  }
  socket.send("GET /image HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
  EXPECT_THAT(socket.read_response(), Not(HasSubstr("content-encoding")));
}

TEST_F(HttpServerTest, HeadAndBodylessStatusesCarryNoBody) {
  start(HttpServerOptions{}, [](HttpRequest request, std::shared_ptr<Responder> responder) {
    const bool none = request.path() == "/none";
    responder->send(HttpResponse::with_body(none ? 204 : 200, "text/plain", "12345"));
  });
  TestSocket socket = connect();
  socket.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /none HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string head = socket.read_until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("content-length: 5"));
  const std::string none = socket.read_until("\r\n\r\n");
  EXPECT_THAT(none, StartsWith("HTTP/1.1 204"));
  EXPECT_THAT(none, Not(HasSubstr("content-length")));
}

TEST_F(HttpServerTest, LineBreaksInResponseFieldsCannotForgeFields) {
  start(HttpServerOptions{}, [](HttpRequest, std::shared_ptr<Responder> responder) {
    HttpResponse response;
    response.headers.add("X-Name", "a\r\nSet-Cookie: evil=1");
    responder->send(std::move(response));
  });
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(socket.read_response(), Not(HasSubstr("\nSet-Cookie")));
}

}  // namespace
}  // namespace honeyguide::net
