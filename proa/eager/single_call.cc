#include "proa/eager/single_call.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "proa/base/error.h"
#include "proa/base/hash.h"
#include "proa/base/recent_table.h"
#include "proa/eager/call.h"
#include "proa/eager/function.h"
#include "proa/eager/traced.h"
#include "proa/ir/builder.h"
#include "proa/ir/need_extents.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/facts.h"
#include "proa/runtime/executor.h"

namespace proa::eager {

using namespace ir;

namespace {

using Tensors = std::span<const Tensor>;
using Sizes = SmallVector<int64_t, 16>;

// What has this many programs for all sizes has them for hardly any: each shape then gets its own.
constexpr size_t kMostForms = 32;
constexpr int kMostMisfits = 4;
// Kinds of calls, and shapes of those that have a program for each shape, whose programs are kept:
// some ten to some hundred KiB each. A process calls operators with ever new arguments perhaps.
constexpr size_t kMostKinds = 2048, kMostShapes = 1024;

// What one operator call looks like, apart from the sizes in it.
struct Key {
  const OpInfo* op;
  const AttrList* attrs;
  SmallVector<uint64_t, 16> words;  // segments and default float; dtype and rank of each operand
  uint64_t hash;

  Key(const OpInfo& called, const AttrList& with, std::span<const int64_t> segments,
      Tensors operands)
      : op(&called), attrs(&with) {
    auto head = static_cast<uint64_t>(default_float());
    for (int64_t n : segments) head = head * 31 + static_cast<uint64_t>(n);
    words.push_back(head);
    for (const Tensor& t : operands)
      words.push_back(static_cast<uint64_t>(t.dtype()) | static_cast<uint64_t>(t.dims().size())
                                                             << 8);
    hash = combine(reinterpret_cast<uintptr_t>(op), attrs->empty() ? 0 : attrs->hash());
    for (uint64_t word : words) hash = combine(hash, word);
  }
};

struct Place {
  size_t operand, axis;

  bool operator==(const Place&) const = default;
  int64_t extent(Tensors operands) const { return operands[operand].dims()[axis]; }
};

// A program for all calls whose extents at `ones` are 1. Its guards say which sizes it serves
// beside these: an operator asks whether an extent is 1 only where that matters (ir::is_one).
struct Form {
  std::vector<Place> ones, symbols;
  std::shared_ptr<Function> function;  // the tape's too
  bool guarded = false;
  std::atomic<Form*> next = nullptr;

  bool fits(Tensors operands, Sizes& sizes) const {
    for (Place place : ones) {
      if (place.extent(operands) != 1) return false;
    }
    sizes.clear();
    for (Place place : symbols) sizes.push_back(place.extent(operands));
    return !guarded || function->executable().guards_hold({sizes.data(), sizes.size()});
  }
};

// The programs of one kind of call.
struct Entry {
  std::atomic<bool> used = false;
  const OpInfo* op;
  AttrList attrs;
  SmallVector<uint64_t, 16> words;

  // The most special ones first, that a more general one, which serves the sizes too until it is
  // to be differentiated, is not tried again and again.
  std::atomic<Form*> forms = nullptr;
  std::atomic<bool> only_by_shape = false;      // a rule needs extents as numbers
  std::atomic<bool> gradient_by_shape = false;  // a rule of the gradient does
  std::atomic<int> misfits = 0;

  std::mutex mutex;
  std::vector<std::unique_ptr<Form>> owned;

  explicit Entry(const Key& key) : op(key.op), attrs(*key.attrs), words(key.words) {}

  bool matches(const Key& key) const {
    return op == key.op && words.size() == key.words.size() &&
           std::equal(words.begin(), words.end(), key.words.begin()) && attrs == *key.attrs;
  }

  const Form& insert(std::unique_ptr<Form> form) {
    std::lock_guard lock(mutex);
    std::atomic<Form*>* at = &forms;
    for (Form* there = *at; there != nullptr && there->ones.size() > form->ones.size(); there = *at)
      at = &there->next;
    form->next = at->load();
    at->store(form.get());
    owned.push_back(std::move(form));
    if (owned.size() >= kMostForms) only_by_shape = true;
    return *owned.back();
  }
};

std::shared_ptr<Entry> entry_of(const Key& key) {
  static auto table = new RecentTable<Entry>(kMostKinds);
  constexpr size_t kFast = 256;
  // Behind a pointer: the thread-local block of a library loaded late must stay small (glibc gives
  // it what is left of 1.6 KiB), or loading fails.
  thread_local const auto fast = std::make_unique<std::shared_ptr<Entry>[]>(kFast);
  std::shared_ptr<Entry>& slot = fast[key.hash % kFast];
  if (slot != nullptr && slot->matches(key)) {
    if (!slot->used.load(std::memory_order_relaxed))
      slot->used.store(true, std::memory_order_relaxed);
    return slot;
  }
  auto is = [&](const Entry& entry) { return entry.matches(key); };
  std::shared_ptr<Entry> entry = table->find(key.hash, is);
  if (entry == nullptr) entry = table->insert(key.hash, is, std::make_shared<Entry>(key));
  return slot = std::move(entry);
}

// The program of one shape.
struct Shaped {
  std::atomic<bool> used = false;
  std::shared_ptr<Entry> entry;
  std::vector<int64_t> extents;
  std::shared_ptr<Function> function;
};

RecentTable<Shaped>& by_shape() {
  static auto table = new RecentTable<Shaped>(kMostShapes);
  return *table;
}

// By order among the extents of a form that are not its ones.
Dim symbol_of(size_t number) { return context().symbols().symbol(str("s", number)); }

// With symbols for all extents but `ones`, or with numbers for all.
std::unique_ptr<Form> trace(const Entry& entry, std::span<const int64_t> segments, Tensors operands,
                            bool symbolic, std::span<const Place> ones = {}) {
  Context& c = context();
  Module module(c);
  auto form = std::make_unique<Form>();
  form->ones.assign(ones.begin(), ones.end());
  std::vector<Type> types;
  std::vector<Dim> symbols;
  for (size_t i = 0; i < operands.size(); ++i) {
    std::vector<Dim> dims;
    for (size_t a = 0; a < operands[i].dims().size(); ++a) {
      int64_t extent = operands[i].dims()[a];
      if (!symbolic || std::ranges::find(ones, Place{i, a}) != ones.end()) {
        dims.emplace_back(extent);
        continue;
      }
      Dim symbol = symbol_of(symbols.size());
      module.facts().set_likely(symbol, extent);
      symbols.push_back(symbol);
      form->symbols.push_back({i, a});
      dims.push_back(symbol);
    }
    types.push_back(Type::tensor(c, operands[i].dtype(), dims));
  }
  module.facts().set_asks(symbolic);
  Func func = module.add_func("main", types);
  Builder builder(module, func.body());
  TraceScope tracing;
  std::vector<Value> arguments = func.arguments();
  Operation* made = builder.create(*entry.op, arguments, entry.attrs, segments);
  builder.create_return(made->results());
  form->guarded = !module.facts().guards().empty();
  form->function = std::make_shared<Function>(std::string(entry.op->page->name), std::move(module),
                                              std::move(symbols));
  form->function->executable();  // what a rule cannot do with symbols shows here
  form->guarded |= form->function->guarded();
  return form;
}

// Adds the places that `need` names by the symbols of a form with these ones. False where one of
// them has another extent than 1.
bool add_ones(const NeedExtents& need, Tensors operands, std::vector<Place>& ones) {
  SmallVector<Dim, 6> wanted;
  for (Dim dim : need.dims) collect_symbols(dim, wanted);
  std::vector<Place> found;
  size_t number = 0;
  for (size_t i = 0; i < operands.size(); ++i) {
    for (size_t a = 0; a < operands[i].dims().size(); ++a) {
      Place place{i, a};
      if (std::ranges::find(ones, place) != ones.end()) continue;
      Dim symbol = symbol_of(number++);
      if (std::ranges::find(wanted, symbol) == wanted.end()) continue;
      if (place.extent(operands) != 1) return false;
      found.push_back(place);
    }
  }
  ones.insert(ones.end(), found.begin(), found.end());
  return !found.empty();
}

// Whether the form served the call.
bool run(const Form& form, Tensors operands, Sizes& sizes, std::vector<Tensor>& results) {
  if (!form.fits(operands, sizes)) return false;
  results.assign(form.function->result_count(), {});
  return try_call(*form.function, operands, {sizes.data(), sizes.size()}, results);
}

// By a form for all sizes, which is made where there is none. False where there can be none, if the
// call is a right one: `why` is then the mark that spares other calls the attempt.
bool run_by_form(Entry& entry, std::span<const int64_t> segments, Tensors operands,
                 std::vector<Tensor>& results, std::atomic<bool>*& why) {
  if (entry.gradient_by_shape && grad_enabled()) return false;
  Sizes sizes;
  for (const Form* form = entry.forms; form != nullptr; form = form->next) {
    try {
      if (run(*form, operands, sizes, results)) return true;
    } catch (const NeedExtents&) {
      continue;  // its gradient is another one where these extents are 1
    } catch (const NeedStatic&) {
      why = &entry.gradient_by_shape;
      return false;
    }
  }
  std::vector<Place> ones;
  while (!entry.only_by_shape) {
    const Form* made = nullptr;
    try {
      std::unique_ptr<Form> form = trace(entry, segments, operands, true, ones);
      if (!form->fits(operands, sizes)) return false;
      made = &entry.insert(std::move(form));
      return run(*made, operands, sizes, results);
    } catch (const NeedExtents& need) {
      if (add_ones(need, operands, ones)) continue;
      why = made != nullptr ? &entry.gradient_by_shape : &entry.only_by_shape;
    } catch (const NeedStatic&) {
      why = made != nullptr ? &entry.gradient_by_shape : &entry.only_by_shape;
    } catch (const Error&) {
      if (made != nullptr) throw;
      // Numbers make the better message; and a rule may accept them though it refuses symbols.
    }
    return false;
  }
  return false;
}

}  // namespace

std::vector<Tensor> run_single_call(const OpInfo& op, const AttrList& attrs,
                                    std::span<const int64_t> segments, Tensors operands) {
  std::shared_ptr<Entry> entry = entry_of(Key(op, attrs, segments, operands));
  std::vector<Tensor> results;
  std::atomic<bool>* why = nullptr;
  if (run_by_form(*entry, segments, operands, results, why)) return results;
  std::vector<int64_t> extents;
  for (const Tensor& t : operands) extents.insert(extents.end(), t.dims().begin(), t.dims().end());
  uint64_t hash = combine(reinterpret_cast<uintptr_t>(entry.get()),
                          hash_bytes(extents.data(), extents.size() * sizeof(int64_t)));
  auto is = [&](const Shaped& other) { return other.entry == entry && other.extents == extents; };
  std::shared_ptr<Shaped> shaped = by_shape().find(hash, is);
  if (shaped == nullptr) {
    // Without a lock: tracing may call Python, which another thread holds while it waits here.
    auto made = std::make_shared<Shaped>();
    made->function = trace(*entry, segments, operands, false)->function;
    // A right call that no form served, for once: others may be served. Not for once: they are not.
    if (why == nullptr && ++entry->misfits >= kMostMisfits) why = &entry->only_by_shape;
    made->entry = entry;
    made->extents = extents;
    shaped = by_shape().insert(hash, is, std::move(made));
  }
  if (why != nullptr) *why = true;
  results.assign(shaped->function->result_count(), {});
  call(*shaped->function, operands, {}, results);
  return results;
}

}  // namespace proa::eager
