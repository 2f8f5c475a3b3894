// The proofs lean on a few facts. Arithmetic is IEEE 754 with subnormals kept and rounding to
// nearest; f16 and bf16 compute in f32, which holds them exactly, and round once, so that whatever
// is exact in f32 is exact in them. Integers are modulo 2^bits. A bool is 0 or 1.

#include "proa/transform/canonicalize.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "proa/ops/attrs.h"

namespace proa::transform {

using namespace ir;

namespace {

AttrView view_of(const Operation& op) { return {*op.info().page, op.attrs()}; }

Operation* definer(Value value, std::string_view name) {
  Operation* op = value.definer();
  return op != nullptr && op->is(name) ? op : nullptr;
}

// `value` steps in for the only result. The types must be one: sizes that are merely equal may be
// written in two ways, and readers go by what is written.
bool become(Operation& op, Value value, Rewriter& rewriter) {
  if (value.type() != op.result().type()) return false;
  rewriter.replace(op, value);
  return true;
}

bool become(Operation& op, std::string_view name, std::initializer_list<Value> operands,
            Rewriter& rewriter) {
  OpState state;
  state.info = &rewriter.context().op(name);
  state.location = op.location();
  state.operands = operands;
  state.results = {op.result().type()};
  rewriter.replace(op, rewriter.insert(state)->result());
  return true;
}

Attribute dims_attribute(Context& context, std::span<const Dim> dims) {
  std::vector<int64_t> ints;
  for (Dim d : dims) {
    if (!d.is_const()) return Attribute::dims(context, dims);
    ints.push_back(d.constant());
  }
  return Attribute::ints(context, ints);
}

Attribute ints_attribute(Context& context, const std::vector<int>& values) {
  std::vector<int64_t> ints(values.begin(), values.end());
  return Attribute::ints(context, ints);
}

std::vector<int> axes_in(const Operation& op, std::string_view name, int rank) {
  AttrView view = view_of(op);
  std::vector<int> axes;
  for (int64_t axis : view.ints(name)) axes.push_back(view.axis_of(name, axis, rank));
  return axes;
}

bool all_zero(std::span<const Dim> dims) {
  return std::ranges::all_of(dims, [](Dim d) { return d.is_const(0); });
}

bool all_are(std::span<const int64_t> values, int64_t what) {
  return std::ranges::all_of(values, [&](int64_t v) { return v == what; });
}

// Whether every element of `value` is a constant with the bits of `number`.
bool is_splat(Value value, std::complex<double> number) {
  Operation* op = value.definer();
  while (op != nullptr &&
         (op->is("prim.broadcast") || op->is("prim.reshape") || op->is("prim.transpose"))) {
    op = op->operand(0).definer();
  }
  if (op == nullptr || !op->is("prim.constant")) return false;
  const TensorData& data = op->attr("value").as_tensor();
  size_t size = size_of(data.dtype);
  constexpr size_t kWorthLooking = 1024;
  if (data.size < size || data.size > kWorthLooking * size) return false;
  TensorData wanted = ops::scalar_data(data.dtype, number);
  for (size_t at = 0; at < data.size; at += size) {
    if (std::memcmp(static_cast<const char*>(data.bytes) + at, wanted.bytes, size) != 0)
      return false;
  }
  return true;
}

bool is_whole(DType t) { return is_int(t) || t == DType::boolean; }
bool is_plain_float(DType t) { return contains(kFloatSet, t); }

// Layout: where elements stand is a function of indices, and functions compose. Nothing is
// computed.

// reshape(reshape(x)): both keep the row-major order of elements.
bool reshape(Operation& op, Rewriter& rewriter) {
  if (become(op, op.operand(0), rewriter)) return true;
  Operation* inner = definer(op.operand(0), "prim.reshape");
  if (inner == nullptr) return false;
  rewriter.update(op, [&] { op.set_operand(0, inner->operand(0)); });
  return true;
}

// result[i] = mid[perm[i]], mid[j] = x[inner[j]]: result[i] = x[inner[perm[i]]].
bool transpose(Operation& op, Rewriter& rewriter) {
  int rank = op.operand(0).rank();
  std::vector<int> perm = axes_in(op, "perm", rank);
  if (std::ranges::is_sorted(perm)) return become(op, op.operand(0), rewriter);
  Operation* inner = definer(op.operand(0), "prim.transpose");
  if (inner == nullptr) return false;
  std::vector<int> first = axes_in(*inner, "perm", rank);
  for (int& axis : perm) axis = first[static_cast<size_t>(axis)];
  rewriter.update(op, [&] {
    op.set_operand(0, inner->operand(0));
    op.set_attr("perm", ints_attribute(rewriter.context(), perm));
  });
  return true;
}

// Axis i of x becomes inner[i] of the middle, and that outer[inner[i]] of the result. An extent of
// 1 that either step widens is 1 in x: the middle one is 1 only where x's is.
bool broadcast(Operation& op, Rewriter& rewriter) {
  std::vector<int> outer = axes_in(op, "axes", op.result().rank());
  if (std::ranges::is_sorted(outer) && become(op, op.operand(0), rewriter)) return true;
  Operation* inner = definer(op.operand(0), "prim.broadcast");
  if (inner == nullptr) return false;
  std::vector<int> axes = axes_in(*inner, "axes", inner->result().rank());
  for (int& axis : axes) axis = outer[static_cast<size_t>(axis)];
  rewriter.update(op, [&] {
    op.set_operand(0, inner->operand(0));
    op.set_attr("axes", ints_attribute(rewriter.context(), axes));
  });
  return true;
}

// A slice from 0 in steps of 1 that is as large as x is x. A slice of a slice in steps of 1 begins
// at the sum of the starts.
bool slice(Operation& op, Rewriter& rewriter) {
  AttrView view = view_of(op);
  std::vector<Dim> starts = view.dims_attr("starts"), limits = view.dims_attr("limits");
  bool dense = all_are(view.ints("strides"), 1);
  if (dense && all_zero(starts) && become(op, op.operand(0), rewriter)) return true;
  Operation* inner = definer(op.operand(0), "prim.slice");
  if (inner == nullptr || !all_are(view_of(*inner).ints("strides"), 1)) return false;
  std::vector<Dim> base = view_of(*inner).dims_attr("starts");
  for (size_t i = 0; i < base.size(); ++i) {
    starts[i] += base[i];
    limits[i] += base[i];
  }
  rewriter.update(op, [&] {
    op.set_operand(0, inner->operand(0));
    op.set_attr("starts", dims_attribute(rewriter.context(), starts));
    op.set_attr("limits", dims_attribute(rewriter.context(), limits));
  });
  return true;
}

// Nothing before, behind or between.
bool pad(Operation& op, Rewriter& rewriter) {
  AttrView view = view_of(op);
  return all_zero(view.dims_attr("low")) && all_zero(view.dims_attr("high")) &&
         all_are(view.ints("interior"), 0) && become(op, op.operand(0), rewriter);
}

bool concat(Operation& op, Rewriter& rewriter) {
  return op.operand_count() == 1 && become(op, op.operand(0), rewriter);
}

// An axis of one element is its own reverse, and reversing twice is nothing; axes are independent
// of each other.
bool reverse(Operation& op, Rewriter& rewriter) {
  Value x = op.operand(0);
  std::vector<int> axes = axes_in(op, "axes", x.rank());
  size_t given = axes.size();
  std::erase_if(axes, [&](int axis) { return x.dims()[static_cast<size_t>(axis)].is_const(1); });
  if (axes.empty()) return become(op, x, rewriter);
  Operation* inner = definer(x, "prim.reverse");
  if (inner == nullptr && axes.size() == given) return false;
  if (inner != nullptr) {
    for (int axis : axes_in(*inner, "axes", x.rank())) {
      if (std::erase(axes, axis) == 0) axes.push_back(axis);
    }
    std::ranges::sort(axes);
    if (axes.empty()) return become(op, inner->operand(0), rewriter);
  }
  rewriter.update(op, [&] {
    if (inner != nullptr) op.set_operand(0, inner->operand(0));
    op.set_attr("axes", ints_attribute(rewriter.context(), axes));
  });
  return true;
}

// Casts.

// Whether `to` holds every value of `from`: significands of 8 (bf16), 11 (f16), 24 (f32) and 53
// (f64) bits over exponents that nest as listed.
bool holds(DType from, DType to) {
  if (from == to) return true;
  if (contains(kFloat8Set, from) || contains(kFloat8Set, to) || to == DType::boolean) return false;
  if (from == DType::boolean) return true;
  if (is_complex(from)) return to == DType::c128;
  DType real = real_of(to);
  switch (from) {
    case DType::u8:
    case DType::i8: return is_plain_float(real) || size_of(real) > 1;
    case DType::i16:
      return real == DType::i32 || real == DType::i64 || real == DType::f32 || real == DType::f64;
    case DType::i32: return real == DType::i64 || real == DType::f64;
    case DType::f16:
    case DType::bf16: return real == DType::f32 || real == DType::f64;
    case DType::f32: return real == DType::f64;
    default: return false;
  }
}

// cast(cast(x, middle), last), where the middle holds every value of x:
// - last is x's dtype: a value that it has comes back to itself by any rounding, saturation or
// wrap;
// - x and the middle are of one kind (integer, float, complex), or x is bool: within a kind a cast
//   is a function of the value alone (integers wrap modulo 2^bits, floats round or saturate once),
//   and 0 and 1 go to the same place from every kind. A complex middle holds x as its real part,
//   which is what a cast to a real dtype takes, and 0 beside it, which changes no other cast.
// Between the kinds it differs: -1 as i8 wraps to u8, and as f32 saturates.
bool cast(Operation& op, Rewriter& rewriter) {
  if (become(op, op.operand(0), rewriter)) return true;
  Operation* inner = definer(op.operand(0), "prim.cast");
  if (inner == nullptr) return false;
  Value x = inner->operand(0);
  DType from = x.dtype(), middle = inner->result().dtype(), last = op.result().dtype();
  if (!holds(from, middle) || contains(kFloat8Set, last)) return false;
  if (last == from) return become(op, x, rewriter);
  bool one_kind = from == DType::boolean || (is_int(from) && is_int(middle)) ||
                  (is_plain_float(from) && is_inexact(middle)) ||
                  (is_complex(from) && is_complex(middle));
  if (!one_kind) return false;
  rewriter.update(op, [&] { op.set_operand(0, x); });
  return true;
}

// Bits pass through both unread.
bool bitcast(Operation& op, Rewriter& rewriter) {
  if (become(op, op.operand(0), rewriter)) return true;
  Operation* inner = definer(op.operand(0), "prim.bitcast");
  if (inner == nullptr) return false;
  rewriter.update(op, [&] { op.set_operand(0, inner->operand(0)); });
  return true;
}

// One operand.

// Twice the same turn of sign bits (neg of floats, conj) or of all bits (not), or twice the
// complement modulo 2^bits (neg of integers).
bool twice(Operation& op, Rewriter& rewriter) {
  Operation* inner = definer(op.operand(0), op.name());
  return inner != nullptr && become(op, inner->operand(0), rewriter);
}

// The magnitude of a magnitude; an integer that floor, ceil or round gave is its own floor, ceil
// and round.
bool again(Operation& op, Rewriter& rewriter) {
  Operation* inner = op.operand(0).definer();
  if (inner == nullptr || inner->operand_count() != 1) return false;
  bool steps = op.is("prim.abs")
                   ? inner->is("prim.abs")
                   : inner->is("prim.floor") || inner->is("prim.ceil") || inner->is("prim.round");
  return steps && become(op, op.operand(0), rewriter);
}

// abs clears the sign bit that neg turns. Unsigned integers have none: there -x is 2^bits - x.
bool abs_of_neg(Operation& op, Rewriter& rewriter) {
  Operation* inner = definer(op.operand(0), "prim.neg");
  if (inner == nullptr || !is_plain_float(op.result().dtype())) return false;
  rewriter.update(op, [&] { op.set_operand(0, inner->operand(0)); });
  return true;
}

// The parts of a number are what it was joined from, and joined again they are it.
bool part(Operation& op, Rewriter& rewriter) {
  Operation* join = definer(op.operand(0), "prim.complex");
  return join != nullptr && become(op, join->operand(op.is("prim.real") ? 0 : 1), rewriter);
}
bool join(Operation& op, Rewriter& rewriter) {
  Operation* re = definer(op.operand(0), "prim.real");
  Operation* im = definer(op.operand(1), "prim.imag");
  return re != nullptr && im != nullptr && re->operand(0) == im->operand(0) &&
         become(op, re->operand(0), rewriter);
}

// Two operands.

bool either_splat(Operation& op, std::complex<double> number, Rewriter& rewriter) {
  for (size_t side : {1, 0}) {
    if (is_splat(op.operand(side), number) && become(op, op.operand(1 - side), rewriter))
      return true;
  }
  return false;
}

// x + (-0) is x for every x, -0 included, where x + (+0) turns -0 into +0; complex numbers add by
// parts. x + (-y) is x - y by the definition of subtraction (IEEE 754-2019, 5.4.1), and so it is
// modulo 2^bits. The other order, -x + y, is y - x, since addition commutes.
bool add(Operation& op, Rewriter& rewriter) {
  bool whole = is_whole(op.result().dtype());
  if (either_splat(op, whole ? 0.0 : std::complex<double>(-0.0, -0.0), rewriter)) return true;
  for (size_t side : {1, 0}) {
    Operation* negative = definer(op.operand(side), "prim.neg");
    if (negative == nullptr) continue;
    return become(op, "prim.sub", {op.operand(1 - side), negative->operand(0)}, rewriter);
  }
  return false;
}

// x - (+0) is x + (-0). x - (-y) is x + y.
bool sub(Operation& op, Rewriter& rewriter) {
  if (is_splat(op.operand(1), 0.0)) return become(op, op.operand(0), rewriter);
  Operation* negative = definer(op.operand(1), "prim.neg");
  if (negative == nullptr) return false;
  return become(op, "prim.add", {op.operand(0), negative->operand(0)}, rewriter);
}

// x * 1 is x, x * -1 is -x and (-x) * (-y) is x * y: magnitudes multiply and signs combine apart
// from each other, and integers are a ring. Complex products are sums too, where 1 + 0i meets
// infinities and zeros: they stay.
bool mul(Operation& op, Rewriter& rewriter) {
  DType dtype = op.result().dtype();
  if (is_complex(dtype) || dtype == DType::boolean) return false;
  if (either_splat(op, 1.0, rewriter)) return true;
  if (is_plain_float(dtype)) {
    for (size_t side : {1, 0}) {
      if (is_splat(op.operand(side), -1.0))
        return become(op, "prim.neg", {op.operand(1 - side)}, rewriter);
    }
  }
  Operation* x = definer(op.operand(0), "prim.neg");
  Operation* y = definer(op.operand(1), "prim.neg");
  if (x == nullptr || y == nullptr) return false;
  rewriter.update(op, [&] {
    op.set_operand(0, x->operand(0));
    op.set_operand(1, y->operand(0));
  });
  return true;
}

// x / 1 is x, and its floor is x for integers. Signs of floats divide apart from magnitudes; of
// integers they do not: -7 // 2 is -4.
bool div(Operation& op, Rewriter& rewriter) {
  DType dtype = op.result().dtype();
  if (is_complex(dtype)) return false;
  if (is_splat(op.operand(1), 1.0)) return become(op, op.operand(0), rewriter);
  Operation* x = definer(op.operand(0), "prim.neg");
  Operation* y = definer(op.operand(1), "prim.neg");
  if (x == nullptr || y == nullptr || !is_plain_float(dtype)) return false;
  rewriter.update(op, [&] {
    op.set_operand(0, x->operand(0));
    op.set_operand(1, y->operand(0));
  });
  return true;
}

// x and x, x or x; the greater and the lesser of x and x (a NaN stays one). Bits with all ones
// under `and`, with all zeros under `or`, stay; a bool's ones are True.
bool idempotent(Operation& op, Rewriter& rewriter) {
  if (op.operand(0) == op.operand(1)) return become(op, op.operand(0), rewriter);
  DType dtype = op.result().dtype();
  if (op.is("prim.or")) return either_splat(op, 0.0, rewriter);
  if (op.is("prim.and") && dtype != DType::u8) {
    return either_splat(op, dtype == DType::boolean ? 1.0 : -1.0, rewriter);
  }
  return false;
}

// x xor 0.
bool exclusive_or(Operation& op, Rewriter& rewriter) { return either_splat(op, 0.0, rewriter); }

// Equal arms; a condition that is known; a condition that is turned around.
bool select(Operation& op, Rewriter& rewriter) {
  Value condition = op.operand(0), x = op.operand(1), y = op.operand(2);
  if (x == y || is_splat(condition, 1.0)) return become(op, x, rewriter);
  if (is_splat(condition, 0.0)) return become(op, y, rewriter);
  Operation* turned = definer(condition, "prim.not");
  if (turned == nullptr) return false;
  rewriter.update(op, [&] {
    op.set_operand(0, turned->operand(0));
    op.set_operand(1, y);
    op.set_operand(2, x);
  });
  return true;
}

// Structure: what is known to run stands where it runs, what is known not to run goes.

// The operations of a region stand in front of `op`, and what it returns steps in for the results.
bool inline_region(Operation& op, Block& block, std::span<const Value> arguments,
                   Rewriter& rewriter) {
  Operation* end = block.terminator();
  for (size_t i = 0; i < op.result_count(); ++i) {
    Value value = end->operand(i);
    if (value.type() != op.result(i).type()) return false;
  }
  for (size_t i = 0; i < arguments.size(); ++i) block.argument(i).replace_uses(arguments[i]);
  while (block.front() != end) {
    Operation* inner = block.front();
    inner->move_before(&op);
    rewriter.update(*inner, [] {});
  }
  std::vector<Value> results = end->operands();
  end->set_operands({});
  rewriter.replace(op, results);
  return true;
}

bool is_known(Value condition, bool value) { return is_splat(condition, value ? 1.0 : 0.0); }

// An if over a condition that is known.
bool known_if(Operation& op, Rewriter& rewriter) {
  for (bool value : {true, false}) {
    if (!is_known(op.operand(0), value)) continue;
    std::vector<Value> inputs = op.operands();
    return inline_region(op, op.region(value ? 0 : 1).block(), std::span(inputs).subspan(1),
                         rewriter);
  }
  return false;
}

// A loop without a step gives its carries back; outputs of no step have no elements, and are left
// to the loop.
bool no_steps(Operation& op, Rewriter& rewriter) {
  if (op.is("prim.while")) {
    if (!is_known(op.region(0).block().terminator()->operand(0), false)) return false;
    for (Operation& inner : op.region(0).block()) {
      if (!inner.info().has(Trait::terminator) && !is_removable(inner)) return false;
    }
  } else if (!op.attr("length").as_dim().is_const(0)) {
    return false;
  }
  std::vector<Value> carries = op.operands();
  if (carries.size() < op.result_count()) return false;
  carries.resize(op.result_count());
  for (size_t i = 0; i < carries.size(); ++i) {
    if (carries[i].type() != op.result(i).type()) return false;
  }
  if (op.is("prim.scan_loop") && op.result_count() != static_cast<size_t>(segments_of(op)[0])) {
    return false;
  }
  rewriter.replace(op, carries);
  return true;
}

}  // namespace

PatternSet canonical_patterns() {
  PatternSet patterns;
  struct {
    const char* root;
    bool (*apply)(Operation&, Rewriter&);
    std::vector<std::string> generates = {};
  } const table[] = {
      {"prim.reshape", reshape},
      {"prim.transpose", transpose},
      {"prim.broadcast", broadcast},
      {"prim.slice", slice},
      {"prim.pad", pad},
      {"prim.concat", concat},
      {"prim.reverse", reverse},
      {"prim.cast", cast},
      {"prim.bitcast", bitcast},
      {"prim.neg", twice},
      {"prim.not", twice},
      {"prim.conj", twice},
      {"prim.abs", again},
      {"prim.abs", abs_of_neg},
      {"prim.floor", again},
      {"prim.ceil", again},
      {"prim.round", again},
      {"prim.real", part},
      {"prim.imag", part},
      {"prim.complex", join},
      {"prim.add", add, {"prim.sub"}},
      {"prim.sub", sub, {"prim.add"}},
      {"prim.mul", mul, {"prim.neg"}},
      {"prim.div", div},
      {"prim.and", idempotent},
      {"prim.or", idempotent},
      {"prim.max", idempotent},
      {"prim.min", idempotent},
      {"prim.xor", exclusive_or},
      {"prim.select", select},
      {"prim.if", known_if},
      {"prim.while", no_steps},
      {"prim.scan_loop", no_steps},
  };
  for (const auto& entry : table) {
    patterns.add({.name = std::string(entry.root).substr(5),
                  .root = entry.root,
                  .apply = entry.apply,
                  .generates = entry.generates});
  }
  return patterns;
}

GreedyResult canonicalize(Module& module, PassContext& context) {
  return rewrite_greedily(module, canonical_patterns(), context);
}

}  // namespace proa::transform
