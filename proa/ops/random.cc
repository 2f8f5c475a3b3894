// Random tensors. The generator's key (seed, call number) is an operand that the door fills in; the
// element's logical index is the counter, so that numbers depend on nothing else (Philox4x32-10,
// Salmon et al. 2011).

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

constexpr double kTwoPi = 6.28318530717958647692;

OperandSpec key_operand() {
  return {
      .name = "key", .dtypes = bit(DType::i64), .optional = true, .meets = false, .rng_key = true};
}
ir::AttrSpec shape_attr() {
  return {.name = "shape", .aliases = {"size"}, .form = AttrForm::shape};
}
ir::AttrSpec dtype_attr() { return {.name = "dtype", .form = AttrForm::dtype, .value = kNone}; }
ir::AttrSpec real_attr(std::string_view name, double value,
                       std::vector<std::string_view> aliases = {}) {
  return {.name = name, .aliases = std::move(aliases), .form = AttrForm::real, .value = value};
}

// Uniform on [0, 1), with as many random bits as the dtype's significand has: 53, 24, 11 or 8, so
// that no rounding reaches 1.
Expr uniform_unit(Expr key, Dims dims, DType dtype) {
  bool wide = dtype == DType::f64;
  DType bits = wide ? DType::i64 : DType::i32;
  int kept = wide ? 53 : dtype == DType::f16 ? 11 : dtype == DType::bf16 ? 8 : 24;
  Expr raw = call1("prim.rng_bits", {key},
                   {{"dtype", bits}, {"shape", std::vector<Dim>(dims.begin(), dims.end())}});
  Expr shift = full(*key.builder, dims, bits, (wide ? 64 : 32) - kept);
  Expr whole = call1("prim.shr", {raw, shift}, {{"logical", true}});
  return cast(whole, wide ? DType::f64 : DType::f32) * __builtin_ldexp(1.0, -kept);
}

// Box and Muller 1958: sqrt(-2 log(u)) cos(2 pi v), with u in (0, 1]. The pair of an element stands
// together, so that its number does not depend on how many others there are.
Expr normal_unit(Expr key, Dims dims, DType dtype) {
  DType work = dtype == DType::f64 ? DType::f64 : DType::f32;
  std::vector<Dim> twice(dims.begin(), dims.end());
  twice.emplace_back(2);
  Expr pair = uniform_unit(key, twice, work);
  int last = static_cast<int>(dims.size());
  Expr u = 1.0 - squeeze(slice_axis(pair, last, 0, 1), last),
       v = squeeze(slice_axis(pair, last, 1, 2), last);
  return sqrt(log(u) * -2.0) * cos(v * kTwoPi);
}

void sized(Infer& op, DType dtype) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  op.result(dims, dtype);
}

DType float_dtype(Infer& op) {
  DType dtype = op.has("dtype") ? op.dtype_attr("dtype") : op.default_float();
  if (!contains(kFloatSet, dtype))
    op.fail(ErrorKind::type, "dtype", str("expected a float dtype, got ", to_string(dtype)));
  return dtype;
}

void float_shape(Infer& op) { sized(op, float_dtype(op)); }

void uniform_shape(Infer& op) {
  double low = op.real("min"), high = op.real("max");
  if (!(low <= high) || __builtin_isinf(high - low))
    op.fail(ErrorKind::value, "max",
            str("expected a finite range from min = ", low, " up, got ", high));
  float_shape(op);
}

void gaussian_shape(Infer& op) {
  if (!(op.real("std") >= 0))
    op.fail(ErrorKind::value, "std", str("expected at least 0, got ", op.real("std")));
  float_shape(op);
}

// Stops the run where the condition on the values of an operand fails somewhere.
void require_all(Expr condition, std::string_view message) {
  std::vector<int> axes;
  for (int i = 0; i < condition.rank(); ++i) axes.push_back(i);
  Expr all = reduce("and", condition, axes);
  (void)call(*all.builder, "prim.shape_assert", {&all, 1}, {{"message", message}});
}

Expr key_of(const ir::OperandView& d) { return d.in(d.page().operands[0].rng_key ? 0 : 1); }

void rand_rule(Decompose& d) {
  DType dtype = d.result_type().dtype();
  d.out(cast(uniform_unit(key_of(d), d.result_type().dims(), dtype), dtype));
}

void uniform_rule(Decompose& d) {
  DType dtype = d.result_type().dtype();
  double low = d.real("min"), high = d.real("max");
  Expr u = uniform_unit(key_of(d), d.result_type().dims(), dtype);
  Expr y = cast(u * (high - low) + low, dtype);
  // The rounding of low + u * (high - low) must not reach high.
  d.out(select(compare("lt", y, high), y, full_like(y, low)));
}

void randn_rule(Decompose& d) {
  DType dtype = d.result_type().dtype();
  d.out(cast(normal_unit(key_of(d), d.result_type().dims(), dtype), dtype));
}

void gaussian_rule(Decompose& d) {
  DType dtype = d.result_type().dtype();
  d.out(cast(normal_unit(key_of(d), d.result_type().dims(), dtype) * d.real("std") + d.real("mean"),
             dtype));
}

void randint_shape(Infer& op) {
  DType dtype = op.dtype_attr("dtype");
  if (!is_int(dtype))
    op.fail(ErrorKind::type, "dtype", str("expected an integer dtype, got ", to_string(dtype)));
  int64_t low = op.has("high") ? op.integer("low") : 0,
          high = op.has("high") ? op.integer("high") : op.integer("low");
  if (low >= high)
    op.fail(ErrorKind::value, "high", str("expected more than low = ", low, ", got ", high));
  int64_t width = 0;
  if (__builtin_sub_overflow(high, low, &width)) {
    op.fail(ErrorKind::value, "high",
            str("expected a range of at most 2^63 - 1 integers from ", low, ", got ", high));
  }
  int bits = static_cast<int>(8 * size_of(dtype));
  bool unsigned_dtype = dtype == DType::u8;
  if (bits < 64) {
    int64_t least = unsigned_dtype ? 0 : -(int64_t{1} << (bits - 1)),
            most = (int64_t{1} << (bits - (unsigned_dtype ? 0 : 1))) - 1;
    if (low < least || high - 1 > most) {
      op.fail(ErrorKind::value, "dtype",
              str("expected a dtype that holds ", low, "..", high - 1, ", got ", to_string(dtype)));
    }
  }
  sized(op, dtype);
}

// 64 random bits modulo the width of the range.
void randint_rule(Decompose& d) {
  int64_t low = d.has("high") ? d.integer("low") : 0,
          high = d.has("high") ? d.integer("high") : d.integer("low");
  auto dims = d.result_type().dims();
  Expr raw = call1("prim.rng_bits", {key_of(d)},
                   {{"dtype", DType::i64}, {"shape", std::vector<Dim>(dims.begin(), dims.end())}});
  Expr positive =
      call1("prim.shr", {raw, full(d.builder(), dims, DType::i64, 1)}, {{"logical", true}});
  auto number = [&](int64_t v) {
    auto held = std::make_shared<int64_t>(v);
    return constant(d.builder(), ir::TensorData{DType::i64, {}, held, held.get(), sizeof(int64_t)});
  };
  d.out(cast(binary("rem", positive, number(high - low)) + number(low), d.result_type().dtype()));
}

void randperm_shape(Infer& op) {
  DType dtype = op.dtype_attr("dtype");
  if (!is_int(dtype) && !contains(kFloatSet, dtype)) {
    op.fail(ErrorKind::type, "dtype",
            str("expected an integer or float dtype, got ", to_string(dtype)));
  }
  int64_t n = op.integer("n");
  int64_t most = dtype == DType::u8     ? 256
                 : dtype == DType::i8   ? 128
                 : dtype == DType::i16  ? 32768
                 : dtype == DType::f16  ? 2049
                 : dtype == DType::bf16 ? 257
                 : dtype == DType::f32  ? 16777217
                                        : n;
  if (n > most) {
    op.fail(ErrorKind::value, "n",
            str("expected at most ", most, ", of which ", to_string(dtype),
                " holds each number, got ", n));
  }
  op.result(std::vector<Dim>{n}, dtype);
}

// The order that sorts random keys; ties keep their order.
void randperm_rule(Decompose& d) {
  std::vector<Dim> dims{d.integer("n")};
  Expr raw = call1("prim.rng_bits", {key_of(d)}, {{"dtype", DType::i64}, {"shape", dims}});
  std::vector<Expr> operands{raw, iota(d.builder(), DType::i64, dims, 0)};
  std::vector<int64_t> segments{2};
  d.out(cast(call(d.builder(), "prim.sort", operands,
                  {{"axis", 0}, {"keys", 1}, {"descending", false}}, segments)[1],
             d.result_type().dtype()));
}

void same_as_x(Infer& op) { op.result(op.dims(0), op.dtype(0)); }

void bernoulli_rule(Decompose& d) {
  Expr p = d.in(0);
  require_all(compare("ge", p, 0.0) & compare("le", p, 1.0),
              "x: expected probabilities, each in [0, 1]");
  DType work = p.dtype() == DType::f64 ? DType::f64 : DType::f32;
  d.out(cast(compare("lt", uniform_unit(d.in(1), p.dims(), work), cast(p, work)), p.dtype()));
}

// dropout: the mask is drawn over the axes named, or all.
std::vector<Dim> mask_dims(const ir::AttrView& op, std::span<const Dim> x) {
  std::vector<Dim> dims(x.begin(), x.end());
  if (!op.has("axis")) return dims;
  std::vector<int> axes = op.axes("axis", static_cast<int>(x.size()));
  for (size_t i = 0; i < dims.size(); ++i) {
    bool drawn = false;
    for (int axis : axes) drawn |= axis == static_cast<int>(i);
    if (!drawn) dims[i] = 1;
  }
  return dims;
}

void dropout_shape(Infer& op) {
  if (op.has("axis")) (void)op.axes("axis", op.rank(0));
  op.result(op.dims(0), op.dtype(0));
}

struct Dropped {
  Expr y, mask;  // no mask: nothing is dropped
};

Dropped drop(Decompose& d) {
  Expr x = d.in(0);
  double p = d.real("p");
  bool upscale = d.text("mode") == "upscale_in_train";
  if (!d.boolean("training")) return {upscale || p == 0 ? x : x * (1 - p), Expr()};
  if (p == 0) return {x, Expr()};
  Expr mask = compare("ge", uniform_unit(d.in(1), mask_dims(d, x.dims()), DType::f32), p);
  if (p == 1) return {zeros_like(x), mask};
  Expr kept = upscale ? x / (1 - p) : x;
  return {only_where(broadcast_to(mask, x.dims()), kept), mask};
}

void dropout_rule(Decompose& d) { d.out(drop(d).y); }
void dropout_augment(Augment& d) {
  Dropped result = drop(d);
  d.out(result.y);
  if (result.mask) d.keep("mask", result.mask);
}
void dropout_backward(Vjp& v) {
  Expr g = v.cotangent();
  double p = v.real("p");
  bool upscale = v.text("mode") == "upscale_in_train";
  if (!v.boolean("training")) {
    v.set(0, upscale || p == 0 ? g : g * (1 - p));
  } else if (p == 0) {
    v.set(0, g);
  } else if (p == 1) {
    v.set(0, zeros_like(g));
  } else {
    v.set(0, only_where(broadcast_to(v.residual("mask"), g.dims()), upscale ? g / (1 - p) : g));
  }
}

template <int kKind>
void created_samples(SampleList& s) {
  auto with = [](ir::SampleAttrs attrs) {
    if (kKind == 1) attrs.emplace_back("low", 10);
    return attrs;
  };
  for (L dims : {L{}, L{5}, L{3, 4}, L{0, 2}})
    s.ok_list({{}}, with({{"shape", dims}})).gradient = false;
  s.wrong_list({{}}, with({}), ErrorKind::value, "required");
  s.wrong_list({{}}, with({{"shape", -1}}), ErrorKind::shape, "at least 0");
  s.wrong_list({{}}, with({{"shape", "x"}}), ErrorKind::type, "expected integers");
  s.wrong_list({{}}, with({{"shape", 3}, {"dtype", 7}}), ErrorKind::type, "a dtype");
  s.wrong_list({{}}, with({{"shape", 3}, {"dtype", DType::boolean}}), ErrorKind::type, "dtype");
  s.wrong_list({{}}, with({{"shape", 3}, {"device", 1}}), ErrorKind::key, "no such argument");
  if (kKind == 1)
    s.wrong_list({{}}, {{"shape", 3}, {"low", 5}, {"high", 5}}, ErrorKind::value, "more than low");
  if (kKind == 1)
    s.wrong_list({{}}, {{"shape", 3}, {"low", 256}, {"dtype", DType::i8}}, ErrorKind::value,
                 "a dtype that holds 0..255");
}

void randperm_samples(SampleList& s) {
  for (int n : {0, 1, 7}) s.ok_list({{}}, {{"n", n}});
  s.wrong_list({{}}, {}, ErrorKind::value, "required");
  s.wrong_list({{}}, {{"n", -1}}, ErrorKind::value, "at least 0");
  s.wrong_list({{}}, {{"n", 1.5}}, ErrorKind::type, "an integer");
  s.wrong_list({{}}, {{"n", "x"}}, ErrorKind::type, "an integer");
  s.wrong_list({{}}, {{"n", 3}, {"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong_list({{}}, {{"n", 3}, {"dtype", DType::boolean}}, ErrorKind::type, "integer or float");
  s.wrong_list({{}}, {{"n", 129}, {"dtype", DType::i8}}, ErrorKind::value, "at most 128");
  s.wrong_list({{}}, {{"n", 3}, {"shape", 3}}, ErrorKind::key, "no such argument");
}

void bernoulli_samples(SampleList& s) {
  for (const auto& dims : usual_dims())
    s.ok({T(dims, Fill::probability), absent()}).gradient = false;
  s.wrong({absent(), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::i32, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T({2}), absent()}, {{"p", 0.5}}, ErrorKind::key, "no such argument");
  s.wrong({absent(), absent()}, {{"x", "1/2"}}, ErrorKind::type, "got str");
  s.wrong({T({2}), absent()}, {{"input", 0.5}}, ErrorKind::type, "given twice");
}

void dropout_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims), absent()}, {{"training", false}});
  s.ok({T({4, 5}), absent()}, {{"p", 0.25}}).gradient = false;
  s.ok({T({4, 5, 2}), absent()}, {{"axis", L{0, 1}}}).gradient = false;
  s.wrong({T({2}), absent()}, {{"p", 1.5}}, ErrorKind::value, "[0, 1]");
  s.wrong({T({2}), absent()}, {{"p", -0.5}}, ErrorKind::value, "[0, 1]");
  s.wrong({T({2}), absent()}, {{"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong({T({2}), absent()}, {{"mode", "scale"}}, ErrorKind::value, "expected one of");
  s.wrong({T({2}), absent()}, {{"training", 2}}, ErrorKind::type, "True or False");
  s.wrong({T(DType::i32, {2}), absent()}, {}, ErrorKind::type, "dtype");
}

ir::Page drawn(std::string_view name, std::string_view doc, std::vector<ir::AttrSpec> attrs,
               void (*shape)(Infer&), DecomposeRule rule, void (*samples)(SampleList&),
               uint32_t faces = ir::kTop) {
  return {.name = name,
          .faces = faces,
          .doc = doc,
          .operands = {key_operand()},
          .attrs = std::move(attrs),
          .dtypes = by_shape_rule(),
          .shape = shape,
          .vjp = ir::zero_gradient("random numbers depend on no tensor"),
          .decompose = rule,
          .sharding = "-> ...",
          .effects = Effects::rng,
          .samples = samples};
}

}  // namespace

std::vector<ir::Page> random_pages() {
  ir::AttrSpec i64{.name = "dtype", .form = AttrForm::dtype, .value = DType::i64};
  ir::AttrSpec low{.name = "low", .form = AttrForm::integer, .value = 0},
      high{.name = "high", .form = AttrForm::integer, .value = kNone};
  std::vector<std::string_view> modes = {"upscale_in_train", "downscale_in_infer"};
  return {
      drawn("rand", "Uniform numbers in [0, 1).", {shape_attr(), dtype_attr()}, float_shape,
            rand_rule, created_samples<0>),
      drawn("uniform", "Uniform numbers in [min, max).",
            {shape_attr(), dtype_attr(), real_attr("min", -1.0), real_attr("max", 1.0)},
            uniform_shape, uniform_rule, created_samples<0>),
      drawn("randn", "Numbers of the standard normal distribution (Box and Muller 1958).",
            {shape_attr(), dtype_attr()}, float_shape, randn_rule, created_samples<0>),
      drawn("standard_normal", "Numbers of the standard normal distribution.",
            {shape_attr(), dtype_attr()}, float_shape, randn_rule, created_samples<0>),
      drawn("gaussian", "Numbers of a normal distribution.",
            {shape_attr(), real_attr("mean", 0.0), real_attr("std", 1.0), dtype_attr()},
            gaussian_shape, gaussian_rule, created_samples<0>),
      [&] {
        ir::Page page =
            drawn("normal",
                  "Numbers of a normal distribution with the given mean and standard deviation.",
                  {real_attr("mean", 0.0), real_attr("std", 1.0), shape_attr(), dtype_attr()},
                  gaussian_shape, gaussian_rule, created_samples<0>);
        page.signature = "mean, std, shape, dtype";
        return page;
      }(),
      [&] {
        ir::Page page =
            drawn("randint", "Uniform integers in [low, high), or in [0, low) without high.",
                  {low, high, shape_attr(), i64}, randint_shape, randint_rule, created_samples<1>);
        return page;
      }(),
      drawn("randperm", "The integers 0 .. n - 1 in random order.",
            {{.name = "n", .form = AttrForm::integer, .lowest = 0}, i64}, randperm_shape,
            randperm_rule, randperm_samples),
      {.name = "bernoulli",
       .faces = kOperator,
       .doc = "1 with the probability that x holds, 0 otherwise. A number outside [0, 1] is "
              "refused.",
       .operands = {operand_x(kFloatSet), key_operand()},
       .dtypes = by_shape_rule(),
       .shape = same_as_x,
       .vjp = ir::zero_gradient("a draw is constant almost everywhere"),
       .decompose = bernoulli_rule,
       .sharding = "... -> ...",
       .effects = Effects::rng,
       .samples = bernoulli_samples},
      {.name = "dropout",
       .faces = ir::kFunctional,
       .doc = "In training, elements set to zero with probability p and, in the mode "
              "upscale_in_train, the others divided by 1 - p (Srivastava et al. 2014). With axis, "
              "whole slices across the other axes go together.",
       .operands = {operand_x(kInexactSet), key_operand()},
       .attrs = {{.name = "p", .form = AttrForm::real, .value = 0.5, .lowest = 0, .highest = 1},
                 {.name = "axis", .form = AttrForm::axes, .value = kNone},
                 {.name = "training", .form = AttrForm::boolean, .value = true},
                 {.name = "mode",
                  .form = AttrForm::string,
                  .value = "upscale_in_train",
                  .choices = modes}},
       .dtypes = by_shape_rule(),
       .shape = dropout_shape,
       .vjp = {.augment = dropout_augment, .backward = dropout_backward},
       .decompose = dropout_rule,
       .sharding = "... -> ...",
       .effects = Effects::rng,
       .samples = dropout_samples},
  };
}

}  // namespace proa::ops
