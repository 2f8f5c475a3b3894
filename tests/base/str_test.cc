#include "proa/base/str.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Str, JoinsPiecesOfManyKinds) {
  EXPECT_EQ(str("axis ", 3, " of ", std::string("x"), ' ', true), "axis 3 of x true");
  EXPECT_EQ(str(INT64_MIN), "-9223372036854775808");
  EXPECT_EQ(str(UINT64_MAX), "18446744073709551615");
  EXPECT_EQ(str(), "");
}

TEST(Str, WritesTheShortestNumberThatReadsBack) {
  EXPECT_EQ(str(0.1), "0.1");
  EXPECT_EQ(str(1e300), "1e+300");
  EXPECT_EQ(std::stod(str(1.0 / 3)), 1.0 / 3);
}

TEST(Str, PrintsLists) {
  EXPECT_EQ(list_str(std::vector<int64_t>{}), "[]");
  EXPECT_EQ(list_str(std::vector<int64_t>{2, -1, 3}), "[2, -1, 3]");
  EXPECT_EQ(join(std::vector<std::string>{"a", "b"}, ", "), "a, b");
}

TEST(Str, NearestFindsTheNameThatWasMeant) {
  const std::string_view names[] = {"softmax", "softplus", "log_softmax", "sum"};
  EXPECT_EQ(nearest("sofmax", names), "softmax");
  EXPECT_EQ(nearest("summ", names), "sum");
  EXPECT_EQ(nearest("convolution", names), "");
}

}  // namespace
}  // namespace proa
