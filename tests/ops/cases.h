// Samples of pages as IR: types, attributes and, with symbols in the place of extents, their
// symbolic form.
// Why: every test of operators draws its cases from the pages, and reads them the same way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proa/base/function_ref.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "proa/ir/samples.h"

namespace proa::test {

struct Case {
  std::vector<ir::Type> operands;
  std::vector<int64_t> segments;
  ir::AttrList attrs;
};

// Attributes of a sample. For data (AttrForm::tensor) a number is 0-d, a list 1-d; for an integer a
// text is read as a dim; None is absent.
ir::AttrList attributes(ir::Context& context, const ir::Page& page, const ir::SampleAttrs& attrs);

// `dtype` stands for "T", the dtype of arguments that have none of their own. With `symbolic` every
// extent n > 1 of an operand is the symbol "n<n>".
Case make_case(ir::Context& context, const ir::Page& page,
               const std::vector<std::vector<ir::Arg>>& operands, const ir::SampleAttrs& attrs,
               DType dtype, bool symbolic = false);

// The dtypes that "T" may be in this sample; one (f32) where it does not occur.
std::vector<DType> dtypes_under_test(const ir::Page& page,
                                     const std::vector<std::vector<ir::Arg>>& operands);

// The value of a dim whose symbols are those of make_case.
int64_t value_of(ir::Dim dim);

// Legal samples of all pages of a dialect, structured operators aside: each in `dtypes` of its
// dtypes, in turn, with its number from 1 on.
using EachSample =
    FunctionRef<void(const ir::OpInfo&, const ir::Sample&, DType dtype, uint64_t number)>;
void for_each_sample(ir::Context& context, std::string_view dialect, size_t dtypes,
                     EachSample check);

std::string describe(const ir::Page& page, const Case& c);

}  // namespace proa::test
