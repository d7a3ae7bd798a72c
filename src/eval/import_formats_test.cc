#include "eval/import_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "eval/recordings_pools.h"

#include <reckon/error.h>

namespace reckon {
namespace {

using testing::HasSubstr;

std::string fixture(const std::string& name) { return std::string(RECKON_TEST_DATA) + "/recordings/" + name; }

RecordingFile read(const std::string& name, const std::string& format = "auto") {
  return import_recordings(fixture(name), format, exact_answers());
}

template <class Call>
std::string complaint(Call call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Import, ReasoningGymFoldersComeOutOfTheirArchive) {
  RecordingFile file = read("qwq-32b.tar.zst");
  ASSERT_EQ(file.recordings.size(), 7);
  for (const Recording& r : file.recordings) {
    EXPECT_EQ(r.model, "qwq-32b");
    EXPECT_EQ(r.samples.size(), 3);
    EXPECT_FALSE(r.family.empty());
    for (const RecordedSample& s : r.samples) {
      EXPECT_EQ(s.tokens, 0) << "the format has no token counts, and none may be invented";
      EXPECT_EQ(s.correct, s.answer.has_value() && *s.score == 1);
    }
  }
}

TEST(Import, ReasoningGymRunsCarryTheirSampling) {
  RecordingFile file = read("reasoning-gym-inter.json.zst");
  ASSERT_EQ(file.recordings.size(), 2);
  EXPECT_EQ(file.recordings[0].model, "Qwen/Qwen2.5-3B-Instruct");
  EXPECT_EQ(file.recordings[0].sampling->temperature, 0.6);
  EXPECT_EQ(file.recordings[0].max_tokens, 2048);
  EXPECT_EQ(file.recordings[0].samples[0].answer, "-7.0 + 1.0i");
}

TEST(Import, ZeroEvalGivesOneSampleOfEveryModel) {
  RecordingFile file = read("zeroeval-gsm.tar.zst");
  ASSERT_EQ(file.recordings.size(), 12);
  int right = 0;
  for (const Recording& r : file.recordings) right += r.samples.at(0).correct.value_or(false);
  EXPECT_GT(right, 0);
  EXPECT_EQ(file.recordings[0].reference, "18");
  std::vector<Pool> pools = to_pools(file.recordings, CostOf::samples);
  ASSERT_EQ(pools.size(), 2);
  EXPECT_EQ(pools[0].questions[0].id, pools[1].questions[0].id);
  EXPECT_EQ(pools[0].least_samples(), 1);
}

TEST(Import, QwenSamplesKeepTheirReward) {
  RecordingFile file = read("qwen-rm8.jsonl.zst");
  ASSERT_EQ(file.recordings.size(), 3);
  EXPECT_EQ(file.recordings[0].samples.size(), 8);
  EXPECT_TRUE(file.recordings[0].samples[0].score.has_value());
  std::vector<Pool> pools = to_pools(file.recordings, CostOf::text);
  ASSERT_EQ(pools.size(), 1);
  EXPECT_THAT(pools[0].name, HasSubstr("estimated"));
  EXPECT_GT(pools[0].questions[0].answers.size(), 1);
}

TEST(Import, CodeIsJudgedByTheLabelsBesideIt) {
  RecordingFile file = read("codet/codegen16B.jsonl");
  ASSERT_EQ(file.recordings.size(), 3);
  EXPECT_EQ(file.recordings[0].id, "HumanEval/0");
  std::string passed;
  for (const RecordedSample& s : file.recordings[0].samples) passed += *s.correct ? '1' : '0';
  EXPECT_EQ(passed, "101110");
}

TEST(Import, RouteLlmFieldsMayHoldLineEnds) {
  RecordingFile file = read("routellm-gsm8k.csv");
  ASSERT_EQ(file.recordings.size(), 6);
  EXPECT_EQ(file.recordings[1].model, "gpt-4-1106-preview");
  EXPECT_EQ(file.recordings[1].samples[0].correct, true);
  EXPECT_THAT(*file.recordings[0].samples[0].text, HasSubstr("\n"));
  EXPECT_TRUE(file.broken.empty());
}

TEST(Import, WhatIsNoneOfTheFormatsIsRefusedWithTheirNames) {
  EXPECT_THAT(complaint([] { read("README.md"); }), HasSubstr("reasoning-gym, zeroeval"));
  EXPECT_THAT(complaint([] { read("qwen-rm8.jsonl.zst", "qwen"); }), HasSubstr("--format qwen"));
  EXPECT_THAT(complaint([] { read("absent"); }), HasSubstr("does not exist"));
  EXPECT_THAT(complaint([] { read("codet"); }), HasSubstr("folder"));
}

TEST(Import, ACutOffArchiveIsRefused) {
  std::string path = testing::TempDir() + "cut.tar.zst";
  std::filesystem::copy_file(fixture("zeroeval-gsm.tar.zst"), path, std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(path, 1000);
  EXPECT_THAT(complaint([&] { import_recordings(path, "zeroeval", exact_answers()); }), HasSubstr("damaged"));
  std::filesystem::remove(path);
}

TEST(Import, ReadsTheWholePublicCollections) {
  const char* data = std::getenv("RECKON_DATA");
  if (!data) GTEST_SKIP() << "RECKON_DATA names no folder of public collections";
  auto questions = [&](const std::string& name) {
    return merged(import_recordings(std::string(data) + "/" + name, "auto", exact_answers()).recordings).size();
  };
  EXPECT_EQ(questions("traces-qwen-rm8/math_cot_100.jsonl.zst"), 100);
  EXPECT_EQ(questions("traces-rg-llama3b-n50/step_400_amc23_results.json.zst"), 40);
  EXPECT_EQ(questions("traces-zeroeval-gsm/gsm_12models.tar.zst"), 12 * 1319);
  EXPECT_EQ(questions("traces-routellm/gsm8k_responses.csv.zst"), 2 * 1319);
  EXPECT_GT(questions("traces-routellm/mmlu_responses.tar.zst"), 2 * 14000);
  EXPECT_GT(questions("traces-rg-qwen3b/inter_original.tar.zst"), 5000);
  EXPECT_GT(questions("traces-rg-easy/qwen_qwq-32b_20250316_144841.tar.zst"), 4900);
  EXPECT_EQ(
      questions("traces-codet-humaneval/HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl.zst"),
      164);
}

}  // namespace
}  // namespace reckon
