#include "proa/ops/expr.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/ir/need_extents.h"

namespace proa::ops {

namespace {

Expr elementwise(std::string_view full_name, Expr a, Expr b, const Attrs& attrs = {}) {
  PROA_CHECK(a.dtype() == b.dtype(), full_name, " of ", to_string(a.dtype()), " and ",
             to_string(b.dtype()));
  if (!std::ranges::equal(a.dims(), b.dims())) {
    std::vector<Dim> dims = broadcast_dims(*a.builder, a.dims(), b.dims());
    a = broadcast_to(a, dims);
    b = broadcast_to(b, dims);
  }
  return call1(full_name, {a, b}, attrs);
}

std::string primitive(std::string_view name) { return str("prim.", name); }

std::vector<int64_t> to_ints(std::span<const int> values) { return {values.begin(), values.end()}; }

std::vector<Dim> to_dims(Dims dims) { return {dims.begin(), dims.end()}; }

int normal_axis(Expr x, int axis) {
  int rank = x.rank(), normal = axis < 0 ? axis + rank : axis;
  PROA_CHECK(normal >= 0 && normal < rank, "axis ", axis, " of a tensor with ", rank, " dims");
  return normal;
}

// The permutation that brings `axis` to the end, the others kept in order.
std::vector<int> axis_last(int rank, int axis) {
  std::vector<int> permutation;
  for (int i = 0; i < rank; ++i) {
    if (i != axis) permutation.push_back(i);
  }
  permutation.push_back(axis);
  return permutation;
}

std::vector<int> inverse(std::span<const int> permutation) {
  std::vector<int> back(permutation.size());
  for (size_t i = 0; i < permutation.size(); ++i) {
    back[static_cast<size_t>(permutation[i])] = static_cast<int>(i);
  }
  return back;
}

}  // namespace

// Elementwise.

Expr operator+(Expr a, Expr b) { return elementwise("prim.add", a, b); }
Expr operator-(Expr a, Expr b) { return elementwise("prim.sub", a, b); }
Expr operator*(Expr a, Expr b) { return elementwise("prim.mul", a, b); }
Expr operator/(Expr a, Expr b) { return elementwise("prim.div", a, b); }

// x + 0 is not x at -0; the three below are exact, infinities and NaNs included.
Expr operator+(Expr a, double b) {
  return b == 0 && is_int(a.dtype()) ? a : a + constant(*a.builder, a.dtype(), b);
}
Expr operator-(Expr a, double b) { return b == 0 ? a : a - constant(*a.builder, a.dtype(), b); }
Expr operator*(Expr a, double b) { return b == 1 ? a : a * constant(*a.builder, a.dtype(), b); }
Expr operator/(Expr a, double b) { return b == 1 ? a : a / constant(*a.builder, a.dtype(), b); }
Expr operator+(double a, Expr b) { return constant(*b.builder, b.dtype(), a) + b; }
Expr operator-(double a, Expr b) { return constant(*b.builder, b.dtype(), a) - b; }
Expr operator*(double a, Expr b) { return b * a; }
Expr operator/(double a, Expr b) { return constant(*b.builder, b.dtype(), a) / b; }

Expr operator-(Expr a) { return unary("neg", a); }
Negation operator!(Expr a) { return {unary("not", a)}; }
Expr operator&(Expr a, Expr b) { return elementwise("prim.and", a, b); }
Expr operator|(Expr a, Expr b) { return elementwise("prim.or", a, b); }
Expr operator^(Expr a, Expr b) { return elementwise("prim.xor", a, b); }

Expr unary(std::string_view name, Expr x) { return call1(primitive(name), {x}); }
Expr binary(std::string_view name, Expr a, Expr b) { return elementwise(primitive(name), a, b); }
Expr compare(std::string_view kind, Expr a, Expr b) {
  return elementwise("prim.compare", a, b, {{"kind", kind}});
}
Expr compare(std::string_view kind, Expr a, double b) {
  return compare(kind, a, constant(*a.builder, a.dtype(), b));
}

Expr exp(Expr x) { return unary("exp", x); }
Expr log(Expr x) { return unary("log", x); }
Expr sqrt(Expr x) { return unary("sqrt", x); }
Expr rsqrt(Expr x) { return unary("rsqrt", x); }
Expr tanh(Expr x) { return unary("tanh", x); }
Expr sin(Expr x) { return unary("sin", x); }
Expr cos(Expr x) { return unary("cos", x); }
Expr erf(Expr x) { return unary("erf", x); }
Expr abs(Expr x) { return unary("abs", x); }
Expr sign(Expr x) { return unary("sign", x); }
Expr pow(Expr a, Expr b) { return binary("pow", a, b); }
Expr maximum(Expr a, Expr b) { return binary("max", a, b); }
Expr minimum(Expr a, Expr b) { return binary("min", a, b); }
Expr maximum(Expr a, double b) { return maximum(a, constant(*a.builder, a.dtype(), b)); }
Expr minimum(Expr a, double b) { return minimum(a, constant(*a.builder, a.dtype(), b)); }

Expr fma(Expr a, Expr b, Expr c) {
  std::vector<Dim> dims = broadcast_dims(*a.builder, a.dims(), b.dims());
  dims = broadcast_dims(*a.builder, dims, c.dims());
  return call1("prim.fma", {broadcast_to(a, dims), broadcast_to(b, dims), broadcast_to(c, dims)});
}

Expr select(Expr condition, Expr a, Expr b) {
  PROA_CHECK(a.dtype() == b.dtype(), "select of ", to_string(a.dtype()), " and ",
             to_string(b.dtype()));
  std::vector<Dim> dims = broadcast_dims(*a.builder, a.dims(), b.dims());
  dims = broadcast_dims(*a.builder, dims, condition.dims());
  return call1("prim.select",
               {broadcast_to(condition, dims), broadcast_to(a, dims), broadcast_to(b, dims)});
}

Expr cast(Expr x, DType dtype) {
  return x.dtype() == dtype ? x : call1("prim.cast", {x}, {{"dtype", dtype}});
}
Expr conj(Expr x) { return is_complex(x.dtype()) ? unary("conj", x) : x; }
Expr real(Expr x) { return is_complex(x.dtype()) ? unary("real", x) : x; }
Expr imag(Expr x) { return is_complex(x.dtype()) ? unary("imag", x) : zeros_like(x); }
Expr make_complex(Expr re, Expr im) { return elementwise("prim.complex", re, im); }

// Create.

Expr constant(Builder& b, DType dtype, double value) {
  return constant(b, scalar_data(dtype, value));
}
Expr constant(Builder& b, DType dtype, std::complex<double> value) {
  return constant(b, scalar_data(dtype, value));
}
Expr constant(Builder& b, ir::TensorData data) {
  ir::Attribute value = ir::Attribute::tensor(b.context(), std::move(data));
  return call(b, "prim.constant", {}, {{"value", value}})[0];
}
Expr full(Builder& b, Dims dims, DType dtype, double value) {
  return broadcast_to(constant(b, dtype, value), dims);
}
Expr full_like(Expr x, double value) { return full(*x.builder, x.dims(), x.dtype(), value); }
Expr zeros_like(Expr x) { return full_like(x, 0); }
Expr iota(Builder& b, DType dtype, Dims dims, int axis) {
  return call(b, "prim.iota", {}, {{"dtype", dtype}, {"shape", to_dims(dims)}, {"axis", axis}})[0];
}
Expr dim_value(Builder& b, Dim dim, DType dtype) {
  if (auto number = dim.as_const()) return constant(b, dtype, static_cast<double>(*number));
  // A broadcast holds no memory, so the extent costs nothing to ask.
  Dim dims[] = {dim};
  return cast(call1("prim.dim", {full(b, dims, DType::boolean, 0)}, {{"axis", 0}}), dtype);
}

// Layout.

Expr reshape(Expr x, Dims dims) {
  if (std::ranges::equal(x.dims(), dims)) return x;
  return call1("prim.reshape", {x}, {{"shape", to_dims(dims)}});
}

Expr transpose(Expr x, std::span<const int> permutation) {
  if (std::ranges::is_sorted(permutation)) return x;
  return call1("prim.transpose", {x}, {{"perm", to_ints(permutation)}});
}

Expr swap_axes(Expr x, int a, int b) {
  std::vector<int> permutation(static_cast<size_t>(x.rank()));
  for (size_t i = 0; i < permutation.size(); ++i) permutation[i] = static_cast<int>(i);
  std::swap(permutation[static_cast<size_t>(normal_axis(x, a))],
            permutation[static_cast<size_t>(normal_axis(x, b))]);
  return transpose(x, permutation);
}

Expr move_axis(Expr x, int from, int to) {
  from = normal_axis(x, from);
  to = normal_axis(x, to);
  std::vector<int> permutation = axis_last(x.rank(), from);
  permutation.pop_back();
  permutation.insert(permutation.begin() + to, from);
  return transpose(x, permutation);
}

namespace {

// Symbols that a guard has made equal are one size.
bool is_same_size(ir::Facts& facts, Dim a, Dim b) {
  return a == b || facts.prove_eq(a, b) == ir::Truth::yes;
}

}  // namespace

Expr broadcast_to(Expr x, Dims dims) {
  PROA_CHECK(static_cast<size_t>(x.rank()) <= dims.size(), "broadcast of ", to_string(x.dims()),
             " to ", to_string(dims));
  int shift = static_cast<int>(dims.size()) - x.rank();
  std::vector<int> axes;
  for (int i = 0; i < x.rank(); ++i) axes.push_back(i + shift);
  return broadcast_in(x, dims, axes);
}

Expr broadcast_in(Expr x, Dims dims, std::span<const int> axes) {
  auto same = [&](Dim a, Dim b) { return is_same_size(x.builder->facts(), a, b); };
  if (std::ranges::equal(x.dims(), dims, same)) return x;  // there is nothing to repeat
  return call1("prim.broadcast", {x}, {{"shape", to_dims(dims)}, {"axes", to_ints(axes)}});
}

Expr unsqueeze(Expr x, int axis) {
  std::vector<Dim> dims = to_dims(x.dims());
  if (axis < 0) axis += x.rank() + 1;
  PROA_CHECK(axis >= 0 && axis <= x.rank(), "unsqueeze at ", axis);
  dims.insert(dims.begin() + axis, Dim(1));
  return reshape(x, dims);
}

Expr squeeze(Expr x, int axis) {
  std::vector<Dim> dims = to_dims(x.dims());
  axis = normal_axis(x, axis);
  PROA_CHECK(dims[static_cast<size_t>(axis)].is_const(1), "squeeze of axis ", axis, " of ",
             to_string(x.dims()));
  dims.erase(dims.begin() + axis);
  return reshape(x, dims);
}

Expr slice(Expr x, Dims starts, Dims limits, Ints strides) {
  std::vector<int64_t> steps(strides.begin(), strides.end());
  if (steps.empty()) steps.assign(static_cast<size_t>(x.rank()), 1);
  bool whole = std::ranges::equal(limits, x.dims()) &&
               std::ranges::all_of(starts, [](Dim d) { return d.is_const(0); }) &&
               std::ranges::all_of(steps, [](int64_t s) { return s == 1; });
  if (whole) return x;
  return call1("prim.slice", {x},
               {{"starts", to_dims(starts)}, {"limits", to_dims(limits)}, {"strides", steps}});
}

Expr slice_axis(Expr x, int axis, Dim start, Dim limit, int64_t stride) {
  auto at = static_cast<size_t>(normal_axis(x, axis));
  std::vector<Dim> starts(static_cast<size_t>(x.rank()), Dim(0)), limits = to_dims(x.dims());
  std::vector<int64_t> strides(static_cast<size_t>(x.rank()), 1);
  starts[at] = start;
  limits[at] = limit;
  strides[at] = stride;
  return slice(x, starts, limits, strides);
}

Expr pad(Expr x, Expr value, Dims low, Dims high, Ints interior) {
  auto zero = [](Dim d) { return d.is_const(0); };
  std::vector<int64_t> inner(interior.begin(), interior.end());
  if (inner.empty()) inner.assign(static_cast<size_t>(x.rank()), 0);
  if (std::ranges::all_of(low, zero) && std::ranges::all_of(high, zero) &&
      std::ranges::all_of(inner, [](int64_t s) { return s == 0; })) {
    return x;
  }
  return call1("prim.pad", {x, value},
               {{"low", to_dims(low)}, {"high", to_dims(high)}, {"interior", inner}});
}

Expr concat(std::span<const Expr> parts, int axis) {
  PROA_CHECK(!parts.empty(), "concat of nothing");
  if (parts.size() == 1) return parts[0];
  return call(*parts[0].builder, "prim.concat", parts, {{"axis", normal_axis(parts[0], axis)}})[0];
}

Expr reverse(Expr x, std::span<const int> axes) {
  if (axes.empty()) return x;
  return call1("prim.reverse", {x}, {{"axes", to_ints(axes)}});
}

std::vector<Dim> broadcast_dims(Builder& b, Dims x, Dims y) {
  size_t rank = std::max(x.size(), y.size());
  std::vector<Dim> dims(rank);
  for (size_t i = 0; i < rank; ++i) {
    Dim p = i + x.size() < rank ? Dim(1) : x[i + x.size() - rank];
    Dim q = i + y.size() < rank ? Dim(1) : y[i + y.size() - rank];
    if (p == q || ir::is_widened(b.facts(), q, p, "broadcasting")) {
      dims[i] = p;
    } else if (ir::is_widened(b.facts(), p, q, "broadcasting")) {
      dims[i] = q;
    } else {
      if (b.facts().prove_eq(p, q) != ir::Truth::yes) {
        std::string message =
            str("shapes ", to_string(x), " and ", to_string(y), " cannot be broadcast together");
        if (!b.facts().require_eq(p, q, message)) throw UserError(ErrorKind::shape, message);
      }
      dims[i] = p.is_const() ? p : q;
    }
  }
  return dims;
}

// Reduce.

Expr reduce(std::string_view kind, Expr x, std::span<const int> axes, bool keepdim) {
  std::vector<int> sorted;
  for (int axis : axes) sorted.push_back(normal_axis(x, axis));
  std::ranges::sort(sorted);
  std::vector<Dim> kept = to_dims(x.dims());
  for (int axis : sorted) kept[static_cast<size_t>(axis)] = Dim(1);
  for (size_t end = sorted.size(); end > 0;) {
    size_t start = end - 1;
    while (start > 0 && sorted[start - 1] == sorted[start] - 1) --start;
    std::vector<int64_t> run(sorted.begin() + static_cast<ptrdiff_t>(start),
                             sorted.begin() + static_cast<ptrdiff_t>(end));
    x = call1("prim.reduce", {x}, {{"kind", kind}, {"axes", run}});
    end = start;
  }
  return keepdim ? reshape(x, kept) : x;
}

Expr sum(Expr x, std::span<const int> axes, bool keepdim) {
  return reduce("sum", x, axes, keepdim);
}
Expr sum(Expr x, int axis, bool keepdim) { return reduce("sum", x, {&axis, 1}, keepdim); }
Expr max(Expr x, int axis, bool keepdim) { return reduce("max", x, {&axis, 1}, keepdim); }

namespace {

// The first element along `axes`, each of which stays with extent 1; 0 where there is none.
Expr first_along(Expr x, std::span<const int> axes) {
  for (int axis : axes) {
    Dim there = ir::min(x.dim(axis), Dim(1));
    std::vector<Dim> low(static_cast<size_t>(x.rank()), Dim(0)), high = low;
    high[static_cast<size_t>(axis)] = 1 - there;
    x = pad(slice_axis(x, axis, 0, there), constant(*x.builder, x.dtype(), 0.0), low, high, {});
  }
  return x;
}

}  // namespace

Expr sum_copies(Expr x, std::span<const int> added, std::span<const int> widened) {
  ir::Facts& facts = x.builder->facts();
  std::vector<int> axes(added.begin(), added.end()), wide;
  bool several = !added.empty();
  Dim copies = 1;
  for (int axis : widened) {
    Dim extent = x.dim(axis);
    if (ir::is_one(facts, extent, "the gradient of broadcasting")) continue;
    several |= ir::is_other_than_one(facts, extent);
    axes.push_back(axis);
    wide.push_back(axis);
    copies = copies * extent;
  }
  if (axes.empty()) return x;
  Expr total = sum(x, axes, true);
  if (several) return total;
  Expr one = compare("eq", dim_value(*x.builder, copies, DType::i64), 1.0);
  return select(one, reshape(first_along(x, wide), total.dims()), total);
}

Expr sum_to(Expr x, Dims dims) {
  int shift = x.rank() - static_cast<int>(dims.size());
  std::vector<int> added, widened;
  for (int i = 0; i < x.rank(); ++i) {
    if (i < shift) added.push_back(i);
    else if (dims[static_cast<size_t>(i - shift)].is_const(1)) widened.push_back(i);
  }
  x = sum_copies(x, added, widened);
  // Symbols keep their own names, as an operation would be one more to differentiate; numbers are
  // worth more than names.
  auto same = [&](Dim a, Dim b) {
    return a == b || (!b.is_const() && is_same_size(x.builder->facts(), a, b));
  };
  return std::ranges::equal(x.dims(), dims, same) ? x : reshape(x, dims);
}

Expr scan(std::string_view kind, Expr x, int axis, bool reversed) {
  return call(*x.builder, "prim.scan", {&x, 1},
              {{"kind", kind}, {"axis", normal_axis(x, axis)}, {"reverse", reversed}})[0];
}

Expr linear_scan(Expr a, Expr b, int axis, bool reversed) {
  Expr operands[] = {a, b};
  return call(*a.builder, "prim.scan", operands,
              {{"kind", "linear"}, {"axis", normal_axis(a, axis)}, {"reverse", reversed}})[0];
}

// Contraction.

Expr dot(Expr a, Expr b, Ints batch_a, Ints batch_b, Ints contract_a, Ints contract_b) {
  auto list = [](Ints values) { return std::vector<int64_t>(values.begin(), values.end()); };
  return call1("prim.dot", {a, b},
               {{"batch_x", list(batch_a)},
                {"batch_y", list(batch_b)},
                {"contract_x", list(contract_a)},
                {"contract_y", list(contract_b)}});
}

Expr matmul(Expr a, Expr b) {
  PROA_CHECK(a.rank() >= 2 && b.rank() >= 2, "matmul of ", a.rank(), " and ", b.rank(), " dims");
  std::vector<int64_t> batch;
  if (b.rank() > 2) {
    std::vector<Dim> dims =
        broadcast_dims(*a.builder, a.dims().first(static_cast<size_t>(a.rank() - 2)),
                       b.dims().first(static_cast<size_t>(b.rank() - 2)));
    for (size_t i = 0; i < dims.size(); ++i) batch.push_back(static_cast<int64_t>(i));
    auto widen = [&](Expr x) {
      std::vector<Dim> wide = dims;
      wide.insert(wide.end(), {x.dim(-2), x.dim(-1)});
      return broadcast_to(x, wide);
    };
    a = widen(a);
    b = widen(b);
  }
  int64_t last = a.rank() - 1, inner = b.rank() - 2;
  return dot(a, b, batch, batch, {&last, 1}, {&inner, 1});
}

// Index.

Expr gather(Expr x, Expr index, Ints axes, int64_t batch, std::string_view mode) {
  return call1(
      "prim.gather", {x, index},
      {{"axes", std::vector<int64_t>(axes.begin(), axes.end())}, {"batch", batch}, {"mode", mode}});
}

Expr scatter(std::string_view kind, Expr x, Expr index, Expr updates, Ints axes, int64_t batch,
             std::string_view mode) {
  return call1("prim.scatter", {x, index, updates},
               {{"kind", kind},
                {"axes", std::vector<int64_t>(axes.begin(), axes.end())},
                {"batch", batch},
                {"mode", mode}});
}

Expr take_along(Expr x, Expr index, int axis, std::string_view mode) {
  axis = normal_axis(x, axis);
  std::vector<int> permutation = axis_last(x.rank(), axis);
  int64_t last = x.rank() - 1;
  Expr taken = gather(transpose(x, permutation), unsqueeze(transpose(index, permutation), -1),
                      {&last, 1}, last, mode);
  return transpose(taken, inverse(permutation));
}

Expr add_along(Expr x, Expr index, Expr updates, int axis, std::string_view mode) {
  axis = normal_axis(x, axis);
  std::vector<int> permutation = axis_last(x.rank(), axis);
  int64_t last = x.rank() - 1;
  Expr added =
      scatter("add", transpose(x, permutation), unsqueeze(transpose(index, permutation), -1),
              transpose(updates, permutation), {&last, 1}, last, mode);
  return transpose(added, inverse(permutation));
}

// Any operation.

std::vector<Expr> call(Builder& b, std::string_view full_name, std::span<const Expr> operands,
                       const Attrs& attrs, std::span<const int64_t> segments) {
  std::vector<ir::Value> values;
  values.reserve(operands.size());
  for (const Expr& operand : operands) values.push_back(operand.value);
  ir::Operation* op = b.create(full_name, values, to_list(b.context(), attrs), segments);
  std::vector<Expr> results;
  results.reserve(op->result_count());
  for (size_t i = 0; i < op->result_count(); ++i) results.push_back({op->result(i), &b});
  return results;
}

Expr call1(std::string_view full_name, std::initializer_list<Expr> operands, const Attrs& attrs) {
  const Expr* present = std::ranges::find_if(operands, [](const Expr& e) { return bool(e); });
  PROA_CHECK(present != operands.end(), full_name, " without operands");
  return call(*present->builder, full_name, {operands.begin(), operands.size()}, attrs)[0];
}

int64_t static_dim(Expr x, int axis) {
  Dim dim = x.dim(axis);
  if (auto number = dim.as_const()) return *number;
  throw ir::NeedExtents(
      str("axis ", axis, " of a tensor ", to_string(x.dims()), " must have a known extent"), {dim});
}

}  // namespace proa::ops
