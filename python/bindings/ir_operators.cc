// proa.ir, operators: a page described in Python, whose rules are graphs traced from a function
// over public operators.

#include <deque>
#include <map>

#include "proa/base/error.h"
#include "proa/eager/traced.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "python/bindings/ir.h"
#include "python/bindings/operators.h"

namespace proa::python {

namespace {

constexpr std::string_view kWhat = "register_operator";

// A dict of the description, with errors that name the key. Texts live until the page copied them.
class Reader {
 public:
  Reader(PyObject* dict, std::deque<std::string>& texts) : dict_(dict), texts_(texts) {
    if (!PyDict_Check(dict)) throw UserError(ErrorKind::type, kWhat, "", "expected a dict");
  }

  PyObject* get(const char* key) const {  // borrowed; null if absent or None
    PyObject* value = PyDict_GetItemString(dict_, key);
    return value == Py_None ? nullptr : value;
  }
  bool given(const char* key) const { return PyDict_GetItemString(dict_, key) != nullptr; }

  std::string_view text(const char* key) const {
    PyObject* value = get(key);
    if (value == nullptr) return {};
    if (!PyUnicode_Check(value)) throw UserError(ErrorKind::type, kWhat, key, "expected a string");
    return texts_.emplace_back(text_of(value));
  }

  bool flag(const char* key, bool otherwise) const {
    PyObject* value = get(key);
    return value == nullptr ? otherwise : PyObject_IsTrue(value) == 1;
  }

  std::vector<std::string_view> texts(const char* key) const {
    std::vector<std::string_view> list;
    each(key, [&](PyObject* item) {
      if (!PyUnicode_Check(item)) throw UserError(ErrorKind::type, kWhat, key, "expected strings");
      list.push_back(texts_.emplace_back(text_of(item)));
    });
    return list;
  }

  template <class F>
  void each(const char* key, F&& f) const {
    PyObject* value = get(key);
    if (value == nullptr) return;
    if (!PyList_Check(value) && !PyTuple_Check(value))
      throw UserError(ErrorKind::type, kWhat, key, "expected a list");
    for (Py_ssize_t i = 0; i < PySequence_Size(value); ++i)
      f(checked(PySequence_GetItem(value, i)).get());
  }

 private:
  PyObject* dict_;
  std::deque<std::string>& texts_;
};

template <size_t N>
size_t index_of(std::string_view text, const std::string_view (&names)[N], std::string_view key) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == text) return i;
  }
  std::vector<std::string> all(std::begin(names), std::end(names));
  throw UserError(ErrorKind::value, kWhat, key,
                  str("expected one of ", join(all, ", "), ", got '", text, "'"));
}

// The order of ir::AttrForm; "" where Python cannot give the form.
constexpr std::string_view kForms[] = {"boolean", "integer", "real", "number", "string",  "dtype",
                                       "axis",    "axes",    "ints", "reals",  "padding", "shape"};
constexpr std::string_view kFills[] = {"normal",   "positive", "unit",  "probability", "above_one",
                                       "distinct", "index",    "range", "zeros",       "ones",
                                       "sorted",   "spd",      "values"};
constexpr std::string_view kKinds[] = {"value", "type", "shape", "index", "key", "not_supported"};
constexpr std::string_view kMeets[] = {"none", "promote", "promote_float", "same"};

ir::Literal literal_of(PyObject* value, ir::AttrForm form, std::deque<std::string>& texts,
                       std::string_view name) {
  if (value == Py_None) return ir::kNone;
  if (form == ir::AttrForm::dtype) return dtype_of(value, kWhat, name);
  if (PyBool_Check(value)) return value == Py_True;
  if (PyLong_Check(value)) return as_int(value, kWhat, name);
  if (PyFloat_Check(value)) return PyFloat_AS_DOUBLE(value);
  if (PyUnicode_Check(value)) return std::string_view(texts.emplace_back(text_of(value)));
  if (auto dtype = as_dtype(value)) return *dtype;
  if (PyList_Check(value) || PyTuple_Check(value)) {
    std::vector<double> reals;
    bool whole = true;
    for (Py_ssize_t i = 0; i < PySequence_Size(value); ++i) {
      Ref item = checked(PySequence_GetItem(value, i));
      whole &= PyLong_Check(item.get()) != 0;
      reals.push_back(PyFloat_AsDouble(item.get()));
      if (PyErr_Occurred()) throw PythonError{};
    }
    if (whole && form != ir::AttrForm::reals) return as_ints(value, kWhat, name);
    return ir::Literal::list(std::move(reals));
  }
  throw UserError(ErrorKind::type, kWhat, name,
                  str("no attribute can be made of a ", Py_TYPE(value)->tp_name));
}

DTypeSet dtypes_of(PyObject* list, std::string_view name) {
  Ref fast = checked(PySequence_Fast(list, "expected a list of dtypes"));
  DTypeSet set = 0;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i)
    set = static_cast<DTypeSet>(
        set | bit(dtype_of(PySequence_Fast_GET_ITEM(fast.get(), i), kWhat, name)));
  if (set == 0) throw UserError(ErrorKind::value, kWhat, name, "expected at least one dtype");
  return set;
}

ir::OperandSpec operand_of(PyObject* dict, std::deque<std::string>& texts) {
  Reader read(dict, texts);
  ir::OperandSpec spec;
  spec.name = read.text("name");
  spec.aliases = read.texts("aliases");
  if (PyObject* dtypes = read.get("dtypes")) spec.dtypes = dtypes_of(dtypes, spec.name);
  spec.optional = read.flag("optional", false);
  spec.variadic = read.flag("variadic", false);
  spec.meets = read.flag("meets", true);
  spec.number = read.flag("number", false);
  return spec;
}

std::optional<double> bound(const Reader& read, const char* key) {
  PyObject* value = read.get(key);
  if (value == nullptr) return std::nullopt;
  double number = PyFloat_AsDouble(value);
  if (PyErr_Occurred()) throw PythonError{};
  return number;
}

ir::AttrSpec attr_of(PyObject* dict, std::deque<std::string>& texts) {
  Reader read(dict, texts);
  ir::AttrSpec spec;
  spec.name = read.text("name");
  spec.aliases = read.texts("aliases");
  spec.form = static_cast<ir::AttrForm>(index_of(read.text("form"), kForms, spec.name));
  if (read.given("default")) {
    PyObject* value = read.get("default");
    spec.value = literal_of(value == nullptr ? Py_None : value, spec.form, texts, spec.name);
  }
  spec.choices = read.texts("choices");
  spec.lowest = bound(read, "lowest");
  spec.highest = bound(read, "highest");
  return spec;
}

ir::Arg arg_of(PyObject* dict, std::deque<std::string>& texts) {
  Reader read(dict, texts);
  ir::Arg arg;
  if (PyObject* dims = read.get("dims")) arg.dims = as_ints(dims, kWhat, "samples");
  if (read.given("fill")) {
    arg.fill = static_cast<ir::Fill>(index_of(read.text("fill"), kFills, "samples"));
  }
  arg.low = bound(read, "low").value_or(0);
  arg.high = bound(read, "high").value_or(1);
  if (PyObject* dtype = read.get("dtype")) arg.dtype = dtype_of(dtype, kWhat, "samples");
  read.each("values", [&](PyObject* item) {
    arg.values.push_back(PyFloat_AsDouble(item));
    if (PyErr_Occurred()) throw PythonError{};
  });
  arg.number = bound(read, "number");
  return arg;
}

struct Case {
  std::vector<std::vector<ir::Arg>> operands;
  ir::SampleAttrs attrs;
};

Case case_of(const Reader& read, const ir::Page& page, std::deque<std::string>& texts) {
  Case out;
  read.each("operands", [&](PyObject* list) {
    auto& args = out.operands.emplace_back();
    Ref fast = checked(PySequence_Fast(list, "expected a list"));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i)
      args.push_back(arg_of(PySequence_Fast_GET_ITEM(fast.get(), i), texts));
  });
  if (out.operands.size() > page.operands.size()) {
    throw UserError(ErrorKind::value, kWhat, "samples",
                    str("the operator has ", page.operands.size(), " operands, a sample has ",
                        out.operands.size()));
  }
  out.operands.resize(page.operands.size());
  if (PyObject* attrs = read.get("attrs")) {
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Check(attrs) && PyDict_Next(attrs, &at, &key, &value)) {
      std::string_view name = texts.emplace_back(text_of(key));
      ir::AttrForm form = ir::AttrForm::number;
      for (const ir::AttrSpec& spec : page.attrs) {
        if (spec.name == name) form = spec.form;
      }
      out.attrs.emplace_back(name, literal_of(value, form, texts, name));
    }
  }
  return out;
}

// A function of Python over tensors, called with the operands by position and the attributes by
// name.
class Function {
 public:
  Function(PyObject* callable, std::vector<ir::OperandSpec> operands,
           std::vector<ir::AttrSpec> attrs, bool backward)
      : callable_(Py_NewRef(callable)),
        operands_(std::move(operands)),
        attrs_(std::move(attrs)),
        backward_(backward) {}

  // Of names that the page owns.
  void set_specs(const ir::Page& page) {
    operands_ = page.operands;
    attrs_ = page.attrs;
    name_ = page.name;
  }

  std::vector<Tensor> operator()(std::span<const Tensor> values, const ir::AttrList& attrs,
                                 std::span<const int64_t> segments) const {
    HoldGil gil;
    PlainResults plain;  // the body speaks the meaning of proa, whoever calls
    Ref positional = checked(PyList_New(0));
    size_t flat = 0;
    for (size_t i = 0; i < operands_.size(); ++i) {
      Ref one;
      if (operands_[i].variadic) {
        one = checked(PyList_New(0));
        for (int64_t k = 0; k < segments[i]; ++k)
          checked(PyList_Append(one.get(), checked(wrap(values[flat++])).get()));
      } else {
        one = segments[i] == 0 ? Ref::share(Py_None) : checked(wrap(values[flat++]));
      }
      checked(PyList_Append(positional.get(), one.get()));
    }
    while (flat < values.size())  // results and cotangents
      checked(PyList_Append(positional.get(), checked(wrap(values[flat++])).get()));
    Ref named = checked(PyDict_New());
    for (const ir::AttrSpec& spec : attrs_) {
      ir::Attribute given = attrs.get(spec.name);
      Ref value = given ? attribute_object(given) : literal_object(spec.value);
      checked(PyDict_SetItem(named.get(), to_str(spec.name).get(), value.get()));
    }
    Ref tuple = checked(PyList_AsTuple(positional.get()));
    Ref result(PyObject_Call(callable_, tuple.get(), named.get()));
    if (!result) {
      if (PyErr_ExceptionMatches(size_not_known)) need_static();
      throw PythonError{};
    }
    return tensors_of(result.get(), segments);
  }

 private:
  // The trace is done again by extents.
  [[noreturn]] static void need_static() {
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    Ref a(type), b(value), c(traceback);
    Ref text = b ? Ref(PyObject_Str(b.get())) : Ref();
    PyErr_Clear();
    throw ir::NeedStatic{text ? std::string(text_of(text.get())) : "a size is needed as a number"};
  }

  [[noreturn]] void wrong_result(PyObject* got) const {
    throw UserError(ErrorKind::type, name_, backward_ ? "vjp" : "result",
                    str("expected the function to give ",
                        backward_ ? "a Tensor or None for each operand" : "Tensors", ", got ",
                        Py_TYPE(got)->tp_name));
  }

  std::vector<Tensor> tensors_of(PyObject* result, std::span<const int64_t> segments) const {
    std::vector<Tensor> out;
    auto one = [&](PyObject* item) {
      if (is_tensor(item)) {
        out.push_back(tensor_of(item));
      } else if (backward_ && item == Py_None) {
        out.emplace_back();
      } else {
        wrong_result(item);
      }
    };
    if (!PyTuple_Check(result) && !PyList_Check(result)) {
      one(result);
    } else if (!backward_) {
      for (Py_ssize_t i = 0; i < PySequence_Size(result); ++i)
        one(checked(PySequence_GetItem(result, i)).get());
      return out;
    }
    if (!backward_) return out;
    if (out.empty()) {  // by operand; a variadic one has a list
      for (Py_ssize_t i = 0; i < PySequence_Size(result); ++i) {
        Ref item = checked(PySequence_GetItem(result, i));
        if (static_cast<size_t>(i) >= operands_.size()) {
          throw UserError(ErrorKind::value, name_, "vjp",
                          str("expected ", operands_.size(), " cotangents, one an operand, got ",
                              PySequence_Size(result)));
        }
        int64_t n = segments[static_cast<size_t>(i)];
        if (operands_[static_cast<size_t>(i)].variadic &&
            (PyList_Check(item.get()) || PyTuple_Check(item.get()))) {
          if (PySequence_Size(item.get()) != n) wrong_result(item.get());
          for (Py_ssize_t k = 0; k < n; ++k) one(checked(PySequence_GetItem(item.get(), k)).get());
        } else if (n == 1) {
          one(item.get());
        } else if (item.get() == Py_None) {
          out.resize(out.size() + static_cast<size_t>(n));
        } else {
          wrong_result(item.get());
        }
      }
    }
    int64_t total = 0;
    for (int64_t n : segments) total += n;
    if (static_cast<int64_t>(out.size()) != total) {
      throw UserError(ErrorKind::value, name_, "vjp",
                      str("expected ", total, " cotangents, one an operand, got ", out.size()));
    }
    return out;
  }

  PyObject* callable_;  // for the life of the process, as the operator
  std::vector<ir::OperandSpec> operands_;
  std::vector<ir::AttrSpec> attrs_;
  std::string name_;
  bool backward_;
};

std::map<std::string, std::shared_ptr<const eager::TracedPage>, std::less<>>& registered() {
  static auto pages =
      new std::map<std::string, std::shared_ptr<const eager::TracedPage>, std::less<>>();
  return *pages;
}

// register_operator(description) -> the operator
PyObject* register_operator(PyObject*, PyObject* const* args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 1);
    std::deque<std::string> texts;
    Reader read(args[0], texts);
    ir::Page page;
    std::string dialect(read.text("dialect"));
    page.name = read.text("name");
    page.aliases = read.texts("aliases");
    page.doc = read.text("doc");
    read.each("operands", [&](PyObject* one) { page.operands.push_back(operand_of(one, texts)); });
    read.each("attrs", [&](PyObject* one) { page.attrs.push_back(attr_of(one, texts)); });
    page.results = static_cast<int>(as_int(read.get("results"), kWhat, "results"));
    if (page.results < 1) throw UserError(ErrorKind::value, kWhat, "results", "expected 1 or more");
    page.result_names = read.texts("result_names");
    page.dtypes = ir::by_shape_rule(
        static_cast<ir::DTypeRule::Meet>(index_of(read.text("dtypes"), kMeets, "dtypes")));
    page.sharding = read.text("sharding");
    page.version = static_cast<int>(as_int(read.get("version"), kWhat, "version"));
    std::string_view reason = read.text("not_differentiable");
    if (!reason.empty()) page.vjp = ir::not_differentiable(reason);
    ir::SampleList samples;
    read.each("samples", [&](PyObject* one) {
      Reader sample(one, texts);
      Case made = case_of(sample, page, texts);
      samples.ok_list(std::move(made.operands), std::move(made.attrs)).gradient =
          sample.flag("gradient", true);
    });
    read.each("wrong", [&](PyObject* one) {
      Reader sample(one, texts);
      Case made = case_of(sample, page, texts);
      // The kinds stand in the order of ErrorKind.
      auto kind = static_cast<ErrorKind>(index_of(sample.text("kind"), kKinds, "wrong"));
      samples.wrong_list(std::move(made.operands), std::move(made.attrs), kind,
                         sample.text("says"));
    });
    if (samples.legal().empty()) {
      throw UserError(ErrorKind::value, kWhat, "samples",
                      "expected at least one legal case: it is what the operator is traced with");
    }
    auto forward =
        std::make_shared<Function>(read.get("forward"), page.operands, page.attrs, false);
    std::shared_ptr<Function> backward;
    if (PyObject* vjp = read.get("vjp"))
      backward = std::make_shared<Function>(vjp, page.operands, page.attrs, true);
    eager::TracedFunction traced_backward;
    if (backward) {
      traced_backward = [backward](auto... a) { return (*backward)(a...); };
    }
    auto made = std::make_shared<eager::TracedPage>(
        page, [forward](auto... a) { return (*forward)(a...); }, traced_backward, user_location,
        samples);
    forward->set_specs(*made);
    if (backward) backward->set_specs(*made);
    const ir::OpInfo& op = eager::add_traced(dialect, made);
    registered()[op.name] = made;
    return operator_object(op.name);
  });
}

// graphs(full name): how many graphs an operator of Python has by now.
PyObject* graphs(PyObject*, PyObject* const* args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 1);
    if (!PyUnicode_Check(args[0]))
      throw UserError(ErrorKind::type, "graphs", "name", "expected a string");
    auto found = registered().find(text_of(args[0]));
    if (found == registered().end()) {
      throw UserError(ErrorKind::key, "graphs", "name",
                      str("no operator '", text_of(args[0]), "' was registered from Python"));
    }
    return PyLong_FromSize_t(found->second->graphs());
  });
}

}  // namespace

#define PROA_FAST(function) \
  reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)), METH_FASTCALL, nullptr
PyMethodDef ir_operator_functions[] = {
    {"register_operator", PROA_FAST(register_operator)}, {"graphs", PROA_FAST(graphs)}, {}};
#undef PROA_FAST

}  // namespace proa::python
