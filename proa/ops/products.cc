// Products of matrices and vectors.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

// matmul on shapes: how the operands become stacks of matrices and what the result is.
struct Product {
  std::vector<Dim> batch, result;
  Dim rows, depth, columns;
  bool vector_x = false, vector_y = false;
};

template <class Broadcast, class Equal>
Product product_of(std::span<const Dim> x, std::span<const Dim> y, bool transpose_x,
                   bool transpose_y, const Broadcast& broadcast, const Equal& equal) {
  Product p;
  p.vector_x = x.size() == 1;
  p.vector_y = y.size() == 1;
  auto at = [](std::span<const Dim> dims, size_t back) { return dims[dims.size() - back]; };
  p.rows = p.vector_x ? Dim(1) : transpose_x ? at(x, 1) : at(x, 2);
  p.depth = p.vector_x ? x[0] : transpose_x ? at(x, 2) : at(x, 1);
  Dim other = p.vector_y ? y[0] : transpose_y ? at(y, 1) : at(y, 2);
  p.columns = p.vector_y ? Dim(1) : transpose_y ? at(y, 2) : at(y, 1);
  equal(p.depth, other);
  auto lead = [](std::span<const Dim> dims) {
    return dims.size() > 2 ? dims.first(dims.size() - 2) : std::span<const Dim>();
  };
  p.batch = broadcast(lead(x), lead(y));
  p.result = p.batch;
  if (!p.vector_x) p.result.push_back(p.rows);
  if (!p.vector_y) p.result.push_back(p.columns);
  return p;
}

void matmul_shape(Infer& op) {
  for (int k : {0, 1}) {
    if (op.rank(k) == 0)
      op.fail(ErrorKind::shape, op.page().operands[static_cast<size_t>(k)].name,
              "expected a vector, a matrix or a stack of matrices, got a 0-d tensor");
  }
  Product p = product_of(
      op.dims(0), op.dims(1), op.boolean("transpose_x"), op.boolean("transpose_y"),
      [&](std::span<const Dim> a, std::span<const Dim> b) { return op.broadcast(a, b, "y"); },
      [&](Dim a, Dim b) {
        expect_eq(op, a, b, "y", [&] {
          return str("shapes ", to_string(op.dims(0)), " and ", to_string(op.dims(1)),
                     " cannot be multiplied: the inner sizes ", to_string(a), " and ", to_string(b),
                     " differ");
        });
      });
  op.result(p.result);
}

void matmul_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (x.rank() > 1 && d.boolean("transpose_x")) x = swap_axes(x, -2, -1);
  if (y.rank() > 1 && d.boolean("transpose_y")) y = swap_axes(y, -2, -1);
  // Without batches on the right, all rows of x are rows of one matrix.
  if (y.rank() <= 2 && x.rank() >= 1) {
    L contract_x{x.rank() - 1}, contract_y{0};
    d.out(reshape(dot(x, y, {}, {}, contract_x, contract_y), d.result_type().dims()));
    return;
  }
  bool vector_x = x.rank() == 1, vector_y = y.rank() == 1;
  if (vector_x) x = unsqueeze(x, 0);
  if (vector_y) y = unsqueeze(y, 1);
  d.out(reshape(matmul(x, y), d.result_type().dims()));
}

void linear_shape(Infer& op) {
  if (op.rank(0) == 0) op.fail(ErrorKind::shape, "x", "expected at least 1 dim, got a 0-d tensor");
  if (op.rank(1) != 2)
    op.fail(
        ErrorKind::shape, "weight",
        str("expected a matrix [in_features, out_features], got shape ", to_string(op.dims(1))));
  expect_eq(op, op.dim(0, -1), op.dim(1, 0), "x", [&] {
    return str("expected ", to_string(op.dim(1, 0)),
               " features in the last axis, as the weight of shape ", to_string(op.dims(1)),
               " has rows, got shape ", to_string(op.dims(0)));
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.back() = op.dim(1, 1);
  if (op.present(2)) {
    auto what = [&] {
      return str("expected shape [", to_string(dims.back()), "], got ", to_string(op.dims(2)));
    };
    std::vector<Dim> joined = op.broadcast(dims, op.dims(2), "bias");
    if (joined.size() != dims.size()) op.fail(ErrorKind::shape, "bias", what());
    for (size_t i = 0; i < dims.size(); ++i) expect_eq(op, joined[i], dims[i], "bias", what);
  }
  op.result(dims);
}

void linear_rule(Decompose& d) {
  Expr x = d.in(0);
  L contract_x{x.rank() - 1}, contract_y{0};
  Expr y = dot(x, d.in(1), {}, {}, contract_x, contract_y);
  if (d.present(2)) y = y + d.in(2);
  d.out(y);
}

void need_rank(Infer& op, int operand, int rank, std::string_view what) {
  if (op.rank(operand) != rank) {
    op.fail(ErrorKind::shape, op.page().operands[static_cast<size_t>(operand)].name,
            str("expected ", what, ", got shape ", to_string(op.dims(operand))));
  }
}

void inner_eq(Infer& op, Dim a, Dim b) {
  expect_eq(op, a, b, op.page().operands[1].name, [&] {
    return str("the inner sizes of shapes ", to_string(op.dims(0)), " and ", to_string(op.dims(1)),
               " differ");
  });
}

void mm_shape(Infer& op) {
  need_rank(op, 0, 2, "a matrix");
  need_rank(op, 1, 2, "a matrix");
  inner_eq(op, op.dim(0, 1), op.dim(1, 0));
  op.result(std::vector<Dim>{op.dim(0, 0), op.dim(1, 1)});
}

void bmm_shape(Infer& op) {
  need_rank(op, 0, 3, "a stack of matrices (3 dims)");
  need_rank(op, 1, 3, "a stack of matrices (3 dims)");
  expect_eq(op, op.dim(0, 0), op.dim(1, 0), "y", [&] {
    return str("the batch sizes of shapes ", to_string(op.dims(0)), " and ", to_string(op.dims(1)),
               " differ");
  });
  inner_eq(op, op.dim(0, 2), op.dim(1, 1));
  op.result(std::vector<Dim>{op.dim(0, 0), op.dim(0, 1), op.dim(1, 2)});
}

void mv_shape(Infer& op) {
  need_rank(op, 0, 2, "a matrix");
  need_rank(op, 1, 1, "a vector");
  inner_eq(op, op.dim(0, 1), op.dim(1, 0));
  op.result(std::vector<Dim>{op.dim(0, 0)});
}

void product_rule(Decompose& d) { d.out(call1("tensor.matmul", {d.in(0), d.in(1)})); }

void dot_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank != 1 && rank != 2)
    op.fail(ErrorKind::shape, "x",
            str("expected a vector or a stack of vectors, got shape ", to_string(op.dims(0))));
  require_same_dims(op, 0, 1);
  op.result(op.dims(0).first(static_cast<size_t>(rank - 1)));
}

void dot_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (x.rank() == 1) {
    L axis{0};
    d.out(dot(x, y, {}, {}, axis, axis));
  } else {
    L batch{0}, axis{1};
    d.out(dot(x, y, batch, batch, axis, axis));
  }
}

void outer_shape(Infer& op) {
  op.result(std::vector<Dim>{ir::product(op.dims(0)), ir::product(op.dims(1))});
}
void outer_rule(Decompose& d) {
  Expr x = reshape(d.in(0), std::vector<Dim>{ir::product(d.in(0).dims()), 1}),
       y = reshape(d.in(1), std::vector<Dim>{1, ir::product(d.in(1).dims())});
  d.out(x * y);
}

void inner_shape(Infer& op) {
  if (op.rank(0) == 0 || op.rank(1) == 0) {
    op.result(op.rank(0) == 0 ? op.dims(1) : op.dims(0));
    return;
  }
  inner_eq(op, op.dim(0, -1), op.dim(1, -1));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end() - 1);
  dims.insert(dims.end(), op.dims(1).begin(), op.dims(1).end() - 1);
  op.result(dims);
}

void inner_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  if (x.rank() == 0 || y.rank() == 0) {
    d.out(x * y);
    return;
  }
  L contract_x{x.rank() - 1}, contract_y{y.rank() - 1};
  d.out(dot(x, y, {}, {}, contract_x, contract_y));
}

// beta * input + alpha * (x @ y)
void addmm_shape(Infer& op) {
  for (std::string_view name : {"alpha", "beta"}) {
    double factor = op.real(name);
    if (!is_inexact(op.met()) && factor != __builtin_trunc(factor)) {
      op.fail(ErrorKind::type, name,
              str("expected an integer beside tensors of ", to_string(op.met()), ", got ", factor));
    }
  }
  need_rank(op, 1, 2, "a matrix");
  need_rank(op, 2, 2, "a matrix");
  expect_eq(op, op.dim(1, 1), op.dim(2, 0), "y", [&] {
    return str("the inner sizes of shapes ", to_string(op.dims(1)), " and ", to_string(op.dims(2)),
               " differ");
  });
  std::vector<Dim> dims{op.dim(1, 0), op.dim(2, 1)};
  std::vector<Dim> joined = op.broadcast(dims, op.dims(0), "input");
  if (joined.size() != 2)
    op.fail(ErrorKind::shape, "input",
            str("shape ", to_string(op.dims(0)), " cannot be expanded to ", to_string(dims)));
  op.result(dims);
}

void addmm_rule(Decompose& d) {
  Expr product = matmul(d.in(1), d.in(2));
  double alpha = d.real("alpha"), beta = d.real("beta");
  if (alpha != 1) product = product * alpha;
  Expr input = beta != 1 ? d.in(0) * beta : d.in(0);
  d.out(broadcast_to(input, product.dims()) + product);
}

void cross_shape(Infer& op) {
  require_same_dims(op, 0, 1);
  op.result(op.dims(0));
}

int cross_axis(const ir::AttrView& op, std::span<const Dim> dims) {
  auto rank = static_cast<int>(dims.size());
  if (op.has("axis")) {
    int axis = op.axis("axis", rank);
    Dim extent = dims[static_cast<size_t>(axis)];
    if (extent.is_const() && extent.constant() != 3)
      op.fail(ErrorKind::shape, "axis",
              str("expected an axis of size 3, got size ", to_string(extent), " at axis ", axis));
    return axis;
  }
  for (int i = 0; i < rank; ++i) {
    if (dims[static_cast<size_t>(i)].is_const(3)) return i;
    if (!dims[static_cast<size_t>(i)].is_const())
      throw ir::NeedStatic{"cross: the axis of size 3 is looked for"};
  }
  op.fail(ErrorKind::shape, "x", str("expected an axis of size 3, got shape ", to_string(dims)));
}

void cross_checks(Infer& op) {
  int axis = cross_axis(op, op.dims(0));
  Dim extent = op.dims(0)[static_cast<size_t>(axis)];
  expect_eq(op, extent, Dim(3), "axis", [&] {
    return str("expected an axis of size 3, got size ", to_string(extent), " at axis ", axis);
  });
}

void cross_rule(Decompose& d) {
  Expr x = d.in(0), y = d.in(1);
  int axis = cross_axis(d, x.dims());
  auto part = [&](Expr v, int64_t i) { return slice_axis(v, axis, i, i + 1); };
  std::vector<Expr> parts;
  for (int64_t i = 0; i < 3; ++i) {
    int64_t j = (i + 1) % 3, k = (i + 2) % 3;
    parts.push_back(part(x, j) * part(y, k) - part(x, k) * part(y, j));
  }
  d.out(concat(parts, axis));
}

void matmul_samples(SampleList& s) {
  s.ok({T({3, 4}), T({4, 5})});
  s.ok({T({4}), T({4})});
  s.ok({T({4}), T({4, 5})});
  s.ok({T({3, 4}), T({4})});
  s.ok({T({2, 3, 4}), T({4, 5})});
  s.ok({T({2, 1, 3, 4}), T({5, 4, 2})});
  s.ok({T({3, 4}), T({2, 4, 5})});
  s.ok({T({4, 3}), T({5, 4})}, {{"transpose_x", true}, {"transpose_y", true}});
  s.ok({T({2, 4, 3}), T({2, 5, 4})}, {{"transpose_x", true}, {"transpose_y", true}});
  s.ok({T({3, 0}), T({0, 2})});
  s.ok({T({0, 3}), T({3, 2})});
  s.wrong({T({3, 4}), T({3, 4})}, {}, ErrorKind::shape, "inner sizes 4 and 3 differ");
  s.wrong({T({4}), T({5})}, {}, ErrorKind::shape, "inner sizes");
  s.wrong({T({}), T({4})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T({4}), T({})}, {}, ErrorKind::shape, "0-d");
  s.wrong({T({2, 3, 4}), T({3, 4, 5})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({3, 4}), T({4, 5})}, {{"transpose_y", true}}, ErrorKind::shape, "inner sizes");
  s.wrong({T({3, 4}), T({4, 5})}, {{"transpose_x", 2}}, ErrorKind::type, "True or False");
}

void linear_samples(SampleList& s) {
  s.ok({T({2, 3}), T({3, 4}), T({4})});
  s.ok({T({3}), T({3, 4}), absent()});
  s.ok({T({2, 5, 3}), T({3, 4}), T({4})});
  s.ok({T({0, 3}), T({3, 4}), T({4})});
  s.wrong({T({2, 3}), T({4, 3}), absent()}, {}, ErrorKind::shape, "expected 4 features");
  s.wrong({T({2, 3}), T({3}), absent()}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({}), T({3, 4}), absent()}, {}, ErrorKind::shape, "0-d");
  s.wrong({T({2, 3}), T({3, 4}), T({3})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({2, 3}), T({3, 4}), T({1, 1, 4})}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({2, 3}), T({3, 1}), T({4})}, {}, ErrorKind::shape, "expected shape [1]");
  s.wrong({T({2, 3}), absent(), absent()}, {}, ErrorKind::value, "required");
}

template <int kRankX, int kRankY>
void ranked_samples(SampleList& s) {
  auto dims = [](int rank, L last) {
    L out = last;
    if (rank == 3) out.insert(out.begin(), 2);
    if (rank == 1) out = {last[0]};
    return out;
  };
  s.ok({T(dims(kRankX, {3, 4})), T(dims(kRankY, {4, 5}))});
  s.ok({T(dims(kRankX, {0, 4})), T(dims(kRankY, {4, 5}))});
  s.ok({T(dims(kRankX, {3, 0})), T(dims(kRankY, {0, 5}))});
  s.wrong({T(dims(kRankX, {3, 4})), T(dims(kRankY, {3, 5}))}, {}, ErrorKind::shape, "inner sizes");
  s.wrong({T({4}), T(dims(kRankY, {4, 5}))}, {}, ErrorKind::shape, "expected a");
  s.wrong({T(dims(kRankX, {3, 4})), T({1, 1, 4, 5})}, {}, ErrorKind::shape, "expected a");
  s.wrong({T({}), T({})}, {}, ErrorKind::shape, "got shape []");
  s.wrong({T(dims(kRankX, {3, 4})), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(dims(kRankX, {3, 4})), T(dims(kRankY, {4, 5}))}, {{"axis", 0}}, ErrorKind::key,
          "no such argument");
}

void dot_samples(SampleList& s) {
  s.ok({T({4}), T({4})});
  s.ok({T({3, 4}), T({3, 4})});
  s.ok({T({0}), T({0})});
  s.wrong({T({4}), T({5})}, {}, ErrorKind::shape, "expected shape [4]");
  s.wrong({T({2, 3, 4}), T({2, 3, 4})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({}), T({})}, {}, ErrorKind::shape, "a vector");
  s.wrong({T({3, 4}), T({4})}, {}, ErrorKind::shape, "expected shape [3, 4]");
  s.wrong({T({4}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({4}), T({4})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::boolean, {4}), T(DType::boolean, {4})}, {}, ErrorKind::type, "dtype");
}

void outer_samples(SampleList& s) {
  s.ok({T({3}), T({4})});
  s.ok({T({2, 2}), T({3})});
  s.ok({T({}), T({3})});
  s.ok({T({0}), T({3})});
  s.wrong({T(DType::boolean, {2}), T(DType::boolean, {2})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2}), T(DType::f8e4m3, {2}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2}), T({3})}, {{"axes", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({2}), absent()}, {{"y", "row"}}, ErrorKind::type, "got str");
  s.wrong({T({2}), T({3})}, {{"input", 1.0}}, ErrorKind::type, "given twice");
}

void inner_samples(SampleList& s) {
  s.ok({T({4}), T({4})});
  s.ok({T({2, 4}), T({3, 4})});
  s.ok({T({}), T({3})});
  s.wrong({T({4}), T({5})}, {}, ErrorKind::shape, "inner sizes");
  s.wrong({T({2, 4}), T({4, 2})}, {}, ErrorKind::shape, "inner sizes");
  s.wrong({T({4}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T({4})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {4}), T(DType::boolean, {4})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({4}), T({4})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

void addmm_samples(SampleList& s) {
  s.ok({T({3, 5}), T({3, 4}), T({4, 5})});
  s.ok({T({5}), T({3, 4}), T({4, 5})}, {{"alpha", 2.0}, {"beta", 0.5}});
  s.ok({T({}), T({3, 4}), T({4, 5})});
  s.wrong({T({3, 5}), T({3, 4}), T({3, 5})}, {}, ErrorKind::shape, "inner sizes");
  s.wrong({T(DType::i32, {5}), T(DType::i32, {3, 4}), T(DType::i32, {4, 5})}, {{"beta", 0.5}},
          ErrorKind::type, "an integer");
  s.wrong({T({2, 5}), T({3, 4}), T({4, 5})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({1, 3, 5}), T({3, 4}), T({4, 5})}, {}, ErrorKind::shape, "cannot be expanded");
  s.wrong({T({5}), T({4}), T({4, 5})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({5}), T({3, 4}), T({4})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({5}), T({3, 4}), T({4, 5})}, {{"alpha", "x"}}, ErrorKind::type, "a number");
}

void cross_samples(SampleList& s) {
  s.ok({T({3}), T({3})});
  s.ok({T({2, 3}), T({2, 3})}, {{"axis", 1}});
  s.ok({T({3, 4}), T({3, 4})});
  s.wrong({T({4}), T({4})}, {}, ErrorKind::shape, "an axis of size 3");
  s.wrong({T({2, 3}), T({2, 3})}, {{"axis", 0}}, ErrorKind::shape, "an axis of size 3");
  s.wrong({T({3}), T({3})}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({2, 3}), T({3})}, {}, ErrorKind::shape, "expected shape [2, 3]");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3}), T({3})}, {{"axis", "x"}}, ErrorKind::type, "an integer");
}

ir::Page product(std::string_view name, std::vector<std::string_view> aliases, std::string_view doc,
                 OperandSpec x, OperandSpec y, void (*shape)(Infer&), DecomposeRule rule,
                 std::string_view sharding, void (*samples)(SampleList&)) {
  return {.name = name,
          .aliases = std::move(aliases),
          .faces = kOperator,
          .doc = doc,
          .operands = {std::move(x), std::move(y)},
          .shape = shape,
          .vjp = by_decomposition(),
          .decompose = rule,
          .sharding = sharding,
          .samples = samples};
}

}  // namespace

std::vector<ir::Page> product_pages() {
  OperandSpec x = operand_x(kNumberSet), y = operand_y(kNumberSet, false);
  OperandSpec mat2 = {.name = "mat2", .aliases = {"y", "other"}, .dtypes = kNumberSet},
              vec = {.name = "vec", .aliases = {"y"}, .dtypes = kNumberSet};
  ir::Page outer =
      product("outer", {"ger"},
              "All products of an element of x and one of y, both flattened: [x.size, y.size].", x,
              y, outer_shape, outer_rule, "m, n -> m n", outer_samples);
  outer.operands[1].aliases.emplace_back("vec2");
  ir::Page matmul_page =
      product("matmul", {},
              "The matrix product, as NumPy's matmul: vectors count as rows on the left and "
              "columns on the right, leading axes are broadcast. "
              "transpose_x and transpose_y swap the last two axes of an operand first.",
              x, y, matmul_shape, matmul_rule, "b m k, b k n -> b m n; k: sum", matmul_samples);
  matmul_page.attrs = {{.name = "transpose_x", .form = AttrForm::boolean, .value = false},
                       {.name = "transpose_y", .form = AttrForm::boolean, .value = false}};
  ir::Page cross = product("cross", {},
                           "The cross product of vectors of 3 elements along axis (the first axis "
                           "of size 3 without axis).",
                           x, y, cross_shape, cross_rule, kEachAxis2, cross_samples);
  cross.attrs = {{.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = kNone}};
  cross.checks = cross_checks;
  return {
      std::move(matmul_page),
      product("mm", {}, "The product of two matrices.", x, mat2, mm_shape, product_rule,
              "m k, k n -> m n; k: sum", ranked_samples<2, 2>),
      product("bmm", {}, "The products of two stacks of matrices.", x,
              {.name = "y", .aliases = {"mat2", "other"}, .dtypes = kNumberSet}, bmm_shape,
              product_rule, "b m k, b k n -> b m n; k: sum", ranked_samples<3, 3>),
      product("mv", {}, "The product of a matrix and a vector.", x, vec, mv_shape, product_rule,
              "m k, k -> m; k: sum", ranked_samples<2, 1>),
      product("dot", {},
              "The sum of the products of two vectors, or of each pair in two stacks of vectors.",
              x, y, dot_shape, dot_rule, "b k, b k -> b; k: sum", dot_samples),
      std::move(outer),
      product("inner", {}, "Sums of products over the last axes of x and y, as NumPy's inner.", x,
              y, inner_shape, inner_rule, "m k, n k -> m n; k: sum", inner_samples),
      std::move(cross),
      {.name = "addmm",
       .faces = kOperator,
       .doc = "beta * input + alpha * (x @ y), with input broadcast to the product.",
       .operands = {{.name = "input", .dtypes = kNumberSet},
                    {.name = "x", .aliases = {"mat1"}, .dtypes = kNumberSet},
                    {.name = "y", .aliases = {"mat2"}, .dtypes = kNumberSet}},
       .attrs = {{.name = "beta", .form = AttrForm::real, .value = 1.0},
                 {.name = "alpha", .form = AttrForm::real, .value = 1.0}},
       .shape = addmm_shape,
       .vjp = by_decomposition(),
       .decompose = addmm_rule,
       .sharding = "m n, m k, k n -> m n; k: sum",
       .samples = addmm_samples},
      {.name = "linear",
       .faces = ir::kFunctional,
       .doc = "x @ weight + bias over the last axis. The weight is [in_features, out_features] "
              "(Paddle's layout).",
       .operands = {operand_x(kNumberSet),
                    {.name = "weight", .dtypes = kNumberSet},
                    {.name = "bias", .dtypes = kNumberSet, .optional = true}},
       .shape = linear_shape,
       .vjp = by_decomposition(),
       .decompose = linear_rule,
       .sharding = "... k, k n, n -> ... n; k: sum",
       .samples = linear_samples},
  };
}

}  // namespace proa::ops
