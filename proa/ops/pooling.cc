// Pooling: the largest value or the mean of windows, of given or of adaptive size.

#include <algorithm>

#include "proa/ir/need_extents.h"
#include "proa/ops/window.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

Window pool_window(const ir::AttrView& op, int axes, std::span<const Dim> x) {
  return window_of(op, axes, x, op.ints_n("kernel_size", axes), "kernel_size");
}

template <int kAxes>
std::vector<Dim> pooled_dims(Infer& op, std::span<const Dim> given) {
  Window w = pool_window(op, kAxes, given);
  const bool ceil = op.boolean("ceil_mode");
  std::vector<Dim> x = channels_first(given, w.channels_last), dims{x[0], x[1]};
  for (size_t i = 0; i < kAxes; ++i) {
    Dim room = x[i + 2] + w.low[i] + w.high[i];
    auto misfit = [&] {
      return str("a window of ", w.kernel[i], " does not fit into axis ", i, " of ",
                 to_string(room), " elements, padding included");
    };
    // There is one window at least. With ceil_mode that may be a partial one, which lacks less than
    // a stride and begins inside of the input or its left padding.
    expect_ge(op, room, ceil ? w.kernel[i] - w.stride[i] + 1 : w.kernel[i], "x", misfit);
    if (ceil) expect_ge(op, x[i + 2] + w.low[i], 1, "x", misfit);
    for (Dim p : {w.low[i], w.high[i]}) {
      if (!p.is_const() || p.constant() <= w.kernel[i] / 2 ||
          op.raw("padding").is(ir::AttrKind::string))
        continue;
      op.fail(ErrorKind::value, "padding",
              str("expected at most half of the window of ", w.kernel[i], ", got ", to_string(p)));
    }
    dims.push_back(window_count(x[i + 2], w.low[i], w.high[i], w.kernel[i], w.stride[i], 1, ceil));
  }
  return dims;
}

// With ceil_mode the last window may reach beyond the padding: more of it is laid on the right.
std::vector<Dim> right_padding(const Window& w, std::span<const Dim> x, std::span<const Dim> out) {
  std::vector<Dim> high;
  for (size_t i = 0; i < w.kernel.size(); ++i) {
    Dim reach = (out[i + 2] - 1) * Dim(w.stride[i]) + Dim(w.kernel[i]);
    high.push_back(max(w.high[i], reach - x[i + 2] - w.low[i]));
  }
  return high;
}

std::vector<Expr> reduce_windows(Expr x, std::string_view kind, const Window& w,
                                 std::span<const Dim> high, bool index) {
  auto full = [&](L spatial, int64_t rest) {
    spatial.insert(spatial.begin(), {rest, rest});
    return spatial;
  };
  std::vector<Dim> low{0, 0}, right{0, 0};
  low.insert(low.end(), w.low.begin(), w.low.end());
  right.insert(right.end(), high.begin(), high.end());
  std::vector<Expr> operands{x};
  return call(*x.builder, "prim.reduce_window", operands,
              {{"kind", kind},
               {"window", full(w.kernel, 1)},
               {"strides", full(w.stride, 1)},
               {"padding_low", low},
               {"padding_high", right},
               {"dilation", full(L(w.kernel.size(), 1), 1)},
               {"index", index}});
}

template <int kAxes>
void max_pool_shape(Infer& op) {
  need_spatial(op, kAxes);
  std::vector<Dim> dims = as_before(pooled_dims<kAxes>(op, op.dims(0)), is_channels_last(op));
  op.result(dims, op.dtype(0));
  if (op.boolean("return_mask")) op.result(dims, DType::i64);
}

template <int kAxes>
void max_pool_rule(Decompose& d) {
  Window w = pool_window(d, kAxes, d.in(0).dims());
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0);
  bool mask = d.boolean("return_mask");
  std::vector<Expr> results = reduce_windows(
      x, "max", w,
      right_padding(w, x.dims(), channels_first(d.result_type().dims(), w.channels_last)), mask);
  for (Expr y : results) d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

template <int kAxes>
void avg_pool_shape(Infer& op) {
  need_spatial(op, kAxes);
  op.result(as_before(pooled_dims<kAxes>(op, op.dims(0)), is_channels_last(op)));
}

template <int kAxes>
void avg_pool_rule(Decompose& d) {
  Window w = pool_window(d, kAxes, d.in(0).dims());
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0);
  std::vector<Dim> high =
      right_padding(w, x.dims(), channels_first(d.result_type().dims(), w.channels_last));
  Expr total = reduce_windows(x, "sum", w, high, false)[0];
  int64_t taps = 1;
  for (int64_t k : w.kernel) taps *= k;
  bool padded = d.boolean("ceil_mode");
  for (size_t i = 0; i < kAxes; ++i) padded |= !w.low[i].is_const(0) || !high[i].is_const(0);
  Expr y;
  if (d.has("divisor_override")) {
    y = total / static_cast<double>(d.integer("divisor_override"));
  } else if (!padded) {
    y = total / static_cast<double>(taps);
  } else {
    // How many elements each window holds: without padding, or with the padding that was asked for.
    std::vector<Dim> ones(static_cast<size_t>(kAxes + 2), Dim(1));
    Window counted = w;
    std::vector<Dim> right = high;
    for (size_t i = 0; i < kAxes; ++i) {
      ones[i + 2] = x.dim(static_cast<int>(i) + 2);
      if (d.boolean("exclusive")) continue;
      ones[i + 2] = ones[i + 2] + w.low[i] + w.high[i];
      counted.low[i] = 0;
      right[i] = high[i] - w.high[i];
    }
    Expr count =
        reduce_windows(full(d.builder(), ones, x.dtype(), 1), "sum", counted, right, false)[0];
    y = total / count;
  }
  d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

// Adaptive windows: output i covers floor(i * n / m) .. ceil((i + 1) * n / m).
std::vector<Dim> adaptive_sizes(const ir::AttrView& op, int axes, std::span<const Dim> x) {
  std::vector<Dim> sizes = op.dims_attr("output_size");
  if (sizes.size() == 1) sizes.assign(static_cast<size_t>(axes), sizes[0]);
  if (sizes.size() != static_cast<size_t>(axes))
    op.fail(ErrorKind::value, "output_size",
            str("expected one size or ", axes, " of them, got ", to_string(sizes)));
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].is_const(-1)) sizes[i] = x[i + 2];
    if (sizes[i].is_const() && sizes[i].constant() < 1)
      op.fail(ErrorKind::value, "output_size",
              str("expected sizes of at least 1, or -1, got ", to_string(sizes)));
  }
  return sizes;
}

template <int kAxes>
void adaptive_shape(Infer& op) {
  need_spatial(op, kAxes);
  bool last = is_channels_last(op);
  std::vector<Dim> x = channels_first(op.dims(0), last), dims{x[0], x[1]},
                   sizes = adaptive_sizes(op, kAxes, x);
  for (Dim size : sizes) {
    expect_ge(op, size, 1, "output_size",
              [&] { return str("expected sizes of at least 1, or -1, got ", to_string(sizes)); });
  }
  for (size_t i = 0; i < kAxes; ++i)
    expect_ge(op, x[i + 2], 1, "x",
              [&] { return str("expected at least 1 element along spatial axis ", i, ", got 0"); });
  dims.insert(dims.end(), sizes.begin(), sizes.end());
  op.result(as_before(dims, last), op.dtype(0));
  bool masks = false;
  for (const auto& spec : op.page().attrs) masks |= spec.name == "return_mask";
  if (masks && op.boolean("return_mask")) op.result(as_before(dims, last), DType::i64);
}

bool divides(std::span<const Dim> x, std::span<const Dim> sizes) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i].is_const(1)) continue;
    if (!x[i + 2].is_const() || !sizes[i].is_const()) {
      throw ir::NeedExtents("adaptive pooling: the windows depend on the sizes",
                            {x[i + 2], sizes[i]});
    }
    if (x[i + 2].constant() % sizes[i].constant() != 0) return false;
  }
  return true;
}

// Windows of one size where the output divides the input.
bool regular_window(Expr x, std::span<const Dim> sizes, Window& w) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    Dim extent = floordiv(x.dim(static_cast<int>(i) + 2), sizes[i]);
    if (!extent.is_const()) return false;
    w.kernel.push_back(extent.constant());
  }
  w.stride = w.kernel;
  w.low.assign(sizes.size(), Dim(0));
  w.high = w.low;
  return true;
}

template <int kAxes>
void adaptive_avg_rule(Decompose& d) {
  Window w;
  w.axes = kAxes;
  w.channels_last = is_channels_last(d);
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0);
  std::vector<Dim> sizes = adaptive_sizes(d, kAxes, x.dims());
  bool regular = divides(x.dims(), sizes);
  Expr y;
  if (std::ranges::all_of(sizes, [](Dim s) { return s.is_const(1); })) {
    std::vector<int> axes;
    Dim n = 1;
    for (int i = 0; i < kAxes; ++i) {
      axes.push_back(i + 2);
      n = n * x.dim(i + 2);
    }
    y = sum(x, axes, true) / dim_value(d.builder(), n, x.dtype());
  } else if (regular && regular_window(x, sizes, w)) {
    double taps = 1;
    for (int64_t k : w.kernel) taps *= static_cast<double>(k);
    y = reduce_windows(x, "sum", w, w.high, false)[0] / taps;
  } else {
    y = x;
    for (int i = 0; i < kAxes; ++i) {  // axis by axis: means of means of equal windows
      int axis = i + 2;
      int64_t n = static_dim(y, axis), m = sizes[static_cast<size_t>(i)].constant();
      std::vector<Expr> parts;
      for (int64_t k = 0; k < m; ++k) {
        int64_t begin = k * n / m, end = ((k + 1) * n + m - 1) / m;
        parts.push_back(sum(slice_axis(y, axis, begin, end), axis, true) /
                        static_cast<double>(end - begin));
      }
      y = concat(parts, axis);
    }
  }
  d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

template <int kAxes>
void adaptive_max_rule(Decompose& d) {
  Window w;
  w.axes = kAxes;
  w.channels_last = is_channels_last(d);
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0);
  std::vector<Dim> sizes = adaptive_sizes(d, kAxes, x.dims());
  bool mask = d.boolean("return_mask");
  std::vector<Expr> results;
  if (divides(x.dims(), sizes) && regular_window(x, sizes, w)) {
    results = reduce_windows(x, "max", w, w.high, mask);
  } else {
    // Every output is a window of its own: positions along each axis, then one arg_reduce a window.
    Expr y = x, at;
    std::vector<int64_t> extents;
    for (int i = 0; i < kAxes; ++i) extents.push_back(static_dim(x, i + 2));
    Dim total = 1;
    for (int64_t e : extents) total = total * Dim(e);
    std::vector<Dim> flat_dims{x.dim(0), x.dim(1)};
    std::vector<Dim> spatial(extents.begin(), extents.end());
    at = reshape(iota(d.builder(), DType::i64, std::vector<Dim>{total}, 0), spatial);
    std::vector<Dim> all(x.dims().begin(), x.dims().end());
    at = broadcast_to(at, all);
    for (int i = 0; i < kAxes; ++i) {
      int axis = i + 2;
      int64_t n = extents[static_cast<size_t>(i)], m = sizes[static_cast<size_t>(i)].constant();
      std::vector<Expr> values, places;
      for (int64_t k = 0; k < m; ++k) {
        int64_t begin = k * n / m, end = ((k + 1) * n + m - 1) / m;
        Expr part = slice_axis(y, axis, begin, end), where = slice_axis(at, axis, begin, end);
        Expr best =
            unsqueeze(call1("prim.arg_reduce", {part}, {{"kind", "max"}, {"axis", axis}}), axis);
        values.push_back(take_along(part, best, axis));
        places.push_back(take_along(where, best, axis));
      }
      y = concat(values, axis);
      at = concat(places, axis);
    }
    results = {y};
    if (mask) results.push_back(at);
  }
  for (Expr y : results) d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

L shaped(int axes, L lead, int64_t extent) {
  lead.insert(lead.end(), static_cast<size_t>(axes), extent);
  return lead;
}

template <int kAxes, bool kMax>
void pool_samples(SampleList& s) {
  auto x = [](int64_t n, int64_t c, int64_t e) {
    return T(shaped(kAxes, {n, c}, e), Fill::distinct);
  };
  s.ok({x(2, 3, 6)}, {{"kernel_size", 2}});
  s.ok({x(1, 2, 5)}, {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}});
  s.ok({x(1, 2, 6)}, {{"kernel_size", 3}, {"stride", 2}, {"ceil_mode", true}});
  s.ok({x(1, 2, 5)}, {{"kernel_size", 2}, {"stride", 1}, {"padding", "SAME"}});
  if (!kMax)
    s.ok({x(1, 2, 5)}, {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"exclusive", false}});
  s.wrong({x(1, 2, 5)}, {}, ErrorKind::value, "required");
  s.wrong({x(1, 2, 5)}, {{"kernel_size", 0}}, ErrorKind::value, "at least 1");
  s.wrong({x(1, 2, 2)}, {{"kernel_size", 3}}, ErrorKind::shape, "does not fit");
  s.ok({x(1, 1, 3)}, {{"kernel_size", 2}, {"ceil_mode", true}});
  s.ok({x(1, 1, 3)}, {{"kernel_size", 5}, {"stride", 3}, {"ceil_mode", true}});
  s.wrong({x(1, 2, 2)}, {{"kernel_size", 5}, {"stride", 3}, {"ceil_mode", true}}, ErrorKind::shape,
          "does not fit");
  s.wrong({x(1, 2, 5)}, {{"kernel_size", 2}, {"padding", 2}}, ErrorKind::value, "at most half");
  s.wrong({x(1, 2, 5)}, {{"kernel_size", 2}, {"stride", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({3, 5})}, {{"kernel_size", 2}}, ErrorKind::shape, "dims (batch, channels");
  s.wrong({x(1, 2, 5)}, {{"kernel_size", 2}, {"data_format", "X"}}, ErrorKind::value,
          "expected one of");
  s.wrong({x(1, 2, 5)}, {{"kernel_size", 2}, {"padding", "FULL"}}, ErrorKind::value, "'SAME'");
}

template <int kAxes>
void adaptive_samples(SampleList& s) {
  auto x = [](int64_t n, int64_t c, int64_t e) {
    return T(shaped(kAxes, {n, c}, e), Fill::distinct);
  };
  s.ok({x(2, 3, 6)}, {{"output_size", 2}});
  s.ok({x(2, 3, 6)}, {{"output_size", 1}});
  s.ok({x(1, 2, 5)}, {{"output_size", 3}});
  s.ok({x(1, 2, 5)}, {{"output_size", -1}});
  s.wrong({x(1, 2, 5)}, {}, ErrorKind::value, "required");
  s.wrong({x(1, 2, 5)}, {{"output_size", 0}}, ErrorKind::value, "at least 1");
  s.wrong({x(1, 2, 5)}, {{"output_size", L{1, 2, 3, 4}}}, ErrorKind::value, "of them");
  s.wrong({x(1, 2, 0)}, {{"output_size", 1}}, ErrorKind::shape, "at least 1 element");
  s.wrong({T({3, 5})}, {{"output_size", 2}}, ErrorKind::shape, "dims (batch, channels");
  s.wrong({x(1, 2, 5)}, {{"output_size", "x"}}, ErrorKind::type, "expected integers");
}

ir::AttrSpec flag(std::string_view name, bool value) {
  return {.name = name, .form = AttrForm::boolean, .value = value};
}

template <int kAxes>
ir::Page max_page(std::string_view name) {
  return {.name = name,
          .faces = ir::kFunctional,
          .doc =
              "The largest value of each window. Padding is never chosen. return_mask=True gives "
              "also the position of each in its flattened spatial axes (int64).",
          .operands = {operand_x(kRealSet)},
          .attrs = {sizes_attr("kernel_size"), sizes_attr("stride", kNone), padding_attr(),
                    flag("return_mask", false), flag("ceil_mode", false), format_attr(kAxes)},
          .results = -1,
          .result_names = {"out", "mask"},
          .shape = max_pool_shape<kAxes>,
          .vjp = by_decomposition(),
          .decompose = max_pool_rule<kAxes>,
          .sharding = "n c ... -> n c ...; ...: halo",
          .samples = pool_samples<kAxes, true>};
}

template <int kAxes>
ir::Page avg_page(std::string_view name) {
  ir::Page page{.name = name,
                .faces = ir::kFunctional,
                .doc =
                    "The mean of each window. exclusive=True divides by the elements inside the "
                    "input, otherwise padding counts; divisor_override divides by that.",
                .operands = {operand_x(kFloatSet)},
                .attrs = {sizes_attr("kernel_size"),
                          sizes_attr("stride", kNone),
                          padding_attr(),
                          flag("exclusive", true),
                          flag("ceil_mode", false),
                          {.name = "divisor_override",
                           .form = AttrForm::integer,
                           .value = kNone,
                           .lowest = 1},
                          format_attr(kAxes)},
                .shape = avg_pool_shape<kAxes>,
                .vjp = by_decomposition(),
                .decompose = avg_pool_rule<kAxes>,
                .sharding = "n c ... -> n c ...; ...: halo",
                .samples = pool_samples<kAxes, false>};
  page.signature =
      kAxes == 1
          ? "x, kernel_size, stride, padding, exclusive, ceil_mode, divisor_override, data_format"
          : "x, kernel_size, stride, padding, ceil_mode, exclusive, divisor_override, data_format";
  return page;
}

template <int kAxes>
ir::Page adaptive_page(std::string_view name, bool largest) {
  ir::Page page{.name = name,
                .faces = ir::kFunctional,
                .doc =
                    "Pooling to a given size: output i covers the elements from floor(i * n / m) "
                    "to ceil((i + 1) * n / m). A size of -1 keeps that of the input.",
                .operands = {operand_x(kFloatSet)},
                .attrs = {{.name = "output_size", .form = AttrForm::shape}},
                .dtypes = by_shape_rule(Meet::promote),
                .shape = adaptive_shape<kAxes>,
                .vjp = by_decomposition(),
                .decompose = largest ? adaptive_max_rule<kAxes> : adaptive_avg_rule<kAxes>,
                .sharding = "n c ... -> n c ...; ...: whole",
                .samples = adaptive_samples<kAxes>};
  if (largest) {
    page.results = -1;
    page.result_names = {"out", "mask"};
    page.attrs.push_back(flag("return_mask", false));
  }
  page.attrs.push_back(format_attr(kAxes));
  return page;
}

}  // namespace

std::vector<ir::Page> pooling_pages() {
  return {
      max_page<1>("max_pool1d"),
      max_page<2>("max_pool2d"),
      max_page<3>("max_pool3d"),
      avg_page<1>("avg_pool1d"),
      avg_page<2>("avg_pool2d"),
      avg_page<3>("avg_pool3d"),
      adaptive_page<1>("adaptive_avg_pool1d", false),
      adaptive_page<2>("adaptive_avg_pool2d", false),
      adaptive_page<3>("adaptive_avg_pool3d", false),
      adaptive_page<1>("adaptive_max_pool1d", true),
      adaptive_page<2>("adaptive_max_pool2d", true),
      adaptive_page<3>("adaptive_max_pool3d", true),
  };
}

}  // namespace proa::ops
