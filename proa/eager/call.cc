#include "proa/eager/call.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/eager/capture.h"
#include "proa/eager/function.h"
#include "proa/eager/overflow.h"
#include "proa/eager/traced.h"
#include "proa/ir/builder.h"
#include "proa/ir/caller.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
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

// What one operator call looks like, apart from the numbers in it.
struct Key {
  const OpInfo* op;
  const AttrList* attrs;
  SmallVector<uint64_t, 16>
      words;  // segments; dtype, rank and extents of 1 of each operand; default float
  uint64_t hash;

  void finish() {
    hash = combine(reinterpret_cast<uintptr_t>(op), attrs->empty() ? 0 : attrs->hash());
    for (uint64_t word : words) hash = combine(hash, word);
  }
};

// The program of a call: with sizes as symbols where the rules can, else for one shape.
struct Entry {
  const OpInfo* op;
  AttrList attrs;
  SmallVector<uint64_t, 16> words;
  std::unique_ptr<Function> function;                // null: only by shape
  std::vector<std::pair<int32_t, int32_t>> symbols;  // (operand, axis) of each symbol
  bool guarded = false;
  std::atomic<bool> gradient_by_shape = false;  // a rule of the gradient needs extents as numbers
  std::mutex mutex;
  std::unordered_map<uint64_t,
                     std::vector<std::pair<std::vector<int64_t>, std::unique_ptr<Function>>>>
      by_shape;

  bool matches(const Key& key) const {
    return op == key.op && words.size() == key.words.size() &&
           std::equal(words.begin(), words.end(), key.words.begin()) && attrs == *key.attrs;
  }
};

using Tensors = std::span<const Tensor>;

std::unique_ptr<Function> trace(const OpInfo& op, const AttrList& attrs,
                                std::span<const int64_t> segments, Tensors operands, bool symbolic,
                                Entry& entry) {
  Context& c = context();
  Module module(c);
  std::vector<Type> types;
  std::vector<Dim> symbols;
  entry.symbols.clear();
  for (size_t i = 0; i < operands.size(); ++i) {
    std::vector<Dim> dims;
    for (size_t a = 0; a < operands[i].dims().size(); ++a) {
      int64_t extent = operands[i].dims()[a];
      if (!symbolic || extent == 1) {
        dims.emplace_back(extent);
      } else {
        Dim symbol = c.symbols().symbol(str("s", symbols.size()));
        symbols.push_back(symbol);
        entry.symbols.push_back({static_cast<int32_t>(i), static_cast<int32_t>(a)});
        dims.push_back(symbol);
      }
    }
    types.push_back(Type::tensor(c, operands[i].dtype(), dims));
  }
  Func func = module.add_func("main", types);
  Builder builder(module, func.body());
  TraceScope tracing;
  std::vector<Value> arguments = func.arguments();
  Operation* made = builder.create(op, arguments, attrs, segments);
  builder.create_return(made->results());
  entry.guarded = !module.facts().guards().empty();
  auto function =
      std::make_unique<Function>(std::string(op.page->name), std::move(module), symbols);
  function->executable();  // what a rule cannot do with symbols shows here
  entry.guarded |= function->guarded();
  return function;
}

Entry& entry_of(const Key& key, std::span<const int64_t> segments, Tensors operands) {
  static std::mutex mutex;
  static auto table = new std::unordered_multimap<uint64_t, std::unique_ptr<Entry>>();
  constexpr size_t kFast = 256;
  // Behind a pointer: the thread-local block of a library loaded late must stay small (glibc gives
  // it what is left of 1.6 KiB), or loading fails.
  thread_local const std::unique_ptr<Entry*[]> fast = std::make_unique<Entry*[]>(kFast);
  Entry*& slot = fast[key.hash % kFast];
  if (slot != nullptr && slot->matches(key)) return *slot;
  {
    std::lock_guard lock(mutex);
    auto [begin, end] = table->equal_range(key.hash);
    for (auto it = begin; it != end; ++it) {
      if (it->second->matches(key)) return *(slot = it->second.get());
    }
  }
  auto made = std::make_unique<Entry>();
  made->op = key.op;
  made->attrs = *key.attrs;
  made->words = key.words;
  try {
    made->function = trace(*key.op, *key.attrs, segments, operands, true, *made);
  } catch (const NeedStatic&) { made->symbols.clear(); } catch (const Error&) {
    // The concrete sizes make the better message; and a rule may accept them though it refuses
    // symbols.
    Entry scratch;
    trace(*key.op, *key.attrs, segments, operands, false, scratch);
    made->symbols.clear();
  }
  std::lock_guard lock(mutex);
  return *(slot = table->emplace(key.hash, std::move(made))->second.get());
}

Function& by_shape(Entry& entry, std::span<const int64_t> segments, Tensors operands) {
  std::vector<int64_t> shape;
  for (const Tensor& t : operands) shape.insert(shape.end(), t.dims().begin(), t.dims().end());
  uint64_t hash = hash_bytes(shape.data(), shape.size() * sizeof(int64_t));
  auto find = [&]() -> Function* {
    for (auto& [known, function] : entry.by_shape[hash]) {
      if (known == shape) return function.get();
    }
    return nullptr;
  };
  {
    std::lock_guard lock(entry.mutex);
    if (Function* known = find()) return *known;
  }
  // Without the lock: tracing may call Python, which another thread holds while it waits here.
  Entry scratch;
  auto made = trace(*entry.op, entry.attrs, segments, operands, false, scratch);
  std::lock_guard lock(entry.mutex);
  if (Function* known = find()) return *known;
  auto& list = entry.by_shape[hash];
  list.emplace_back(std::move(shape), std::move(made));
  return *list.back().second;
}

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

void settle_memory(const Page& page, Tensors operands, std::vector<Tensor>& results) {
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

  Key key;
  key.op = &op;
  key.attrs = &attrs;
  uint64_t head = static_cast<uint64_t>(default_float());
  for (int64_t n : segments) head = head * 31 + static_cast<uint64_t>(n);
  key.words.push_back(head);
  for (const Tensor& t : tensors) {
    if (t.impl()->captured != nullptr) [[unlikely]]
      refuse_contents(*t.impl());
    auto dims = t.dims();
    uint64_t word = static_cast<uint64_t>(t.dtype()) | static_cast<uint64_t>(dims.size()) << 8;
    for (size_t i = 0; i < dims.size(); ++i) {
      if (dims[i] == 1) word |= uint64_t{1} << (16 + i % 48);
    }
    key.words.push_back(word);
  }
  key.finish();

  std::span<const int64_t> counts(segments.data(), segments.size());
  Entry& entry = entry_of(key, counts, tensors);
  Function* function = entry.function.get();
  SmallVector<int64_t, 16> sizes;
  if (function != nullptr) {
    for (auto [operand, axis] : entry.symbols) {
      sizes.push_back(tensors[static_cast<size_t>(operand)].dims()[static_cast<size_t>(axis)]);
    }
    if (entry.guarded && !function->executable().guards_hold({sizes.data(), sizes.size()})) {
      function = nullptr;
    }
  }
  if (function != nullptr && entry.gradient_by_shape && grad_enabled()) function = nullptr;
  if (function == nullptr) {
    function = &by_shape(entry, counts, tensors);
    sizes.clear();
  }
  std::vector<Tensor> results(function->result_count());
  try {
    call(*function, tensors, {sizes.data(), sizes.size()}, results);
  } catch (const NeedStatic&) {  // before anything ran: the gradient is made first
    entry.gradient_by_shape = true;
    call(by_shape(entry, counts, tensors), tensors, {}, results);
  }
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
