// Operators as Python callables, made from their pages: argument names and aliases, defaults,
// numbers in the place of tensors, Tensor methods and in-place variants.
// Each is an object with a vectorcall, so that parsing is a walk over interned names.

#include "python/bindings/operators.h"

#include <structmember.h>

#include <cmath>

#include "proa/base/error.h"
#include "proa/eager/function_capture.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/samples.h"

namespace proa::python {

using ir::AttrForm;
using ir::Attribute;

namespace {

PyTypeObject* operator_type;

std::vector<std::string_view> signature_names(const ir::Page& page) {
  std::vector<std::string_view> names;
  std::string_view text = page.signature;
  while (!text.empty()) {
    size_t comma = text.find(',');
    std::string_view name = text.substr(0, comma);
    while (!name.empty() && name.front() == ' ') name.remove_prefix(1);
    while (!name.empty() && name.back() == ' ') name.remove_suffix(1);
    if (!name.empty()) names.push_back(name);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  if (!names.empty()) return names;
  for (const auto& operand : page.operands) {
    if (!operand.rng_key) names.push_back(operand.name);
  }
  for (const auto& attr : page.attrs) names.push_back(attr.name);
  return names;
}

PyObject* interned(std::string_view text) {
  PyObject* name = PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
  PyUnicode_InternInPlace(&name);
  return name;
}

OperatorTable make_table(const ir::OpInfo& op) {
  OperatorTable table;
  table.op = &op;
  const ir::Page& page = *op.page;
  for (std::string_view name : signature_names(page)) {
    Parameter parameter;
    parameter.name = std::string(name);
    auto take = [&](auto& spec, int index, bool operand) {
      parameter.operand = operand ? index : -1;
      parameter.attr = operand ? -1 : index;
      parameter.names.push_back(interned(spec.name));
      for (auto alias : spec.aliases) parameter.names.push_back(interned(alias));
    };
    for (size_t i = 0; i < page.operands.size(); ++i) {
      if (page.operands[i].name == name) take(page.operands[i], static_cast<int>(i), true);
    }
    for (size_t i = 0; i < page.attrs.size(); ++i) {
      if (page.attrs[i].name == name) take(page.attrs[i], static_cast<int>(i), false);
    }
    PROA_CHECK(!parameter.names.empty(), "the signature of ", page.name, " names '", name,
               "', which is neither an operand nor an attribute");
    table.parameters.push_back(std::move(parameter));
  }
  return table;
}

[[noreturn]] void wrong_attr(const ir::Page& page, const ir::AttrSpec& spec,
                             std::string_view expected, PyObject* got) {
  Ref text = checked(PyObject_Repr(got));
  std::string shown(text_of(text.get()).substr(0, 80));
  throw UserError(ErrorKind::type, page.name, spec.name,
                  str("expected ", expected, ", got ", shown));
}

std::optional<double> as_real(PyObject* object) {
  if (PyFloat_Check(object)) return PyFloat_AS_DOUBLE(object);
  if (PyLong_Check(object)) return PyLong_AsDouble(object);
  if (is_tensor(object)) {
    const Tensor& t = tensor_of(object);
    if (t.elements() == 1 && !is_complex(t.dtype())) return t.item();
    return std::nullopt;
  }
  if (PyNumber_Check(object) && !PyComplex_Check(object)) {
    double value = PyFloat_AsDouble(object);
    if (!PyErr_Occurred()) return value;
    keep_size_error();
    PyErr_Clear();
  }
  return std::nullopt;
}

std::optional<DType> as_dtype_of_scalar(PyObject* object) {
  Ref dtype(PyObject_GetAttrString(object, "dtype"));
  if (!dtype) {
    PyErr_Clear();
    return std::nullopt;
  }
  return as_dtype(dtype.get());
}

bool is_sequence(PyObject* object) {
  return PyList_Check(object) || PyTuple_Check(object) ||
         (PySequence_Check(object) && !PyUnicode_Check(object) &&
          !(is_tensor(object) && tensor_of(object).rank() == 0));
}

bool is_int_like(PyObject* object) {
  return (PyLong_Check(object) && !PyBool_Check(object)) || as_dim(object).has_value();
}

// Whether the rules of a page take an attribute, which is no shape, as a symbolic size. Of others
// such a size is read, which makes its number a guard of the capture.
bool takes_size(const ir::Page& page, const ir::AttrSpec& spec) {
  if (page.name == "arange") return spec.name == "start" || spec.name == "end";
  if (page.name == "topk" || page.name == "kthvalue") return spec.name == "k";
  return spec.name == "fill_value" || spec.name == "num_classes";
}

// The C++ form of a Python value for one attribute; a null Attribute leaves the default.
Attribute to_attr(const ir::Page& page, const ir::AttrSpec& spec, PyObject* object) {
  ir::Context& c = eager::context();
  if (object == Py_None) return {};
  if (takes_size(page, spec)) {
    if (auto dim = as_dim(object)) return Attribute::dim(c, *dim);
  }
  switch (spec.form) {
    case AttrForm::boolean:
      if (PyBool_Check(object)) return Attribute::boolean(c, object == Py_True);
      // What NumPy calls a bool counts too, and so does a bool tensor of one element.
      if (is_tensor(object)
              ? tensor_of(object).dtype() == DType::boolean && tensor_of(object).elements() == 1
              : !PyLong_Check(object) && is_number(object) &&
                    as_dtype_of_scalar(object) == DType::boolean) {
        return Attribute::boolean(c, PyObject_IsTrue(object) == 1);
      }
      wrong_attr(page, spec, "True or False", object);
    case AttrForm::integer:
    case AttrForm::axis: {
      if (PyFloat_Check(object) &&
          std::floor(PyFloat_AS_DOUBLE(object)) == PyFloat_AS_DOUBLE(object) &&
          spec.form == AttrForm::integer) {
        return Attribute::integer(c, static_cast<int64_t>(PyFloat_AS_DOUBLE(object)));
      }
      if (PyBool_Check(object) || PyFloat_Check(object) || PyUnicode_Check(object) ||
          PyList_Check(object) || PyTuple_Check(object)) {
        if ((PyList_Check(object) || PyTuple_Check(object)) && PySequence_Size(object) == 1) {
          return Attribute::integer(c, as_ints(object, page.name, spec.name)[0]);
        }
        wrong_attr(page, spec, "an integer", object);
      }
      return Attribute::integer(c, as_int(object, page.name, spec.name));
    }
    case AttrForm::real: {
      auto value = as_real(object);
      if (!value) wrong_attr(page, spec, "a number", object);
      return Attribute::real(c, *value);
    }
    case AttrForm::number: {
      if (PyUnicode_Check(object) && !spec.choices.empty())
        return Attribute::string(c, text_of(object));
      if (PyBool_Check(object)) return Attribute::boolean(c, object == Py_True);
      if (is_int_like(object)) return Attribute::integer(c, as_int(object, page.name, spec.name));
      if (PyComplex_Check(object)) {
        return Attribute::complex(c,
                                  {PyComplex_RealAsDouble(object), PyComplex_ImagAsDouble(object)});
      }
      auto value = as_real(object);
      if (!value) wrong_attr(page, spec, "a number", object);
      return Attribute::real(c, *value);
    }
    case AttrForm::string:
      if (!PyUnicode_Check(object)) wrong_attr(page, spec, "a string", object);
      return Attribute::string(c, text_of(object));
    case AttrForm::dtype: return Attribute::dtype(c, dtype_of(object, page.name, spec.name));
    case AttrForm::padding:
      if (PyUnicode_Check(object)) return Attribute::string(c, text_of(object));
      if (PyList_Check(object) ||
          PyTuple_Check(object)) {  // [[0, 0], [0, 0], [1, 1]]: pairs are laid in a row
        Ref flat = checked(PyList_New(0));
        bool nested = false;
        for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i) {
          Ref item = checked(PySequence_GetItem(object, i));
          bool pair = PyList_Check(item.get()) || PyTuple_Check(item.get());
          nested |= pair;
          for (Py_ssize_t k = 0; pair && k < PySequence_Size(item.get()); ++k) {
            checked(PyList_Append(flat.get(), checked(PySequence_GetItem(item.get(), k)).get()));
          }
        }
        if (nested) return Attribute::ints(c, as_ints(flat.get(), page.name, spec.name));
      }
      [[fallthrough]];
    case AttrForm::axes:
    case AttrForm::ints:
    case AttrForm::shape: {
      if (PyFloat_Check(object) || PyUnicode_Check(object))
        wrong_attr(page, spec, "integers", object);
      if (spec.form == AttrForm::shape && !is_tensor(object)) {
        if (auto dim = as_dim(object)) return Attribute::dim(c, *dim);
        if (is_sequence(object)) return dims_attribute(object, page.name, spec.name);
      }
      if (is_sequence(object)) return Attribute::ints(c, as_ints(object, page.name, spec.name));
      int64_t one = as_int(object, page.name, spec.name);
      // A shape keeps the difference between 3 and [3]: split cuts into 3 pieces, or takes one of
      // size 3.
      if (spec.form == AttrForm::shape) return Attribute::integer(c, one);
      return Attribute::ints(c, std::vector<int64_t>{one});
    }
    case AttrForm::reals: {
      std::vector<double> values;
      if (is_sequence(object)) {
        Ref fast = checked(PySequence_Fast(object, "expected numbers"));
        for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
          auto value = as_real(PySequence_Fast_GET_ITEM(fast.get(), i));
          if (!value) wrong_attr(page, spec, "a list of numbers", object);
          values.push_back(*value);
        }
      } else {
        auto value = as_real(object);
        if (!value) wrong_attr(page, spec, "a number or a list of numbers", object);
        values.push_back(*value);
      }
      return Attribute::reals(c, values);
    }
    default:
      throw UserError(ErrorKind::type, page.name, spec.name,
                      "this argument cannot be given from Python");
  }
}

}  // namespace

// Arguments laid out by parameter, borrowed.
class Arguments {
 public:
  Arguments(const OperatorTable& table, PyObject* const* args, Py_ssize_t count, PyObject* keywords)
      : table_(table), values_(table.parameters.size(), nullptr) {
    const auto& parameters = table.parameters;
    auto limit = static_cast<Py_ssize_t>(parameters.size());
    Py_ssize_t n = count;
    if (count > 0) pack(args, count, n);
    for (Py_ssize_t i = 0; i < n; ++i) {
      if (i < limit) {
        if (!values_[static_cast<size_t>(i)]) values_[static_cast<size_t>(i)] = args[i];
      } else if (!(i == limit &&
                   (args[i] == Py_None || PyUnicode_Check(args[i])))) {  // a trailing `name`
        throw UserError(ErrorKind::type, table.op->page->name, "",
                        str("takes at most ", limit, " arguments, got ", count));
      }
    }
    if (keywords == nullptr) return;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(keywords); ++k) {
      keyword(PyTuple_GET_ITEM(keywords, k), args[count + k]);
    }
  }

  PyObject* operator[](size_t i) const { return values_[i]; }

 private:
  // x.reshape(2, 3) and x.transpose(0, 1): integers that run on belong to the one list parameter.
  void pack(PyObject* const* args, Py_ssize_t count, Py_ssize_t& n) {
    const ir::Page& page = *table_.op->page;
    for (size_t p = 0; p < table_.parameters.size() && static_cast<Py_ssize_t>(p) + 1 < count;
         ++p) {
      int attr = table_.parameters[p].attr;
      if (attr < 0) continue;
      AttrForm form = page.attrs[static_cast<size_t>(attr)].form;
      if (form != AttrForm::shape && form != AttrForm::axes && form != AttrForm::ints) return;
      auto start = static_cast<Py_ssize_t>(p);
      for (Py_ssize_t i = start; i < count; ++i) {
        if (!is_int_like(args[i]) && !is_tensor(args[i])) return;
      }
      // A next parameter that takes integers keeps its own.
      if (p + 1 < table_.parameters.size()) {
        int next = table_.parameters[p + 1].attr;
        if (next >= 0) {
          AttrForm after = page.attrs[static_cast<size_t>(next)].form;
          if (after == AttrForm::axis) return;  // split(x, 3, -1)
          if (form != AttrForm::shape && after != AttrForm::dtype && after != AttrForm::string)
            return;
        }
      }
      packed_ = checked(PyTuple_New(count - start));
      for (Py_ssize_t i = start; i < count; ++i)
        PyTuple_SET_ITEM(packed_.get(), i - start, Py_NewRef(args[i]));
      values_[p] = packed_.get();
      n = start;
      return;
    }
  }

  void keyword(PyObject* name, PyObject* value) {
    size_t found = table_.find(name);
    if (found == OperatorTable::kNotFound) {
      if (text_of(name) == "name") return;  // Paddle's label of an operation
      std::vector<std::string_view> known;
      for (const Parameter& p : table_.parameters) known.push_back(p.name);
      std::string_view near = nearest(text_of(name), known);
      throw UserError(ErrorKind::key, table_.op->page->name, text_of(name),
                      str("there is no such argument",
                          near.empty() ? "" : str("; did you mean '", near, "'?")));
    }
    if (values_[found] != nullptr) {
      throw UserError(ErrorKind::type, table_.op->page->name, table_.parameters[found].name,
                      "this argument is given twice");
    }
    values_[found] = value;
  }

  const OperatorTable& table_;
  SmallVector<PyObject*, 12> values_;
  Ref packed_;
};

size_t OperatorTable::find(PyObject* name) const {
  for (size_t i = 0; i < parameters.size(); ++i) {
    for (PyObject* known : parameters[i].names) {
      if (known == name) return i;
    }
  }
  for (size_t i = 0; i < parameters.size(); ++i) {  // a name that was not interned
    for (PyObject* known : parameters[i].names) {
      if (PyUnicode_Compare(known, name) == 0) return i;
    }
  }
  return kNotFound;
}

std::vector<Tensor> call_operator(const OperatorTable& table, PyObject* const* args,
                                  Py_ssize_t count, PyObject* keywords, bool* as_tuple) {
  const ir::Page& page = *table.op->page;
  Arguments arguments(table, args, count, keywords);
  std::vector<eager::Operand> operands;
  SmallVector<int64_t, 8> segments(page.operands.size(), 0);
  ir::AttrList attrs;
  int64_t work = 0;
  // Operands in the page's order, wherever the signature puts them.
  for (size_t i = 0; i < page.operands.size(); ++i) {
    const ir::OperandSpec& spec = page.operands[i];
    size_t at = table.parameter_of(static_cast<int>(i));
    PyObject* value = at == OperatorTable::kNotFound ? nullptr : arguments[at];
    if (value == nullptr || value == Py_None) {
      if (!spec.optional && !spec.rng_key) {
        throw UserError(ErrorKind::value, page.name, spec.name, "this argument is required");
      }
      continue;
    }
    if (spec.variadic) {
      if (is_tensor(value)) {
        operands.emplace_back(tensor_of(value));
        segments[i] = 1;
        continue;
      }
      if (!PyList_Check(value) && !PyTuple_Check(value)) {
        throw UserError(ErrorKind::type, page.name, spec.name,
                        str("expected a list or tuple of tensors, got ", Py_TYPE(value)->tp_name));
      }
      Ref fast = checked(PySequence_Fast(value, "expected a sequence"));
      for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(fast.get()); ++k) {
        operands.push_back(
            as_operand(PySequence_Fast_GET_ITEM(fast.get(), k), page.name, spec.name));
      }
      segments[i] = PySequence_Fast_GET_SIZE(fast.get());
      continue;
    }
    segments[i] = 1;
    if (is_tensor(value)) {
      operands.emplace_back(tensor_of(value));
      work += tensor_of(value).elements();
      continue;
    }
    operands.push_back(as_operand(value, page.name, spec.name));
  }
  for (size_t i = 0; i < table.parameters.size(); ++i) {
    if (arguments[i] == nullptr || table.parameters[i].attr < 0) continue;
    const ir::AttrSpec& spec = page.attrs[static_cast<size_t>(table.parameters[i].attr)];
    if (as_tuple != nullptr && spec.name == "as_tuple") *as_tuple = arguments[i] == Py_True;
    if (Attribute value = to_attr(page, spec, arguments[i]))
      attrs.set(eager::context().name(spec.name), value);
  }
  // What is captured asks Python where the user's code stands.
  ReleaseGil release(work > 32768 && eager::Capture::active() == nullptr);
  return eager::call(*table.op, operands, attrs, {segments.data(), segments.size()});
}

PyObject* wrap_results(const OperatorTable& table, std::vector<Tensor> results, bool as_tuple) {
  // One result is a Tensor, several named ones are a tuple (a mask only where it was asked for); a
  // number of like results that depends on arguments is a list.
  bool list = table.op->page->results < 0 && table.op->page->result_names.empty();
  if (!list && !as_tuple && results.size() == 1) return wrap(std::move(results[0]));
  auto n = static_cast<Py_ssize_t>(results.size());
  Ref out = checked(list ? PyList_New(n) : PyTuple_New(n));
  for (Py_ssize_t i = 0; i < n; ++i) {
    PyObject* item = wrap(std::move(results[static_cast<size_t>(i)]));
    if (item == nullptr) throw PythonError{};
    if (list) {
      PyList_SET_ITEM(out.get(), i, item);
    } else {
      PyTuple_SET_ITEM(out.get(), i, item);
    }
  }
  return out.release();
}

namespace {

struct OperatorObject {
  PyObject_HEAD
  vectorcallfunc call;
  const OperatorTable* table;
  bool inplace;
  PyObject* dict;
};

PyObject* run(PyObject* self, PyObject* const* args, size_t flags, PyObject* keywords) {
  auto object = reinterpret_cast<OperatorObject*>(self);
  return guarded([&]() -> PyObject* {
    Py_ssize_t count = PyVectorcall_NARGS(flags);
    ResultsOf face(args, count + (keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords)));
    bool as_tuple = false;
    std::vector<Tensor> results = call_operator(*object->table, args, count, keywords, &as_tuple);
    if (!object->inplace) return wrap_results(*object->table, std::move(results), as_tuple);
    PyObject* target = count > 0 ? args[0] : nullptr;
    for (Py_ssize_t k = 0; keywords != nullptr && k < PyTuple_GET_SIZE(keywords); ++k) {
      if (object->table->find(PyTuple_GET_ITEM(keywords, k)) == 0) target = args[count + k];
    }
    if (target == nullptr || !is_tensor(target)) {
      throw UserError(ErrorKind::type, object->table->op->page->name, "",
                      "an in-place call needs a tensor as its first argument");
    }
    return write_back(*object->table, target, results[0]);
  });
}

PyObject* bind(PyObject* self, PyObject* instance, PyObject*) {
  if (instance == nullptr) return Py_NewRef(self);
  return PyMethod_New(self, instance);
}

std::string name_of(const OperatorObject* object) {
  const ir::OpInfo& op = *object->table->op;
  if (!op.name.starts_with("tensor.")) return op.name;
  return str(op.page->name, object->inplace ? "_" : "");
}

PyObject* repr(PyObject* self) {
  return to_str(str("<operator ", name_of(reinterpret_cast<OperatorObject*>(self)), ">")).release();
}

void destroy(PyObject* self) {
  Py_XDECREF(reinterpret_cast<OperatorObject*>(self)->dict);
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(OperatorObject, call), READONLY, nullptr},
    {"__dictoffset__", T_PYSSIZET, offsetof(OperatorObject, dict), READONLY, nullptr},
    {}};

PyObject* reduce_operator(PyObject* self, PyObject*) {
  Ref module(PyImport_ImportModule("proa._proa"));
  if (!module) return nullptr;
  Ref find(PyObject_GetAttrString(module.get(), "find_operator"));
  if (!find) return nullptr;
  return Py_BuildValue("O(s)", find.get(),
                       name_of(reinterpret_cast<OperatorObject*>(self)).c_str());
}

PyMethodDef operator_methods[] = {{"__reduce__", reduce_operator, METH_NOARGS, nullptr}, {}};

PyGetSetDef properties[] = {
    {"__name__",
     [](PyObject* s, void*) {
       return to_str(name_of(reinterpret_cast<OperatorObject*>(s))).release();
     },
     nullptr, nullptr, nullptr},
    {"__qualname__",
     [](PyObject* s, void*) {
       return to_str(name_of(reinterpret_cast<OperatorObject*>(s))).release();
     },
     nullptr, nullptr, nullptr},
    {"__module__", [](PyObject*, void*) { return to_str("proa").release(); }, nullptr, nullptr,
     nullptr},
    {"__doc__",
     [](PyObject* s, void*) {
       return to_str(docstring(*reinterpret_cast<OperatorObject*>(s)->table)).release();
     },
     nullptr, nullptr, nullptr},
    {"__text_signature__",
     [](PyObject* s, void*) {
       return to_str(signature_text(*reinterpret_cast<OperatorObject*>(s)->table)).release();
     },
     nullptr, nullptr, nullptr},
    {}};

PyType_Slot slots[] = {{Py_tp_call, reinterpret_cast<void*>(PyVectorcall_Call)},
                       {Py_tp_descr_get, reinterpret_cast<void*>(bind)},
                       {Py_tp_repr, reinterpret_cast<void*>(repr)},
                       {Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                       {Py_tp_members, members},
                       {Py_tp_methods, operator_methods},
                       {Py_tp_getset, properties},
                       {0, nullptr}};
PyType_Spec spec = {"proa.Operator", sizeof(OperatorObject), 0,
                    Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
                        Py_TPFLAGS_DISALLOW_INSTANTIATION,
                    slots};

Ref make_operator(const OperatorTable& table, bool inplace) {
  auto object = reinterpret_cast<OperatorObject*>(operator_type->tp_alloc(operator_type, 0));
  if (object == nullptr) throw PythonError{};
  object->call = run;
  object->table = &table;
  object->inplace = inplace;
  object->dict = nullptr;
  return Ref(reinterpret_cast<PyObject*>(object));
}

void put(PyObject* place, std::string_view name, PyObject* object) {
  std::string text(name);
  checked(PyObject_SetAttrString(place, text.c_str(), object));
}

PyObject* new_module(PyObject* parent, const char* name) {
  std::string full = str("proa._proa.", name);
  Ref made = checked(PyModule_New(full.c_str()));
  checked(PyModule_AddObjectRef(parent, name, made.get()));
  // Known to the import system, so that `from proa._proa.functional import relu` works.
  checked(PyDict_SetItemString(PyImport_GetModuleDict(), full.c_str(), made.get()));
  return made.get();
}

}  // namespace

PyObject* write_back(const OperatorTable& table, PyObject* target, const Tensor& result) {
  const Tensor& dst = tensor_of(target);
  Tensor src = result;
  const ir::Page& page = *table.op->page;
  std::string name = str(page.name, "_");
  bool view = !page.alias.empty() && page.alias[0].view;
  if (view || (page.name == "cast" && src.dtype() != dst.dtype())) {
    // Another look at the elements, or elements of another size: nothing is written, the object
    // takes the result's place on the tape.
    if (eager::grad_enabled() && dst.is_leaf() && dst.impl()->collects) {
      throw UserError(ErrorKind::state, name, "",
                      "a leaf tensor that requires a gradient cannot be changed in place while "
                      "gradients are recorded; use no_grad, or work on x.clone()");
    }
    if (eager::FunctionCapture* capture = eager::FunctionCapture::active()) {
      if (capture->from_outside(dst)) {
        throw UserError(ErrorKind::not_supported, name, "",
                        str("a tensor from outside would have another shape or dtype for the "
                            "caller: this is not captured; use its result",
                            capture->where()));
      }
    }
    if (dst.is_leaf() && dst.impl()->collects) src.impl()->collects = true;
    rebind(target, src);
    return Py_NewRef(target);
  }
  if (!eager::same_shape(src, dst, "a result is written in place")) {
    throw UserError(ErrorKind::shape, name, "",
                    str("the result of shape ", eager::shape_text(src),
                        " cannot be written into a tensor of shape ", eager::shape_text(dst)));
  }
  if (src.dtype() != dst.dtype()) {
    if (promote(src.dtype(), dst.dtype()) != dst.dtype()) {
      throw UserError(ErrorKind::type, name, "",
                      str("the result of dtype ", to_string(src.dtype()),
                          " cannot be written into a tensor of dtype ", to_string(dst.dtype())));
    }
    src = eager::call1("tensor.cast", {src}, {{"dtype", dst.dtype()}});
  }
  eager::write(dst, src, name);
  return Py_NewRef(target);
}

const OperatorTable& operator_table(std::string_view full_name) {
  static auto tables = new std::map<std::string, OperatorTable, std::less<>>();
  auto it = tables->find(full_name);
  if (it == tables->end()) {
    it = tables->emplace(std::string(full_name), make_table(eager::context().op(full_name))).first;
  }
  return it->second;
}

PyObject* operator_class() { return reinterpret_cast<PyObject*>(operator_type); }

PyObject* operator_object(std::string_view full_name) {
  const ir::OpInfo& info = eager::context().op(full_name);
  if (!info.page)
    throw UserError(ErrorKind::key, "find_operator", "name", str(full_name, " has no page"));
  return make_operator(operator_table(full_name), false).release();
}

ir::Attribute page_attribute(const ir::OpInfo& op, std::string_view name, PyObject* object,
                             ir::Attribute (*plain)(std::string_view, std::string_view,
                                                    PyObject*)) {
  if (op.page) {
    for (const ir::AttrSpec& spec : op.page->attrs) {
      bool by_value = spec.form == AttrForm::tensor || spec.form == AttrForm::type ||
                      spec.form == AttrForm::dict || spec.form == AttrForm::symbol;
      if (spec.name == name && !by_value) return to_attr(*op.page, spec, object);
    }
  }
  return plain(op.name, name, object);
}

PyObject* find_operator(PyObject*, PyObject* name) {
  return guarded([&]() -> PyObject* {
    if (!PyUnicode_Check(name))
      throw UserError(ErrorKind::type, "find_operator", "name", "expected a string");
    std::string text(text_of(name));
    if (text.find('.') != std::string::npos) return operator_object(text);  // "prim.add"
    bool inplace = text.ends_with("_") && eager::context().find_op("tensor." + text) == nullptr;
    if (inplace) text.pop_back();
    return make_operator(operator_table("tensor." + text), inplace).release();
  });
}

int add_operators(PyObject* module) {
  return guarded_int([&] {
    operator_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
    if (operator_type == nullptr) return -1;
    PyObject* ops = new_module(module, "ops");
    PyObject* top = new_module(module, "top");
    PyObject* functional = new_module(module, "functional");
    PyObject* linalg = new_module(module, "linalg");
    PyObject* fft = new_module(module, "fft");
    auto type = reinterpret_cast<PyObject*>(tensor_type);
    for (const ir::OpInfo& op : eager::context().find_dialect("tensor")->ops()) {
      const OperatorTable& table = operator_table(op.name);
      const ir::Page& page = *op.page;
      auto names = page.aliases;
      names.insert(names.begin(), page.name);
      for (bool inplace : {false, true}) {
        if (inplace && (page.faces & ir::kInplace) == 0) continue;
        Ref object = make_operator(table, inplace);
        for (std::string_view base : names) {
          std::string name = str(base, inplace ? "_" : "");
          put(ops, name, object.get());
          if (page.faces & ir::kTop) put(top, name, object.get());
          if (page.faces & ir::kFunctional) put(functional, name, object.get());
          if (page.faces & ir::kLinalg) put(linalg, name, object.get());
          if (page.faces & ir::kFft) put(fft, name, object.get());
          if (page.faces & ir::kMethod) put(type, name, object.get());
        }
      }
    }
    static PyMethodDef functions[] = {
        {"find_operator", find_operator, METH_O, "The operator of this name, for unpickling."}, {}};
    return PyModule_AddFunctions(module, functions);
  });
}

}  // namespace proa::python
