#include "engine/evidence.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

TEST(Evidence, SummaryAndWindowsCoverEveryTokenOnce) {
  Evidence evidence;
  for (int i = 0; i < 130; ++i) evidence.add(i, -1.0 - i, 0.5);
  EXPECT_EQ(evidence.summary().tokens, 130);
  EXPECT_DOUBLE_EQ(evidence.summary().sum, -130 - 129 * 130 / 2);
  EXPECT_DOUBLE_EQ(evidence.summary().minimum, -130);
  EXPECT_DOUBLE_EQ(evidence.summary().entropy, 65);
  std::vector<TraceWindow> trace = evidence.trace();
  ASSERT_EQ(trace.size(), 3u);
  EXPECT_EQ(trace[0].tokens, 64);
  EXPECT_EQ(trace[2].tokens, 2);
  EXPECT_FLOAT_EQ(trace[0].min_confidence, -64);
  EXPECT_FLOAT_EQ(trace[1].mean_confidence, -96.5f);
  EXPECT_FLOAT_EQ(trace[1].mean_entropy, 0.5f);
}

TEST(Evidence, RepetitionLooksAtThe64TokensBeforeTheWindow) {
  Evidence evidence;
  for (int i = 0; i < 64; ++i) evidence.add(i, -1, 0);
  for (int i = 0; i < 64; ++i) evidence.add(i % 2 ? i : 1000, -1, 0);  // 1000 repeats inside its own window only
  std::vector<TraceWindow> trace = evidence.trace();
  EXPECT_FLOAT_EQ(trace[0].repetition, 0);
  EXPECT_FLOAT_EQ(trace[1].repetition, 0.5f);
}

TEST(Evidence, NothingGeneratedHasNoWindow) { EXPECT_TRUE(Evidence().trace().empty()); }

}  // namespace
}  // namespace reckon
