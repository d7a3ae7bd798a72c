#include "eval/recordings_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include <reckon/error.h>

namespace reckon {
namespace {

class RecordingBranch : public Branch {
 public:
  RecordingBranch(std::unique_ptr<Branch> branch, std::shared_ptr<RecordingModel::Log> log, Role role)
      : branch_(std::move(branch)), log_(std::move(log)), role_(role) {}

  Task<Segment> generate(Until until, Sampling how, TextSink sink) override {
    if (role_ == Role::sample && !std::exchange(drawn_, true)) log_->draws.push_back({how.seed, branch_->line()});
    co_return co_await branch_->generate(std::move(until), how, std::move(sink));
  }
  std::unique_ptr<Branch> fork(Role role) const override {
    return std::make_unique<RecordingBranch>(branch_->fork(role), log_, role);
  }
  Task<void> append(std::string text) override { co_await branch_->append(std::move(text)); }
  Mark mark() const override { return branch_->mark(); }
  void truncate(Mark mark) override { branch_->truncate(mark); }
  Task<double> logprob(std::string continuation) override {
    co_return co_await branch_->logprob(std::move(continuation));
  }
  int line() const override { return branch_->line(); }

 private:
  std::unique_ptr<Branch> branch_;
  std::shared_ptr<RecordingModel::Log> log_;  // owners: the model and its branches
  Role role_;
  bool drawn_ = false;
};

class RecordedBranch : public Branch {
 public:
  RecordedBranch(const RecordedModel& model, std::shared_ptr<Account> account, Role role, Loop::Time start)
      : model_(model), account_(std::move(account)), start_(start), line_(account_->open(role)) {}
  ~RecordedBranch() override { account_->close(line_); }

  Task<Segment> generate(Until, Sampling how, TextSink sink) override {
    const Recording& recording = model_.recording();
    auto place = model_.places().find(how.seed);
    if (place == model_.places().end()) co_return co_await never(how.seed);
    const RecordedSample& sample = recording.samples[place->second];
    co_await sleep_until(start_ + std::chrono::seconds(place->second + 1));
    if (!account_->charge(line_, {.generated = sample.tokens}))
      throw Error(Code::budget_exhausted, "the recorded samples cost more than the recorded budget");
    if (sink) sink(*sample.text);
    Segment said{.text = sample.text.value_or(""),
                 .tokens = sample.tokens,
                 .finish = sample.finish.value_or(Finish::stop),
                 .logprobs = sample.logprobs.value_or(LogprobSummary{}),
                 .trace = sample.trace};
    // Of the tokens only what those of the answer had in the mean is known: as one token it is that again.
    if (sample.answer_logprob) said.drawn.push_back({.drawn = {.bytes = said.text, .logprob = *sample.answer_logprob}});
    co_return said;
  }
  std::unique_ptr<Branch> fork(Role role) const override {
    auto child = std::make_unique<RecordedBranch>(model_, account_, role, start_);
    account_->cached(child->line_, model_.recording().prompt_tokens);
    return child;
  }
  Task<void> append(std::string) override { refuse(); }
  Mark mark() const override { return {}; }
  void truncate(Mark) override { refuse(); }
  Task<double> logprob(std::string) override { refuse(); }
  int line() const override { return line_; }

 private:
  [[noreturn]] static void refuse() {
    throw Error(Code::unsupported, "a recording can say again only what was sampled in one piece");
  }
  // A sample that had not ended when the run stopped.
  Task<Segment> never(uint64_t seed) {
    const auto& cancelled = model_.recording().run->cancelled;
    auto at = std::ranges::find(cancelled, seed, &RecordedRun::Cancelled::seed);
    if (at == cancelled.end())
      throw Error(Code::invalid_request, fmt::format("the run starts a sample (seed {}) that was not recorded", seed));
    account_->charge(line_, {.generated = at->tokens});
    co_return co_await Arrival<Segment>();
  }

  const RecordedModel& model_;
  std::shared_ptr<Account> account_;  // owners: the run and its branches
  Loop::Time start_;
  int line_;
};

}  // namespace

Task<std::unique_ptr<Branch>> RecordingModel::open(Prompt prompt, std::shared_ptr<Account> account, Role role) {
  auto log = std::make_shared<Log>(Log{.account = account});
  logs_.push_back(log);
  std::unique_ptr<Branch> branch = co_await model_.open(std::move(prompt), std::move(account), role);
  co_return std::make_unique<RecordingBranch>(std::move(branch), std::move(log), role);
}

std::vector<RecordedRun::Cancelled> RecordingModel::drawn() const {
  std::vector<RecordedRun::Cancelled> all;
  for (const auto& log : logs_)
    for (const Log::Draw& draw : log->draws)
      all.push_back({draw.seed, static_cast<int>(log->account->generated(draw.line))});
  return all;
}

RecordedModel::RecordedModel(const Recording& recording) : recording_(recording) {
  if (!recording_.run)
    throw Error(Code::invalid_request,
                fmt::format("question {} was imported, not run: there are no decisions to repeat", recording_.id));
  capabilities_ = {.name = recording_.model,
                   .engine = recording_.engine,
                   .context = 1 << 30,
                   .max_branches = 1 << 20,
                   .fork = true,
                   .logprobs = true,
                   .deterministic = true,
                   .batch_cost = recording_.batch_cost};
  if (recording_.shape) capabilities_.shape = *recording_.shape;
  for (size_t i = 0; i < recording_.samples.size(); ++i) {
    if (!recording_.samples[i].text)
      throw Error(Code::invalid_request, fmt::format("question {}: a sample's text was not recorded", recording_.id));
    if (!places_.emplace(recording_.samples[i].seed, i).second)
      throw Error(Code::invalid_request,
                  fmt::format("question {}: two samples have seed {}", recording_.id, recording_.samples[i].seed));
  }
}

Task<std::unique_ptr<Branch>> RecordedModel::open(Prompt, std::shared_ptr<Account> account, Role role) {
  Loop& loop = co_await this_loop();
  auto branch = std::make_unique<RecordedBranch>(*this, account, role, loop.now());
  account->charge(branch->line(), {.prompt = recording_.prompt_tokens});
  co_return branch;
}

}  // namespace reckon
