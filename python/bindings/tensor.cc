// The Python type Tensor: a heap type with number slots and a free list; its operators come from
// pages.

#include "python/bindings/operators.h"

#include <structmember.h>

#include "proa/base/error.h"
#include "proa/eager/node.h"
#include "proa/ir/page.h"

namespace proa::python {

PyTypeObject* tensor_type;

namespace {

struct TensorObject {
  PyObject_HEAD
  eager::TensorImpl* impl;
  PyObject* weak;
  PyObject* dict;
};

TensorObject* cast(PyObject* self) { return reinterpret_cast<TensorObject*>(self); }

constexpr int kFreeMax = 64;
TensorObject* free_list[kFreeMax];
int free_count = 0;

// A Tensor in place, whose impl lives in the object.
const Tensor& self_tensor(PyObject* self) {
  return reinterpret_cast<const Tensor&>(cast(self)->impl);
}
static_assert(sizeof(Tensor) == sizeof(eager::TensorImpl*));

void destroy(PyObject* self) {
  TensorObject* object = cast(self);
  PyObject_GC_UnTrack(self);
  if (object->weak != nullptr) PyObject_ClearWeakRefs(self);
  Py_CLEAR(object->dict);
  Tensor::adopt(std::exchange(object->impl, nullptr));
  PyTypeObject* type = Py_TYPE(self);
  if (type == tensor_type && free_count < kFreeMax) {
    free_list[free_count++] = object;
    Py_DECREF(type);
    return;
  }
  type->tp_free(self);
  Py_DECREF(type);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(cast(self)->dict);
  Py_VISIT(Py_TYPE(self));
  return 0;
}

int clear(PyObject* self) {
  Py_CLEAR(cast(self)->dict);
  return 0;
}

PyObject* create(PyTypeObject* type, PyObject* args, PyObject* kwargs) {
  // Tensor(data=None, dtype=None): a subclass such as Parameter adds its own arguments in __init__.
  return guarded([&]() -> PyObject* {
    PyObject* data = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : nullptr;
    PyObject* dtype = nullptr;
    if (kwargs != nullptr) {
      if (PyObject* given = PyDict_GetItemString(kwargs, "data")) data = given;
      dtype = PyDict_GetItemString(kwargs, "dtype");
    }
    std::optional<DType> wanted;
    if (dtype != nullptr && dtype != Py_None) wanted = dtype_of(dtype, "Tensor", "dtype");
    Tensor made;
    if (data != nullptr && is_tensor(data) && !wanted) {
      made = tensor_of(data).detach();
    } else if (data != nullptr && data != Py_None) {
      made = to_tensor(data, wanted);
    } else {
      int64_t none[1] = {0};
      made = Tensor(runtime::Array::dense(none, wanted.value_or(eager::default_float())));
    }
    return wrap_as(type, std::move(made));
  });
}

Ref call_method(PyObject* self, std::string_view op, std::initializer_list<PyObject*> rest = {}) {
  PyObject* args[8] = {self};
  Py_ssize_t n = 1;
  for (PyObject* item : rest) args[n++] = item;
  const OperatorTable& table = operator_table(op);
  return checked(wrap_results(table, call_operator(table, args, n, nullptr)));
}

bool takes_part(PyObject* object) { return is_tensor(object) || is_number(object); }

// One slot a Python operator. Anything but tensors and numbers is left to the other side.
template <class Tag>
PyObject* binary(PyObject* a, PyObject* b) {
  if (!takes_part(a) || !takes_part(b)) {
    bool array = PyObject_HasAttrString(a, "__array__") || PyObject_HasAttrString(b, "__array__");
    if (!array) Py_RETURN_NOTIMPLEMENTED;
  }
  return guarded([&]() -> PyObject* {
    static const OperatorTable& table = operator_table(Tag::name);
    PyObject* both[2] = {a, b};
    ResultsOf face(both, 2);
    eager::Operand operands[2] = {as_operand(a, table.op->page->name, "x"),
                                  as_operand(b, table.op->page->name, "y")};
    int64_t work = 0;
    for (const auto& o : operands) work += o.tensor ? o.tensor.elements() : 0;
    std::vector<Tensor> results;
    {
      ReleaseGil release(work > 32768);
      results = eager::call(*table.op, operands);
    }
    return wrap(std::move(results[0]));
  });
}

template <class Tag>
PyObject* inplace(PyObject* a, PyObject* b) {
  if (!is_tensor(a)) return binary<Tag>(a, b);
  Ref result(binary<Tag>(a, b));
  if (!result || result.get() == Py_NotImplemented) return result.release();
  return guarded([&] { return write_back(operator_table(Tag::name), a, tensor_of(result.get())); });
}

template <class Tag>
PyObject* unary(PyObject* a) {
  return guarded([&] {
    ResultsOf face(a);
    return call_method(a, Tag::name).release();
  });
}

#define PROA_OP(tag, text)                         \
  struct tag {                                     \
    static constexpr std::string_view name = text; \
  }
PROA_OP(Add, "tensor.add");
PROA_OP(Subtract, "tensor.subtract");
PROA_OP(Multiply, "tensor.multiply");
PROA_OP(Divide, "tensor.divide");
PROA_OP(FloorDivide, "tensor.floor_divide");
PROA_OP(Remainder, "tensor.remainder");
PROA_OP(Power, "tensor.pow");
PROA_OP(Matmul, "tensor.matmul");
PROA_OP(And, "tensor.bitwise_and");
PROA_OP(Or, "tensor.bitwise_or");
PROA_OP(Xor, "tensor.bitwise_xor");
PROA_OP(ShiftLeft, "tensor.bitwise_left_shift");
PROA_OP(ShiftRight, "tensor.bitwise_right_shift");
PROA_OP(Negative, "tensor.neg");
PROA_OP(Absolute, "tensor.abs");
PROA_OP(Invert, "tensor.bitwise_not");
PROA_OP(Equal, "tensor.equal");
PROA_OP(NotEqual, "tensor.not_equal");
PROA_OP(Less, "tensor.less_than");
PROA_OP(LessEqual, "tensor.less_equal");
PROA_OP(Greater, "tensor.greater_than");
PROA_OP(GreaterEqual, "tensor.greater_equal");
#undef PROA_OP

PyObject* power(PyObject* a, PyObject* b, PyObject*) { return binary<Power>(a, b); }
PyObject* inplace_power(PyObject* a, PyObject* b, PyObject*) { return inplace<Power>(a, b); }
PyObject* positive(PyObject* a) { return Py_NewRef(a); }

PyObject* compare(PyObject* a, PyObject* b, int op) {
  if (b == Py_None || PyUnicode_Check(b)) {
    if (op == Py_EQ) Py_RETURN_FALSE;
    if (op == Py_NE) Py_RETURN_TRUE;
    Py_RETURN_NOTIMPLEMENTED;
  }
  switch (op) {
    case Py_EQ: return binary<Equal>(a, b);
    case Py_NE: return binary<NotEqual>(a, b);
    case Py_LT: return binary<Less>(a, b);
    case Py_LE: return binary<LessEqual>(a, b);
    case Py_GT: return binary<Greater>(a, b);
    default: return binary<GreaterEqual>(a, b);
  }
}

const Tensor& one_element(PyObject* self, std::string_view what) {
  const Tensor& t = self_tensor(self);
  if (t.elements() != 1) {
    throw UserError(ErrorKind::value, what, "",
                    str("only a tensor of one element can become a Python number, got shape ",
                        list_str(t.dims())));
  }
  return t;
}

PyObject* item_object(const Tensor& t, int64_t index) {
  if (t.dtype() == DType::boolean) return PyBool_FromLong(t.item(index) != 0);
  if (t.dtype() == DType::i64) {
    Tensor flat(runtime::to_dense(t.array()));
    return PyLong_FromLongLong(reinterpret_cast<const int64_t*>(flat.array().data)[index]);
  }
  if (is_int(t.dtype())) return PyLong_FromLongLong(static_cast<long long>(t.item(index)));
  if (is_complex(t.dtype())) {
    Tensor flat(runtime::to_dense(t.array()));
    if (t.dtype() == DType::c64) {
      auto v = reinterpret_cast<const std::complex<float>*>(flat.array().data)[index];
      return PyComplex_FromDoubles(v.real(), v.imag());
    }
    auto v = reinterpret_cast<const std::complex<double>*>(flat.array().data)[index];
    return PyComplex_FromDoubles(v.real(), v.imag());
  }
  return PyFloat_FromDouble(t.item(index));
}

PyObject* as_float(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = one_element(self, "float");
    if (is_complex(t.dtype()))
      throw UserError(ErrorKind::type, "float", "", "a complex tensor cannot become a float");
    return PyFloat_FromDouble(t.item());
  });
}

PyObject* as_python_int(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = one_element(self, "int");
    if (is_complex(t.dtype()))
      throw UserError(ErrorKind::type, "int", "", "a complex tensor cannot become an int");
    Ref number = checked(item_object(t, 0));
    return PyNumber_Long(number.get());
  });
}

PyObject* as_index(PyObject* self) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = one_element(self, "index");
    if (!is_int(t.dtype()) && t.dtype() != DType::boolean) {
      throw UserError(ErrorKind::type, "index", "",
                      str("expected an integer tensor, got ", to_string(t.dtype())));
    }
    Ref number = checked(item_object(t, 0));
    return PyNumber_Long(number.get());
  });
}

int truth(PyObject* self) {
  return guarded_int([&]() -> int {
    const Tensor& t = self_tensor(self);
    if (t.elements() != 1) {
      throw UserError(ErrorKind::value, "bool", "",
                      str("the truth value of a tensor of shape ", list_str(t.dims()),
                          " is ambiguous; use any() or all()"));
    }
    Ref number = checked(item_object(t, 0));
    return PyObject_IsTrue(number.get());
  });
}

Py_ssize_t length(PyObject* self) {
  const Tensor& t = self_tensor(self);
  if (t.rank() == 0) {
    PyErr_SetString(PyExc_TypeError, "a 0-d tensor has no len()");
    return -1;
  }
  return static_cast<Py_ssize_t>(t.dims()[0]);
}

PyObject* sequence_item(PyObject* self, Py_ssize_t i) {
  Ref key(PyLong_FromSsize_t(i));
  return get_item(self, key.get());
}

int contains(PyObject* self, PyObject* value) {
  return guarded_int([&]() -> int {
    Ref equal = checked(binary<Equal>(self, value));
    if (equal.get() == Py_NotImplemented) return 0;
    Ref any = call_method(equal.get(), "tensor.any");
    return PyObject_IsTrue(any.get());
  });
}

Py_hash_t hash(PyObject* self) {
  return static_cast<Py_hash_t>(reinterpret_cast<uintptr_t>(cast(self)->impl) >> 4);
}

PyObject* repr(PyObject* self) {
  Ref module(PyImport_ImportModule("proa.tensor.display"));
  if (!module) return nullptr;
  return PyObject_CallMethod(module.get(), "to_text", "O", self);
}

// The buffer protocol: NumPy looks at the memory itself.
struct View {
  std::vector<Py_ssize_t> shape, strides;
  Tensor keeps;
};

const char* format_of(DType dtype) {
  switch (dtype) {
    case DType::boolean: return "?";
    case DType::u8:
    case DType::f8e4m3:
    case DType::f8e5m2: return "B";
    case DType::i8: return "b";
    case DType::i16: return "h";
    case DType::i32: return "i";
    case DType::i64: return "q";
    case DType::f16: return "e";
    case DType::bf16: return "H";  // NumPy has no bfloat16: its bits
    case DType::f32: return "f";
    case DType::f64: return "d";
    case DType::c64: return "Zf";
    case DType::c128: return "Zd";
  }
  return "B";
}

int get_buffer(PyObject* self, Py_buffer* buffer, int flags) {
  return guarded_int([&]() -> int {
    const Tensor& t = self_tensor(self);
    const auto& array = t.array();
    if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES && !array.is_dense()) {
      throw UserError(ErrorKind::value, "buffer", "",
                      "this tensor is strided; use contiguous() first");
    }
    bool writable = array.buffer->writable();
    if ((flags & PyBUF_WRITABLE) && !writable)
      throw UserError(ErrorKind::value, "buffer", "", "this tensor is read-only");
    auto view = std::make_unique<View>();
    auto size = static_cast<Py_ssize_t>(size_of(t.dtype()));
    for (int64_t d : array.dims) view->shape.push_back(static_cast<Py_ssize_t>(d));
    for (int64_t s : array.strides) view->strides.push_back(static_cast<Py_ssize_t>(s) * size);
    view->keeps = t;
    buffer->buf = array.data;
    buffer->obj = Py_NewRef(self);
    buffer->len = static_cast<Py_ssize_t>(t.elements()) * size;
    buffer->itemsize = size;
    buffer->readonly = !writable;
    buffer->ndim = t.rank();
    buffer->format = const_cast<char*>(format_of(t.dtype()));
    buffer->shape = view->shape.data();
    buffer->strides = view->strides.data();
    buffer->suboffsets = nullptr;
    buffer->internal = view.release();
    return 0;
  });
}

void release_buffer(PyObject*, Py_buffer* buffer) { delete static_cast<View*>(buffer->internal); }

PyObject* extents(std::span<const int64_t> values, bool tuple = false) {
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

PyObject* get_shape(PyObject* s, void*) { return extents(self_tensor(s).dims()); }
PyObject* get_strides(PyObject* s, void*) {
  const auto& strides = self_tensor(s).array().strides;
  return extents({strides.data(), strides.size()});
}
PyObject* get_ndim(PyObject* s, void*) { return PyLong_FromLong(self_tensor(s).rank()); }
PyObject* get_size(PyObject* s, void*) { return PyLong_FromLongLong(self_tensor(s).elements()); }
PyObject* get_dtype(PyObject* s, void*) { return wrap_dtype(self_tensor(s).dtype()); }
PyObject* get_place(PyObject* s, void*) {
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
    if (!std::equal(g.dims().begin(), g.dims().end(), t.dims().begin(), t.dims().end())) {
      throw UserError(ErrorKind::shape, "grad", "",
                      str("expected shape ", list_str(t.dims()), ", got ", list_str(g.dims())));
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
  return PyLong_FromUnsignedLong(self_tensor(s).version());
}
PyObject* get_itemsize(PyObject* s, void*) {
  return PyLong_FromSize_t(size_of(self_tensor(s).dtype()));
}
PyObject* get_nbytes(PyObject* s, void*) {
  return PyLong_FromLongLong(self_tensor(s).elements() *
                             static_cast<int64_t>(size_of(self_tensor(s).dtype())));
}
PyObject* get_grad_fn(PyObject* s, void*) {
  const auto& edge = cast(s)->impl->edge;
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

PyGetSetDef properties[] = {
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

PyObject* numpy(PyObject* self, PyObject*) {
  return guarded([&] { return to_numpy(self_tensor(self)); });
}

PyObject* array_protocol(PyObject* self, PyObject* args, PyObject* kwargs) {
  return guarded([&]() -> PyObject* {
    Ref array = checked(to_numpy(self_tensor(self)));
    PyObject* dtype = PyTuple_GET_SIZE(args) > 0 ? PyTuple_GET_ITEM(args, 0) : nullptr;
    if (dtype == nullptr && kwargs != nullptr) dtype = PyDict_GetItemString(kwargs, "dtype");
    if (dtype == nullptr || dtype == Py_None) return array.release();
    return PyObject_CallMethod(array.get(), "astype", "O", dtype);
  });
}

PyObject* item(PyObject* self, PyObject* args) {
  return guarded([&]() -> PyObject* {
    const Tensor& t = self_tensor(self);
    Py_ssize_t n = PyTuple_GET_SIZE(args);
    int64_t index = 0;
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
  eager::TensorImpl& impl = *cast(self)->impl;
  impl.edge = {};
  impl.collects = false;
  return Py_NewRef(self);
}
PyObject* dim(PyObject* self, PyObject*) { return PyLong_FromLong(self_tensor(self).rank()); }
PyObject* numel(PyObject* self, PyObject*) {
  return PyLong_FromLongLong(self_tensor(self).elements());
}
PyObject* element_size(PyObject* self, PyObject*) {
  return PyLong_FromSize_t(size_of(self_tensor(self).dtype()));
}
PyObject* data_ptr(PyObject* self, PyObject*) {
  return PyLong_FromVoidPtr(self_tensor(self).array().data);
}
PyObject* is_contiguous(PyObject* self, PyObject*) {
  return PyBool_FromLong(self_tensor(self).array().is_dense());
}
PyObject* contiguous(PyObject* self, PyObject*) {
  if (self_tensor(self).array().is_dense()) return Py_NewRef(self);
  return guarded([&] {
    ResultsOf face(self);
    return call_method(self, "tensor.clone").release();
  });
}
PyObject* same(PyObject* self, PyObject*) { return Py_NewRef(self); }
PyObject* bump(PyObject* self, PyObject*) {
  self_tensor(self).array().buffer->bump_version();
  Py_RETURN_NONE;
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
  eager::TensorImpl& impl = *cast(self)->impl;
  if (impl.edge.node && !impl.retains) {
    impl.retains = true;
    impl.edge.node->retained.emplace_back(impl.edge.index, &impl);
    impl.retained_by = impl.edge.node;
  }
  Py_RETURN_NONE;
}

Tensor fitted(const Tensor& dst, PyObject* value, std::string_view op) {
  Tensor src = is_tensor(value)
                   ? tensor_of(value)
                   : to_tensor(value, is_number(value) ? std::optional(dst.dtype()) : std::nullopt);
  if (src.dtype() != dst.dtype())
    src = eager::call1("tensor.cast", {src}, {{"dtype", dst.dtype()}});
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
    if (!std::equal(src.dims().begin(), src.dims().end(), t.dims().begin(), t.dims().end())) {
      throw UserError(ErrorKind::shape, "set_value", "value",
                      str("expected shape ", list_str(t.dims()), ", got ", list_str(src.dims())));
    }
    eager::NoGrad no_grad;
    if (src.dtype() != t.dtype()) src = eager::call1("tensor.cast", {src}, {{"dtype", t.dtype()}});
    eager::write(t, src, "set_value");
    Py_RETURN_NONE;
  });
}

PyObject* assign_new(PyObject* self, PyObject* value) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(value))
      throw UserError(ErrorKind::type, "_assign", "value", "expected a Tensor");
    const Tensor& t = self_tensor(self);
    const Tensor& src = tensor_of(value);
    if (!std::equal(src.dims().begin(), src.dims().end(), t.dims().begin(), t.dims().end())) {
      throw UserError(ErrorKind::shape, "_assign", "value",
                      str("expected ", list_str(t.dims()), ", got ", list_str(src.dims())));
    }
    eager::assign(t, src);
    return Py_NewRef(self);
  });
}

PyObject* subscript_self(PyObject* self, PyObject* key) { return get_item(self, key); }
int subscript_set(PyObject* self, PyObject* key, PyObject* value) {
  return set_item(self, key, value);
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

PyMethodDef methods[] = {
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

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weak), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
    {}};

template <class F>
void* slot(F f) {
  return reinterpret_cast<void*>(f);
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

PyMethodDef functions[] = {{"_from_pickle", from_pickle, METH_VARARGS, nullptr}, {}};

}  // namespace

bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, tensor_type); }
const Tensor& tensor_of(PyObject* object) { return self_tensor(object); }

PyObject* wrap(Tensor tensor) {
  if (!tensor) Py_RETURN_NONE;
  if (PyTypeObject* face = ResultsOf::face()) return wrap_as(face, std::move(tensor));
  TensorObject* object;
  if (free_count > 0) {
    object = free_list[--free_count];
    PyObject_Init(reinterpret_cast<PyObject*>(object), tensor_type);
    object->weak = nullptr;
    object->dict = nullptr;
    object->impl = tensor.detach_impl();
    PyObject_GC_Track(object);
    return reinterpret_cast<PyObject*>(object);
  }
  return wrap_as(tensor_type, std::move(tensor));
}

PyObject* wrap_as(PyTypeObject* type, Tensor tensor) {
  PyObject* object = type->tp_alloc(type, 0);
  if (object == nullptr) throw PythonError{};
  cast(object)->impl = tensor.detach_impl();
  return object;
}

int add_tensor(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc,
       const_cast<char*>(
           "A tensor: strided memory of one dtype, with its place on the tape of gradients.")},
      {Py_tp_new, slot(create)},
      {Py_tp_dealloc, slot(destroy)},
      {Py_tp_traverse, slot(traverse)},
      {Py_tp_clear, slot(clear)},
      {Py_tp_repr, slot(repr)},
      {Py_tp_hash, slot(hash)},
      {Py_tp_richcompare, slot(compare)},
      {Py_tp_getset, properties},
      {Py_tp_methods, methods},
      {Py_tp_members, members},
      {Py_nb_add, slot(binary<Add>)},
      {Py_nb_subtract, slot(binary<Subtract>)},
      {Py_nb_multiply, slot(binary<Multiply>)},
      {Py_nb_true_divide, slot(binary<Divide>)},
      {Py_nb_floor_divide, slot(binary<FloorDivide>)},
      {Py_nb_remainder, slot(binary<Remainder>)},
      {Py_nb_power, slot(power)},
      {Py_nb_matrix_multiply, slot(binary<Matmul>)},
      {Py_nb_and, slot(binary<And>)},
      {Py_nb_or, slot(binary<Or>)},
      {Py_nb_xor, slot(binary<Xor>)},
      {Py_nb_lshift, slot(binary<ShiftLeft>)},
      {Py_nb_rshift, slot(binary<ShiftRight>)},
      {Py_nb_inplace_add, slot(inplace<Add>)},
      {Py_nb_inplace_subtract, slot(inplace<Subtract>)},
      {Py_nb_inplace_multiply, slot(inplace<Multiply>)},
      {Py_nb_inplace_true_divide, slot(inplace<Divide>)},
      {Py_nb_inplace_floor_divide, slot(inplace<FloorDivide>)},
      {Py_nb_inplace_remainder, slot(inplace<Remainder>)},
      {Py_nb_inplace_power, slot(inplace_power)},
      {Py_nb_inplace_and, slot(inplace<And>)},
      {Py_nb_inplace_or, slot(inplace<Or>)},
      {Py_nb_inplace_xor, slot(inplace<Xor>)},
      {Py_nb_negative, slot(unary<Negative>)},
      {Py_nb_positive, slot(positive)},
      {Py_nb_absolute, slot(unary<Absolute>)},
      {Py_nb_invert, slot(unary<Invert>)},
      {Py_nb_bool, slot(truth)},
      {Py_nb_float, slot(as_float)},
      {Py_nb_int, slot(as_python_int)},
      {Py_nb_index, slot(as_index)},
      {Py_mp_length, slot(length)},
      {Py_mp_subscript, slot(subscript_self)},
      {Py_mp_ass_subscript, slot(subscript_set)},
      {Py_sq_item, slot(sequence_item)},
      {Py_sq_length, slot(length)},
      {Py_sq_contains, slot(contains)},
      {Py_bf_getbuffer, slot(get_buffer)},
      {Py_bf_releasebuffer, slot(release_buffer)},
      {0, nullptr}};
  static PyType_Spec spec = {"proa.Tensor", sizeof(TensorObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC, slots};
  tensor_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (tensor_type == nullptr) return -1;
  Ref priority(PyLong_FromLong(1000));  // NumPy's operators step aside: array * tensor is ours
  if (PyObject_SetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__array_priority__",
                             priority.get()) < 0)
    return -1;
  if (PyObject_SetAttrString(reinterpret_cast<PyObject*>(tensor_type), "__array_ufunc__", Py_None) <
      0)
    return -1;
  if (PyModule_AddObjectRef(module, "Tensor", reinterpret_cast<PyObject*>(tensor_type)) < 0)
    return -1;
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
