// Samples: legal and wrong cases of an operator, written on its page.
// Why: tests, fuzzing, benchmarks and documentation examples all draw from this one source.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "proa/ir/page.h"

namespace proa::ir {

enum class Fill : uint8_t {
  normal,       // standard normal (integers: -5..5; bool: coin)
  positive,     // uniform in (0.1, 3)   (integers: 1..5)
  unit,         // uniform in (-0.95, 0.95)
  probability,  // uniform in (0.05, 0.95)
  above_one,    // uniform in (1.1, 4)
  distinct,     // a shuffled grid: no two elements are near (for max, sort, medians)
  index,        // integers in [low, high)
  range,        // uniform in [low, high)
  zeros,
  ones,
  sorted,  // ascending along the last axis
  spd,     // symmetric (Hermitian) positive definite matrices
  values,  // as listed
};

// A tensor of a sample. Without a dtype it takes the dtype under test ("T").
struct Arg {
  std::vector<int64_t> dims = {};
  Fill fill = Fill::normal;
  double low = 0, high = 1;
  std::optional<DType> dtype = {};
  std::vector<double> values = {};
  bool absent = false;                // an optional operand left out
  std::optional<double> number = {};  // a Python number in the operand's place
};
inline Arg T(std::vector<int64_t> dims, Fill fill = Fill::normal) {
  return {.dims = std::move(dims), .fill = fill};
}
inline Arg T(DType dtype, std::vector<int64_t> dims, Fill fill = Fill::normal) {
  return {.dims = std::move(dims), .fill = fill, .dtype = dtype};
}
inline Arg I(std::vector<int64_t> dims, int64_t low, int64_t high, DType dtype = DType::i64) {
  return {.dims = std::move(dims),
          .fill = Fill::index,
          .low = static_cast<double>(low),
          .high = static_cast<double>(high),
          .dtype = dtype};
}
inline Arg V(DType dtype, std::vector<int64_t> dims, std::vector<double> values) {
  return {
      .dims = std::move(dims), .fill = Fill::values, .dtype = dtype, .values = std::move(values)};
}
inline Arg number(double value) { return {.number = value}; }
inline Arg absent() { return {.absent = true}; }

using SampleAttrs = std::vector<std::pair<std::string_view, Literal>>;

struct Sample {
  std::vector<std::vector<Arg>> operands;  // by operand of the page; one each but for variadic ones
  SampleAttrs attrs;
  bool gradient = true;  // fit for numeric differentiation (no kinks nearby)
  std::string_view note = {};
};

struct WrongSample {
  std::vector<std::vector<Arg>> operands;
  SampleAttrs attrs;
  ErrorKind kind;
  std::string_view says;  // a part of the message that must be there
};

// Of an operation with regions or functions: a module whose @main uses it.
struct TextSample {
  std::string_view text;
  bool gradient = true;
  std::optional<ErrorKind> wrong = {};  // refused with this kind, in these words
  std::string_view says = {};
};

class SampleList {
 public:
  // ok({T({2,3}), T({3})}, {{"axis", 1}}): one Arg an operand, in the page's order.
  Sample& ok(std::vector<Arg> operands, SampleAttrs attrs = {});
  // For a page whose operand `variadic` takes several: ok_list({T({2,3}), T({2,1})}, {{"axis",
  // 1}}).
  Sample& ok_list(std::vector<std::vector<Arg>> operands, SampleAttrs attrs = {});
  void wrong(std::vector<Arg> operands, SampleAttrs attrs, ErrorKind kind, std::string_view says);
  void wrong_list(std::vector<std::vector<Arg>> operands, SampleAttrs attrs, ErrorKind kind,
                  std::string_view says);
  TextSample& ok_text(std::string_view text);
  void wrong_text(std::string_view text, ErrorKind kind, std::string_view says);
  const std::vector<TextSample>& texts() const { return texts_; }
  const std::vector<Sample>& legal() const { return legal_; }
  const std::vector<WrongSample>& wrong() const { return wrong_; }

 private:
  std::vector<Sample> legal_;
  std::vector<WrongSample> wrong_;
  std::vector<TextSample> texts_;
};

}  // namespace proa::ir
