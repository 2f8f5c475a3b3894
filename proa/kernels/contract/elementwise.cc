// Element by element: every operand has the extents of the result, and dtypes that have a loop.

#include "proa/kernels/contract/contracts.h"

namespace proa::kernels {

namespace {

constexpr DTypeSet kStoredSet = kAnySet | kFloat8Set;
constexpr DTypeSet kBitsSet = kBoolSet | kIntSet;
constexpr DTypeSet kOrderedSet = kRealSet | kBoolSet;
constexpr DTypeSet kPartsSet = bit(DType::f32) | bit(DType::f64);

// `count` operands of one dtype, which the result has too.
template <size_t count, DTypeSet legal, size_t attributes = 0>
void same(const Call& call) {
  call.takes(count, 1, attributes);
  auto x = call.in(0).of(legal);
  for (size_t k = 1; k < count; ++k) call.in(k).like(x);
  call.out(0).like(x);
}

template <DTypeSet legal>
void predicate(const Call& call) {
  call.takes(1, 1, 0);
  call.out(0).of(DType::boolean).with_dims(call.in(0).of(legal).dims());
}

void abs(const Call& call) {
  call.takes(1, 1, 0);
  auto x = call.in(0).of(kNumberSet);
  call.out(0).of(real_of(x.dtype())).with_dims(x.dims());
}

void polygamma(const Call& call) {
  same<1, kFloatSet, 1>(call);
  call.number(0, 0, INT64_MAX);
}

void shr(const Call& call) {
  same<2, kIntSet, 1>(call);
  call.flag(0);
}

void compare(const Call& call) {
  enum { eq, ne, lt, le, gt, ge };
  call.takes(2, 1, 1);
  bool equality = call.number(0, eq, ge) <= ne;
  auto x = call.in(0).of(equality ? kStoredSet : kOrderedSet);
  call.in(1).like(x);
  call.out(0).of(DType::boolean).with_dims(x.dims());
}

void select(const Call& call) {
  call.takes(3, 1, 0);
  auto x = call.in(1).of(kStoredSet);
  call.in(0).of(DType::boolean).with_dims(x.dims());
  call.in(2).like(x);
  call.out(0).like(x);
}

void cast(const Call& call) {
  call.takes(1, 1, 1);
  call.out(0).of(kStoredSet).with_dims(call.in(0).of(kStoredSet).dims());
}

void bitcast(const Call& call) {
  cast(call);
  call.require(size_of(call.in(0).dtype()) == size_of(call.out(0).dtype()),
               "expected dtypes of one size");
}

void complex(const Call& call) {
  call.takes(2, 1, 0);
  auto x = call.in(0).of(kPartsSet);
  call.in(1).like(x);
  call.out(0).of(complex_of(x.dtype())).with_dims(x.dims());
}

void part(const Call& call) {
  call.takes(1, 1, 0);
  auto x = call.in(0).of(kComplexSet);
  call.out(0).of(real_of(x.dtype())).with_dims(x.dims());
}

constexpr ContractEntry kContracts[] = {
    {"prim.fma", same<3, kFloatSet>},
    {"prim.add", same<2, kNumberSet>},
    {"prim.sub", same<2, kNumberSet>},
    {"prim.mul", same<2, kNumberSet>},
    {"prim.div", same<2, kNumberSet>},
    {"prim.rem", same<2, kRealSet>},
    {"prim.pow", same<2, kNumberSet>},
    {"prim.max", same<2, kRealSet>},
    {"prim.min", same<2, kRealSet>},
    {"prim.atan2", same<2, kFloatSet>},
    {"prim.and", same<2, kBitsSet>},
    {"prim.or", same<2, kBitsSet>},
    {"prim.xor", same<2, kBitsSet>},
    {"prim.shl", same<2, kIntSet>},
    {"prim.shr", shr},
    {"prim.compare", compare},
    {"prim.select", select},
    {"prim.neg", same<1, kNumberSet>},
    {"prim.abs", abs},
    {"prim.sign", same<1, kNumberSet>},
    {"prim.floor", same<1, kFloatSet>},
    {"prim.ceil", same<1, kFloatSet>},
    {"prim.round", same<1, kFloatSet>},
    {"prim.sqrt", same<1, kInexactSet>},
    {"prim.rsqrt", same<1, kInexactSet>},
    {"prim.conj", same<1, kComplexSet>},
    {"prim.not", same<1, kBitsSet>},
    {"prim.popcount", same<1, kIntSet>},
    {"prim.is_finite", predicate<kInexactSet>},
    {"prim.is_nan", predicate<kInexactSet>},
    {"prim.exp", same<1, kInexactSet>},
    {"prim.expm1", same<1, kInexactSet>},
    {"prim.log", same<1, kInexactSet>},
    {"prim.log1p", same<1, kInexactSet>},
    {"prim.tanh", same<1, kInexactSet>},
    {"prim.sinh", same<1, kInexactSet>},
    {"prim.cosh", same<1, kInexactSet>},
    {"prim.asinh", same<1, kInexactSet>},
    {"prim.acosh", same<1, kInexactSet>},
    {"prim.atanh", same<1, kInexactSet>},
    {"prim.sin", same<1, kInexactSet>},
    {"prim.cos", same<1, kInexactSet>},
    {"prim.tan", same<1, kInexactSet>},
    {"prim.asin", same<1, kInexactSet>},
    {"prim.acos", same<1, kInexactSet>},
    {"prim.atan", same<1, kInexactSet>},
    {"prim.erf", same<1, kFloatSet>},
    {"prim.erfc", same<1, kFloatSet>},
    {"prim.erfinv", same<1, kFloatSet>},
    {"prim.lgamma", same<1, kFloatSet>},
    {"prim.polygamma", polygamma},
    {"prim.cast", cast},
    {"prim.bitcast", bitcast},
    {"prim.complex", complex},
    {"prim.real", part},
    {"prim.imag", part},
};

}  // namespace

std::span<const ContractEntry> elementwise_contracts() { return kContracts; }

}  // namespace proa::kernels
