#include "base/asio_loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <utility>

namespace reckon {

namespace asio = boost::asio;

struct AsioLoop::Asio {
  explicit Asio(int workers) : pool(static_cast<size_t>(workers)) {}
  asio::io_context context{1};
  asio::steady_timer timer{context};
  std::optional<Loop::Time> armed;  // when it fires
  asio::thread_pool pool;
};

AsioLoop::AsioLoop(int workers) : asio_(std::make_unique<Asio>(workers)) {}

AsioLoop::~AsioLoop() { asio_->pool.join(); }

asio::io_context& AsioLoop::context() { return asio_->context; }

void AsioLoop::post(std::function<void()> work) { asio::post(asio_->context, std::move(work)); }

void AsioLoop::offload(std::function<void()> work, std::function<void()> done) {
  asio::post(asio_->pool, [this, work = std::move(work), done = std::move(done)]() mutable {
    work();
    post(std::move(done));
  });
}

// What is ready and what is due, after each handler. The timer is left alone where it fires early enough: setting it
// costs system calls.
void AsioLoop::turn() {
  fire(now());
  drain();
  if (timers().empty()) return;
  Time next = timers().begin()->first;
  if (asio_->armed && *asio_->armed <= next) return;
  asio_->armed = next;
  asio_->timer.expires_at(next);
  asio_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) asio_->armed.reset();
  });
}

void AsioLoop::run_until(const std::function<bool()>& done) {
  auto work = asio::make_work_guard(asio_->context);
  asio_->context.restart();
  for (turn(); !done(); turn()) asio_->context.run_one();
}

}  // namespace reckon
