#include "engine/engine_thread.h"

#include <utility>

#include <reckon/error.h>

namespace reckon {

bool Inbox::push(Kind kind, Command command) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (kind == Kind::work && commands_.size() >= kBound)
      throw Error(Code::overloaded, "the engine's queue is full; try again later");
    commands_.push_back(std::move(command));
  }
  changed_.notify_one();
  return true;
}

void Inbox::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

bool Inbox::drain(bool wait, std::deque<Command>& commands) {
  std::unique_lock lock(mutex_);
  while (wait && !closed_ && commands_.empty()) changed_.wait(lock);
  for (Command& command : commands_) commands.push_back(std::move(command));
  commands_.clear();
  return !closed_;
}

EngineThread::EngineThread(Stepper& stepper, std::shared_ptr<Inbox> inbox)
    : stepper_(stepper), inbox_(std::move(inbox)), thread_([this] { run(); }) {}

EngineThread::~EngineThread() {
  inbox_->close();
  thread_.join();
}

void EngineThread::run() {
  std::deque<Inbox::Command> commands;
  bool idle = false;
  try {
    while (inbox_->drain(idle, commands)) {
      while (!commands.empty()) {
        Inbox::Command command = std::move(commands.front());
        commands.pop_front();
        command(stepper_);
      }
      idle = !stepper_.busy();
      if (idle) stepper_.settle_down();
      else stepper_.step();
    }
    end(commands, Error(Code::cancelled, "the model was closed while it worked"));
  } catch (const std::exception& error) {
    // The library's state is lost: everything that runs fails, and so does what still comes.
    inbox_->close();
    inbox_->drain(false, commands);
    end(commands, Error(Code::model_unavailable, error.what()));
  }
}

// What was asked before the end is still taken in, so that everybody who waits is told.
void EngineThread::end(std::deque<Inbox::Command>& commands, const Error& why) {
  for (const Inbox::Command& command : commands) command(stepper_);
  stepper_.drop_all(why);
}

}  // namespace reckon
