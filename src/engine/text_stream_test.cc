#include "engine/text_stream.h"

#include "base/text.h"

#include <gtest/gtest.h>

#include "base/rng.h"
#include "base/text.h"

namespace reckon {
namespace {

using Hit = TextStream::Hit;

TEST(TextStream, FindsAStopStringAcrossTokensAndShowsNothingOfIt) {
  TextStream stream({"###"}, "");
  EXPECT_EQ(stream.add("Answer: 7#"), Hit::none);
  EXPECT_EQ(stream.take(), "Answer: 7");
  EXPECT_EQ(stream.add("#"), Hit::none);
  EXPECT_EQ(stream.take(), "");
  EXPECT_EQ(stream.add("# more"), Hit::stop);
  EXPECT_EQ(stream.take() + stream.finish(), "");
}

TEST(TextStream, ReleasesWhatWasHeldBackForNothing) {
  TextStream stream({"\n\nQ:"}, "");
  stream.add("one\n\n");
  EXPECT_EQ(stream.take(), "one");
  stream.add("two\n");
  EXPECT_EQ(stream.take(), "\n\ntwo");
  EXPECT_EQ(stream.finish(), "\n");
}

TEST(TextStream, TheFirstStopStringWinsAndEmptyOnesAreIgnored) {
  TextStream stream({"", "bcd", "b"}, "");
  EXPECT_EQ(stream.add("abcd"), Hit::stop);
  EXPECT_EQ(stream.finish(), "a");
  EXPECT_EQ(stream.stop(), "bcd");
}

TEST(TextStream, TheClosingTagBelongsToTheText) {
  TextStream stream({}, "</think>");
  EXPECT_EQ(stream.add("so 4.</thi"), Hit::none);
  EXPECT_EQ(stream.take(), "so 4.");
  EXPECT_EQ(stream.add("nk>The"), Hit::close);
  EXPECT_EQ(stream.finish(), "</think>");
}

TEST(TextStream, HoldsACharacterBackUntilItIsWhole) {
  TextStream stream({}, "");
  stream.add("\xF0\x9F");
  EXPECT_EQ(stream.take(), "");
  stream.add("\x98\x80!");
  EXPECT_EQ(stream.take(), "\xF0\x9F\x98\x80!");
  stream.add("\xE2\x82");
  EXPECT_EQ(stream.finish(), "") << "half a character is left out";
}

TEST(TextStream, BytesThatAreNoUtf8BecomeReplacementCharacters) {
  TextStream stream({}, "");
  stream.add("a\xFFz\xC0\x80\xED\xA0\x80");
  std::string text = stream.take() + stream.finish();
  EXPECT_TRUE(valid_utf8(text));
  EXPECT_TRUE(text.starts_with("a\xEF\xBF\xBDz"));
}

// However the bytes are cut into tokens, the text is the same, and what was shown never has to be taken back.
TEST(TextStream, TheTextDoesNotDependOnHowItIsCut) {
  const std::string source = "Tom has 3 \xF0\x9F\x8D\x8E and \xC3\xBC; a STO, an ST, then STOP and no more";
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    TextStream stream({"STOP", "STOOP"}, "");
    std::string shown;
    Hit hit = Hit::none;
    for (size_t at = 0; at < source.size() && hit == Hit::none;) {
      size_t n = 1 + rng.below(6);
      hit = stream.add(std::string_view(source).substr(at, n));
      at += n;
      if (hit == Hit::none) shown += stream.take();
      EXPECT_TRUE(valid_utf8(shown));
    }
    shown += stream.finish();
    EXPECT_EQ(hit, Hit::stop);
    EXPECT_EQ(shown, source.substr(0, source.find("STOP")));
  }
}

TEST(Utf8, KnowsOverlongFormsSurrogatesAndTheLastCodePoint) {
  EXPECT_TRUE(valid_utf8("\xF4\x8F\xBF\xBF"));
  for (const char* bad : {"\xF4\x90\x80\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xC1\xBF", "\x80", "\xE2\x82"})
    EXPECT_FALSE(valid_utf8(bad));
}

}  // namespace
}  // namespace reckon
