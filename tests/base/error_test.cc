#include "proa/base/error.h"

#include <gtest/gtest.h>

namespace proa {
namespace {

TEST(Error, SaysOperatorArgumentAndReason) {
  UserError error(ErrorKind::index, "sum", "axis", str("expected ", -2, "..", 1, ", got ", 3));
  EXPECT_STREQ(error.what(), "[sum] axis: expected -2..1, got 3");
  EXPECT_EQ(error.kind(), ErrorKind::index);
  EXPECT_EQ(error.op(), "sum");
  EXPECT_EQ(error.argument(), "axis");
  EXPECT_EQ(error.message(), "expected -2..1, got 3");
}

TEST(Error, LeavesOutWhatIsNotKnown) {
  EXPECT_STREQ(UserError(ErrorKind::io, "no such file").what(), "no such file");
  EXPECT_STREQ(UserError(ErrorKind::type, "add", "", "wrong").what(), "[add] wrong");
}

TEST(Error, EveryKindHasAName) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::internal); ++i) {
    EXPECT_NE(to_string(static_cast<ErrorKind>(i)), "unknown") << i;
  }
}

TEST(Error, ACheckThatHoldsCostsNothing) {
  int evaluated = 0;
  PROA_CHECK(true, ++evaluated);
  EXPECT_EQ(evaluated, 0);
}

TEST(Error, AFailedCheckNamesItsPlaceWithoutTheMachine) {
  try {
    fail_check("/some/folder/proa/ir/type.cc", 7, "size > 0", "size is -1");
    FAIL() << "no error";
  } catch (const InternalError& error) {
    std::string text = error.what();
    EXPECT_NE(text.find("proa/ir/type.cc:7: (size > 0) does not hold. size is -1"), text.npos)
        << text;
    EXPECT_EQ(text.find("/some/folder"), text.npos) << text;
    EXPECT_EQ(error.kind(), ErrorKind::internal);
  }
  EXPECT_THROW(PROA_CHECK(1 > 2, "one is ", 1), InternalError);
}

}  // namespace
}  // namespace proa
