// Order: sorting, the greatest few, binary search, packing.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

// sort

void sort_shape(Infer& op) {
  int64_t keys = op.integer("keys");
  if (op.count(0) == 0) op.fail(ErrorKind::value, "xs", "expected at least one tensor, got none");
  if (keys < 1 || keys > op.count(0)) {
    op.fail(ErrorKind::value, "keys",
            str("expected 1..", op.count(0), ", the number of tensors, got ", keys));
  }
  op.axis("axis", op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int k = 0; k < op.count(0); ++k) {
    if (k < keys && !contains(kOrderedSet, op.dtype(0, k))) {
      op.fail(ErrorKind::type, "xs", str("keys need an order, got ", to_string(op.dtype(0, k))));
    }
    auto message = [&] {
      return str("expected shape ", to_string(op.dims(0)), " as of the first, got ",
                 to_string(op.dims(0, k)));
    };
    if (op.rank(0, k) != op.rank(0)) op.fail(ErrorKind::shape, "xs", message());
    for (size_t i = 0; i < dims.size(); ++i) {
      expect_eq(op, op.dims(0, k)[i], dims[i], "xs", message);
      dims[i] = known_of(dims[i], op.dims(0, k)[i]);
    }
  }
  for (int k = 0; k < op.count(0); ++k) op.result(dims, op.dtype(0, k));
}

void sort_augment(Augment& a) {
  std::vector<Expr> operands = a.ins(0);
  int axis = a.axis("axis", operands[0].rank());
  operands.push_back(iota(a.builder(), DType::i64, operands[0].dims(), axis));
  std::vector<Expr> results =
      call(a.builder(), "prim.sort", operands,
           {{"axis", axis}, {"keys", a.integer("keys")}, {"descending", a.boolean("descending")}});
  a.keep("permutation", results.back());
  results.pop_back();
  for (Expr e : results) a.out(e);
}

void sort_backward(Vjp& v) {
  int axis = v.axis("axis", v.in(0).rank());
  Expr permutation = v.residual("permutation");
  for (int k = 0; k < v.count(0); ++k) {
    if (v.needs(0, k) && v.has_cotangent(k)) {
      v.set(0, k, add_along(zeros_like(v.in(0, k)), permutation, v.cotangent(k), axis));
    }
  }
}

void sort_samples(SampleList& s) {
  auto attrs = [](int64_t axis, int64_t keys, bool descending) {
    return ir::SampleAttrs{{"axis", axis}, {"keys", keys}, {"descending", descending}};
  };
  for (bool descending : {false, true}) {
    for (DType t : {DType::f64, DType::f32, DType::bf16, DType::i32, DType::u8, DType::boolean}) {
      s.ok_list({{T(t, {0})}}, attrs(0, 1, descending));
      s.ok_list({{T(t, {7}, is_float(t) ? Fill::distinct : Fill::normal)}},
                attrs(0, 1, descending));
      s.ok_list({{T(t, {3, 4}, is_float(t) ? Fill::distinct : Fill::normal)}},
                attrs(-2, 1, descending));
    }
    s.ok_list({{T(DType::f64, {2, 5, 2}, Fill::distinct), T(DType::f64, {2, 5, 2})}},
              attrs(1, 1, descending))
        .note = "a key and a companion";
    s.ok_list({{I({9}, 0, 3), T(DType::f64, {9}, Fill::distinct), I({9}, 0, 100)}},
              attrs(0, 2, descending))
        .note = "two keys";
    constexpr double kNan = __builtin_nan(""), kInf = __builtin_inf();
    s.ok_list({{V(DType::f32, {7}, {1, kNan, -kInf, 0.0, -0.0, kInf, kNan}),
                V(DType::i64, {7}, {0, 1, 2, 3, 4, 5, 6})}},
              attrs(0, 1, descending))
        .note = "NaN is the greatest, zeros are equal";
  }
  s.wrong_list({{}}, attrs(0, 1, false), ErrorKind::value, "at least one tensor");
  s.wrong_list({{T(DType::f32, {3})}}, attrs(0, 2, false), ErrorKind::value,
               "the number of tensors");
  s.wrong_list({{T(DType::f32, {3})}}, attrs(0, 0, false), ErrorKind::value,
               "the number of tensors");
  s.wrong_list({{T(DType::f32, {3})}}, attrs(1, 1, false), ErrorKind::index, "out of range");
  s.wrong_list({{T(DType::f32, {})}}, attrs(0, 1, false), ErrorKind::index, "0-d");
  s.wrong_list({{T(DType::c64, {3})}}, attrs(0, 1, false), ErrorKind::type, "need an order");
  s.wrong_list({{T(DType::f32, {3}), T(DType::f32, {4})}}, attrs(0, 1, false), ErrorKind::shape,
               "as of the first");
}

// top_k

void top_k_shape(Infer& op) {
  if (op.rank(0) == 0)
    op.fail(ErrorKind::shape, "x", "expected a last axis to choose from, got a 0-d tensor");
  Dim k = op.dims_attr("k")[0];
  expect_ge(op, k, 0, "k", [&] { return str("expected at least 0, got ", to_string(k)); });
  expect_ge(op, op.dim(0, -1), k, "k", [&] {
    return str("expected at most the ", to_string(op.dim(0, -1)),
               " elements of the last axis, got ", to_string(k));
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.back() = k;
  op.result(dims);
  op.result(dims, DType::i64);
}

void top_k_samples(SampleList& s) {
  for (bool largest : {true, false}) {
    for (DType t : {DType::f64, DType::f32, DType::f16, DType::i32, DType::u8}) {
      s.ok({T(t, {7}, is_float(t) ? Fill::distinct : Fill::normal)},
           {{"k", 3}, {"largest", largest}});
      s.ok({T(t, {3, 4}, is_float(t) ? Fill::distinct : Fill::normal)},
           {{"k", 4}, {"largest", largest}});
      s.ok({T(t, {2, 2, 5}, is_float(t) ? Fill::distinct : Fill::normal)},
           {{"k", 1}, {"largest", largest}});
    }
    s.ok({T(DType::f32, {0})}, {{"k", 0}, {"largest", largest}});
    s.ok({T(DType::f32, {0, 3})}, {{"k", 2}, {"largest", largest}});
    s.ok({V(DType::f32, {5}, {1, 2, 2, __builtin_nan(""), 2})}, {{"k", 3}, {"largest", largest}})
        .gradient = false;
  }
  s.wrong({T(DType::f32, {3})}, {{"k", 4}, {"largest", true}}, ErrorKind::shape, "at most the 3");
  s.wrong({T(DType::f32, {3})}, {{"k", -1}, {"largest", true}}, ErrorKind::shape, "at least 0");
  s.wrong({T(DType::f32, {})}, {{"k", 0}, {"largest", true}}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::f32, {3})}, {{"largest", true}}, ErrorKind::value, "required");
  s.wrong({T(DType::f32, {3})}, {{"k", 1.5}, {"largest", true}}, ErrorKind::type, "an integer");
  s.wrong({T(DType::c64, {3})}, {{"k", 1}, {"largest", true}}, ErrorKind::type, "dtype");
}

// search_sorted

void search_sorted_shape(Infer& op) {
  auto message = [&] {
    return str("expected the leading axes of sorted, of shape ", to_string(op.dims(0)), ", got ",
               to_string(op.dims(1)));
  };
  if (op.rank(0) == 0)
    op.fail(ErrorKind::shape, "sorted", "expected a last axis to search, got a 0-d tensor");
  if (op.rank(1) != op.rank(0)) op.fail(ErrorKind::shape, "values", message());
  for (int i = 0; i + 1 < op.rank(0); ++i)
    expect_eq(op, op.dim(1, i), op.dim(0, i), "values", message);
  op.result(op.dims(1));
}

void search_sorted_samples(SampleList& s) {
  for (bool right : {false, true}) {
    for (DType t : {DType::f32, DType::f64, DType::i64, DType::i32}) {
      s.ok({T(t, {6}, Fill::sorted), T(t, {4})}, {{"right", right}});
      s.ok({T(t, {2, 5}, Fill::sorted), T(t, {2, 3})}, {{"right", right}});
    }
    s.ok({T(DType::f32, {0}), T(DType::f32, {3})}, {{"right", right}}).note =
        "nothing to search: 0";
    s.ok({T(DType::f32, {4}, Fill::sorted), T(DType::f32, {0})}, {{"right", right}});
    s.ok({V(DType::f64, {5}, {1, 2, 2, 2, 3}), V(DType::f64, {4}, {0, 2, 3, __builtin_nan("")})},
         {{"right", right}})
        .note = "equals, NaN";
    s.ok({T(DType::f32, {2, 1, 3, 4}, Fill::sorted), T(DType::f32, {2, 1, 3, 2})},
         {{"right", right}});
  }
  s.wrong({T(DType::f32, {}), T(DType::f32, {})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T(DType::f32, {3}), T(DType::f32, {2, 3})}, {}, ErrorKind::shape, "leading axes");
  s.wrong({T(DType::f32, {2, 3}), T(DType::f32, {3, 3})}, {}, ErrorKind::shape, "leading axes");
  s.wrong({T(DType::f32, {3}), T(DType::f64, {3})}, {}, ErrorKind::type, "as of sorted");
  s.wrong({T(DType::c64, {3}), T(DType::c64, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {3}), T(DType::f32, {3})}, {{"side", "left"}}, ErrorKind::key,
          "no such argument");
}

// compact

void compact_shape(Infer& op) {
  if (op.rank(0) != 1)
    op.fail(ErrorKind::shape, "mask", str("expected one axis, got ", to_string(op.dims(0))));
  op.result(op.dims(0));
  op.result(std::span<const Dim>{});
}

void compact_samples(SampleList& s) {
  for (int64_t n : {0, 1, 7, 64, 1000}) s.ok({T(DType::boolean, {n})});
  s.ok({T(DType::boolean, {5}, Fill::zeros)}).note = "none";
  s.ok({T(DType::boolean, {5}, Fill::ones)}).note = "all";
  s.wrong({T(DType::boolean, {})}, {}, ErrorKind::shape, "one axis");
  s.wrong({T(DType::boolean, {2, 3})}, {}, ErrorKind::shape, "one axis");
  s.wrong({T(DType::f32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i64, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {3})}, {{"size", 2}}, ErrorKind::key, "no such argument");
}

}  // namespace

std::vector<Page> sort_pages() {
  return {
      {.name = "sort",
       .doc =
           "Several tensors brought into the order of the first `keys` of them along an axis, "
           "compared one after another. Stable in both directions. NaN counts as greater than "
           "everything and equal to itself, -0 equals +0, False is before True. Gradient: each "
           "element's g goes back to where it came from.\n"
           "Args:\n  xs: at least one tensor, all of one shape; the keys integers, floating point "
           "or bool, the others of any dtype.\n  axis: negative counts from the end.\n  keys: how "
           "many of the tensors decide, at least 1.\n  descending: the greatest first.\n"
           "Returns:\n  as many tensors, of the same dtypes and shape.\n"
           "Errors:\n  ShapeError for differing shapes, IndexError for an axis out of range (0-d "
           "has none), ValueError for a number of keys out of range, TypeError for keys without an "
           "order.",
       .operands = {{.name = "xs", .dtypes = kStoredSet, .variadic = true}},
       .attrs = {{.name = "axis", .form = AttrForm::axis},
                 {.name = "keys", .form = AttrForm::integer, .value = 1},
                 {.name = "descending", .form = AttrForm::boolean, .value = false}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = sort_shape,
       .vjp = {.augment = sort_augment, .backward = sort_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @axis: whole",
       .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(16)); },
       .samples = sort_samples},
      {.name = "top_k",
       .doc = "The k greatest or least elements of each row, in that order, and their positions. "
              "Equal elements stand in the order of their positions; NaN counts as greater than "
              "everything. Gradient: g at the positions.\n"
              "Args:\n  x: integers or floating point, with at least one axis.\n  k: at most the "
              "extent of the last axis; may be symbolic.\n  largest: the greatest ones.\n"
              "Returns:\n  values and int64 positions, the last extent being k.\n"
              "Errors:\n  ShapeError for k out of range or a 0-d x.",
       .operands = {{.name = "x", .dtypes = kRealSet}},
       .attrs = {{.name = "k", .form = AttrForm::integer},
                 {.name = "largest", .form = AttrForm::boolean, .value = true}},
       .results = 2,
       .result_names = {"values", "indices"},
       .dtypes = same(),
       .shape = top_k_shape,
       .vjp = {.backward =
                   [](Vjp& v) {
                     if (v.has_cotangent(0))
                       v.set(0, add_along(zeros_like(v.in(0)), v.result(1), v.cotangent(0), -1));
                   }},
       .decompose = primitive(),
       .sharding = "... n -> ... k, ... k; n: whole; k: whole",
       .cost = [](Cost& c) { c.flops(Cost::elements(c.operand(0)) * Dim(4)); },
       .samples = top_k_samples},
      {.name = "search_sorted",
       .doc =
           "Where each value would stand in a sorted row: the number of elements before it (right "
           "= False) or before and equal to it (right = True). NaN counts as greater than "
           "everything and equal to itself. The result for rows that are not ascending is one of 0 "
           ".. n, and the same each time.\n"
           "Args:\n  sorted: integers or floating point [..., n], ascending along the last axis.\n "
           " values: of the same dtype, [..., m].\n  right: whether equal elements stand before.\n"
           "Returns:\n  int64 [..., m].\n"
           "Errors:\n  ShapeError where the leading axes differ or sorted is 0-d, TypeError for "
           "differing dtypes.",
       .operands = {{.name = "sorted", .dtypes = kRealSet}, {.name = "values", .dtypes = kRealSet}},
       .attrs = {{.name = "right", .form = AttrForm::boolean, .value = false}},
       .dtypes = meets(Meet::same, Result::i64),
       .shape = search_sorted_shape,
       .vjp = not_differentiable("the result is an index"),
       .decompose = primitive(),
       .sharding = "... n, ... m -> ... m; n: whole",
       .cost = [](Cost& c) { c.flops(Cost::elements(c.result()) * Dim(16)); },
       .samples = search_sorted_samples},
      {.name = "compact",
       .doc = "The positions where a mask is True, ascending, packed to the front of a tensor of "
              "the full size; the rest is filled with n, which is out of range. The count says how "
              "many there are: with as_dim it becomes an extent (nonzero, masked_select, unique).\n"
              "Args:\n  mask: bool [n].\n"
              "Returns:\n  positions int64 [n], count int64, 0-d.\n"
              "Errors:\n  ShapeError for a mask with more or fewer than one axis, TypeError for "
              "another dtype.",
       .operands = {{.name = "mask", .dtypes = kBoolSet}},
       .results = 2,
       .result_names = {"positions", "count"},
       .dtypes = meets(Meet::same, Result::i64),
       .shape = compact_shape,
       .vjp = not_differentiable("the results are indices"),
       .decompose = primitive(),
       .sharding = "n -> n, ; n: whole",
       .samples = compact_samples},
  };
}

}  // namespace proa::ops
