// Page: everything that is known about one operator, in one place and in one order.
// Why: bindings, stubs, documentation, gradients, shapes, kernels, sharding and tests all follow
// from it, so that an operator is written once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/base/error.h"

namespace proa::ir {

class Infer;
class Contents;
class Decompose;
class Augment;
class Vjp;
class Cost;
class AttrList;
class Facts;
class Operation;
class SampleList;

// A constant as a page writes it: a default, or an attribute of a sample.
struct Literal {
  enum class Kind : uint8_t { required, none, boolean, integer, real, text, dtype, ints, reals };
  Kind kind = Kind::required;
  int64_t integer = 0;
  double real = 0;
  std::string_view text;
  std::vector<int64_t> ints;
  std::vector<double> reals;
  Literal() = default;
  Literal(bool v) : kind(Kind::boolean), integer(v) {}
  Literal(int v) : kind(Kind::integer), integer(v) {}
  Literal(int64_t v) : kind(Kind::integer), integer(v) {}
  Literal(double v) : kind(Kind::real), real(v) {}
  Literal(const char* v) : kind(Kind::text), text(v) {}
  Literal(std::string_view v) : kind(Kind::text), text(v) {}
  Literal(DType v) : kind(Kind::dtype), integer(static_cast<int64_t>(v)) {}
  Literal(std::vector<int64_t> v) : kind(Kind::ints), ints(std::move(v)) {}
  Literal(std::nullopt_t) : kind(Kind::none) {}
  static Literal list(std::vector<double> v) {
    Literal l;
    l.kind = Kind::reals;
    l.reals = std::move(v);
    return l;
  }
};
inline constexpr std::nullopt_t kNone = std::nullopt;  // the default "None"

struct OperandSpec {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  DTypeSet dtypes = kNumberSet;
  bool optional = false;
  bool variadic = false;
  bool meets = true;    // takes part in promotion (an index or a mask does not)
  bool number = false;  // a Python number may stand here; it becomes a 0-d tensor
  bool rng_key =
      false;  // filled by the generator: i64[2] = (seed, call number); users never pass it
};

// What a user may write for an attribute, and how it is stored.
enum class AttrForm : uint8_t {
  boolean,
  integer,
  real,
  number,  // any Python number, stored as integer, real or complex
  string,
  dtype,
  axis,  // an integer, negative counts from the end
  axes,  // one integer or several, stored as ints; None stays absent
  ints,  // one integer or several, stored as ints
  reals,
  padding,  // one integer or several, or a string of the choices
  shape,    // dims: integers, symbols, -1 where the page says so; stored as ints or dims
  tensor,
  type,
  dict,
  symbol,  // of primitives only
};

struct AttrSpec {
  std::string_view name;
  std::vector<std::string_view> aliases = {};
  AttrForm form = AttrForm::integer;
  Literal value = {};                               // the default; Kind::required if there is none
  std::vector<std::string_view> choices = {};       // of a string
  std::optional<double> lowest = {}, highest = {};  // legal range, ends included
};

// Which dtype the operands meet in, and which the results have.
struct DTypeRule {
  enum class Meet : uint8_t {
    none,           // each operand stands for itself
    promote,        // the promotion table
    promote_float,  // the same, then integers and bool become the default float
    same,           // all that meet must have one dtype already (primitives)
  };
  enum class Result : uint8_t {
    met,
    first,
    boolean,
    i64,
    real_of_met,
    complex_of_met,
    attr,
    shape_rule
  };
  Meet meet = Meet::promote;
  Result result = Result::met;  // attr: of the attribute "dtype", the met dtype where it is absent
};
constexpr DTypeRule promote() { return {}; }
constexpr DTypeRule promote_float() {
  return {DTypeRule::Meet::promote_float, DTypeRule::Result::met};
}
constexpr DTypeRule predicate() { return {DTypeRule::Meet::promote, DTypeRule::Result::boolean}; }
constexpr DTypeRule same() { return {DTypeRule::Meet::same, DTypeRule::Result::met}; }
constexpr DTypeRule meets(DTypeRule::Meet meet, DTypeRule::Result result) { return {meet, result}; }
constexpr DTypeRule by_shape_rule(DTypeRule::Meet meet = DTypeRule::Meet::none) {
  return {meet, DTypeRule::Result::shape_rule};
}

// How cotangents flow. Exactly one of: backward (with or without augment), by_decomposition(),
// by_regions() (control flow: the transform differentiates what the regions compute),
// not_differentiable("why"), zero_gradient("why").
struct VjpRule {
  void (*augment)(Augment&) = nullptr;  // the forward that also gives named residuals
  void (*backward)(Vjp&) = nullptr;
  bool decomposed = false;
  bool regions = false;
  bool zero = false;  // the derivative is zero wherever it exists (floor, eq)
  std::string_view reason = {};
};
constexpr VjpRule by_decomposition() { return {.decomposed = true}; }
constexpr VjpRule by_regions() { return {.regions = true}; }
constexpr VjpRule not_differentiable(std::string_view reason) { return {.reason = reason}; }
constexpr VjpRule zero_gradient(std::string_view reason) {
  return {.zero = true, .reason = reason};
}

using DecomposeRule = void (*)(Decompose&);
inline constexpr DecomposeRule primitive() { return nullptr; }  // said aloud on primitive pages

enum class Effects : uint8_t { none, rng, token };

// Where an operator shows in the Python face.
enum Face : uint32_t {
  kTop = 1,         // proa.NAME
  kMethod = 2,      // Tensor.NAME
  kFunctional = 4,  // proa.nn.functional.NAME
  kInplace = 8,     // also NAME_ (the first operand takes the result) beside each of the above
  kLinalg = 16,     // proa.linalg.NAME
  kFft = 32,        // proa.fft.NAME
  kHidden = 0,      // proa._proa.ops.NAME only
};

// Old texts of a page and how they become the next version (data for upgrades of saved files).
struct Upgrade {
  int from;
  void (*rule)(AttrList& attrs, class Context& context);
};

// "may share": result may live in the operand's memory; "view": it is a view of the operand.
struct AliasSpec {
  int result = 0, operand = 0;
  bool view = false;
};

struct Page {
  std::string_view name;  // without the dialect
  std::vector<std::string_view> aliases = {};
  uint32_t faces = kHidden;
  std::string_view doc;  // see CONTRIBUTING: one paragraph, Args, Returns, Errors, Source
  std::vector<OperandSpec> operands;
  std::vector<AttrSpec> attrs = {};
  std::vector<std::string_view> regions = {};  // names; each is one block that ends in return
  std::string_view signature =
      {};           // argument order "x, axis, weight"; empty: operands, then attributes
  int results = 1;  // -1: the shape rule says how many
  std::vector<std::string_view> result_names = {};
  DTypeRule dtypes = {};
  void (*shape)(Infer&) = nullptr;
  void (*contents)(Contents&) = nullptr;  // of small integer tensors, as dim expressions
  void (*checks)(Infer&) = nullptr;       // what is refused, before the shape rule runs
  void (*verify)(const Operation&, Facts&) = nullptr;  // what needs the functions around it
  VjpRule vjp;
  DecomposeRule decompose = nullptr;
  std::string_view sharding = {};  // factors: "b m k, b k n -> b m n; k: sum"; or "none: reason"
  std::vector<AliasSpec> alias = {};
  Effects effects = Effects::none;
  void (*cost)(Cost&) = nullptr;  // absent: one flop an element of the results
  int version = 1;
  std::vector<Upgrade> upgrades = {};
  void (*samples)(SampleList&) = nullptr;
};

}  // namespace proa::ir
