// Handles: how Python holds pieces of IR, and what the files about proa.ir share.
// Why not pointers: an operation may be erased by any pass while Python still names it. A handle
// goes through a cell that the operation's end empties, so that a late use is an error and nothing
// else.
#pragma once

#include <memory>
#include <optional>

#include "proa/ir/module.h"
#include "proa/ir/pass.h"
#include "proa/ir/rewriter.h"
#include "python/bindings/python.h"

namespace proa::python {

// A module that Python owns, or (of a pass that C++ called) borrows until `module` becomes null.
struct ModuleBox {
  std::unique_ptr<ir::Module> owned;
  ir::Module* module = nullptr;
  int driven = 0;  // patterns are at work
};

struct OpCell : std::enable_shared_from_this<OpCell> {
  ir::Operation* op = nullptr;  // null once it is erased
  explicit OpCell(ir::Operation* operation) : op(operation) {}
  ~OpCell();
  OpCell(const OpCell&) = delete;
};

enum class HandleKind : uint8_t { module, op, block, result, argument, rewriter, context };

struct Handle {
  HandleKind kind = HandleKind::module;
  std::shared_ptr<ModuleBox> box = {};
  std::shared_ptr<OpCell> cell = {};  // op; definer of a result; operation around a block
  uint32_t region = 0;                // block, argument: of the cell's operation
  ir::Block* block = nullptr;
  uint32_t index = 0;  // result, argument
  ir::ValueImpl* argument = nullptr;
  std::shared_ptr<ir::Rewriter*> rewriter = {};  // null behind the call that lent it
  std::shared_ptr<ir::PassContext*> context = {};
};

PyObject* handle_class();              // the Python type of handles; borrowed
PyObject* wrap_handle(Handle handle);  // new reference
Handle block_handle(const std::shared_ptr<ModuleBox>& box, ir::Block* block);
PyObject* wrap_op(const std::shared_ptr<ModuleBox>& box, ir::Operation* op);
PyObject* wrap_value(const std::shared_ptr<ModuleBox>& box, ir::Value value);
// Of an object that must be a handle of this kind; what it names must still be there: an erased
// operation is a UserError(state).
const Handle& handle_of(PyObject* object);
ir::Module& module_of(PyObject* object, std::shared_ptr<ModuleBox>* box = nullptr);
ir::Operation& op_of(PyObject* object, std::shared_ptr<ModuleBox>* box = nullptr);
ir::Block& block_of(PyObject* object, std::shared_ptr<ModuleBox>* box = nullptr);
ir::Value value_of(PyObject* object, std::shared_ptr<ModuleBox>* box = nullptr);
std::vector<ir::Value> values_of(PyObject* list, const std::shared_ptr<ModuleBox>& box);

// While patterns are driven over a module, only their rewriter may change it: the driver must hear
// of each change. Else a UserError(state).
void not_driven(const std::shared_ptr<ModuleBox>& box);

template <class Range, class F>
Ref list_of(const Range& range, F&& make) {  // make: a new reference of each
  Ref list = checked(PyList_New(0));
  for (auto&& item : range) checked(PyList_Append(list.get(), checked(make(item)).get()));
  return list;
}

Ref type_object(ir::Type type);
Ref attribute_object(ir::Attribute attribute);
// The attribute that a plain Python value stands for, where no page says more.
ir::Attribute plain_attribute(std::string_view op, std::string_view name, PyObject* object);
ir::AttrList attributes_of(const ir::OpInfo& info, PyObject* dict);
// Operands given one an operand of the page: a value, None, or a list of values.
ir::Operation* create_op(ir::Builder& builder, std::string_view name, PyObject* operands,
                         PyObject* attrs, const std::shared_ptr<ModuleBox>& box);

void need_arguments(Py_ssize_t got, Py_ssize_t wanted);
extern PyMethodDef ir_pass_functions[];
extern PyMethodDef ir_operator_functions[];

}  // namespace proa::python
