// Diagonals of tensors, matrices made of them, and grids of positions.

#include <algorithm>

#include "proa/ops/composite.h"

namespace proa::ops {

namespace {

using L = std::vector<int64_t>;

// Two axes of a tensor as rows and columns, and where a diagonal begins.
struct Plane {
  int rows = 0, columns = 0;
  int64_t offset = 0;
};

Plane plane_of(const ir::AttrView& op, int rank) {
  Plane p{op.axis("axis1", rank), op.axis("axis2", rank), op.integer("offset")};
  if (p.rows == p.columns)
    op.fail(ErrorKind::value, "axis2",
            str("expected two different axes, got axis ", p.rows, " twice"));
  return p;
}

int64_t first_row(int64_t offset) { return std::max<int64_t>(0, -offset); }
int64_t first_column(int64_t offset) { return std::max<int64_t>(0, offset); }

Dim diagonal_length(Dim rows, Dim columns, int64_t offset) {
  return max(Dim(0), min(rows - Dim(first_row(offset)), columns - Dim(first_column(offset))));
}

std::vector<Dim> without_plane(std::span<const Dim> dims, const Plane& p) {
  std::vector<Dim> left;
  for (int i = 0; i < static_cast<int>(dims.size()); ++i) {
    if (i != p.rows && i != p.columns) left.push_back(dims[static_cast<size_t>(i)]);
  }
  return left;
}

// The plane's axes last, rows before columns.
Expr plane_last(Expr x, const Plane& p) {
  std::vector<int> order;
  for (int i = 0; i < x.rank(); ++i) {
    if (i != p.rows && i != p.columns) order.push_back(i);
  }
  order.insert(order.end(), {p.rows, p.columns});
  return transpose(x, order);
}

// [..., m, n] -> [..., k]: row i + first_row, column i + first_column.
Expr diagonal_at(Expr x, int64_t offset) {
  std::vector<Dim> k{diagonal_length(x.dim(-2), x.dim(-1), offset)};
  Expr i = iota(*x.builder, DType::i64, k, 0);
  Expr parts[] = {unsqueeze(i + static_cast<double>(first_row(offset)), 1),
                  unsqueeze(i + static_cast<double>(first_column(offset)), 1)};
  Expr y = gather(x, concat(parts, 1), L{x.rank() - 2, x.rank() - 1}, 0);
  return move_axis(y, 0, -1);
}

// [..., n] -> [..., n + |offset|, n + |offset|] with x on a diagonal and one value elsewhere.
Expr matrix_with(Expr x, int64_t offset, double elsewhere) {
  ir::Builder& b = *x.builder;
  int last = x.rank() - 1;
  int64_t more = std::abs(offset);
  std::vector<Dim> low(static_cast<size_t>(x.rank()), Dim(0)), high = low;
  high[static_cast<size_t>(last)] = more;
  Expr filled = pad(x, zero_like(x), low, high, {});
  Dim size = x.dim(last) + Dim(more);
  std::vector<Dim> square{size, size};
  Expr on = compare("eq", iota(b, DType::i64, square, 1),
                    iota(b, DType::i64, square, 0) + static_cast<double>(offset));
  return select(on, unsqueeze(filled, offset >= 0 ? -1 : last), constant(b, x.dtype(), elsewhere));
}

void diagonal_shape(Infer& op) {
  Plane p = plane_of(op, op.rank(0));
  std::vector<Dim> dims = without_plane(op.dims(0), p);
  dims.push_back(diagonal_length(op.dim(0, p.rows), op.dim(0, p.columns), p.offset));
  op.result(dims);
}

void diagonal_rule(Decompose& d) {
  Plane p = plane_of(d, d.in(0).rank());
  d.out(diagonal_at(plane_last(d.in(0), p), p.offset));
}

void trace_shape(Infer& op) {
  DType t = op.dtype(0);
  op.result(without_plane(op.dims(0), plane_of(op, op.rank(0))), is_inexact(t) ? t : DType::i64);
}

void trace_rule(Decompose& d) {
  Plane p = plane_of(d, d.in(0).rank());
  d.out(sum(cast(diagonal_at(plane_last(d.in(0), p), p.offset), d.result_type().dtype()), -1));
}

void diag_shape(Infer& op) {
  int64_t offset = op.integer("offset");
  if (op.rank(0) == 1) {
    Dim size = op.dim(0, 0) + Dim(std::abs(offset));
    return op.result(std::vector<Dim>{size, size});
  }
  if (op.rank(0) != 2)
    op.fail(ErrorKind::shape, "x",
            str("expected a vector or a matrix, got shape ", to_string(op.dims(0))));
  op.result(std::vector<Dim>{diagonal_length(op.dim(0, 0), op.dim(0, 1), offset)});
}

void diag_rule(Decompose& d) {
  Expr x = d.in(0);
  int64_t offset = d.integer("offset");
  double elsewhere = d.real("padding_value");
  if (is_int(x.dtype())) elsewhere = static_cast<double>(static_cast<int64_t>(elsewhere));
  if (x.dtype() == DType::boolean) elsewhere = elsewhere != 0;
  d.out(x.rank() == 1 ? matrix_with(x, offset, elsewhere) : diagonal_at(x, offset));
}

void diagflat_shape(Infer& op) {
  Dim size = ir::product(op.dims(0)) + Dim(std::abs(op.integer("offset")));
  op.result(std::vector<Dim>{size, size});
}

void diagflat_rule(Decompose& d) {
  Expr x = d.in(0);
  d.out(matrix_with(reshape(x, std::vector<Dim>{ir::product(x.dims())}), d.integer("offset"), 0));
}

Plane embedding_plane(const ir::AttrView& op, int rank) {
  if (rank == 0) op.fail(ErrorKind::shape, "input", "expected at least 1 dim, got a 0-d tensor");
  Plane p{op.axis("dim1", rank + 1), op.axis("dim2", rank + 1), op.integer("offset")};
  if (p.rows == p.columns)
    op.fail(ErrorKind::value, "dim2",
            str("expected two different axes, got axis ", p.rows, " twice"));
  return p;
}

void diag_embed_shape(Infer& op) {
  int rank = op.rank(0);
  Plane p = embedding_plane(op, rank);
  Dim size = op.dim(0, -1) + Dim(std::abs(p.offset));
  std::vector<Dim> dims;
  for (int i = 0, next = 0; i <= rank; ++i)
    dims.push_back(i == p.rows || i == p.columns ? size : op.dim(0, next++));
  op.result(dims);
}

void diag_embed_rule(Decompose& d) {
  Expr x = d.in(0);
  int rank = x.rank();
  Plane p = embedding_plane(d, rank);
  std::vector<int> order;
  for (int i = 0, next = 0; i <= rank; ++i)
    order.push_back(i == p.rows ? rank - 1 : i == p.columns ? rank : next++);
  d.out(transpose(matrix_with(x, p.offset, 0), order));
}

// meshgrid: every tensor's axis is an axis of all results; 'xy' exchanges the first two.
int grid_axis(const ir::AttrView& op, int k) {
  return op.text("indexing") == "xy" && k < 2 ? 1 - k : k;
}

void meshgrid_shape(Infer& op) {
  int n = op.count(0);
  if (n == 0) op.fail(ErrorKind::value, "x", "expected at least one tensor, got none");
  std::vector<Dim> dims(static_cast<size_t>(n));
  for (int k = 0; k < n; ++k) {
    if (op.rank(0, k) > 1)
      op.fail(ErrorKind::shape, "x",
              str("expected vectors, tensor ", k, " has shape ", to_string(op.dims(0, k))));
    int axis = n == 1 ? 0 : grid_axis(op, k);
    dims[static_cast<size_t>(axis)] = op.rank(0, k) == 0 ? Dim(1) : op.dims(0, k)[0];
  }
  for (int k = 0; k < n; ++k) op.result(dims, op.dtype(0, k));
}

void meshgrid_rule(Decompose& d) {
  int n = d.count(0);
  for (int k = 0; k < n; ++k) {
    Expr x = d.in(0, k);
    if (x.rank() == 0) x = unsqueeze(x, 0);
    int axes[] = {n == 1 ? 0 : grid_axis(d, k)};
    d.out(broadcast_in(x, d.result_type(k).dims(), axes));
  }
}

// tril_indices, triu_indices

struct Corner {
  int64_t rows, columns, offset;
  bool lower;
  // The columns of a row that belong to the triangle: from .. to, the end not included.
  std::pair<int64_t, int64_t> span(int64_t row) const {
    if (lower) return {0, std::clamp<int64_t>(row + offset + 1, 0, columns)};
    return {std::clamp<int64_t>(row + offset, 0, columns), columns};
  }
};

template <bool kLower>
Corner corner_of(const ir::AttrView& op) {
  int64_t rows = op.integer("row");
  return {rows, op.has("col") ? op.integer("col") : rows, op.integer("offset"), kLower};
}

template <bool kLower>
void corner_shape(Infer& op) {
  DType t = op.dtype_attr("dtype");
  if (t != DType::i32 && t != DType::i64)
    op.fail(ErrorKind::type, "dtype", str("expected int32 or int64, got ", to_string(t)));
  Corner c = corner_of<kLower>(op);
  constexpr int64_t kMost = int64_t{1} << 24;  // the positions become a constant
  if (c.rows > kMost || c.columns > kMost)
    op.fail(ErrorKind::value, c.rows > kMost ? "row" : "col",
            str("expected at most 2^24, got ", std::max(c.rows, c.columns)));
  int64_t count = 0;
  for (int64_t row = 0; row < c.rows; ++row) count += c.span(row).second - c.span(row).first;
  op.result(std::vector<Dim>{Dim(2), Dim(count)}, t);
}

template <bool kLower>
void corner_rule(Decompose& d) {
  Corner c = corner_of<kLower>(d);
  std::vector<double> values, columns;
  for (int64_t row = 0; row < c.rows; ++row) {
    for (auto [at, to] = c.span(row); at < to; ++at) {
      values.push_back(static_cast<double>(row));
      columns.push_back(static_cast<double>(at));
    }
  }
  auto count = static_cast<int64_t>(columns.size());
  values.insert(values.end(), columns.begin(), columns.end());
  d.out(constant(d.builder(), dense_data(d.result_type().dtype(), {2, count}, values)));
}

void plane_samples(SampleList& s) {
  s.ok({T({3, 4})});
  s.ok({T({3, 4})}, {{"offset", 2}});
  s.ok({T({4, 3})}, {{"offset", -1}, {"axis1", 1}, {"axis2", 0}});
  s.ok({T({2, 3, 4})}, {{"axis1", -1}, {"axis2", 0}});
  s.ok({T({2, 2})}, {{"offset", 5}});
  s.ok({T({0, 3})});
  s.wrong({T({3})}, {}, ErrorKind::index, "out of range");
  s.wrong({T({})}, {}, ErrorKind::index, "0-d");
  s.wrong({T({3, 4})}, {{"axis1", 1}}, ErrorKind::value, "two different axes");
  s.wrong({T({3, 4})}, {{"axis1", -2}, {"axis2", 0}}, ErrorKind::value, "two different axes");
  s.wrong({T({3, 4})}, {{"axis2", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({3, 4})}, {{"offset", 0.5}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void diag_samples(SampleList& s) {
  for (int64_t offset : {0, 1, -2}) {
    s.ok({T({3})}, {{"offset", offset}});
    s.ok({T({3, 4})}, {{"offset", offset}});
  }
  s.ok({T({3})}, {{"padding_value", 2.5}});
  s.ok({T({0})}, {{"offset", 1}});
  s.wrong({T({})}, {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong({T({2, 3, 4})}, {}, ErrorKind::shape, "a vector or a matrix");
  s.wrong({T({3})}, {{"offset", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"padding_value", "x"}}, ErrorKind::type, "a number");
  s.wrong({T({3})}, {{"axis1", 0}}, ErrorKind::key, "no such argument");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void diagflat_samples(SampleList& s) {
  s.ok({T({3})});
  s.ok({T({2, 2})}, {{"offset", 1}});
  s.ok({T({})}, {{"offset", -1}});
  s.ok({T({0})});
  s.wrong({T({3})}, {{"offset", 1.5}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"offset", "x"}}, ErrorKind::type, "an integer");
  s.wrong({T({3})}, {{"padding_value", 1.0}}, ErrorKind::key, "no such argument");
  s.wrong({T(DType::f8e5m2, {3}, Fill::zeros)}, {}, ErrorKind::type, "dtype");
  s.wrong({absent()}, {{"x", "1, 2"}}, ErrorKind::type, "expected a Tensor or a number, got str");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void diag_embed_samples(SampleList& s) {
  s.ok({T({3})});
  s.ok({T({2, 3})}, {{"offset", 1}});
  s.ok({T({2, 3})}, {{"offset", -1}, {"dim1", 0}, {"dim2", 2}});
  s.ok({T({2, 3})}, {{"dim1", 1}, {"dim2", 0}});
  s.wrong({T({})}, {}, ErrorKind::shape, "at least 1 dim");
  s.wrong({T({3})}, {{"dim1", 2}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"dim2", -3}}, ErrorKind::index, "out of range");
  s.wrong({T({3})}, {{"dim1", 1}, {"dim2", 1}}, ErrorKind::value, "two different axes");
  s.wrong({T({3})}, {{"offset", 0.5}}, ErrorKind::type, "an integer");
  s.wrong({absent()}, {}, ErrorKind::value, "required");
}

void meshgrid_samples(SampleList& s) {
  for (const char* indexing : {"ij", "xy"}) {
    s.ok_list({{T({3}), T({2})}}, {{"indexing", indexing}});
    s.ok_list({{T({3}), T({2}), T({4})}}, {{"indexing", indexing}});
    s.ok_list({{T({3})}}, {{"indexing", indexing}});
    s.ok_list({{T({}), T({0})}}, {{"indexing", indexing}});
  }
  s.wrong_list({{}}, {}, ErrorKind::value, "at least one");
  s.wrong_list({{T({2, 3})}}, {}, ErrorKind::shape, "expected vectors");
  s.wrong_list({{T({2}), T({1, 1})}}, {}, ErrorKind::shape, "tensor 1");
  s.wrong_list({{T({2}), T({3})}}, {{"indexing", "ji"}}, ErrorKind::value, "expected one of");
  s.wrong_list({{T({2}), T({3})}}, {{"indexing", 1}}, ErrorKind::type, "a string");
  s.wrong_list({{T({2}), T({3})}}, {{"axis", 0}}, ErrorKind::key, "no such argument");
}

void corner_samples(SampleList& s) {
  s.ok({}, {{"row", 3}, {"col", 4}});
  s.ok({}, {{"row", 4}, {"col", 3}, {"offset", 1}});
  s.ok({}, {{"row", 3}, {"offset", -2}, {"dtype", DType::i32}});
  s.ok({}, {{"row", 3}, {"col", 3}, {"offset", 9}});
  s.ok({}, {{"row", 0}, {"col", 3}});
  s.wrong({}, {}, ErrorKind::value, "required");
  s.wrong({}, {{"row", -1}}, ErrorKind::value, "at least 0");
  s.wrong({}, {{"row", 2}, {"col", -1}}, ErrorKind::value, "at least 0");
  s.wrong({}, {{"row", 2.5}}, ErrorKind::type, "an integer");
  s.wrong({}, {{"row", 2}, {"offset", 0.5}}, ErrorKind::type, "an integer");
  s.wrong({}, {{"row", 2}, {"dtype", DType::f32}}, ErrorKind::type, "int32 or int64");
}

}  // namespace

std::vector<ir::Page> diagonals_pages() {
  ir::AttrSpec offset{
      .name = "offset", .aliases = {"diagonal"}, .form = AttrForm::integer, .value = 0};
  ir::AttrSpec axis1{.name = "axis1", .aliases = {"dim1"}, .form = AttrForm::axis, .value = 0},
      axis2{.name = "axis2", .aliases = {"dim2"}, .form = AttrForm::axis, .value = 1};
  constexpr std::string_view kDiagonal = "none: a diagonal runs over two axes";
  auto corner = [&](std::string_view name, std::string_view doc, void (*shape)(Infer&),
                    DecomposeRule rule) {
    return ir::Page{
        .name = name,
        .faces = ir::kTop,
        .doc = doc,
        .operands = {},
        .attrs = {{.name = "row", .form = AttrForm::integer, .lowest = 0},
                  {.name = "col", .form = AttrForm::integer, .value = kNone, .lowest = 0},
                  {.name = "offset", .form = AttrForm::integer, .value = 0},
                  {.name = "dtype", .form = AttrForm::dtype, .value = DType::i64}},
        .dtypes = by_shape_rule(),
        .shape = shape,
        .vjp = ir::not_differentiable("positions are integers"),
        .decompose = rule,
        .sharding = "-> p n",
        .samples = corner_samples};
  };
  return {
      {.name = "diagonal",
       .faces = kOperator,
       .doc = "The diagonal of the plane of two axes, as the last axis: elements whose column is "
              "their row plus offset.",
       .operands = {{.name = "x", .aliases = {"input", "self", "A"}, .dtypes = kAnySet}},
       .attrs = {offset, axis1, axis2},
       .shape = diagonal_shape,
       .vjp = by_decomposition(),
       .decompose = diagonal_rule,
       .sharding = kDiagonal,
       .cost = no_flops,
       .samples = plane_samples},
      {.name = "trace",
       .faces = kOperator,
       .doc = "The sum of the diagonal of the plane of two axes. bool and integers add in int64.",
       .operands = {operand_x(kAnySet)},
       .attrs = {offset, axis1, axis2},
       .dtypes = by_shape_rule(),
       .shape = trace_shape,
       .vjp = by_decomposition(),
       .decompose = trace_rule,
       .sharding = kDiagonal,
       .samples = plane_samples},
      {.name = "diag",
       .faces = kOperator,
       .doc = "Of a vector: the matrix with it on a diagonal and padding_value elsewhere; of a "
              "matrix: that diagonal.",
       .operands = {operand_x(kAnySet)},
       .attrs = {offset, {.name = "padding_value", .form = AttrForm::real, .value = 0.0}},
       .shape = diag_shape,
       .vjp = by_decomposition(),
       .decompose = diag_rule,
       .sharding = kDiagonal,
       .cost = no_flops,
       .samples = diag_samples},
      {.name = "diagflat",
       .faces = kOperator,
       .doc = "The matrix with the elements of x, flattened, on a diagonal and zeros elsewhere.",
       .operands = {operand_x(kAnySet)},
       .attrs = {offset},
       .shape = diagflat_shape,
       .vjp = by_decomposition(),
       .decompose = diagflat_rule,
       .sharding = kDiagonal,
       .cost = no_flops,
       .samples = diagflat_samples},
      {.name = "diag_embed",
       .faces = kOperator | ir::kFunctional,
       .doc = "Matrices, over the axes dim1 and dim2 of the result, with the last axis of input on "
              "a diagonal and zeros elsewhere.",
       .operands = {{.name = "input", .aliases = {"x"}, .dtypes = kAnySet}},
       .attrs = {{.name = "offset", .form = AttrForm::integer, .value = 0},
                 {.name = "dim1", .form = AttrForm::axis, .value = -2},
                 {.name = "dim2", .form = AttrForm::axis, .value = -1}},
       .shape = diag_embed_shape,
       .vjp = by_decomposition(),
       .decompose = diag_embed_rule,
       .sharding = kDiagonal,
       .cost = no_flops,
       .samples = diag_embed_samples},
      {.name = "meshgrid",
       .faces = ir::kTop,
       .doc = "Each vector spread over the grid of all of them: result k has the elements of "
              "vector k along axis k (xy: the first two axes exchanged).",
       .operands = {{.name = "x",
                     .aliases = {"args", "tensors"},
                     .dtypes = kAnySet,
                     .variadic = true,
                     .meets = false}},
       .attrs =
           {{.name = "indexing", .form = AttrForm::string, .value = "ij", .choices = {"ij", "xy"}}},
       .results = -1,
       .dtypes = by_shape_rule(),
       .shape = meshgrid_shape,
       .vjp = by_decomposition(),
       .decompose = meshgrid_rule,
       .sharding = "none: elements repeat",
       .cost = no_flops,
       .samples = meshgrid_samples},
      corner("tril_indices",
             "Rows and columns [2, n] of the lower triangle of a matrix, up to the given diagonal, "
             "row by row.",
             corner_shape<true>, corner_rule<true>),
      corner("triu_indices",
             "Rows and columns [2, n] of the upper triangle of a matrix, from the given diagonal "
             "on, row by row.",
             corner_shape<false>, corner_rule<false>),
  };
}

}  // namespace proa::ops
