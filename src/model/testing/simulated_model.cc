#include "model/testing/simulated_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"

#include <reckon/error.h>

namespace reckon {
namespace {

std::vector<std::string> words(const std::string& text) {  // each with the white space before it
  std::vector<std::string> list;
  size_t begin = 0;
  while (begin < text.size()) {
    size_t word = text.find_first_not_of(" \n\t", begin);
    size_t end = word == std::string::npos ? text.size() : std::min(text.find_first_of(" \n\t", word), text.size());
    list.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return list;
}

std::string plain(const Prompt& prompt) {
  if (prompt.messages.empty()) return prompt.text;
  std::string text;
  for (const Message& message : prompt.messages) text += (text.empty() ? "" : "\n") + message.content;
  return text;
}

// One token on its way: reserved before it is computed, charged even when its branch is dropped meanwhile.
class Token {
 public:
  Token(Account& account, int line, double flops, int64_t& computed)
      : account_(account), line_(line), work_{.generated = 1, .flops = flops}, granted_(account.reserve(line, work_)) {
    if (granted_) ++computed;
  }
  Token(const Token&) = delete;
  ~Token() {
    if (granted_) account_.settle(line_, work_, work_);
  }
  bool granted() const { return granted_; }

 private:
  Account& account_;
  int line_;
  Account::Work work_;
  bool granted_;
};

class SimulatedBranch : public Branch {
 public:
  SimulatedBranch(SimulatedModel& model, std::shared_ptr<Account> account, Role role)
      : model_(model), account_(std::move(account)), role_(role), line_(account_->open(role)) {
    ++model_.live;
  }
  ~SimulatedBranch() override {
    --model_.live;
    account_->close(line_);
  }

  void prefill(const std::string& text) {
    int64_t count = static_cast<int64_t>(words(text).size());
    double flops = model_.capabilities().shape.prefill_flops(count, tokens_);
    if (!account_->charge(line_, {.prompt = count, .flops = flops}))
      throw Error(Code::budget_exhausted, fmt::format("the budget cannot pay for the {} tokens of the prompt", count));
    model_.computed += count;
    text_ += text;
    tokens_ += static_cast<int>(count);
  }

  Task<Segment> generate(Until until, Sampling how, TextSink sink) override {
    if (!how.grammar.gbnf.empty() && !model_.capabilities().grammar)
      throw Error(Code::unsupported, "this model cannot be held to a grammar");
    ++model_.started;
    Reply reply = model_.reply(text_, how.seed);
    std::vector<std::string> pieces = words(reply.text);
    int count = reply.tokens > 0 ? reply.tokens : static_cast<int>(pieces.size());
    Segment segment;
    segment.finish = reply.finish;
    size_t said = 0;
    for (int i = 0; i < count; ++i) {
      if (until.tokens > 0 && i == until.tokens) {
        segment.finish = Finish::length;
        break;
      }
      Token token(*account_, line_, model_.capabilities().shape.decode_flops(tokens_), model_.computed);
      if (!token.granted()) {
        segment.finish = Finish::budget;
        break;
      }
      co_await sleep_for(reply.time / count);
      ++segment.tokens, ++tokens_;
      size_t due = pieces.size() * static_cast<size_t>(i + 1) / static_cast<size_t>(count);
      for (; said < due; ++said) {
        segment.text += pieces[said];
        if (sink) sink(pieces[said]);
      }
      if (until.end_of_thinking && said > 0 && pieces[said - 1].ends_with(model_.capabilities().think_close)) {
        segment.finish = Finish::end_of_thinking;
        break;
      }
    }
    if (count == 0) co_await sleep_for(reply.time);
    ++model_.finished;
    if (reply.failure) std::rethrow_exception(reply.failure);
    text_ += segment.text;
    co_return segment;
  }

  std::unique_ptr<Branch> fork(Role role) const override {
    auto child = std::make_unique<SimulatedBranch>(model_, account_, role);
    child->text_ = text_;
    child->tokens_ = tokens_;
    account_->cached(child->line_, tokens_);
    return child;
  }
  Task<void> append(std::string text) override {
    prefill(text);
    co_return;
  }
  Mark mark() const override { return {tokens_}; }
  void truncate(Mark mark) override {
    std::vector<std::string> kept = words(text_);
    if (mark.tokens < 0 || mark.tokens > static_cast<int>(kept.size()))
      throw Error(Code::invalid_request, "the mark is not on this branch");
    text_.clear();
    for (int i = 0; i < mark.tokens; ++i) text_ += kept[static_cast<size_t>(i)];
    tokens_ = mark.tokens;
  }
  Task<double> logprob(std::string continuation) override {
    std::unique_ptr<Branch> probe = fork(role_);
    static_cast<SimulatedBranch&>(*probe).prefill(continuation);
    co_return model_.logprob(text_, continuation);
  }
  int line() const override { return line_; }

 private:
  SimulatedModel& model_;
  std::shared_ptr<Account> account_;  // owners: the run and its branches
  Role role_;
  int line_;
  std::string text_;
  int tokens_ = 0;
};

}  // namespace

SimulatedModel::SimulatedModel() {
  capabilities_ = {.name = "simulated",
                   .engine = "simulated",
                   .context = 4096,
                   .max_branches = 256,
                   .fork = true,
                   .truncate = true,
                   .append = true,
                   .deterministic = true};
  capabilities_.shape = {
      .matmul_parameters = 1e6, .head_parameters = 1e5, .layers = 4, .query_heads = 4, .head_size = 16};
}

int SimulatedModel::count_tokens(const Prompt& prompt) const { return static_cast<int>(words(plain(prompt)).size()); }

Task<std::unique_ptr<Branch>> SimulatedModel::open(Prompt prompt, std::shared_ptr<Account> account, Role role) {
  ++opened;
  auto branch = std::make_unique<SimulatedBranch>(*this, std::move(account), role);
  branch->prefill(plain(prompt));
  co_return std::unique_ptr<Branch>(std::move(branch));
}

double SimulatedModel::logprob(const std::string& text, const std::string& continuation) {
  uint64_t hash = 0;
  for (char c : text + continuation) hash = mix(hash, static_cast<unsigned char>(c));
  return -10 * Rng(hash).uniform();
}

Form SimulatedModel::form(const Prompt& prompt) const {
  if (!prompt.json_schema.empty() && capabilities_.grammar) return {.grammar = {.gbnf = "root ::= [^\\x00]*"}};
  if (prompt.tools.empty() || !capabilities_.tools) return Model::form(prompt);
  return {.grammar = {.gbnf = "root ::= [^\\x00]*", .triggers = {"<call>"}}, .tools = true};
}

Turn SimulatedModel::read(const Form& form, std::string_view text, bool) const {
  Turn turn;
  while (form.tools) {
    size_t begin = text.find("<call>"), end = text.find("</call>");
    if (begin == std::string_view::npos || end == std::string_view::npos) break;
    turn.content += text.substr(0, begin);
    std::string_view call = text.substr(begin + 6, end - begin - 6);
    size_t space = std::min(call.find(' '), call.size());
    turn.tool_calls.push_back(
        {.id = "", .name = std::string(call.substr(0, space)), .arguments = std::string(call.substr(space))});
    text.remove_prefix(end + 7);
  }
  turn.content += text;
  return turn;
}

void ScriptedModel::on(const std::string& prompt, std::vector<Reply> replies) {
  for (Reply& reply : replies) script_[prompt].push_back(std::move(reply));
}

Reply ScriptedModel::reply(const std::string& text, uint64_t) {
  std::deque<Reply>& replies = script_[text];
  if (replies.empty()) throw Error(Code::internal, fmt::format("the script has no reply left for '{}'", text));
  Reply reply = std::move(replies.front());
  replies.pop_front();
  return reply;
}

Reply HashModel::reply(const std::string& text, uint64_t seed) {
  uint64_t question = 0;
  for (char c : text) question = mix(question, static_cast<unsigned char>(c));
  Rng character(question);
  double sure = character.uniform();
  uint64_t right = character.below(100), others = 2 + character.below(4);
  Rng draw(mix(question, seed));
  uint64_t answer = draw.uniform() < sure ? right : (right + 1 + draw.below(others)) % 100;
  int steps = 5 + static_cast<int>(draw.below(30));
  std::string said;
  for (int i = 0; i < steps; ++i) said += fmt::format("{}{}", i ? " " : "", draw.below(1000));
  return {.text = fmt::format("{}\n#### {}", said, answer), .time = std::chrono::milliseconds(2 * steps)};
}

}  // namespace reckon
