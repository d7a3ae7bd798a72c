#include "base/parse_exact.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>

#include "base/rng.h"

namespace reckon {
namespace {

TEST(ParseExact, EveryNumberIsReadBackToTheLastBit) {
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    double number = std::ldexp(rng.uniform(), static_cast<int>(rng.below(64)) - 32);
    boost::system::error_code wrong;
    boost::json::value read = parse_exact(boost::json::serialize(boost::json::array{number, "text", -3}), wrong);
    ASSERT_FALSE(wrong);
    ASSERT_EQ(read.at(0).as_double(), number);
    ASSERT_EQ(read.at(2).as_int64(), -3);
  }
}

TEST(ParseExact, WhatIsNotOneValueIsAnError) {
  for (const char* text : {"", "{", "1 2", "[1,]", "nul"}) {
    boost::system::error_code wrong;
    EXPECT_TRUE(parse_exact(text, wrong).is_null());
    EXPECT_TRUE(wrong) << text;
  }
}

}  // namespace
}  // namespace reckon
