// Images of bytes, resized with the very bits of Pillow or OpenCV: a model that was trained behind
// one of them is served behind the same numbers.

#include "proa/ops/composite.h"
#include "proa/ops/control.h"

namespace proa::ops {

namespace {

constexpr double kPi = 3.14159265358979323846;

struct Axes {
  int height, width;
};

Axes axes_of(const ir::AttrView& op, int rank) {
  std::string_view format = op.text("data_format");
  int last = format == "HWC" ? rank - 2 : rank - 1;
  return {last - 1, last};
}

void resize_shape(Infer& op) {
  std::string_view format = op.text("data_format");
  int rank = op.rank(0), least = static_cast<int>(format.size());
  if (rank < least)
    op.fail(ErrorKind::shape, "x",
            str("expected at least ", least, " dims, the last of them ", format, ", got shape ",
                to_string(op.dims(0))));
  std::vector<Dim> size = op.dims_attr("size");
  if (size.size() != 2)
    op.fail(ErrorKind::value, "size",
            str("expected (height, width), got ", size.size(), " numbers"));
  std::string_view method = op.text("interpolation");
  if (op.text("like") == "opencv" && method != "nearest" && method != "bilinear")
    op.fail(ErrorKind::value, "interpolation",
            str("expected 'nearest' or 'bilinear' for like='opencv', got '", method, "'"));
  Axes axes = axes_of(op, rank);
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int i = 0; i < 2; ++i) {
    auto& dim = dims[static_cast<size_t>(i == 0 ? axes.height : axes.width)];
    expect_ge(op, dim, 1, "x", [&] {
      return str("expected at least one pixel to resize, got shape ", to_string(op.dims(0)));
    });
    dim = size[static_cast<size_t>(i)];
    expect_ge(op, dim, 1, "size", [&] {
      return str("expected at least 1 pixel in each direction, got ", to_string(size));
    });
  }
  op.result(dims);
}

// Along one axis: which elements of the input make each one of the output, and how much of each.
struct Taps {
  Expr at, weight;  // i64 and i32, [output, taps]
};

Expr shifted(Expr x, int bits) { return binary("shr", x, constant(*x.builder, x.dtype(), bits)); }

Expr times(Expr x, int axis, Expr weights) {  // one weight for each place along the axis
  std::vector<Dim> dims(static_cast<size_t>(x.rank()), Dim(1));
  dims[static_cast<size_t>(axis)] = weights.dim(0);
  return x * reshape(weights, dims);
}

// Pillow: Resample.c.

struct Filter {
  std::string_view name;
  int64_t twice_support;
  Expr (*at)(Expr);  // of distances in f64
};

Expr within(Expr condition, Expr value) { return only_where(condition, value); }

Expr box(Expr x) { return cast(compare("gt", x, -0.5) & compare("le", x, 0.5), DType::f64); }

Expr triangle(Expr x) {
  x = abs(x);
  return within(compare("lt", x, 1.0), 1.0 - x);
}

Expr hamming(Expr x) {
  x = abs(x);
  Expr angle = x * kPi;
  // The constants are single-precision numbers there.
  Expr y =
      sin(angle) / angle * (static_cast<double>(0.54F) + static_cast<double>(0.46F) * cos(angle));
  return select(compare("eq", x, 0.0), full_like(x, 1), within(compare("lt", x, 1.0), y));
}

// Keys's kernel with a = -0.5.
Expr cubic(Expr x) {
  const double a = -0.5;
  x = abs(x);
  Expr near = (((a + 2.0) * x - (a + 3.0)) * x) * x + 1.0;
  Expr far = (((x - 5.0) * x + 8.0) * x - 4.0) * a;
  return select(compare("lt", x, 1.0), near, within(compare("lt", x, 2.0), far));
}

Expr sinc(Expr x) {
  Expr angle = x * kPi;
  return select(compare("eq", x, 0.0), full_like(x, 1), sin(angle) / angle);
}

Expr lanczos(Expr x) {
  return within(compare("ge", x, -3.0) & compare("lt", x, 3.0), sinc(x) * sinc(x / 3.0));
}

constexpr Filter kFilters[] = {{"box", 1, box},
                               {"bilinear", 2, triangle},
                               {"hamming", 2, hamming},
                               {"bicubic", 4, cubic},
                               {"lanczos", 6, lanczos}};

constexpr int kPillowBits = 22;  // of a weight behind its point

Expr last_along(Expr x, int axis) { return slice_axis(x, axis, x.dim(axis) - Dim(1), x.dim(axis)); }

Taps pillow_taps(Builder& b, Dim in, Dim out, const Filter& filter) {
  // The widest support reaches over ceil(2 * support) + 1 pixels; one more for what rounds up.
  Dim count = ceildiv(Dim(filter.twice_support) * max(in, out), out) + Dim(2);
  const Dim whole[] = {out, count}, column[] = {out, Dim(1)};
  Expr size = dim_value(b, in, DType::f64);
  Expr scale = size / dim_value(b, out, DType::f64);
  Expr stretch = maximum(scale, 1.0);
  Expr support = stretch * (static_cast<double>(filter.twice_support) / 2.0);
  Expr centre = (iota(b, DType::f64, column, 0) + 0.5) * scale;
  Expr low = maximum(unary("floor", centre - support + 0.5), 0.0);
  Expr high = minimum(unary("floor", centre + support + 0.5), size);
  Expr at = broadcast_to(low, whole) + iota(b, DType::f64, whole, 1);
  Expr inside = compare("lt", at, broadcast_to(high, whole));
  Expr weight = within(inside, filter.at((at - centre + 0.5) * (1.0 / stretch)));
  Expr total = last_along(scan("sum", weight, 1), 1);  // one after the other, as there
  weight = select(compare("eq", total, 0.0), weight, weight / total);
  weight = weight * static_cast<double>(1 << kPillowBits);
  // Away from zero at halves; a cast drops what is behind the point.
  weight = select(compare("lt", weight, 0.0), weight - 0.5, weight + 0.5);
  at = minimum(at, size - 1.0);
  return {cast(at, DType::i64), cast(weight, DType::i32)};
}

Expr pillow_pass(Expr x, int axis, Dim out, const Filter& filter) {
  if (x.dim(axis) == out) return x;  // all weights would be 1 at the pixel itself
  Taps taps = pillow_taps(*x.builder, x.dim(axis), out, filter);
  return call1("tensor.mix_pixels", {x, taps.at, taps.weight}, {{"axis", axis}});
}

void mix_shape(Infer& op) {
  int axis = op.axis("axis", op.rank(0));
  if (op.rank(1) != 2)
    op.fail(ErrorKind::shape, "at",
            str("expected [output, taps], got shape ", to_string(op.dims(1))));
  auto message = [&] {
    return str("expected a weight for each of the positions, of shape ", to_string(op.dims(1)),
               ", got shape ", to_string(op.dims(2)));
  };
  if (op.rank(2) != 2) op.fail(ErrorKind::shape, "weight", message());
  for (int i : {0, 1}) expect_eq(op, op.dim(2, i), op.dim(1, i), "weight", message);
  expect_ge(op, op.dim(0, axis), 1, "x", [&] {
    return str("expected at least one pixel along axis ", axis, ", got shape ",
               to_string(op.dims(0)));
  });
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims[static_cast<size_t>(axis)] = op.dim(1, 0);
  op.result(dims, op.dtype(0));
}

void mix_rule(Decompose& d) {
  Expr x = d.in(0), at = d.in(1), weight = d.in(2);
  int axis = d.axis("axis", x.rank());
  Dim out = at.dim(0), count = at.dim(1);
  const int64_t first[] = {0};
  Expr found = gather(move_axis(x, axis, 0), unsqueeze(at, 2), first, 0);  // [out, taps, rest]
  std::vector<Dim> ones(static_cast<size_t>(found.rank()), Dim(1));
  ones[0] = out;
  ones[1] = count;
  Expr total = sum(cast(found, DType::i32) * reshape(weight, ones), 1);
  total = shifted(total + static_cast<double>(1 << (kPillowBits - 1)), kPillowBits);
  d.out(move_axis(cast(minimum(maximum(total, 0.0), 255.0), x.dtype()), 0, axis));
}

void mix_samples(SampleList& s) {
  auto bytes = [](std::vector<int64_t> dims) { return I(std::move(dims), 0, 256, DType::u8); };
  auto at = [](std::vector<int64_t> dims) { return I(std::move(dims), 0, 4); };
  auto weights = [](std::vector<int64_t> dims) {
    return I(std::move(dims), -2000000, 4000000, DType::i32);
  };
  s.ok({bytes({4, 5, 3}), at({6, 2}), weights({6, 2})}, {{"axis", 0}});
  s.ok({bytes({2, 4, 3}), at({3, 5}), weights({3, 5})}, {{"axis", 1}});
  s.ok({bytes({3, 4}), at({2, 3}), weights({2, 3})}, {{"axis", -1}});
  s.ok({bytes({0, 4}), at({2, 3}), weights({2, 3})}, {{"axis", 1}});
  s.ok({bytes({3, 4}), at({2, 0}), weights({2, 0})}, {{"axis", 1}});
  s.ok({bytes({2, 7, 4}), V(DType::i64, {2, 2}, {-3, 9, 1, 0}), weights({2, 2})}, {{"axis", 1}})
      .note = "positions outside count as the nearest";
  s.wrong({T(DType::f32, {4, 5}), at({6, 2}), weights({6, 2})}, {{"axis", 0}}, ErrorKind::type,
          "uint8");
  s.wrong({bytes({4, 5}), at({6}), weights({6})}, {{"axis", 0}}, ErrorKind::shape,
          "[output, taps]");
  s.wrong({bytes({4, 5}), at({6, 2}), weights({6, 3})}, {{"axis", 0}}, ErrorKind::shape,
          "a weight for each");
  s.wrong({bytes({4, 5}), at({6, 2}), at({6, 2})}, {{"axis", 0}}, ErrorKind::type, "int32");
  s.wrong({bytes({0, 5}), at({6, 2}), weights({6, 2})}, {{"axis", 0}}, ErrorKind::shape,
          "at least one pixel");
  s.wrong({bytes({4, 5}), at({6, 2}), weights({6, 2})}, {{"axis", 2}}, ErrorKind::index, "axis");
  s.wrong({bytes({4, 5}), at({6, 2}), absent()}, {{"axis", 0}}, ErrorKind::value, "required");
}

// Rounded to bytes between the two passes. The columns go first where that saves most: where the
// image becomes lower by more than twice the pixels by which it becomes narrower.
Expr pillow_both(Expr x, Axes axes, std::span<const Dim> size, const Filter& filter) {
  auto rows_first = [=, &filter](Expr y, Dim height, Dim width) {
    return pillow_pass(pillow_pass(y, axes.width, width, filter), axes.height, height, filter);
  };
  auto columns_first = [=, &filter](Expr y, Dim height, Dim width) {
    return pillow_pass(pillow_pass(y, axes.height, height, filter), axes.width, width, filter);
  };
  Dim lower = x.dim(axes.height) - size[0], more = lower - Dim(2) * (x.dim(axes.width) - size[1]);
  auto low = lower.as_const(), turns = more.as_const();
  if ((low && *low <= 0) || (turns && *turns <= 0)) return rows_first(x, size[0], size[1]);
  if (low && turns) return columns_first(x, size[0], size[1]);
  Builder& b = *x.builder;
  auto number = [&](Dim dim) { return dim_value(b, dim, DType::i64); };
  Expr height = number(x.dim(axes.height)) - number(size[0]),
       width = number(x.dim(axes.width)) - number(size[1]);
  Expr turned = compare("gt", height, 0.0) & compare("gt", height, width * 2.0);
  auto in_order = [&](auto order) {
    return [&, order](Builder&, std::span<const Expr> in) -> std::vector<Expr> {
      return {order(in[0], size[0], size[1])};
    };
  };
  return if_(turned, {&x, 1}, in_order(columns_first), in_order(rows_first))[0];
}

// Positions are sums of steps there, not products.
Expr pillow_nearest(Expr x, int axis, Dim out) {
  if (x.dim(axis) == out) return x;
  Builder& b = *x.builder;
  Expr size = dim_value(b, x.dim(axis), DType::f64);
  Expr step = size / dim_value(b, out, DType::f64);
  const Expr first[] = {step * 0.5}, steps[] = {step};
  Expr at = scan_loop(b, out, first, {}, steps, [](Builder&, std::span<const Expr> in) {
    return std::vector<Expr>{in[1] + in[2], in[1]};
  })[1];
  at = minimum(unary("floor", at), size - 1.0);
  return call1("tensor.index_select", {x, cast(at, DType::i64)}, {{"axis", axis}});
}

// OpenCV: resize.cpp.

constexpr int kOpencvBits = 11;

// The input's pixels for one of the output's, computed as 1 / (out / in) there.
Expr opencv_scale(Builder& b, Dim in, Dim out) {
  return 1.0 / (dim_value(b, out, DType::f64) / dim_value(b, in, DType::f64));
}

Expr opencv_nearest(Expr x, int axis, Dim out) {
  Builder& b = *x.builder;
  const Dim dims[] = {out};
  Expr at = unary("floor", iota(b, DType::f64, dims, 0) * opencv_scale(b, x.dim(axis), out));
  at = minimum(at, dim_value(b, x.dim(axis), DType::f64) - 1.0);
  return call1("tensor.index_select", {x, cast(at, DType::i64)}, {{"axis", axis}});
}

struct Pair {
  Expr low, high;                // positions, i64
  Expr low_weight, high_weight;  // i32
};

Pair opencv_pair(Builder& b, Dim in, Dim out, bool is_width) {
  const Dim dims[] = {out};
  Expr last = dim_value(b, in, DType::f32) - 1.0;
  Expr at = cast((iota(b, DType::f64, dims, 0) + 0.5) * opencv_scale(b, in, out) - 0.5, DType::f32);
  Expr low = unary("floor", at), part = at - low;
  // Outside the image a row is repeated, but a column's pair is moved onto its edge.
  if (is_width) part = only_where(compare("ge", low, 0.0) & compare("lt", low, last), part);
  auto bounded = [&](Expr x) { return cast(minimum(maximum(x, 0.0), last), DType::i64); };
  auto fixed = [](Expr x) {
    return cast(unary("round", x * static_cast<double>(1 << kOpencvBits)), DType::i32);
  };
  return {bounded(low), bounded(low + 1.0), fixed(1.0 - part), fixed(part)};
}

Expr opencv_bilinear(Expr x, Axes axes, Dim height, Dim width) {
  Builder& b = *x.builder;
  auto taken = [](Expr from, int axis, Expr at) {
    return call1("tensor.index_select", {from, at}, {{"axis", axis}});
  };
  Pair columns = opencv_pair(b, x.dim(axes.width), width, true);
  Pair rows = opencv_pair(b, x.dim(axes.height), height, false);
  auto wide = [&](Expr at, Expr weight) {
    return times(cast(taken(x, axes.width, at), DType::i32), axes.width, weight);
  };
  Expr y = wide(columns.low, columns.low_weight) + wide(columns.high, columns.high_weight);
  y = shifted(y, 4);
  auto high = [&](Expr at, Expr weight) {
    return shifted(times(taken(y, axes.height, at), axes.height, weight), 16);
  };
  y = high(rows.low, rows.low_weight) + high(rows.high, rows.high_weight);
  return cast(shifted(y + 2.0, 2), x.dtype());
}

void resize_rule(Decompose& d) {
  Expr x = d.in(0);
  std::vector<Dim> size = d.dims_attr("size");
  Axes axes = axes_of(d, x.rank());
  std::string_view method = d.text("interpolation");
  bool is_opencv = d.text("like") == "opencv";
  if (method == "nearest") {
    auto one = is_opencv ? opencv_nearest : pillow_nearest;
    return d.out(one(one(x, axes.width, size[1]), axes.height, size[0]));
  }
  if (is_opencv) return d.out(opencv_bilinear(x, axes, size[0], size[1]));
  for (const Filter& filter : kFilters) {
    if (filter.name != method) continue;
    return d.out(pillow_both(x, axes, size, filter));
  }
}

void resize_samples(SampleList& s) {
  using I64s = std::vector<int64_t>;
  s.ok({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{3, 4}}});
  s.ok({I({2, 9, 4, 1}, 0, 256, DType::u8)}, {{"size", I64s{2, 9}}, {"interpolation", "bicubic"}});
  s.ok({I({3, 5, 6}, 0, 256, DType::u8)},
       {{"size", I64s{7, 3}}, {"interpolation", "lanczos"}, {"data_format", "CHW"}});
  s.ok({I({6, 5}, 0, 256, DType::u8)},
       {{"size", I64s{3, 5}}, {"interpolation", "box"}, {"data_format", "HW"}});
  s.ok({I({6, 5}, 0, 256, DType::u8)},
       {{"size", I64s{4, 3}}, {"interpolation", "hamming"}, {"data_format", "HW"}});
  s.ok({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{4, 9}}, {"interpolation", "nearest"}});
  s.ok({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{4, 9}}, {"like", "opencv"}});
  s.ok({I({5, 7, 3}, 0, 256, DType::u8)},
       {{"size", I64s{2, 2}}, {"interpolation", "nearest"}, {"like", "opencv"}});
  s.ok({I({0, 5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{2, 2}}});
  s.wrong({T(DType::f32, {5, 7, 3})}, {{"size", I64s{3, 4}}}, ErrorKind::type, "uint8");
  s.wrong({I({5, 7}, 0, 256, DType::u8)}, {{"size", I64s{3, 4}}}, ErrorKind::shape, "HWC");
  s.wrong({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{3}}}, ErrorKind::value,
          "(height, width)");
  s.wrong({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{3, 0}}}, ErrorKind::shape,
          "at least 1 pixel");
  s.wrong({I({0, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{3, 4}}}, ErrorKind::shape,
          "at least one pixel");
  s.wrong({I({5, 7, 3}, 0, 256, DType::u8)},
          {{"size", I64s{3, 4}}, {"interpolation", "bicubic"}, {"like", "opencv"}},
          ErrorKind::value, "like='opencv'");
  s.wrong({I({5, 7, 3}, 0, 256, DType::u8)}, {{"size", I64s{3, 4}}, {"interpolation", "cubic"}},
          ErrorKind::value, "bicubic");
  s.wrong({I({5, 7, 3}, 0, 256, DType::u8)}, {}, ErrorKind::value, "required");
}

}  // namespace

std::vector<ir::Page> image_pages() {
  return {
      {.name = "resize_image",
       .faces = ir::kHidden,
       .doc =
           "Images of bytes in another size, equal to the byte to what Pillow's Image.resize or "
           "OpenCV's resize gives. Like Pillow, filters are widened where an image becomes "
           "smaller, "
           "and bytes are rounded between rows and columns; the columns go first where an image "
           "loses more than twice as many rows as columns (Pillow 13; earlier releases took the "
           "rows first "
           "throughout). Like OpenCV, two pixels in each direction make one, whatever the size.\n"
           "Args:\n"
           "  x: uint8; leading axes are a batch.\n"
           "  size: (height, width) in pixels, at least 1 each.\n"
           "  interpolation: the filter; like='opencv' knows nearest and bilinear.\n"
           "  like: whose bytes.\n"
           "  data_format: what the last axes are.\n"
           "Source:\n"
           "  Pillow, Resample.c and Geometry.c; OpenCV, resize.cpp; Keys, \"Cubic convolution "
           "interpolation for digital image processing\", 1981.",
       .operands = {{.name = "x", .aliases = {"img"}, .dtypes = bit(DType::u8)}},
       .attrs = {{.name = "size", .form = AttrForm::shape},
                 {.name = "interpolation",
                  .form = AttrForm::string,
                  .value = "bilinear",
                  .choices = {"nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"}},
                 {.name = "like",
                  .form = AttrForm::string,
                  .value = "pillow",
                  .choices = {"pillow", "opencv"}},
                 {.name = "data_format",
                  .form = AttrForm::string,
                  .value = "HWC",
                  .choices = {"HWC", "CHW", "HW"}}},
       .dtypes = same(),
       .shape = resize_shape,
       .vjp = ir::not_differentiable("bytes have no derivative"),
       .decompose = resize_rule,
       .sharding = "none: heights and widths are whole",
       .samples = resize_samples},
      {.name = "mix_pixels",
       .faces = ir::kHidden,
       .doc =
           "Each pixel along an axis as a mixture of pixels of x: the sum over taps of x at `at` "
           "times `weight`, divided by 2^22, rounded (halves up) and limited to 0..255. Sums "
           "wrap at 32 bits.\n"
           "Args:\n"
           "  x: uint8.\n"
           "  at: int64 [output, taps], positions along the axis; one outside counts as the "
           "nearest.\n"
           "  weight: int32 [output, taps], 2^22 for a whole pixel.\n"
           "  axis: which axis of x.\n"
           "Source:\n"
           "  Pillow, Resample.c.",
       .operands = {{.name = "x", .dtypes = bit(DType::u8)},
                    {.name = "at", .dtypes = bit(DType::i64), .meets = false},
                    {.name = "weight", .dtypes = bit(DType::i32), .meets = false}},
       .attrs = {{.name = "axis", .form = AttrForm::axis}},
       .dtypes = same(),
       .shape = mix_shape,
       .vjp = ir::not_differentiable("bytes have no derivative"),
       .decompose = mix_rule,
       .sharding = "none: the axis is whole",
       .samples = mix_samples},
  };
}

}  // namespace proa::ops
