#include "engine/llama_grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include <reckon/error.h>

#include "engine/llama_handles.h"

namespace reckon {
namespace {

// As a regular expression that matches only this text.
std::string escape(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (std::string_view(".^$|()*+?[]{}\\").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void accept_text(llama_sampler* sampler, const Vocabulary& vocabulary, const std::string& text) {
  for (int token : vocabulary.continuation(text)) llama_sampler_accept(sampler, token);
}

[[noreturn]] void refuse(const std::string& why) {
  throw Error(Code::invalid_request, fmt::format("the grammar cannot be used: {}", why));
}

}  // namespace

GrammarRules::GrammarRules(const Vocabulary& vocabulary, Grammar grammar)
    : vocabulary_(vocabulary), grammar_(std::move(grammar)) {
  LlamaGuard guard;
  start_.reset(llama_sampler_init_grammar(vocabulary.handle(), grammar_.gbnf.c_str(), "root"));
  if (!start_) refuse(guard.last_error().empty() ? "it cannot be parsed" : guard.last_error());
  try {
    if (!grammar_.begun.empty()) accept_text(start_.get(), vocabulary_, grammar_.begun);
  } catch (const std::runtime_error&) {
    refuse("it does not allow what the prompt begins with");
  }
  if (!grammar_.triggers.empty()) start_.reset();
}

GrammarState::GrammarState(std::shared_ptr<const GrammarRules> rules, std::span<const int> tokens)
    : rules_(std::move(rules)) {
  if (rules_->start_) sampler_.reset(llama_sampler_clone(rules_->start_.get()));
  for (int token : tokens) accept(token);
}

void GrammarState::accept(int token) {
  if (free_) return;
  if (!sampler_) return look_for_trigger(token);
  try {
    llama_sampler_accept(sampler_.get(), token);
  } catch (const std::runtime_error&) {
    refuse("the text does not follow it");
  }
}

// The text is searched here, and llama.cpp's lazy grammar sees only the tokens of the trigger itself: its own search
// would read the whole text again for every token.
void GrammarState::look_for_trigger(int token) {
  size_t before = text_.size();
  text_ += rules_->vocabulary_.piece(token);
  seen_.emplace_back(token, text_.size());
  for (const std::string& trigger : rules_->grammar_.triggers) {
    size_t at = text_.find(trigger, before - std::min(before, trigger.size() - 1));
    if (at == std::string::npos) continue;
    std::string pattern = escape(trigger);
    const char* patterns[] = {pattern.c_str()};
    sampler_.reset(llama_sampler_init_grammar_lazy_patterns(rules_->vocabulary_.handle(), rules_->grammar_.gbnf.c_str(),
                                                            "root", patterns, 1, nullptr, 0));
    if (!sampler_) refuse("it cannot be parsed");
    try {
      for (const auto& [seen, end] : seen_)
        if (end > at) accept(seen);
    } catch (const Error&) {  // the token that ends the trigger says more than the grammar allows
      sampler_.reset();
      free_ = true;
    }
    return;
  }
}

bool GrammarState::allows(int token) {
  if (!sampler_) return true;
  if (rules_->vocabulary_.hidden(token)) return false;  // its text would count in the grammar and not be in the answer
  llama_token_data one{token, 0, 0};
  llama_token_data_array array{&one, 1, -1, false};
  llama_sampler_apply(sampler_.get(), &array);
  return std::isfinite(one.logit);
}

void GrammarState::keep_allowed(std::vector<Candidate>& candidates) {
  if (!sampler_) return;
  data_.clear();
  for (const Candidate& c : candidates) data_.push_back({c.second, c.first, 0});
  llama_token_data_array array{data_.data(), data_.size(), -1, false};
  llama_sampler_apply(sampler_.get(), &array);
  candidates.clear();
  for (const llama_token_data& d : data_)
    if (std::isfinite(d.logit) && !rules_->vocabulary_.hidden(d.id)) candidates.emplace_back(d.logit, d.id);
}

}  // namespace reckon
