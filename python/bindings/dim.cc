// proa.ir.Dim: a symbolic size as a Python number, as far as it goes. What cannot be an expression
// (float(n), an unproved n == 3) raises SizeNotKnownError, so that the trace is done by extents.

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ir/symbol/need.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

using ir::Dim;

PyTypeObject* dim_type;

struct DimObject {
  PyObject_HEAD
  Dim dim;
};

bool is_dim(PyObject* object) {
  return dim_type != nullptr && PyObject_TypeCheck(object, dim_type);
}

Dim dim_of(PyObject* self) { return reinterpret_cast<DimObject*>(self)->dim; }

// A Dim or a Python int; nothing else.
std::optional<Dim> side(PyObject* object) {
  if (is_dim(object)) return dim_of(object);
  if (!PyLong_Check(object)) return std::nullopt;
  return Dim(as_int(object, "Dim", "operand"));
}

void destroy(PyObject* self) {
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyObject* as_number(PyObject* self);

// Where there is no expression for it: what Python makes of the numbers of this call, a guard.
PyObject* by_number(PyObject* a, PyObject* b, binaryfunc f) {
  for (PyObject* one : {a, b}) {
    if (!is_dim(one) && !PyLong_Check(one) && !PyFloat_Check(one) && !PyComplex_Check(one))
      Py_RETURN_NOTIMPLEMENTED;
  }
  auto plain = [](PyObject* one) { return is_dim(one) ? Ref(as_number(one)) : Ref::share(one); };
  Ref x = plain(a), y = x ? plain(b) : Ref();
  return y ? f(x.get(), y.get()) : nullptr;
}

template <binaryfunc f>
PyObject* numeric(PyObject* a, PyObject* b) {
  return by_number(a, b, f);
}

template <class F>
PyObject* combined(PyObject* a, PyObject* b, binaryfunc other, F&& f) {
  return guarded([&]() -> PyObject* {
    auto x = side(a), y = side(b);
    return x && y ? wrap_dim(f(*x, *y)) : by_number(a, b, other);
  });
}

PyObject* add(PyObject* a, PyObject* b) {
  return combined(a, b, PyNumber_Add, [](Dim x, Dim y) { return x + y; });
}
PyObject* subtract(PyObject* a, PyObject* b) {
  return combined(a, b, PyNumber_Subtract, [](Dim x, Dim y) { return x - y; });
}
PyObject* multiply(PyObject* a, PyObject* b) {
  return combined(a, b, PyNumber_Multiply, [](Dim x, Dim y) { return x * y; });
}
PyObject* floor_divide(PyObject* a, PyObject* b) {
  return combined(a, b, PyNumber_FloorDivide, [](Dim x, Dim y) { return ir::floordiv(x, y); });
}
PyObject* remainder(PyObject* a, PyObject* b) {
  return combined(a, b, PyNumber_Remainder, [](Dim x, Dim y) { return ir::mod(x, y); });
}
PyObject* negative(PyObject* a) {
  return guarded([&] { return wrap_dim(-dim_of(a)); });
}

std::optional<int64_t> likely_now(Dim dim) {
  eager::Capture* capture = eager::Capture::active();
  return capture == nullptr ? std::nullopt : capture->builder().facts().likely(dim);
}

PyObject* not_a_number(PyObject* self);

std::string text(Dim dim) { return str("the size ", to_string(dim)); }

PyObject* as_number(PyObject* self) {
  return guarded([&]() -> PyObject* {
    auto number = size_as_number(dim_of(self));
    return number ? PyLong_FromLongLong(*number) : not_a_number(self);
  });
}

PyObject* as_float(PyObject* self) {
  Ref number(as_number(self));
  return number ? PyFloat_FromDouble(static_cast<double>(PyLong_AsLongLong(number.get())))
                : nullptr;
}

// What the sizes of this call have decided is a guard. Where that contradicts what was guarded
// before, nothing that follows from it may stay in the graph.
void guarded_by(bool recorded, std::string_view message, std::vector<Dim> dims) {
  if (!recorded) throw ir::NeedExtents{std::string(message), std::move(dims)};
}

// What holds for the sizes of this call, as a guard; unknown where no call is at hand.
ir::Truth guarded_truth(Dim a, Dim b, int op) {
  auto x = likely_now(a), y = likely_now(b);
  if (!x || !y) return ir::Truth::unknown;
  ir::Facts& facts = eager::Capture::active()->builder().facts();
  std::string message = str("compared", eager::Capture::active()->where());
  bool holds = false, recorded = false;
  switch (op) {
    case Py_EQ:
    case Py_NE:
      holds = *x == *y;
      if (holds) {
        recorded = facts.require_eq(a, b, message);
      } else if (*x > *y) {
        recorded = facts.require_ge(a, b + 1, message);
      } else {
        recorded = facts.require_ge(b, a + 1, message);
      }
      guarded_by(recorded, message, {a, b});
      return holds ? ir::Truth::yes : ir::Truth::no;
    case Py_GE: holds = *x >= *y; break;
    case Py_GT: holds = *x > *y; break;
    case Py_LE: holds = *x <= *y; break;
    default: holds = *x < *y; break;
  }
  // Now one of the four orders is to be stated: the one asked for, or its opposite.
  bool greater = (op == Py_GE || op == Py_GT) == holds;
  bool strict = (op == Py_GT || op == Py_LT) == holds;
  Dim large = greater ? a : b, small = greater ? b : a;
  guarded_by(facts.require_ge(large, strict ? small + 1 : small, message), message, {a, b});
  return holds ? ir::Truth::yes : ir::Truth::no;
}

PyObject* not_a_number(PyObject* self) {
  PyErr_SetString(
      size_not_known,
      str(text(dim_of(self)), " is a symbol: it has no value while it is traced").c_str());
  return nullptr;
}

ir::Truth proved(Dim a, Dim b, int op, ir::Facts& facts) {
  switch (op) {
    case Py_EQ:
    case Py_NE: return facts.prove_eq(a, b);
    case Py_GE: return facts.prove_ge(a, b);
    case Py_GT: return facts.prove_gt(a, b);
    case Py_LE: return facts.prove_ge(b, a);
    default: return facts.prove_gt(b, a);
  }
}

PyObject* compare(PyObject* a, PyObject* b, int op) {
  return guarded([&]() -> PyObject* {
    auto x = side(a), y = side(b);
    if (!x || !y) {
      const bool real = PyFloat_Check(a) || PyFloat_Check(b);
      if (!real || eager::Capture::active() == nullptr) Py_RETURN_NOTIMPLEMENTED;
      auto plain = [](PyObject* one) {
        return is_dim(one) ? Ref(as_number(one)) : Ref::share(one);
      };
      Ref m = plain(a), n = m ? plain(b) : Ref();
      return n ? PyObject_RichCompare(m.get(), n.get(), op) : nullptr;
    }
    eager::Capture* capture = eager::Capture::active();
    // Outside of a trace, == says whether two expressions are the same one.
    if (capture == nullptr && (op == Py_EQ || op == Py_NE))
      return PyBool_FromLong((*x == *y) == (op == Py_EQ));
    ir::Facts own(eager::context().symbols());
    ir::Truth truth = proved(*x, *y, op, capture != nullptr ? capture->builder().facts() : own);
    if (truth == ir::Truth::unknown) truth = guarded_truth(*x, *y, op);
    if (truth == ir::Truth::unknown) {
      PyErr_SetString(size_not_known, str("whether ", text(*x), " compares so with ", text(*y),
                                          " is not known while they are symbols")
                                          .c_str());
      return nullptr;
    }
    return PyBool_FromLong((truth == ir::Truth::yes) != (op == Py_NE));
  });
}

int truth(PyObject* self) {
  return guarded_int([&]() -> int {
    eager::Capture* capture = eager::Capture::active();
    ir::Facts own(eager::context().symbols());
    ir::Facts& facts = capture != nullptr ? capture->builder().facts() : own;
    switch (facts.prove_eq(dim_of(self), 0)) {
      case ir::Truth::yes: return 0;
      case ir::Truth::no: return 1;
      default:
        switch (guarded_truth(dim_of(self), 0, Py_EQ)) {
          case ir::Truth::yes: return 0;
          case ir::Truth::no: return 1;
          default: not_a_number(self); return -1;
        }
    }
  });
}

// In a set or as a key, it must meet the number that it is.
Py_hash_t hash(PyObject* self) {
  if (likely_now(dim_of(self))) {
    Ref number(as_number(self));
    return number ? PyObject_Hash(number.get()) : -1;
  }
  auto value = static_cast<Py_hash_t>(dim_of(self).hash());
  return value == -1 ? -2 : value;
}

// Of the number, where the sizes of a call are at hand: a text of eager's.
PyObject* as_text(PyObject* self) {
  if (!likely_now(dim_of(self))) return to_str(to_string(dim_of(self))).release();
  Ref number(as_number(self));
  return number ? PyObject_Str(number.get()) : nullptr;
}

PyObject* formatted(PyObject* self, PyObject* spec) {
  Ref shown(likely_now(dim_of(self)) ? as_number(self) : as_text(self));
  return shown ? PyObject_Format(shown.get(), spec) : nullptr;
}

PyObject* rounded(PyObject* self, PyObject* args) {
  Ref number(as_number(self));
  Ref method(number ? PyObject_GetAttrString(number.get(), "__round__") : nullptr);
  return method ? PyObject_CallObject(method.get(), args) : nullptr;
}

PyObject* power(PyObject* a, PyObject* b, PyObject* modulus) {
  if (modulus != Py_None) Py_RETURN_NOTIMPLEMENTED;
  return by_number(a, b, [](PyObject* x, PyObject* y) { return PyNumber_Power(x, y, Py_None); });
}

template <unaryfunc f>
PyObject* one_number(PyObject* self) {
  Ref number(as_number(self));
  return number ? f(number.get()) : nullptr;
}

PyObject* itself(PyObject* self) { return Py_NewRef(self); }

// What ints have (bit_length, numerator), of the number.
PyObject* attribute(PyObject* self, PyObject* name) {
  auto type = reinterpret_cast<PyObject*>(&PyLong_Type);
  PyObject* found = PyObject_GenericGetAttr(self, name);
  if (found != nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return found;
  if (!likely_now(dim_of(self)) || text_of(name).starts_with("__")) return nullptr;
  PyErr_Clear();
  if (PyObject_HasAttr(type, name) == 0) return PyObject_GenericGetAttr(self, name);
  Ref number(as_number(self));
  return number ? PyObject_GetAttr(number.get(), name) : nullptr;
}

PyMethodDef methods[] = {
    {"__format__", formatted, METH_O, nullptr}, {"__round__", rounded, METH_VARARGS, nullptr}, {}};

template <class F>
void* slot(F f) {
  return reinterpret_cast<void*>(f);
}

}  // namespace

std::optional<int64_t> size_as_number(Dim dim) {
  auto number = likely_now(dim);
  if (!number) return std::nullopt;
  eager::Capture& capture = *eager::Capture::active();
  std::string message = str("read as a number", capture.where());
  guarded_by(capture.builder().facts().require_eq(dim, *number, message), message, {dim});
  return number;
}

std::optional<Dim> as_dim(PyObject* object) {
  if (!is_dim(object)) return std::nullopt;
  return dim_of(object);
}

PyObject* wrap_dim(Dim dim) {
  if (auto value = dim.as_const()) return PyLong_FromLongLong(*value);
  auto object = reinterpret_cast<DimObject*>(dim_type->tp_alloc(dim_type, 0));
  if (object == nullptr) throw PythonError{};
  object->dim = dim;
  return reinterpret_cast<PyObject*>(object);
}

void keep_size_error() {
  if (PyErr_ExceptionMatches(size_not_known)) throw PythonError{};
}

ir::Attribute dims_attribute(PyObject* sequence, std::string_view op, std::string_view argument) {
  Ref fast = checked(PySequence_Fast(sequence, "expected integers"));
  std::vector<Dim> dims;
  bool symbolic = false;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), i);
    symbolic |= is_dim(item);
    dims.push_back(is_dim(item) ? dim_of(item) : Dim(as_int(item, op, argument)));
  }
  if (symbolic) return ir::Attribute::dims(eager::context(), dims);
  std::vector<int64_t> ints;
  for (Dim dim : dims) ints.push_back(dim.constant());
  return ir::Attribute::ints(eager::context(), ints);
}

ir::Location user_location(ir::Context& context) {
  Ref frame = Ref::share(reinterpret_cast<PyObject*>(PyEval_GetFrame()));
  while (frame && frame.get() != Py_None) {
    Ref globals(PyObject_GetAttrString(frame.get(), "f_globals"));
    PyObject* name = globals ? PyDict_GetItemString(globals.get(), "__name__") : nullptr;
    std::string_view module = name != nullptr && PyUnicode_Check(name) ? text_of(name) : "";
    if (module != "proa" && !module.starts_with("proa.")) {
      Ref code(PyObject_GetAttrString(frame.get(), "f_code"));
      Ref file(code ? PyObject_GetAttrString(code.get(), "co_filename") : nullptr);
      int line = PyFrame_GetLineNumber(reinterpret_cast<PyFrameObject*>(frame.get()));
      if (file && PyUnicode_Check(file.get()))
        return ir::Location::file(context, text_of(file.get()), line);
      break;
    }
    frame = Ref(PyObject_GetAttrString(frame.get(), "f_back"));
  }
  PyErr_Clear();
  return {};
}

int add_dims(PyObject* module) {
  static PyType_Slot slots[] = {
      {Py_tp_doc, const_cast<char*>("A symbolic size: an integer expression over named symbols. "
                                    "It adds, subtracts, multiplies, divides by //, and takes %; "
                                    "a comparison that cannot be proved raises "
                                    "SizeNotKnownError. In a captured function it is the number of "
                                    "the call for whatever else asks.")},
      {Py_tp_methods, methods},
      {Py_tp_getattro, slot(attribute)},
      {Py_tp_dealloc, slot(destroy)},
      {Py_tp_repr, slot(as_text)},
      {Py_tp_str, slot(as_text)},
      {Py_tp_hash, slot(hash)},
      {Py_tp_richcompare, slot(compare)},
      {Py_nb_add, slot(add)},
      {Py_nb_subtract, slot(subtract)},
      {Py_nb_multiply, slot(multiply)},
      {Py_nb_floor_divide, slot(floor_divide)},
      {Py_nb_remainder, slot(remainder)},
      {Py_nb_negative, slot(negative)},
      {Py_nb_positive, slot(itself)},
      {Py_nb_absolute, slot(one_number<PyNumber_Absolute>)},
      {Py_nb_invert, slot(one_number<PyNumber_Invert>)},
      {Py_nb_true_divide, slot(numeric<PyNumber_TrueDivide>)},
      {Py_nb_divmod, slot(numeric<PyNumber_Divmod>)},
      {Py_nb_lshift, slot(numeric<PyNumber_Lshift>)},
      {Py_nb_rshift, slot(numeric<PyNumber_Rshift>)},
      {Py_nb_and, slot(numeric<PyNumber_And>)},
      {Py_nb_or, slot(numeric<PyNumber_Or>)},
      {Py_nb_xor, slot(numeric<PyNumber_Xor>)},
      {Py_nb_power, slot(power)},
      {Py_nb_bool, slot(truth)},
      {Py_nb_index, slot(as_number)},
      {Py_nb_int, slot(as_number)},
      {Py_nb_float, slot(as_float)},
      {0, nullptr}};
  static PyType_Spec spec = {"proa.ir.Dim", sizeof(DimObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  dim_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (dim_type == nullptr) return -1;
  return PyModule_AddObjectRef(module, "Dim", reinterpret_cast<PyObject*>(dim_type));
}

}  // namespace proa::python
