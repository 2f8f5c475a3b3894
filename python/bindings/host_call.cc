// The kernel that calls Python: what a captured function was asked to leave to the host.

#include "proa/base/error.h"
#include "proa/program/kernel.h"
#include "proa/runtime/executor.h"
#include "python/bindings/jit.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

// dispatch(number, tensors): what the function of that number gives, and where it was asked for.
PyObject* dispatch;

runtime::Array array_of(const program::TensorRef& ref) {
  auto rank = static_cast<size_t>(ref.rank);
  runtime::Array array;
  array.data = static_cast<char*>(ref.data);
  array.dtype = ref.dtype;
  array.dims = runtime::Extents(std::span(ref.dims, rank));
  array.strides = runtime::Extents(std::span(ref.strides, rank));
  return array;
}

// An exception of the function stays set in the thread, with its traceback.
void call_host(const program::KernelArgs& args) {
  HoldGil gil;
  Ref given = checked(PyList_New(0));
  for (const program::TensorRef& ref : args.in) {
    runtime::Array from = array_of(ref);
    runtime::Array copy = runtime::Array::dense(from.dims, from.dtype);
    runtime::copy(from, copy);
    checked(PyList_Append(given.get(), checked(wrap(Tensor(std::move(copy)))).get()));
  }
  Ref number = checked(PyLong_FromLongLong(args.attrs.ints(0)[0]));
  Ref both = checked(PyObject_CallFunctionObjArgs(dispatch, number.get(), given.get(), nullptr));
  Ref made = checked(PySequence_GetItem(both.get(), 0));
  Ref where = checked(PySequence_GetItem(both.get(), 1));
  Ref fast = checked(PySequence_Fast(made.get(), "expected a list"));
  auto count = static_cast<size_t>(PySequence_Fast_GET_SIZE(fast.get()));
  if (count != args.out.size()) {
    throw UserError(
        ErrorKind::value, "host_call", "out",
        str("expected ", args.out.size(), " tensors, got ", count, text_of(where.get())));
  }
  for (size_t i = 0; i < count; ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), static_cast<Py_ssize_t>(i));
    runtime::Array to = array_of(args.out[i]);
    if (!is_tensor(item)) {
      throw UserError(ErrorKind::type, "host_call", "out",
                      str("expected tensors, got ", Py_TYPE(item)->tp_name, text_of(where.get())));
    }
    const runtime::Array& from = tensor_of(item).array();
    if (from.dtype != to.dtype || !(from.dims == to.dims)) {
      throw UserError(
          ErrorKind::shape, "host_call", "out",
          str("expected ", to_string(to.dtype), " of shape ", list_str(to.dims), ", got ",
              to_string(from.dtype), " of shape ", list_str(from.dims), text_of(where.get())));
    }
    runtime::copy(from, to);
  }
}

// _jit_host_dispatch(function): see `dispatch`.
PyObject* set_dispatch(PyObject*, PyObject* function) {
  dispatch = Py_NewRef(function);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {{"_jit_host_dispatch", set_dispatch, METH_O, nullptr}, {}};

}  // namespace

int add_host_kernel(PyObject* module) {
  return guarded_int([&] {
    constexpr program::KernelEntry kEntry{kHostKernel, call_host};
    runtime::cpu_kernels().add({&kEntry, 1});
    return PyModule_AddFunctions(module, functions);
  });
}

}  // namespace proa::python
