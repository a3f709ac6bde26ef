// Proves how HttpServer ends: answers given once, streams and their backpressure, clients that go
// away or dawdle, limits on connections, drain. Raw sockets on loopback.
#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_http_server.h"

namespace honeyguide::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using HttpAnswerTest = HttpServerTest;

using namespace std::chrono_literals;

TEST_F(HttpAnswerTest, ResponderDestroyedWithoutAnAnswerSends500) {
  start(HttpServerOptions{}, [](HttpRequest, std::shared_ptr<Responder>) {});
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 500"));
}

TEST_F(HttpAnswerTest, OnlyTheFirstAnswerCounts) {
  start_taking();
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  Taken taken = taken_.take();
  EXPECT_TRUE(taken.responder->send(HttpResponse::with_body(200, "text/plain", "first")));
  EXPECT_FALSE(taken.responder->send(HttpResponse::with_body(200, "text/plain", "second")));
  EXPECT_EQ(taken.responder->start_stream({}), nullptr);
  const std::string all = socket.read_all();
  EXPECT_THAT(all, EndsWith("first"));
  EXPECT_THAT(all, HasSubstr("connection: close"));
}

TEST_F(HttpAnswerTest, StreamsInChunksAndGoesOnAfterwards) {
  start_taking();
  TestSocket socket = connect();
  socket.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n" + post("/next", ""));
  Taken taken = taken_.take();
  auto stream = taken.responder->start_stream(
      HttpResponse::with_body(200, "text/event-stream", "retry: 1\n\n"));
  EXPECT_EQ(stream->write("data: 1\n\n"), StreamState::kOpen);
  EXPECT_THAT(socket.read_until("data: 1\n\n\r\n"),
              HasSubstr("\r\n\r\na\r\nretry: 1\n\n\r\n9\r\ndata: 1\n\n\r\n"));
  EXPECT_EQ(taken_.size(), 0u);
  stream->finish();
  EXPECT_EQ(socket.read_until("0\r\n\r\n"), "0\r\n\r\n");
  EXPECT_EQ(stream->write("late"), StreamState::kGone);
  taken_.take().responder->send({});
  EXPECT_THAT(socket.read_response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpAnswerTest, StreamDroppedWithoutFinishIsBrokenOff) {
  start_taking();
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  taken_.take().responder->start_stream({})->write("part");
  const std::string all = socket.read_all();
  EXPECT_THAT(all, HasSubstr("4\r\npart\r\n"));
  EXPECT_THAT(all, Not(EndsWith("0\r\n\r\n")));
}

TEST_F(HttpAnswerTest, StreamToAClientThatDoesNotReadFillsUpAndFreesAgain) {
  HttpServerOptions options;
  options.stream_buffer_bytes = 100'000;
  start_taking(options);
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Taken taken = taken_.take();
  auto stream = taken.responder->start_stream({});
  std::size_t written = 0;
  while (stream->write(std::string(10'000, 'z')) == StreamState::kOpen) {
    written += 10'000;
    ASSERT_LT(written, 100u << 20);
    stream->wait_writable(0ms);
  }
  EXPECT_EQ(stream->state(), StreamState::kFull);
  EXPECT_GE(stream->buffered_bytes(), 100'000u);
  std::promise<void> writable;
  stream->on_writable([&] { writable.set_value(); });
  std::thread reader([&] { socket.read_until("0\r\n\r\n"); });
  writable.get_future().wait();
  EXPECT_EQ(stream->wait_writable(10s), StreamState::kOpen);
  stream->finish();
  reader.join();
}

TEST_F(HttpAnswerTest, WriterThatIgnoresAFullBufferLosesTheClient) {
  HttpServerOptions options;
  options.stream_buffer_bytes = 10'000;
  start_taking(options);
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  auto stream = taken_.take().responder->start_stream({});
  StreamState state = StreamState::kOpen;
  for (int i = 0; i < 100'000 && state != StreamState::kGone; ++i) {
    state = stream->write(std::string(5'000, 'z'));
  }
  EXPECT_EQ(state, StreamState::kGone);
}

TEST_F(HttpAnswerTest, ClientGoneRaisesTheStopToken) {
  start_taking();
  for (const bool reset : {false, true}) {
    TestSocket socket = connect();
    socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    Taken taken = taken_.take();
    std::promise<void> gone;
    std::stop_callback on_gone(taken.responder->stop_token(), [&] { gone.set_value(); });
    reset ? socket.reset() : socket.close();
    gone.get_future().wait();
    EXPECT_FALSE(taken.responder->send({}));
  }
}

TEST_F(HttpAnswerTest, HalfClosedClientStillGetsItsAnswers) {
  start_taking();
  TestSocket socket = connect();
  socket.send(post("/1", "") + post("/2", ""));
  socket.half_close();
  for (const char* path : {"/1", "/2"}) {
    Taken taken = taken_.take();
    EXPECT_EQ(taken.request.path(), path);
    taken.responder->send(HttpResponse::with_body(200, "text/plain", path));
    EXPECT_THAT(socket.read_response(), EndsWith(path));
  }
  EXPECT_EQ(socket.read_all(), "");
}

TEST_F(HttpAnswerTest, ClientThatEndsInsideARequestIsJustClosed) {
  start_echo();
  for (const char* part :
       {"GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"}) {
    TestSocket socket = connect();
    socket.send(part);
    socket.half_close();
    EXPECT_EQ(socket.read_all(), "");
  }
}

TEST_F(HttpAnswerTest, SlowHeadAndSlowBodyEndIn408AndIdleConnectionsClose) {
  HttpServerOptions options;
  options.header_timeout = 100ms;
  options.body_timeout = 100ms;
  options.idle_timeout = 100ms;
  start_echo(options);
  TestSocket head = connect();
  head.send("GET / HTTP/1.1\r\nX: ");
  EXPECT_THAT(head.read_all(), StartsWith("HTTP/1.1 408"));
  TestSocket body = connect();
  body.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_THAT(body.read_all(), StartsWith("HTTP/1.1 408"));
  TestSocket idle = connect();
  EXPECT_EQ(idle.read_all(), "");
}

TEST_F(HttpAnswerTest, ClientThatDoesNotReadItsAnswerIsClosed) {
  HttpServerOptions options;
  options.write_timeout = 100ms;
  start(options, [](HttpRequest, std::shared_ptr<Responder> responder) {
    responder->send(HttpResponse::with_body(200, "text/plain", std::string(64 << 20, 'x')));
  });
  TestSocket socket = connect();
  socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  while (server_->stats().connections_total == 0 || server_->stats().connections_open > 0) {
    std::this_thread::yield();
  }
  EXPECT_LT(socket.read_all().size(), std::size_t{64} << 20);
}

TEST_F(HttpAnswerTest, ConnectionsOverTheLimitAreClosedAtOnce) {
  HttpServerOptions options;
  options.connections_max = 2;
  start_echo(options);
  TestSocket first = connect();
  TestSocket second = connect();
  for (TestSocket* socket : {&first, &second}) {
    socket->send(post("/", "x"));
    socket->read_response();
  }
  TestSocket third = connect();
  EXPECT_EQ(third.read_all(), "");
  EXPECT_EQ(server_->stats().connections_refused_total, 1u);
  first.send(post("/", "x"));
  EXPECT_THAT(first.read_response(), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpAnswerTest, DrainFinishesWhatIsInFlightAndRefusesTheRest) {
  start_taking();
  TestSocket idle = connect();
  idle.send(post("/", ""));
  taken_.take().responder->send({});
  idle.read_response();
  TestSocket busy = connect();
  busy.send(post("/busy", ""));
  Taken taken = taken_.take();
  std::future<bool> drained = std::async(std::launch::async, [&] { return server_->drain(20s); });
  EXPECT_EQ(idle.read_all(), "");
  taken.responder->send(HttpResponse::with_body(200, "text/plain", "done"));
  const std::string answer = busy.read_all();
  EXPECT_THAT(answer, HasSubstr("connection: close"));
  EXPECT_THAT(answer, EndsWith("done"));
  EXPECT_TRUE(drained.get());
  EXPECT_FALSE(connect().connected());
}

TEST_F(HttpAnswerTest, DrainGivesUpAtItsDeadline) {
  start_taking();
  TestSocket busy = connect();
  busy.send(post("/busy", ""));
  Taken taken = taken_.take();
  EXPECT_FALSE(server_->drain(50ms));
  EXPECT_TRUE(taken.responder->stop_token().stop_requested());
  EXPECT_EQ(busy.read_all(), "");
}

TEST_F(HttpAnswerTest, ResponderMayOutliveServerAndPool) {
  start_taking();
  TestSocket socket = connect();
  socket.send(post("/1", ""));
  Taken unary = taken_.take();
  TestSocket other = connect();
  other.send(post("/2", ""));
  Taken streaming = taken_.take();
  auto stream = streaming.responder->start_stream({});
  server_.reset();
  EXPECT_EQ(stream->write("x"), StreamState::kGone);
  pool_.reset();
  EXPECT_FALSE(unary.responder->send({}));
}

}  // namespace
}  // namespace honeyguide::net
