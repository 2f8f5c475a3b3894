// Norms, ranks and conditions of matrices, their exponential, products of many.

#include <algorithm>
#include <cmath>

#include "proa/ops/matrix_page.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;
constexpr double kInf = __builtin_inf();

// Norms. An order is a number, or a word for a norm of matrices.

struct Order {
  std::string_view word;
  double p = 2;
};

Order order_of(const ir::AttrView& op) {
  ir::Attribute given = op.raw("p");
  if (given && given.is(ir::AttrKind::string)) return {given.as_string()};
  if (given && given.is(ir::AttrKind::integer)) return {{}, static_cast<double>(given.as_int())};
  if (given && given.is(ir::AttrKind::real)) return {{}, given.as_real()};
  return {op.page().name == "matrix_norm" ? "fro" : std::string_view(), 2};
}

std::vector<int> normed_axes(const ir::AttrView& op, int rank) {
  bool matrices = op.page().name == "matrix_norm";
  std::vector<int> axes;
  if (matrices) {
    L given = op.ints("axis");
    if (given.size() != 2)
      op.fail(ErrorKind::value, "axis", str("expected two axes, got ", list_str(given)));
    for (int64_t axis : given) axes.push_back(op.axis_of("axis", axis, rank));
    if (axes[0] == axes[1])
      op.fail(ErrorKind::value, "axis", str("axis ", axes[0], " is named twice"));
    return axes;
  }
  if (!op.has("axis") || op.ints("axis").empty()) {
    for (int i = 0; i < rank; ++i) axes.push_back(i);
    return axes;
  }
  for (int64_t axis : op.ints("axis")) {
    axes.push_back(op.axis_of("axis", axis, rank));
    if (std::count(axes.begin(), axes.end(), axes.back()) > 1)
      op.fail(ErrorKind::value, "axis", str("axis ", axes.back(), " is named twice"));
  }
  return axes;
}

// Two axes named, and an order that is one of a matrix.
bool of_matrices(const ir::AttrView& op, const Order& order) {
  if (op.page().name == "vector_norm") return false;
  if (op.page().name == "matrix_norm") return true;
  if (!op.has("axis") || op.ints("axis").size() != 2 || !op.has("p")) return false;
  return !order.word.empty() || std::abs(order.p) == 1 || std::abs(order.p) == 2 ||
         std::abs(order.p) == kInf;
}

void norm_shape(Infer& op) {
  Order order = order_of(op);
  std::vector<int> axes = normed_axes(op, op.rank(0));
  bool matrices = of_matrices(op, order);
  if (!matrices && order.word == "nuc")
    op.fail(ErrorKind::value, "p",
            str("expected two axes named beside 'nuc', a norm of matrices, got ",
                op.has("axis") ? list_str(op.ints("axis")) : std::string("none")));
  if (matrices && order.word.empty() && std::abs(order.p) != 1 && std::abs(order.p) != 2 &&
      std::abs(order.p) != kInf)
    op.fail(ErrorKind::value, "p",
            str("expected 1, -1, 2, -2, inf, -inf, 'fro' or 'nuc', got ", order.p));
  bool extreme = std::abs(order.p) == kInf || (matrices && order.word.empty());
  std::vector<Dim> dims;
  for (int i = 0; i < op.rank(0); ++i) {
    bool named = std::ranges::find(axes, i) != axes.end();
    if (named && extreme)
      expect_ge(op, op.dim(0, i), 1, "x", [&] {
        return str("axis ", i, " of shape ", to_string(op.dims(0)),
                   " has no elements, and there is no extremum of nothing");
      });
    if (!named) dims.push_back(op.dim(0, i));
    else if (op.boolean("keepdim")) dims.emplace_back(1);
  }
  op.result(dims, real_of(op.met()));
}

Expr p_norm(Expr x, double p, L axes) {
  return call1("tensor.p_norm", {x}, {{"p", p}, {"axis", std::move(axes)}});
}

// Of matrices in the last two axes.
Expr matrix_norm(Expr x, const Order& order) {
  if (order.word == "fro") return p_norm(x, 2, {-2, -1});
  if (order.word == "nuc") return sum(singular_values(x), -1);
  double p = std::abs(order.p);
  Expr values = p == 2 ? singular_values(x) : p == 1 ? sum(abs(x), -2) : sum(abs(x), -1);
  return extreme(values, order.p > 0);
}

void norm_rule(Decompose& d) {
  Expr x = d.in(0), y;
  Order order = order_of(d);
  std::vector<int> axes = normed_axes(d, x.rank());
  if (of_matrices(d, order)) {
    std::vector<int> permutation;
    for (int i = 0; i < x.rank(); ++i) {
      if (i != axes[0] && i != axes[1]) permutation.push_back(i);
    }
    permutation.insert(permutation.end(), {axes[0], axes[1]});
    y = matrix_norm(transpose(x, permutation), order);
  } else if (axes.empty()) {
    y = order.p == 0 ? cast(compare("ne", x, 0.0), real_of(x.dtype())) : abs(x);
  } else {
    y = p_norm(x, order.p, L(axes.begin(), axes.end()));
  }
  d.out(reshape(y, d.result_type().dims()));
}

template <int kKind>
void norm_samples(SampleList& s) {
  constexpr bool kVector = kKind == 0, kMatrix = kKind == 1;
  Arg x = T({3, 4}, Fill::distinct), wide = T({2, 3, 4}, Fill::distinct);
  L last{-2, -1};
  s.ok({x});
  if (!kMatrix) {
    s.ok({T({}, Fill::distinct)});
    for (double p : {0.0, 1.0, 2.0, 3.5, kInf, -kInf}) {
      s.ok({x}, {{"p", p}}).gradient = p >= 1;
      s.ok({wide}, {{"p", p}, {"axis", 1}, {"keepdim", true}}).gradient = p >= 1;
    }
    s.wrong({T({0})}, {{"p", kInf}}, ErrorKind::shape, "no elements");
    s.wrong({T({3})}, {{"axis", L{0, 0}}}, ErrorKind::value, "named twice");
  }
  if (!kVector) {
    for (double p : {1.0, -1.0, 2.0, -2.0, kInf, -kInf}) {
      s.ok({T(DType::f64, {3, 4}, Fill::distinct)}, {{"p", p}, {"axis", last}});
      s.ok({T(DType::f32, {2, 3, 4}, Fill::distinct)}, {{"p", p}, {"axis", L{2, 0}}}).gradient =
          false;
    }
    for (const char* word : {"fro", "nuc"}) {
      s.ok({T(DType::f64, {3, 4}, Fill::distinct)}, {{"p", word}, {"axis", last}});
      s.ok({T(DType::f32, {2, 3, 3})}, {{"p", word}, {"axis", last}, {"keepdim", true}});
    }
    s.wrong({x}, {{"p", "frob"}, {"axis", last}}, ErrorKind::value, "expected one of");
    s.wrong({T({0, 2})}, {{"p", 1}, {"axis", last}}, ErrorKind::shape, "no elements");
  }
  if (kMatrix) {
    s.wrong({x}, {{"p", 3}}, ErrorKind::value, "expected 1, -1");
    s.wrong({x}, {{"axis", 0}}, ErrorKind::value, "two axes");
    s.wrong({x}, {{"axis", L{1, -1}}}, ErrorKind::value, "named twice");
    s.wrong({x}, {{"axis", L{0, 9}}}, ErrorKind::index, "out of range");
    s.wrong({x}, {{"axis", L{-10, 1}}}, ErrorKind::index, "out of range");
    s.wrong({x}, {{"axis", "x"}}, ErrorKind::type, "integers");
    s.wrong({T({3})}, {}, ErrorKind::index, "out of range");
  }
  if (kKind == 2) s.wrong({x}, {{"p", "nuc"}}, ErrorKind::value, "two axes named");
  if (!kMatrix) refuse_axis(s, {x}, {});
  refuse_flag(s, {x}, {}, "keepdim");
  refuse_strangers(s, {x}, {});
}

// cond, matrix_rank

void cond_shape(Infer& op) {
  require_matrix(op, 0, "x");
  Order order = order_of(op);
  if (!order.word.empty() || std::abs(order.p) != 2) require_square(op, 0, "x");
  if (order.word.empty() && std::abs(order.p) != 1 && std::abs(order.p) != 2 &&
      std::abs(order.p) != kInf)
    op.fail(ErrorKind::value, "p",
            str("expected 1, -1, 2, -2, inf, -inf, 'fro' or 'nuc', got ", order.p));
  for (int axis : {-1, -2})
    expect_ge(op, op.dim(0, axis), 1, "x", [&] {
      return str("shape ", to_string(op.dims(0)), " has no elements, and no condition number");
    });
  op.result(batch_of(op.dims(0)), real_of(op.met()));
}

void cond_rule(Decompose& d) {
  Expr x = d.in(0);
  Order order = order_of(d);
  if (order.word.empty() && std::abs(order.p) == 2) {
    Expr s = singular_values(x), high = extreme(s, true), low = extreme(s, false);
    return d.out(order.p > 0 ? high / low : low / high);
  }
  d.out(matrix_norm(x, order) * matrix_norm(solve(x, eye_like(x)), order));
}

void cond_samples(SampleList& s) {
  Arg x = T(DType::f64, {3, 3}, Fill::spd), single = T(DType::f32, {2, 3, 3}, Fill::spd);
  s.ok({x});
  s.ok({T(DType::f64, {4, 2})});
  for (double p : {1.0, -1.0, 2.0, -2.0, kInf, -kInf}) s.ok({single}, {{"p", p}});
  for (const char* word : {"fro", "nuc"}) s.ok({x}, {{"p", word}});
  s.wrong({T(DType::f32, {2, 3})}, {{"p", 1}}, ErrorKind::shape, "square");
  s.wrong({T(DType::f32, {2, 3})}, {{"p", "fro"}}, ErrorKind::shape, "square");
  s.wrong({single}, {{"p", 3}}, ErrorKind::value, "expected 1, -1");
  s.wrong({single}, {{"p", "two"}}, ErrorKind::value, "expected one of");
  s.wrong({T(DType::f32, {3})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T(DType::i32, {2, 2})}, {}, ErrorKind::type, "dtype");
  refuse_strangers(s, {single}, {});
}

void matrix_rank_shape(Infer& op) {
  require_matrix(op, 0, "x");
  if (op.boolean("hermitian")) require_square(op, 0, "x");
  for (int k : {1, 2, 3}) {
    if (op.present(k) && op.rank(k) > 0)
      (void)op.broadcast(batch_of(op.dims(0)), op.dims(k),
                         op.page().operands[static_cast<size_t>(k)].name);
  }
  std::vector<Dim> dims = batch_of(op.dims(0));
  for (int k : {1, 2, 3}) {
    if (op.present(k))
      dims = op.broadcast(dims, op.dims(k), op.page().operands[static_cast<size_t>(k)].name);
  }
  op.result(dims, DType::i64);
}

// What is not above the bound counts as 0: tol, or the greater of atol and rtol times the greatest;
// without any of them, max(m, n) epsilons of the greatest.
void matrix_rank_rule(Decompose& d) {
  Expr x = d.in(0), s;
  if (d.boolean("hermitian"))
    s = abs(call(d.builder(), "prim.eigh", {&x, 1}, {{"upper", false}})[0]);
  else s = singular_values(x);
  DType r = s.dtype();
  if (s.dim(-1).is_const(0)) return d.out(full(d.builder(), d.result_type().dims(), DType::i64, 0));
  Expr most = extreme(s, true), bound;
  if (d.present(1)) {
    bound = cast(d.in(1), r);
  } else {
    Expr relative;
    if (d.present(3)) relative = cast(d.in(3), r) * most;
    else if (!d.present(2))
      relative = most * dim_value(d.builder(), max(x.dim(-1), x.dim(-2)), r) * epsilon_of(r);
    Expr absolute = d.present(2) ? cast(d.in(2), r) : Expr();
    bound = absolute && relative ? maximum(absolute, relative) : absolute ? absolute : relative;
  }
  std::vector<Dim> dims = dims_of(d.result_type().dims());
  Expr over = unsqueeze(broadcast_to(bound, dims), -1);
  dims.push_back(s.dim(-1));
  d.out(sum(cast(compare("gt", broadcast_to(s, dims), over), DType::i64), -1));
}

void matrix_rank_samples(SampleList& s) {
  auto args = [](Arg x) { return Operands{x, absent(), absent(), absent()}; };
  Arg low = V(DType::f64, {2, 3}, {1, 2, 3, 2, 4, 6});
  for (DType t : {DType::f32, DType::f64, DType::c128}) s.ok(args(T(t, {3, 4})));
  s.ok(args(low));
  s.ok(args(T(DType::f64, {2, 3, 3}, Fill::spd)), {{"hermitian", true}});
  s.ok({T(DType::f64, {2, 3, 3}), ir::number(0.5), absent(), absent()});
  s.ok({T(DType::f64, {3, 3}), absent(), ir::number(0.1), ir::number(0.2)});
  s.ok({T(DType::f64, {2, 3, 3}), T(DType::f64, {2}, Fill::positive), absent(), absent()});
  s.wrong(args(T(DType::f32, {3})), {}, ErrorKind::shape, "a matrix");
  s.wrong(args(T(DType::f32, {2, 3})), {{"hermitian", true}}, ErrorKind::shape, "square");
  s.wrong(args(T(DType::i32, {2, 3})), {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::f32, {2, 3, 3}), T(DType::f32, {3}), absent(), absent()}, {}, ErrorKind::shape,
          "cannot be broadcast");
  refuse_flag(s, args(T(DType::f32, {2, 2})), {}, "hermitian");
  refuse_strangers(s, args(T(DType::f32, {2, 2})), {});
}

// matrix_exp: scaling and squaring with the [13/13] Pade approximant (Higham 2005).

void square_shape(Infer& op) {
  require_square(op, 0, "x");
  op.result(op.dims(0));
}

void matrix_exp_rule(Decompose& d) {
  constexpr double kTheta = 5.371920351148152, kB[] = {64764752532480000.,
                                                       32382376266240000.,
                                                       7771770303897600.,
                                                       1187353796428800.,
                                                       129060195264000.,
                                                       10559470521600.,
                                                       670442572800.,
                                                       33522128640.,
                                                       1323241920.,
                                                       40840800.,
                                                       960960.,
                                                       16380.,
                                                       182.,
                                                       1.};
  constexpr int kMost = 20;
  Expr x = d.in(0);
  if (x.dim(-1).is_const(0)) return d.out(x);
  DType t = x.dtype();
  auto over = [](Expr e) { return unsqueeze(unsqueeze(e, -1), -1); };
  // Coefficients relative to the first, which stays in the range of float32.
  auto b = [&](int i) { return kB[i] / kB[0]; };
  Expr size = extreme(sum(abs(x), -2), true);
  Expr times = unary("ceil", log(maximum(size, kTheta) / kTheta) / 0.69314718055994530942);
  times = minimum(times, static_cast<double>(kMost));
  Expr shrink = pow(full_like(times, 0.5), times);
  Expr a = x * cast(over(shrink), t), one = eye_like(x);
  Expr a2 = matmul(a, a), a4 = matmul(a2, a2), a6 = matmul(a4, a2);
  Expr u = matmul(a, matmul(a6, a6 * b(13) + a4 * b(11) + a2 * b(9)) + a6 * b(7) + a4 * b(5) +
                         a2 * b(3) + one * b(1));
  Expr v = matmul(a6, a6 * b(12) + a4 * b(10) + a2 * b(8)) + a6 * b(6) + a4 * b(4) + a2 * b(2) +
           one * b(0);
  Expr y = solve(v - u, v + u);
  for (int i = 0; i < kMost; ++i) {
    Expr again = compare("gt", times, static_cast<double>(i));
    Expr kept = select(over(again), y, zeros_like(y));  // nothing overflows where it is not wanted
    y = select(over(again), matmul(kept, kept), y);
  }
  d.out(y);
}

void matrix_exp_samples(SampleList& s) {
  for (DType t : {DType::f32, DType::f64, DType::c128}) {
    s.ok({T(t, {3, 3})}).gradient = t == DType::f64;
    s.ok({T(t, {2, 2, 2}, Fill::spd)}).gradient = false;
  }
  s.ok({T(DType::f64, {1, 1})});
  s.ok({T(DType::f64, {2, 2}, Fill::zeros)});
  refuse_square(s, {});
  refuse_strangers(s, {T(DType::f32, {2, 2})}, {});
}

// multi_dot: the order of products that costs least (Cormen et al., section 15.2).

struct Chain {
  std::vector<int64_t> sizes;  // matrix i is sizes[i] by sizes[i + 1]
  std::vector<std::vector<int>> cut;
};

std::vector<Dim> as_matrix(std::span<const Dim> dims, bool first) {
  if (dims.size() == 2) return dims_of(dims);
  return first ? std::vector<Dim>{Dim(1), dims[0]} : std::vector<Dim>{dims[0], Dim(1)};
}

void multi_dot_shape(Infer& op) {
  int n = op.count(0);
  if (n < 2) op.fail(ErrorKind::value, "x", str("expected at least two tensors, got ", n));
  std::vector<Dim> dims;
  Dim inner;
  for (int k = 0; k < n; ++k) {
    bool end = k == 0 || k == n - 1;
    if (op.rank(0, k) != 2 && !(end && op.rank(0, k) == 1))
      op.fail(ErrorKind::shape, "x",
              str("expected matrices, the first and the last perhaps vectors, got shape ",
                  to_string(op.dims(0, k)), " of tensor ", k));
    std::vector<Dim> m = as_matrix(op.dims(0, k), k == 0);
    if (k > 0)
      expect_eq(op, m[0], inner, "x", [&] {
        return str("expected ", to_string(inner), " rows of tensor ", k, ", as tensor ", k - 1,
                   " has columns, got shape ", to_string(op.dims(0, k)));
      });
    inner = m[1];
    if (k == 0 && op.rank(0, k) == 2) dims.push_back(m[0]);
    if (k == n - 1 && op.rank(0, k) == 2) dims.push_back(m[1]);
  }
  op.result(dims);
}

Chain chain_of(const std::vector<Expr>& parts) {
  Chain c;
  auto n = parts.size();
  c.sizes.push_back(static_dim(parts[0], 0));
  for (const Expr& part : parts) c.sizes.push_back(static_dim(part, 1));
  std::vector<std::vector<double>> cost(n, std::vector<double>(n, 0));
  c.cut.assign(n, std::vector<int>(n, 0));
  for (size_t length = 1; length < n; ++length) {
    for (size_t i = 0; i + length < n; ++i) {
      size_t j = i + length;
      cost[i][j] = kInf;
      for (size_t k = i; k < j; ++k) {
        double now = cost[i][k] + cost[k + 1][j] +
                     static_cast<double>(c.sizes[i]) * static_cast<double>(c.sizes[k + 1]) *
                         static_cast<double>(c.sizes[j + 1]);
        if (now < cost[i][j]) {
          cost[i][j] = now;
          c.cut[i][j] = static_cast<int>(k);
        }
      }
    }
  }
  return c;
}

Expr chained(const std::vector<Expr>& parts, const Chain& c, size_t i, size_t j) {
  if (i == j) return parts[i];
  auto k = static_cast<size_t>(c.cut[i][j]);
  return matmul(chained(parts, c, i, k), chained(parts, c, k + 1, j));
}

void multi_dot_rule(Decompose& d) {
  std::vector<Expr> parts = d.ins(0);
  for (size_t k = 0; k < parts.size(); ++k)
    parts[k] = reshape(parts[k], as_matrix(parts[k].dims(), k == 0));
  d.out(reshape(chained(parts, chain_of(parts), 0, parts.size() - 1), d.result_type().dims()));
}

void multi_dot_samples(SampleList& s) {
  s.ok_list({{T({2, 3}), T({3, 4}), T({4, 2})}});
  s.ok_list({{T({3}), T({3, 4}), T({4})}});
  s.ok_list({{T({2, 3}), T({3})}});
  s.ok_list({{T({4, 1}), T({1, 4}), T({4, 1}), T({1, 2})}});
  s.wrong_list({{T({2, 3})}}, {}, ErrorKind::value, "at least two");
  s.wrong_list({{T({2, 3}), T({2, 3})}}, {}, ErrorKind::shape, "3 rows of tensor 1");
  s.wrong_list({{T({2, 3}), T({3}), T({3, 2})}}, {}, ErrorKind::shape, "expected matrices");
  s.wrong_list({{T({2, 3, 4}), T({4, 2})}}, {}, ErrorKind::shape, "expected matrices");
  s.wrong_list({{T(DType::boolean, {2, 2}), T(DType::boolean, {2, 2})}}, {}, ErrorKind::type,
               "dtype");
  s.wrong_list({{T({2, 2}), T({2, 2})}}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

}  // namespace

std::vector<ir::Page> matrices_pages() {
  auto flag = [](std::string_view name, bool value) {
    return ir::AttrSpec{.name = name, .form = AttrForm::boolean, .value = value};
  };
  auto order = [](ir::Literal value) {
    return ir::AttrSpec{.name = "p",
                        .aliases = {"ord"},
                        .form = AttrForm::number,
                        .value = std::move(value),
                        .choices = {"fro", "nuc"}};
  };
  auto axes = [](ir::Literal value) {
    return ir::AttrSpec{
        .name = "axis", .aliases = {"dim"}, .form = AttrForm::ints, .value = std::move(value)};
  };
  ir::AttrSpec keepdim = flag("keepdim", false);
  keepdim.aliases = {"keepdims"};
  OperandSpec x{.name = "x", .aliases = {"A", "input"}, .dtypes = kMatrixSet},
      any{.name = "x", .aliases = {"A", "input"}, .dtypes = kInexactSet},
      list{.name = "x", .aliases = {"tensors"}, .dtypes = kNumberSet, .variadic = true};
  auto bound = [](std::string_view name) {
    return OperandSpec{
        .name = name, .dtypes = kFloatSet, .optional = true, .meets = false, .number = true};
  };
  constexpr ir::DTypeRule kTyped = by_shape_rule(Meet::promote);
  constexpr std::string_view kWhole = "a rank is an integer";
  ir::AttrSpec p = order(2.0);
  p.choices = {};
  return {
      algebra({.name = "norm",
               .faces = ir::kLinalg | kOperator,
               .doc = "The p-norm (2 without p) over axis: of vectors, or of all elements without "
                      "axis. Over two axes the orders 1, -1, 2, -2, inf, -inf, 'fro' and 'nuc' are "
                      "those of matrices (see matrix_norm).",
               .operands = {any},
               .attrs = {order(kNone), axes(kNone), keepdim},
               .dtypes = kTyped,
               .shape = norm_shape,
               .rule = norm_rule,
               .samples = norm_samples<2>}),
      algebra({.name = "vector_norm",
               .doc = "(sum |x|^p)^(1/p) over axis (over all elements without axis); inf: the "
                      "largest modulus, -inf: the smallest, 0: the count of non-zeros.",
               .operands = {any},
               .attrs = {p, axes(kNone), keepdim},
               .dtypes = kTyped,
               .shape = norm_shape,
               .rule = norm_rule,
               .samples = norm_samples<0>}),
      algebra({.name = "matrix_norm",
               .doc =
                   "A norm of the matrices over two axes: 'fro', the root of the sum of "
                   "squares; 'nuc', the sum of the singular values; 2 (-2), the greatest (least) "
                   "of them; 1 (-1), the greatest (least) sum of moduli of a column; inf (-inf), "
                   "of a row.",
               .operands = {x},
               .attrs = {order("fro"), axes(L{-2, -1}), keepdim},
               .dtypes = kTyped,
               .shape = norm_shape,
               .rule = norm_rule,
               .samples = norm_samples<1>}),
      algebra({.name = "cond",
               .doc = "The condition number of matrices in the norm p: |x| |x^-1|, by singular "
                      "values for 2 (as without p) and -2, which do not need square matrices.",
               .operands = {x},
               .attrs = {order(kNone)},
               .dtypes = kTyped,
               .shape = cond_shape,
               .rule = cond_rule,
               .samples = cond_samples}),
      algebra({.name = "matrix_rank",
               .doc = "How many singular values (hermitian: moduli of eigenvalues) are above a "
                      "bound: tol, or the greater of atol and rtol times the greatest one, or "
                      "without any of them max(m, n) epsilons of the greatest. int64.",
               .operands = {x, bound("tol"), bound("atol"), bound("rtol")},
               .attrs = {flag("hermitian", false)},
               .signature = "x, tol, hermitian, atol, rtol",
               .dtypes = kTyped,
               .shape = matrix_rank_shape,
               .vjp = ir::not_differentiable(kWhole),
               .rule = matrix_rank_rule,
               .samples = matrix_rank_samples}),
      algebra({.name = "matrix_exp",
               .doc = "The exponential of square matrices, by scaling and squaring (Higham 2005).",
               .operands = {x},
               .shape = square_shape,
               .rule = matrix_exp_rule,
               .samples = matrix_exp_samples}),
      algebra({.name = "multi_dot",
               .faces = ir::kLinalg | kOperator,
               .doc = "The product of several matrices, in the order that costs least; the first "
                      "and the last may be vectors.",
               .operands = {list},
               .shape = multi_dot_shape,
               .rule = multi_dot_rule,
               .samples = multi_dot_samples}),
  };
}

}  // namespace proa::ops
