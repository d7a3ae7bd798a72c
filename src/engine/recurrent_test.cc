#if __has_include(<gguf.h>)
#include <ggml.h>
#include <gguf.h>
#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <vector>

#include "base/rng.h"
#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::HasSubstr;

constexpr int kWidth = 32, kInner = 2 * kWidth, kState = 16, kKernel = 4, kRank = 4, kLayers = 2, kTokens = 512;

// Random weights, uniform around `mean`, added to a GGUF file under their names.
class Weights {
 public:
  explicit Weights(gguf_context* file) : file_(file) {}
  ~Weights() { ggml_free(context_); }
  void add(const std::string& name, std::vector<int64_t> shape, double mean, double spread) {
    ggml_tensor* tensor = ggml_new_tensor(context_, GGML_TYPE_F32, static_cast<int>(shape.size()), shape.data());
    ggml_set_name(tensor, name.c_str());
    auto* data = static_cast<float*>(tensor->data);
    for (int64_t i = 0; i < ggml_nelements(tensor); ++i)
      data[i] = static_cast<float>(mean + spread * (2 * rng_.uniform() - 1));
    gguf_add_tensor(file_, tensor);
  }

 private:
  gguf_context* file_;
  ggml_context* context_ = ggml_init({.mem_size = 4 << 20, .mem_buffer = nullptr, .no_alloc = false});
  Rng rng_{1};
};

// A Mamba model of two layers with random weights and the story model's vocabulary.
void write_mamba(const std::string& path) {
  gguf_context* vocabulary = gguf_init_from_file(kStories.c_str(), {.no_alloc = true, .ctx = nullptr});
  gguf_context* file = gguf_init_empty();
  gguf_set_kv(file, vocabulary);
  gguf_free(vocabulary);
  gguf_set_val_str(file, "general.architecture", "mamba");
  for (auto [key, value] : {std::pair{"context_length", 512},
                            {"embedding_length", kWidth},
                            {"block_count", kLayers},
                            {"ssm.conv_kernel", kKernel},
                            {"ssm.inner_size", kInner},
                            {"ssm.state_size", kState},
                            {"ssm.time_step_rank", kRank}})
    gguf_set_val_u32(file, (std::string("mamba.") + key).c_str(), static_cast<uint32_t>(value));
  gguf_set_val_f32(file, "mamba.attention.layer_norm_rms_epsilon", 1e-5f);
  Weights weights(file);
  weights.add("token_embd.weight", {kWidth, kTokens}, 0, 1);
  weights.add("output_norm.weight", {kWidth}, 1, 0);
  weights.add("output.weight", {kWidth, kTokens}, 0, 1);
  for (int layer = 0; layer < kLayers; ++layer) {
    std::string block = "blk." + std::to_string(layer) + ".";
    weights.add(block + "attn_norm.weight", {kWidth}, 1, 0);
    weights.add(block + "ssm_in.weight", {kWidth, 2 * kInner}, 0, 0.5);
    weights.add(block + "ssm_conv1d.weight", {kKernel, kInner}, 0, 0.5);
    weights.add(block + "ssm_conv1d.bias", {kInner}, 0, 0.1);
    weights.add(block + "ssm_x.weight", {kInner, kRank + 2 * kState}, 0, 0.3);
    weights.add(block + "ssm_dt.weight", {kRank, kInner}, 0, 0.5);
    weights.add(block + "ssm_dt.bias", {kInner}, -1, 0.5);
    weights.add(block + "ssm_a", {kState, kInner}, -1, 0.9);
    weights.add(block + "ssm_d", {kInner}, 1, 0.2);
    weights.add(block + "ssm_out.weight", {kInner, kWidth}, 0, 0.5);
  }
  ASSERT_TRUE(gguf_write_to_file(file, path.c_str(), false));
  gguf_free(file);
}

// A model whose memory is a state of one size: it forks, and cannot go back.
class Recurrent : public StoriesTest {
 protected:
  void SetUp() override {
    EngineOptions mamba = options();
    mamba.path = testing::TempDir() + "reckon-recurrent.gguf";
    write_mamba(mamba.path);
    load(mamba);
    std::filesystem::remove(mamba.path);
  }
  // Never ends its turn by itself.
  static Task<Segment> tell(Branch& branch, int tokens) {
    const int end_of_turn = 2;
    co_return co_await branch.generate({.tokens = tokens, .stop = {}},
                                       {.temperature = 0, .logit_bias = {{end_of_turn, -100}}});
  }
  void expect_same(const Segment& a, const Segment& b) {
    EXPECT_EQ(a.text, b.text);
    EXPECT_NEAR(a.logprobs.sum, b.logprobs.sum, 1e-2);
  }
};

TEST_F(Recurrent, GoingBackIsRefusedByName) {
  EXPECT_FALSE(model_->capabilities().truncate);
  EXPECT_TRUE(model_->capabilities().fork);
  auto branch = loop_.run(story(*model_, account_));
  Branch::Mark mark = branch->mark();
  loop_.run(tell(*branch, 5));
  try {
    branch->truncate(mark);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unsupported);
    EXPECT_THAT(error.what(), HasSubstr("truncate"));
  }
}

TEST_F(Recurrent, AForkContinuesLikeASeparatePrefillAndLeavesItsParentAsItWas) {
  auto trunk = loop_.run(story(*model_, account_));
  auto apart = loop_.run(story(*model_, account_));
  auto fork = trunk->fork();
  Segment told = loop_.run(tell(*fork, 40));
  EXPECT_EQ(told.tokens, 40);
  expect_same(told, loop_.run(tell(*apart, 40)));
  auto late = trunk->fork();
  expect_same(told, loop_.run(tell(*trunk, 40)));
  expect_same(told, loop_.run(tell(*late, 40)));
  trunk.reset(), apart.reset(), fork.reset(), late.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Recurrent, ScoringLeavesABranchAsItWas) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork();
  loop_.run(tell(*branch, 7));
  loop_.run(tell(*other, 7));
  double score = loop_.run(branch->logprob(" the end"));
  EXPECT_LT(score, 0);
  EXPECT_NEAR(loop_.run(branch->logprob(" the end")), score, 1e-3);
  expect_same(loop_.run(tell(*branch, 20)), loop_.run(tell(*other, 20)));
  branch.reset(), other.reset();
  expect_ledger_equals_engine(*account_);
}

// The engine cannot cut off what a cancelled operation had computed, so it computes the branch again.
TEST_F(Recurrent, ADroppedTaskLeavesTheBranchAsItWas) {
  auto branch = loop_.run(story(*model_, account_));
  auto other = branch->fork();
  for (int i = 0; i < 5; ++i) {
    if (loop_.run(within(std::chrono::milliseconds(i), tell(*branch, 0)))) loop_.run(tell(*other, 0));  // it was done
    EXPECT_EQ(branch->mark().tokens, other->mark().tokens);
  }
  expect_same(loop_.run(tell(*branch, 30)), loop_.run(tell(*other, 30)));
  branch.reset(), other.reset();
  expect_ledger_equals_engine(*account_);
}

TEST_F(Recurrent, MoreBranchesThanItHasStatesForAllFinish) {
  auto trunk = loop_.run(story(*model_, account_));
  std::vector<std::unique_ptr<Branch>> branches;
  std::vector<Task<Segment>> tasks;
  for (int i = 0; i < 80; ++i) {
    branches.push_back(trunk->fork());
    tasks.push_back(tell(*branches.back(), 12));
  }
  std::vector<Segment> segments = loop_.run(all(std::move(tasks)));
  ASSERT_EQ(segments.size(), 80u);
  for (const Segment& segment : segments) expect_same(segment, segments.front());
  branches.clear(), trunk.reset();
  expect_ledger_equals_engine(*account_);
}

}  // namespace
}  // namespace reckon
#endif
