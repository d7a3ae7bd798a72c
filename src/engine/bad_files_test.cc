#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/rng.h"
#include "engine/stories_fixture.h"

namespace reckon {
namespace {

using testing::HasSubstr;

class BadFiles : public StoriesTest {
 protected:
  void SetUp() override {
    StoriesTest::SetUp();
    std::ifstream file(kStories, std::ios::binary);
    std::stringstream all;
    all << file.rdbuf();
    whole_ = all.str();
  }
  ~BadFiles() override { std::filesystem::remove(path_); }

  std::string refusal(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return refusal_of(path_);
  }
  std::string refusal_of(const std::string& path) {
    EngineOptions bad = options();
    bad.path = path;
    try {
      load_engine(loop_, bad);
    } catch (const Error& error) {
      EXPECT_NE(error.code(), Code::internal) << error.what();
      return error.what();
    }
    return "";
  }
  std::string whole_;
  std::string path_ =
      testing::TempDir() + "reckon-bad-" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".gguf";
};

TEST_F(BadFiles, EachIsRefusedInOneSentence) {
  EXPECT_THAT(refusal_of("/no/such/model.gguf"), HasSubstr("no model file"));
  EXPECT_THAT(refusal_of(testing::TempDir()), HasSubstr("folder"));
  EXPECT_THAT(refusal(""), HasSubstr("empty"));
  EXPECT_THAT(refusal("GG"), HasSubstr("not a GGUF"));
  EXPECT_THAT(refusal("#!/bin/sh\necho no model\n"), HasSubstr("not a GGUF"));
  EXPECT_THAT(refusal("GGUF"), HasSubstr("download it again"));
  std::string unknown = whole_;
  unknown.replace(unknown.find("general.architecture") + 20 + 4 + 8, 5, "pasta");
  EXPECT_THAT(refusal(unknown), HasSubstr("pasta"));
}

TEST_F(BadFiles, TruncatedAnywhereIsRefused) {
  Rng rng(1);
  for (int i = 0; i < 120; ++i) {
    size_t length = i < 40 ? static_cast<size_t>(4 + i * 12) : 4 + rng.below(whole_.size() - 5);
    EXPECT_THAT(refusal(whole_.substr(0, length)), HasSubstr("download it again")) << length;
  }
  EXPECT_THAT(refusal(whole_.substr(0, whole_.size() - 1)), HasSubstr("cut short"));
}

// A flipped byte may be harmless (a weight, a name): then the model loads. It never ends the process.
TEST_F(BadFiles, CorruptedHeadersAreRefusedOrHarmless) {
  Rng rng(2);
  size_t header = whole_.size() - 260'000 * 4;
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    std::string bytes = whole_;
    for (uint64_t flips = 1 + rng.below(3); flips-- > 0;)
      bytes[4 + rng.below(header)] = static_cast<char>(rng.below(256));
    if (!refusal(bytes).empty()) ++refused;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(BadFiles, AVocabularyWithoutWeightsIsRefused) {
  // The header with its tensor count set to none: version at 4, the count at 8.
  std::string bytes = whole_;
  bytes.replace(8, 8, std::string(8, '\0'));
  EXPECT_THAT(refusal(bytes), HasSubstr("without weights"));
}

}  // namespace
}  // namespace reckon
