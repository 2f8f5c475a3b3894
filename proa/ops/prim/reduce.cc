// Reductions over axes and over windows.

#include <algorithm>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages
using Ints = std::vector<int64_t>;

// reduce

void reduce_checks(Infer& op) {
  std::string_view kind = op.text("kind");
  DType dtype = op.met();
  auto refuse = [&](std::string_view expected) {
    op.fail(ErrorKind::type, "x",
            str("kind '", kind, "' expects ", expected, ", got ", to_string(dtype)));
  };
  if (kind == "and" || kind == "or" || kind == "xor") {
    if (!contains(kBitsSet, dtype)) refuse("bool or integers");
  } else if (kind == "max" || kind == "min") {
    if (is_complex(dtype) || dtype == DType::boolean) refuse("numbers with an order");
  } else if (dtype == DType::boolean) {
    refuse("numbers");
  }
}

void reduce_shape(Infer& op) {
  std::vector<int> axes = ordered_axes(op, "axes", op.rank(0));
  std::string_view kind = op.text("kind");
  std::vector<Dim> dims;
  for (int i = 0; i < op.rank(0); ++i) {
    bool reduced = std::ranges::find(axes, i) != axes.end();
    if (!reduced) dims.push_back(op.dim(0, i));
    if (reduced && (kind == "max" || kind == "min")) {
      expect_ge(op, op.dim(0, i), 1, "x", [&] {
        return str("the ", kind, " of nothing is undefined: axis ", i, " of ",
                   to_string(op.dims(0)), " is empty");
      });
    }
  }
  op.result(dims);
}

// A value of the result's dims, spread over the operand's.
Expr spread(Expr value, Expr x, std::span<const int> axes) {
  std::vector<int> kept;
  for (int i = 0; i < x.rank(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) kept.push_back(i);
  }
  return broadcast_in(value, x.dims(), kept);
}

// y without its own element: the product of all before times the product of all after, so that
// zeros need no division.
Expr product_of_others(Expr x, std::span<const int> axes) {
  std::vector<int> order, back(static_cast<size_t>(x.rank()));
  for (int i = 0; i < x.rank(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) order.push_back(i);
  }
  size_t kept = order.size();
  order.insert(order.end(), axes.begin(), axes.end());
  for (size_t i = 0; i < order.size(); ++i)
    back[static_cast<size_t>(order[i])] = static_cast<int>(i);

  Expr moved = transpose(x, order);
  std::vector<Dim> line(moved.dims().begin(), moved.dims().begin() + static_cast<ptrdiff_t>(kept));
  line.push_back(product(moved.dims().subspan(kept)));
  Expr flat = reshape(moved, line);
  int last = static_cast<int>(kept);
  Expr others = exclusive(scan("prod", flat, last), last, false, 1) *
                exclusive(scan("prod", flat, last, true), last, true, 1);
  return transpose(reshape(others, moved.dims()), back);
}

void reduce_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  std::string_view kind = v.text("kind");
  std::vector<int> axes = ordered_axes(v, "axes", x.rank());
  if (kind == "sum") {
    v.set(0, spread(g, x, axes));
  } else if (kind == "prod") {
    v.set(0, times_conj(spread(g, x, axes), product_of_others(x, axes)));
  } else if (kind == "max" || kind == "min") {
    Expr chosen = compare("eq", x, spread(v.result(), x, axes));
    Expr one = constant(v.builder(), x.dtype(), 1.0), count = only_where(chosen, one);
    count = reduce("sum", count, axes);
    v.set(0, only_where(chosen, spread(g / count, x, axes)));
  }
}

void reduce_samples(SampleList& s) {
  for (const char* kind : {"sum", "prod"}) {
    s.ok({T({})}, {{"kind", kind}, {"axes", Ints{}}});
    s.ok({T({0})}, {{"kind", kind}, {"axes", Ints{0}}});
    s.ok({T({2, 0, 3})}, {{"kind", kind}, {"axes", Ints{1}}});
    s.ok({T({7})}, {{"kind", kind}, {"axes", Ints{0}}});
    s.ok({T({3, 4})}, {{"kind", kind}, {"axes", Ints{-1}}});
    s.ok({T({2, 3, 2})}, {{"kind", kind}, {"axes", Ints{2, 1}}}).note =
        "another order of accumulation";
    s.ok({T({2, 1, 3, 2})}, {{"kind", kind}, {"axes", Ints{0, 1, 2, 3}}});
  }
  s.ok({V(DType::f64, {5}, {2, 0, 3, 0.5, 4})}, {{"kind", "prod"}, {"axes", Ints{0}}}).note =
      "one zero";
  s.ok({V(DType::f64, {4}, {2, 0, 0, 4})}, {{"kind", "prod"}, {"axes", Ints{0}}}).note =
      "two zeros";
  for (const char* kind : {"max", "min"}) {
    for (DType t : {DType::f32, DType::f64, DType::f16, DType::i32, DType::u8}) {
      s.ok({T(t, {7}, Fill::distinct)}, {{"kind", kind}, {"axes", Ints{0}}});
      s.ok({T(t, {2, 3, 4}, Fill::distinct)}, {{"kind", kind}, {"axes", Ints{0, 1}}});
    }
    s.ok({V(DType::f64, {4}, {2, 3, 3, __builtin_nan("")})}, {{"kind", kind}, {"axes", Ints{0}}})
        .gradient = false;
    s.wrong({T(DType::f32, {0})}, {{"kind", kind}, {"axes", Ints{0}}}, ErrorKind::shape,
            "of nothing");
    s.wrong({T(DType::c64, {2})}, {{"kind", kind}, {"axes", Ints{0}}}, ErrorKind::type, "order");
  }
  for (const char* kind : {"and", "or", "xor"}) {
    s.ok({T(DType::boolean, {3, 4})}, {{"kind", kind}, {"axes", Ints{1}}});
    s.ok({T(DType::boolean, {0})}, {{"kind", kind}, {"axes", Ints{0}}});
    s.ok({T(DType::i32, {3, 4})}, {{"kind", kind}, {"axes", Ints{0}}});
    s.wrong({T(DType::f32, {2})}, {{"kind", kind}, {"axes", Ints{0}}}, ErrorKind::type,
            "bool or integers");
  }
  s.wrong({T({3})}, {{"kind", "sum"}, {"axes", Ints{1}}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"kind", "sum"}, {"axes", Ints{0, 0}}}, ErrorKind::value, "named twice");
  s.wrong({T({})}, {{"kind", "sum"}, {"axes", Ints{0}}}, ErrorKind::index, "0-d");
  s.wrong({T({3})}, {{"kind", "mean"}, {"axes", Ints{0}}}, ErrorKind::value, "expected one of");
  s.wrong({T({3})}, {{"kind", "sum"}}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {3})}, {{"kind", "sum"}, {"axes", Ints{0}}}, ErrorKind::type,
          "expects numbers");
}

// arg_reduce

void arg_reduce_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  expect_ge(op, op.dim(0, axis), 1, "x", [&] {
    return str("the position of the ", op.text("kind"), " of nothing is undefined: axis ", axis,
               " of ", to_string(op.dims(0)), " is empty");
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.erase(dims.begin() + axis);
  op.result(dims);
}

void arg_reduce_samples(SampleList& s) {
  for (const char* kind : {"max", "min"}) {
    s.ok({T({7})}, {{"kind", kind}, {"axis", 0}});
    s.ok({T({3, 4})}, {{"kind", kind}, {"axis", -1}});
    s.ok({T({2, 3, 2})}, {{"kind", kind}, {"axis", 1}});
    s.ok({T({2, 1, 3, 2})}, {{"kind", kind}, {"axis", 1}});
    s.ok({T({0, 3})}, {{"kind", kind}, {"axis", 1}});
    s.ok({V(DType::f32, {5}, {1, 3, 3, 1, 1})}, {{"kind", kind}, {"axis", 0}}).note =
        "the first of equals";
    s.ok({V(DType::f32, {4}, {1, __builtin_nan(""), 5, __builtin_nan("")})},
         {{"kind", kind}, {"axis", 0}})
        .note = "the first NaN";
  }
  s.wrong({T({3})}, {{"kind", "max"}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {{"kind", "max"}, {"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({T({0})}, {{"kind", "max"}, {"axis", 0}}, ErrorKind::shape, "of nothing");
  s.wrong({T({3, 0})}, {{"kind", "min"}, {"axis", 1}}, ErrorKind::shape, "of nothing");
  s.wrong({T({3})}, {{"kind", "argmax"}, {"axis", 0}}, ErrorKind::value, "expected one of");
  s.wrong({T(DType::c64, {3})}, {{"kind", "max"}, {"axis", 0}}, ErrorKind::type, "dtype");
  s.wrong({T({3})}, {{"kind", "max"}}, ErrorKind::value, "required");
}

// reduce_window

struct Window {
  std::vector<int64_t> window, strides, dilation;
  std::vector<Dim> low, high;
};

Window window_of(const ir::AttrView& op, int rank) {
  return {.window = ints_each(op, "window", rank, 1),
          .strides = ints_each(op, "strides", rank, 1),
          .dilation = ints_each(op, "dilation", rank, 1),
          .low = dims_each(op, "padding_low", rank),
          .high = dims_each(op, "padding_high", rank)};
}

// Whether axis i is passed through as it is.
bool untouched(const Window& w, size_t i) {
  return w.window[i] == 1 && w.strides[i] == 1 && w.low[i].is_const(0) && w.high[i].is_const(0);
}

void reduce_window_shape(Infer& op) {
  int rank = op.rank(0);
  Window w = window_of(op, rank);
  if (op.text("kind") == "sum" && op.boolean("index")) {
    op.fail(ErrorKind::value, "index", "a sum has no position; expected kind 'max' or 'min'");
  }
  std::vector<Dim> dims;
  for (int i = 0; i < rank; ++i) {
    auto k = static_cast<size_t>(i);
    if (op.boolean("index") && rank >= 3 && i < 2 && !untouched(w, k)) {
      op.fail(ErrorKind::value, "index",
              str("positions are counted from axis 2 on, but axis ", i,
                  " has a window, stride or padding"));
    }
    expect_ge(op, w.low[k], 0, "padding_low",
              [&] { return str("expected at least 0, got ", to_string(w.low[k])); });
    expect_ge(op, w.high[k], 0, "padding_high",
              [&] { return str("expected at least 0, got ", to_string(w.high[k])); });
    int64_t span = (w.window[k] - 1) * w.dilation[k] + 1;
    Dim padded = op.dim(0, i) + w.low[k] + w.high[k];
    if (untouched(w, k)) {
      dims.push_back(op.dim(0, i));
      continue;
    }
    expect_ge(op, padded, span, "window", [&] {
      return str("a window over ", span, " elements does not fit axis ", i, " with ",
                 to_string(padded), " elements, padding included");
    });
    dims.push_back(floordiv(padded - Dim(span), w.strides[k]) + 1);
  }
  op.result(dims);
  if (op.boolean("index")) op.result(dims, DType::i64);
}

// The winners' places in x's memory order. Two leading axes of extent 1 let any axis have a window.
void reduce_window_augment(Augment& a) {
  Expr x = a.in(0);
  Attrs attrs;
  bool framed = false;
  if (a.text("kind") != "sum" && x.rank() >= 3) {
    Window w = window_of(a, x.rank());
    framed = !untouched(w, 0) || !untouched(w, 1);
  }
  std::vector<Dim> frame(x.dims().begin(), x.dims().end());
  if (framed) frame.insert(frame.begin(), 2, Dim(1));
  for (const ir::NamedAttr& item : a.attrs().items()) {
    if (item.name.view() == "index") continue;
    ir::Attribute value = item.value();
    if (framed && item.name.view() != "kind") {
      std::vector<Dim> dims = value.as_dims();
      bool ones = item.name.view() != "padding_low" && item.name.view() != "padding_high";
      dims.insert(dims.begin(), 2, Dim(ones ? 1 : 0));
      value = to_attribute(a.builder().context(), dims);
    }
    attrs.emplace_back(item.name.view(), value);
  }
  bool index = a.text("kind") != "sum";
  attrs.emplace_back("index", index);
  Expr operand = reshape(x, frame);
  std::vector<Expr> results = call(a.builder(), "prim.reduce_window", {&operand, 1}, attrs);
  auto unframed = [&](Expr e) { return framed ? squeeze(squeeze(e, 0), 0) : e; };
  a.out(unframed(results[0]));
  if (index) a.keep("index", results[1]);
  if (index && a.boolean("index")) a.out(results[1]);
}

void reduce_window_backward(Vjp& v) {
  Expr x = v.in(0), g = v.cotangent();
  int rank = x.rank();
  Window w = window_of(v, rank);
  if (v.text("kind") == "sum") {
    // The transposed sum: every element collects from the windows it was in.
    std::vector<Dim> low, high, zeros(static_cast<size_t>(rank), Dim(0));
    std::vector<int64_t> interior, ones(static_cast<size_t>(rank), 1);
    for (size_t i = 0; i < static_cast<size_t>(rank); ++i) {
      interior.push_back(w.strides[i] - 1);
      low.push_back(Dim((w.window[i] - 1) * w.dilation[i]) - w.low[i]);
      high.push_back(x.dims()[i] + w.low[i] - dilated(g.dims()[i], interior[i]));
    }
    v.set(0, call1("prim.reduce_window", {pad(g, zero_like(g), low, high, interior)},
                   {{"kind", "sum"},
                    {"window", w.window},
                    {"strides", ones},
                    {"padding_low", zeros},
                    {"padding_high", zeros},
                    {"dilation", w.dilation},
                    {"index", false}}));
    return;
  }
  Expr index = v.residual("index");
  bool per_plane = rank >= 3 && index.rank() == rank;  // else positions count all axes
  size_t lead = per_plane ? 2 : 0;
  auto lines = [&](Dims dims) {
    std::vector<Dim> line(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(lead));
    line.push_back(product(dims.subspan(lead)));
    return line;
  };
  std::vector<Dim> from = lines(g.dims()), to = lines(x.dims());
  int64_t axis = static_cast<int64_t>(lead);
  Expr zeros = full(v.builder(), to, x.dtype(), 0);
  Expr added = scatter("add", zeros, unsqueeze(reshape(index, from), -1), reshape(g, from),
                       {&axis, 1}, axis);
  v.set(0, reshape(added, x.dims()));
}

ir::SampleAttrs window(const char* kind, Ints window, Ints strides, Ints low, Ints high,
                       Ints dilation, bool index) {
  return {{"kind", kind},
          {"window", std::move(window)},
          {"strides", std::move(strides)},
          {"padding_low", std::move(low)},
          {"padding_high", std::move(high)},
          {"dilation", std::move(dilation)},
          {"index", index}};
}

void reduce_window_samples(SampleList& s) {
  for (const char* kind : {"sum", "max", "min"}) {
    Fill fill = std::string_view(kind) == "sum" ? Fill::normal : Fill::distinct;
    for (bool index : {false, true}) {
      if (index && std::string_view(kind) == "sum") continue;
      s.ok({T({7}, fill)}, window(kind, {3}, {2}, {0}, {0}, {1}, index));
      s.ok({T({7}, fill)}, window(kind, {2}, {3}, {1}, {2}, {2}, index));
      s.ok({T({4, 5}, fill)}, window(kind, {2, 3}, {1, 2}, {0, 1}, {1, 1}, {1, 1}, index));
      s.ok({T({2, 3, 6}, fill)},
           window(kind, {1, 1, 2}, {1, 1, 2}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, index));
      s.ok({T({1, 2, 4, 4}, fill)}, window(kind, {1, 1, 3, 3}, {1, 1, 2, 2}, {0, 0, 1, 1},
                                           {0, 0, 1, 1}, {1, 1, 1, 1}, index));
      s.ok({T({0, 2, 4}, fill)},
           window(kind, {1, 1, 2}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, index));
    }
    s.ok({T({}, fill)}, window(kind, {}, {}, {}, {}, {}, false));
    s.ok({T({4, 3, 2}, fill)},
         window(kind, {2, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, false))
        .note = "a leading axis";
  }
  s.wrong({T({3})}, window("max", {4}, {1}, {0}, {0}, {1}, false), ErrorKind::shape,
          "does not fit");
  s.wrong({T({3})}, window("max", {2}, {1}, {0}, {0}, {3}, false), ErrorKind::shape,
          "does not fit");
  s.wrong({T({3})}, window("max", {0}, {1}, {0}, {0}, {1}, false), ErrorKind::value, "at least 1");
  s.wrong({T({3})}, window("max", {2}, {0}, {0}, {0}, {1}, false), ErrorKind::value, "at least 1");
  s.wrong({T({3})}, window("max", {2, 2}, {1}, {0}, {0}, {1}, false), ErrorKind::value,
          "each of 1 axes");
  s.wrong({T({3})}, window("max", {2}, {1}, {-1}, {0}, {1}, false), ErrorKind::shape, "at least 0");
  s.wrong({T({3})}, window("sum", {2}, {1}, {0}, {0}, {1}, true), ErrorKind::value, "no position");
  s.wrong({T({3, 3, 3})},
          window("max", {2, 1, 1}, {1, 1, 1}, {0, 0, 0}, {0, 0, 0}, {1, 1, 1}, true),
          ErrorKind::value, "from axis 2 on");
  s.wrong({T({3})}, window("mean", {2}, {1}, {0}, {0}, {1}, false), ErrorKind::value,
          "expected one of");
}

}  // namespace

std::vector<Page> reduce_pages() {
  return {
      {.name = "reduce",
       .doc = "Elements combined over axes, which disappear. The order of accumulation follows the "
              "linear index over the axes as listed, the last one fastest: floating-point sum and "
              "prod go in blocks of 4096, 16 lanes a block, lanes folded 8, 4, 2, 1, blocks joined "
              "as adjacent pairs; f16 and bf16 accumulate in f32 and are rounded once. Integers "
              "wrap. max and min give NaN where there is one; +0 is greater than -0. Nothing gives "
              "0 (sum, or, xor), 1 (prod), all bits (and); max and min of nothing are an error. "
              "Gradients: sum spreads g; prod is g times the product of the others, zeros allowed; "
              "max and min share g equally among the winners.\n"
              "Args:\n  x: numbers; bool and integers for and, or, xor; no complex numbers for "
              "max, min.\n  kind: sum, prod, max, min, and, or, xor.\n  axes: which ones, none "
              "twice, in order of accumulation; negative ones count from the end.\n"
              "Returns:\n  the same dtype without these axes.\n"
              "Errors:\n  IndexError and ValueError for axes out of range or named twice, "
              "TypeError for a dtype that the kind does not have, ShapeError for max and min over "
              "an empty axis.\n"
              "Source:\n  the order: numerics.md, reduce; ties as in PyTorch's amax.",
       .operands = {{.name = "x", .dtypes = kAnySet}},
       .attrs = {{.name = "kind",
                  .form = AttrForm::string,
                  .choices = {"sum", "prod", "max", "min", "and", "or", "xor"}},
                 {.name = "axes", .form = AttrForm::ints}},
       .dtypes = same(),
       .shape = reduce_shape,
       .checks = reduce_checks,
       .vjp = {.backward = reduce_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @axes: @kind",
       .cost = flops_of_operand,
       .samples = reduce_samples},
      {.name = "arg_reduce",
       .doc = "The position of the greatest or least element along an axis: the first of equals, "
              "the first NaN where there is one.\n"
              "Args:\n  x: integers, floating point or bool.\n  kind: max or min.\n  axis: "
              "negative counts from the end.\n"
              "Returns:\n  int64 without the axis.\n"
              "Errors:\n  IndexError for an axis out of range, ShapeError for an empty one.",
       .operands = {{.name = "x", .dtypes = kRealSet | kBoolSet}},
       .attrs = {{.name = "kind", .form = AttrForm::string, .choices = {"max", "min"}},
                 {.name = "axis", .form = AttrForm::axis}},
       .dtypes = meets(Meet::same, Result::i64),
       .shape = arg_reduce_shape,
       .vjp = not_differentiable("the result is an index"),
       .decompose = primitive(),
       .sharding = "... -> ...; @axis: whole",
       .cost = flops_of_operand,
       .samples = arg_reduce_samples},
      {.name = "reduce_window",
       .doc =
           "Elements combined over a window that slides over every axis. Padding is 0 for sum and "
           "is never chosen by max and min; a window with nothing but padding gives the least "
           "(max) or greatest (min) value and index -1. Sums go over the window in row-major "
           "order, in f32 for f16 and bf16. The first of equals is chosen, the first NaN where "
           "there is one. Gradients: sum gives each element the sum of g over the windows it was "
           "in; max and min give g to the chosen element.\n"
           "Args:\n  x: integers or floating point; complex for sum.\n  kind: sum, max or min.\n  "
           "window, strides, dilation: for each axis at least 1.\n  padding_low, padding_high: for "
           "each axis at least 0; may be symbolic.\n  index: whether positions are given too: "
           "row-major over the axes from 2 on for 3 axes and more, over all axes otherwise.\n"
           "Returns:\n  extents (n + low + high - (window - 1) * dilation - 1) / strides + 1, "
           "rounded down; with index also int64 positions in x.\n"
           "Errors:\n  ShapeError where a window does not fit, ValueError for lists of the wrong "
           "length and for an index of a sum or of windows over the first two of three axes or "
           "more.",
       .operands = {{.name = "x"}},
       .attrs = {{.name = "kind", .form = AttrForm::string, .choices = {"sum", "max", "min"}},
                 {.name = "window", .form = AttrForm::ints},
                 {.name = "strides", .form = AttrForm::ints},
                 {.name = "padding_low", .form = AttrForm::shape},
                 {.name = "padding_high", .form = AttrForm::shape},
                 {.name = "dilation", .form = AttrForm::ints},
                 {.name = "index", .form = AttrForm::boolean, .value = false}},
       .results = -1,
       .result_names = {"values", "index"},
       .dtypes = same(),
       .shape = reduce_window_shape,
       .checks =
           [](Infer& op) {
             if (is_complex(op.met()) && op.text("kind") != "sum") {
               op.fail(ErrorKind::type, "x",
                       str("kind '", op.text("kind"), "' expects numbers with an order, got ",
                           to_string(op.met())));
             }
           },
       .vjp = {.augment = reduce_window_augment, .backward = reduce_window_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @window: halo where above 1",
       .cost =
           [](Cost& c) {
             Dim taps = 1;
             for (int64_t n : c.ints("window")) taps = taps * Dim(n);
             c.flops(Cost::elements(c.result()) * taps);
           },
       .samples = reduce_window_samples},
  };
}

}  // namespace proa::ops
