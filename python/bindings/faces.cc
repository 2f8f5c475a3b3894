// Faces of Tensor: subclasses whose methods speak another dialect, and the rule that what they
// compute is of their kind.

#include "proa/base/error.h"
#include "python/bindings/python.h"

namespace proa::python {

PyTypeObject* face_type;

namespace {

thread_local PyTypeObject* result_face = nullptr;

bool has_face(PyObject* object) {
  if (PyObject_TypeCheck(object, tensor_type)) return PyObject_TypeCheck(object, face_type);
  if (!PyList_CheckExact(object) && !PyTuple_CheckExact(object)) return false;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(object); ++i) {
    if (PyObject_TypeCheck(PySequence_Fast_GET_ITEM(object, i), face_type)) return true;
  }
  return false;
}

PyObject* add_face(PyObject*, PyObject* type) {
  return guarded([&]() -> PyObject* {
    if (!PyType_Check(type) ||
        !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), tensor_type)) {
      throw UserError(ErrorKind::type, "_add_face", "type", "expected a subclass of Tensor");
    }
    Py_INCREF(type);  // for as long as the process lives
    face_type = reinterpret_cast<PyTypeObject*>(type);
    return Py_NewRef(type);
  });
}

PyObject* with_face(PyObject*, PyObject* tensor) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(tensor) || face_type == nullptr || PyObject_TypeCheck(tensor, face_type))
      return Py_NewRef(tensor);
    return wrap_as(face_type, tensor_of(tensor));
  });
}

}  // namespace

void ResultsOf::look(PyObject* const* operands, Py_ssize_t count) {
  if (result_face != nullptr) return;  // the outermost call decides
  for (Py_ssize_t i = 0; i < count && !active_; ++i) active_ = has_face(operands[i]);
  if (active_) result_face = face_type;
}

void ResultsOf::leave() { result_face = nullptr; }

PyTypeObject* ResultsOf::current() { return result_face; }

PlainResults::PlainResults() : before_(std::exchange(result_face, nullptr)) {}
PlainResults::~PlainResults() { result_face = before_; }

int add_faces(PyObject* module) {
  static PyMethodDef functions[] = {
      {"_add_face", add_face, METH_O, "Makes a subclass of Tensor the type of what it computes."},
      {"_with_face", with_face, METH_O,
       "The same tensor as an object of the announced subclass; anything else as it is."},
      {}};
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
