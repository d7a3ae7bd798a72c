#include "app/interrupt.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>

#include "app/terminal.h"

namespace reckon {

struct Interrupt::Signals {
  explicit Signals(boost::asio::io_context& context) : set(context, SIGINT, SIGTERM) {}
  boost::asio::signal_set set;
};

Interrupt::Interrupt(AsioLoop& loop) : signals_(std::make_unique<Signals>(loop.context())) { wait(); }

Interrupt::~Interrupt() = default;

void Interrupt::wait() {
  signals_->set.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    if (happened_) _exit(130);
    if (!spending_) {
      status_line("");
      fmt::print(stderr, "reckon: interrupted before anything was spent\n");
      _exit(130);
    }
    happened_ = true;
    for (const auto& account : accounts_)
      if (auto alive = account.lock()) alive->halt(Halt::cancelled);
    wait();
  });
}

void Interrupt::watch(const std::shared_ptr<Account>& account) {
  std::erase_if(accounts_, [](const std::weak_ptr<Account>& a) { return a.expired(); });
  accounts_.push_back(account);
  spending_ = true;
  if (happened_) account->halt(Halt::cancelled);
}

}  // namespace reckon
