// Convolutions and transposed convolutions over 1, 2 or 3 spatial axes.

#include "proa/ir/need_extents.h"
#include "proa/ops/window.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

std::vector<int64_t> kernel_of(const ir::AttrView& op, std::span<const Dim> weight) {
  std::vector<int64_t> kernel;
  std::vector<Dim> unknown;
  for (size_t i = 2; i < weight.size(); ++i) {
    if (weight[i].is_const()) kernel.push_back(weight[i].constant());
    else unknown.push_back(weight[i]);
  }
  if (!unknown.empty())
    throw ir::NeedExtents(str(op.page().name, ": the size of the kernel"), std::move(unknown));
  return kernel;
}

void check_weight(Infer& op, int axes) {
  if (op.rank(1) != axes + 2)
    op.fail(ErrorKind::shape, "weight",
            str("expected ", axes + 2, " dims, got shape ", to_string(op.dims(1))));
  for (int i = 2; i < axes + 2; ++i) {
    if (op.dim(1, i).is_const(0))
      op.fail(ErrorKind::shape, "weight",
              str("the kernel has no elements: shape ", to_string(op.dims(1))));
  }
}

void check_bias(Infer& op, Dim channels) {
  if (!op.present(2)) return;
  if (op.rank(2) != 1)
    op.fail(ErrorKind::shape, "bias",
            str("expected one value for each of ", to_string(channels),
                " output channels, got shape ", to_string(op.dims(2))));
  expect_eq(op, op.dim(2, 0), channels, "bias", [&] {
    return str("expected one value for each of ", to_string(channels), " output channels, got ",
               to_string(op.dim(2, 0)));
  });
}

template <int kAxes>
void conv_shape(Infer& op) {
  need_spatial(op, kAxes);
  check_weight(op, kAxes);
  std::vector<Dim> x = channels_first(op.dims(0), is_channels_last(op));
  Window w = window_of(op, kAxes, op.dims(0), kernel_of(op, op.dims(1)));
  int64_t groups = op.integer("groups");
  Dim outs = op.dim(1, 0);
  expect_eq(op, x[1], op.dim(1, 1) * Dim(groups), "x", [&] {
    return str("expected ", to_string(op.dim(1, 1) * Dim(groups)), " channels (weight of shape ",
               to_string(op.dims(1)), " in ", groups, " groups), got ", to_string(x[1]));
  });
  expect_divisible(op, outs, groups, "groups", [&] {
    return str(to_string(outs), " output channels do not divide into ", groups, " groups");
  });
  check_bias(op, outs);
  std::vector<Dim> dims{x[0], outs};
  for (size_t i = 0; i < kAxes; ++i) {
    Dim count =
        window_count(x[i + 2], w.low[i], w.high[i], w.kernel[i], w.stride[i], w.dilation[i]);
    int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
    Dim room = x[i + 2] + w.low[i] + w.high[i];
    expect_ge(op, room, reach, "x", [&] {
      return str("a kernel that reaches over ", reach, " elements does not fit into axis ", i,
                 " of ", to_string(room), " elements, padding included");
    });
    dims.push_back(count);
  }
  op.result(as_before(dims, w.channels_last));
}

Attrs conv_attrs(const Window& w, int64_t groups, L stride, std::vector<Dim> low,
                 std::vector<Dim> high, L input_dilation) {
  return {{"strides", std::move(stride)},    {"padding_low", std::move(low)},
          {"padding_high", std::move(high)}, {"lhs_dilation", std::move(input_dilation)},
          {"rhs_dilation", w.dilation},      {"groups", groups}};
}

Expr with_bias(Expr y, Expr bias) {
  if (!bias.value) return y;
  std::vector<Dim> dims(static_cast<size_t>(y.rank()), Dim(1));
  dims[1] = bias.dim(0);
  return y + reshape(bias, dims);
}

template <int kAxes>
void conv_rule(Decompose& d) {
  Window w = window_of(d, kAxes, d.in(0).dims(), kernel_of(d, d.in(1).dims()));
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0);
  Expr y = call1("prim.conv", {x, d.in(1)},
                 conv_attrs(w, d.integer("groups"), w.stride, w.low, w.high, L(kAxes, 1)));
  y = with_bias(y, d.in(2));
  d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

// Transposed: weight is [in, out / groups, kernel]; the output is where a convolution of that
// weight would have come from.
struct Transposed {
  Window window;
  std::vector<Dim> dims;       // of the result, channels first
  std::vector<Dim> extra;      // what it has beyond the places that x's elements reach
  std::vector<Dim> low, high;  // padding of the equal convolution
};

Transposed transposed_of(const ir::AttrView& op, int axes, std::span<const Dim> x_given,
                         std::span<const Dim> weight) {
  Transposed t;
  t.window = window_of(op, axes, x_given, kernel_of(op, weight));
  Window& w = t.window;
  std::vector<Dim> x = channels_first(x_given, w.channels_last);
  int64_t groups = op.integer("groups");
  t.dims = {x[0], weight[1] * Dim(groups)};
  std::vector<int64_t> extra = op.ints_n("output_padding", axes);
  std::vector<Dim> wanted;
  if (op.has("output_size")) {
    wanted = op.dims_attr("output_size");
    if (wanted.size() == 1) wanted.assign(static_cast<size_t>(axes), wanted[0]);
    if (wanted.size() != static_cast<size_t>(axes))
      op.fail(ErrorKind::value, "output_size",
              str("expected ", axes, " sizes, got ", wanted.size()));
  }
  for (size_t i = 0; i < static_cast<size_t>(axes); ++i) {
    int64_t reach = (w.kernel[i] - 1) * w.dilation[i];
    Dim natural =
        max(Dim(0), (x[i + 2] - 1) * Dim(w.stride[i]) + Dim(reach + 1) - w.low[i] - w.high[i]);
    Dim more = extra[i];
    if (!wanted.empty()) {
      more = wanted[i] - natural;
    } else if (extra[i] >= std::max(w.stride[i], w.dilation[i])) {
      op.fail(ErrorKind::value, "output_padding",
              str("expected less than the stride ", w.stride[i], " or the dilation ", w.dilation[i],
                  ", got ", extra[i]));
    }
    t.extra.push_back(more);
    t.dims.push_back(natural + more);
    t.low.push_back(Dim(reach) - w.low[i]);
    t.high.push_back(Dim(reach) - w.high[i] + more);
  }
  return t;
}

template <int kAxes>
void transposed_shape(Infer& op) {
  need_spatial(op, kAxes);
  check_weight(op, kAxes);
  Transposed t = transposed_of(op, kAxes, op.dims(0), op.dims(1));
  std::vector<Dim> x = channels_first(op.dims(0), t.window.channels_last);
  for (size_t i = 2; i < x.size(); ++i) {  // no convolution leads to nothing
    expect_ge(op, x[i], 1, "x", [&] {
      return str("expected at least 1 element along each spatial axis, got shape ",
                 to_string(op.dims(0)));
    });
  }
  Dim channels = x[1];
  int64_t groups = op.integer("groups");
  expect_eq(op, channels, op.dim(1, 0), "x", [&] {
    return str("expected ", to_string(op.dim(1, 0)), " channels as the weight of shape ",
               to_string(op.dims(1)), " takes, got ", to_string(channels));
  });
  for (size_t i = 0; op.has("output_size") && i < kAxes; ++i) {
    Dim wanted = t.dims[i + 2], least = wanted - t.extra[i],
        most = least + Dim(t.window.stride[i] - 1);
    auto message = [&] {
      return str("expected a size from ", to_string(least), " to ", to_string(most), " at axis ", i,
                 ", got ", to_string(wanted));
    };
    expect_ge(op, wanted, least, "output_size", message);
    expect_ge(op, most, wanted, "output_size", message);
  }
  expect_divisible(op, channels, groups, "groups", [&] {
    return str(to_string(channels), " channels do not divide into ", groups, " groups");
  });
  check_bias(op, t.dims[1]);
  op.result(as_before(t.dims, t.window.channels_last));
}

template <int kAxes>
void transposed_rule(Decompose& d) {
  Transposed t = transposed_of(d, kAxes, d.in(0).dims(), d.in(1).dims());
  const Window& w = t.window;
  int64_t groups = d.integer("groups");
  Expr x = w.channels_last ? transpose(d.in(0), w.to_first()) : d.in(0), weight = d.in(1);
  // [groups * in, out, k] -> [groups * out, in, k], the kernel reversed.
  std::vector<int> spatial, order{0, 2, 1};
  std::vector<Dim> cut{Dim(groups), floordiv(weight.dim(0), groups), weight.dim(1)},
      joined{weight.dim(1) * Dim(groups), floordiv(weight.dim(0), groups)};
  for (int i = 0; i < kAxes; ++i) {
    spatial.push_back(i + 2);
    order.push_back(i + 3);
    cut.push_back(weight.dim(i + 2));
    joined.push_back(weight.dim(i + 2));
  }
  weight = reshape(transpose(reshape(reverse(weight, spatial), cut), order), joined);
  Expr y =
      call1("prim.conv", {x, weight}, conv_attrs(w, groups, L(kAxes, 1), t.low, t.high, w.stride));
  y = with_bias(y, d.in(2));
  d.out(w.channels_last ? transpose(y, w.to_last()) : y);
}

L shaped(int axes, L lead, int64_t extent) {
  lead.insert(lead.end(), static_cast<size_t>(axes), extent);
  return lead;
}

template <int kAxes, bool kTransposed>
void conv_samples(SampleList& s) {
  auto x = [](int64_t n, int64_t c, int64_t e) { return T(shaped(kAxes, {n, c}, e)); };
  auto w = [](int64_t o, int64_t c, int64_t e) {
    return kTransposed ? T(shaped(kAxes, {c, o}, e)) : T(shaped(kAxes, {o, c}, e));
  };
  s.ok({x(2, 3, 5), w(4, 3, 3), T({4})});
  s.ok({x(1, 3, 6), w(2, 3, 2), absent()}, {{"stride", 2}, {"padding", 1}});
  s.ok({x(2, 2, 6), w(3, 2, 3), absent()}, {{"dilation", 2}, {"padding", 2}});
  if (!kTransposed) {
    s.ok({x(2, 4, 5), w(4, 2, 3), absent()}, {{"groups", 2}, {"padding", "SAME"}});
    s.ok({x(2, 3, 5), w(3, 1, 3), absent()}, {{"groups", 3}}).note = "depthwise";
  } else {
    s.ok({x(2, 4, 3), w(2, 4, 3), absent()}, {{"groups", 2}, {"stride", 2}, {"output_padding", 1}});
  }
  s.ok({x(0, 3, 5), w(4, 3, 3), absent()});
  s.wrong({x(2, 2, 5), w(4, 3, 3), absent()}, {}, ErrorKind::shape, "channels");
  s.wrong({T({3, 5}), w(4, 3, 3), absent()}, {}, ErrorKind::shape, "dims (batch, channels");
  s.wrong({x(2, 3, 5), T({4, 3}), absent()}, {}, ErrorKind::shape, "expected");
  s.wrong({x(2, 3, 5), w(4, 3, 3), T({5})}, {}, ErrorKind::shape, "output channels");
  s.wrong({x(2, 3, 5), w(4, 3, 3), T({1, 4})}, {}, ErrorKind::shape, "output channels");
  s.wrong({x(2, 3, 5), w(4, 3, 3), absent()}, {{"stride", 0}}, ErrorKind::value, "at least 1");
  s.wrong({x(2, 3, 5), w(4, 3, 3), absent()}, {{"padding", -1}}, ErrorKind::value, "at least 0");
  s.wrong({x(2, 3, 5), w(4, 3, 3), absent()}, {{"padding", "FULL"}}, ErrorKind::value, "'SAME'");
  s.wrong({x(2, 3, 5), w(4, 3, 3), absent()}, {{"data_format", "CHWN"}}, ErrorKind::value,
          "expected one of");
  s.wrong({x(2, 3, 5), w(4, 3, 3), absent()}, {{"dilation", L{1, 1, 1, 1}}}, ErrorKind::value,
          "of them");
  if (!kTransposed)
    s.wrong({x(1, 3, 2), w(4, 3, 3), absent()}, {}, ErrorKind::shape, "does not fit");
}

template <int kAxes>
ir::Page conv_page(std::string_view name, std::string_view doc) {
  return {.name = name,
          .faces = ir::kFunctional,
          .doc = doc,
          .operands = {operand_x(kNumberSet),
                       {.name = "weight", .aliases = {"filter"}, .dtypes = kNumberSet},
                       {.name = "bias", .dtypes = kNumberSet, .optional = true}},
          .attrs = {sizes_attr("stride", 1),
                    padding_attr(),
                    sizes_attr("dilation", 1),
                    {.name = "groups", .form = AttrForm::integer, .value = 1, .lowest = 1},
                    format_attr(kAxes)},
          .shape = conv_shape<kAxes>,
          .vjp = by_decomposition(),
          .decompose = conv_rule<kAxes>,
          .sharding = "n c ..., o c ..., o -> n o ...; c: sum, ...: halo",
          .samples = conv_samples<kAxes, false>};
}

template <int kAxes>
ir::Page transposed_page(std::string_view name, std::string_view doc) {
  ir::AttrSpec format = format_attr(kAxes);
  ir::AttrSpec output_size{.name = "output_size", .form = AttrForm::shape, .value = kNone};
  ir::Page page = conv_page<kAxes>(name, doc);
  page.attrs = {sizes_attr("stride", 1),
                padding_attr(),
                sizes_attr("output_padding", 0, {}, 0),
                {.name = "groups", .form = AttrForm::integer, .value = 1, .lowest = 1},
                sizes_attr("dilation", 1),
                output_size,
                format};
  if (kAxes == 1)
    page.signature =
        "x, weight, bias, stride, padding, output_padding, groups, dilation, output_size, "
        "data_format";
  else
    page.signature = kAxes == 2 ? "x, weight, bias, stride, padding, output_padding, dilation, "
                                  "groups, output_size, data_format"
                                : "x, weight, bias, stride, padding, output_padding, groups, "
                                  "dilation, output_size, data_format";
  page.shape = transposed_shape<kAxes>;
  page.decompose = transposed_rule<kAxes>;
  page.samples = conv_samples<kAxes, true>;
  return page;
}

constexpr std::string_view kConvDoc =
    "The convolution (cross-correlation) of x with weight [out, in / groups, kernel...], plus bias "
    "[out]. padding: one integer, one an axis, a pair an axis, 'SAME' or 'VALID'. "
    "The order of the sum is in docs/design/numerics.md.";
constexpr std::string_view kTransposedDoc =
    "The transposed convolution of x with weight [in, out / groups, kernel...], plus bias [out]: "
    "the gradient of a convolution with respect to its input (Zeiler et al. 2010). "
    "output_padding or output_size chooses among the sizes that a stride leaves open.";

}  // namespace

std::vector<ir::Page> convolution_pages() {
  return {
      conv_page<1>("conv1d", kConvDoc),
      conv_page<2>("conv2d", kConvDoc),
      conv_page<3>("conv3d", kConvDoc),
      transposed_page<1>("conv1d_transpose", kTransposedDoc),
      transposed_page<2>("conv2d_transpose", kTransposedDoc),
      transposed_page<3>("conv3d_transpose", kTransposedDoc),
  };
}

}  // namespace proa::ops
