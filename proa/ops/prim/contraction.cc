// Contractions: dot and conv. Both gradients of either are dot and conv again.

#include <algorithm>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using Ints = std::vector<int64_t>;

// dot

// The axes of one operand: batch and contracted in the order of the lists, free ascending.
struct Side {
  std::vector<int> batch, contract, free;
};

Side side_of(const ir::AttrView& op, std::string_view batch, std::string_view contract, int rank) {
  Side side{ordered_axes(op, batch, rank), ordered_axes(op, contract, rank), {}};
  for (int i = 0; i < rank; ++i) {
    bool batched = std::ranges::find(side.batch, i) != side.batch.end();
    bool contracted = std::ranges::find(side.contract, i) != side.contract.end();
    if (batched && contracted) {
      op.fail(ErrorKind::value, contract, str("axis ", i, " is a batch axis already"));
    }
    if (!batched && !contracted) side.free.push_back(i);
  }
  return side;
}

void dot_shape(Infer& op) {
  Side x = side_of(op, "batch_x", "contract_x", op.rank(0));
  Side y = side_of(op, "batch_y", "contract_y", op.rank(1));
  auto pair = [&](std::span<const int> a, std::span<const int> b, std::string_view name) {
    if (a.size() != b.size()) {
      op.fail(ErrorKind::value, name,
              str("expected as many axes as of x, ", a.size(), ", got ", b.size()));
    }
    for (size_t i = 0; i < a.size(); ++i) {
      expect_eq(op, op.dim(0, a[i]), op.dim(1, b[i]), "y", [&] {
        return str("axis ", b[i], " of shape ", to_string(op.dims(1)), " does not match axis ",
                   a[i], " of x, of shape ", to_string(op.dims(0)));
      });
    }
  };
  pair(x.batch, y.batch, "batch_y");
  pair(x.contract, y.contract, "contract_y");
  std::vector<Dim> dims;
  for (size_t i = 0; i < x.batch.size(); ++i)
    dims.push_back(known_of(op.dim(0, x.batch[i]), op.dim(1, y.batch[i])));
  for (int axis : x.free) dims.push_back(op.dim(0, axis));
  for (int axis : y.free) dims.push_back(op.dim(1, axis));
  op.result(dims);
}

Ints wide(std::span<const int> axes) { return {axes.begin(), axes.end()}; }

Ints run(size_t from, size_t count) {
  Ints axes;
  for (size_t i = 0; i < count; ++i) axes.push_back(static_cast<int64_t>(from + i));
  return axes;
}

// The axes of `side` in the order batch, then `second`, then `third`, brought back to their places.
Expr restore(Expr e, std::span<const int> batch, std::span<const int> second,
             std::span<const int> third) {
  std::vector<int> back(static_cast<size_t>(e.rank()));
  int at = 0;
  for (auto list : {batch, second, third}) {
    for (int axis : list) back[static_cast<size_t>(axis)] = at++;
  }
  return transpose(e, back);
}

// The axes of `side` that go with the other side's contracted axes taken in ascending order.
std::vector<int> partners(const Side& side, const Side& other) {
  std::vector<size_t> order(other.contract.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, [&](size_t i) { return other.contract[i]; });
  std::vector<int> axes;
  for (size_t i : order) axes.push_back(side.contract[i]);
  return axes;
}

void dot_backward(Vjp& v) {
  Expr x = v.in(0), y = v.in(1), g = v.cotangent();
  Side sx = side_of(v, "batch_x", "contract_x", x.rank()),
       sy = side_of(v, "batch_y", "contract_y", y.rank());
  size_t batch = sx.batch.size();
  Ints of_batch = run(0, batch);
  Ints of_x = run(batch, sx.free.size()), of_y = run(batch + sx.free.size(), sy.free.size());
  if (v.needs(0)) {
    Expr gx = dot(g, conj(y), of_batch, wide(sy.batch), of_y,
                  wide(sy.free));  // batch, free x, contracted
    v.set(0, restore(gx, sx.batch, sx.free, partners(sx, sy)));
  }
  if (v.needs(1)) {
    Expr gy = dot(conj(x), g, wide(sx.batch), of_batch, wide(sx.free),
                  of_x);  // batch, contracted, free y
    v.set(1, restore(gy, sy.batch, partners(sy, sx), sy.free));
  }
}

ir::SampleAttrs dot_attrs(Ints bx, Ints by, Ints cx, Ints cy) {
  return {{"batch_x", std::move(bx)},
          {"batch_y", std::move(by)},
          {"contract_x", std::move(cx)},
          {"contract_y", std::move(cy)}};
}

void dot_samples(SampleList& s) {
  s.ok({T({}), T({})}, dot_attrs({}, {}, {}, {}));
  s.ok({T({3}), T({3})}, dot_attrs({}, {}, {0}, {0}));
  s.ok({T({0}), T({0})}, dot_attrs({}, {}, {0}, {0})).note = "a sum of nothing is 0";
  s.ok({T({2, 3}), T({3, 4})}, dot_attrs({}, {}, {1}, {0}));
  s.ok({T({3, 2}), T({4, 3})}, dot_attrs({}, {}, {0}, {1}));
  s.ok({T({2, 0}), T({0, 4})}, dot_attrs({}, {}, {1}, {0}));
  s.ok({T({2, 3}), T({4})}, dot_attrs({}, {}, {}, {})).note = "an outer product";
  s.ok({T({5, 2, 3}), T({5, 3, 4})}, dot_attrs({0}, {0}, {2}, {1}));
  s.ok({T({2, 3, 5}), T({3, 4, 5})}, dot_attrs({-1}, {2}, {1}, {0}));
  s.ok({T({2, 3, 4}), T({4, 5, 3})}, dot_attrs({}, {}, {2, 1}, {0, 2})).note =
      "two axes contracted";
  s.ok({T({2, 2, 3, 2}), T({2, 2, 2, 3})}, dot_attrs({0, 1}, {1, 0}, {3}, {2}));
  s.wrong({T({2, 3}), T({4, 5})}, dot_attrs({}, {}, {1}, {0}), ErrorKind::shape, "does not match");
  s.wrong({T({2, 3}), T({3, 4})}, dot_attrs({0}, {0}, {1}, {1}), ErrorKind::shape,
          "does not match");
  s.wrong({T({2, 3}), T({3, 4})}, dot_attrs({}, {}, {2}, {0}), ErrorKind::index, "out of range");
  s.wrong({T({2, 3}), T({3, 4})}, dot_attrs({}, {}, {1, 0}, {0}), ErrorKind::value, "as many axes");
  s.wrong({T({3, 3}), T({3, 3})}, dot_attrs({1}, {0}, {1}, {1}), ErrorKind::value,
          "batch axis already");
  s.wrong({T({3, 3}), T({3, 3})}, dot_attrs({}, {}, {1, 1}, {0, 1}), ErrorKind::value,
          "named twice");
  s.wrong({T(DType::f32, {3}), T(DType::f64, {3})}, dot_attrs({}, {}, {0}, {0}), ErrorKind::type,
          "as of x");
  s.wrong({T(DType::boolean, {3}), T(DType::boolean, {3})}, dot_attrs({}, {}, {0}, {0}),
          ErrorKind::type, "dtype");
}

// conv

struct Conv {
  Ints strides, lhs_dilation, rhs_dilation;
  std::vector<Dim> low, high;
  int64_t groups;
  int spatial;
};

Conv conv_of(const ir::AttrView& op, int rank) {
  int n = rank - 2;
  return {ints_each(op, "strides", n, 1),
          ints_each(op, "lhs_dilation", n, 1),
          ints_each(op, "rhs_dilation", n, 1),
          dims_each(op, "padding_low", n),
          dims_each(op, "padding_high", n),
          op.integer("groups"),
          n};
}

void conv_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank < 2)
    op.fail(ErrorKind::shape, "x", str("expected [N, C, spatial...], got ", to_string(op.dims(0))));
  if (op.rank(1) != rank) {
    op.fail(ErrorKind::shape, "weight",
            str("expected [O, C / groups, spatial...] with ", rank, " axes as x has, got ",
                to_string(op.dims(1))));
  }
  Conv c = conv_of(op, rank);
  expect_eq(op, op.dim(0, 1), op.dim(1, 1) * Dim(c.groups), "weight", [&] {
    return str("expected ", to_string(op.dim(0, 1)), " channels of x = ", c.groups, " groups * ",
               to_string(op.dim(1, 1)), " channels of weight ", to_string(op.dims(1)));
  });
  expect_eq(op, mod(op.dim(1, 0), c.groups), 0, "groups", [&] {
    return str("expected a divisor of the ", to_string(op.dim(1, 0)), " output channels, got ",
               c.groups);
  });
  std::vector<Dim> dims = {op.dim(0, 0), op.dim(1, 0)};
  for (int i = 0; i < c.spatial; ++i) {
    auto k = static_cast<size_t>(i);
    Dim padded = dilated(op.dim(0, i + 2), c.lhs_dilation[k] - 1) + c.low[k] + c.high[k];
    Dim window = dilated(op.dim(1, i + 2), c.rhs_dilation[k] - 1);
    expect_ge(op, padded, window, "weight", [&] {
      return str("a window over ", to_string(window), " elements does not fit spatial axis ", i,
                 " with ", to_string(padded), " elements, padding included");
    });
    dims.push_back(floordiv(padded - window, c.strides[k]) + 1);
  }
  op.result(dims);
}

Attrs conv_attrs(const Ints& strides, const std::vector<Dim>& low, const std::vector<Dim>& high,
                 const Ints& lhs_dilation, const Ints& rhs_dilation, int64_t groups) {
  return {{"strides", strides},           {"padding_low", low},           {"padding_high", high},
          {"lhs_dilation", lhs_dilation}, {"rhs_dilation", rhs_dilation}, {"groups", groups}};
}

// [a, rest...] with a = parts * b as [parts, b, rest...], and back.
Expr split_axis(Expr e, int axis, Dim parts, Dim each) {
  std::vector<Dim> dims(e.dims().begin(), e.dims().end());
  dims[static_cast<size_t>(axis)] = each;
  dims.insert(dims.begin() + axis, parts);
  return reshape(e, dims);
}
Expr join_axes(Expr e, int axis) {
  std::vector<Dim> dims(e.dims().begin(), e.dims().end());
  dims[static_cast<size_t>(axis)] =
      dims[static_cast<size_t>(axis)] * dims[static_cast<size_t>(axis) + 1];
  dims.erase(dims.begin() + axis + 1);
  return reshape(e, dims);
}

// The full correlation of g with the weight turned around, in and out channels of each group
// swapped.
Expr conv_input_gradient(Expr x, Expr w, Expr g, const Conv& c) {
  std::vector<int> spatial;
  std::vector<Dim> low, high;
  for (int i = 0; i < c.spatial; ++i) {
    auto k = static_cast<size_t>(i);
    spatial.push_back(i + 2);
    Dim window = dilated(w.dim(i + 2), c.rhs_dilation[k] - 1);
    low.push_back(window - c.low[k] - 1);
    high.push_back(dilated(x.dim(i + 2), c.lhs_dilation[k] - 1) + c.low[k] -
                   dilated(g.dim(i + 2), c.strides[k] - 1));
  }
  Expr grouped = split_axis(w, 0, c.groups, floordiv(w.dim(0), c.groups));  // G, O/G, C/G, ...
  Expr turned = reverse(join_axes(swap_axes(grouped, 1, 2), 0), spatial);   // C, O/G, ...
  return call1("prim.conv", {g, conj(turned)},
               conv_attrs(c.lhs_dilation, low, high, c.strides, c.rhs_dilation, c.groups));
}

// The correlation of x with g over the batch: x as [C/G, G*N, ...], g as its weight [O, N, ...].
Expr conv_weight_gradient(Expr x, Expr w, Expr g, const Conv& c) {
  std::vector<Dim> high;
  for (int i = 0; i < c.spatial; ++i) {
    auto k = static_cast<size_t>(i);
    high.push_back(dilated(g.dim(i + 2), c.strides[k] - 1) -
                   dilated(x.dim(i + 2), c.lhs_dilation[k] - 1) +
                   dilated(w.dim(i + 2), c.rhs_dilation[k] - 1) - c.low[k] - 1);
  }
  Expr split = split_axis(x, 1, c.groups, w.dim(1));   // N, G, C/G, ...
  Expr planes = join_axes(swap_axes(split, 0, 2), 1);  // C/G, G*N, ...
  Expr gradient =
      call1("prim.conv", {conj(planes), swap_axes(g, 0, 1)},
            conv_attrs(c.rhs_dilation, c.low, high, c.lhs_dilation, c.strides, c.groups));
  return swap_axes(gradient, 0, 1);
}

void conv_backward(Vjp& v) {
  Expr x = v.in(0), w = v.in(1), g = v.cotangent();
  Conv c = conv_of(v, x.rank());
  // An empty axis is what no window fits, so the formulas below have no form for it.
  auto empty = [](Expr e) {
    return std::ranges::any_of(e.dims(), [](Dim d) { return d.is_const(0); });
  };
  bool nothing = empty(x) || empty(w) || empty(g);
  if (v.needs(0)) v.set(0, nothing ? zeros_like(x) : conv_input_gradient(x, w, g, c));
  if (v.needs(1)) v.set(1, nothing ? zeros_like(w) : conv_weight_gradient(x, w, g, c));
}

ir::SampleAttrs conv_sample(Ints strides, Ints low, Ints high, Ints lhs, Ints rhs, int64_t groups) {
  return {{"strides", std::move(strides)},   {"padding_low", std::move(low)},
          {"padding_high", std::move(high)}, {"lhs_dilation", std::move(lhs)},
          {"rhs_dilation", std::move(rhs)},  {"groups", groups}};
}

void conv_samples(SampleList& s) {
  s.ok({T({2, 3}), T({4, 3})}, conv_sample({}, {}, {}, {}, {}, 1)).note =
      "no spatial axes: a matrix product";
  s.ok({T({1, 1, 5}), T({1, 1, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1));
  s.ok({T({2, 3, 6}), T({4, 3, 2})}, conv_sample({2}, {1}, {0}, {1}, {1}, 1));
  s.ok({T({2, 4, 7}), T({6, 2, 3})}, conv_sample({2}, {2}, {1}, {1}, {2}, 2));
  s.ok({T({2, 2, 4}), T({3, 2, 3})}, conv_sample({1}, {2}, {2}, {2}, {1}, 1)).note =
      "transposed by 2";
  s.ok({T({1, 2, 8}), T({2, 2, 3})}, conv_sample({1}, {-1}, {-2}, {1}, {1}, 1)).note =
      "negative padding crops";
  s.ok({T({2, 2, 4, 5}), T({3, 2, 3, 2})}, conv_sample({1, 2}, {1, 0}, {1, 1}, {1, 1}, {1, 1}, 1));
  s.ok({T({1, 3, 4, 4}), T({3, 1, 3, 3})}, conv_sample({1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, 3))
      .note = "depthwise";
  s.ok({T({1, 2, 3, 3, 2}), T({2, 2, 2, 2, 1})},
       conv_sample({1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, {1, 1, 1}, 1));
  s.ok({T({0, 2, 5}), T({3, 2, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1));
  s.ok({T({2, 0, 5}), T({3, 0, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1)).note =
      "no channels: zeros";
  s.wrong({T({5}), T({3})}, conv_sample({}, {}, {}, {}, {}, 1), ErrorKind::shape,
          "[N, C, spatial...]");
  s.wrong({T({1, 1, 5}), T({1, 1, 3, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1),
          ErrorKind::shape, "axes as x has");
  s.wrong({T({1, 3, 5}), T({1, 2, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1), ErrorKind::shape,
          "channels");
  s.wrong({T({1, 4, 5}), T({3, 2, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 2), ErrorKind::shape,
          "a divisor");
  s.wrong({T({1, 1, 2}), T({1, 1, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 1), ErrorKind::shape,
          "does not fit");
  s.wrong({T({1, 1, 5}), T({1, 1, 3})}, conv_sample({0}, {0}, {0}, {1}, {1}, 1), ErrorKind::value,
          "at least 1");
  s.wrong({T({1, 1, 5}), T({1, 1, 3})}, conv_sample({1}, {0}, {0}, {1}, {0}, 1), ErrorKind::value,
          "at least 1");
  s.wrong({T({1, 1, 5}), T({1, 1, 3})}, conv_sample({1, 1}, {0}, {0}, {1}, {1}, 1),
          ErrorKind::value, "each of 1 axes");
  s.wrong({T({1, 1, 5}), T({1, 1, 3})}, conv_sample({1}, {0}, {0}, {1}, {1}, 0), ErrorKind::value,
          "at least 1");
  s.wrong({T(DType::f32, {1, 1, 5}), T(DType::f64, {1, 1, 3})},
          conv_sample({1}, {0}, {0}, {1}, {1}, 1), ErrorKind::type, "as of x");
}

}  // namespace

std::vector<Page> contraction_pages() {
  return {
      {.name = "dot",
       .doc =
           "Products summed over the contracted axes, for each index of the batch axes. Each sum "
           "is one ascending chain of fma from +0 within 256 terms; totals of 256 are added "
           "ascending within 4096 terms, and totals of 4096 ascending. f16 and bf16 accumulate in "
           "f32 and are rounded once. Complex, for each term: re += ar br; re -= ai bi; im += ar "
           "bi; im += ai br, each one fma. Integers wrap. A sum of nothing is 0.\n"
           "Args:\n  x, y: numbers of one dtype.\n  batch_x, batch_y: axes that go together and "
           "stay.\n  contract_x, contract_y: axes that go together and are summed; with several, "
           "the last one listed is the fastest.\n"
           "Returns:\n  the same dtype; axes: batch as listed, the others of x, the others of y.\n"
           "Errors:\n  ShapeError where paired extents differ, IndexError and ValueError for axes "
           "out of range, named twice or unpaired, TypeError for differing dtypes.\n"
           "Source:\n  the order: numerics.md, dot.",
       .operands = {{.name = "x"}, {.name = "y"}},
       .attrs = {{.name = "batch_x", .form = AttrForm::ints},
                 {.name = "batch_y", .form = AttrForm::ints},
                 {.name = "contract_x", .form = AttrForm::ints},
                 {.name = "contract_y", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = dot_shape,
       .vjp = {.backward = dot_backward},
       .decompose = primitive(),
       .sharding = "@batch m @contract, @batch @contract n -> @batch m n; @contract: sum",
       .cost =
           [](Cost& c) {
             Dim terms = Cost::elements(c.result());
             for (int64_t axis : c.ints("contract_x")) {
               terms =
                   terms *
                   c.operand(0)
                       .dims()[static_cast<size_t>(axis < 0 ? axis + c.operand(0).rank() : axis)];
             }
             c.flops(terms * Dim(2));
           },
       .samples = dot_samples},
      {.name = "conv",
       .doc = "The cross-correlation of x with a weight: result[n, o, p] is the sum over c and k "
              "of x[n, c, p * stride + k * rhs_dilation - padding_low] * weight[o, c, k], c "
              "running over the channels of o's group, and x first spread with lhs_dilation - 1 "
              "holes between neighbours. Taps in padding and holes are skipped. Terms are ordered "
              "by (channel, position in the window): windows of at most 256 taps make blocks of "
              "floor(256 / taps) channels, rounded down to a multiple of 8 from 8 on; larger ones "
              "whole innermost rows of at most 256 taps; each block is an ascending chain of fma "
              "from +0; 16 blocks a group, added ascending. f16 and bf16 accumulate in f32. "
              "Transposed convolution and both gradients are the same operator.\n"
              "Args:\n  x: a number, [N, C, spatial...].\n  weight: [O, C / groups, window...], of "
              "the same "
              "dtype.\n  strides, lhs_dilation, rhs_dilation: for each spatial axis at least 1.\n  "
              "padding_low, padding_high: for each spatial axis, negative crops; may be "
              "symbolic.\n  groups: divides C and O.\n"
              "Returns:\n  [N, O, spatial...] with extents (padded - window) / stride + 1, rounded "
              "down.\n"
              "Errors:\n  ShapeError where channels, groups or windows do not fit, ValueError for "
              "lists of the wrong length or entries below 1, TypeError for differing dtypes.\n"
              "Source:\n  the order: numerics.md, conv; dilations: Dumoulin and Visin 2016, A "
              "guide to convolution arithmetic.",
       .operands = {{.name = "x"}, {.name = "weight"}},
       .attrs = {{.name = "strides", .form = AttrForm::ints},
                 {.name = "padding_low", .form = AttrForm::shape},
                 {.name = "padding_high", .form = AttrForm::shape},
                 {.name = "lhs_dilation", .form = AttrForm::ints},
                 {.name = "rhs_dilation", .form = AttrForm::ints},
                 {.name = "groups", .form = AttrForm::integer, .value = 1, .lowest = 1}},
       .dtypes = same(),
       .shape = conv_shape,
       .vjp = {.backward = conv_backward},
       .decompose = primitive(),
       .sharding = "n c s, o c k -> n o s; c: sum; s: halo; k: whole",
       .cost =
           [](Cost& c) {
             c.flops(Cost::elements(c.result()) * product(c.operand(1).dims().subspan(1)) * Dim(2));
           },
       .samples = conv_samples},
  };
}

}  // namespace proa::ops
