#include "proa/runtime/inspect.h"

#include <algorithm>
#include <atomic>
#include <string_view>

#include "proa/base/checked.h"
#include "proa/base/environment.h"
#include "proa/base/error.h"

namespace proa::runtime {

using namespace program;

namespace {

std::atomic<bool>& all() {
  static std::atomic<bool> on = environment_switch("PROA_INSPECT", false);
  return on;
}

}  // namespace

bool inspects_all() { return all().load(std::memory_order_relaxed); }
void inspect_all(bool on) { all().store(on, std::memory_order_relaxed); }

std::string Inspector::place() const {
  if (instruction_ >= program_.code.size()) return "its ends";
  return str("instruction ", instruction_, " (", program_.code[instruction_].name, ")");
}

void Inspector::fail(std::string_view what) const {
  throw UserError(ErrorKind::io, str("the program does not hold together: ", place(), ": ", what));
}

void Inspector::extents(std::span<const int64_t> dims, DType dtype) const {
  auto bytes = checked_bytes(dims, dtype);
  int64_t elements = 1;
  for (int64_t dim : dims) elements *= bytes && dim > 0 ? dim : 1;
  if (!bytes || elements > Call::kMostElements)
    fail(str("no tensor has the shape ", list_str(dims)));
}

void Inspector::form(const Array& given, int32_t slot) const {
  const Slot& told = program_.slots[static_cast<size_t>(slot)];
  if (given.dtype != told.dtype || given.dims.size() != told.dims.size()) {
    fail(str("slot ", slot, " is given ", to_string(given.dtype), list_str(given.dims)));
  }
}

void Inspector::view(const Array& x, std::span<const int64_t> dims, AttrWords words) const {
  auto refuse = [&](std::string_view what) {
    fail(str(what, ": ", list_str(dims), " of ", list_str(x.dims)));
  };
  switch (program_.code[instruction_].view) {
    case ViewKind::reshape:
      if (checked_elements(dims) != x.elements()) refuse("a reshape to another number of elements");
      return;
    case ViewKind::broadcast: {
      auto axes = words.ints(1);
      for (size_t i = 0; i < axes.size(); ++i) {
        int64_t extent = dims[static_cast<size_t>(axes[i])];
        if (x.dims[i] != 1 && x.dims[i] != extent) refuse("a broadcast of an axis that is not 1");
      }
      return;
    }
    case ViewKind::slice: {
      auto starts = words.ints(0), steps = words.ints(2);
      for (size_t i = 0; i < dims.size(); ++i) {
        if (starts[i] < 0 || starts[i] > x.dims[i]) refuse("a slice that begins outside");
        if (dims[i] == 0) continue;
        auto last = checked_mul(dims[i] - 1, steps[i]);
        if (last) last = checked_add(*last, starts[i]);
        bool ends = last && *last >= 0 && *last < x.dims[i] && starts[i] < x.dims[i];
        if (!ends) refuse("a slice that ends outside");
      }
      return;
    }
    case ViewKind::transpose:
    case ViewKind::reverse: return;  // their axes are numbers, which verify() has seen
  }
}

Reach Inspector::reach(const Array& x) const {
  Reach reach;
  auto size = static_cast<int64_t>(size_of(x.dtype));
  if (std::ranges::find(x.dims, 0) != x.dims.end()) return reach;
  for (size_t i = 0; i < x.dims.size(); ++i) {
    auto far = checked_mul(x.dims[i] - 1, x.strides[i]);
    if (far) far = checked_mul(*far, size);
    int64_t& end = far && *far < 0 ? reach.low : reach.high;
    if (far) far = checked_add(end, *far);
    if (!far) fail("strides beyond any memory");
    end = *far;
  }
  auto end = checked_add(reach.high, size);
  if (!end) fail("strides beyond any memory");
  reach.high = *end;
  return reach;
}

void Inspector::inside(const Array& x, int64_t offset, Reach memory) const {
  Reach own = reach(x);
  if (own.high == 0) return;  // no elements
  auto low = checked_add(own.low, offset), high = checked_add(own.high, offset);
  if (!low || !high || *low < memory.low || *high > memory.high) {
    fail(str("elements outside of the memory of ", memory.high - memory.low, " bytes"));
  }
}

void Inspector::steps(const Array& x, int64_t length) const {
  if (x.dims.size() == 0 || x.dims[0] != length || length < 0) {
    fail(str(length, " steps along the first axis of ", list_str(x.dims)));
  }
}

void Inspector::same_dims(const Array& from, const Array& to) const {
  if (from.dtype != to.dtype || !(from.dims == to.dims)) {
    fail(str("a step gives ", list_str(from.dims), " where ", list_str(to.dims), " is stacked"));
  }
}

}  // namespace proa::runtime
