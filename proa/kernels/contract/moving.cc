// What makes or moves elements: create, layout, index.

#include <algorithm>

#include "proa/kernels/contract/contracts.h"

namespace proa::kernels {

namespace {

constexpr DTypeSet kStoredSet = kAnySet | kFloat8Set;

void iota(const Call& call) {
  call.takes(0, 1, 3);
  auto out = call.out(0).of(kRealSet);
  call.axis(2, out.rank());
}

void rng_bits(const Call& call) {
  call.takes(1, 1, 2);
  const int64_t two[] = {2};
  call.in(0).of(DType::i64).with_dims(two);
  call.out(0).of(bit(DType::i32) | bit(DType::i64));
}

void dim(const Call& call) {
  call.takes(1, 1, 1);
  call.axis(0, call.in(0).rank());
  call.out(0).of(DType::i64).with_rank(0);
}

void pad(const Call& call) {
  call.takes(2, 1, 3);
  auto x = call.in(0).of(kStoredSet), out = call.out(0).of(x.dtype()).with_rank(x.rank());
  call.in(1).of(x.dtype()).with_rank(0);
  auto low = call.list(0, x.rank()), high = call.list(1, x.rank());
  auto interior = call.list(2, call.list(2).empty() ? 0 : x.rank(), 0);
  int64_t stride = 1;  // of the result
  for (int i = x.rank(); i-- > 0;) {
    auto k = static_cast<size_t>(i);
    int64_t step = interior.empty() ? 1 : call.add(interior[k], 1);
    int64_t extent = call.add(call.add(spread(call, x.dim(i), step), low[k]), high[k]);
    call.require(extent == out.dim(i), "expected ", extent, " elements along axis ", i, ", got ",
                 out.dim(i));
    // Where the first element that is not cropped comes from and goes to.
    call.require(low[k] > INT64_MIN, "attribute 0: ", low[k]);
    int64_t away = call.add(std::max(low[k], -low[k]), step);
    call.multiply(away, stride);
    call.multiply(away / step + 1, x.stride(i));
    stride = call.multiply(stride, std::max<int64_t>(out.dim(i), 1));
  }
}

void concat(const Call& call) {
  call.takes_some(1, 1);
  call.require(call.results() == 1, "expected one result, got ", call.results());
  auto out = call.out(0).of(kStoredSet);
  int axis = call.axis(0, out.rank());
  int64_t extent = 0;
  for (size_t k = 0; k < call.operands(); ++k) {
    auto x = call.in(k).of(out.dtype()).with_rank(out.rank());
    x.with_dims(with(out.dims(), axis, x.dim(axis)));
    extent += x.dim(axis);
  }
  call.require(extent == out.dim(axis), "expected ", extent, " elements along axis ", axis,
               " of the result, got ", out.dim(axis));
}

// A part of x that lies anywhere in it.
void part(const Call& call, const Port& x, const Port& piece, const Port& starts) {
  piece.of(x.dtype()).with_rank(x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    call.require(piece.dim(i) <= x.dim(i), "expected a part of ", list_str(x.dims()), ", got ",
                 list_str(piece.dims()));
  }
  const int64_t rank[] = {x.rank()};
  starts.of(DType::i64).with_dims(rank);
}

void dynamic_slice(const Call& call) {
  call.takes(2, 1, 1);
  part(call, call.in(0).of(kStoredSet), call.out(0), call.in(1));
}

void dynamic_update_slice(const Call& call) {
  call.takes(3, 1, 0);
  auto x = call.in(0).of(kStoredSet);
  part(call, x, call.in(1), call.in(2));
  call.out(0).like(x);
}

// The extents of what gather gives: batch, those of the index but its last, the others of x.
Dims gathered(const Call& call, size_t attribute) {
  auto x = call.in(0).of(kStoredSet), index = call.in(1).of(DType::i64);
  Call::Axes axes = call.axes(attribute, x.rank());
  auto batch = static_cast<int>(call.number(attribute + 1, 0, x.rank()));
  call.number(attribute + 2, 0, 4);
  index.with_rank_from(batch + 1);
  call.require(index.dim(-1) == static_cast<int64_t>(axes.size()), "expected an index of ",
               axes.size(), " coordinates, got the shape ", list_str(index.dims()));
  for (int axis : axes) call.require(axis >= batch, "axis ", axis, " is one of the batch");
  Dims dims;
  for (int i = 0; i < batch; ++i) {
    call.require(index.dim(i) == x.dim(i), "the batch of ", list_str(x.dims()), " is not that of ",
                 list_str(index.dims()));
  }
  for (int i = 0; i + 1 < index.rank(); ++i) dims.push_back(index.dim(i));
  for (int i = batch; i < x.rank(); ++i) {
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) dims.push_back(x.dim(i));
  }
  return dims;
}

void gather(const Call& call) {
  call.takes(2, 1, 3);
  call.out(0).with_dims(gathered(call, 0)).of(call.in(0).dtype());
}

void scatter(const Call& call) {
  enum { set, add, mul, min, max };
  call.takes(3, 1, 4);
  int64_t kind = call.number(0, set, max);
  auto x = call.in(0).of(kind == set ? kStoredSet : kind <= mul ? kNumberSet : kRealSet);
  call.in(2).with_dims(gathered(call, 1)).of(x.dtype());
  call.out(0).like(x);
}

constexpr ContractEntry kContracts[] = {
    {"prim.iota", iota},
    {"prim.rng_bits", rng_bits},
    {"prim.dim", dim},
    {"prim.pad", pad},
    {"prim.concat", concat},
    {"prim.dynamic_slice", dynamic_slice},
    {"prim.dynamic_update_slice", dynamic_update_slice},
    {"prim.gather", gather},
    {"prim.scatter", scatter},
};

}  // namespace

std::span<const ContractEntry> moving_contracts() { return kContracts; }

}  // namespace proa::kernels
