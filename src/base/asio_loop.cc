#include "base/asio_loop.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <utility>

namespace reckon {

namespace asio = boost::asio;

struct AsioLoop::Asio {
  explicit Asio(int workers) : pool(static_cast<size_t>(workers)) {}
  asio::io_context context{1};
  asio::steady_timer timer{context};
  bool turn_queued = false;
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

void AsioLoop::woken() {
  if (std::exchange(asio_->turn_queued, true)) return;
  asio::post(asio_->context, [this] { turn(); });
}

void AsioLoop::turn() {
  asio_->turn_queued = false;
  fire(now());
  drain();
  if (timers().empty()) return;
  asio_->timer.expires_at(timers().begin()->first);
  asio_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) woken();
  });
}

void AsioLoop::run_until(const std::function<bool()>& done) {
  auto work = asio::make_work_guard(asio_->context);
  asio_->context.restart();
  while (!done()) asio_->context.run_one();
}

}  // namespace reckon
