// Data in and out: Python numbers and lists, NumPy arrays, DLPack.

#include "python/bindings/python.h"

#include <cstring>

#include "proa/base/error.h"
#include "python/bindings/dlpack.h"

namespace proa::python {

std::string_view text_of(PyObject* unicode) {
  Py_ssize_t size;
  const char* text = PyUnicode_AsUTF8AndSize(unicode, &size);
  if (text == nullptr) throw PythonError{};
  return {text, static_cast<size_t>(size)};
}

Ref to_str(std::string_view text) {
  return Ref(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
}

namespace {

PyObject* numpy() {
  static PyObject* module = PyImport_ImportModule("numpy");
  if (module == nullptr) throw PythonError{};
  return module;
}

bool is_array(PyObject* object) {
  static PyObject* type = PyObject_GetAttrString(numpy(), "ndarray");
  return type != nullptr && PyObject_IsInstance(object, type) == 1;
}

bool is_numpy_scalar(PyObject* object) {
  if (PyFloat_CheckExact(object) || PyLong_CheckExact(object)) return false;
  static PyObject* type = PyObject_GetAttrString(numpy(), "generic");
  return type != nullptr && PyObject_IsInstance(object, type) == 1;
}

std::optional<DType> dtype_of_format(const char* format, Py_ssize_t itemsize) {
  std::string_view f = format ? format : "B";
  if (!f.empty() && (f[0] == '=' || f[0] == '@' || f[0] == '<')) f.remove_prefix(1);
  if (f == "?") return DType::boolean;
  if (f == "B") return DType::u8;
  if (f == "b") return DType::i8;
  if (f == "h") return DType::i16;
  if (f == "i" || f == "l" || f == "q" || f == "n") {
    if (itemsize == 4) return DType::i32;
    if (itemsize == 8) return DType::i64;
  }
  if (f == "e") return DType::f16;
  if (f == "f") return DType::f32;
  if (f == "d") return DType::f64;
  if (f == "Zf") return DType::c64;
  if (f == "Zd") return DType::c128;
  return std::nullopt;
}

// The memory of an array, held until the tensor lets go.
struct Foreign {
  Py_buffer buffer;
};

Tensor share_array(PyObject* array) {
  auto foreign = std::make_unique<Foreign>();
  if (PyObject_GetBuffer(array, &foreign->buffer, PyBUF_FULL) < 0) {
    PyErr_Clear();
    checked(PyObject_GetBuffer(array, &foreign->buffer, PyBUF_FULL_RO));
  }
  Py_buffer& b = foreign->buffer;
  auto dtype = dtype_of_format(b.format, b.itemsize);
  auto refuse = [&](std::string text) {
    PyBuffer_Release(&b);
    throw UserError(ErrorKind::type, "to_tensor", "data", text);
  };
  if (!dtype)
    refuse(
        str("an array of element format '", b.format ? b.format : "?", "' has no matching dtype"));
  runtime::Array out;
  out.dtype = *dtype;
  for (int i = 0; i < b.ndim; ++i) {
    if (b.strides[i] % b.itemsize != 0)
      refuse("the strides of this array are no multiple of its element size");
    out.dims.push_back(b.shape[i]);
    out.strides.push_back(b.strides[i] / b.itemsize);
  }
  char* data = static_cast<char*>(b.buf);
  Foreign* held = foreign.release();
  out.buffer = runtime::Buffer::wrap(
      data, b.len, kCpu,
      [](void* context) {
        auto owner = static_cast<Foreign*>(context);
        HoldGil gil;
        PyBuffer_Release(&owner->buffer);
        delete owner;
      },
      held, !b.readonly);
  out.data = data;
  return Tensor(std::move(out));
}

Tensor dense_copy(const Tensor& t) {
  runtime::Array copy = runtime::Array::dense(t.array().dims, t.dtype());
  runtime::copy(t.array(), copy);
  return Tensor(std::move(copy));
}

Tensor cast_to(Tensor t, std::optional<DType> dtype) {
  if (!dtype || t.dtype() == *dtype) return t;
  return eager::call1("tensor.cast", {t}, {{"dtype", *dtype}});
}

// A list may hold itself: Python's limit of recursion ends the descent.
struct Deeper {
  Deeper() {
    if (Py_EnterRecursiveCall(" in a nested list") != 0) throw PythonError{};
  }
  ~Deeper() { Py_LeaveRecursiveCall(); }
  Deeper(const Deeper&) = delete;
};

bool has_tensor(PyObject* sequence) {
  Deeper deeper;
  Ref fast = checked(PySequence_Fast(sequence, "expected a sequence"));
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), i);
    if (is_tensor(item)) return true;
    if ((PyList_Check(item) || PyTuple_Check(item)) && has_tensor(item)) return true;
  }
  return false;
}

Tensor stack_sequence(PyObject* sequence, std::optional<DType> dtype) {
  Deeper deeper;
  Ref fast = checked(PySequence_Fast(sequence, "expected a sequence"));
  std::vector<eager::Operand> parts;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    parts.emplace_back(to_tensor(PySequence_Fast_GET_ITEM(fast.get(), i), dtype));
  }
  ir::AttrList attrs;
  return eager::call(eager::context().op("tensor.stack"), parts, attrs)[0];
}

// Python's own numbers take the default dtypes: float -> default float, int -> int64.
DType natural(DType numpy_dtype) {
  if (numpy_dtype == DType::f64) return eager::default_float();
  if (numpy_dtype == DType::c128) return complex_of(eager::default_float());
  return numpy_dtype;
}

}  // namespace

bool is_number(PyObject* object) {
  return PyFloat_Check(object) || PyLong_Check(object) || PyComplex_Check(object) ||
         is_numpy_scalar(object);
}

eager::Operand as_operand(PyObject* object, std::string_view op, std::string_view argument) {
  if (is_tensor(object)) return tensor_of(object);
  if (PyBool_Check(object)) {
    eager::Operand operand(static_cast<int64_t>(object == Py_True));
    operand.number_kind = NumberKind::boolean;
    return operand;
  }
  if (PyFloat_CheckExact(object)) return PyFloat_AS_DOUBLE(object);
  if (PyLong_Check(object)) {
    int overflow = 0;
    long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
    if (overflow != 0)
      throw UserError(ErrorKind::value, op, argument, "this integer does not fit into 64 bits");
    return static_cast<int64_t>(value);
  }
  if (PyComplex_CheckExact(object)) {
    eager::Operand operand(PyComplex_RealAsDouble(object));
    operand.number_kind = NumberKind::complex;
    operand.imag = PyComplex_ImagAsDouble(object);
    return operand;
  }
  if (is_numpy_scalar(object) || PyList_Check(object) || PyTuple_Check(object) ||
      is_array(object)) {
    return to_tensor(object, std::nullopt, true);
  }
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  if (auto dim = as_dim(object)) return eager::Operand(*dim);
  if (PyObject_HasAttrString(object, "__dlpack__") || PyObject_HasAttrString(object, "__array__")) {
    return to_tensor(object, std::nullopt, true);
  }
  throw UserError(ErrorKind::type, op, argument,
                  str("expected a Tensor or a number, got ", Py_TYPE(object)->tp_name));
}

Tensor to_tensor(PyObject* data, std::optional<DType> dtype, bool share) {
  if (is_tensor(data)) {
    Tensor t = tensor_of(data).detach();
    if (dtype && *dtype != t.dtype()) return cast_to(t, dtype);
    return share ? t : dense_copy(t);
  }
  if ((PyList_Check(data) || PyTuple_Check(data)) && has_tensor(data)) {
    eager::NoGrad no_grad;
    return cast_to(stack_sequence(data, std::nullopt), dtype);
  }
  bool plain = !is_array(data) && !is_numpy_scalar(data);
  Ref array;
  if (PyUnicode_Check(data) || PyBytes_Check(data) || PyDict_Check(data) || data == Py_None) {
    throw UserError(ErrorKind::type, "to_tensor", "data",
                    str("expected numbers, got ", Py_TYPE(data)->tp_name));
  }
  array = checked(PyObject_CallMethod(numpy(), plain ? "array" : "asarray", "O", data));
  Ref kind = checked(PyObject_GetAttrString(array.get(), "dtype"));
  Ref letter = checked(PyObject_GetAttrString(kind.get(), "kind"));
  char code = text_of(letter.get())[0];
  if (code == 'O' || code == 'U' || code == 'S') {
    throw UserError(
        ErrorKind::type, "to_tensor", "data",
        "expected numbers in nested lists of equal lengths; NumPy made no numeric array of it");
  }
  Ref order = checked(PyObject_GetAttrString(kind.get(), "isnative"));
  if (order.get() == Py_False) {  // big-endian data
    Ref native = checked(PyObject_CallMethod(kind.get(), "newbyteorder", "s", "="));
    array = checked(PyObject_CallMethod(array.get(), "astype", "O", native.get()));
    share = false;
  }
  if (code == 'u') {  // unsigned types of more than 8 bits become the next signed one
    Ref size = checked(PyObject_GetAttrString(kind.get(), "itemsize"));
    long bytes = PyLong_AsLong(size.get());
    if (bytes > 1)
      array =
          checked(PyObject_CallMethod(array.get(), "astype", "s", bytes == 2 ? "int32" : "int64"));
  }
  Tensor t = share_array(array.get());
  if (plain && !dtype && !PyObject_HasAttrString(data, "__array__")) dtype = natural(t.dtype());
  if (dtype && *dtype != t.dtype()) return cast_to(t, dtype);
  return share ? t : dense_copy(t);
}

PyObject* to_numpy(const Tensor& tensor) {
  // Through the buffer protocol of a bare Tensor, so that a subclass's own ways do not matter.
  Ref bare = checked(wrap(tensor.detach()));
  Ref view = checked(PyMemoryView_FromObject(bare.get()));
  return PyObject_CallMethod(numpy(), "asarray", "O", view.get());
}

int64_t as_int(PyObject* object, std::string_view op, std::string_view argument) {
  if (is_tensor(object) && tensor_of(object).elements() == 1 &&
      !is_inexact(tensor_of(object).dtype())) {
    return static_cast<int64_t>(tensor_of(object).item());
  }
  Ref number(PyNumber_Index(object));
  if (!number) {
    keep_size_error();
    PyErr_Clear();
    Ref shown = checked(PyObject_Repr(object));
    throw UserError(ErrorKind::type, op, argument,
                    str("expected an integer, got ", text_of(shown.get()).substr(0, 80)));
  }
  int overflow = 0;
  long long value = PyLong_AsLongLongAndOverflow(number.get(), &overflow);
  if (overflow != 0)
    throw UserError(ErrorKind::value, op, argument, "this integer does not fit into 64 bits");
  return value;
}

std::vector<int64_t> as_ints(PyObject* object, std::string_view op, std::string_view argument) {
  if (is_tensor(object)) {
    const Tensor& t = tensor_of(object);
    if (is_inexact(t.dtype()) || t.rank() > 1) {
      throw UserError(ErrorKind::type, op, argument,
                      "expected integers: a 1-d integer tensor or a list");
    }
    std::vector<int64_t> values;
    for (int64_t i = 0; i < t.elements(); ++i) values.push_back(static_cast<int64_t>(t.item(i)));
    return values;
  }
  Ref fast(PySequence_Fast(object, "expected a sequence"));
  if (!fast) {
    PyErr_Clear();
    throw UserError(ErrorKind::type, op, argument,
                    str("expected a list of integers, got ", Py_TYPE(object)->tp_name));
  }
  std::vector<int64_t> values;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    values.push_back(as_int(PySequence_Fast_GET_ITEM(fast.get(), i), op, argument));
  }
  return values;
}

namespace {

// DLPack, version 0: the capsule that every consumer takes.
struct Export {
  Tensor tensor;
  DLManagedTensor managed;
  std::vector<int64_t> shape, strides;
};

DLDataType dl_dtype(DType dtype) {
  auto bits = static_cast<uint8_t>(size_of(dtype) * 8);
  switch (dtype) {
    case DType::boolean: return {kDLBool, bits, 1};
    case DType::u8: return {kDLUInt, bits, 1};
    case DType::bf16: return {kDLBfloat, bits, 1};
    case DType::f8e4m3:
    case DType::f8e5m2:
      throw UserError(ErrorKind::type, "dlpack", "", "float8 tensors cannot be exported");
    default: break;
  }
  if (is_int(dtype)) return {kDLInt, bits, 1};
  return {static_cast<uint8_t>(is_complex(dtype) ? kDLComplex : kDLFloat), bits, 1};
}

std::optional<DType> from_dl(DLDataType t) {
  if (t.lanes != 1) return std::nullopt;
  switch (t.code) {
    case kDLBool: return t.bits == 8 ? std::optional(DType::boolean) : std::nullopt;
    case kDLUInt: return t.bits == 8 ? std::optional(DType::u8) : std::nullopt;
    case kDLBfloat: return t.bits == 16 ? std::optional(DType::bf16) : std::nullopt;
    case kDLInt:
      if (t.bits == 8) return DType::i8;
      if (t.bits == 16) return DType::i16;
      if (t.bits == 32) return DType::i32;
      return t.bits == 64 ? std::optional(DType::i64) : std::nullopt;
    case kDLFloat:
      if (t.bits == 16) return DType::f16;
      if (t.bits == 32) return DType::f32;
      return t.bits == 64 ? std::optional(DType::f64) : std::nullopt;
    case kDLComplex:
      if (t.bits == 64) return DType::c64;
      return t.bits == 128 ? std::optional(DType::c128) : std::nullopt;
    default: return std::nullopt;
  }
}

void drop_capsule(PyObject* capsule) {
  if (!PyCapsule_IsValid(capsule, "dltensor")) return;  // a consumer took it
  auto managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
  managed->deleter(managed);
}

PyObject* export_dlpack(PyObject* self, PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = tensor_of(self);
    if (t.requires_grad()) {
      throw UserError(ErrorKind::state, "dlpack", "",
                      "a tensor that requires a gradient cannot be exported; use x.detach()");
    }
    auto out = std::make_unique<Export>();
    out->tensor = t;
    out->shape.assign(t.dims().begin(), t.dims().end());
    out->strides.assign(t.array().strides.begin(), t.array().strides.end());
    DLTensor& dl = out->managed.dl_tensor;
    dl.data = t.array().data;
    dl.device = {kDLCPU, 0};
    dl.ndim = t.rank();
    dl.dtype = dl_dtype(t.dtype());
    dl.shape = out->shape.data();
    dl.strides = out->strides.data();
    dl.byte_offset = 0;
    out->managed.manager_ctx = out.get();
    out->managed.deleter = [](DLManagedTensor* m) { delete static_cast<Export*>(m->manager_ctx); };
    Ref capsule = checked(PyCapsule_New(&out->managed, "dltensor", drop_capsule));
    out.release();
    return capsule.release();
  });
}

PyObject* dlpack_device(PyObject*, PyObject*) {
  return Py_BuildValue("(ii)", static_cast<int>(kDLCPU), 0);
}

PyObject* from_dlpack(PyObject*, PyObject* source) {
  return guarded([&]() -> PyObject* {
    Ref capsule = PyCapsule_CheckExact(source)
                      ? Ref::share(source)
                      : checked(PyObject_CallMethod(source, "__dlpack__", nullptr));
    auto managed = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule.get(), "dltensor"));
    if (managed == nullptr) {
      PyErr_Clear();
      throw UserError(ErrorKind::value, "from_dlpack", "ext_tensor",
                      "expected a fresh DLPack capsule or an object with __dlpack__");
    }
    const DLTensor& dl = managed->dl_tensor;
    auto dtype = from_dl(dl.dtype);
    if (!dtype)
      throw UserError(ErrorKind::type, "from_dlpack", "ext_tensor",
                      "its dtype has no counterpart here");
    if (dl.device.device_type != kDLCPU) {
      throw UserError(ErrorKind::not_supported, "from_dlpack", "ext_tensor",
                      "only memory of the host can be taken");
    }
    runtime::Array out;
    out.dtype = *dtype;
    int64_t step = 1;
    for (int i = 0; i < dl.ndim; ++i) out.dims.push_back(dl.shape[i]);
    out.strides = runtime::Extents(out.dims.size(), 1);
    for (int i = dl.ndim; i-- > 0;) {
      out.strides[static_cast<size_t>(i)] = dl.strides ? dl.strides[i] : step;
      step *= dl.shape[i];
    }
    char* data = static_cast<char*>(dl.data) + dl.byte_offset;
    out.buffer = runtime::Buffer::wrap(
        data, step * static_cast<int64_t>(size_of(*dtype)), kCpu,
        [](void* context) {
          HoldGil gil;
          auto m = static_cast<DLManagedTensor*>(context);
          if (m->deleter) m->deleter(m);
        },
        managed);
    out.data = data;
    checked(PyCapsule_SetName(capsule.get(), "used_dltensor"));
    return wrap(Tensor(std::move(out)));
  });
}

PyObject* make_tensor(PyObject*, PyObject* args, PyObject* kwargs) {
  PyObject *data, *dtype = Py_None, *place = Py_None;
  int stop_gradient = 1;
  static const char* names[] = {"data", "dtype", "place", "stop_gradient", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOp", const_cast<char**>(names), &data, &dtype,
                                   &place, &stop_gradient))
    return nullptr;
  return guarded([&]() -> PyObject* {
    std::optional<DType> wanted;
    if (dtype != Py_None) wanted = dtype_of(dtype, "to_tensor", "dtype");
    Tensor t;
    if (!is_tensor(data) && !is_array(data) && PyObject_HasAttrString(data, "__dlpack__") &&
        !is_number(data)) {
      Ref imported = checked(from_dlpack(nullptr, data));
      t = to_tensor(imported.get(), wanted);
    } else {
      t = to_tensor(data, wanted);
    }
    if (!stop_gradient) t.set_requires_grad(true);
    return wrap(std::move(t));
  });
}

PyObject* from_numpy(PyObject*, PyObject* array) {
  return guarded([&]() -> PyObject* {
    if (!is_array(array))
      throw UserError(ErrorKind::type, "from_numpy", "array",
                      str("expected a NumPy array, got ", Py_TYPE(array)->tp_name));
    return wrap(to_tensor(array, std::nullopt, true));
  });
}

PyMethodDef functions[] = {
    {"to_tensor", reinterpret_cast<PyCFunction>(make_tensor), METH_VARARGS | METH_KEYWORDS,
     "to_tensor(data, dtype=None, place=None, stop_gradient=True)\n\nA new tensor with a copy of "
     "data: numbers, nested lists, arrays, tensors."},
    {"from_numpy", from_numpy, METH_O,
     "A tensor of the array's own memory: no copy, writes are seen by both."},
    {"from_dlpack", from_dlpack, METH_O,
     "A tensor of the memory of any object with __dlpack__: no copy."},
    {}};

PyMethodDef dlpack = {"__dlpack__",
                      reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(export_dlpack)),
                      METH_VARARGS | METH_KEYWORDS, "A DLPack capsule of this memory."};
PyMethodDef device = {"__dlpack_device__", dlpack_device, METH_NOARGS,
                      "The DLPack device: (1, 0), the host."};

}  // namespace

int add_convert(PyObject* module) {
  auto type = reinterpret_cast<PyObject*>(tensor_type);
  Ref a(PyDescr_NewMethod(tensor_type, &dlpack)), b(PyDescr_NewMethod(tensor_type, &device));
  if (!a || !b || PyObject_SetAttrString(type, "__dlpack__", a.get()) < 0 ||
      PyObject_SetAttrString(type, "__dlpack_device__", b.get()) < 0) {
    return -1;
  }
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
