#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <future>
#include <thread>

#include "net/http_server.h"

#include <reckon/error.h>

namespace reckon {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// Counts the tasks of its requests.
struct Endings {
  std::atomic<int> begun{0}, running{0}, finished{0}, left{0};
};
class Count {
 public:
  explicit Count(Endings& endings) : endings_(endings) { ++endings_.begun, ++endings_.running; }
  ~Count() { --endings_.running; }

 private:
  Endings& endings_;
};

Task<void> forever(Endings& endings, Responder& responder) {
  Count count(endings);
  responder.begin({});
  responder.event("hello", "greeting");
  while (true) co_await sleep_for(1h);
}

Task<void> answer(const HttpRequest& request, Responder& responder, Endings& endings) {
  if (request.path == "/forever") {
    co_await forever(endings, responder);
  } else if (request.path == "/events") {
    responder.begin({});
    for (int i = 0; i < 3; ++i) {
      responder.event(std::to_string(i));
      co_await sleep_for(30ms);
    }
    responder.end();
  } else if (request.path == "/flood") {
    Count count(endings);
    responder.begin({});
    for (int i = 0; i < 1'000'000; ++i) {
      responder.event(std::string(1000, 'x'));
      co_await sleep_for(0ms);
    }
  } else if (request.path == "/throw") {
    throw std::runtime_error("bug");
  } else {
    if (responder.gone()) ++endings.left;
    Count count(endings);
    if (request.path == "/slow") co_await sleep_for(50ms);
    std::string said = request.method + " " + request.path + " " + std::to_string(request.body.size());
    for (const char* name : {"x-a", "x-b"})
      if (std::string_view value = request.header(name); !value.empty()) said += fmt::format(", {},", value);
    responder.send({.body = std::move(said), .content_type = "text/plain"});
  }
  ++endings.finished;
}

class Net : public testing::Test {
 protected:
  void serve(HttpOptions options = {}, const std::string& address = "127.0.0.1:0") {
    server_ = std::make_unique<HttpServer>(loop_, options, [this](const HttpRequest& request, Responder& responder) {
      return answer(request, responder, endings_);
    });
    server_->listen(address);
    url_ = server_->url();
    thread_ = std::thread([this] {
      loop_.run_until([this] { return stop_; });
      server_.reset();
    });
  }
  void TearDown() override {
    loop_.post([this] { stop_ = true; });
    thread_.join();
  }
  asio::ip::tcp::socket connect() {
    asio::ip::tcp::socket socket(client_);
    socket.connect({asio::ip::make_address("127.0.0.1"),
                    static_cast<unsigned short>(std::stoi(url_.substr(url_.rfind(':') + 1)))});
    return socket;
  }
  // Everything the server says until it closes.
  std::string all(asio::ip::tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    asio::read(socket, asio::dynamic_buffer(text), error);
    return text;
  }
  std::string talk(const std::string& request) {
    asio::ip::tcp::socket socket = connect();
    asio::write(socket, asio::buffer(request));
    return all(socket);
  }
  // False: it hangs. Nothing else takes so long, also on a slow and busy machine.
  bool eventually(const std::function<bool()>& fact) {
    for (int i = 0; i < 12'000 && !fact(); ++i) std::this_thread::sleep_for(10ms);
    return fact();
  }
  AsioLoop loop_;
  asio::io_context client_;
  Endings endings_;
  std::unique_ptr<HttpServer> server_;
  std::string url_;
  bool stop_ = false;
  std::thread thread_;
};

TEST_F(Net, AnswersAndKeepsTheConnection) {
  serve();
  std::string said = talk(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
      "GET /slow HTTP/1.1\r\nHost: x\r\n\r\nGET /c?q=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  size_t a = said.find("GET /a 0"), b = said.find("POST /b 3"), slow = said.find("GET /slow 0"),
         c = said.find("GET /c 0");
  ASSERT_NE(c, std::string::npos) << said;
  EXPECT_TRUE(a < b && b < slow && slow < c) << said;
}

TEST_F(Net, ReadsChunkedBodiesAndAnswersHead) {
  serve();
  EXPECT_NE(talk("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: "
                 "close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
                .find("POST /x 5"),
            std::string::npos);
  std::string head = talk("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 9"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(Net, Http10GetsAnUnchunkedStreamThatEndsWithTheConnection) {
  serve();
  std::string said = talk("GET /events HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(said.ends_with("\r\n\r\ndata: 0\n\ndata: 1\n\ndata: 2\n\n")) << said;
  EXPECT_EQ(said.find("chunked"), std::string::npos);
  const std::string keep = " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  said = talk("GET /a" + keep + "GET /events" + keep + "GET /b" + keep);
  EXPECT_NE(said.find("GET /a 0"), std::string::npos) << said;
  EXPECT_TRUE(said.ends_with("data: 2\n\n")) << said;
}

TEST_F(Net, TellsAClientThatWaitsToContinue) {
  serve();
  asio::ip::tcp::socket socket = connect();
  asio::write(
      socket,
      asio::buffer(std::string(
          "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n")));
  std::string said;
  asio::read_until(socket, asio::dynamic_buffer(said), "\r\n\r\n");
  EXPECT_TRUE(said.starts_with("HTTP/1.1 100 Continue\r\n")) << said;
  asio::write(socket, asio::buffer(std::string("ab")));
  EXPECT_NE(all(socket).find("POST /x 2"), std::string::npos);
  EXPECT_TRUE(talk("POST /x HTTP/1.1\r\nHost: x\r\nExpect: 200-maybe\r\nContent-Length: 2\r\n\r\nab")
                  .starts_with("HTTP/1.1 417"));
}

TEST_F(Net, RefusesWhatIsNoRequestOrTooLarge) {
  serve({.header_bytes = 1000, .body_bytes = 1000});
  for (auto [request, status] : std::vector<std::pair<std::string, std::string>>{
           {"nonsense\r\n\r\n", "400"},
           {"GET / HTTP/3.7\r\n\r\n", "505"},
           {"GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(2000, 'a') + "\r\n\r\n", "431"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n", "413"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "400"},
           {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + std::string(2048, 'a') + "\r\n",
            "413"}})
    EXPECT_TRUE(talk(request).starts_with("HTTP/1.1 " + status)) << request.substr(0, 80) << " -> " << talk(request);
}

// Where a proxy and this server could find the end of a request in different places, what follows would be read as a
// request of somebody else.
TEST_F(Net, RefusesWhatCouldBeReadInTwoWays) {
  serve();
  const std::string post = "POST /x HTTP/1.1\r\nHost: x\r\n", five = "5\r\nhello\r\n0\r\n\r\n";
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n";
  for (auto [request, status] : std::vector<std::pair<std::string, std::string>>{
           {post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + five, "400"},
           {chunked + "Content-Length: 5\r\n\r\n" + five, "400"},
           {chunked + "Transfer-Encoding: chunked\r\n\r\n" + five, "400"},
           {post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", "400"},
           {post + "Content-Length: +5\r\n\r\nhello", "400"},
           {post + "Content-Length: 99999999999999999999999\r\n\r\nhello", "400"},
           {post + "Content-Length: 18446744073709551615\r\n\r\nhello", "413"},
           {post + "Content-Length:\r\n\r\nhello", "400"},
           {post + "Transfer-Encoding : chunked\r\n\r\n" + five, "400"},
           {post + "Transfer-Encoding: \vchunked\r\n\r\n" + five, "400"},
           {post + "Transfer-Encoding: gzip, chunked\r\n\r\n" + five, "501"},
           {post + "Transfer-Encoding: chunked, identity\r\n\r\n" + five, "501"},
           {post + "Transfer-Encoding:\r\n\r\n" + five, "501"},
           {chunked + "Transfer-Encoding: gzip\r\n\r\n" + five, "400"},
           {"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + five, "400"},
           {chunked + "\r\n5\r\nhelloXX0\r\n\r\n", "400"},
           {chunked + "\r\n-5\r\nhello\r\n0\r\n\r\n", "400"},
           {chunked + "\r\n0x5\r\nhello\r\n0\r\n\r\n", "400"},
           {chunked + "\r\n10000000000000005\r\nhello\r\n0\r\n\r\n", "400"},
           {chunked + "\r\n5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n", "400"},
           {chunked + "\r\n5\r\nhello\r\n0\r\nno colon\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\nHost x\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\nHost: x\r\nX: a\n b\r\n\r\n", "400"},
           {"GET /x HTTP/1.1\r\nHost: x\r\nX: " + std::string("a\0b", 3) + "\r\n\r\n", "400"},
           {"GET /" + std::string("a\0b", 3) + " HTTP/1.1\r\nHost: x\r\n\r\n", "400"}}) {
    std::string said = talk(request + "GET /smuggled HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(said.starts_with("HTTP/1.1 " + status)) << request << " -> " << said;
    EXPECT_EQ(said.find("smuggled"), std::string::npos) << request << " -> " << said;
  }
}

TEST_F(Net, HeadsOfChunksAndTrailersHaveTheLimitOfHeaders) {
  serve({.header_bytes = 1000});
  const std::string chunked = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", kilos(70'000, '0');
  for (const std::string& body : {kilos, "1;a=" + kilos, "0\r\nX: " + kilos, "0\r\n" + kilos})
    EXPECT_TRUE(talk(chunked + body).starts_with("HTTP/1.1 431")) << body.substr(0, 9);
}

TEST_F(Net, ExtensionsOfChunksAndTrailersChangeNothing) {
  serve();
  std::string said = talk(
      "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\nX-A: head\r\n\r\n"
      "3;a=b;c=\"d;\\\"e\"\r\nabc\r\n2\r\nde\r\n0;z\r\nX-B: trailer\r\nX-A: trailer\r\n\r\n"
      "GET /y HTTP/1.0\r\n\r\n");
  EXPECT_NE(said.find("POST /x 5, head,"), std::string::npos) << said;
  EXPECT_NE(said.find("GET /y 0"), std::string::npos) << said;
  EXPECT_EQ(said.find("trailer"), std::string::npos) << said;
}

TEST_F(Net, ATargetMayNameTheServerAndPathsAreTakenAsTheyAre) {
  serve();
  for (auto [target, path] : std::vector<std::pair<std::string, std::string>>{{"http://x/a/b?c=d", "/a/b"},
                                                                              {"HTTP://x:80/a", "/a"},
                                                                              {"http://x", "/"},
                                                                              {"http://x?c=/d", ""},
                                                                              {"/a?b=http://x/y", "/a"},
                                                                              {"/%2e%2e/a", "/%2e%2e/a"},
                                                                              {"/../a", "/../a"},
                                                                              {"//x/a", "//x/a"},
                                                                              {"*", "*"}})
    EXPECT_NE(talk("GET " + target + " HTTP/1.0\r\n\r\n").find("GET " + path + " 0"), std::string::npos) << target;
}

TEST_F(Net, ABodySentAnywayDoesNotLoseTheRefusal) {
  serve({.body_bytes = 1000});
  asio::ip::tcp::socket socket = connect();
  boost::system::error_code ignored;
  asio::write(socket,
              asio::buffer("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'a')),
              ignored);
  EXPECT_TRUE(all(socket).starts_with("HTTP/1.1 413"));
}

TEST_F(Net, GivesUpOnClientsThatSendTooSlowly) {
  serve({.header_time = 100ms, .body_time = 100ms, .idle_time = 150ms});
  EXPECT_TRUE(talk("GET / HTTP/1.1\r\nHost: x\r\nX").starts_with("HTTP/1.1 408"));
  EXPECT_TRUE(talk("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc").starts_with("HTTP/1.1 408"));
  EXPECT_EQ(talk(""), "");
}

TEST_F(Net, AClientThatLeavesDropsItsTask) {
  serve();
  {
    asio::ip::tcp::socket socket = connect();
    asio::write(socket, asio::buffer(std::string("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string said;
    asio::read_until(socket, asio::dynamic_buffer(said), "hello\n\n");
    EXPECT_NE(said.find("event: greeting\ndata: hello\n\n"), std::string::npos);
    EXPECT_EQ(endings_.running, 1);
  }
  EXPECT_TRUE(eventually([&] { return endings_.running == 0; }));
  EXPECT_EQ(endings_.finished, 0);
}

TEST_F(Net, WhoHasLeftIsKnownBeforeTheLoopComesToIt) {
  serve();
  std::promise<void> left;
  loop_.post([&left] { left.get_future().wait(); });
  asio::ip::tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n")));
  socket.close();
  left.set_value();
  ASSERT_TRUE(eventually([this] { return endings_.begun == 1; }));
  EXPECT_EQ(endings_.left, 1);
  talk("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(endings_.left, 1);
}

TEST_F(Net, AClientThatDoesNotReadIsDropped) {
  serve({.backlog_bytes = 100'000});
  asio::ip::tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string("GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_TRUE(eventually([&] { return endings_.begun == 1 && endings_.running == 0; }));
  EXPECT_EQ(endings_.finished, 0);
}

TEST_F(Net, ASilentStreamIsKeptAliveByComments) {
  serve({.comment_every = 20ms});
  asio::ip::tcp::socket socket = connect();
  asio::write(socket, asio::buffer(std::string("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")));
  std::string said;
  asio::read_until(socket, asio::dynamic_buffer(said), ": keep-alive\n\n");
  SUCCEED();
}

TEST_F(Net, AFailingHandlerIsA500) {
  serve();
  EXPECT_TRUE(talk("GET /throw HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 500"));
}

TEST_F(Net, DrainingFinishesWhatRunsAndEndsTheRest) {
  serve();
  asio::ip::tcp::socket idle = connect(), busy = connect();
  asio::write(busy, asio::buffer(std::string("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_TRUE(eventually([&] { return endings_.begun == 1; }));
  loop_.post([this] { server_->drain(); });
  EXPECT_NE(all(busy).find("GET /slow 0"), std::string::npos);
  EXPECT_EQ(all(idle), "");
  boost::system::error_code error;
  asio::ip::tcp::socket late(client_);
  late.connect(
      {asio::ip::make_address("127.0.0.1"), static_cast<unsigned short>(std::stoi(url_.substr(url_.rfind(':') + 1)))},
      error);
  EXPECT_TRUE(error);
}

TEST_F(Net, OneConnectionTooManyIsClosed) {
  serve({.connections = 1});
  asio::ip::tcp::socket first = connect();
  asio::write(first, asio::buffer(std::string("GET /forever HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_TRUE(eventually([&] { return endings_.running == 1; }));
  asio::ip::tcp::socket second = connect();
  EXPECT_EQ(all(second), "");
}

TEST_F(Net, ListensOnAUnixSocket) {
  std::string path = std::filesystem::temp_directory_path() / ("reckon-net-test-" + std::to_string(getpid()));
  serve({}, "unix:" + path);
  asio::local::stream_protocol::socket socket(client_);
  socket.connect(asio::local::stream_protocol::endpoint(path));
  asio::write(socket, asio::buffer(std::string("GET /u HTTP/1.0\r\n\r\n")));
  std::string said;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(said), error);
  EXPECT_TRUE(said.ends_with("GET /u 0")) << said;
}

TEST(Address, LoopbackIsToldFromTheWorld) {
  for (const char* text : {"127.0.0.1:80", "localhost:0", "[::1]:80", "unix:/x", "127.1.2.3:9"})
    EXPECT_TRUE(is_loopback(text)) << text;
  for (const char* text : {":80", "0.0.0.0:80", "[::]:80", "10.0.0.1:80", "*:1"})
    EXPECT_FALSE(is_loopback(text)) << text;
  for (const char* text : {"", "80", "host:", "localhost:99999", "example.org:80", "unix:"})
    EXPECT_THROW((void)is_loopback(text), Error) << text;
}

}  // namespace
}  // namespace reckon
