// Data in and out: Python numbers and lists, NumPy arrays, DLPack.

#include "python/bindings/python.h"

#include <cstring>

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/overflow.h"

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

// Or a symbolic size, whose value is an element of a tensor under capture.
bool has_tensor(PyObject* sequence) {
  Deeper deeper;
  Ref fast = checked(PySequence_Fast(sequence, "expected a sequence"));
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), i);
    if (is_tensor(item) || as_dim(item)) return true;
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

constexpr std::string_view kTooGreat = "this integer does not fit into 64 bits";

// Whole numbers of Python beyond the range of the dtype asked for are refused, as NumPy 2 does.
void require_range(const Tensor& t, DType dtype) {
  if (t.dtype() != DType::i64 || !is_int(dtype) || dtype == DType::i64) return;
  int64_t high = 255, low = 0;
  if (dtype != DType::u8) {
    high = (int64_t{1} << (size_of(dtype) * 8 - 1)) - 1;
    low = -high - 1;
  }
  auto values = reinterpret_cast<const int64_t*>(t.array().data);
  for (int64_t i = 0; i < t.elements(); ++i) {
    if (values[i] >= low && values[i] <= high) continue;
    throw eager::NumberOverflow(
        "to_tensor", "data",
        str(values[i], " does not fit into ", to_string(dtype), ", which holds ", low, "..", high));
  }
}

// The text of the Python error that is set, which is cleared.
std::string taken_error() {
  PyObject *type, *value, *trace;
  PyErr_Fetch(&type, &value, &trace);
  Ref a(type), b(value), c(trace);
  Ref text(value ? PyObject_Str(value) : nullptr);
  if (!text) PyErr_Clear();
  return text ? std::string(text_of(text.get())) : std::string();
}

// Python's own numbers take the default dtypes: float -> default float, int -> int64.
DType natural(DType numpy_dtype) {
  if (numpy_dtype == DType::f64) return eager::default_float();
  if (numpy_dtype == DType::c128) return complex_of(eager::default_float());
  return numpy_dtype;
}

}  // namespace

Tensor cast_for(Tensor source, DType dtype, std::string_view op, std::string_view argument) {
  if (source.dtype() == dtype) return source;
  if (is_complex(source.dtype()) && !is_complex(dtype)) {
    throw UserError(
        ErrorKind::type, op, argument,
        str("a complex number does not fit into ", to_string(dtype), "; take its real part"));
  }
  return cast_to(std::move(source), dtype);
}

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
    if (overflow != 0) throw eager::NumberOverflow(op, argument, kTooGreat);
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
  if (auto real = captured_float(object)) {
    eager::Operand operand(0.0);
    operand.tensor = *real;
    return operand;
  }
  if (PyObject_HasAttrString(object, "__dlpack__") || PyObject_HasAttrString(object, "__array__")) {
    return to_tensor(object, std::nullopt, true);
  }
  throw UserError(ErrorKind::type, op, argument,
                  str("expected a Tensor or a number, got ", Py_TYPE(object)->tp_name));
}

namespace {

// Whether a nested list holds nothing but integers. NumPy makes floats of them where one is beyond
// 64 bits.
bool is_integral(PyObject* data) {
  if (!PyList_Check(data) && !PyTuple_Check(data)) return PyLong_Check(data);
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(data); ++i) {
    if (!is_integral(PySequence_Fast_GET_ITEM(data, i))) return false;
  }
  return PySequence_Fast_GET_SIZE(data) > 0;
}

bool named(PyObject* numpy_dtype, std::string_view wanted) {
  Ref name = checked(PyObject_GetAttrString(numpy_dtype, "name"));
  return text_of(name.get()) == wanted;
}

}  // namespace

Tensor to_tensor(PyObject* data, std::optional<DType> dtype, bool share) {
  if (is_tensor(data)) {
    Tensor t = tensor_of(data).detach();
    if (t.impl()->captured != nullptr) {
      if (dtype && *dtype != t.dtype()) return cast_to(t, dtype);
      return share ? t : eager::call1("tensor.clone", {t});
    }
    if (dtype && *dtype != t.dtype()) return cast_to(t, dtype);
    return share ? t : dense_copy(t);
  }
  if (auto real = captured_float(data)) {
    DType wanted = dtype.value_or(eager::default_float());
    return wanted == real->dtype() ? *real : cast_to(*real, wanted);
  }
  if ((PyList_Check(data) || PyTuple_Check(data)) && has_tensor(data)) {
    eager::NoGrad no_grad;
    return cast_to(stack_sequence(data, std::nullopt), dtype);
  }
  if (auto size = as_dim(data)) {  // a number beside a tensor becomes one at the door
    Tensor none = eager::call1("tensor.zeros", {},
                               {{"shape", std::vector<int64_t>{}}, {"dtype", DType::i64}});
    return cast_to(eager::call1("tensor.add", {none, eager::Operand(*size)}), dtype);
  }
  bool plain = !is_array(data) && !is_numpy_scalar(data);
  Ref array;
  if (PyUnicode_Check(data) || PyBytes_Check(data) || PyDict_Check(data) || data == Py_None) {
    throw UserError(ErrorKind::type, "to_tensor", "data",
                    str("expected numbers, got ", Py_TYPE(data)->tp_name));
  }
  array = Ref(PyObject_CallMethod(numpy(), plain ? "array" : "asarray", "O", data));
  if (!array) {
    bool nested = PyList_Check(data) || PyTuple_Check(data);
    if (!nested || PyErr_ExceptionMatches(PyExc_ValueError) == 0) throw PythonError{};
    throw UserError(ErrorKind::value, "to_tensor", "data",
                    str("expected numbers in nested lists of equal lengths: ", taken_error()));
  }
  Ref kind = checked(PyObject_GetAttrString(array.get(), "dtype"));
  Ref letter = checked(PyObject_GetAttrString(kind.get(), "kind"));
  char code = text_of(letter.get())[0];
  if (code == 'O') {  // integers beyond 64 bits, or no numbers at all
    Ref whole(PyObject_CallMethod(array.get(), "astype", "s", "int64"));
    bool great = !whole && PyErr_ExceptionMatches(PyExc_OverflowError) != 0;
    PyErr_Clear();
    if (great) throw eager::NumberOverflow("to_tensor", "data", kTooGreat);
  }
  if (code == 'V' &&
      named(kind.get(), "bfloat16")) {  // the type of ml_dtypes: through float32, exactly
    array = checked(PyObject_CallMethod(array.get(), "astype", "s", "float32"));
    return to_tensor(array.get(), dtype ? dtype : DType::bf16, false);
  }
  if (code != 'b' && code != 'i' && code != 'u' && code != 'f' && code != 'c') {
    throw UserError(
        ErrorKind::type, "to_tensor", "data",
        "expected numbers in nested lists of equal lengths; NumPy made no numeric array of it");
  }
  if (code == 'f' && plain && !dtype && is_integral(data)) {
    throw eager::NumberOverflow("to_tensor", "data", kTooGreat);
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
      array = checked(
          PyObject_CallMethod(array.get(), "astype", "ss", bytes == 2 ? "int32" : "int64", "C"));
    if (bytes == 8) {
      const Tensor wrapped = share_array(array.get());
      auto values = reinterpret_cast<const int64_t*>(wrapped.array().data);
      for (int64_t i = 0; i < wrapped.elements(); ++i) {
        if (values[i] < 0) {
          throw eager::NumberOverflow("to_tensor", "data",
                                      str(static_cast<uint64_t>(values[i]),
                                          " does not fit into int64, which uint64 becomes"));
        }
      }
    }
  }
  Tensor t = share_array(array.get());
  if (plain && !dtype && !PyObject_HasAttrString(data, "__array__")) dtype = natural(t.dtype());
  if (dtype && *dtype != t.dtype()) {
    if (plain) require_range(t, *dtype);
    return cast_for(t, *dtype, "to_tensor", "data");
  }
  return share ? t : dense_copy(t);
}

PyObject* to_numpy(const Tensor& tensor) {
  if (eager::Capture* capture = eager::Capture::active()) [[unlikely]]
    capture->reading();
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
  if (overflow != 0) throw eager::NumberOverflow(op, argument, kTooGreat);
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
      t = dense_copy(cast_to(from_dlpack(data), wanted));
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
    {}};

}  // namespace

int add_convert(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
