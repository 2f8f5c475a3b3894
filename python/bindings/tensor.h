// The layout of a Python Tensor, and what the files about it share.
// Why three files: the type with its number slots, its properties and its methods are each a table
// of their own.
#pragma once

#include <initializer_list>
#include <string_view>

#include "python/bindings/operators.h"

namespace proa::python {

struct TensorObject {
  PyObject_HEAD
  eager::TensorImpl* impl;
  PyObject* weak;
  PyObject* dict;
};

inline TensorObject* cast(PyObject* self) { return reinterpret_cast<TensorObject*>(self); }

// A Tensor in place, whose impl lives in the object.
inline const Tensor& self_tensor(PyObject* self) {
  return reinterpret_cast<const Tensor&>(cast(self)->impl);
}
static_assert(sizeof(Tensor) == sizeof(eager::TensorImpl*));

// The operator `op` on self and further arguments.
Ref call_method(PyObject* self, std::string_view op, std::initializer_list<PyObject*> rest = {});
// Self, which must have one element; `what` is named in the error.
const Tensor& one_element(PyObject* self, std::string_view what);
PyObject* item_object(const Tensor& t, int64_t index);  // an element as a Python number
PyObject* element_count(const Tensor& t);  // new reference; under capture it may be a Dim
PyObject* extents(std::span<const int64_t> values, bool tuple = false);

extern PyGetSetDef tensor_properties[];
extern PyMethodDef tensor_methods[];
extern PyMethodDef tensor_functions[];  // of the module

}  // namespace proa::python
