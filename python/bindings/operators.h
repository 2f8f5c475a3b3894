// The parse table of an operator's Python call, and calls by it.
// Why a table and not generated text: pages loaded from a plug-in get the same bindings, and the
// table is as fast, since names are compared by pointer.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proa/ir/page.h"
#include "python/bindings/python.h"

namespace proa::python {

struct Parameter {
  std::string name;
  std::vector<PyObject*> names;  // interned, with aliases
  int operand = -1, attr = -1;   // which of the page it is
};

struct OperatorTable {
  static constexpr size_t kNotFound = static_cast<size_t>(-1);
  const ir::OpInfo* op = nullptr;
  std::vector<Parameter> parameters;
  size_t find(PyObject* name) const;
  size_t parameter_of(int operand) const {
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].operand == operand) return i;
    }
    return kNotFound;
  }
};

const OperatorTable& operator_table(std::string_view full_name);  // made on first use
std::vector<Tensor> call_operator(const OperatorTable& table, PyObject* const* args,
                                  Py_ssize_t count, PyObject* keywords,
                                  bool* as_tuple = nullptr);  // was this asked for
PyObject* wrap_results(const OperatorTable& table, std::vector<Tensor> results,
                       bool as_tuple = false);
// The attribute `name` of an operation from a Python value, in the form that its page asks for;
// `plain` makes those of which the page says nothing.
ir::Attribute page_attribute(const ir::OpInfo& op, std::string_view name, PyObject* object,
                             ir::Attribute (*plain)(std::string_view op, std::string_view name,
                                                    PyObject* object));
Ref literal_object(const ir::Literal& value);  // None where there is no default
PyObject* write_back(const OperatorTable& table, PyObject* target,
                     const Tensor& result);  // new reference to target

PyObject* operator_class();                             // borrowed
PyObject* operator_object(std::string_view full_name);  // new reference
// Pages as plain dicts: those of Proa itself, or with those registered from Python.
Ref page_dicts(bool all);
std::string docstring(const OperatorTable& table);
std::string signature_text(const OperatorTable& table);  // "(x, axis=None, keepdim=False)"

}  // namespace proa::python
