// The running reduction along an axis.

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

void scan_checks(Infer& op) {
  std::string_view kind = op.text("kind");
  int expected = kind == "linear" ? 2 : 1;
  if (op.count(0) != expected) {
    op.fail(ErrorKind::value, "xs",
            str("kind '", kind, "' takes ", expected, expected == 1 ? " tensor" : " tensors (a, b)",
                ", got ", op.count(0)));
  }
  bool extremum = kind == "max" || kind == "min";
  if (extremum && is_complex(op.met())) {
    op.fail(ErrorKind::type, "xs",
            str("kind '", kind, "' expects numbers with an order, got ", to_string(op.met())));
  }
  if (kind == "logsumexp" && !contains(kFloatSet, op.met())) {
    op.fail(ErrorKind::type, "xs",
            str("kind 'logsumexp' expects floating point, got ", to_string(op.met())));
  }
  if (op.boolean("index") && !extremum) {
    op.fail(ErrorKind::value, "index",
            str("kind '", kind, "' has no position; expected 'max' or 'min'"));
  }
}

void scan_shape(Infer& op) {
  op.axis("axis", op.rank(0));
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (int k = 1; k < op.count(0); ++k) {
    auto message = [&] {
      return str("expected shape ", to_string(op.dims(0)), " as of a, got ",
                 to_string(op.dims(0, k)));
    };
    if (op.rank(0, k) != op.rank(0)) op.fail(ErrorKind::shape, "xs", message());
    for (size_t i = 0; i < dims.size(); ++i) {
      expect_eq(op, op.dims(0, k)[i], dims[i], "xs", message);
      dims[i] = known_of(dims[i], op.dims(0, k)[i]);
    }
  }
  op.result(dims);
  if (op.boolean("index")) op.result(dims, DType::i64);
}

void scan_augment(Augment& a) {
  std::string_view kind = a.text("kind");
  bool index = a.boolean("index"), extremum = kind == "max" || kind == "min";
  std::vector<Expr> results = call(a.builder(), "prim.scan", a.ins(0),
                                   {{"kind", kind},
                                    {"axis", a.integer("axis")},
                                    {"reverse", a.boolean("reverse")},
                                    {"index", extremum}});
  a.out(results[0]);
  if (index) a.out(results[1]);
  if (extremum) a.keep("index", results[1]);
}

// dL/dx[j] = exp(x[j] - y[j]) * U[j] with U[j] = g[j] + exp(y[j] - y[j+1]) * U[j+1]: no exponent is
// positive, so nothing overflows. Where y is -inf nothing was added up yet; both factors are 0
// there.
void logsumexp_backward(Vjp& v, int axis, bool reversed) {
  Expr x = v.in(0), y = v.result(), g = v.cotangent();
  Expr dead = compare("eq", y, -__builtin_inf());
  Expr level = only_where(!dead, y);
  Expr alone = exclusive(dead, axis, reversed, 1);  // no predecessor, or a dead one
  Expr step = exclusive(level, axis, reversed, 0) - level;
  Expr decay = only_where(!alone, exp(only_where(!alone, step)));
  Expr collected = linear_scan(exclusive(decay, axis, !reversed, 0), g, axis, !reversed);
  v.set(0, only_where(!dead, exp(only_where(!dead, x - level))) * collected);
}

void scan_backward(Vjp& v) {
  std::string_view kind = v.text("kind");
  bool reversed = v.boolean("reverse");
  int axis = v.axis("axis", v.in(0).rank());
  Expr x = v.in(0), y = v.result(), g = v.cotangent();
  auto next = [&](Expr e) { return exclusive(conj(e), axis, !reversed, 0); };
  if (kind == "sum") {
    v.set(0, scan("sum", g, axis, !reversed));
  } else if (kind == "prod") {
    // The product of all before, times the sum over later results of g and the factors between:
    // no division, so zeros are ordinary.
    Expr later = linear_scan(next(x), g, axis, !reversed);
    v.set(0, times_conj(later, exclusive(y, axis, reversed, 1)));
  } else if (kind == "linear") {
    Expr collected = linear_scan(next(x), g, axis, !reversed);
    if (v.needs(0, 0)) v.set(0, 0, times_conj(collected, exclusive(y, axis, reversed, 0)));
    if (v.needs(0, 1)) v.set(0, 1, collected);
  } else if (kind == "logsumexp") {
    logsumexp_backward(v, axis, reversed);
  } else {
    v.set(0, add_along(zeros_like(x), v.residual("index"), g, axis));
  }
}

void scan_samples(SampleList& s) {
  auto attrs = [](const char* kind, int64_t axis, bool reverse) {
    return ir::SampleAttrs{{"kind", kind}, {"axis", axis}, {"reverse", reverse}, {"index", false}};
  };
  for (bool reverse : {false, true}) {
    for (const char* kind : {"sum", "prod", "max", "min", "logsumexp"}) {
      bool extremum = kind[0] == 'm';
      Fill fill = extremum ? Fill::distinct : Fill::normal;
      auto add = [&](std::vector<int64_t> dims, int64_t axis) {
        bool limited = extremum || std::string_view(kind) == "logsumexp";
        if (!limited) s.ok_list({{T(dims, fill)}}, attrs(kind, axis, reverse));
        if (limited) s.ok_list({{T(DType::f64, dims, fill)}}, attrs(kind, axis, reverse));
        if (limited) s.ok_list({{T(DType::f32, dims, fill)}}, attrs(kind, axis, reverse));
      };
      add({0}, 0);
      add({6}, 0);
      add({3, 4}, -1);
      add({2, 3, 2}, 1);
      add({2, 0, 3}, 2);
      add({2, 1, 3, 2}, 2);
    }
    s.ok_list({{T({0}), T({0})}}, attrs("linear", 0, reverse));
    s.ok_list({{T({6}), T({6})}}, attrs("linear", 0, reverse));
    s.ok_list({{T({2, 3, 2}), T({2, 3, 2})}}, attrs("linear", 1, reverse));
    s.ok_list({{V(DType::f64, {5}, {2, 0, 3, 0, 4})}}, attrs("prod", 0, reverse)).note = "zeros";
    constexpr double kInf = __builtin_inf();
    auto& dead =
        s.ok_list({{V(DType::f64, {4}, {-kInf, -kInf, 1, -kInf})}}, attrs("logsumexp", 0, reverse));
    dead.gradient = false;
    dead.note = "nothing to add up";
    for (const char* kind : {"max", "min"}) {
      s.ok_list({{T(DType::i32, {7})}},
                {{"kind", kind}, {"axis", 0}, {"reverse", reverse}, {"index", true}})
          .note = "ties";
      s.ok_list({{T(DType::f32, {2, 5})}},
                {{"kind", kind}, {"axis", 1}, {"reverse", reverse}, {"index", true}});
    }
  }
  s.wrong_list({{T({3})}}, {{"kind", "sum"}, {"axis", 1}}, ErrorKind::index, "out of range");
  s.wrong_list({{T({})}}, {{"kind", "sum"}, {"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong_list({{T({3}), T({3})}}, {{"kind", "sum"}, {"axis", 0}}, ErrorKind::value,
               "takes 1 tensor");
  s.wrong_list({{T({3})}}, {{"kind", "linear"}, {"axis", 0}}, ErrorKind::value, "takes 2 tensors");
  s.wrong_list({{T({3}), T({4})}}, {{"kind", "linear"}, {"axis", 0}}, ErrorKind::shape, "as of a");
  s.wrong_list({{T({3})}}, {{"kind", "sum"}, {"axis", 0}, {"index", true}}, ErrorKind::value,
               "no position");
  s.wrong_list({{T(DType::c64, {3})}}, {{"kind", "max"}, {"axis", 0}}, ErrorKind::type, "order");
  s.wrong_list({{T(DType::i32, {3})}}, {{"kind", "logsumexp"}, {"axis", 0}}, ErrorKind::type,
               "floating point");
  s.wrong_list({{T({3})}}, {{"kind", "mean"}, {"axis", 0}}, ErrorKind::value, "expected one of");
  s.wrong_list({{}}, {{"kind", "sum"}, {"axis", 0}}, ErrorKind::value, "takes 1 tensor");
}

}  // namespace

std::vector<Page> scan_pages() {
  return {
      {.name = "scan",
       .doc =
           "Running results along an axis: element i combines elements 0 .. i (from the end if "
           "`reverse`). sum, prod, max, min; logsumexp = log of the sum of exponentials, with the "
           "greatest taken out; linear: y[i] = a[i] * y[i-1] + b[i] with y[-1] = 0, one fma a step "
           "(complex: a product and a sum). Order: a chain inside blocks of 512 elements, plus the "
           "chain of the blocks' results (linear: one chain), so a longer input has the same "
           "prefix; f16 and bf16 carry f32. max and min keep a NaN once met; their position is the "
           "last one among "
           "equals. Gradients use scans again, with no division: zeros in a prod are ordinary. "
           "Integers wrap.\n"
           "Args:\n  xs: one tensor, or two (a, b) of one dtype and shape for linear; no complex "
           "numbers for max, min; floating point for logsumexp.\n  kind: sum, prod, max, min, "
           "logsumexp, linear.\n  axis: negative counts from the end.\n  reverse: from the end to "
           "the start.\n  index: for max and min, whether positions along the axis are given too.\n"
           "Returns:\n  the same dtype and shape; with index also int64 positions.\n"
           "Errors:\n  IndexError for an axis out of range (0-d has none), ValueError for the "
           "wrong number of tensors or an index of another kind, TypeError for a dtype that the "
           "kind does not have, ShapeError where a and b differ.\n"
           "Source:\n  the order: numerics.md, scan; Blelloch 1990, Prefix sums and their "
           "applications (linear recurrences).",
       .operands = {{.name = "xs", .variadic = true}},
       .attrs = {{.name = "kind",
                  .form = AttrForm::string,
                  .choices = {"sum", "prod", "max", "min", "logsumexp", "linear"}},
                 {.name = "axis", .form = AttrForm::axis},
                 {.name = "reverse", .form = AttrForm::boolean, .value = false},
                 {.name = "index", .form = AttrForm::boolean, .value = false}},
       .results = -1,
       .result_names = {"values", "index"},
       .dtypes = same(),
       .shape = scan_shape,
       .checks = scan_checks,
       .vjp = {.augment = scan_augment, .backward = scan_backward},
       .decompose = primitive(),
       .sharding = "... -> ...; @axis: whole",
       .cost = flops_of_operand,
       .samples = scan_samples},
  };
}

}  // namespace proa::ops
