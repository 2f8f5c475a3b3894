// Tensors from nothing but sizes and numbers.

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

constexpr std::string_view kConstant = "the result does not depend on any value";

ir::AttrSpec shape_attr() {
  return {.name = "shape", .aliases = {"size"}, .form = AttrForm::shape};
}
ir::AttrSpec dtype_attr() { return {.name = "dtype", .form = AttrForm::dtype, .value = kNone}; }

DType wanted(const Infer& op, DType fallback) {
  return op.has("dtype") ? op.dtype_attr("dtype") : fallback;
}

void created_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  op.result(dims, wanted(op, op.default_float()));
}

void like_shape(Infer& op) { op.result(op.dims(0), wanted(op, op.dtype(0))); }

template <int kValue>
void filled(Decompose& d) {
  d.out(full(d.builder(), d.result_type().dims(), d.result_type().dtype(), kValue));
}

DType literal_dtype(const Infer& op, std::string_view name) {
  ir::Attribute value = op.raw(name);
  if (!value || value.is(ir::AttrKind::real)) return op.default_float();
  if (value.is(ir::AttrKind::boolean)) return DType::boolean;
  if (value.is(ir::AttrKind::complex)) return complex_of(op.default_float());
  return DType::i64;
}

// A number that the dtype cannot hold is refused; the imaginary part is not dropped.
void require_fill(Infer& op, DType dtype) {
  ir::Attribute value = op.raw("fill_value");
  if (value.is(ir::AttrKind::complex) && !is_complex(dtype)) {
    op.fail(ErrorKind::type, "fill_value",
            str("a complex number does not fit into ", to_string(dtype)));
  }
  if (!value.is(ir::AttrKind::integer) || !is_int(dtype) || dtype == DType::i64) return;
  int64_t n = value.as_int(), high = 255, low = 0;
  if (dtype != DType::u8) {
    high = (int64_t{1} << (size_of(dtype) * 8 - 1)) - 1;
    low = -high - 1;
  }
  if (n < low || n > high)
    op.fail(ErrorKind::value, "fill_value",
            str(n, " does not fit into ", to_string(dtype), ", which holds ", low, "..", high));
}

void full_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  // Paddle: a Python integer still makes a float tensor; True makes bool, a complex one complex.
  DType natural = literal_dtype(op, "fill_value");
  DType dtype = wanted(op, natural == DType::i64 ? op.default_float() : natural);
  op.result(dims, dtype);
  require_fill(op, dtype);
}

void full_like_shape(Infer& op) {
  like_shape(op);
  require_fill(op, wanted(op, op.dtype(0)));
}

Expr number_as(Builder& b, ir::Attribute value, DType dtype) {
  if (value.is(ir::AttrKind::dim)) return dim_value(b, value.as_dim(), dtype);
  if (value.is(ir::AttrKind::boolean)) return constant(b, dtype, value.as_bool());
  if (value.is(ir::AttrKind::complex)) {
    auto z = value.as_complex();
    DType part = dtype == DType::c128 ? DType::f64 : DType::f32;
    return cast(make_complex(constant(b, part, z.real()), constant(b, part, z.imag())), dtype);
  }
  if (value.is(ir::AttrKind::integer) && dtype == DType::i64) {
    auto held = std::make_shared<int64_t>(value.as_int());
    return constant(b, ir::TensorData{DType::i64, {}, held, held.get(), sizeof(int64_t)});
  }
  return constant(b, dtype, value.as_real());
}

void full_rule(Decompose& d) {
  d.out(broadcast_to(number_as(d.builder(), d.raw("fill_value"), d.result_type().dtype()),
                     d.result_type().dims()));
}

// arange: the number of steps is exact for integers, and ceil((end - start) / step) in f64
// otherwise. Bounds may be sizes; then both are whole, and so is the step.
struct Range {
  double start = 0, end = 0, step = 1;
  bool integral = true;
  Dim count;
  Dim first;  // of a range of sizes
};

// Whether an end of the range is a symbol. Beside numbers that are not whole, and as the step, they
// are needed as numbers.
bool has_sizes(const ir::AttrView& op) {
  std::vector<Dim> sizes;
  bool whole = true;
  for (std::string_view name : {"start", "end", "step"}) {
    ir::Attribute value = op.raw(name);
    if (!value) continue;
    bool is_size = value.is(ir::AttrKind::dim);
    if (is_size) sizes.push_back(value.as_dim());
    whole &= name == "step" ? value.is(ir::AttrKind::integer)
                            : is_size || value.is(ir::AttrKind::integer);
  }
  if (!sizes.empty() && !whole)
    throw ir::NeedExtents("arange: the length depends on the sizes", std::move(sizes));
  return !sizes.empty();
}

Range range_of_sizes(const ir::AttrView& op) {
  auto read = [&](std::string_view name, int64_t fallback) -> Dim {
    ir::Attribute value = op.raw(name);
    return value ? value.as_dim() : Dim(fallback);
  };
  Range r;
  r.first = op.raw("end") ? read("start", 0) : Dim(0);
  Dim end = op.raw("end") ? read("end", 0) : read("start", 0), step = read("step", 1);
  r.step = static_cast<double>(step.constant());
  if (r.step == 0) op.fail(ErrorKind::value, "step", "expected a step other than 0");
  r.count = max(0, r.step > 0 ? ceildiv(end - r.first, step) : ceildiv(r.first - end, -step));
  return r;
}

Range range_of(const ir::AttrView& op) {
  if (has_sizes(op)) return range_of_sizes(op);
  Range r;
  auto read = [&](std::string_view name, double fallback) {
    ir::Attribute value = op.raw(name);
    if (!value) return fallback;
    if (value.is(ir::AttrKind::complex))
      op.fail(ErrorKind::type, name, "expected a real number, got a complex one");
    r.integral &= !value.is(ir::AttrKind::real);
    return value.is(ir::AttrKind::boolean) ? static_cast<double>(value.as_bool()) : value.as_real();
  };
  if (op.raw("end")) {
    r.start = read("start", 0);
    r.end = read("end", 0);
  } else {
    r.end = read("start", 0);
  }
  r.step = read("step", 1);
  if (r.step == 0) op.fail(ErrorKind::value, "step", "expected a step other than 0");
  double n = __builtin_ceil((r.end - r.start) / r.step);
  if (!(n < 9e15))
    op.fail(ErrorKind::value, "end",
            str("expected a finite range that is not too long, got ", n, " numbers"));
  r.count = n > 0 ? static_cast<int64_t>(n) : 0;
  return r;
}

void arange_shape(Infer& op) {
  Range r = range_of(op);
  op.result(std::vector<Dim>{r.count}, wanted(op, r.integral ? DType::i64 : op.default_float()));
}

void arange_rule(Decompose& d) {
  Range r = range_of(d);
  DType dtype = d.result_type().dtype();
  DType work = r.integral ? DType::i64 : DType::f64;
  Expr i = iota(d.builder(), work, d.result_type().dims(), 0);
  if (r.step != 1) i = i * r.step;
  if (r.start != 0) i = i + r.start;
  if (r.first != Dim(0)) i = i + dim_value(d.builder(), r.first, work);
  d.out(cast(i, dtype));
}

void linspace_shape(Infer& op) {
  op.result(std::vector<Dim>{op.integer("num")}, wanted(op, op.default_float()));
}

// start + i * step in f64, the last point exactly stop (NumPy's rule).
Expr spaced(Decompose& d) {
  int64_t n = d.integer("num");
  double start = d.real("start"), stop = d.real("stop");
  std::vector<Dim> dims{n};
  Expr i = iota(d.builder(), DType::f64, dims, 0);
  if (n < 2) return i * 0.0 + start;
  Expr points = i * ((stop - start) / static_cast<double>(n - 1)) + start;
  return select(compare("eq", i, static_cast<double>(n - 1)), full_like(points, stop), points);
}

void linspace_rule(Decompose& d) { d.out(cast(spaced(d), d.result_type().dtype())); }
void logspace_rule(Decompose& d) {
  Expr points = spaced(d);
  d.out(cast(pow(full_like(points, d.real("base")), points), d.result_type().dtype()));
}

void eye_shape(Infer& op) {
  Dim rows = op.integer("num_rows"),
      columns = op.has("num_columns") ? Dim(op.integer("num_columns")) : rows;
  op.result(std::vector<Dim>{rows, columns}, wanted(op, op.default_float()));
}

void eye_rule(Decompose& d) {
  Builder& b = d.builder();
  auto dims = d.result_type().dims();
  d.out(cast(compare("eq", iota(b, DType::i64, dims, 0), iota(b, DType::i64, dims, 1)),
             d.result_type().dtype()));
}

template <bool kUpper>
void triangle_rule(Decompose& d) {
  Expr x = d.in(0);
  auto dims = x.dims();
  std::vector<Dim> matrix(dims.end() - 2, dims.end());
  Expr row = iota(d.builder(), DType::i64, matrix, 0),
       column = iota(d.builder(), DType::i64, matrix, 1);
  Expr shifted = row + static_cast<double>(d.integer("diagonal"));
  Expr keep = compare(kUpper ? "ge" : "le", column, shifted);
  d.out(only_where(keep, x));
}

void triangle_shape(Infer& op) {
  if (op.rank(0) < 2)
    op.fail(ErrorKind::shape, "x",
            str("expected a matrix or a stack of them, got shape ", to_string(op.dims(0))));
  op.result(op.dims(0));
}

void one_hot_shape(Infer& op) {
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  dims.push_back(op.dims_attr("num_classes")[0]);
  op.require_ge(dims.back(), 1, "num_classes", "expected a value of at least 1");
  op.result(dims, op.default_float());
}

void one_hot_rule(Decompose& d) {
  ir::Builder& b = d.builder();
  Expr at = unsqueeze(cast(d.in(0), DType::i64), d.in(0).rank());
  auto dims = d.result_type().dims();
  DType dtype = d.result_type().dtype();
  // One row of zeros for each class number, written at its place along the last axis.
  int64_t last[] = {d.in(0).rank()};
  d.out(scatter("set", full(b, dims, dtype, 0), unsqueeze(at, at.rank()),
                full(b, at.dims(), dtype, 1), last, last[0], "raise"));
}

void shape_samples(SampleList& s) {
  for (auto dims : usual_dims()) s.ok_list({}, {{"shape", std::vector<int64_t>(dims)}});
  s.ok_list({}, {{"shape", 3}, {"dtype", DType::i32}});
  s.ok_list({}, {{"shape", std::vector<int64_t>{2, 2}}, {"dtype", DType::c64}});
  s.wrong_list({}, {}, ErrorKind::value, "required");
  s.wrong_list({}, {{"shape", std::vector<int64_t>{2, -1}}}, ErrorKind::shape, "at least 0");
  s.wrong_list({}, {{"shape", -3}}, ErrorKind::shape, "at least 0");
  s.wrong_list({}, {{"shape", "big"}}, ErrorKind::type, "expected integers");
  s.wrong_list({}, {{"shape", 2}, {"dtype", 7}}, ErrorKind::type, "a dtype");
  s.wrong_list({}, {{"shape", 2}, {"device", 1}}, ErrorKind::key, "no such argument");
}

void full_samples(SampleList& s) {
  for (auto dims : usual_dims())
    s.ok_list({}, {{"shape", std::vector<int64_t>(dims)}, {"fill_value", 2.5}});
  s.ok_list({}, {{"shape", 3}, {"fill_value", 7}, {"dtype", DType::i64}});
  s.wrong_list({}, {{"shape", 2}}, ErrorKind::value, "required");
  s.wrong_list({}, {{"fill_value", 2.0}}, ErrorKind::value, "required");
  s.wrong_list({}, {{"shape", -2}, {"fill_value", 2.0}}, ErrorKind::shape, "at least 0");
  s.wrong_list({}, {{"shape", 2}, {"fill_value", "x"}}, ErrorKind::type, "a number");
  s.wrong_list({}, {{"shape", 2}, {"fill_value", 1}, {"dtype", "floaty"}}, ErrorKind::type,
               "a dtype");
  s.wrong_list({}, {{"shape", 2}, {"fill_value", 1}, {"value", 1}}, ErrorKind::key,
               "no such argument");
}

void like_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims)});
  s.ok({T({2})}, {{"dtype", DType::f64}});
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong({T({2})}, {{"dtype", "x"}}, ErrorKind::type, "a dtype");
  s.wrong({T({2})}, {{"shape", 2}}, ErrorKind::key, "no such argument");
  s.wrong({absent()}, {{"x", "ones"}}, ErrorKind::type, "expected a Tensor or a number, got str");
  s.wrong({T({2})}, {{"input", 1.0}}, ErrorKind::type, "given twice");
}

void full_like_samples(SampleList& s) {
  for (const auto& dims : usual_dims()) s.ok({T(dims)}, {{"fill_value", 2}});
  s.wrong({T({2})}, {}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"fill_value", "a"}}, ErrorKind::type, "a number");
  s.wrong({absent()}, {{"fill_value", 2}}, ErrorKind::value, "required");
  s.wrong({T({2})}, {{"fill_value", 2}, {"dtype", 3}}, ErrorKind::type, "a dtype");
  s.wrong({T({2})}, {{"fill_value", 2}, {"shape", 3}}, ErrorKind::key, "no such argument");
  s.wrong({T({2})}, {{"fill_value", DType::f32}}, ErrorKind::type, "a number");
}

void arange_samples(SampleList& s) {
  s.ok_list({}, {{"start", 5}});
  s.ok_list({}, {{"start", 2}, {"end", 9}, {"step", 3}});
  s.ok_list({}, {{"start", 0.0}, {"end", 1.0}, {"step", 0.1}});
  s.ok_list({}, {{"start", 5}, {"end", 0}, {"step", -2}});
  s.ok_list({}, {{"start", 3}, {"end", 3}});
  s.ok_list({}, {{"start", 4}, {"dtype", DType::f64}});
  s.wrong_list({}, {{"start", 3}, {"step", 0}}, ErrorKind::value, "other than 0");
  s.wrong_list({}, {{"start", "a"}}, ErrorKind::type, "a number");
  s.wrong_list({}, {{"start", 0}, {"end", __builtin_inf()}}, ErrorKind::value, "a finite range");
  s.wrong_list({}, {{"start", 3}, {"dtype", 1}}, ErrorKind::type, "a dtype");
  s.wrong_list({}, {{"start", 3}, {"stop", 1}}, ErrorKind::key, "no such argument");
  s.wrong_list({}, {{"start", 0}, {"end", 1e300}}, ErrorKind::value, "too long");
}

void spaced_samples(SampleList& s) {
  for (int n : {0, 1, 2, 7}) s.ok_list({}, {{"start", 1.0}, {"stop", 3.0}, {"num", n}});
  s.ok_list({}, {{"start", 3}, {"stop", -1}, {"num", 5}, {"dtype", DType::f64}});
  s.wrong_list({}, {{"start", 0.0}, {"stop", 1.0}, {"num", -1}}, ErrorKind::value, "at least 0");
  s.wrong_list({}, {{"start", 0.0}, {"stop", 1.0}}, ErrorKind::value, "required");
  s.wrong_list({}, {{"start", 0.0}, {"num", 3}}, ErrorKind::value, "required");
  s.wrong_list({}, {{"start", "a"}, {"stop", 1.0}, {"num", 3}}, ErrorKind::type, "a number");
  s.wrong_list({}, {{"start", 0.0}, {"stop", 1.0}, {"num", 2.5}}, ErrorKind::type, "an integer");
  s.wrong_list({}, {{"start", 0.0}, {"stop", 1.0}, {"num", 3}, {"dtype", 1}}, ErrorKind::type,
               "a dtype");
}

void eye_samples(SampleList& s) {
  s.ok_list({}, {{"num_rows", 3}});
  s.ok_list({}, {{"num_rows", 2}, {"num_columns", 4}, {"dtype", DType::i32}});
  s.ok_list({}, {{"num_rows", 0}});
  s.wrong_list({}, {}, ErrorKind::value, "required");
  s.wrong_list({}, {{"num_rows", -1}}, ErrorKind::value, "at least 0");
  s.wrong_list({}, {{"num_rows", 2}, {"num_columns", -2}}, ErrorKind::value, "at least 0");
  s.wrong_list({}, {{"num_rows", 1.5}}, ErrorKind::type, "an integer");
  s.wrong_list({}, {{"num_rows", 2}, {"dtype", 2}}, ErrorKind::type, "a dtype");
  s.wrong_list({}, {{"num_rows", 2}, {"k", 2}}, ErrorKind::key, "no such argument");
}

void triangle_samples(SampleList& s) {
  for (std::vector<int64_t> dims : {std::vector<int64_t>{3, 4}, {2, 3, 3}, {4, 2}, {0, 3}})
    s.ok({T(dims)});
  s.ok({T({4, 4})}, {{"diagonal", 1}});
  s.ok({T({4, 4})}, {{"diagonal", -2}});
  s.wrong({T({3})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({})}, {}, ErrorKind::shape, "a matrix");
  s.wrong({T({3, 3})}, {{"diagonal", 0.5}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3, 3})}, {{"k", 1}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::f8e4m3, {3, 3}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
}

void one_hot_samples(SampleList& s) {
  s.ok({I({4}, 0, 5)}, {{"num_classes", 5}});
  s.ok({I({2, 3}, 0, 3, DType::i32)}, {{"num_classes", 3}});
  s.ok({I({}, 0, 3)}, {{"num_classes", 3}});
  s.ok({I({0}, 0, 3)}, {{"num_classes", 3}});
  s.wrong({I({4}, 0, 5)}, {}, ErrorKind::value, "required");
  s.wrong({I({4}, 0, 5)}, {{"num_classes", 0}}, ErrorKind::value, "at least 1");
  s.wrong({I({4}, 0, 5)}, {{"num_classes", 2.5}}, ErrorKind::type, "an integer");
  s.wrong({T(DType::f32, {4})}, {{"num_classes", 3}}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {4})}, {{"num_classes", 3}}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {{"num_classes", 3}}, ErrorKind::value, "required");
}

ir::Page created(std::string_view name, std::string_view doc, std::vector<ir::AttrSpec> attrs,
                 void (*shape)(Infer&), DecomposeRule rule, void (*samples)(SampleList&)) {
  return {.name = name,
          .faces = ir::kTop,
          .doc = doc,
          .operands = {},
          .attrs = std::move(attrs),
          .dtypes = by_shape_rule(),
          .shape = shape,
          .vjp = ir::zero_gradient(kConstant),
          .decompose = rule,
          .sharding = "-> ...",
          .samples = samples};
}

ir::Page like(std::string_view name, std::string_view doc, std::vector<ir::AttrSpec> attrs,
              DecomposeRule rule, void (*samples)(SampleList&)) {
  return {.name = name,
          .faces = kOperator,
          .doc = doc,
          .operands = {operand_x(kAnySet | kFloat8Set)},
          .attrs = std::move(attrs),
          .dtypes = by_shape_rule(),
          .shape = like_shape,
          .vjp = ir::zero_gradient(kConstant),
          .decompose = rule,
          .sharding = kEachAxis,
          .samples = samples};
}

ir::Page triangle(std::string_view name, std::string_view doc, DecomposeRule rule) {
  return {.name = name,
          .faces = kOperator,
          .doc = doc,
          .operands = {operand_x(kAnySet)},
          .attrs = {{.name = "diagonal", .form = AttrForm::integer, .value = 0}},
          .shape = triangle_shape,
          .vjp = by_decomposition(),
          .decompose = rule,
          .sharding = kEachAxis,
          .samples = triangle_samples};
}

}  // namespace

std::vector<ir::Page> creation_pages() {
  auto spaced_attrs = [](bool base) {
    std::vector<ir::AttrSpec> attrs = {
        {.name = "start", .form = AttrForm::real},
        {.name = "stop", .aliases = {"end"}, .form = AttrForm::real},
        {.name = "num", .aliases = {"steps"}, .form = AttrForm::integer, .lowest = 0}};
    if (base) attrs.push_back({.name = "base", .form = AttrForm::real, .value = 10.0});
    attrs.push_back(dtype_attr());
    return attrs;
  };
  return {
      created("zeros", "A tensor of zeros.", {shape_attr(), dtype_attr()}, created_shape, filled<0>,
              shape_samples),
      created("ones", "A tensor of ones.", {shape_attr(), dtype_attr()}, created_shape, filled<1>,
              shape_samples),
      created("empty", "A tensor whose values are of no meaning; here zeros, so that runs repeat.",
              {shape_attr(), dtype_attr()}, created_shape, filled<0>, shape_samples),
      created("full",
              "A tensor of one number. Without a dtype: the default float, bool for True and "
              "False, complex for a complex number.",
              {shape_attr(), {.name = "fill_value", .form = AttrForm::number}, dtype_attr()},
              full_shape, full_rule, full_samples),
      like("zeros_like", "Zeros of the shape of x, and of its dtype unless another is given.",
           {dtype_attr()}, filled<0>, like_samples),
      like("ones_like", "Ones of the shape of x, and of its dtype unless another is given.",
           {dtype_attr()}, filled<1>, like_samples),
      like("empty_like", "A tensor like x whose values are of no meaning; here zeros.",
           {dtype_attr()}, filled<0>, like_samples),
      [&] {
        ir::Page page = like(
            "full_like", "One number in the shape of x, and in its dtype unless another is given.",
            {{.name = "fill_value", .form = AttrForm::number}, dtype_attr()}, full_rule,
            full_like_samples);
        page.shape = full_like_shape;
        return page;
      }(),
      created("arange",
              "start, start + step, ... below end (above it for a negative step). With one number: "
              "0 up to it. int64 where all numbers are integers.",
              {{.name = "start", .form = AttrForm::number, .value = 0},
               {.name = "end", .form = AttrForm::number, .value = kNone},
               {.name = "step", .form = AttrForm::number, .value = 1},
               dtype_attr()},
              arange_shape, arange_rule, arange_samples),
      created("linspace", "num points from start to stop, both included, at equal distances.",
              spaced_attrs(false), linspace_shape, linspace_rule, spaced_samples),
      created("logspace", "base to the powers of linspace(start, stop, num).", spaced_attrs(true),
              linspace_shape, logspace_rule, spaced_samples),
      created("eye", "Ones on the diagonal of a matrix, zeros elsewhere.",
              {{.name = "num_rows", .aliases = {"n"}, .form = AttrForm::integer, .lowest = 0},
               {.name = "num_columns",
                .aliases = {"m"},
                .form = AttrForm::integer,
                .value = kNone,
                .lowest = 0},
               dtype_attr()},
              eye_shape, eye_rule, eye_samples),
      triangle("tril",
               "The lower triangle of each matrix: elements on and below the given diagonal; zeros "
               "elsewhere.",
               triangle_rule<false>),
      triangle("triu",
               "The upper triangle of each matrix: elements on and above the given diagonal; zeros "
               "elsewhere.",
               triangle_rule<true>),
      {.name = "one_hot",
       .faces = ir::kTop | ir::kFunctional,
       .doc = "For each class number, a row of num_classes with a 1 at its place. The default "
              "float. A class outside 0 .. num_classes - 1 is refused.",
       .operands = {{.name = "x", .aliases = {"input"}, .dtypes = kIntSet, .meets = false}},
       .attrs = {{.name = "num_classes", .form = AttrForm::integer, .lowest = 1}},
       .dtypes = by_shape_rule(),
       .shape = one_hot_shape,
       .vjp = ir::not_differentiable("class numbers are integers"),
       .decompose = one_hot_rule,
       .sharding = "... -> ... c",
       .samples = one_hot_samples},
  };
}

}  // namespace proa::ops
