// DType: proa.float32 and its like.

#include "python/bindings/python.h"

#include "proa/base/error.h"

namespace proa::python {

namespace {

struct DTypeObject {
  PyObject_HEAD
  DType value;
};

PyTypeObject* dtype_type;
PyObject* singletons[kDTypeCount];

DType value_of(PyObject* self) { return reinterpret_cast<DTypeObject*>(self)->value; }

PyObject* repr(PyObject* self) { return to_str(str("proa.", to_string(value_of(self)))).release(); }

Py_hash_t hash(PyObject* self) {
  Ref name = to_str(to_string(value_of(self)));
  return PyObject_Hash(name.get());
}

// Equal to its name and to what NumPy calls it.
PyObject* compare(PyObject* self, PyObject* other, int op) {
  if (op != Py_EQ && op != Py_NE) Py_RETURN_NOTIMPLEMENTED;
  bool equal;
  if (Py_IS_TYPE(other, dtype_type)) {
    equal = self == other;
  } else {
    auto known = as_dtype(other);
    if (PyErr_Occurred()) PyErr_Clear();
    if (!known && !PyUnicode_Check(other)) Py_RETURN_NOTIMPLEMENTED;
    equal = known && *known == value_of(self);
  }
  return PyBool_FromLong(equal == (op == Py_EQ));
}

PyObject* reduce(PyObject* self, PyObject*) {
  Ref module(PyImport_ImportModule("proa._proa"));
  if (!module) return nullptr;
  Ref parse(PyObject_GetAttrString(module.get(), "parse_dtype"));
  if (!parse) return nullptr;
  return Py_BuildValue("O(s)", parse.get(), std::string(to_string(value_of(self))).c_str());
}

PyObject* parse(PyObject*, PyObject* object) {
  return guarded([&] { return wrap_dtype(dtype_of(object, "dtype", "dtype")); });
}

PyMethodDef methods[] = {{"__reduce__", reduce, METH_NOARGS, nullptr}, {}};

PyGetSetDef properties[] = {
    {"name", [](PyObject* s, void*) { return to_str(to_string(value_of(s))).release(); }, nullptr,
     "The name: 'float32'.", nullptr},
    {"itemsize", [](PyObject* s, void*) { return PyLong_FromSize_t(size_of(value_of(s))); },
     nullptr, "Bytes of an element.", nullptr},
    {"is_floating_point", [](PyObject* s, void*) { return PyBool_FromLong(is_float(value_of(s))); },
     nullptr, "True for real floats.", nullptr},
    {"is_complex", [](PyObject* s, void*) { return PyBool_FromLong(is_complex(value_of(s))); },
     nullptr, "True for complex numbers.", nullptr},
    {}};

PyType_Slot slots[] = {{Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_hash, reinterpret_cast<void*>(hash)},
                       {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
                       {Py_tp_methods, methods},
                       {Py_tp_getset, properties},
                       {Py_tp_doc, const_cast<char*>("The type of a tensor's elements.")},
                       {0, nullptr}};
PyType_Spec spec = {"proa.DType", sizeof(DTypeObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};

PyMethodDef functions[] = {
    {"parse_dtype", parse, METH_O, "The dtype of a name, a NumPy dtype or a Python type."}, {}};

}  // namespace

PyObject* wrap_dtype(DType dtype) { return Py_NewRef(singletons[static_cast<int>(dtype)]); }

std::optional<DType> as_dtype(PyObject* object) {
  if (Py_IS_TYPE(object, dtype_type)) return value_of(object);
  if (PyUnicode_Check(object)) {
    std::string_view name = text_of(object);
    for (std::string_view prefix : {"proa.", "paddle.", "torch."}) {
      if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    }
    return parse_dtype(name);
  }
  if (object == reinterpret_cast<PyObject*>(&PyFloat_Type)) return eager::default_float();
  if (object == reinterpret_cast<PyObject*>(&PyLong_Type)) return DType::i64;
  if (object == reinterpret_cast<PyObject*>(&PyBool_Type)) return DType::boolean;
  if (object == reinterpret_cast<PyObject*>(&PyComplex_Type))
    return complex_of(eager::default_float());
  // numpy.float32 (a class) and numpy.dtype('float32') both know their name.
  for (const char* attribute : {"name", "__name__"}) {
    Ref name(PyObject_GetAttrString(object, attribute));
    if (!name) {
      PyErr_Clear();
    } else if (PyUnicode_Check(name.get())) {
      std::string_view text = text_of(name.get());
      return parse_dtype(text == "bool_" ? "bool" : text);
    }
  }
  return std::nullopt;
}

DType dtype_of(PyObject* object, std::string_view op, std::string_view argument) {
  if (auto dtype = as_dtype(object)) return *dtype;
  Ref text = checked(PyObject_Repr(object));
  throw UserError(ErrorKind::type, op, argument,
                  str("expected a dtype such as 'float32', got ", text_of(text.get())));
}

int add_dtypes(PyObject* module) {
  dtype_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (dtype_type == nullptr ||
      PyModule_AddObjectRef(module, "DType", reinterpret_cast<PyObject*>(dtype_type)) < 0)
    return -1;
  for (int i = 0; i < kDTypeCount; ++i) {
    auto object = PyObject_New(DTypeObject, dtype_type);
    if (object == nullptr) return -1;
    object->value = static_cast<DType>(i);
    singletons[i] = reinterpret_cast<PyObject*>(object);
    std::string name(to_string(object->value));
    if (PyModule_AddObjectRef(module, name.c_str(), singletons[i]) < 0) return -1;
  }
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
