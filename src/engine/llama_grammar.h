#pragma once
#include <llama-cpp.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/sampler.h"
#include "engine/vocabulary.h"

#include <reckon/model.h>

namespace reckon {

// A grammar, parsed for one vocabulary. Not changed after construction: shared by all generations that name it.
class GrammarRules {
 public:
  // Throws Error{invalid_request} for what is not a grammar, or does not allow its own beginning.
  GrammarRules(const Vocabulary& vocabulary, Grammar grammar);
  const Grammar& grammar() const { return grammar_; }

 private:
  friend class GrammarState;
  const Vocabulary& vocabulary_;
  Grammar grammar_;
  llama_sampler_ptr start_;  // null where a trigger is waited for
};

// How far a branch has come in a grammar. Engine thread.
class GrammarState : public Constraint {
 public:
  // After `tokens`, which the branch holds since the grammar does. Throws Error{invalid_request} when they break it.
  GrammarState(std::shared_ptr<const GrammarRules> rules, std::span<const int> tokens);
  void accept(int token);  // not one that ends the turn
  bool allows(int token) override;
  void keep_allowed(std::vector<Candidate>& candidates) override;

 private:
  void look_for_trigger(int token);
  std::shared_ptr<const GrammarRules> rules_;  // owners: the model, branches and generations of this grammar
  llama_sampler_ptr sampler_;                  // null: a trigger is waited for
  bool free_ = false;                          // it was triggered in vain: the rest is text like any other
  std::string text_;                           // of the tokens since then
  std::vector<std::pair<int, size_t>> seen_;   // token, and where its bytes end in text_
  std::vector<llama_token_data> data_;
};

}  // namespace reckon
