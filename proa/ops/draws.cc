// Draws from distributions whose parameters are tensors, and by the shape of a tensor.
//
// Rejection needs a number of trials that depends on luck. Here each element draws a fixed number
// of them at once, along an axis of its own, and takes the first that is accepted: the chance that
// none is lies below 1e-12, and the last one is then taken.

#include <cmath>

#include "proa/ops/composite.h"
#include "proa/ops/refusal.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

constexpr int64_t kTrials = 24;    // of which each is accepted with a chance of at least 0.7
constexpr int64_t kArrivals = 64;  // a rate below 10 has more with a chance below 1e-28

OperandSpec key_operand() {
  return {
      .name = "key", .dtypes = bit(DType::i64), .optional = true, .meets = false, .rng_key = true};
}

// Uniform on (0, 1), of 53 bits, never 0 nor 1.
Expr uniform(Expr key, std::vector<Dim> dims) {
  Expr raw = call1("prim.rng_bits", {key}, {{"dtype", DType::i64}, {"shape", dims}});
  Expr whole =
      call1("prim.shr", {raw, full(*key.builder, dims, DType::i64, 12)}, {{"logical", true}});
  return (cast(whole, DType::f64) + 0.5) * 0x1p-52;
}

// `count` draws for each element, along a new first axis.
Expr uniforms(Expr key, Expr like, int64_t count) {
  std::vector<Dim> dims{Dim(count)};
  dims.insert(dims.end(), like.dims().begin(), like.dims().end());
  return uniform(key, dims);
}
Expr part(Expr x, int64_t from, int64_t count) { return slice_axis(x, 0, from, from + count); }

Expr log_factorial(Expr k) { return unary("lgamma", k + 1.0); }

// The first of the trials that is accepted, or the last.
Expr first_accepted(Expr value, Expr accepted) {
  Expr taken = cast(accepted, DType::i64);
  Expr at = call1("prim.arg_reduce", {taken}, {{"kind", "max"}, {"axis", 0}});
  return squeeze(take_along(value, unsqueeze(at, 0), 0), 0);
}

Expr whole_part(Expr x) { return unary("floor", x); }
Expr where(Expr c, Expr a, double b) { return select(c, a, full_like(a, b)); }
Expr missing(Expr x) { return full_like(x, __builtin_nan("")); }

// poisson: the transformed rejection PTRS (Hormann 1993) from a rate of 10 on, the count of
// exponential gaps below.
Expr poisson_of(Expr key, Expr rate) {
  Expr draws = uniforms(key, rate, 2 * kTrials + kArrivals);
  Expr big = compare("ge", rate, 10.0);
  Expr mu = where(big, rate, 10.0), b = 0.931 + 2.53 * sqrt(mu), a = -0.059 + 0.02483 * b;
  Expr inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2.0);
  Expr u = part(draws, 0, kTrials) - 0.5, v = part(draws, kTrials, kTrials);
  Expr us = 0.5 - abs(u), k = whole_part((2.0 * a / us + b) * u + mu + 0.43);
  Expr quick = compare("ge", us, 0.07) & compare("le", v, vr);
  Expr hopeless = compare("lt", k, 0.0) | (compare("lt", us, 0.013) & compare("gt", v, us));
  Expr safe = maximum(k, 0.0);
  Expr slow = compare("le", log(v * inverse_alpha / (a / (us * us) + b)),
                      safe * log(mu) - mu - log_factorial(safe));
  Expr large = first_accepted(k, quick | (slow & !hopeless));

  Expr lambda = where(!big, rate, 0.0);
  Expr arrived = scan("sum", -log(part(draws, 2 * kTrials, kArrivals)), 0);
  Expr small = sum(cast(compare("le", arrived, lambda), DType::f64), 0);
  Expr y = select(big, large, small);
  return select(compare("lt", rate, 0.0) | unary("is_nan", rate), missing(rate), y);
}

// binomial: BTRS (Hormann 1993) where n p is at least 10, geometric gaps (Devroye 1986, X.4.3)
// below; p above a half is mirrored.
Expr binomial_of(Expr key, Expr n, Expr chance) {
  Expr mirrored = compare("gt", chance, 0.5), p = select(mirrored, 1.0 - chance, chance);
  Expr draws = uniforms(key, n, 2 * kTrials + kArrivals);
  Expr big = compare("ge", n * p, 10.0);
  Expr m = where(big, n, 40.0), r = where(big, p, 0.5), q = 1.0 - r;
  Expr deviation = sqrt(m * r * q), b = 1.15 + 2.53 * deviation;
  Expr a = -0.0873 + 0.0248 * b + 0.01 * r, c = m * r + 0.5, vr = 0.92 - 4.2 / b;
  Expr alpha = (2.83 + 5.1 / b) * deviation, mode = whole_part((m + 1.0) * r);
  Expr u = part(draws, 0, kTrials) - 0.5, v = part(draws, kTrials, kTrials);
  Expr us = 0.5 - abs(u), k = whole_part((2.0 * a / us + b) * u + c);
  Expr inside = compare("ge", k, 0.0) & compare("le", k, m);
  Expr quick = compare("ge", us, 0.07) & compare("le", v, vr);
  Expr safe = minimum(maximum(k, 0.0), m);
  Expr left = log(v * alpha / (a / (us * us) + b));
  Expr right = log_factorial(mode) + log_factorial(m - mode) - log_factorial(safe) -
               log_factorial(m - safe) + (safe - mode) * log(r / q);
  Expr large = first_accepted(k, inside & (quick | compare("le", left, right)));

  // Each gap is the number of trials up to the next success.
  Expr rare = compare("gt", p, 0.0) & !big;
  Expr gaps = unary(
      "ceil", log(part(draws, 2 * kTrials, kArrivals)) / unary("log1p", -where(rare, p, 0.5)));
  Expr reached = scan("sum", maximum(gaps, 1.0), 0);
  Expr small = sum(cast(compare("le", reached, n), DType::f64), 0);
  Expr y = select(big, large, where(rare, small, 0.0));
  y = select(mirrored, n - y, y);
  Expr wrong = compare("lt", n, 0.0) | compare("lt", chance, 0.0) | compare("gt", chance, 1.0) |
               unary("is_nan", chance) | unary("is_nan", n);
  return select(wrong, missing(n), y);
}

// standard_gamma: Marsaglia and Tsang 2000; a shape below 1 is raised by 1 and the draw multiplied
// by u^(1 / shape).
Expr gamma_of(Expr key, Expr shape) {
  Expr draws = uniforms(key, shape, 3 * kTrials + 1);
  Expr below = compare("lt", shape, 1.0), a = select(below, shape + 1.0, shape);
  Expr d = a - 1.0 / 3.0, c = 1.0 / (3.0 * sqrt(d));
  constexpr double kTwoPi = 6.28318530717958647692;
  Expr z = sqrt(log(part(draws, 0, kTrials)) * -2.0) * cos(part(draws, kTrials, kTrials) * kTwoPi);
  Expr u = part(draws, 2 * kTrials, kTrials), t = 1.0 + c * z, v = t * t * t;
  Expr legal = compare("gt", v, 0.0), safe = where(legal, v, 1.0);
  Expr accepted = legal & compare("lt", log(u), 0.5 * (z * z) + d - d * safe + d * log(safe));
  Expr y = d * first_accepted(safe, accepted);
  Expr lift = squeeze(part(draws, 3 * kTrials, 1), 0);
  Expr power = select(below, 1.0 / where(below, shape, 1.0), full_like(shape, 0));
  y = y * pow(lift, power);
  return select(compare("gt", shape, 0.0), y,
                select(compare("eq", shape, 0.0), full_like(shape, 0), missing(shape)));
}

void like_x(Infer& op) { op.result(op.dims(0), op.dtype(0)); }

void poisson_rule(Decompose& d) {
  d.out(cast(poisson_of(d.in(1), cast(d.in(0), DType::f64)), d.result_type().dtype()));
}
void gamma_rule(Decompose& d) {
  d.out(cast(gamma_of(d.in(1), cast(d.in(0), DType::f64)), d.result_type().dtype()));
}

void binomial_shape(Infer& op) {
  op.result(op.broadcast(op.dims(0), op.dims(1), "prob"), DType::i64);
}
void binomial_rule(Decompose& d) {
  auto wide = [&](int k) {
    return broadcast_to(cast(d.in(k), DType::f64), d.result_type().dims());
  };
  d.out(cast(binomial_of(d.in(2), wide(0), wide(1)), DType::i64));
}

// multinomial

void multinomial_shape(Infer& op) {
  int rank = op.rank(0);
  if (rank != 1 && rank != 2)
    op.fail(ErrorKind::shape, "x",
            str("expected a vector or a matrix of weights, got shape ", to_string(op.dims(0))));
  int64_t count = op.integer("num_samples");
  expect_ge(op, op.dim(0, -1), 1, "x", [] { return "expected at least one category, got none"; });
  if (!op.boolean("replacement")) {
    expect_ge(op, op.dim(0, -1), Dim(count), "num_samples", [&] {
      return str("expected at most the ", to_string(op.dim(0, -1)),
                 " categories without replacement, got ", count);
    });
  }
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end() - 1);
  dims.emplace_back(count);
  op.result(dims, DType::i64);
}

// With replacement: where a uniform number falls among the running sums. Without: the least of
// exponential draws over weights come first (Efraimidis and Spirakis 2006).
void multinomial_rule(Decompose& d) {
  Expr x = cast(d.in(0), DType::f64), key = d.in(1);
  int64_t count = d.integer("num_samples");
  if (!d.boolean("replacement")) {
    Expr e = -log(uniform(key, {x.dims().begin(), x.dims().end()}));
    Expr never = compare("le", x, 0.0);
    Expr race = select(never, full_like(x, __builtin_inf()), e / where(!never, x, 1.0));
    std::vector<Expr> found =
        call(d.builder(), "prim.top_k", {&race, 1},
             {{"k", ir::Attribute::dim(d.builder().context(), Dim(count))}, {"largest", false}});
    return d.out(found[1]);
  }
  Expr sums = scan("sum", maximum(x, 0.0), x.rank() - 1);
  Expr total = slice_axis(sums, -1, x.dim(-1) - Dim(1), x.dim(-1));
  Expr drawn = uniform(key, {d.result_type().dims().begin(), d.result_type().dims().end()}) * total;
  Expr at = call1("prim.search_sorted", {sums, drawn}, {{"right", true}});
  d.out(minimum(at, dim_value(d.builder(), x.dim(-1), DType::i64) - 1.0));
}

// randint_like, log_normal

void randint_like_shape(Infer& op) {
  int64_t low = op.has("high") ? op.integer("low") : 0,
          high = op.has("high") ? op.integer("high") : op.integer("low");
  if (low >= high)
    op.fail(ErrorKind::value, "high", str("expected more than low = ", low, ", got ", high));
  DType t = op.has("dtype") ? op.dtype_attr("dtype") : op.dtype(0);
  if (!contains(kRealSet | kBoolSet, t))
    op.fail(ErrorKind::type, "dtype", str("expected a real dtype, got ", to_string(t)));
  op.result(op.dims(0), t);
}

void randint_like_rule(Decompose& d) {
  bool both = d.has("high");
  Attrs attrs{{"low", both ? d.integer("low") : 0},
              {"high", both ? d.integer("high") : d.integer("low")},
              {"shape", std::vector<Dim>(d.in(0).dims().begin(), d.in(0).dims().end())},
              {"dtype", DType::i64}};
  d.out(cast(call1("tensor.randint", {d.in(1)}, attrs), d.result_type().dtype()));
}

void log_normal_shape(Infer& op) {
  DType t = op.has("dtype") ? op.dtype_attr("dtype") : op.default_float();
  if (!contains(kFloatSet, t))
    op.fail(ErrorKind::type, "dtype", str("expected a float dtype, got ", to_string(t)));
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  op.result(dims, t);
}

void log_normal_rule(Decompose& d) {
  auto dims = d.result_type().dims();
  d.out(exp(call1("tensor.gaussian", {d.in(0)},
                  {{"shape", std::vector<Dim>(dims.begin(), dims.end())},
                   {"mean", d.real("mean")},
                   {"std", d.real("std")},
                   {"dtype", d.result_type().dtype()}})));
}

// Samples.

void rate_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims, Fill::positive), absent()}).gradient = false;
  s.ok({V(DType::f64, {4}, {0, 5, 12, 1000}), absent()}).gradient = false;
  s.wrong({T(DType::i32, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {2}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({absent(), absent()}, {{"x", "two"}}, ErrorKind::type, "got str");
  refuse_strangers(s, {T({2}), absent()}, {});
}

void binomial_samples(SampleList& s) {
  Arg n = V(DType::f32, {4}, {0, 7, 50, 1000}), p = V(DType::f32, {4}, {0.5, 0.2, 0.9, 0.4});
  s.ok({n, p, absent()}).gradient = false;
  s.ok({V(DType::i64, {2, 1}, {3, 30}), T(DType::f32, {3}, Fill::probability), absent()}).gradient =
      false;
  s.ok({T(DType::f32, {0}), T(DType::f32, {0}), absent()}).gradient = false;
  s.wrong({n, T(DType::f32, {3}), absent()}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({n, T(DType::i32, {4}), absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::c64, {4}), p, absent()}, {}, ErrorKind::type, "dtype");
  s.wrong({n, absent(), absent()}, {}, ErrorKind::value, "required");
  refuse_strangers(s, {n, p, absent()}, {});
}

void multinomial_samples(SampleList& s) {
  Arg x = T({4}, Fill::positive);
  s.ok({x, absent()}).gradient = false;
  s.ok({x, absent()}, {{"num_samples", 3}}).gradient = false;
  s.ok({T({2, 4}, Fill::positive), absent()}, {{"num_samples", 9}, {"replacement", true}})
      .gradient = false;
  s.wrong({x, absent()}, {{"num_samples", 5}}, ErrorKind::shape, "at most the 4");
  s.wrong({x, absent()}, {{"num_samples", 0}}, ErrorKind::value, "at least 1");
  s.wrong({T({}), absent()}, {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong({T({2, 2, 2}), absent()}, {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong({T({0}), absent()}, {}, ErrorKind::shape, "at least one category");
  refuse_flag(s, {x, absent()}, {}, "replacement");
  refuse_strangers(s, {x, absent()}, {});
}

void randint_like_samples(SampleList& s) {
  s.ok({T({3, 2}), absent()}, {{"low", 10}}).gradient = false;
  s.ok({T({}), absent()}, {{"low", -5}, {"high", 5}, {"dtype", DType::i32}}).gradient = false;
  s.ok({T({0}), absent()}, {{"low", 2}}).gradient = false;
  s.wrong({T({2}), absent()}, {}, ErrorKind::value, "more than low");
  s.wrong({T({2}), absent()}, {{"low", 3}, {"high", 3}}, ErrorKind::value, "more than low");
  s.wrong({T({2}), absent()}, {{"low", 3}, {"dtype", DType::c64}}, ErrorKind::type, "real dtype");
  refuse_integer(s, {T({2}), absent()}, {{"low", 3}}, "high");
  refuse_strangers(s, {T({2}), absent()}, {{"low", 3}});
}

void log_normal_samples(SampleList& s) {
  for (L dims : {L{}, L{5}, L{3, 4}, L{0, 2}}) s.ok_list({{}}, {{"shape", dims}}).gradient = false;
  s.ok_list({{}}, {{"shape", L{3}}, {"mean", 0.5}, {"std", 0.1}, {"dtype", DType::f64}}).gradient =
      false;
  s.wrong_list({{}}, {}, ErrorKind::value, "required");
  s.wrong_list({{}}, {{"shape", -1}}, ErrorKind::shape, "at least 0");
  s.wrong_list({{}}, {{"shape", "x"}}, ErrorKind::type, "integers");
  s.wrong_list({{}}, {{"shape", 3}, {"mean", "x"}}, ErrorKind::type, "a number");
  s.wrong_list({{}}, {{"shape", 3}, {"dtype", DType::i32}}, ErrorKind::type, "float dtype");
  s.wrong_list({{}}, {{"shape", 3}, {"low", 1}}, ErrorKind::key, "no such argument");
}

struct Draw {
  std::string_view name;
  uint32_t faces = ir::kTop;
  std::string_view doc;
  std::vector<OperandSpec> operands;
  std::vector<ir::AttrSpec> attrs = {};
  std::string_view signature = {};
  void (*shape)(Infer&);
  DecomposeRule rule;
  std::string_view sharding = "... -> ...";
  void (*samples)(SampleList&);
};

ir::Page draw(Draw d) {
  d.operands.push_back(key_operand());
  return {.name = d.name,
          .faces = d.faces,
          .doc = d.doc,
          .operands = std::move(d.operands),
          .attrs = std::move(d.attrs),
          .signature = d.signature,
          .dtypes = by_shape_rule(),
          .shape = d.shape,
          .vjp = ir::zero_gradient("a draw is constant almost everywhere"),
          .decompose = d.rule,
          .sharding = d.sharding,
          .effects = Effects::rng,
          .samples = d.samples};
}

}  // namespace

std::vector<ir::Page> draws_pages() {
  auto integer = [](std::string_view name, ir::Literal value, std::optional<double> lowest = {}) {
    return ir::AttrSpec{
        .name = name, .form = AttrForm::integer, .value = std::move(value), .lowest = lowest};
  };
  auto real = [](std::string_view name, double value) {
    return ir::AttrSpec{.name = name, .form = AttrForm::real, .value = value};
  };
  ir::AttrSpec dtype{.name = "dtype", .form = AttrForm::dtype, .value = kNone},
      shape{.name = "shape", .aliases = {"size"}, .form = AttrForm::shape};
  return {
      draw({.name = "poisson",
            .doc = "Counts of the Poisson distribution of rate x, elementwise, in x's dtype; NaN "
                   "for a negative rate.",
            .operands = {operand_x(kFloatSet)},
            .shape = like_x,
            .rule = poisson_rule,
            .samples = rate_samples}),
      draw({.name = "standard_gamma",
            .doc = "Numbers of the gamma distribution of shape x and scale 1, elementwise; NaN for "
                   "a negative shape.",
            .operands = {operand_x(kFloatSet)},
            .shape = like_x,
            .rule = gamma_rule,
            .samples = rate_samples}),
      draw({.name = "binomial",
            .doc = "How many of count trials succeed, each with probability prob, elementwise, "
                   "int64.",
            .operands = {{.name = "count", .dtypes = kRealSet, .meets = false},
                         {.name = "prob", .dtypes = kFloatSet, .meets = false}},
            .shape = binomial_shape,
            .rule = binomial_rule,
            .sharding = "..., ... -> ...",
            .samples = binomial_samples}),
      draw({.name = "multinomial",
            .faces = kOperator,
            .doc = "Categories drawn by the weights of a vector, or of each row of a matrix, which "
                   "need not add up to 1; without replacement each at most once. int64.",
            .operands = {operand_x(kFloatSet)},
            .attrs = {integer("num_samples", 1, 1),
                      {.name = "replacement", .form = AttrForm::boolean, .value = false}},
            .shape = multinomial_shape,
            .rule = multinomial_rule,
            .sharding = "none: categories are whole",
            .samples = multinomial_samples}),
      draw({.name = "randint_like",
            .doc = "Uniform integers in [low, high), or in [0, low) without high, in the shape and "
                   "the dtype of x, if no other is given.",
            .operands = {operand_x(kRealSet | kBoolSet)},
            .attrs = {integer("low", 0), integer("high", kNone), dtype},
            .shape = randint_like_shape,
            .rule = randint_like_rule,
            .samples = randint_like_samples}),
      draw({.name = "log_normal",
            .doc = "exp of numbers of a normal distribution of that mean and standard deviation.",
            .operands = {},
            .attrs = {real("mean", 1.0), real("std", 2.0), shape, dtype},
            .signature = "mean, std, shape, dtype",
            .shape = log_normal_shape,
            .rule = log_normal_rule,
            .sharding = "-> ...",
            .samples = log_normal_samples}),
  };
}

}  // namespace proa::ops
