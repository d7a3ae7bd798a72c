#include "engine/gpu_layers.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

constexpr int64_t kGib = int64_t{1} << 30;

TEST(GpuLayers, AllGoWhereThereIsRoom) { EXPECT_EQ(layers_that_fit(24 * kGib, 28, kGib, kGib), 29); }

TEST(GpuLayers, WhatDoesNotFitStaysOnTheProcessor) {
  EXPECT_EQ(layers_that_fit(10 * kGib, 31, 14 * kGib, 2 * kGib), 17);  // 8.5 GiB for layers of half a GiB
  EXPECT_EQ(layers_that_fit(kGib, 31, 14 * kGib, 2 * kGib), 0);
}

TEST(GpuLayers, NoMemoryAndNoLayersAreNoLayers) {
  EXPECT_EQ(layers_that_fit(0, 28, kGib, kGib), 0);
  EXPECT_EQ(layers_that_fit(kGib, 0, 0, 0), 1);
}

}  // namespace
}  // namespace reckon
