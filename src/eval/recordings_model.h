#pragma once
#include <memory>
#include <unordered_map>
#include <vector>

#include "eval/recordings.h"

#include <reckon/model.h>

namespace reckon {

// Decorates a model and notes every sample that a run starts, also those it drops half-way. One for each run.
class RecordingModel : public Model {
 public:
  explicit RecordingModel(Model& model) : model_(model) {}
  const Capabilities& capabilities() const override { return model_.capabilities(); }
  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override;
  int count_tokens(const Prompt& prompt) const override { return model_.count_tokens(prompt); }

  // Every sample started, in that order, with the tokens charged for it; final once the account has settled.
  std::vector<RecordedRun::Cancelled> drawn() const;

  struct Log {
    std::shared_ptr<Account> account;
    struct Draw {
      uint64_t seed = 0;
      int line = -1;
    };
    std::vector<Draw> draws;
  };

 private:
  Model& model_;
  std::vector<std::shared_ptr<Log>> logs_;  // owners: this and the branches of one open()
};

// Says again what was recorded of one run: the samples end in the recorded order, one virtual second after another, and
// those that had been cancelled never end. FLOPs are not charged. Asked for a sample that is not in the recording,
// generate() throws Error{invalid_request}.
class RecordedModel : public Model {
 public:
  explicit RecordedModel(const Recording& recording);  // throws Error{invalid_request} without a run
  const Capabilities& capabilities() const override { return capabilities_; }
  Task<std::unique_ptr<Branch>> open(Prompt prompt, std::shared_ptr<Account> account, Role role) override;
  int count_tokens(const Prompt&) const override { return static_cast<int>(recording_.prompt_tokens); }

  const Recording& recording() const { return recording_; }
  const std::unordered_map<uint64_t, size_t>& places() const {
    return places_;
  }  // seed -> place in the order of ending

 private:
  Recording recording_;
  Capabilities capabilities_;
  std::unordered_map<uint64_t, size_t> places_;
};

}  // namespace reckon
