// The barrier, and the words between tensors and dims.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

// barrier

void barrier_shape(Infer& op) {
  if (op.count(0) == 0) op.fail(ErrorKind::value, "xs", "expected at least one tensor, got none");
  for (int k = 0; k < op.count(0); ++k) op.result(op.type(0, k));
}

void barrier_backward(Vjp& v) {
  for (int k = 0; k < v.count(0); ++k) {
    if (v.has_cotangent(k)) v.set(0, k, v.cotangent(k));
  }
}

void barrier_samples(SampleList& s) {
  s.ok_list({{T({})}});
  s.ok_list({{T({0}), T({3})}});
  s.ok_list({{T({2, 3}), T(DType::i64, {2}), T(DType::boolean, {})}});
  s.ok_list({{T({2, 3, 4}), T({2, 1, 3, 2})}});
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one tensor");
  s.wrong_list({{T({2})}}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}}, {{"kind", "all"}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2})}}, {{"dtype", DType::f32}}, ErrorKind::key, "no such argument");
  s.wrong_list({{T({2}), T({3})}}, {{"shape", std::vector<int64_t>{2}}}, ErrorKind::key,
               "no such argument");
  s.wrong_list({{T({2}), T({3})}}, {{"count", 2}}, ErrorKind::key, "no such argument");
}

// dim

void dim_shape(Infer& op) {
  op.axis("axis", op.rank(0));
  op.result(std::span<const Dim>{});
}

void dim_samples(SampleList& s) {
  s.ok({T({0})}, {{"axis", 0}});
  s.ok({T({5})}, {{"axis", -1}});
  s.ok({T({2, 3})}, {{"axis", 1}});
  s.ok({T({2, 1, 3, 2})}, {{"axis", 2}});
  s.ok({T(DType::boolean, {2, 0, 3})}, {{"axis", 2}});
  s.wrong({T({})}, {{"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({2, 3})}, {{"axis", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {{"axis", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3})}, {}, ErrorKind::value, "required");
  s.wrong({T({2, 3})}, {{"axis", 0.5}}, ErrorKind::type, "an integer");
  s.wrong({T({2, 3})}, {{"axis", std::vector<int64_t>{0, 1}}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {{"axis", 0}}, ErrorKind::value, "required");
}

// as_dim

void as_dim_shape(Infer& op) {
  if (op.rank(0) != 0)
    op.fail(ErrorKind::shape, "x", str("expected a 0-d tensor, got ", to_string(op.dims(0))));
  Dim symbol = op.dims_attr("symbol")[0];
  if (!symbol.is_symbol())
    op.fail(ErrorKind::value, "symbol",
            str("expected a symbol of its own, got ", to_string(symbol)));
  int64_t low = op.integer("low");
  if (op.has("high") && op.integer("high") < low) {
    op.fail(ErrorKind::value, "high",
            str("expected at least low = ", low, ", got ", op.integer("high")));
  }
  op.result(std::span<const Dim>{});
}

// A text in the place of the symbol is read as a dim.
void as_dim_samples(SampleList& s) {
  Arg three = V(DType::i64, {}, {3});
  s.ok({three}, {{"symbol", "u0"}});
  s.ok({three}, {{"symbol", "u1"}, {"low", 1}});
  s.ok({three}, {{"symbol", "u2"}, {"low", 0}, {"high", 5}});
  s.ok({V(DType::i64, {}, {0})}, {{"symbol", "u3"}, {"high", 0}});
  s.wrong({V(DType::i64, {1}, {3})}, {{"symbol", "u0"}}, ErrorKind::shape, "0-d");
  s.wrong({V(DType::i32, {}, {3})}, {{"symbol", "u0"}}, ErrorKind::type, "dtype");
  s.wrong({V(DType::f32, {}, {3})}, {{"symbol", "u0"}}, ErrorKind::type, "dtype");
  s.wrong({three}, {}, ErrorKind::value, "required");
  s.wrong({three}, {{"symbol", 3}}, ErrorKind::value, "a symbol of its own");
  s.wrong({three}, {{"symbol", "u0 + 1"}}, ErrorKind::value, "a symbol of its own");
  s.wrong({three}, {{"symbol", "u0"}, {"low", -1}}, ErrorKind::value, "at least 0");
  s.wrong({three}, {{"symbol", "u0"}, {"low", 4}, {"high", 3}}, ErrorKind::value, "at least low");
}

// shape_assert

void shape_assert_shape(Infer& op) {
  if (op.rank(0) != 0)
    op.fail(ErrorKind::shape, "condition",
            str("expected a 0-d tensor, got ", to_string(op.dims(0))));
}

void shape_assert_samples(SampleList& s) {
  s.ok({T(DType::boolean, {}, Fill::ones)}, {{"message", "sizes must agree"}});
  s.ok({T(DType::boolean, {}, Fill::ones)}, {{"message", ""}});
  s.wrong({T(DType::boolean, {1})}, {{"message", "m"}}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::boolean, {2, 2})}, {{"message", "m"}}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::f32, {})}, {{"message", "m"}}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i64, {})}, {{"message", "m"}}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {})}, {{"message", 3}}, ErrorKind::type, "a string");
}

}  // namespace

std::vector<Page> structure_pages() {
  return {
      {.name = "barrier",
       .doc = "Its operands, unchanged; nothing is moved, merged or fused across it, so that what "
              "was recomputed to save memory stays recomputed.\n"
              "Args:\n  xs: at least one tensor, of any dtypes and shapes.\n"
              "Returns:\n  as many tensors.\n"
              "Errors:\n  ValueError for none.",
       .operands = {{.name = "xs", .dtypes = kStoredSet, .variadic = true}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = barrier_shape,
       .vjp = {.backward = barrier_backward},
       .decompose = primitive(),
       .sharding = kEachAxis,
       .cost = no_flops,
       .samples = barrier_samples},
      {.name = "dim",
       .doc = "The extent of an axis as a tensor. It reads the shape, not the elements.\n"
              "Args:\n  x: any dtype.\n  axis: negative counts from the end.\n"
              "Returns:\n  int64, 0-d.\n"
              "Errors:\n  IndexError for an axis out of range (0-d has none).",
       .operands = {{.name = "x", .dtypes = kStoredSet, .meets = false}},
       .attrs = {{.name = "axis", .form = AttrForm::axis}},
       .dtypes = meets(Meet::none, Result::i64),
       .shape = dim_shape,
       .contents =
           [](Contents& c) {
             auto dims = c.type(0).dims();
             c.result({dims[static_cast<size_t>(c.axis("axis", c.type(0).rank()))]});
           },
       .vjp = zero_gradient("an extent does not depend on the elements"),
       .decompose = primitive(),
       .sharding = "... -> ",
       .cost = no_flops,
       .samples = dim_samples},
      {.name = "as_dim",
       .doc = "Makes the value of a tensor an extent: from here on the symbol stands for it in "
              "shapes. The only source of sizes that depend on data, and the only point where the "
              "host waits for one. The value is checked against the bounds at run time.\n"
              "Args:\n  x: int64, 0-d.\n  symbol: a symbol that nothing else defines.\n  low, "
              "high: bounds of the value, ends included; low is at least 0.\n"
              "Returns:\n  x, int64, 0-d.\n"
              "Errors:\n  ShapeError for an x with axes, ValueError for a symbol that is an "
              "expression or for empty bounds, and at run time for a value out of bounds.",
       .operands = {{.name = "x", .dtypes = kIndexSet}},
       .attrs = {{.name = "symbol", .form = AttrForm::integer},
                 {.name = "low", .form = AttrForm::integer, .value = 0, .lowest = 0},
                 {.name = "high", .form = AttrForm::integer, .value = kNone}},
       .dtypes = same(),
       .shape = as_dim_shape,
       .contents = [](Contents& c) { c.result(c.dims_attr("symbol")); },
       .vjp = not_differentiable("the operand is an integer"),
       .decompose = primitive(),
       .sharding = "-> ",
       .effects = Effects::token,
       .cost = no_flops,
       .samples = as_dim_samples},
      {.name = "shape_assert",
       .doc = "Stops the run with a message where a condition on sizes does not hold. It stays "
              "where it is, used or not.\n"
              "Args:\n  condition: bool, 0-d.\n  message: what the error says.\n"
              "Returns:\n  nothing.\n"
              "Errors:\n  ShapeError for a condition with axes, and at run time where it is False.",
       .operands = {{.name = "condition", .dtypes = kBoolSet}},
       .attrs = {{.name = "message", .form = AttrForm::string}},
       .results = 0,
       .dtypes = by_shape_rule(),
       .shape = shape_assert_shape,
       .vjp = not_differentiable("it has no results"),
       .decompose = primitive(),
       .sharding = "-> ",
       .effects = Effects::token,
       .cost = no_flops,
       .samples = shape_assert_samples},
  };
}

}  // namespace proa::ops
