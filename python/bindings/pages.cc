// The pages as Python sees them: docstrings, signatures, and plain dicts for tests, stubs and
// tables.

#include "python/bindings/operators.h"

#include "proa/base/error.h"
#include "proa/eager/traced.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/samples.h"
#include "proa/ops/document.h"
#include "proa/ops/register.h"

namespace proa::python {

using ir::AttrForm;
using ir::Literal;

Ref literal_object(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::required:
    case Literal::Kind::none: return Ref::share(Py_None);
    case Literal::Kind::boolean: return Ref(PyBool_FromLong(value.integer != 0));
    case Literal::Kind::integer: return Ref(PyLong_FromLongLong(value.integer));
    case Literal::Kind::real: return Ref(PyFloat_FromDouble(value.real));
    case Literal::Kind::text: return to_str(value.text);
    case Literal::Kind::dtype: return to_str(to_string(static_cast<DType>(value.integer)));
    case Literal::Kind::ints: {
      Ref list = checked(PyList_New(0));
      for (int64_t v : value.ints)
        checked(PyList_Append(list.get(), Ref(PyLong_FromLongLong(v)).get()));
      return list;
    }
    case Literal::Kind::reals: {
      Ref list = checked(PyList_New(0));
      for (double v : value.reals)
        checked(PyList_Append(list.get(), Ref(PyFloat_FromDouble(v)).get()));
      return list;
    }
  }
  return Ref::share(Py_None);
}

namespace {

void put(PyObject* dict, const char* key, Ref value) {
  if (!value) throw PythonError{};
  checked(PyDict_SetItemString(dict, key, value.get()));
}

Ref text_list(std::span<const std::string_view> texts) {
  Ref list = checked(PyList_New(0));
  for (auto text : texts) checked(PyList_Append(list.get(), to_str(text).get()));
  return list;
}

Ref dtype_list(DTypeSet set) {
  Ref list = checked(PyList_New(0));
  for (int i = 0; i < kDTypeCount; ++i) {
    if (contains(set, static_cast<DType>(i)))
      checked(PyList_Append(list.get(), to_str(to_string(static_cast<DType>(i))).get()));
  }
  return list;
}

constexpr const char* kForms[] = {"boolean", "integer", "real", "number", "string",  "dtype",
                                  "axis",    "axes",    "ints", "reals",  "padding", "shape",
                                  "tensor",  "type",    "dict", "symbol"};
constexpr const char* kFills[] = {"normal",   "positive", "unit",  "probability", "above_one",
                                  "distinct", "index",    "range", "zeros",       "ones",
                                  "sorted",   "spd",      "values"};

Ref arg_dict(const ir::Arg& arg) {
  Ref dict = checked(PyDict_New());
  Literal dims(arg.dims);
  put(dict.get(), "dims", literal_object(dims));
  put(dict.get(), "fill", to_str(kFills[static_cast<size_t>(arg.fill)]));
  put(dict.get(), "low", Ref(PyFloat_FromDouble(arg.low)));
  put(dict.get(), "high", Ref(PyFloat_FromDouble(arg.high)));
  put(dict.get(), "dtype", arg.dtype ? to_str(to_string(*arg.dtype)) : Ref::share(Py_None));
  put(dict.get(), "values", literal_object(Literal::list(arg.values)));
  put(dict.get(), "number",
      arg.number ? Ref(PyFloat_FromDouble(*arg.number)) : Ref::share(Py_None));
  return dict;
}

Ref sample_dict(const std::vector<std::vector<ir::Arg>>& operands, const ir::SampleAttrs& attrs) {
  Ref dict = checked(PyDict_New());
  Ref lists = checked(PyList_New(0));
  for (const auto& args : operands) {
    Ref list = checked(PyList_New(0));
    for (const auto& arg : args) checked(PyList_Append(list.get(), arg_dict(arg).get()));
    checked(PyList_Append(lists.get(), list.get()));
  }
  put(dict.get(), "operands", std::move(lists));
  Ref named = checked(PyDict_New());
  for (const auto& [name, value] : attrs)
    checked(PyDict_SetItem(named.get(), to_str(name).get(), literal_object(value).get()));
  put(dict.get(), "attrs", std::move(named));
  return dict;
}

Ref limit(std::optional<double> value) {
  return value ? Ref(PyFloat_FromDouble(*value)) : Ref::share(Py_None);
}

// The rules that a page has, by the names of its fields.
Ref rules_list(const ir::Page& page) {
  std::vector<std::string_view> rules;
  if (page.shape != nullptr) rules.push_back("shape");
  if (page.contents != nullptr) rules.push_back("contents");
  if (page.checks != nullptr) rules.push_back("checks");
  if (page.decompose != nullptr) rules.push_back("decompose");
  if (page.cost != nullptr) rules.push_back("cost");
  return text_list(rules);
}

Ref alias_list(const ir::Page& page) {
  Ref list = checked(PyList_New(0));
  for (const ir::AliasSpec& alias : page.alias) {
    Ref one = checked(
        Py_BuildValue("(iis)", alias.result, alias.operand, alias.view ? "view" : "may share"));
    checked(PyList_Append(list.get(), one.get()));
  }
  return list;
}

std::string_view gradient_of(const ir::VjpRule& rule) {
  if (rule.backward != nullptr) return "rule";
  if (rule.decomposed) return "decomposition";
  if (rule.regions) return "regions";
  return rule.zero ? "zero" : "none";
}

Ref page_dict(const ir::OpInfo& op) {
  const ir::Page& page = *op.page;
  Ref dict = checked(PyDict_New());
  put(dict.get(), "name", to_str(page.name));
  put(dict.get(), "full_name", to_str(op.name));
  put(dict.get(), "aliases", text_list(page.aliases));
  put(dict.get(), "family", to_str(ops::family_of(op.name)));
  put(dict.get(), "faces", Ref(PyLong_FromUnsignedLong(page.faces)));
  put(dict.get(), "doc", to_str(ops::document(page)));
  Ref operands = checked(PyList_New(0));
  for (const auto& spec : page.operands) {
    Ref one = checked(PyDict_New());
    put(one.get(), "name", to_str(spec.name));
    put(one.get(), "aliases", text_list(spec.aliases));
    put(one.get(), "dtypes", dtype_list(spec.dtypes));
    put(one.get(), "optional", Ref(PyBool_FromLong(spec.optional)));
    put(one.get(), "variadic", Ref(PyBool_FromLong(spec.variadic)));
    put(one.get(), "meets", Ref(PyBool_FromLong(spec.meets)));
    put(one.get(), "number", Ref(PyBool_FromLong(spec.number)));
    put(one.get(), "rng_key", Ref(PyBool_FromLong(spec.rng_key)));
    checked(PyList_Append(operands.get(), one.get()));
  }
  put(dict.get(), "operands", std::move(operands));
  Ref attrs = checked(PyList_New(0));
  for (const auto& spec : page.attrs) {
    Ref one = checked(PyDict_New());
    put(one.get(), "name", to_str(spec.name));
    put(one.get(), "aliases", text_list(spec.aliases));
    put(one.get(), "form", to_str(kForms[static_cast<size_t>(spec.form)]));
    put(one.get(), "required", Ref(PyBool_FromLong(spec.value.kind == Literal::Kind::required)));
    put(one.get(), "default", literal_object(spec.value));
    put(one.get(), "choices", text_list(spec.choices));
    put(one.get(), "lowest", limit(spec.lowest));
    put(one.get(), "highest", limit(spec.highest));
    checked(PyList_Append(attrs.get(), one.get()));
  }
  put(dict.get(), "attrs", std::move(attrs));
  Ref parameters = checked(PyList_New(0));
  if (!op.name.starts_with("prim.")) {
    for (const auto& p : operator_table(op.name).parameters)
      checked(PyList_Append(parameters.get(), to_str(p.name).get()));
    put(dict.get(), "signature", to_str(signature_text(operator_table(op.name))));
  }
  put(dict.get(), "parameters", std::move(parameters));
  put(dict.get(), "results", Ref(PyLong_FromLong(page.results)));
  put(dict.get(), "result_names", text_list(page.result_names));
  put(dict.get(), "gradient", to_str(gradient_of(page.vjp)));
  put(dict.get(), "gradient_reason", to_str(page.vjp.reason));
  put(dict.get(), "primitive", Ref(PyBool_FromLong(op.has(ir::Trait::primitive))));
  put(dict.get(), "random", Ref(PyBool_FromLong(page.effects == ir::Effects::rng)));
  put(dict.get(), "sharding", to_str(page.sharding));
  put(dict.get(), "rules", rules_list(page));
  put(dict.get(), "alias", alias_list(page));
  put(dict.get(), "version", Ref(PyLong_FromLong(page.version)));
  ir::SampleList samples = eager::samples_of(page);
  Ref legal = checked(PyList_New(0)), wrong = checked(PyList_New(0));
  for (const auto& sample : samples.legal()) {
    Ref one = sample_dict(sample.operands, sample.attrs);
    put(one.get(), "gradient", Ref(PyBool_FromLong(sample.gradient)));
    checked(PyList_Append(legal.get(), one.get()));
  }
  for (const auto& sample : samples.wrong()) {
    Ref one = sample_dict(sample.operands, sample.attrs);
    put(one.get(), "kind", to_str(to_string(sample.kind)));
    put(one.get(), "says", to_str(sample.says));
    checked(PyList_Append(wrong.get(), one.get()));
  }
  put(dict.get(), "samples", std::move(legal));
  put(dict.get(), "wrong", std::move(wrong));
  return dict;
}

}  // namespace

Ref page_dicts(bool all) {
  Ref list = checked(PyList_New(0));
  for (ir::Dialect* dialect : eager::context().dialects()) {
    for (const ir::OpInfo& op : dialect->ops()) {
      if (op.page && (all || !eager::is_traced(*op.page)))
        checked(PyList_Append(list.get(), page_dict(op).get()));
    }
  }
  return list;
}

namespace {

PyObject* pages(PyObject*, PyObject*) {
  return guarded([] { return page_dicts(false).release(); });
}

PyMethodDef functions[] = {
    {"pages", pages, METH_NOARGS,
     "All operator pages of Proa itself as dicts: for tests, stubs and tables."},
    {}};

}  // namespace

std::string signature_text(const OperatorTable& table) {
  const ir::Page& page = *table.op->page;
  std::vector<std::string> parts;
  bool optional = false;
  for (const Parameter& p : table.parameters) {
    std::string part = p.name;
    if (p.operand >= 0) {
      bool may_lack = page.operands[static_cast<size_t>(p.operand)].optional || optional;
      if (may_lack) part += "=None";
      optional |= may_lack;
    } else {
      std::string value = ops::to_string(page.attrs[static_cast<size_t>(p.attr)].value);
      if (value.empty() && optional) value = "None";
      if (!value.empty()) part += "=" + value;
      optional |= !value.empty();
    }
    parts.push_back(std::move(part));
  }
  parts.push_back("name=None");
  return "(" + join(parts, ", ") + ")";
}

std::string docstring(const OperatorTable& table) {
  const ir::Page& page = *table.op->page;
  std::string text = str(page.name, signature_text(table), "\n\n", ops::document(page));
  if (!page.aliases.empty()) {
    std::vector<std::string> names(page.aliases.begin(), page.aliases.end());
    text += str("\n\nAlso called ", join(names, ", "), ".");
  }
  return text;
}

int add_pages(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
