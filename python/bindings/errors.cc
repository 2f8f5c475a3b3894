// One Python exception for each kind of error.

#include "python/bindings/python.h"

#include <new>

#include "proa/base/error.h"
#include "proa/base/singular.h"
#include "proa/eager/function_capture.h"
#include "proa/eager/overflow.h"
#include "proa/ir/symbol/need.h"

namespace proa::python {

PyObject* size_not_known;

namespace {

PyObject *export_error, *overflow_error, *singular_error;
PyObject* by_kind[static_cast<int>(ErrorKind::internal) + 1];

PyObject* make(PyObject* module, const char* name, const char* doc,
               std::initializer_list<PyObject*> bases) {
  Ref tuple = checked(PyTuple_New(static_cast<Py_ssize_t>(bases.size())));
  Py_ssize_t i = 0;
  for (PyObject* base : bases) PyTuple_SET_ITEM(tuple.get(), i++, Py_NewRef(base));
  std::string full = str("proa.", name);
  PyObject* made = PyErr_NewExceptionWithDoc(full.c_str(), doc, tuple.get(), nullptr);
  if (made == nullptr || PyModule_AddObjectRef(module, name, made) < 0) throw PythonError{};
  return made;
}

void raise(const Error& error, PyObject* type) {
  Ref exception(PyObject_CallFunction(type, "s", error.what()));
  if (!exception) return;
  Ref op = to_str(error.op()), argument = to_str(error.argument());
  PyObject_SetAttrString(exception.get(), "op", op.get());
  PyObject_SetAttrString(exception.get(), "argument", argument.get());
  PyErr_SetObject(type, exception.get());
}

// The symbols' names go along: a captured function makes these sizes numbers.
void raise_need(const ir::NeedExtents& need) {
  if (eager::FunctionCapture* capture = eager::FunctionCapture::active()) capture->set_need(need);
  Ref exception(PyObject_CallFunction(size_not_known, "s", need.message.c_str()));
  SmallVector<ir::Dim, 6> symbols;
  for (ir::Dim dim : need.dims) ir::collect_symbols(dim, symbols);
  Ref names(PyList_New(0));
  if (!exception || !names) return;
  for (ir::Dim symbol : symbols) {
    Ref name = to_str(to_string(symbol));
    if (PyList_Append(names.get(), name.get()) < 0) return;
  }
  PyObject_SetAttrString(exception.get(), "symbols", names.get());
  PyErr_SetObject(size_not_known, exception.get());
}

}  // namespace

void set_error() {
  try {
    throw;
  } catch (const PythonError&) {
  } catch (const SingularMatrix& error) {
    raise(error, singular_error);
  } catch (const eager::NumberOverflow& error) {
    raise(error, overflow_error);
  } catch (const Error& error) {
    // Ctrl-C: the signal's handler has raised already, or the default says KeyboardInterrupt.
    if (error.kind() == ErrorKind::interrupted) {
      if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
      return;
    }
    raise(error, by_kind[static_cast<int>(error.kind())]);
  } catch (const ir::NeedExtents& need) { raise_need(need); } catch (const ir::NeedStatic& need) {
    raise_need({need.message, {}});
  } catch (const std::bad_alloc&) {
    raise(UserError(ErrorKind::memory, "the host is out of memory"),
          by_kind[static_cast<int>(ErrorKind::memory)]);
  } catch (const std::exception& error) {
    raise(InternalError(error.what()), by_kind[static_cast<int>(ErrorKind::internal)]);
  }
}

void throw_export_error(std::string_view op, std::string_view argument, std::string_view message) {
  raise(UserError(ErrorKind::state, op, argument, message), export_error);
  throw PythonError{};
}

int add_errors(PyObject* module) {
  return guarded_int([&] {
    PyObject* base =
        make(module, "ProaError", "Base of all errors of Proa; has `op` and `argument`.",
             {PyExc_Exception});
    auto set = [&](ErrorKind kind, PyObject* type) { by_kind[static_cast<int>(kind)] = type; };
    set(ErrorKind::value, make(module, "ArgumentValueError", "A legal type with an illegal value.",
                               {base, PyExc_ValueError}));
    set(ErrorKind::type,
        make(module, "DTypeError", "A wrong dtype or type of argument.", {base, PyExc_TypeError}));
    set(ErrorKind::shape,
        make(module, "ShapeError", "Shapes that do not fit.", {base, PyExc_ValueError}));
    set(ErrorKind::index, make(module, "OutOfRangeError", "An index or axis out of range.",
                               {base, PyExc_IndexError}));
    set(ErrorKind::key, make(module, "NameNotFoundError", "A name that is not there.",
                             {base, PyExc_TypeError, PyExc_KeyError}));
    set(ErrorKind::not_supported, make(module, "NotSupportedError", "Refused, with the reason.",
                                       {base, PyExc_NotImplementedError}));
    set(ErrorKind::memory,
        make(module, "OutOfMemoryError", "Out of memory; the message has the sizes.",
             {base, PyExc_MemoryError}));
    set(ErrorKind::io, make(module, "FileError", "A file that is missing, truncated or corrupt.",
                            {base, PyExc_OSError}));
    set(ErrorKind::state,
        make(module, "StateError", "A right call at the wrong time.", {base, PyExc_RuntimeError}));
    size_not_known =
        make(module, "SizeNotKnownError", "A size is a symbol where a number is needed.",
             {by_kind[static_cast<int>(ErrorKind::state)]});
    export_error = make(module, "ExportError", "Memory that another library cannot be given.",
                        {base, PyExc_BufferError, PyExc_RuntimeError});
    overflow_error = make(module, "NumberOverflowError", "A number that its dtype cannot hold.",
                          {base, PyExc_OverflowError, PyExc_ValueError});
    singular_error = make(module, "LinAlgError", "A matrix that has no inverse or no such factor.",
                          {base, PyExc_ValueError, PyExc_RuntimeError});
    set(ErrorKind::interrupted, PyExc_KeyboardInterrupt);
    set(ErrorKind::internal,
        make(module, "InternalError", "A fault of Proa itself.", {base, PyExc_RuntimeError}));
    return 0;
  });
}

}  // namespace proa::python
