#include "proa/eager/call.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/overflow.h"
#include "proa/eager/single_call.h"
#include "proa/eager/traced.h"
#include "proa/ir/caller.h"
#include "proa/ir/page.h"
#include "proa/kernels/register.h"
#include "proa/ops/expr.h"
#include "proa/ops/register.h"
#include "proa/runtime/executor.h"

namespace proa::eager {

using namespace ir;

Context& context() {
  static Context* made = [] {
    auto context = new Context();
    ops::load(*context);
    kernels::register_cpu(runtime::cpu_kernels());
    return context;
  }();
  return *made;
}

DType default_float() { return context().default_float(); }

void set_default_float(DType dtype) {
  if (!contains(kFloatSet, dtype)) {
    throw UserError(ErrorKind::type, "set_default_dtype", "dtype",
                    str("expected float16, bfloat16, float32 or float64, got ", to_string(dtype)));
  }
  context().set_default_float(dtype);
}

namespace {

std::mutex rng_mutex;
RngState rng;

thread_local Autocast autocast_state;

}  // namespace

RngState rng_state() {
  std::lock_guard lock(rng_mutex);
  return rng;
}

void set_rng_state(RngState state) {
  if (Capture* capture = Capture::active()) {
    throw UserError(ErrorKind::not_supported, "seed", "",
                    str("the generator cannot be set in a function that is captured: it would "
                        "happen once and not in each call; do it outside",
                        capture->where()));
  }
  std::lock_guard lock(rng_mutex);
  rng = state;
}

void seed(uint64_t value) { set_rng_state({value, 0}); }

Tensor random_key(int64_t calls) {
  std::lock_guard lock(rng_mutex);
  int64_t words[2] = {static_cast<int64_t>(rng.seed), static_cast<int64_t>(rng.calls)};
  rng.calls += static_cast<uint64_t>(calls);
  int64_t dims[1] = {2};
  return from_data(dims, DType::i64, words);
}

const Autocast& autocast() { return autocast_state; }
void set_autocast(Autocast state) { autocast_state = std::move(state); }

namespace {

// A number beside integer tensors takes their dtype; one beyond its range is refused, as NumPy 2
// and PyTorch do.
void require_fit(const Operand& number, DType dtype, std::string_view argument) {
  int64_t low = 0, high = 255;
  if (number.number_kind != NumberKind::integer || dtype == DType::i64 || !is_int(dtype)) return;
  if (dtype != DType::u8) {
    high = (int64_t{1} << (size_of(dtype) * 8 - 1)) - 1;
    low = -high - 1;
  }
  if (number.integer >= low && number.integer <= high) return;
  throw NumberOverflow("", argument,
                       str(number.integer, " does not fit into ", to_string(dtype),
                           ", which holds ", low, "..", high));
}

Tensor number_tensor(const Operand& number, DType dtype) {
  // No number stands beside float8; the page's check says so, of the tensor and its argument.
  if (contains(kFloat8Set, dtype)) dtype = DType::f32;
  if (number.tensor) return call1("tensor.cast", {number.tensor}, {{"dtype", dtype}});
  if (number.size) {
    Capture* capture = Capture::active();
    if (capture == nullptr)
      throw UserError(ErrorKind::state, "a symbolic size has a value under capture only");
    return capture->tensor(ops::dim_value(capture->builder(), *number.size, dtype).value);
  }
  Tensor made =
      scalar(dtype, number.number_kind == NumberKind::integer ? static_cast<double>(number.integer)
                                                              : number.real);
  char* data = made.array().data;
  if (dtype == DType::i64) {
    std::memcpy(data, &number.integer, sizeof number.integer);
  } else if (dtype == DType::c64) {
    auto imag = static_cast<float>(number.imag);
    std::memcpy(data + 4, &imag, sizeof imag);
  } else if (dtype == DType::c128) {
    std::memcpy(data + 8, &number.imag, sizeof number.imag);
  }
  Capture* capture = Capture::active();
  return capture != nullptr ? capture->constant(made) : made;
}

DType number_dtype(NumberKind kind) {
  switch (kind) {
    case NumberKind::boolean: return DType::boolean;
    case NumberKind::integer: return DType::i64;
    case NumberKind::real: return default_float();
    case NumberKind::complex: return complex_of(default_float());
  }
  return DType::f32;
}

// Plain numbers become 0-d tensors of the dtype that they take beside the tensors.
void settle_numbers(const Page& page, std::span<const Operand> operands,
                    std::span<const int64_t> segments, std::vector<Tensor>& out) {
  DType met = DType::boolean;
  bool any = false;
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    for (int64_t k = 0; k < segments[i]; ++k, ++flat) {
      const Operand& operand = operands[flat];
      if (operand.kind != Operand::Kind::tensor || !page.operands[i].meets) continue;
      met = any ? promote(met, operand.tensor.dtype()) : operand.tensor.dtype();
      any = true;
    }
  }
  out.reserve(operands.size());
  flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    for (int64_t k = 0; k < segments[i]; ++k, ++flat) {
      const Operand& operand = operands[flat];
      if (operand.kind == Operand::Kind::tensor) {
        out.push_back(operand.tensor);
        continue;
      }
      DType dtype = any && page.operands[i].meets
                        ? promote(met, operand.number_kind, default_float())
                        : number_dtype(operand.number_kind);
      require_fit(operand, dtype, page.operands[i].name);
      out.push_back(number_tensor(operand, dtype));
    }
  }
}

void cast_operands(const Page& page, std::vector<Tensor>& operands) {
  const Autocast& state = autocast_state;
  if (page.name == "cast") return;
  auto listed = [&](const std::vector<std::string>& list) {
    return std::binary_search(list.begin(), list.end(), page.name);
  };
  DType target = state.dtype;
  if (listed(state.black)) {
    target = DType::f32;
  } else if (!listed(state.white) && state.level == 1) {
    return;  // the widest that comes: the promotion table does it
  }
  for (Tensor& t : operands) {
    bool casts = t.dtype() == DType::f32 || t.dtype() == DType::f16 || t.dtype() == DType::bf16;
    if (casts && t.dtype() != target) t = call1("tensor.cast", {t}, {{"dtype", target}});
  }
}

}  // namespace

bool can_be_written(const Array& array) {
  for (size_t i = 0; i < array.dims.size(); ++i) {
    if (array.strides[i] == 0 && array.dims[i] > 1) return false;
  }
  return array.buffer->writable();
}

namespace {

// Results of view operators are views; results of others never share memory with an operand or with
// each other, and can be written.

void settle_memory(const Page& page, std::span<const Tensor> operands,
                   std::vector<Tensor>& results) {
  for (size_t i = 0; i < results.size(); ++i) {
    const runtime::Buffer* memory = results[i].array().buffer.get();
    bool own = true, shared = false;
    for (const Tensor& operand : operands) {
      if (operand.array().buffer.get() != memory) continue;
      own = false;
      bool is_view = std::ranges::any_of(page.alias, [&](const AliasSpec& a) {
        return a.view && (a.result == static_cast<int>(i) || page.results < 0);
      });
      TensorImpl& impl = *results[i].impl();
      if (is_view) {
        const auto& through = operand.impl()->view;
        impl.view = std::make_unique<ViewOf>(through ? through->base : operand, memory->version());
      } else {
        Array copy = Array::dense(impl.array.dims, impl.array.dtype);
        runtime::copy(impl.array, copy);
        impl.array = std::move(copy);
      }
      break;
    }
    for (size_t k = 0; k < i; ++k) shared |= results[k].array().buffer.get() == memory;
    if (own && (shared || !can_be_written(results[i].array()))) {
      Array copy = Array::dense(results[i].array().dims, results[i].array().dtype);
      runtime::copy(results[i].array(), copy);
      results[i].impl()->array = std::move(copy);
    }
  }
}

std::vector<Tensor> run(const OpInfo& op, std::span<const Operand> given, const AttrList& attrs,
                        std::span<const int64_t> given_segments) {
  const Page& page = *op.page;
  std::vector<Operand> padded;
  std::span<const Operand> operands = given;
  SmallVector<int64_t, 8> segments(given_segments);
  bool key_operand = page.effects == Effects::rng;
  if (segments.empty()) {
    if (page.operands.size() == 1 && page.operands[0].variadic) {
      segments.push_back(static_cast<int64_t>(given.size()));
    } else {
      for (size_t i = 0; i < page.operands.size(); ++i) {
        bool there = i < given.size() && given[i].kind != Operand::Kind::absent;
        segments.push_back(there ? 1 : 0);
      }
      if (std::ranges::any_of(given,
                              [](const Operand& o) { return o.kind == Operand::Kind::absent; })) {
        for (const Operand& o : given) {
          if (o.kind != Operand::Kind::absent) padded.push_back(o);
        }
        operands = padded;
      }
    }
  }
  std::vector<Tensor> tensors;
  if (key_operand) {
    // The key stands where the page says; callers never pass it.
    std::vector<Operand> with_key;
    size_t flat = 0;
    for (size_t i = 0; i < page.operands.size(); ++i) {
      if (page.operands[i].rng_key && segments[i] == 0) {
        segments[i] = 1;
        Capture* capture = Capture::active();
        with_key.emplace_back(capture != nullptr ? capture->random_key(page.name) : random_key(1));
      } else {
        for (int64_t k = 0; k < segments[i]; ++k) with_key.push_back(operands[flat++]);
      }
    }
    settle_numbers(page, with_key, {segments.data(), segments.size()}, tensors);
  } else {
    settle_numbers(page, operands, {segments.data(), segments.size()}, tensors);
  }
  if (autocast_state.enabled) cast_operands(page, tensors);
  if (Capture* capture = Capture::active()) {
    TraceScope tracing;  // the operator may be one of Python's, in a form not met before
    return capture->call(op, tensors, attrs, {segments.data(), segments.size()});
  }

  for (const Tensor& t : tensors) {
    if (t.impl()->captured != nullptr) [[unlikely]]
      refuse_contents(*t.impl());
  }
  std::vector<Tensor> results =
      run_single_call(op, attrs, {segments.data(), segments.size()}, tensors);
  settle_memory(page, tensors, results);
  return results;
}

}  // namespace

std::vector<Tensor> call(const OpInfo& op, std::span<const Operand> operands, const AttrList& attrs,
                         std::span<const int64_t> segments) {
  try {
    return run(op, operands, attrs, segments);
  } catch (const UserError& error) {
    if (!error.op().empty() || error.kind() == ErrorKind::interrupted) throw;
    std::string_view name = op.page->name, argument = error.argument(), message = error.message();
    if (error.kind() == ErrorKind::index && argument.empty()) argument = positions_of(*op.page);
    if (dynamic_cast<const NumberOverflow*>(&error) != nullptr)
      throw NumberOverflow(name, argument, message);
    throw UserError(error.kind(), name, argument, message);
  }
}

std::vector<Tensor> call(std::string_view full_name, std::initializer_list<Operand> operands,
                         const ops::Attrs& attrs) {
  Context& c = context();
  return call(c.op(full_name), {operands.begin(), operands.size()}, ops::to_list(c, attrs));
}

Tensor call1(std::string_view full_name, std::initializer_list<Operand> operands,
             const ops::Attrs& attrs) {
  return std::move(call(full_name, operands, attrs)[0]);
}

}  // namespace proa::eager
