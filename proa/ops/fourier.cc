// Discrete Fourier transforms with sizes and scales, in the words of NumPy's fft.

#include <algorithm>
#include <cmath>

#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

enum Kind { kForward, kInverse, kRealToComplex, kComplexToReal };
constexpr std::string_view kKinds[] = {"forward", "inverse", "r2c", "c2r"};
constexpr DTypeSet kTransformed =
    static_cast<DTypeSet>(kBoolSet | kIntSet | bit(DType::f32) | bit(DType::f64) | kComplexSet);
constexpr DTypeSet kRealTransformed =
    static_cast<DTypeSet>(kBoolSet | kIntSet | bit(DType::f32) | bit(DType::f64));

// The axes of a transform in the order listed, and the size along each.
struct Plan {
  std::vector<int> axes;
  std::vector<Dim> sizes;  // of the signal: for c2r of the result, else of what is transformed
};

template <Kind kKind, bool kMany>
Plan plan_of(const ir::AttrView& op, std::span<const Dim> dims) {
  int rank = static_cast<int>(dims.size());
  std::string_view size_name = kMany ? "s" : "n", axis_name = kMany ? "axes" : "axis";
  std::vector<Dim> given;
  if (op.has(size_name)) given = op.dims_attr(size_name);
  Plan plan;
  if (!kMany) {
    plan.axes = {op.axis(axis_name, rank)};
  } else if (op.has(axis_name)) {
    plan.axes = ordered_axes(op, axis_name, rank);
  } else {
    int count = given.empty() ? rank : static_cast<int>(given.size());
    if (count > rank)
      op.fail(ErrorKind::value, size_name, str("expected at most ", rank, " sizes, got ", count));
    for (int i = rank - count; i < rank; ++i) plan.axes.push_back(i);
  }
  if (plan.axes.empty())
    op.fail(ErrorKind::value, axis_name,
            rank == 0 ? "a 0-d tensor has no axis to transform" : "expected at least one axis");
  if (!given.empty() && given.size() != plan.axes.size()) {
    op.fail(ErrorKind::value, size_name,
            str("expected one size for each of ", plan.axes.size(), " axes, got ", given.size()));
  }
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    Dim extent = dims[static_cast<size_t>(plan.axes[i])];
    if (kKind == kComplexToReal && i + 1 == plan.axes.size()) extent = (extent - Dim(1)) * Dim(2);
    plan.sizes.push_back(given.empty() ? extent : given[i]);
  }
  return plan;
}

Dim half(Dim n) { return floordiv(n, Dim(2)) + Dim(1); }

template <Kind kKind, bool kMany>
void transform_shape(Infer& op) {
  Plan plan = plan_of<kKind, kMany>(op, op.dims(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    Dim size = plan.sizes[i];
    expect_ge(op, size, 1, kMany ? "s" : "n", [&] {
      return str("expected at least 1 point along axis ", plan.axes[i], ", got ", to_string(size));
    });
    dims[static_cast<size_t>(plan.axes[i])] =
        kKind == kRealToComplex && i + 1 == plan.axes.size() ? half(size) : size;
  }
  DType t = is_inexact(op.dtype(0)) ? op.dtype(0) : op.default_float();
  op.result(dims, kKind == kComplexToReal ? real_of(t) : complex_of(t));
}

// Cut, or filled up with zeros at the end.
Expr resized(Expr x, int axis, Dim size) {
  Dim extent = x.dim(axis);
  if (extent == size) return x;
  std::vector<Dim> low(static_cast<size_t>(x.rank()), Dim(0)), high = low;
  high[static_cast<size_t>(axis)] = size - extent;
  return pad(x, zero_like(x), low, high, {});
}

// A Hermitian signal and its real spectrum are the same pair the other way about: conjugated, and
// with the scale on the other side.
template <Kind kKind, bool kMany, bool kHermitian = false>
void transform_rule(Decompose& d) {
  Expr x = kHermitian ? conj(d.in(0)) : d.in(0);
  Plan plan = plan_of<kKind, kMany>(d, x.dims());
  DType result = d.result_type().dtype();
  x = cast(x, kKind == kRealToComplex ? real_of(result) : complex_of(result));
  L axes(plan.axes.begin(), plan.axes.end());
  Dim points = ir::product(plan.sizes), last = plan.sizes.back();
  for (size_t i = 0; i < plan.axes.size(); ++i) {
    bool halved = kKind == kComplexToReal && i + 1 == plan.axes.size();
    x = resized(x, plan.axes[i], halved ? half(plan.sizes[i]) : plan.sizes[i]);
  }
  Attrs attrs{{"kind", kKinds[kKind]}, {"axes", axes}};
  if (kKind == kComplexToReal)
    attrs.emplace_back("length", ir::Attribute::dim(d.builder().context(), last));
  Expr y = call1("prim.fft", {x}, attrs);
  bool back = kKind == kInverse || kKind == kComplexToReal;
  std::string_view norm = d.text("norm");
  if (norm == "ortho" || (norm == "backward") == (back != kHermitian)) {
    Expr n = dim_value(d.builder(), points, real_of(result));
    y = y * cast(1.0 / (norm == "ortho" ? sqrt(n) : n), y.dtype());
  }
  d.out(kHermitian ? conj(y) : y);
}

template <Kind kKind, bool kMany>
void transform_samples(SampleList& s) {
  constexpr bool real = kKind == kRealToComplex;
  constexpr DType types[] = {real ? DType::f32 : DType::c64, real ? DType::f64 : DType::c128};
  constexpr std::string_view size_name = kMany ? "s" : "n", axis_name = kMany ? "axes" : "axis";
  auto ints = [](int64_t v) { return kMany ? ir::Literal(L{v}) : ir::Literal(v); };
  for (DType t : types) {
    for (const char* norm : {"backward", "ortho", "forward"})
      s.ok({T(t, {3, 5})}, {{"norm", norm}, {axis_name, ints(1)}});
    s.ok({T(t, {3, 5})});
    s.ok({T(t, {3, 5})}, {{size_name, ints(4)}, {axis_name, ints(0)}});
    s.ok({T(t, {3, 5})}, {{size_name, ints(8)}, {axis_name, ints(-1)}});
    if (kMany) s.ok({T(t, {2, 3, 4})}, {{"s", L{3, 5}}, {"axes", L{2, 0}}});
  }
  DType t = types[0];
  if (real) s.wrong({T(DType::c64, {4})}, {{axis_name, ints(0)}}, ErrorKind::type, "dtype");
  else s.wrong({T(DType::f16, {4})}, {{axis_name, ints(0)}}, ErrorKind::type, "dtype");
  s.wrong({T(t, {4})}, {{axis_name, ints(1)}}, ErrorKind::index, "out of range");
  s.wrong({T(t, {4})}, {{axis_name, ints(0)}, {size_name, ints(0)}}, ErrorKind::shape,
          "at least 1 point");
  s.wrong({T(t, {4})}, {{axis_name, ints(0)}, {size_name, ints(-3)}}, ErrorKind::shape,
          "at least 1 point");
  s.wrong({T(t, {0})}, {{axis_name, ints(0)}}, ErrorKind::shape, "at least 1 point");
  s.wrong({T(t, {4})}, {{axis_name, ints(0)}, {"norm", "unitary"}}, ErrorKind::value,
          "expected one of");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  if (kMany) {
    s.wrong({T(t, {4, 4})}, {{"axes", L{0, -2}}}, ErrorKind::value, "twice");
    s.wrong({T(t, {4, 4})}, {{"axes", L{0, 1}}, {"s", L{4}}}, ErrorKind::value,
            "one size for each");
  }
}

template <Kind kKind, bool kMany>
ir::Page page_of(std::string_view name, std::string_view doc, ir::Literal axes = kNone) {
  ir::AttrSpec norm{.name = "norm",
                    .form = AttrForm::string,
                    .value = "backward",
                    .choices = {"backward", "ortho", "forward"}};
  std::vector<ir::AttrSpec> attrs;
  if (kMany) {
    attrs = {{.name = "s", .form = AttrForm::shape, .value = kNone},
             {.name = "axes", .aliases = {"dim"}, .form = AttrForm::ints, .value = std::move(axes)},
             norm};
  } else {
    attrs = {{.name = "n", .form = AttrForm::integer, .value = kNone},
             {.name = "axis", .aliases = {"dim"}, .form = AttrForm::axis, .value = -1},
             norm};
  }
  return {.name = name,
          .faces = ir::kFft,
          .doc = doc,
          .operands = {operand_x(kKind == kRealToComplex ? kRealTransformed : kTransformed)},
          .attrs = std::move(attrs),
          .dtypes = by_shape_rule(),
          .shape = transform_shape<kKind, kMany>,
          .vjp = by_decomposition(),
          .decompose = transform_rule<kKind, kMany>,
          .sharding = kMany ? "... -> ...; @axes: whole" : "... -> ...; @axis: whole",
          .cost = [](Cost& c) { c.flops(Cost::elements(c.result()) * Dim(40)); },
          .samples = transform_samples<kKind, kMany>};
}

template <Kind kKind, bool kMany>
ir::Page hermitian(std::string_view name, std::string_view doc, ir::Literal axes = kNone) {
  ir::Page page = page_of<kKind, kMany>(name, doc, std::move(axes));
  page.decompose = transform_rule<kKind, kMany, true>;
  return page;
}

// fftshift, ifftshift: zero in the middle, and back.

std::vector<int> shifted_axes(const ir::AttrView& op, int rank) {
  std::vector<int> axes;
  if (op.has("axes")) return ordered_axes(op, "axes", rank);
  for (int i = 0; i < rank; ++i) axes.push_back(i);
  return axes;
}

void shift_shape(Infer& op) {
  (void)shifted_axes(op, op.rank(0));
  op.result(op.dims(0));
}

template <bool kBack>
void shift_rule(Decompose& d) {
  Expr x = d.in(0);
  for (int axis : shifted_axes(d, x.rank())) {
    Dim n = x.dim(axis), cut = floordiv(kBack ? n : n + Dim(1), Dim(2));
    Expr parts[] = {slice_axis(x, axis, cut, n), slice_axis(x, axis, 0, cut)};
    x = concat(parts, axis);
  }
  d.out(x);
}

void shift_samples(SampleList& s) {
  s.ok({T({5})});
  s.ok({T({4, 3})});
  s.ok({T({4, 3})}, {{"axes", 1}});
  s.ok({T({2, 3, 4})}, {{"axes", L{0, -1}}});
  s.ok({T({0})});
  s.wrong({T({4, 4})}, {{"axes", L{0, -2}}}, ErrorKind::value, "twice");
  refuse_axis(s, {T({4})}, {}, "axes");
  refuse_strangers(s, {T({4})}, {});
}

ir::Page shifting(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return {.name = name,
          .faces = ir::kFft,
          .doc = doc,
          .operands = {operand_x(kAnySet)},
          .attrs = {{.name = "axes", .aliases = {"dim"}, .form = AttrForm::ints, .value = kNone}},
          .shape = shift_shape,
          .vjp = by_decomposition(),
          .decompose = rule,
          .sharding = "... -> ...; @axes: whole",
          .cost = no_flops,
          .samples = shift_samples};
}

// fftfreq, rfftfreq: the frequencies that the elements of a transform stand for.

template <bool kHalf>
void frequency_shape(Infer& op) {
  DType t = op.has("dtype") ? op.dtype_attr("dtype") : op.default_float();
  if (!contains(kFloatSet, t))
    op.fail(ErrorKind::type, "dtype", str("expected a float dtype, got ", to_string(t)));
  if (op.real("d") == 0) op.fail(ErrorKind::value, "d", "expected a spacing other than 0, got 0");
  int64_t n = op.integer("n");
  op.result(std::vector<Dim>{Dim(kHalf ? n / 2 + 1 : n)}, t);
}

template <bool kHalf>
void frequency_rule(Decompose& d) {
  auto n = static_cast<double>(d.integer("n"));
  auto dims = d.result_type().dims();
  Expr i = iota(d.builder(), DType::f64, dims, 0);
  if (!kHalf) {
    Expr late = compare("ge", i, static_cast<double>((d.integer("n") + 1) / 2));
    i = select(late, i - n, i);
  }
  d.out(cast(i / (n * d.real("d")), d.result_type().dtype()));
}

void frequency_samples(SampleList& s) {
  for (int n : {1, 4, 5, 8}) s.ok({}, {{"n", n}});
  s.ok({}, {{"n", 6}, {"d", 0.5}, {"dtype", DType::f64}});
  s.wrong({}, {}, ErrorKind::value, "required");
  s.wrong({}, {{"n", 0}}, ErrorKind::value, "at least 1");
  s.wrong({}, {{"n", -3}}, ErrorKind::value, "at least 1");
  s.wrong({}, {{"n", 4}, {"d", 0.0}}, ErrorKind::value, "other than 0");
  s.wrong({}, {{"n", 4}, {"d", "x"}}, ErrorKind::type, "a number");
  s.wrong({}, {{"n", 4}, {"dtype", DType::i32}}, ErrorKind::type, "float dtype");
}

ir::Page frequencies(std::string_view name, std::string_view doc, void (*shape)(Infer&),
                     DecomposeRule rule) {
  return {.name = name,
          .faces = ir::kFft,
          .doc = doc,
          .operands = {},
          .attrs = {{.name = "n", .form = AttrForm::integer, .lowest = 1},
                    {.name = "d", .form = AttrForm::real, .value = 1.0},
                    {.name = "dtype", .form = AttrForm::dtype, .value = kNone}},
          .dtypes = by_shape_rule(),
          .shape = shape,
          .vjp = ir::zero_gradient("the result does not depend on any value"),
          .decompose = rule,
          .sharding = "-> ...",
          .samples = frequency_samples};
}

}  // namespace

std::vector<ir::Page> fourier_pages() {
  const ir::Literal two(L{-2, -1});
  return {
      page_of<kForward, false>(
          "fft",
          "The discrete Fourier transform along axis, of n points (cut, or filled up with zeros). "
          "norm says where 1 / n goes: to the inverse, to both as its root, or to this one."),
      page_of<kInverse, false>("ifft", "The inverse of fft along axis, of n points."),
      page_of<kRealToComplex, false>(
          "rfft",
          "The transform of real numbers along axis, of which the n / 2 + 1 frequencies that are "
          "not conjugates of others are given."),
      page_of<kComplexToReal, false>("irfft",
                                     "The inverse of rfft along axis: n real numbers (2 (m - 1) "
                                     "without n) from n / 2 + 1 frequencies."),
      page_of<kForward, true>("fft2", "The transform over two axes, of s points.", two),
      page_of<kInverse, true>("ifft2", "The inverse of fft2.", two),
      page_of<kRealToComplex, true>(
          "rfft2", "The transform of real numbers over two axes; the last one is halved.", two),
      page_of<kComplexToReal, true>("irfft2", "The inverse of rfft2.", two),
      page_of<kForward, true>("fftn",
                              "The transform over axes (all of them without axes, or the last ones "
                              "that s has sizes for), of s points."),
      page_of<kInverse, true>("ifftn", "The inverse of fftn."),
      page_of<kRealToComplex, true>(
          "rfftn", "The transform of real numbers over axes; the last one listed is halved."),
      page_of<kComplexToReal, true>("irfftn", "The inverse of rfftn."),
      hermitian<kComplexToReal, false>(
          "hfft",
          "The transform along axis of a signal that is its own conjugate mirrored, of which half "
          "is given: n real numbers (2 (m - 1) without n)."),
      hermitian<kRealToComplex, false>("ihfft", "The inverse of hfft, of real numbers."),
      hermitian<kComplexToReal, true>("hfft2", "hfft over two axes, the last one from its half.",
                                      two),
      hermitian<kRealToComplex, true>("ihfft2", "The inverse of hfft2.", two),
      hermitian<kComplexToReal, true>("hfftn",
                                      "hfft over axes; the last one listed is given by its half."),
      hermitian<kRealToComplex, true>("ihfftn", "The inverse of hfftn."),
      shifting("fftshift",
               "x with the frequency 0 moved from the front to the middle of each axis.",
               shift_rule<false>),
      shifting("ifftshift", "The inverse of fftshift.", shift_rule<true>),
      frequencies("fftfreq",
                  "The frequencies of the n elements of a transform of points d apart, in cycles "
                  "a unit: 0, 1, ... and then the negative ones, over n d.",
                  frequency_shape<false>, frequency_rule<false>),
      frequencies("rfftfreq", "The frequencies of the n / 2 + 1 elements of rfft.",
                  frequency_shape<true>, frequency_rule<true>),
  };
}

}  // namespace proa::ops
