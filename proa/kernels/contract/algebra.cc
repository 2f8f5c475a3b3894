// Products, transforms and factors: contraction, fft, linalg, attention, image.

#include <algorithm>
#include <cstdlib>

#include "proa/kernels/contract/contracts.h"

namespace proa::kernels {

namespace {

constexpr DTypeSet kPartsSet = bit(DType::f32) | bit(DType::f64);
constexpr DTypeSet kMatrixSet = kPartsSet | kComplexSet;

void dot(const Call& call) {
  call.takes(2, 1, 4);
  auto x = call.in(0).of(kNumberSet | kBoolSet), y = call.in(1).of(x.dtype());
  Call::Axes batch_x = call.axes(0, x.rank()), batch_y = call.axes(1, y.rank());
  Call::Axes depth_x = call.axes(2, x.rank()), depth_y = call.axes(3, y.rank());
  auto pair = [&](const Call::Axes& of_x, const Call::Axes& of_y) {
    call.require(of_x.size() == of_y.size(), of_x.size(), " axes that go with ", of_y.size());
    for (size_t i = 0; i < of_x.size(); ++i) {
      call.require(x.dim(of_x[i]) == y.dim(of_y[i]), "axis ", of_x[i], " of ", list_str(x.dims()),
                   " that goes with axis ", of_y[i], " of ", list_str(y.dims()));
    }
  };
  pair(batch_x, batch_y);
  pair(depth_x, depth_y);
  auto used = [&](const Call::Axes& batch, const Call::Axes& depth) {
    Call::Axes all = batch;
    for (int axis : depth) {
      call.require(std::find(batch.begin(), batch.end(), axis) == batch.end(), "axis ", axis,
                   " is of the batch and contracted");
      all.push_back(axis);
    }
    return all;
  };
  Dims dims;
  for (int axis : batch_x) dims.push_back(x.dim(axis));
  for (int64_t d : without(x.dims(), used(batch_x, depth_x))) dims.push_back(d);
  for (int64_t d : without(y.dims(), used(batch_y, depth_y))) dims.push_back(d);
  call.out(0).of(x.dtype()).with_dims(dims);
}

void conv(const Call& call) {
  call.takes(2, 1, 6);
  auto x = call.in(0).of(kNumberSet).with_rank_from(2);
  auto w = call.in(1).of(x.dtype()).with_rank(x.rank());
  int axes = x.rank() - 2;
  // Room is made for what a box of outputs looks at; so steps are bounded, though pages do not say
  // so.
  constexpr int64_t kMostStep = 1 << 24, kMostPadding = int64_t{1} << 40, kBox = 64;
  auto strides = call.list(0, axes, 1, kMostStep), gaps = call.list(3, axes, 1, kMostStep),
       reach = call.list(4, axes, 1, kMostStep);
  auto low = call.list(1, axes, -kMostPadding, kMostPadding),
       high = call.list(2, axes, -kMostPadding, kMostPadding);
  int64_t groups = call.number(5, 1, INT64_MAX);
  call.require(call.multiply(w.dim(1), groups) == x.dim(1) && w.dim(0) % groups == 0, groups,
               " groups of a weight ", list_str(w.dims()), " and ", list_str(x.dims()));
  Dims dims = {x.dim(0), w.dim(0)};
  for (int i = 0; i < axes; ++i) {
    auto k = static_cast<size_t>(i);
    int64_t padded = call.add(call.add(spread(call, x.dim(i + 2), gaps[k]), low[k]), high[k]);
    int64_t window = spread(call, w.dim(i + 2), reach[k]);
    call.require(window > 0, "a window over nothing");
    call.require(padded >= window, "a window over ", window, " elements of spatial axis ", i,
                 ", which has ", padded);
    int64_t extent = (padded - window) / strides[k] + 1;
    dims.push_back(extent);
    // The farthest place that a window looks at, in elements of x.
    int64_t last = call.add(call.multiply(extent + kBox, strides[k]), call.multiply(window, 4));
    call.multiply(last + std::abs(low[k]), x.stride(i + 2));
    call.multiply(reach[k], x.stride(i + 2));
  }
  call.out(0).of(x.dtype()).with_dims(dims);
}

void fft(const Call& call) {
  enum { forward, inverse, r2c, c2r };
  call.takes(1, 1, 3);
  int64_t kind = call.number(0, forward, c2r);
  auto x = call.in(0).of(kind == r2c ? kPartsSet : kComplexSet), y = call.out(0);
  Call::Axes axes = call.axes(1, x.rank());
  call.require(!axes.empty(), "a transform along no axis");
  for (int axis : axes) call.require(x.dim(axis) > 0, "a transform of no points");
  if (kind <= inverse) {
    y.like(x);
    return;
  }
  y.with_rank(x.rank());
  const Port &wave = kind == r2c ? x : y, &spectrum = kind == r2c ? y : x;
  int last = axes.back();
  call.require(wave.dim(last) > 0 && spectrum.dim(last) == wave.dim(last) / 2 + 1, wave.dim(last),
               " points for ", spectrum.dim(last), " coefficients");
  spectrum.of(complex_of(wave.dtype())).with_dims(with(wave.dims(), last, spectrum.dim(last)));
  wave.of(kPartsSet);
}

struct Matrix {
  explicit Matrix(const Port& port) : x(port.of(kMatrixSet).with_rank_from(2)) {
    rows = x.dim(-2);
    columns = x.dim(-1);
    inner = std::min(rows, columns);
  }
  Dims of(int64_t height, int64_t width) const {
    return with(with(x.dims(), -2, height), -1, width);
  }
  Dims of(int64_t length) const { return with(without(x.dims(), x.rank() - 1), -1, length); }

  Port x;
  int64_t rows, columns, inner;
};

Matrix square(const Call& call, size_t operand) {
  Matrix x(call.in(operand));
  call.require(x.rows == x.columns, "expected a square matrix, got ", list_str(x.x.dims()));
  return x;
}

void cholesky(const Call& call) {
  call.takes(1, 1, 1);
  call.flag(0);
  call.out(0).like(square(call, 0).x);
}

void triangular_solve(const Call& call) {
  call.takes(2, 1, 4);
  bool left = call.flag(0);
  call.flag(1);
  call.number(2, 0, 2);
  call.flag(3);
  Matrix a = square(call, 0);
  auto b = call.in(1).of(a.x.dtype()).with_rank(a.x.rank());
  b.with_dims(left ? a.of(a.rows, b.dim(-1)) : a.of(b.dim(-2), a.rows));
  call.out(0).like(b);
}

void lu(const Call& call) {
  call.takes(1, 3, 1);
  call.flag(0);
  Matrix x(call.in(0));
  call.out(0).like(x.x);
  call.out(1).of(DType::i64).with_dims(x.of(x.inner));
  call.out(2).of(DType::i64).with_dims(x.of(x.rows));
}

void qr(const Call& call) {
  call.takes(1, 2, 1);
  Matrix x(call.in(0));
  int64_t width = call.flag(0) ? x.rows : x.inner;
  call.out(0).of(x.x.dtype()).with_dims(x.of(x.rows, width));
  call.out(1).of(x.x.dtype()).with_dims(x.of(width, x.columns));
}

void eigh(const Call& call) {
  call.takes(1, 2, 1);
  call.flag(0);
  Matrix x = square(call, 0);
  call.out(0).of(real_of(x.x.dtype())).with_dims(x.of(x.rows));
  call.out(1).like(x.x);
}

void eig(const Call& call) {
  call.takes(1, 2, 0);
  Matrix x = square(call, 0);
  DType dtype = complex_of(x.x.dtype());
  call.out(0).of(dtype).with_dims(x.of(x.rows));
  call.out(1).of(dtype).with_dims(x.x.dims());
}

void svd(const Call& call) {
  call.takes(1, 3, 1);
  bool full = call.flag(0);
  Matrix x(call.in(0));
  DType dtype = x.x.dtype();
  call.out(0).of(dtype).with_dims(x.of(x.rows, full ? x.rows : x.inner));
  call.out(1).of(real_of(dtype)).with_dims(x.of(x.inner));
  call.out(2).of(dtype).with_dims(x.of(full ? x.columns : x.inner, x.columns));
}

// [batch, heads, length, width] of query, key, value and what goes with each query.
struct Heads {
  explicit Heads(const Call& call) : q(call.in(0).of(kPartsSet).with_rank(4)) {
    auto k = call.in(1).of(q.dtype()).with_rank(4), v = call.in(2).of(q.dtype()).with_rank(4);
    keys = k.dim(2);
    depth = v.dim(3);
    k.with_dims(of(keys, q.dim(3)));
    v.with_dims(of(keys, depth));
    if (call.present(3)) {
      call.in(3).of(static_cast<DTypeSet>(kBoolSet | bit(q.dtype()))).with_dims(of(q.dim(2), keys));
    }
    call.flag(0);
    call.list(1, 1);
  }
  Dims of(int64_t length, int64_t width) const { return {q.dim(0), q.dim(1), length, width}; }

  Port q;
  int64_t keys = 0, depth = 0;
};

void attention_forward(const Call& call) {
  call.takes(4, 2, 2);
  Heads heads(call);
  int64_t queries = heads.q.dim(2);
  call.out(0).of(heads.q.dtype()).with_dims(heads.of(queries, heads.depth));
  call.out(1).of(heads.q.dtype()).with_dims(heads.of(queries, 1));
}

void attention_backward(const Call& call) {
  call.takes(7, 3, 2);
  Heads heads(call);
  int64_t queries = heads.q.dim(2);
  DType dtype = heads.q.dtype();
  for (size_t k : {4, 5}) call.in(k).of(dtype).with_dims(heads.of(queries, 1));
  call.in(6).of(dtype).with_dims(heads.of(queries, heads.depth));
  for (size_t k : {0, 1, 2}) call.out(k).like(call.in(k));
}

void mix_pixels(const Call& call) {
  call.takes(3, 1, 1);
  auto x = call.in(0).of(DType::u8);
  auto at = call.in(1).of(DType::i64).with_rank(2);
  call.in(2).of(DType::i32).with_dims(at.dims());
  int axis = call.axis(0, x.rank());
  call.require(x.dim(axis) > 0, "a mixture of no pixels");
  call.out(0).of(DType::u8).with_dims(with(x.dims(), axis, at.dim(0)));
}

constexpr ContractEntry kContracts[] = {
    {"prim.dot", dot},
    {"prim.conv", conv},
    {"prim.fft", fft},
    {"prim.cholesky", cholesky},
    {"prim.triangular_solve", triangular_solve},
    {"prim.lu", lu},
    {"prim.qr", qr},
    {"prim.eigh", eigh},
    {"prim.eig", eig},
    {"prim.svd", svd},
    {"tensor.attention_forward", attention_forward},
    {"tensor.attention_backward", attention_backward},
    {"tensor.mix_pixels", mix_pixels},
};

}  // namespace

std::span<const ContractEntry> algebra_contracts() { return kContracts; }

}  // namespace proa::kernels
