#include <reckon/receipt.h>

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace reckon {
namespace {

Receipt sample() {
  return {.id = "r1",
          .model = "m",
          .engine = "llama.cpp 0.5.0",
          .strategy = "adaptive:m=2,cap=16",
          .seed = 18446744073709551615u,
          .budget = {.tokens = 4000},
          .usage = {.prompt = 120, .cached = 480, .selected = 300, .discarded = 1'000'000, .flops = 3.21e12},
          .samples = 5,
          .finished = 4,
          .stop_reason = "decided",
          .seconds = 12.345,
          .cpu_seconds = 24.5,
          .joules = 310.25,
          .notes = {"forked by sending the prompt again"}};
}

TEST(ReceiptText, SaysWhatWasSpentInAFewAlignedLines) {
  EXPECT_EQ(
      to_text(sample()),
      "  spent       1,000,420 tokens computed: 120 prompt, 300 selected, 1,000,000 discarded; 480 more from cache\n"
      "  took        3.21 TFLOP, 12.35 s wall, 24.50 s CPU, 310.2 J\n"
      "  samples     5 started, 4 finished; stopped: decided\n"
      "  strategy    adaptive:m=2,cap=16, seed 18446744073709551615\n"
      "  budget      tokens=4000\n"
      "  model       m (llama.cpp 0.5.0)\n"
      "  note        forked by sending the prompt again\n");
}

TEST(ReceiptText, LeavesOutWhatIsNotKnown) {
  Receipt receipt{.model = "m", .strategy = "single", .stop_reason = "cancelled"};
  std::string text = to_text(receipt);
  EXPECT_EQ(text.find("FLOP"), std::string::npos);
  EXPECT_EQ(text.find(" J"), std::string::npos);
  EXPECT_EQ(text.find("budget"), std::string::npos);
}

TEST(ReceiptJson, IsOneLineWithEveryField) {
  std::string text = to_json(sample());
  EXPECT_EQ(text.find('\n'), std::string::npos);
  boost::json::object o = boost::json::parse(text).as_object();
  EXPECT_EQ(o.at("schema"), "reckon.receipt/1");
  EXPECT_EQ(o.at("seed").as_uint64(), 18446744073709551615u);
  EXPECT_EQ(o.at("budget").as_object().size(), 1u);
  EXPECT_EQ(o.at("usage").at("computed").to_number<int64_t>(), 1'000'420);
  EXPECT_EQ(o.at("usage").at("cached").to_number<int64_t>(), 480);
  EXPECT_EQ(o.at("joules"), 310.25);
  EXPECT_EQ(o.at("notes").as_array().size(), 1u);
}

TEST(ReceiptJson, SaysNullForEnergyThatCouldNotBeRead) {
  Receipt receipt = sample();
  receipt.joules.reset();
  EXPECT_TRUE(boost::json::parse(to_json(receipt)).at("joules").is_null());
}

}  // namespace
}  // namespace reckon
