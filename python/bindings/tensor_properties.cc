// The properties of a Tensor.

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/node.h"
#include "python/bindings/tensor.h"

namespace proa::python {

PyObject* extents(std::span<const int64_t> values, bool tuple) {
  auto n = static_cast<Py_ssize_t>(values.size());
  PyObject* list = tuple ? PyTuple_New(n) : PyList_New(n);
  if (list == nullptr) return nullptr;
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* number = PyLong_FromLongLong(values[static_cast<size_t>(i)]);
    if (tuple) {
      PyTuple_SET_ITEM(list, i, number);
    } else {
      PyList_SET_ITEM(list, i, number);
    }
  }
  return list;
}

namespace {

// Under capture an extent may be a symbol.
PyObject* symbolic_extents(const Tensor& t) {
  return guarded([&] {
    Ref list = checked(PyList_New(0));
    for (ir::Dim dim : eager::symbolic_dims(t))
      checked(PyList_Append(list.get(), checked(wrap_dim(dim)).get()));
    return list.release();
  });
}

PyObject* symbolic_elements(const Tensor& t, int64_t times) {
  return guarded([&] { return wrap_dim(ir::product(eager::symbolic_dims(t)) * ir::Dim(times)); });
}

PyObject* get_shape(PyObject* s, void*) {
  const Tensor& t = self_tensor(s);
  return t.impl()->captured == nullptr ? extents(t.dims()) : symbolic_extents(t);
}
PyObject* get_strides(PyObject* s, void*) {
  return guarded([&] {
    const auto& strides = self_tensor(s).array().strides;
    return extents({strides.data(), strides.size()});
  });
}
PyObject* get_ndim(PyObject* s, void*) { return PyLong_FromLong(self_tensor(s).rank()); }
PyObject* get_size(PyObject* s, void*) { return element_count(self_tensor(s)); }
PyObject* get_dtype(PyObject* s, void*) { return wrap_dtype(self_tensor(s).dtype()); }
PyObject* get_place(PyObject* s, void*) {
  if (self_tensor(s).impl()->captured != nullptr) return to_str("Place(cpu)").release();
  return to_str(str("Place(", to_string(self_tensor(s).array().buffer->device()), ")")).release();
}
PyObject* get_stop_gradient(PyObject* s, void*) {
  return PyBool_FromLong(!self_tensor(s).requires_grad());
}
PyObject* get_requires_grad(PyObject* s, void*) {
  return PyBool_FromLong(self_tensor(s).requires_grad());
}
int set_flag(PyObject* s, PyObject* value, bool invert) {
  return guarded_int([&] {
    int on = value == nullptr ? -1 : PyObject_IsTrue(value);
    if (value == nullptr)
      throw UserError(ErrorKind::type, "stop_gradient", "", "cannot be deleted");
    checked(on);
    Tensor t = self_tensor(s);
    t.set_requires_grad((on != 0) != invert);
    return 0;
  });
}
int set_stop_gradient(PyObject* s, PyObject* v, void*) { return set_flag(s, v, true); }
int set_requires_grad(PyObject* s, PyObject* v, void*) { return set_flag(s, v, false); }
PyObject* get_is_leaf(PyObject* s, void*) { return PyBool_FromLong(self_tensor(s).is_leaf()); }
PyObject* get_grad(PyObject* s, void*) {
  return guarded([&] {
    ResultsOf face(s);
    return wrap(self_tensor(s).grad());
  });
}
int set_grad(PyObject* s, PyObject* value, void*) {
  return guarded_int([&] {
    const Tensor& t = self_tensor(s);
    if (value == nullptr || value == Py_None) {
      t.set_grad(Tensor());
      return 0;
    }
    if (!is_tensor(value))
      throw UserError(ErrorKind::type, "grad", "", "expected a Tensor or None");
    Tensor g = tensor_of(value);
    if (!eager::same_shape(g, t, "a gradient has the shape of what it is the gradient of")) {
      throw UserError(ErrorKind::shape, "grad", "",
                      str("expected shape ", eager::shape_text(t), ", got ", eager::shape_text(g)));
    }
    if (g.dtype() != t.dtype()) {
      throw UserError(ErrorKind::type, "grad", "",
                      str("expected dtype ", to_string(t.dtype()), ", got ", to_string(g.dtype())));
    }
    t.set_grad(std::move(g));
    return 0;
  });
}
PyObject* get_name(PyObject* s, void*) {
  eager::TensorImpl& impl = *cast(s)->impl;
  static int64_t counter = 0;
  if (!impl.name) impl.name = std::make_unique<std::string>(str("tensor_", counter++));
  return to_str(*impl.name).release();
}
int set_name(PyObject* s, PyObject* value, void*) {
  return guarded_int([&] {
    if (value == nullptr || !PyUnicode_Check(value))
      throw UserError(ErrorKind::type, "name", "", "expected a string");
    cast(s)->impl->name = std::make_unique<std::string>(text_of(value));
    return 0;
  });
}
PyObject* get_persistable(PyObject* s, void*) {
  return PyBool_FromLong(cast(s)->impl->persistable);
}
int set_persistable(PyObject* s, PyObject* value, void*) {
  int on = value == nullptr ? -1 : PyObject_IsTrue(value);
  if (on < 0) return -1;
  cast(s)->impl->persistable = on != 0;
  return 0;
}
PyObject* get_version(PyObject* s, void*) {
  return guarded([&] { return PyLong_FromUnsignedLong(self_tensor(s).version()); });
}
PyObject* get_itemsize(PyObject* s, void*) {
  return PyLong_FromSize_t(size_of(self_tensor(s).dtype()));
}
PyObject* get_nbytes(PyObject* s, void*) {
  const Tensor& t = self_tensor(s);
  auto bytes = static_cast<int64_t>(size_of(t.dtype()));
  return t.impl()->captured == nullptr ? PyLong_FromLongLong(t.elements() * bytes)
                                       : symbolic_elements(t, bytes);
}
PyObject* get_grad_fn(PyObject* s, void*) {
  eager::Edge edge = cast(s)->impl->edge.get();
  if (!edge.node) Py_RETURN_NONE;
  return to_str(edge.node->name()).release();
}
PyObject* get_base(PyObject* s, void*) {
  const auto& view = cast(s)->impl->view;
  return view ? wrap(view->base) : Py_NewRef(Py_None);
}
PyObject* get_data(PyObject* s, void*) {
  return guarded([&] {
    ResultsOf face(s);
    return wrap(self_tensor(s).detach());
  });
}
int set_data(PyObject* s, PyObject* value, void*) {
  return guarded_int([&] {
    if (value == nullptr || !is_tensor(value))
      throw UserError(ErrorKind::type, "data", "", "expected a Tensor");
    eager::NoGrad no_grad;
    eager::assign(self_tensor(s), tensor_of(value).detach());
    return 0;
  });
}

}  // namespace

PyObject* element_count(const Tensor& t) {
  return t.impl()->captured == nullptr ? PyLong_FromLongLong(t.elements())
                                       : symbolic_elements(t, 1);
}

PyGetSetDef tensor_properties[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, nullptr, nullptr},
    {"shape", get_shape, nullptr, "Extents, as a list.", nullptr},
    {"strides", get_strides, nullptr, "Strides in elements.", nullptr},
    {"ndim", get_ndim, nullptr, "Number of axes.", nullptr},
    {"size", get_size, nullptr, "Number of elements.", nullptr},
    {"dtype", get_dtype, nullptr, "The dtype of the elements.", nullptr},
    {"place", get_place, nullptr, "The device that holds the memory.", nullptr},
    {"device", get_place, nullptr, "The device that holds the memory.", nullptr},
    {"stop_gradient", get_stop_gradient, set_stop_gradient,
     "True if no gradient flows to or through this tensor.", nullptr},
    {"requires_grad", get_requires_grad, set_requires_grad, "The opposite of stop_gradient.",
     nullptr},
    {"is_leaf", get_is_leaf, nullptr, "True unless an operation that is recorded made this tensor.",
     nullptr},
    {"grad", get_grad, set_grad, "The gradient collected so far, or None.", nullptr},
    {"grad_fn", get_grad_fn, nullptr, "The name of the operation that made this tensor, or None.",
     nullptr},
    {"name", get_name, set_name, "A label.", nullptr},
    {"persistable", get_persistable, set_persistable, "Kept with the model's state.", nullptr},
    {"itemsize", get_itemsize, nullptr, "Bytes of an element.", nullptr},
    {"nbytes", get_nbytes, nullptr, "Bytes of all elements.", nullptr},
    {"data", get_data, set_data, "The same memory, off the tape.", nullptr},
    {"_base", get_base, nullptr, "The tensor whose memory this is a view of, or None.", nullptr},
    {"_version", get_version, nullptr, "Grows with each in-place write to the memory.", nullptr},
    {}};

}  // namespace proa::python
