#include "verify/written_tests.h"

#include <gmock/gmock.h>

namespace reckon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(WrittenTests, AreTheWholeAssertsOfTheReply) {
  EXPECT_THAT(written_tests("Here they are:\n```python\nassert f(1) == 2\n  assert(f([2, 3]) == (4,))  # two\n\n"
                            "def test():\n    assert f('(') == \"\\\"[\"\nassert f(1) == 2\nassertion = 3\n```",
                            false),
              ElementsAre("assert f(1) == 2", "assert(f([2, 3]) == (4,))  # two", "assert f('(') == \"\\\"[\""));
}

TEST(WrittenTests, StatementsThatGoOverLinesAreLeftOut) {
  EXPECT_THAT(
      written_tests("assert f([1,\n  2]) == 3\nassert f(1) == \\\n  2\nassert f('a) == 1\nassert f(1]) == 2", false),
      IsEmpty());
}

TEST(WrittenTests, ALastLineThatWasCutDoesNotCount) {
  EXPECT_THAT(written_tests("assert f(1) == 2\nassert f(2) == 1", true), ElementsAre("assert f(1) == 2"));
}

TEST(WrittenTests, OnlyTheFirstFiveOfAReplyCount) {
  std::string text;
  for (int i = 0; i < 9; ++i) text += "assert f(" + std::to_string(i) + ")\n";
  EXPECT_THAT(written_tests(text, false), SizeIs(kTestsOfReply));
}

TEST(WrittenTests, ThoughtsAreNotTests) {
  EXPECT_THAT(written_tests("<think>\nassert f(0) == 0\n</think>\nassert f(1) == 1", false),
              ElementsAre("assert f(1) == 1"));
  EXPECT_THAT(written_tests("<think>\nassert f(0) == 0\n", false), IsEmpty());
}

}  // namespace
}  // namespace reckon
