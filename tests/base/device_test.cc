#include "proa/base/device.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Device, NamesRoundTrip) {
  for (Device device : {kCpu, kNull, Device{DeviceKind::cuda, 0}, Device{DeviceKind::cuda, 12},
                        Device{DeviceKind::cpu, 1}}) {
    EXPECT_EQ(parse_device(to_string(device)), device) << to_string(device);
  }
  EXPECT_EQ(to_string(kCpu), "cpu");
  EXPECT_EQ(to_string(Device{DeviceKind::cuda, 0}), "cuda:0");
}

TEST(Device, AcceptsPaddlesNames) {
  EXPECT_EQ(parse_device("gpu"), (Device{DeviceKind::cuda, 0}));
  EXPECT_EQ(parse_device("gpu:3"), (Device{DeviceKind::cuda, 3}));
  EXPECT_EQ(parse_device("cuda"), (Device{DeviceKind::cuda, 0}));
}

TEST(Device, RefusesEverythingElse) {
  for (const char* text : {"", "CPU", "cpu:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:1:2", "tpu",
                           "cuda: 1", "cuda:99999999999", ":0", "cpu "}) {
    EXPECT_EQ(parse_device(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace proa
