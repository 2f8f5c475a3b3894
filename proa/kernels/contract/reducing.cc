// What goes along axes: reduce, scan, window, sort.

#include <algorithm>

#include "proa/kernels/contract/contracts.h"

namespace proa::kernels {

namespace {

constexpr DTypeSet kStoredSet = kAnySet | kFloat8Set;
constexpr DTypeSet kBitsSet = kBoolSet | kIntSet;
constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;

void reduce(const Call& call) {
  enum { sum, prod, max, min, and_, or_, xor_ };
  call.takes(1, 1, 2);
  int64_t kind = call.number(0, sum, xor_);
  auto x = call.in(0).of(kind <= prod ? kNumberSet : kind <= min ? kRealSet : kBitsSet);
  Call::Axes axes = call.axes(1, x.rank());
  for (int axis : axes) {
    call.require(x.dim(axis) > 0 || (kind != max && kind != min), "the extremum of nothing");
  }
  call.out(0).of(x.dtype()).with_dims(without(x.dims(), axes));
}

void arg_reduce(const Call& call) {
  call.takes(1, 1, 2);
  call.number(0, 0, 1);
  auto x = call.in(0).of(kOrderedSet);
  int axis = call.axis(1, x.rank());
  call.require(x.dim(axis) > 0, "the extremum of nothing");
  call.out(0).of(DType::i64).with_dims(without(x.dims(), axis));
}

void scan(const Call& call) {
  enum { sum, prod, max, min, logsumexp, linear };
  constexpr DTypeSet kLegal[] = {kNumberSet, kNumberSet, kRealSet, kRealSet, kFloatSet, kNumberSet};
  call.takes_some(1, 4);
  int64_t kind = call.number(0, sum, linear);
  bool index = call.flag(3);
  call.flag(2);
  call.takes(kind == linear ? 2 : 1, index ? 2 : 1, 4);
  call.require(!index || kind == max || kind == min, "the position of what is no extremum");
  auto x = call.in(0).of(kLegal[kind]);
  call.axis(1, x.rank());
  if (kind == linear) call.in(1).like(x);
  call.out(0).like(x);
  if (index) call.out(1).of(DType::i64).with_dims(x.dims());
}

void reduce_window(const Call& call) {
  enum { sum, max, min };
  call.takes_some(1, 7);
  int64_t kind = call.number(0, sum, min);
  bool index = call.flag(6);
  call.takes(1, index ? 2 : 1, 7);
  call.require(!index || kind != sum, "the position of a sum");
  auto x = call.in(0).of(kind == sum ? kNumberSet : kRealSet);
  int rank = x.rank();
  constexpr int64_t kMost = Call::kMostElements;  // no sum of a few of them leaves int64
  auto window = call.list(1, rank, 1, kMost), strides = call.list(2, rank, 1, kMost),
       low = call.list(3, rank, 0, kMost), high = call.list(4, rank, 0, kMost),
       dilation = call.list(5, rank, 1, kMost);
  Dims dims;
  int64_t work = 1;
  for (int i = 0; i < rank; ++i) {
    auto k = static_cast<size_t>(i);
    bool untouched = window[k] == 1 && strides[k] == 1 && low[k] == 0 && high[k] == 0;
    call.require(untouched || !index || rank < 3 || i >= 2, "positions count from axis 2 on");
    int64_t span = spread(call, window[k], dilation[k]);
    int64_t padded = call.add(call.add(x.dim(i), low[k]), high[k]);
    call.require(untouched || padded >= span, "a window over ", span, " elements of axis ", i,
                 ", which has ", padded);
    dims.push_back(untouched ? padded : (padded - span) / strides[k] + 1);
    work = call.multiply(work, call.multiply(window[k], std::max<int64_t>(dims.back(), 1)));
    call.multiply(call.add(padded, call.multiply(strides[k], dims.back())), x.stride(i));
    call.multiply(strides[k], x.stride(i));
  }
  call.out(0).of(x.dtype()).with_dims(dims);
  if (index) call.out(1).of(DType::i64).with_dims(dims);
}

void sort(const Call& call) {
  call.takes_some(1, 3);
  call.require(call.results() == call.operands(), "expected ", call.operands(), " results, got ",
               call.results());
  auto x = call.in(0);
  call.axis(0, x.rank());
  call.flag(2);
  auto keys = static_cast<size_t>(call.number(1, 1, static_cast<int64_t>(call.operands())));
  for (size_t k = 0; k < call.operands(); ++k) {
    auto y = call.in(k).with_dims(x.dims()).of(k < keys ? kOrderedSet : kStoredSet);
    call.out(k).like(y);
  }
}

void top_k(const Call& call) {
  call.takes(1, 2, 2);
  call.flag(1);
  auto x = call.in(0).of(kOrderedSet).with_rank_from(1);
  auto values = call.out(0).of(x.dtype()).with_rank(x.rank());
  call.require(values.dim(-1) <= x.dim(-1), values.dim(-1), " of ", x.dim(-1), " elements");
  values.with_dims(with(x.dims(), -1, values.dim(-1)));
  call.out(1).of(DType::i64).with_dims(values.dims());
}

void search_sorted(const Call& call) {
  call.takes(2, 1, 1);
  call.flag(0);
  auto sorted = call.in(0).of(kOrderedSet).with_rank_from(1);
  auto values = call.in(1).of(sorted.dtype()).with_rank(sorted.rank());
  values.with_dims(with(sorted.dims(), -1, values.dim(-1)));
  call.out(0).of(DType::i64).with_dims(values.dims());
}

void compact(const Call& call) {
  call.takes(1, 2, 0);
  auto mask = call.in(0).of(DType::boolean).with_rank(1);
  call.out(0).of(DType::i64).with_dims(mask.dims());
  call.out(1).of(DType::i64).with_rank(0);
}

constexpr ContractEntry kContracts[] = {
    {"prim.reduce", reduce},
    {"prim.arg_reduce", arg_reduce},
    {"prim.scan", scan},
    {"prim.reduce_window", reduce_window},
    {"prim.sort", sort},
    {"prim.top_k", top_k},
    {"prim.search_sorted", search_sorted},
    {"prim.compact", compact},
};

}  // namespace

std::span<const ContractEntry> reducing_contracts() { return kContracts; }

}  // namespace proa::kernels
