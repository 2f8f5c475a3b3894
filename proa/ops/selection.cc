// Elements chosen by masks, and tensors padded.

#include <algorithm>

#include "proa/ir/context.h"
#include "proa/ops/casting.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

OperandSpec mask_operand(std::string_view name = "mask",
                         std::vector<std::string_view> aliases = {}) {
  return {.name = name, .aliases = std::move(aliases), .dtypes = kBoolSet, .meets = false};
}

void where_rule(Decompose& d) { d.out(select(d.in(0), d.in(1), d.in(2))); }

void masked_fill_shape(Infer& op) {
  if (op.rank(2) != 0)
    op.fail(ErrorKind::shape, "value",
            str("expected a number or a 0-d tensor, got shape ", to_string(op.dims(2))));
  require_real_unless_complex(op, 2, op.dtype(0));
  op.result(op.broadcast(op.dims(0), op.dims(1), "mask"), op.dtype(0));
}

void masked_fill_rule(Decompose& d) {
  d.out(select(d.in(1), cast(d.in(2), d.in(0).dtype()), d.in(0)));
}

// How many elements a mask picks is known only when it has run: a size of its own stands for it.
Dim fresh_size(Infer& op) { return op.context().symbols().fresh("u"); }

// The positions where a flat mask is true, int64 [size].
Expr picked_positions(Expr mask, Dim size) {
  std::vector<Expr> packed = call(*mask.builder, "prim.compact", {&mask, 1});
  call1("prim.as_dim", {packed[1]},
        {{"symbol", ir::Attribute::dim(mask.builder->context(), size)}, {"low", 0}});
  return slice_axis(packed[0], 0, 0, size);
}

Expr flat(Expr x) { return reshape(x, std::vector<Dim>{ir::product(x.dims())}); }

void masked_select_shape(Infer& op) {
  (void)op.broadcast(op.dims(0), op.dims(1), "mask");
  op.result(std::vector<Dim>{fresh_size(op)}, op.dtype(0));
}

void masked_select_rule(Decompose& d) {
  Expr x = d.in(0), mask = d.in(1);
  std::vector<Dim> dims = broadcast_dims(d.builder(), x.dims(), mask.dims());
  Expr at = picked_positions(flat(broadcast_to(mask, dims)), d.result_type().dims()[0]);
  d.out(gather(flat(broadcast_to(x, dims)), unsqueeze(at, 1), L{0}, 0));
}

void nonzero_shape(Infer& op) {
  Dim size = fresh_size(op);
  int rank = op.rank(0);
  if (!op.boolean("as_tuple")) return op.result(std::vector<Dim>{size, Dim(rank)}, DType::i64);
  for (int i = 0; i < std::max(rank, 1); ++i) op.result(std::vector<Dim>{size}, DType::i64);
}

void nonzero_rule(Decompose& d) {
  Expr x = d.in(0);
  Expr mask = x.dtype() == DType::boolean ? x : compare("ne", x, 0.0);
  Dim size = d.result_type().dims()[0];
  Expr at = picked_positions(flat(mask), size);
  std::vector<Expr> each;
  for (int i = 0; i < x.rank(); ++i) {
    Dim inner = ir::product(x.dims().subspan(static_cast<size_t>(i) + 1));
    Expr one = inner.is_const(1) ? at : at / dim_value(d.builder(), inner, DType::i64);
    if (i > 0) one = binary("rem", one, dim_value(d.builder(), x.dim(i), DType::i64));
    each.push_back(one);
  }
  if (d.boolean("as_tuple")) {
    if (each.empty()) each.push_back(at);
    for (Expr one : each) d.out(one);
    return;
  }
  if (each.empty()) return d.out(full(d.builder(), d.result_type().dims(), DType::i64, 0));
  for (Expr& one : each) one = unsqueeze(one, 1);
  d.out(concat(each, 1));
}

// How much goes before and after each axis.
struct Margins {
  L low, high;
};

// Paddle's order: one pair for each axis from the first (or from the last), or, where there is one
// for each spatial axis, from the last spatial axis back.
Margins margins_of(const ir::AttrView& op, int rank) {
  L given = op.ints("pad");
  auto n = static_cast<int>(given.size());
  bool constant = op.text("mode") == "constant";
  std::string_view format = op.has("data_format") ? op.text("data_format") : std::string_view();
  if (!format.empty() && static_cast<int>(format.size()) != rank) {
    op.fail(ErrorKind::value, "data_format",
            str("'", format, "' names ", format.size(), " axes, the tensor has ", rank));
  }
  Margins m{L(static_cast<size_t>(rank), 0), L(static_cast<size_t>(rank), 0)};
  auto put = [&](int axis, int pair) {
    m.low[static_cast<size_t>(axis)] = given[static_cast<size_t>(2 * pair)];
    m.high[static_cast<size_t>(axis)] = given[static_cast<size_t>(2 * pair + 1)];
  };
  if (n % 2 != 0)
    op.fail(ErrorKind::value, "pad", str("expected pairs (before, after), got ", n, " integers"));
  if (rank >= 3 && n == 2 * (rank - 2)) {
    int last = !format.empty() && format.back() == 'C' ? rank - 2 : rank - 1;
    for (int pair = 0; pair < n / 2; ++pair) put(last - pair, pair);
  } else if (constant && n <= 2 * rank) {
    for (int pair = 0; pair < n / 2; ++pair)
      put(op.boolean("pad_from_left_axis") ? pair : rank - 1 - pair, pair);
  } else if (constant) {
    op.fail(
        ErrorKind::value, "pad",
        str("expected at most ", 2 * rank, " integers for a tensor with ", rank, " dims, got ", n));
  } else {
    op.fail(ErrorKind::value, "pad",
            str("mode '", op.text("mode"), "' expects two integers for each spatial axis, ",
                std::max(0, 2 * (rank - 2)), " for a tensor with ", rank, " dims, got ", n));
  }
  return m;
}

void pad_shape(Infer& op) {
  Margins m = margins_of(op, op.rank(0));
  std::string_view mode = op.text("mode");
  std::vector<Dim> dims(op.dims(0).begin(), op.dims(0).end());
  for (size_t i = 0; i < dims.size(); ++i) {
    int64_t low = m.low[i], high = m.high[i], most = std::max(low, high);
    if (low == 0 && high == 0) continue;
    if (mode != "constant") {
      if (low < 0 || high < 0)
        op.fail(ErrorKind::value, "pad",
                str("mode '", mode, "' expects at least 0, got (", low, ", ", high, ")"));
      int64_t needed = mode == "reflect" ? most + 1 : mode == "circular" ? most : 1;
      expect_ge(op, dims[i], needed, "pad", [&] {
        return str("mode '", mode, "' by (", low, ", ", high, ") needs at least ", needed,
                   " elements along axis ", i, ", got ", to_string(dims[i]));
      });
    }
    Dim padded = dims[i] + Dim(low) + Dim(high);
    expect_ge(op, padded, 0, "pad", [&] {
      return str("(", low, ", ", high, ") takes more than the ", to_string(dims[i]),
                 " elements of axis ", i);
    });
    dims[i] = padded;
  }
  op.result(dims);
}

Expr edge_padded(Expr x, int axis, int64_t low, int64_t high, std::string_view mode) {
  Dim n = x.dim(axis);
  std::vector<Expr> parts;
  auto repeated = [&](Expr slice, int64_t count) {
    std::vector<Dim> dims(x.dims().begin(), x.dims().end());
    dims[static_cast<size_t>(axis)] = Dim(count);
    return broadcast_to(slice, dims);
  };
  // A slice even where it is all of x, so that gradients are added in one order for all sizes.
  auto piece = [&](Dim start, Dim limit) {
    std::vector<Dim> starts(x.dims().size(), Dim(0)), limits(x.dims().begin(), x.dims().end());
    starts[static_cast<size_t>(axis)] = start;
    limits[static_cast<size_t>(axis)] = limit;
    return call1(
        "prim.slice", {x},
        {{"starts", starts}, {"limits", limits}, {"strides", L(x.dims().size(), int64_t{1})}});
  };
  if (low > 0) {
    if (mode == "reflect") parts.push_back(reverse(piece(1, low + 1), {&axis, 1}));
    else if (mode == "replicate") parts.push_back(repeated(piece(0, 1), low));
    else parts.push_back(piece(n - Dim(low), n));
  }
  parts.push_back(x);
  if (high > 0) {
    if (mode == "reflect")
      parts.push_back(reverse(piece(n - Dim(high + 1), n - Dim(1)), {&axis, 1}));
    else if (mode == "replicate") parts.push_back(repeated(piece(n - Dim(1), n), high));
    else parts.push_back(piece(0, high));
  }
  return concat(parts, axis);
}

void pad_rule(Decompose& d) {
  Expr x = d.in(0);
  Margins m = margins_of(d, x.rank());
  std::string_view mode = d.text("mode");
  if (mode == "constant") {
    double value = d.real("value");
    if (is_int(x.dtype())) value = static_cast<double>(static_cast<int64_t>(value));
    if (x.dtype() == DType::boolean) value = value != 0;
    std::vector<Dim> low(m.low.begin(), m.low.end()), high(m.high.begin(), m.high.end());
    d.out(pad(x, constant(d.builder(), x.dtype(), value), low, high, {}));
    return;
  }
  for (int axis = 0; axis < x.rank(); ++axis) {
    auto i = static_cast<size_t>(axis);
    if (m.low[i] != 0 || m.high[i] != 0) x = edge_padded(x, axis, m.low[i], m.high[i], mode);
  }
  d.out(x);
}

void where_samples(SampleList& s) {
  s.ok({T(DType::boolean, {2, 3}), T({2, 3}), T({2, 3})});
  s.ok({T(DType::boolean, {3}), T({2, 3}), T({})});
  s.ok({T(DType::boolean, {2, 1}), T({3}), T({1, 3})});
  s.ok({T(DType::boolean, {0}), T({0}), T({1})});
  s.ok({T(DType::boolean, {3}), T({3}), ir::number(0)});
  s.ok({T(DType::boolean, {3}), T(DType::i32, {3}), T(DType::f32, {3})}).gradient = false;
  s.wrong({T(DType::f32, {3}), T({3}), T({3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::i64, {3}), T({3}), T({3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T(DType::boolean, {3}), T({4}), T({4})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T(DType::boolean, {3}), T({3}), T({2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T(DType::boolean, {3}), T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T({3}), T({3})}, {}, ErrorKind::value, "required");
  s.wrong({T(DType::boolean, {3}), T({3}), T({3})}, {{"axis", 0}}, ErrorKind::key,
          "no such argument");
}

void masked_fill_samples(SampleList& s) {
  s.ok({T({2, 3}), T(DType::boolean, {2, 3}), ir::number(1.5)}).gradient = false;
  s.ok({T({2, 3}), T(DType::boolean, {3}), T({})});
  s.ok({T({3}), T(DType::boolean, {2, 1}), T({})});
  s.ok({T({0}), T(DType::boolean, {0}), T({})});
  s.ok({T({}), T(DType::boolean, {}), T({})});
  s.wrong({T({3}), T(DType::f32, {3}), T({})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), T(DType::u8, {3}), T({})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), T(DType::boolean, {4}), T({})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({3}), T(DType::boolean, {3}), T({3})}, {}, ErrorKind::shape, "0-d tensor");
  s.wrong({T({3}), T(DType::boolean, {3}), T({1})}, {}, ErrorKind::shape, "0-d tensor");
  s.wrong({T({3}), T(DType::boolean, {3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3}), absent(), T({})}, {}, ErrorKind::value, "required");
}

void masked_select_samples(SampleList& s) {
  s.ok({T({2, 3}), T(DType::boolean, {2, 3})});
  s.ok({T({2, 3}), T(DType::boolean, {3})});
  s.ok({T({3}), T(DType::boolean, {2, 1})});
  s.ok({T({4}), T(DType::boolean, {4}, Fill::zeros)});
  s.ok({T({4}), T(DType::boolean, {4}, Fill::ones)});
  s.wrong({T({3}), T(DType::f32, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), T(DType::i64, {3})}, {}, ErrorKind::type, "dtype");
  s.wrong({T({3}), T(DType::boolean, {4})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({2, 3}), T(DType::boolean, {2})}, {}, ErrorKind::shape, "cannot be broadcast");
  s.wrong({T({3}), absent()}, {}, ErrorKind::value, "required");
  s.wrong({absent(), T(DType::boolean, {3})}, {}, ErrorKind::value, "required");
  s.wrong({T({3}), T(DType::boolean, {3})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

void nonzero_samples(SampleList& s) {
  for (bool tuple : {false, true}) {
    s.ok({T(DType::boolean, {5})}, {{"as_tuple", tuple}});
    s.ok({T(DType::i32, {2, 3, 2})}, {{"as_tuple", tuple}});
    s.ok({V(DType::f32, {2, 2}, {0, 1, -0.0, __builtin_nan("")})}, {{"as_tuple", tuple}});
    s.ok({T(DType::boolean, {0, 3})}, {{"as_tuple", tuple}});
    s.ok({T(DType::boolean, {}, Fill::ones)}, {{"as_tuple", tuple}});
  }
  s.wrong({absent()}, {}, ErrorKind::value, "required");
  s.wrong({T({3})}, {{"as_tuple", 2}}, ErrorKind::type, "True or False");
  s.wrong({T({3})}, {{"as_tuple", "yes"}}, ErrorKind::type, "True or False");
  s.wrong({T({3})}, {{"axis", 0}}, ErrorKind::key, "no such argument");
  s.wrong({T({3})}, {{"size", 3}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::f8e4m3, {3}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
}

void pad_samples(SampleList& s) {
  for (const char* mode : {"constant", "reflect", "replicate", "circular"}) {
    s.ok({T({1, 2, 4})}, {{"pad", L{1, 2}}, {"mode", mode}});
    s.ok({T({1, 2, 3, 4})}, {{"pad", L{1, 2, 0, 1}}, {"mode", mode}});
    s.ok({T({1, 3, 4, 2})}, {{"pad", L{1, 2, 0, 1}}, {"mode", mode}, {"data_format", "NHWC"}});
    s.ok({T({1, 1, 2, 3, 2})}, {{"pad", L{1, 1, 0, 2, 1, 0}}, {"mode", mode}});
  }
  s.ok({T({2, 3})}, {{"pad", L{1, 0, 0, 2}}, {"value", 1.5}});
  s.ok({T({2, 3})}, {{"pad", L{1, 2}}, {"pad_from_left_axis", false}});
  s.ok({T({5})}, {{"pad", L{-1, 2}}});
  s.ok({T(DType::i32, {2, 0})}, {{"pad", L{1, 1, 1, 1}}, {"value", 3}});
  s.wrong({T({1, 2, 4})}, {}, ErrorKind::value, "required");
  s.wrong({T({1, 2, 4})}, {{"pad", L{1, 2, 3}}}, ErrorKind::value, "pairs");
  s.wrong({T({1, 2, 4})}, {{"pad", L{1, 2}}, {"mode", "edge"}}, ErrorKind::value,
          "expected one of");
  s.wrong({T({1, 2, 4})}, {{"pad", L{4, 0}}, {"mode", "reflect"}}, ErrorKind::shape,
          "needs at least 5");
  s.wrong({T({1, 2, 4})}, {{"pad", L{0, 5}}, {"mode", "circular"}}, ErrorKind::shape,
          "needs at least 5");
  s.wrong({T({1, 2, 0})}, {{"pad", L{1, 0}}, {"mode", "replicate"}}, ErrorKind::shape,
          "needs at least 1");
  s.wrong({T({1, 2, 4})}, {{"pad", L{-1, 0}}, {"mode", "reflect"}}, ErrorKind::value, "at least 0");
  s.wrong({T({2, 4})}, {{"pad", L{1, 0}}, {"mode", "reflect"}}, ErrorKind::value,
          "each spatial axis");
  s.wrong({T({4})}, {{"pad", L{-3, -3}}}, ErrorKind::shape, "takes more");
  s.wrong({T({4})}, {{"pad", L{1, 1, 1, 1}}}, ErrorKind::value, "at most 2");
  s.wrong({T({1, 2, 4})}, {{"pad", L{1, 2}}, {"data_format", "NCHW"}}, ErrorKind::value,
          "names 4 axes");
}

}  // namespace

std::vector<ir::Page> selection_pages() {
  return {
      {.name = "where",
       .faces = kOperator,
       .doc = "x where the condition is true, y elsewhere; all three are broadcast together. The "
              "gradient goes to the side that was taken.",
       .operands = {mask_operand("condition"), operand_x(kAnySet, true), operand_y(kAnySet)},
       .shape = broadcast_shape,
       .vjp = by_decomposition(),
       .decompose = where_rule,
       .sharding = kEachAxis3,
       .samples = where_samples},
      {.name = "masked_fill",
       .faces = kWriting,
       .doc = "value where the mask is true, x elsewhere; x and mask are broadcast together, value "
              "is one number and takes x's dtype.",
       .operands = {operand_x(kAnySet),
                    mask_operand(),
                    {.name = "value", .dtypes = kAnySet, .meets = false, .number = true}},
       .dtypes = by_shape_rule(),
       .shape = masked_fill_shape,
       .vjp = by_decomposition(),
       .decompose = masked_fill_rule,
       .sharding = "..., ..., -> ...",
       .alias = {{.result = 0, .operand = 0}},
       .samples = masked_fill_samples},
      {.name = "masked_select",
       .faces = kOperator,
       .doc = "The elements of x where the mask is true, in row-major order, as a vector; x and "
              "mask are broadcast together.",
       .operands = {operand_x(kAnySet), mask_operand()},
       .dtypes = by_shape_rule(),
       .shape = masked_select_shape,
       .vjp = by_decomposition(),
       .decompose = masked_select_rule,
       .sharding = "none: the number of elements depends on the data",
       .samples = masked_select_samples},
      {.name = "nonzero",
       .faces = kOperator,
       .doc = "The positions of the elements that are not zero, in row-major order: int64 [n, "
              "rank], or with as_tuple one vector for each axis (one for a 0-d x).",
       .operands = {operand_x(kAnySet)},
       .attrs = {{.name = "as_tuple", .form = AttrForm::boolean, .value = false}},
       .results = -1,
       .result_names = {"positions"},
       .dtypes = by_shape_rule(),
       .shape = nonzero_shape,
       .vjp = ir::not_differentiable("positions are integers"),
       .decompose = nonzero_rule,
       .sharding = "none: the number of elements depends on the data",
       .samples = nonzero_samples},
      {.name = "pad",
       .faces = ir::kTop | ir::kFunctional,
       .doc =
           "x with margins. pad lists (before, after) for each spatial axis, the last one first, "
           "where it has one pair for each of them (data_format says which they are); else, in "
           "mode "
           "constant, for the axes from the first on (from the last back if not "
           "pad_from_left_axis). constant: filled with value, a negative margin cuts; reflect: "
           "mirrored at the border, "
           "which is not repeated; replicate: the border repeated; circular: from the other end.",
       .operands = {operand_x(kAnySet)},
       .attrs = {{.name = "pad", .form = AttrForm::ints},
                 {.name = "mode",
                  .form = AttrForm::string,
                  .value = "constant",
                  .choices = {"constant", "reflect", "replicate", "circular"}},
                 {.name = "value", .form = AttrForm::real, .value = 0.0},
                 {.name = "data_format",
                  .form = AttrForm::string,
                  .value = kNone,
                  .choices = {"NCL", "NLC", "NCHW", "NHWC", "NCDHW", "NDHWC"}},
                 {.name = "pad_from_left_axis", .form = AttrForm::boolean, .value = true}},
       .shape = pad_shape,
       .vjp = by_decomposition(),
       .decompose = pad_rule,
       .sharding = "none: margins belong to the whole tensor",
       .cost = no_flops,
       .samples = pad_samples},
  };
}

}  // namespace proa::ops
