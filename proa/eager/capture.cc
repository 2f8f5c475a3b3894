#include "proa/eager/capture.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>

#include "proa/base/error.h"
#include "proa/ir/need_extents.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ops/expr.h"

namespace proa::eager {

using namespace ir;

namespace {

thread_local Capture* open_capture = nullptr;

// What tensors of a closed capture point to.
ValueImpl ended;

// Stands where an extent is a symbol: whoever takes it for a number fails at once.
constexpr int64_t kNoExtent = std::numeric_limits<int64_t>::min() / 2;

TensorData contents(const Tensor& tensor) {
  Array dense = runtime::to_dense(tensor.array());
  size_t size = static_cast<size_t>(dense.elements()) * size_of(dense.dtype);
  std::shared_ptr<char[]> bytes(new char[std::max<size_t>(size, 1)]);
  std::memcpy(bytes.get(), dense.data, size);
  const void* data = bytes.get();
  return {dense.dtype, {dense.dims.begin(), dense.dims.end()}, std::move(bytes), data, size};
}

}  // namespace

void refuse_contents(const TensorImpl& impl) {
  if (open_capture != nullptr && impl.captured != &ended) open_capture->reading();
  throw UserError(ErrorKind::state,
                  impl.captured == &ended
                      ? "this tensor belongs to a trace that has ended: it has no values"
                      : "a tensor has no values while an operator is traced: reading it, `if` on "
                        "it and writes in place cannot be traced; use operators such as where()");
}

Capture* Capture::active() { return open_capture; }

Capture::Capture(Module& module, Block& block, Locate locate)
    : builder_(module, block),
      locate_(locate),
      before_(std::exchange(open_capture, this)),
      autocast_(autocast()) {
  set_autocast({});
}

Capture::~Capture() {
  for (const Tensor& tensor : kept_) tensor.impl()->captured = &ended;
  set_autocast(std::move(autocast_));
  open_capture = before_;
}

Capture::Suspended::Suspended() : before_(std::exchange(open_capture, nullptr)) {}
Capture::Suspended::~Suspended() { open_capture = before_; }

Builder& Capture::builder() {
  if (locate_ != nullptr) builder_.set_location(locate_(builder_.context()));
  return builder_;
}

Tensor Capture::tensor(Value value) {
  Array array;
  array.dtype = value.dtype();
  for (Dim dim : value.dims()) {
    array.dims.push_back(dim.as_const().value_or(kNoExtent));
    array.strides.push_back(0);
  }
  Tensor made(std::move(array));
  made.impl()->captured = value.impl();
  own_.insert(made.impl());
  kept_.push_back(made);
  return made;
}

Value Capture::value(const Tensor& tensor, std::string_view op, std::string_view argument) {
  if (tensor.impl()->captured != nullptr) {
    if (own_.contains(tensor.impl())) return Value(tensor.impl()->captured);
    throw UserError(ErrorKind::state, op, argument,
                    "this tensor belongs to another trace; give it as an operand");
  }
  return outside(tensor, op, argument);
}

Value Capture::outside(const Tensor& tensor, std::string_view op, std::string_view argument) {
  if (tensor.requires_grad()) {
    throw UserError(ErrorKind::state, op, argument,
                    "a tensor that requires a gradient would become a constant here; give it as "
                    "an operand, or say detach()");
  }
  return ops::constant(builder(), contents(tensor)).value;
}

Tensor Capture::constant(const Tensor& given) {
  return tensor(ops::constant(builder(), contents(given)).value);
}

Tensor Capture::random_key(std::string_view op) {
  throw UserError(ErrorKind::not_supported, op, "",
                  "random operators cannot be traced: the key would be the same in each call");
}

Tensor Capture::detach(const Tensor& tensor) { return Tensor(tensor.array()); }
bool Capture::write(const Tensor&, const Tensor&, std::string_view) { return false; }
bool Capture::assign(const Tensor&, const Tensor&) { return false; }
void Capture::view(const Tensor&, const Tensor&) {}

std::string Capture::where() {
  if (locate_ == nullptr) return {};
  std::string text = to_string(locate_(builder_.context()));
  return text.empty() ? text : str(" (", text, ")");
}

std::vector<Tensor> Capture::call(const OpInfo& op, std::span<const Tensor> operands,
                                  const AttrList& attrs, std::span<const int64_t> segments) {
  const Page& page = *op.page;
  std::vector<Value> values;
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    for (int64_t k = 0; k < segments[i]; ++k, ++flat)
      values.push_back(value(operands[flat], page.name, page.operands[i].name));
  }
  std::vector<Tensor> results;
  for (Value result : builder().create(op, values, attrs, segments)->results())
    results.push_back(tensor(result));
  return results;
}

std::vector<Dim> symbolic_dims(const Tensor& tensor) {
  const ValueImpl* value = tensor.impl()->captured;
  if (value == nullptr) return {tensor.dims().begin(), tensor.dims().end()};
  if (value == &ended) refuse_contents(*tensor.impl());
  return {value->type.dims().begin(), value->type.dims().end()};
}

bool same_shape(const Tensor& a, const Tensor& b, std::string_view why) {
  Capture* open = Capture::active();
  if (open == nullptr || (a.impl()->captured == nullptr && b.impl()->captured == nullptr))
    return std::ranges::equal(a.dims(), b.dims());
  std::vector<Dim> x = symbolic_dims(a), y = symbolic_dims(b);
  Facts& facts = open->builder().facts();
  return std::ranges::equal(x, y, [&](Dim m, Dim n) { return facts.require_eq(m, n, why); });
}

std::string shape_text(const Tensor& tensor) { return to_string(symbolic_dims(tensor)); }

Tensor expanded_to(const Tensor& value, const Tensor& target, std::string_view op,
                   std::string_view argument) {
  std::vector<Dim> have = symbolic_dims(value), want = symbolic_dims(target);
  if (have == want) return value;
  std::vector<int64_t> numbers;
  for (Dim dim : want) {
    if (auto number = dim.as_const()) numbers.push_back(*number);
  }
  // NumPy drops leading axes of size 1 of the value.
  Tensor from = value;
  if (size_t cut = have.size() > want.size() ? have.size() - want.size() : 0; cut > 0) {
    auto ones =
        std::ranges::all_of(have.begin(), have.begin() + static_cast<ptrdiff_t>(cut), [&](Dim dim) {
          Capture* open = Capture::active();
          return open != nullptr ? is_one(open->builder().facts(), dim, op) : dim.is_const(1);
        });
    if (ones) {
      std::vector<int64_t> axes(cut);
      std::iota(axes.begin(), axes.end(), 0);
      from = call1("tensor.squeeze", {value}, {{"axis", axes}});
    }
  }
  try {
    if (numbers.size() == want.size()) return call1("tensor.expand", {from}, {{"shape", numbers}});
    return call1("tensor.expand", {from}, {{"shape", want}});
  } catch (const UserError& error) {
    throw UserError(
        error.kind(), op, argument,
        str("a value of shape ", to_string(have), " does not fit into shape ", to_string(want)));
  }
}

namespace {

// Whether `at` counts from the end. Where the sizes of this call are at hand they decide, and that
// is a guard.
bool from_end(Dim at, Facts& facts, std::string_view what) {
  Truth negative = facts.prove_ge(-1, at);
  if (negative != Truth::unknown) return negative == Truth::yes;
  auto now = facts.likely(at);
  if (!now) throw NeedStatic{str("the sign of the ", what, " ", to_string(at), " is not known")};
  std::string message = str("the sign of a ", what);
  if (!(*now < 0 ? facts.require_ge(-1, at, message) : facts.require_ge(at, 0, message)))
    throw NeedExtents{std::move(message), {at}};
  return *now < 0;
}

// A bound of a slice in 0..n, or in -1..n-1 where the step is negative.
Dim clamped(Dim at, Dim n, Facts& facts, bool backwards) {
  Dim lowest = backwards ? -1 : 0, highest = backwards ? n - 1 : n;
  if (from_end(at, facts, "slice bound")) at = at + n;
  return facts.simplify(max(min(at, highest), lowest));
}

struct Span {
  Dim start, stop;
};

Span bounds(const IndexItem& item, Dim n, Facts& facts) {
  bool backwards = item.step < 0;
  Dim first = item.start ? clamped(*item.start, n, facts, backwards) : backwards ? n - 1 : Dim(0);
  Dim last = item.stop ? clamped(*item.stop, n, facts, backwards) : backwards ? Dim(-1) : n;
  if (backwards) {  // positions in the reversed axis
    first = n - 1 - first;
    last = n - 1 - last;
  }
  return {first, facts.simplify(max(last, first))};
}

}  // namespace

Tensor captured_index(const Tensor& x, std::span<const IndexItem> items) {
  Capture* capture = Capture::active();
  if (capture == nullptr) refuse_contents(*x.impl());
  Builder& builder = capture->builder();
  Expr value{capture->value(x, "getitem", "x"), &builder};
  Facts& facts = builder.facts();
  std::vector<Dim> starts, limits, shape;
  std::vector<int64_t> steps;
  std::vector<int> reversed;
  int axis = 0;
  auto take = [&](Dim start, Dim limit, int64_t step) {
    starts.push_back(start);
    limits.push_back(limit);
    steps.push_back(step);
    ++axis;
  };
  for (const IndexItem& item : items) {
    if (item.kind == IndexItem::Kind::new_axis) {
      shape.push_back(1);
      continue;
    }
    Dim n = value.dim(axis);
    if (item.kind == IndexItem::Kind::slice) {
      Span span = bounds(item, n, facts);
      int64_t step = item.step < 0 ? -item.step : item.step;
      if (item.step < 0) reversed.push_back(axis);
      shape.push_back(facts.simplify(ceildiv(span.stop - span.start, step)));
      take(span.start, span.stop, step);
      continue;
    }
    Dim at = from_end(*item.start, facts, "position") ? *item.start + n : *item.start;
    std::string message = str("index ", to_string(*item.start), " is out of range for axis ", axis,
                              " of size ", to_string(n));
    if (!facts.require_ge(at, 0, message) || !facts.require_ge(n - 1, at, message))
      throw UserError(ErrorKind::index, "getitem", "index", message);
    take(at, at + 1, 1);
  }
  while (axis < value.rank()) {
    shape.push_back(value.dim(axis));
    take(0, value.dim(axis), 1);
  }
  if (!reversed.empty()) value = ops::reverse(value, reversed);
  value = ops::reshape(ops::slice(value, starts, limits, steps), shape);
  Tensor result = capture->tensor(value.value);
  capture->view(result, x);
  return result;
}

}  // namespace proa::eager
