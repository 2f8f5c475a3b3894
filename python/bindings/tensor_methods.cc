// The methods of a Tensor that no page gives: numbers and arrays out of it, its place on the tape,
// writes, copies and pickles.

#include "proa/base/error.h"
#include "proa/eager/function_capture.h"
#include "proa/eager/node.h"
#include "python/bindings/tensor.h"

namespace proa::python {

namespace {

PyObject* numpy(PyObject* self, PyObject*) {
  return guarded([&] { return to_numpy(self_tensor(self)); });
}

PyObject* array_protocol(PyObject* self, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    Ref array = checked(to_numpy(self_tensor(self)));
    PyObject* dtype = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : nullptr;
    if (dtype == nullptr && kwargs != nullptr) dtype = PyDict_GetItemString(kwargs, "dtype");
    PyObject* copy = PyTuple_GET_SIZE(args) > 1 ? PyTuple_GET_ITEM(args, 1) : nullptr;
    if (copy == nullptr && kwargs != nullptr) copy = PyDict_GetItemString(kwargs, "copy");
    if (dtype != nullptr && dtype != Py_None) {
      // astype(dtype, order, casting, subok, copy): a copy only where one is asked for or needed.
      Ref cast = checked(PyObject_CallMethod(array.get(), "astype", "OssOO", dtype, "K", "unsafe",
                                             Py_True, copy == Py_True ? Py_True : Py_False));
      if (copy == Py_False && cast.get() != array.get()) {
        throw UserError(ErrorKind::value, "__array__", "copy",
                        "this dtype cannot be had without a copy");
      }
      return cast.release();
    }
    if (copy == Py_True) return PyObject_CallMethod(array.get(), "copy", nullptr);
    return array.release();
  });
}

PyObject* item(PyObject* self, PyObject* args) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = self_tensor(self);
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    int64_t index = 0;
    (void)t.array();  // one without contents says so
    if (n == 0) {
      one_element(self, "item");
    } else if (n == 1 && t.rank() != 1) {
      index = as_int(PyTuple_GET_ITEM(args, 0), "item", "index");
    } else {
      if (n != t.rank())
        throw UserError(ErrorKind::index, "item", "index",
                        str("expected 1 or ", t.rank(), " indices, got ", n));
      for (Py_ssize_t i = 0; i < n; ++i) {
        int64_t at = as_int(PyTuple_GET_ITEM(args, i), "item", "index"),
                extent = t.dims()[static_cast<size_t>(i)];
        if (at < -extent || at >= extent)
          throw UserError(ErrorKind::index, "item", "index",
                          str("index ", at, " is out of range for axis ", i, " of size ", extent));
        index = index * extent + (at < 0 ? at + extent : at);
      }
    }
    if (index < 0) index += t.elements();
    if (index < 0 || index >= t.elements())
      throw UserError(ErrorKind::index, "item", "index",
                      str("index is out of range for ", t.elements(), " elements"));
    return item_object(t, index);
  });
}

PyObject* nested(const Tensor& flat, size_t axis, int64_t offset) {
  auto dims = flat.dims();
  if (axis == dims.size()) return item_object(flat, offset);
  Ref list = checked(PyList_New(static_cast<Py_ssize_t>(dims[axis])));
  int64_t step = 1;
  for (size_t i = axis + 1; i < dims.size(); ++i) step *= dims[i];
  for (int64_t i = 0; i < dims[axis]; ++i) {
    PyObject* inner = nested(flat, axis + 1, offset + i * step);
    if (inner == nullptr) throw PythonError{};
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), inner);
  }
  return list.release();
}

PyObject* tolist(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    return nested(Tensor(runtime::to_dense(self_tensor(self).array())), 0, 0);
  });
}

PyObject* detach(PyObject* self, PyObject*) {
  return guarded([&] {
    ResultsOf face(self);
    return wrap(self_tensor(self).detach());
  });
}
PyObject* detach_(PyObject* self, PyObject*) {
  if (eager::FunctionCapture* capture = eager::FunctionCapture::active()) {
    return guarded([&] {
      capture->set_requires_grad(self_tensor(self), false);
      return Py_NewRef(self);
    });
  }
  eager::TensorImpl& impl = *cast(self)->impl;
  impl.edge.set({});
  impl.collects = false;
  return Py_NewRef(self);
}
PyObject* dim(PyObject* self, PyObject*) { return PyLong_FromLong(self_tensor(self).rank()); }
PyObject* numel(PyObject* self, PyObject*) { return element_count(self_tensor(self)); }
PyObject* element_size(PyObject* self, PyObject*) {
  return PyLong_FromSize_t(size_of(self_tensor(self).dtype()));
}
PyObject* data_ptr(PyObject* self, PyObject*) {
  return guarded([&] {
    const auto& array = self_tensor(self).array();
    array.buffer->give_away();
    return PyLong_FromVoidPtr(array.data);
  });
}
PyObject* is_contiguous(PyObject* self, PyObject*) {
  return guarded([&] { return PyBool_FromLong(self_tensor(self).array().is_dense()); });
}
PyObject* contiguous(PyObject* self, PyObject*) {
  const Tensor& t = self_tensor(self);
  if (t.impl()->captured != nullptr || t.array().is_dense()) return Py_NewRef(self);
  return guarded([&] {
    ResultsOf face(self);
    return call_method(self, "tensor.clone").release();
  });
}
PyObject* same(PyObject* self, PyObject*) { return Py_NewRef(self); }
PyObject* bump(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    self_tensor(self).array().buffer->bump_version();
    Py_RETURN_NONE;
  });
}
PyObject* clear_gradient(PyObject* self, PyObject* args, PyObject* kwargs) {
  int zero = 0;
  static const char* names[] = {"set_to_zero", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p", const_cast<char**>(names), &zero))
    return nullptr;
  return guarded([&]() -> PyObject* {
    const Tensor& t = self_tensor(self);
    Tensor before = zero ? t.grad() : Tensor();
    t.set_grad(before ? eager::call1("tensor.zeros_like", {before}) : Tensor());
    Py_RETURN_NONE;
  });
}
PyObject* retain_grads(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    eager::retain_grad(self_tensor(self));
    Py_RETURN_NONE;
  });
}

Tensor fitted(const Tensor& dst, PyObject* value, std::string_view op) {
  Tensor src = is_tensor(value)
                   ? tensor_of(value)
                   : to_tensor(value, is_number(value) ? std::optional(dst.dtype()) : std::nullopt);
  src = cast_for(std::move(src), dst.dtype(), op, "value");
  if (eager::Capture::active() != nullptr) return eager::expanded_to(src, dst, op, "value");
  if (!std::equal(src.dims().begin(), src.dims().end(), dst.dims().begin(), dst.dims().end())) {
    if (src.rank() > dst.rank()) {
      throw UserError(ErrorKind::shape, op, "value",
                      str("a value of shape ", list_str(src.dims()), " does not fit into shape ",
                          list_str(dst.dims())));
    }
    src = eager::call1("tensor.expand", {src},
                       {{"shape", std::vector<int64_t>(dst.dims().begin(), dst.dims().end())}});
  }
  return src;
}

PyObject* copy_(PyObject* self, PyObject* args) {
  PyObject *other, *blocking = nullptr;
  if (!PyArg_ParseTuple(args, "O|O", &other, &blocking)) return nullptr;
  return guarded([&] {
    eager::write(self_tensor(self), fitted(self_tensor(self), other, "copy_"), "copy_");
    return Py_NewRef(self);
  });
}

PyObject* set_value(PyObject* self, PyObject* value) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = self_tensor(self);
    Tensor src = is_tensor(value) ? tensor_of(value).detach() : to_tensor(value, std::nullopt);
    if (!eager::same_shape(src, t, "set_value needs equal shapes")) {
      throw UserError(
          ErrorKind::shape, "set_value", "value",
          str("expected shape ", eager::shape_text(t), ", got ", eager::shape_text(src)));
    }
    eager::NoGrad no_grad;
    src = cast_for(std::move(src), t.dtype(), "set_value", "value");
    eager::write(t, src, "set_value");
    Py_RETURN_NONE;
  });
}

PyObject* stand_for(PyObject* self, PyObject* value) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(value))
      throw UserError(ErrorKind::type, "_rebind", "value", "expected a Tensor");
    rebind(self, tensor_of(value));
    return Py_NewRef(self);
  });
}

PyObject* assign_new(PyObject* self, PyObject* value) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(value))
      throw UserError(ErrorKind::type, "_assign", "value", "expected a Tensor");
    const Tensor& t = self_tensor(self);
    const Tensor& src = tensor_of(value);
    if (!eager::same_shape(src, t, "a tensor takes new memory of its own shape")) {
      throw UserError(ErrorKind::shape, "_assign", "value",
                      str("expected ", eager::shape_text(t), ", got ", eager::shape_text(src)));
    }
    eager::assign(t, src);
    return Py_NewRef(self);
  });
}

PyObject* deep_copy(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = self_tensor(self);
    if (!t.is_leaf()) {
      throw UserError(
          ErrorKind::state, "deepcopy", "",
          "only leaves can be deep-copied; use x.clone() for the result of an operation");
    }
    runtime::Array copy = runtime::Array::dense(t.array().dims, t.dtype());
    runtime::copy(t.array(), copy);
    Tensor made(std::move(copy));
    made.impl()->collects = t.impl()->collects;
    made.impl()->persistable = t.impl()->persistable;
    if (t.impl()->name) made.impl()->name = std::make_unique<std::string>(*t.impl()->name);
    if (Tensor held = t.grad()) {
      const auto& g = held.array();
      runtime::Array grad = runtime::Array::dense(g.dims, g.dtype);
      runtime::copy(g, grad);
      made.impl()->grad = Tensor(std::move(grad));
    }
    Ref out = checked(wrap_as(Py_TYPE(self), std::move(made)));
    if (cast(self)->dict != nullptr) {
      Ref dict = checked(PyObject_GetAttrString(out.get(), "__dict__"));
      checked(PyDict_Update(dict.get(), cast(self)->dict));
    }
    return out.release();
  });
}

PyObject* reduce(PyObject* self, PyObject*) {
  return guarded([&]() -> PyObject* {
    Ref module = checked(PyImport_ImportModule("proa._proa"));
    Ref build = checked(PyObject_GetAttrString(module.get(), "_from_pickle"));
    const Tensor& t = self_tensor(self);
    Tensor flat(runtime::to_dense(t.array()));
    Ref bytes = checked(PyBytes_FromStringAndSize(
        flat.array().data,
        static_cast<Py_ssize_t>(flat.elements() * static_cast<int64_t>(size_of(t.dtype())))));
    Ref dtype = checked(wrap_dtype(t.dtype()));
    Ref shape = checked(extents(t.dims(), true));
    Ref dict = cast(self)->dict ? Ref::share(cast(self)->dict) : Ref::share(Py_None);
    return Py_BuildValue("O(OOOOiO)", build.get(), reinterpret_cast<PyObject*>(Py_TYPE(self)),
                         bytes.get(), dtype.get(), shape.get(), t.impl()->collects ? 1 : 0,
                         dict.get());
  });
}

PyObject* from_pickle(PyObject*, PyObject* args) {
  PyObject *type, *bytes, *dtype, *shape, *dict;
  int collects;
  if (!PyArg_ParseTuple(args, "OSOOiO", &type, &bytes, &dtype, &shape, &collects, &dict))
    return nullptr;
  return guarded([&]() -> PyObject* {
    DType t = dtype_of(dtype, "unpickle", "dtype");
    std::vector<int64_t> dims = as_ints(shape, "unpickle", "shape");
    runtime::Array probe = runtime::Array::dense(dims, t);
    if (!PyType_Check(type) ||
        !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), tensor_type) ||
        probe.elements() * static_cast<int64_t>(size_of(t)) != PyBytes_GET_SIZE(bytes)) {
      throw UserError(ErrorKind::value, "unpickle", "",
                      "the data does not fit its shape and dtype");
    }
    Tensor made = eager::from_data(dims, t, PyBytes_AS_STRING(bytes));
    made.impl()->collects = collects != 0;
    Ref out = checked(wrap_as(reinterpret_cast<PyTypeObject*>(type), std::move(made)));
    if (dict != Py_None) {
      Ref target = checked(PyObject_GetAttrString(out.get(), "__dict__"));
      checked(PyDict_Update(target.get(), dict));
    }
    return out.release();
  });
}

}  // namespace

PyMethodDef tensor_methods[] = {
    {"numpy", numpy, METH_NOARGS,
     "A NumPy array of the same memory (bfloat16: its bits as uint16)."},
    {"__array__", reinterpret_cast<PyCFunction>(array_protocol), METH_VARARGS | METH_KEYWORDS,
     nullptr},
    {"item", item, METH_VARARGS,
     "The one element, or the element at an index, as a Python number."},
    {"tolist", tolist, METH_NOARGS, "Nested lists of Python numbers."},
    {"detach", detach, METH_NOARGS, "The same memory, off the tape."},
    {"detach_", detach_, METH_NOARGS, "Takes this tensor off the tape."},
    {"dim", dim, METH_NOARGS, "Number of axes."},
    {"ndimension", dim, METH_NOARGS, "Number of axes."},
    {"nelement", numel, METH_NOARGS, "Number of elements."},
    {"element_size", element_size, METH_NOARGS, "Bytes of an element."},
    {"data_ptr", data_ptr, METH_NOARGS, "Address of the first element."},
    {"is_contiguous", is_contiguous, METH_NOARGS, "True if row-major without gaps."},
    {"contiguous", contiguous, METH_NOARGS,
     "Itself if row-major without gaps, else a copy that is."},
    {"cpu", same, METH_NOARGS, "The tensor on the host: itself."},
    {"value", same, METH_NOARGS, "Itself."},
    {"get_tensor", same, METH_NOARGS, "Itself."},
    {"_bump", bump, METH_NOARGS, "Counts an in-place write that was made from outside."},
    {"_rebind", stand_for, METH_O, "From here on this object stands for another tensor."},
    {"_assign", assign_new, METH_O,
     "Takes over the memory, and with it the dtype, of another tensor of the same shape."},
    {"clear_gradient", reinterpret_cast<PyCFunction>(clear_gradient), METH_VARARGS | METH_KEYWORDS,
     "Drops the gradient, or sets it to zero."},
    {"clear_grad", reinterpret_cast<PyCFunction>(clear_gradient), METH_VARARGS | METH_KEYWORDS,
     "Drops the gradient, or sets it to zero."},
    {"retain_grads", retain_grads, METH_NOARGS, "Keeps the gradient of this non-leaf in .grad."},
    {"retain_grad", retain_grads, METH_NOARGS, "Keeps the gradient of this non-leaf in .grad."},
    {"copy_", copy_, METH_VARARGS, "Takes the values of another tensor, broadcast and cast."},
    {"set_value", set_value, METH_O,
     "Takes the values of an array or tensor of the same shape, off the tape."},
    {"__deepcopy__", deep_copy, METH_O, nullptr},
    {"__reduce_ex__", reduce, METH_O, nullptr},
    {}};

PyMethodDef tensor_functions[] = {{"_from_pickle", from_pickle, METH_VARARGS, nullptr}, {}};

}  // namespace proa::python
