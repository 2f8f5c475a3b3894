// The Python type Tensor: a heap type with number slots and a free list; its operators come from
// pages.

#include "python/bindings/tensor.h"

#include <structmember.h>

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/holdings.h"
#include "proa/ir/page.h"

namespace proa::python {

PyTypeObject* tensor_type;

namespace {

constexpr int kFreeMax = 64;
TensorObject* free_list[kFreeMax];
int free_count = 0;

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
  if (cast(self)->impl == nullptr || !eager::Foreign::any()) return 0;
  int stop = 0;
  eager::owned_foreign(*cast(self)->impl, [&](eager::Foreign& held) {
    if (stop == 0) stop = visit(static_cast<Callable&>(held).get(), arg);
  });
  return stop;
}

int clear(PyObject* self) {
  Py_CLEAR(cast(self)->dict);
  if (cast(self)->impl != nullptr) eager::abandon(*cast(self)->impl);
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

// Anything but tensors, numbers and arrays is left to the other side of an operator.
bool takes_part(PyObject* object) {
  return is_tensor(object) || is_number(object) || as_dim(object) || captured_float(object) ||
         PyList_Check(object) || PyTuple_Check(object) ||
         PyObject_HasAttrString(object, "__array__") ||
         PyObject_HasAttrString(object, "__dlpack__");
}

// One slot a Python operator.
template <class Tag>
PyObject* binary(PyObject* a, PyObject* b) {
  if (!takes_part(a) || !takes_part(b)) Py_RETURN_NOTIMPLEMENTED;
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
      // What is captured asks Python where the user's code stands.
      ReleaseGil release(work > 32768 && eager::Capture::active() == nullptr);
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
    (void)t.array();
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
  if (t.impl()->captured != nullptr && t.dims()[0] < 0) {
    try {
      if (auto number = size_as_number(eager::symbolic_dims(t)[0])) return *number;
    } catch (...) {
      set_error();
      return -1;
    }
    PyErr_SetString(size_not_known, "the length of this tensor is a symbol while it is traced");
    return -1;
  }
  return static_cast<Py_ssize_t>(t.dims()[0]);
}

PyObject* sequence_item(PyObject* self, Py_ssize_t i) {
  // Iteration ends where an index is out of range: under capture no length, no end.
  if (is_tensor(self) && length(self) < 0) return nullptr;
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
  explicit View(const Tensor& t) : keeps(t), hold(t.array().buffer) {}
  std::vector<Py_ssize_t> shape, strides;
  Tensor keeps;
  runtime::OutsideHold hold;
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
    case DType::i64: return sizeof(long) == 8 ? "l" : "q";  // as numpy.int64 has it
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
    if (eager::Capture* capture = eager::Capture::active()) [[unlikely]]
      capture->reading();
    const Tensor& t = self_tensor(self);
    const auto& array = t.array();
    if ((flags & PyBUF_STRIDES) != PyBUF_STRIDES && !array.is_dense()) {
      throw UserError(ErrorKind::value, "buffer", "",
                      "this tensor is strided; use contiguous() first");
    }
    bool writable = array.buffer->writable();
    if ((flags & PyBUF_WRITABLE) && !writable)
      throw UserError(ErrorKind::value, "buffer", "", "this tensor is read-only");
    auto view = std::make_unique<View>(t);
    auto size = static_cast<Py_ssize_t>(size_of(t.dtype()));
    for (int64_t d : array.dims) view->shape.push_back(static_cast<Py_ssize_t>(d));
    for (int64_t s : array.strides) view->strides.push_back(static_cast<Py_ssize_t>(s) * size);
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

PyObject* subscript_self(PyObject* self, PyObject* key) { return get_item(self, key); }
int subscript_set(PyObject* self, PyObject* key, PyObject* value) {
  return set_item(self, key, value);
}

PyMemberDef members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(TensorObject, weak), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(TensorObject, dict), READONLY, nullptr},
    {}};

template <class F>
void* slot(F f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

Ref call_method(PyObject* self, std::string_view op, std::initializer_list<PyObject*> rest) {
  PyObject* args[8] = {self};
  Py_ssize_t n = 1;
  for (PyObject* item : rest) args[n++] = item;
  const OperatorTable& table = operator_table(op);
  return checked(wrap_results(table, call_operator(table, args, n, nullptr)));
}

const Tensor& one_element(PyObject* self, std::string_view what) {
  const Tensor& t = self_tensor(self);
  (void)t.array();  // one without contents says so
  if (t.elements() != 1) {
    throw UserError(ErrorKind::value, what, "",
                    str("only a tensor of one element can become a Python number, got shape ",
                        list_str(t.dims())));
  }
  return t;
}

PyObject* item_object(const Tensor& t, int64_t index) {
  if (eager::Capture* capture = eager::Capture::active()) [[unlikely]]
    capture->reading();
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

bool is_tensor(PyObject* object) { return PyObject_TypeCheck(object, tensor_type); }
void rebind(PyObject* target, const Tensor& value) {
  Tensor held = value;
  Tensor::adopt(std::exchange(cast(target)->impl, held.detach_impl()));
}

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
      {Py_tp_getset, tensor_properties},
      {Py_tp_methods, tensor_methods},
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
  return PyModule_AddFunctions(module, tensor_functions);
}

}  // namespace proa::python
