// Steps of optimizers: new parameters and new state from old ones and a gradient.
//
// Scalars that change from step to step (the learning rate, the powers of beta) are operands, so
// that one program serves all steps; what is fixed for a training run is an attribute. Scalar
// arithmetic is done in f64 and rounded once, so that 1 - 0.999 keeps its digits. Tensors of 16
// bits are widened to f32 and the results rounded once.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr std::string_view kNoGradient = "a step of training is not itself differentiated";
constexpr DTypeSet kScalarSet = bit(DType::f32) | bit(DType::f64);

DType compute_dtype(DType dtype) { return dtype == DType::f64 ? DType::f64 : DType::f32; }

OperandSpec state(std::string_view name) { return {.name = name, .dtypes = kFloatSet}; }
OperandSpec scalar(std::string_view name) { return {.name = name, .dtypes = kScalarSet}; }

ir::AttrSpec setting(std::string_view name, double value) {
  return {.name = name, .form = AttrForm::real, .value = value};
}
ir::AttrSpec setting(std::string_view name, double value, double lowest, double highest) {
  return {
      .name = name, .form = AttrForm::real, .value = value, .lowest = lowest, .highest = highest};
}

// `tensors` operands of the parameter's dims come first, then scalars; a result for each but the
// gradient and the learning rate.
template <int kTensors, int kPowers>
void step_shape(Infer& op) {
  for (int k = 1; k < kTensors; ++k) require_same_dims(op, 0, k);
  for (int k = kTensors; k < kTensors + kPowers + 1; ++k) {
    if (op.rank(k) != 0) {
      op.fail(ErrorKind::shape, op.page().operands[static_cast<size_t>(k)].name,
              str("expected a 0-d tensor, got shape ", to_string(op.dims(k))));
    }
  }
  op.result(op.dims(0), op.dtype(0));
  for (int k = 2; k < kTensors; ++k) op.result(op.dims(0), op.dtype(k));
  for (int k = 0; k < kPowers; ++k) op.result({}, DType::f64);
}

// An operand in the dtype that the step is computed in.
Expr widened(Decompose& d, int operand) {
  return cast(d.in(operand), compute_dtype(d.in(0).dtype()));
}
Expr scalar_of(Decompose& d, int operand) { return cast(d.in(operand), DType::f64); }
Expr like(Expr scalar, Expr x) { return cast(scalar, x.dtype()); }

void give(Decompose& d, int result, Expr value) {
  d.out(cast(value, d.result_type(result).dtype()));
}

// The gradient with L2 decay, which pulls the parameter to zero.
Expr decayed_gradient(Decompose& d, Expr param) {
  Expr grad = widened(d, 1);
  double decay = d.real("weight_decay");
  return decay == 0 ? grad : grad + param * decay;
}

void sgd_rule(Decompose& d) {
  Expr param = widened(d, 0);
  Expr grad = decayed_gradient(d, param);
  give(d, 0, param - like(scalar_of(d, 2), param) * grad);
}

void momentum_rule(Decompose& d) {
  Expr param = widened(d, 0);
  Expr grad = decayed_gradient(d, param);
  double momentum = d.real("momentum");
  Expr velocity = widened(d, 2) * momentum + grad;
  Expr along = d.boolean("use_nesterov") ? grad + velocity * momentum : velocity;
  give(d, 0, param - like(scalar_of(d, 3), param) * along);
  give(d, 1, velocity);
}

// Operands of Adam and its kin, and the moments with the new gradient.
struct Moments {
  Expr first, second, power1, power2, rate;

  Moments(Decompose& d, Expr grad)
      : first(widened(d, 2) * d.real("beta1") + grad * (1 - d.real("beta1"))),
        second(widened(d, 3) * d.real("beta2") + grad * (1 - d.real("beta2")) * grad),
        power1(scalar_of(d, 4)),
        power2(scalar_of(d, 5)),
        rate(scalar_of(d, 6)) {}

  void give_all(Decompose& d, Expr param) const {
    give(d, 0, param);
    give(d, 1, first);
    give(d, 2, second);
    give(d, 3, power1 * d.real("beta1"));
    give(d, 4, power2 * d.real("beta2"));
  }
};

// The order of operations of section 2, last paragraph, of Kingma & Ba: the corrections of the bias
// go into two scalars.
Expr adam_update(Decompose& d, const Moments& m, Expr param, Expr rate) {
  Expr correction = sqrt(1.0 - m.power2);
  Expr length = like(rate * correction / (1.0 - m.power1), param);
  Expr epsilon = like(correction * d.real("epsilon"), param);
  return param - length * (m.first / (sqrt(m.second) + epsilon));
}

void adam_rule(Decompose& d) {
  Expr param = widened(d, 0);
  Moments m(d, decayed_gradient(d, param));
  m.give_all(d, adam_update(d, m, param, m.rate));
}

void adamw_rule(Decompose& d) {
  Expr param = widened(d, 0);
  Moments m(d, widened(d, 1));
  Expr rate = m.rate * d.real("lr_ratio");
  double decay = d.real("weight_decay");
  if (decay != 0) param = param * like(1.0 - rate * decay, param);
  m.give_all(d, adam_update(d, m, param, rate));
}

Expr norm(Expr x) {
  std::vector<int> axes;
  for (int i = 0; i < static_cast<int>(x.dims().size()); ++i) axes.push_back(i);
  Expr square = x * x;
  return sqrt(axes.empty() ? square : sum(square, axes));
}

void lamb_rule(Decompose& d) {
  Expr param = widened(d, 0);
  Moments m(d, widened(d, 1));
  Expr first = m.first * like(1.0 / (1.0 - m.power1), param);
  Expr second = m.second * like(1.0 / (1.0 - m.power2), param);
  Expr along = first / (sqrt(second) + d.real("epsilon"));
  double decay = d.real("weight_decay");
  if (decay != 0) along = along + param * decay;
  Expr size = norm(param), length = norm(along);
  Expr both = compare("gt", size, 0.0) & compare("gt", length, 0.0);
  Expr trust = select(both, size / length, full_like(size, 1.0));
  m.give_all(d, param - like(m.rate, param) * trust * along);
}

std::vector<Arg> step_args(std::vector<int64_t> dims, int tensors, int powers) {
  std::vector<Arg> args{T(dims), T(dims)};
  for (int k = 2; k < tensors; ++k) args.push_back(T(dims, Fill::positive));
  for (double value : {0.9, 0.999}) {
    if (powers > 0) args.push_back(V(DType::f64, {}, {value}));
  }
  args.push_back(V(DType::f64, {}, {0.01}));
  return args;
}

template <int kTensors, int kPowers>
void step_samples(SampleList& s) {
  auto args = [](std::vector<int64_t> dims) {
    return step_args(std::move(dims), kTensors, kPowers);
  };
  for (const auto& dims : usual_dims()) s.ok(args(dims));
  s.ok(args({3, 4}), {{"weight_decay", 0.1}});
  auto with = [&](size_t index, Arg arg) {
    std::vector<Arg> changed = args({3, 4});
    changed[index] = std::move(arg);
    return changed;
  };
  constexpr size_t kRate = kTensors + kPowers;
  s.wrong(with(1, T({4, 3})), {}, ErrorKind::shape, "grad");
  s.wrong(with(1, T({3})), {}, ErrorKind::shape, "grad");
  s.wrong(with(kRate, V(DType::f64, {1}, {0.1})), {}, ErrorKind::shape, "0-d");
  s.wrong(with(kRate, V(DType::i64, {}, {1})), {}, ErrorKind::type, "lr");
  s.wrong(with(0, T(DType::c64, {3, 4})), {}, ErrorKind::type, "param");
  s.wrong(with(0, T(DType::i32, {3, 4})), {}, ErrorKind::type, "param");
  s.wrong(with(1, absent()), {}, ErrorKind::value, "required");
  s.wrong(args({2}), {{"weight_decay", "much"}}, ErrorKind::type, "a number");
  s.wrong(args({2}), {{"decay", 0.1}}, ErrorKind::key, "no such argument");
  for (size_t k = 2; k < kTensors; ++k)
    s.wrong(with(k, T({3, 5})), {}, ErrorKind::shape, "as of param");
  for (size_t k = kTensors; k < kRate; ++k) {
    s.wrong(with(k, V(DType::f64, {2}, {0.9, 0.9})), {}, ErrorKind::shape, "0-d");
  }
}

std::vector<ir::AliasSpec> written_over(int results) {
  std::vector<ir::AliasSpec> alias{{.result = 0, .operand = 0}};
  for (int k = 1; k < results; ++k) alias.push_back({.result = k, .operand = k + 1});
  return alias;
}

ir::Page adam_like(std::string_view name, std::string_view doc, double epsilon, double decay,
                   DecomposeRule rule, std::string_view sharding) {
  return {
      .name = name,
      .doc = doc,
      .operands = {state("param"), state("grad"), state("moment1"), state("moment2"),
                   scalar("beta1_pow"), scalar("beta2_pow"), scalar("lr")},
      .attrs = {setting("beta1", 0.9, 0, 1), setting("beta2", 0.999, 0, 1),
                setting("epsilon", epsilon, 0, 1), setting("weight_decay", decay)},
      .results = 5,
      .result_names = {"param", "moment1", "moment2", "beta1_pow", "beta2_pow"},
      .dtypes = by_shape_rule(),
      .shape = step_shape<4, 2>,
      .vjp = not_differentiable(kNoGradient),
      .decompose = rule,
      .sharding = sharding,
      .alias = written_over(5),
      .samples = step_samples<4, 2>,
  };
}

}  // namespace

std::vector<ir::Page> optimizer_pages() {
  constexpr std::string_view kEachElement = "..., ..., ..., ..., , , -> ..., ..., ..., , ";
  std::vector<ir::Page> pages;
  pages.push_back({
      .name = "sgd_step",
      .doc = "A step of gradient descent: param - lr * (grad + weight_decay * param).",
      .operands = {state("param"), state("grad"), scalar("lr")},
      .attrs = {setting("weight_decay", 0)},
      .dtypes = by_shape_rule(),
      .shape = step_shape<2, 0>,
      .vjp = not_differentiable(kNoGradient),
      .decompose = sgd_rule,
      .sharding = "..., ..., -> ...",
      .alias = written_over(1),
      .samples = step_samples<2, 0>,
  });
  pages.push_back({
      .name = "momentum_step",
      .doc = "A step of gradient descent with a velocity: v = momentum * velocity + grad + "
             "weight_decay * param, then param - lr * v; use_nesterov looks ahead by one more "
             "step.\n"
             "Source: Sutskever et al. 2013, On the importance of initialization and momentum.",
      .operands = {state("param"), state("grad"), state("velocity"), scalar("lr")},
      .attrs = {setting("momentum", 0.9),
                {.name = "use_nesterov", .form = AttrForm::boolean, .value = false},
                setting("weight_decay", 0)},
      .results = 2,
      .result_names = {"param", "velocity"},
      .dtypes = by_shape_rule(),
      .shape = step_shape<3, 0>,
      .vjp = not_differentiable(kNoGradient),
      .decompose = momentum_rule,
      .sharding = "..., ..., ..., -> ..., ...",
      .alias = written_over(2),
      .samples = step_samples<3, 0>,
  });
  pages.push_back(adam_like("adam_step",
                            "A step of Adam; weight_decay is added to the gradient (L2). Moments "
                            "and powers come back for "
                            "the next step.\n"
                            "Source: Kingma & Ba 2015, Adam.",
                            1e-8, 0, adam_rule, kEachElement));
  ir::Page adamw = adam_like(
      "adamw_step",
      "A step of Adam with decoupled weight decay: param is multiplied by 1 - lr * lr_ratio * "
      "weight_decay first. Moments and powers come back for the next step.\n"
      "Source: Loshchilov & Hutter 2019, Decoupled weight decay regularization, algorithm 2.",
      1e-8, 0.01, adamw_rule, kEachElement);
  adamw.attrs.push_back(setting("lr_ratio", 1));
  pages.push_back(std::move(adamw));
  pages.push_back(
      adam_like("lamb_step",
                "A step of LAMB: Adam's direction, as long as the parameter's norm says. Where "
                "one of the two norms is 0 their ratio is taken as 1.\n"
                "Source: You et al. 2020, Large batch optimization for deep learning, algorithm 2.",
                1e-6, 0.01, lamb_rule, "..., ..., ..., ..., , , -> ..., ..., ..., , ; ...: whole"));
  return pages;
}

}  // namespace proa::ops
