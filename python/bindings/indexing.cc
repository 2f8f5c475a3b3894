// x[key] and x[key] = value, with NumPy's meaning: integers, slices of any step, None, Ellipsis,
// boolean masks and integer tensors.
// Integers, slices, None and Ellipsis make a view, computed here on strides: its tape node carries
// the numbers, so that a loop over x[i] traces nothing.

#include <algorithm>
#include <cstring>

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/node.h"
#include "proa/ir/need_extents.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

using runtime::Array;
using runtime::Extents;

// What a basic key does to an array of given extents.
struct Basic {
  Extents starts, dims, steps;  // by axis of x
  std::vector<int> dropped;     // axes that an integer took away
  Extents shape;                // of the result, with new axes
};

Array apply(const Array& x, const Basic& key) {
  Array y =
      runtime::slice(x, {key.starts.data(), key.starts.size()}, {key.dims.data(), key.dims.size()},
                     {key.steps.data(), key.steps.size()});
  // Strides of the result: kept axes in order; a new axis has stride 0.
  Extents strides;
  size_t axis = 0;
  auto dropped = [&](size_t a) {
    return std::ranges::find(key.dropped, static_cast<int>(a)) != key.dropped.end();
  };
  Extents kept;
  for (; axis < y.strides.size(); ++axis) {
    if (!dropped(axis)) kept.push_back(y.strides[axis]);
  }
  size_t next = 0;
  for (int64_t extent : key.shape) strides.push_back(extent < 0 ? 0 : kept[next++]);
  y.strides = strides;
  y.dims = Extents();
  for (int64_t extent : key.shape) y.dims.push_back(extent < 0 ? 1 : extent);
  return y;
}

class ViewNode : public eager::Node {
 public:
  ViewNode(uint64_t sequence, Extents dims, DType dtype, Basic key)
      : Node(sequence), dims_(std::move(dims)), dtype_(dtype), key_(std::move(key)) {}
  std::string_view name() const override { return "getitem"; }

  std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool) override {
    const Tensor& g = cotangents[0];
    Array whole = Array::dense(dims_, dtype_);
    Array part = python::apply(whole, key_);
    if (eager::grad_enabled()) {
      Tensor zeros = eager::call1("tensor.full", {},
                                  {{"shape", std::vector<int64_t>(dims_.begin(), dims_.end())},
                                   {"fill_value", 0.0},
                                   {"dtype", dtype_}});
      int64_t offset = (part.data - whole.data) / static_cast<int64_t>(size_of(dtype_));
      return {
          eager::call1("tensor.as_strided_scatter", {zeros, g},
                       {{"shape", std::vector<int64_t>(part.dims.begin(), part.dims.end())},
                        {"stride", std::vector<int64_t>(part.strides.begin(), part.strides.end())},
                        {"offset", offset}})};
    }
    std::memset(whole.data, 0, static_cast<size_t>(whole.elements()) * size_of(dtype_));
    runtime::copy(g.array(), part);
    return {Tensor(std::move(whole))};
  }

 private:
  Extents dims_;
  DType dtype_;
  Basic key_;
};

Tensor basic_view(const Tensor& x, const Basic& key) {
  Tensor y(apply(x.array(), key));
  const auto& through = x.impl()->view;
  y.impl()->view = std::make_unique<eager::ViewOf>(through ? through->base : x, x.version());
  if (eager::grad_enabled() && is_inexact(x.dtype()) && x.requires_grad()) {
    eager::Edge edge = eager::edge_of(x);
    if (edge.node) {
      auto node =
          std::make_shared<ViewNode>(eager::next_sequence(), x.array().dims, x.dtype(), key);
      node->edges.push_back(std::move(edge));
      y.impl()->edge.set({node, 0});
    }
  }
  return y;
}

struct Item {
  enum Kind { integer, slice, newaxis, ellipsis, tensor } kind;
  int64_t value = 0;
  PyObject* object = nullptr;  // the slice
  Tensor index;                // integers or a mask
};

bool is_mask(PyObject* object) { return PyBool_Check(object); }

Item item_of(PyObject* object) {
  if (object == Py_None) return {Item::newaxis};
  if (object == Py_Ellipsis) return {Item::ellipsis};
  if (PySlice_Check(object)) return {Item::slice, 0, object};
  if (is_tensor(object)) {
    const Tensor& t = tensor_of(object);
    if (is_int(t.dtype()) && t.rank() == 0) return {Item::integer, static_cast<int64_t>(t.item())};
    return {Item::tensor, 0, nullptr, t};
  }
  if (!is_mask(object) && PyIndex_Check(object) && !PyObject_HasAttrString(object, "__len__")) {
    Py_ssize_t value = PyNumber_AsSsize_t(object, PyExc_IndexError);
    if (value == -1 && PyErr_Occurred()) throw PythonError{};
    return {Item::integer, value};
  }
  if (is_mask(object) || PyList_Check(object) || PyTuple_Check(object) ||
      PyObject_HasAttrString(object, "__array__") || PyObject_CheckBuffer(object)) {
    Tensor t = to_tensor(object, std::nullopt, true);
    if (t.elements() == 0 && is_inexact(t.dtype()))
      t = eager::call1("tensor.cast", {t}, {{"dtype", DType::i64}});
    return {Item::tensor, 0, nullptr, t};
  }
  throw UserError(
      ErrorKind::type, "getitem", "index",
      str("expected integers, slices, None, Ellipsis, lists or tensors of integers or bool, got ",
          Py_TYPE(object)->tp_name));
}

struct Parsed {
  Basic basic;                  // with tensors' axes whole
  std::vector<Tensor> indices;  // integer index tensors
  std::vector<int64_t> axes;    // of the basic result that they index
};

Parsed parse(const Tensor& x, PyObject* key) {
  std::vector<Item> items;
  if (PyTuple_Check(key)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); ++i)
      items.push_back(item_of(PyTuple_GET_ITEM(key, i)));
  } else {
    items.push_back(item_of(key));
  }
  int taken = 0, ellipses = 0;
  for (const Item& item : items) {
    if (item.kind == Item::integer || item.kind == Item::slice) ++taken;
    if (item.kind == Item::ellipsis) ++ellipses;
    if (item.kind == Item::tensor) {
      if (is_inexact(item.index.dtype())) {
        throw UserError(
            ErrorKind::type, "getitem", "index",
            str("an index tensor must hold integers or bool, got ", to_string(item.index.dtype())));
      }
      taken += item.index.dtype() == DType::boolean ? std::max(item.index.rank(), 0) : 1;
    }
  }
  int rank = x.rank();
  if (ellipses > 1)
    throw UserError(ErrorKind::index, "getitem", "index",
                    "an index can have one Ellipsis (...) only");
  if (taken > rank) {
    throw UserError(ErrorKind::index, "getitem", "index",
                    str("too many indices: ", taken, " for a tensor with ", rank, " dims"));
  }
  if (ellipses == 0) items.push_back({Item::ellipsis});

  Parsed out;
  Basic& basic = out.basic;
  size_t axis = 0;
  auto whole = [&] {
    basic.starts.push_back(0);
    basic.dims.push_back(x.dims()[axis]);
    basic.steps.push_back(1);
    basic.shape.push_back(x.dims()[axis]);
    ++axis;
  };
  for (const Item& item : items) {
    switch (item.kind) {
      case Item::newaxis: basic.shape.push_back(-1); break;
      case Item::ellipsis:
        for (int left = rank - taken; left > 0; --left) whole();
        break;
      case Item::integer: {
        int64_t extent = x.dims()[axis], at = item.value;
        if (at < -extent || at >= extent) {
          throw UserError(
              ErrorKind::index, "getitem", "index",
              str("index ", at, " is out of range for axis ", axis, " of size ", extent));
        }
        basic.starts.push_back(at < 0 ? at + extent : at);
        basic.dims.push_back(1);
        basic.steps.push_back(1);
        basic.dropped.push_back(static_cast<int>(axis++));
        break;
      }
      case Item::slice: {
        Py_ssize_t start, stop, step;
        if (PySlice_Unpack(item.object, &start, &stop, &step) < 0) throw PythonError{};
        Py_ssize_t length =
            PySlice_AdjustIndices(static_cast<Py_ssize_t>(x.dims()[axis]), &start, &stop, step);
        basic.starts.push_back(length > 0 ? start : 0);
        basic.dims.push_back(length);
        basic.steps.push_back(step);
        basic.shape.push_back(length);
        ++axis;
        break;
      }
      case Item::tensor: {
        if (item.index.dtype() != DType::boolean) {
          out.axes.push_back(static_cast<int64_t>(basic.shape.size()));
          out.indices.push_back(item.index);
          whole();
          break;
        }
        if (item.index.rank() == 0) {  // a 0-d mask adds an axis of size 0 or 1
          Tensor at = eager::call1("tensor.full", {},
                                   {{"shape", std::vector<int64_t>{item.index.item() != 0 ? 1 : 0}},
                                    {"fill_value", 0},
                                    {"dtype", DType::i64}});
          out.axes.push_back(static_cast<int64_t>(basic.shape.size()));
          basic.shape.push_back(-1);
          out.indices.push_back(at);
          break;
        }
        auto dims = item.index.dims();
        for (size_t k = 0; k < dims.size(); ++k) {
          if (dims[k] != x.dims()[axis + k]) {
            throw UserError(
                ErrorKind::index, "getitem", "index",
                str("a mask of shape ", list_str(dims), " does not fit the indexed shape ",
                    list_str(x.dims()), " at axis ", axis + k));
          }
        }
        std::vector<Tensor> at = eager::call("tensor.nonzero", {item.index}, {{"as_tuple", true}});
        for (Tensor& one : at) {
          out.axes.push_back(static_cast<int64_t>(basic.shape.size()));
          out.indices.push_back(std::move(one));
          whole();
        }
        break;
      }
    }
  }
  return out;
}

// The user wrote x[key]: errors of the operator behind it name that.
std::vector<Tensor> call_for(std::string_view name, std::string_view op,
                             std::span<const eager::Operand> operands, const ir::AttrList& attrs,
                             std::span<const int64_t> segments) {
  try {
    return eager::call(eager::context().op(op), operands, attrs, segments);
  } catch (const UserError& error) {
    throw UserError(error.kind(), name, error.argument() == "indices" ? "index" : error.argument(),
                    error.message());
  }
}

std::vector<eager::Operand> with_indices(std::vector<eager::Operand> first, const Parsed& parsed) {
  for (const Tensor& index : parsed.indices) {
    first.emplace_back(index.dtype() == DType::i64
                           ? index
                           : eager::call1("tensor.cast", {index}, {{"dtype", DType::i64}}));
  }
  return first;
}

Tensor value_for(const Tensor& target, PyObject* value) {
  return is_tensor(value)
             ? tensor_of(value)
             : to_tensor(value,
                         is_number(value) || PyList_Check(value) ? std::optional(target.dtype())
                                                                 : std::nullopt,
                         true);
}

Tensor fit(Tensor value, std::span<const int64_t> dims, DType dtype) {
  value = cast_for(std::move(value), dtype, "setitem", "value");
  if (std::equal(value.dims().begin(), value.dims().end(), dims.begin(), dims.end())) return value;
  // NumPy drops leading axes of size 1 of the value.
  std::vector<int64_t> own(value.dims().begin(), value.dims().end()), cut;
  while (own.size() > dims.size() && own.front() == 1) {
    own.erase(own.begin());
    cut.push_back(static_cast<int64_t>(cut.size()));
  }
  if (!cut.empty()) value = eager::call1("tensor.squeeze", {value}, {{"axis", cut}});
  bool fits = own.size() <= dims.size();
  for (size_t i = 0; fits && i < own.size(); ++i) {
    int64_t have = own[own.size() - 1 - i], want = dims[dims.size() - 1 - i];
    fits = have == want || have == 1;
  }
  if (!fits) {
    throw UserError(ErrorKind::shape, "setitem", "value",
                    str("a value of shape ", list_str(value.dims()),
                        " does not fit into the indexed shape ", list_str(dims)));
  }
  return eager::call1("tensor.expand", {value},
                      {{"shape", std::vector<int64_t>(dims.begin(), dims.end())}});
}

// x[key] under capture: operations of the graph.
struct Traced {
  Tensor view;
  Parsed parsed;  // index tensors, and the axes of the view that they index
};

Traced traced(const Tensor& x, PyObject* key) {
  using eager::IndexItem;
  std::vector<PyObject*> objects;
  if (PyTuple_Check(key)) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(key); ++i)
      objects.push_back(PyTuple_GET_ITEM(key, i));
  } else {
    objects.push_back(key);
  }
  auto is_new = [](PyObject* o) { return o == Py_None; };
  auto taken = static_cast<int>(objects.size() - std::ranges::count_if(objects, is_new) -
                                std::ranges::count(objects, Py_Ellipsis));
  if (taken > x.rank()) {
    throw UserError(ErrorKind::index, "getitem", "index",
                    str("too many indices: ", taken, " for a tensor with ", x.rank(), " dims"));
  }
  auto number = [](PyObject* o) -> ir::Dim {
    if (auto dim = as_dim(o)) return *dim;
    return as_int(o, "getitem", "index");
  };
  std::vector<IndexItem> items;
  std::vector<Tensor> indices;
  std::vector<int64_t> axes;
  int64_t axis = 0;  // of the result
  for (PyObject* o : objects) {
    if (o == Py_Ellipsis) {
      for (int left = x.rank() - taken; left > 0; --left, ++axis) items.emplace_back();
    } else if (o == Py_None) {
      items.push_back({IndexItem::Kind::new_axis});
      ++axis;
    } else if (PySlice_Check(o)) {
      auto slice = reinterpret_cast<PySliceObject*>(o);
      IndexItem item;
      if (slice->start != Py_None) item.start = number(slice->start);
      if (slice->stop != Py_None) item.stop = number(slice->stop);
      if (slice->step != Py_None) item.step = as_int(slice->step, "getitem", "step");
      if (item.step == 0)
        throw UserError(ErrorKind::value, "getitem", "step", "a slice's step cannot be 0");
      items.push_back(item);
      ++axis;
    } else if (!is_mask(o) && !is_tensor(o) && (as_dim(o) || PyIndex_Check(o))) {
      items.push_back({IndexItem::Kind::position, number(o)});
    } else {
      Tensor index = is_tensor(o) ? tensor_of(o) : to_tensor(o, std::nullopt);
      if (!is_int(index.dtype())) {
        throw UserError(ErrorKind::not_supported, "getitem", "index",
                        "an index that is traced must hold integers: the size under a mask "
                        "depends on values");
      }
      indices.push_back(std::move(index));
      axes.push_back(axis++);
      items.emplace_back();
    }
  }
  Traced item{eager::captured_index(x, items), {}};
  item.parsed.indices = std::move(indices);
  item.parsed.axes = std::move(axes);
  return item;
}

Tensor traced_item(const Tensor& x, PyObject* key) {
  Traced item = traced(x, key);
  if (item.parsed.indices.empty()) return item.view;
  ir::AttrList attrs = ops::to_list(eager::context(), {{"axes", item.parsed.axes}});
  std::vector<int64_t> segments{1, static_cast<int64_t>(item.parsed.indices.size())};
  return call_for("getitem", "tensor.index", with_indices({item.view}, item.parsed), attrs,
                  segments)[0];
}

// x[mask] = value under capture. How many elements are under a mask depends on values, so that the
// value must be one for all of them.
void traced_set_masked(const Tensor& x, const Tensor& mask, Tensor value) {
  ir::Facts& facts = eager::Capture::active()->builder().facts();
  if (!ir::is_one(facts, ir::product(eager::symbolic_dims(value)), "a value under a mask")) {
    throw UserError(ErrorKind::not_supported, "setitem", "value",
                    str("how many elements are under a mask depends on values: in a function that "
                        "is captured the value under it must be one number; say it by where()",
                        eager::Capture::active()->where()));
  }
  std::vector<ir::Dim> have = eager::symbolic_dims(mask);
  Tensor where = mask;
  if (mask.rank() < x.rank()) {
    while (static_cast<int>(have.size()) < x.rank()) have.emplace_back(1);
    where = eager::call1("tensor.reshape", {mask}, {{"shape", have}});
  }
  value = eager::call1("tensor.reshape", {value}, {{"shape", std::vector<int64_t>{}}});
  Tensor result = eager::call1("tensor.where", {where, value, x});
  eager::write(x, result, "setitem");
}

void traced_set_item(const Tensor& x, PyObject* key, PyObject* value) {
  std::optional<DType> as = captured_float(value) ? std::optional(x.dtype()) : std::nullopt;
  Tensor source = as ? to_tensor(value, as) : value_for(x, value);
  source = cast_for(std::move(source), x.dtype(), "setitem", "value");
  if (is_tensor(key) && tensor_of(key).dtype() == DType::boolean && tensor_of(key).rank() > 0)
    return traced_set_masked(x, tensor_of(key), std::move(source));
  Traced item = traced(x, key);
  if (!item.parsed.indices.empty()) {
    ir::AttrList attrs = ops::to_list(eager::context(), {{"axes", item.parsed.axes}});
    std::vector<int64_t> segments{1, 1, static_cast<int64_t>(item.parsed.indices.size())};
    source = call_for("setitem", "tensor.index_put", with_indices({item.view, source}, item.parsed),
                      attrs, segments)[0];
  }
  eager::write(item.view, eager::expanded_to(source, item.view, "setitem", "value"), "setitem");
}

}  // namespace

PyObject* get_item(PyObject* self, PyObject* key) {
  return guarded([&]() -> PyObject* {
    const Tensor& x = tensor_of(self);
    ResultsOf face(self);
    if (x.impl()->captured != nullptr || eager::Capture::active() != nullptr)
      return wrap(traced_item(x, key));
    Parsed parsed = parse(x, key);
    Tensor view = basic_view(x, parsed.basic);
    if (parsed.indices.empty()) return wrap(std::move(view));
    ir::AttrList attrs = ops::to_list(eager::context(), {{"axes", parsed.axes}});
    std::vector<int64_t> segments{1, static_cast<int64_t>(parsed.indices.size())};
    return wrap(
        call_for("getitem", "tensor.index", with_indices({view}, parsed), attrs, segments)[0]);
  });
}

int set_item(PyObject* self, PyObject* key, PyObject* value) {
  return guarded_int([&] {
    if (value == nullptr)
      throw UserError(ErrorKind::type, "delitem", "", "elements of a tensor cannot be deleted");
    const Tensor& x = tensor_of(self);
    if (eager::Capture::active() != nullptr) {
      traced_set_item(x, key, value);
      return 0;
    }
    Parsed parsed = parse(x, key);
    Tensor view = basic_view(x, parsed.basic);
    Tensor source = value_for(x, value);
    if (parsed.indices.empty()) {
      eager::write(view, fit(source, view.dims(), x.dtype()), "setitem");
      // The base is what the user holds; a view of a view leads to the same one.
      return 0;
    }
    source = cast_for(std::move(source), x.dtype(), "setitem", "value");
    ir::AttrList attrs = ops::to_list(eager::context(), {{"axes", parsed.axes}});
    std::vector<int64_t> segments{1, 1, static_cast<int64_t>(parsed.indices.size())};
    Tensor result = call_for("setitem", "tensor.index_put", with_indices({view, source}, parsed),
                             attrs, segments)[0];
    eager::write(view, result, "setitem");
    return 0;
  });
}

}  // namespace proa::python
