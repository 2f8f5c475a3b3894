// proa.ir, the core: what can be asked of modules, operations, blocks and values. The classes that
// users see are Python (python/proa/ir); these are flat functions.

#include "python/bindings/ir.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/eager/function.h"
#include "proa/eager/ones.h"
#include "proa/eager/traced.h"
#include "proa/ir/binary.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/parser.h"
#include "proa/ir/printer.h"
#include "proa/ir/rules.h"
#include "proa/ir/verifier.h"
#include "proa/tier/compiled.h"
#include "python/bindings/operators.h"

namespace proa::python {

namespace {

using Args = PyObject* const*;

template <class F>
PyObject* with(Py_ssize_t got, Py_ssize_t wanted, F&& f) {
  return guarded([&]() -> PyObject* {
    need_arguments(got, wanted);
    return f();
  });
}

std::string_view text_arg(PyObject* object, std::string_view name) {
  if (!PyUnicode_Check(object)) throw UserError(ErrorKind::type, "ir", name, "expected a string");
  return text_of(object);
}

PyObject* own(ir::Module module) {
  auto box = std::make_shared<ModuleBox>();
  box->owned = std::make_unique<ir::Module>(std::move(module));
  box->module = box->owned.get();
  return wrap_handle({HandleKind::module, box});
}

PyObject* parse(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 3, [&] {
    ir::ParseOptions options;
    options.file = std::string(text_arg(args[1], "file"));
    options.allow_unregistered = PyObject_IsTrue(args[2]) == 1;
    eager::TraceScope tracing;
    return own(ir::parse_module(text_arg(args[0], "text"), eager::context(), options));
  });
}

PyObject* clone(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return own(module_of(args[0]).clone()); });
}

PyObject* text(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 2, [&] {
    ir::PrintOptions options{.locations = PyObject_IsTrue(args[1]) == 1};
    if (handle_of(args[0]).kind == HandleKind::module)
      return to_str(ir::print(module_of(args[0]), options)).release();
    return to_str(ir::print(op_of(args[0]), options)).release();
  });
}

PyObject* to_bytes(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::vector<std::byte> bytes = ir::write_binary(module_of(args[0]));
    return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(bytes.data()),
                                     static_cast<Py_ssize_t>(bytes.size()));
  });
}

PyObject* from_bytes(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 2, [&] {
    if (!PyBytes_Check(args[0])) throw UserError(ErrorKind::type, "ir", "data", "expected bytes");
    std::span<const char> data(PyBytes_AS_STRING(args[0]),
                               static_cast<size_t>(PyBytes_GET_SIZE(args[0])));
    eager::TraceScope tracing;
    return own(ir::read_binary(std::as_bytes(data), eager::context(),
                               std::string(text_arg(args[1], "source"))));
  });
}

PyObject* line(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return to_str(ir::print_line(op_of(args[0]))).release(); });
}

PyObject* check(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&]() -> PyObject* {
    ir::verify(module_of(args[0]));
    Py_RETURN_NONE;
  });
}

PyObject* module_op(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Module& module = module_of(args[0], &box);
    return wrap_op(box, module.op());
  });
}

PyObject* guards(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    return list_of(module_of(args[0]).facts().guards(),
                   [](const ir::Guard& g) { return to_str(to_string(g)).release(); })
        .release();
  });
}

PyObject* is_alive(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    const Handle& h = handle_of(args[0]);
    return PyBool_FromLong(h.box && h.box->module != nullptr && (!h.cell || h.cell->op != nullptr));
  });
}

PyObject* op_name(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return to_str(op_of(args[0]).name()).release(); });
}

PyObject* op_operands(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    auto values = op_of(args[0], &box).operands();
    return list_of(values, [&](ir::Value v) { return wrap_value(box, v); }).release();
  });
}

PyObject* op_results(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    auto values = op_of(args[0], &box).results();
    return list_of(values, [&](ir::Value v) { return wrap_value(box, v); }).release();
  });
}

PyObject* op_attrs(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    Ref dict = checked(PyDict_New());
    for (const ir::NamedAttr& item : op_of(args[0]).attrs().items()) {
      checked(PyDict_SetItem(dict.get(), to_str(item.name.view()).get(),
                             attribute_object(item.value()).get()));
    }
    return dict.release();
  });
}

// A change in place must leave what the page infers as it is.
void check_types(const ir::Operation& op, const ir::AttrList& attrs,
                 std::span<const ir::Value> operands, ir::Module& module) {
  if (!op.info().page) return;
  std::vector<ir::Type> types;
  for (ir::Value v : operands) types.push_back(v.type());
  ir::Facts facts = module.facts();
  eager::TraceScope tracing;
  auto results = ir::infer(op.info(), attrs, types, ir::segments_of(op), facts,
                           module.context().default_float(), module.context());
  for (size_t i = 0; i < results.size() && i < op.result_count(); ++i) {
    if (results[i] == op.result(i).type()) continue;
    throw UserError(
        ErrorKind::value, op.name(), "",
        str("the change would make result ", i, " ", to_string(results[i]), " instead of ",
            to_string(op.result(i).type()), "; create a new operation and replace this one"));
  }
  module.facts() = facts;
}

void no_structure(const ir::Operation& op, std::string_view what) {
  if (op.name().starts_with("builtin.")) {
    throw UserError(ErrorKind::not_supported, op.name(), "",
                    str("this operation holds the module together: ", what));
  }
}

PyObject* op_set_attr(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 3, [&]() -> PyObject* {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    not_driven(box);
    no_structure(op, "its attributes stay");
    std::string name(text_arg(args[1], "name"));
    ir::AttrList attrs = op.attrs();
    if (name == "segments")
      throw UserError(ErrorKind::value, op.name(), name, "follows from the operands");
    attrs.set(eager::context().name(name),
              page_attribute(op.info(), name, args[2], plain_attribute));
    std::vector<ir::Value> operands = op.operands();
    check_types(op, attrs, operands, *box->module);
    op.set_attrs(std::move(attrs));
    Py_RETURN_NONE;
  });
}

PyObject* op_set_operand(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 3, [&]() -> PyObject* {
    std::shared_ptr<ModuleBox> box, other;
    ir::Operation& op = op_of(args[0], &box);
    not_driven(box);
    int64_t i = as_int(args[1], "ir", "index");
    ir::Value value = value_of(args[2], &other);
    if (other != box)
      throw UserError(ErrorKind::value, op.name(), "", "this value belongs to another module");
    std::vector<ir::Value> operands = op.operands();
    if (i < 0 || i >= static_cast<int64_t>(operands.size())) {
      throw UserError(ErrorKind::index, op.name(), "index",
                      str("expected 0..", operands.size(), ", got ", i));
    }
    if (value.definer() == &op)
      throw UserError(ErrorKind::value, op.name(), "", "an operation cannot read its own result");
    operands[static_cast<size_t>(i)] = value;
    check_types(op, op.attrs(), operands, *box->module);
    op.set_operand(static_cast<size_t>(i), value);
    Py_RETURN_NONE;
  });
}

PyObject* op_regions(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    Ref regions = checked(PyList_New(0));
    for (size_t r = 0; r < op.region_count(); ++r) {
      Ref blocks = checked(PyList_New(0));
      for (size_t b = 0; b < op.region(r).block_count(); ++b) {
        Ref one = checked(wrap_handle(block_handle(box, &op.region(r).block(b))));
        checked(PyList_Append(blocks.get(), one.get()));
      }
      checked(PyList_Append(regions.get(), blocks.get()));
    }
    return regions.release();
  });
}

PyObject* op_parent(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    return wrap_op(box, op.parent());
  });
}

PyObject* op_block(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&]() -> PyObject* {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    if (op.block() == nullptr || op.block()->parent() == nullptr) Py_RETURN_NONE;
    return wrap_handle(block_handle(box, op.block()));
  });
}

PyObject* op_next(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    return wrap_op(box, op.next());
  });
}

PyObject* op_prev(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    return wrap_op(box, op.prev());
  });
}

PyObject* op_location(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return to_str(to_string(op_of(args[0]).location())).release(); });
}

PyObject* op_traits(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    constexpr const char* kNames[] = {"pure",       "terminator", "commutative", "constant_like",
                                      "primitive",  "composite",  "isolated",    "graph_region",
                                      "structured", "symbol"};
    uint32_t traits = op_of(args[0]).info().traits;
    Ref list = checked(PyList_New(0));
    for (size_t i = 0; i < std::size(kNames); ++i) {
      if (traits >> i & 1) checked(PyList_Append(list.get(), to_str(kNames[i]).get()));
    }
    return list.release();
  });
}

PyObject* op_walk(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    std::vector<ir::Operation*> all;
    op.walk([&](ir::Operation* inner) { all.push_back(inner); });
    return list_of(all, [&](ir::Operation* inner) { return wrap_op(box, inner); }).release();
  });
}

PyObject* op_erase(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&]() -> PyObject* {
    std::shared_ptr<ModuleBox> box;
    ir::Operation& op = op_of(args[0], &box);
    not_driven(box);
    no_structure(op, "it cannot be erased");
    if (!op.unused())
      throw UserError(ErrorKind::state, op.name(), "", "its results are used; replace them first");
    if (op.info().has(ir::Trait::terminator))
      throw UserError(ErrorKind::not_supported, op.name(), "", "a terminator cannot be erased");
    op.erase();
    Py_RETURN_NONE;
  });
}

PyObject* block_ops(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    std::vector<ir::Operation*> all;
    for (ir::Operation& op : block_of(args[0], &box)) all.push_back(&op);
    return list_of(all, [&](ir::Operation* op) { return wrap_op(box, op); }).release();
  });
}

PyObject* block_arguments(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    auto values = block_of(args[0], &box).arguments();
    return list_of(values, [&](ir::Value v) { return wrap_value(box, v); }).release();
  });
}

PyObject* block_parent(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Block& block = block_of(args[0], &box);
    return wrap_op(box, block.parent());
  });
}

PyObject* value_type(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return type_object(value_of(args[0]).type()).release(); });
}

PyObject* value_definer(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Value value = value_of(args[0], &box);
    return wrap_op(box, value.definer());
  });
}

PyObject* value_index(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] { return PyLong_FromUnsignedLong(value_of(args[0]).index()); });
}

PyObject* value_uses(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 1, [&] {
    std::shared_ptr<ModuleBox> box;
    ir::Value value = value_of(args[0], &box);
    Ref list = checked(PyList_New(0));
    value.each_use([&](ir::Use& use) {
      Ref one = checked(Py_BuildValue("(Nn)", wrap_op(box, use.owner),
                                      static_cast<Py_ssize_t>(use.owner->operand_index(use))));
      checked(PyList_Append(list.get(), one.get()));
    });
    return list.release();
  });
}

PyObject* value_replace(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 2, [&]() -> PyObject* {
    std::shared_ptr<ModuleBox> box, other;
    ir::Value from = value_of(args[0], &box), to = value_of(args[1], &other);
    not_driven(box);
    if (other != box)
      throw UserError(ErrorKind::value, "ir", "", "this value belongs to another module");
    if (from == to) Py_RETURN_NONE;
    if (from.type() != to.type()) {
      throw UserError(ErrorKind::value, "ir", "",
                      str("a value of type ", to_string(from.type()),
                          " cannot be replaced by one of type ", to_string(to.type())));
    }
    from.replace_uses(to);
    Py_RETURN_NONE;
  });
}

// create(block, before or None, name, operands, attrs, location or None)
PyObject* create(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 6, [&] {
    std::shared_ptr<ModuleBox> box, other;
    ir::Block& block = block_of(args[0], &box);
    not_driven(box);
    ir::Operation* before = nullptr;
    if (args[1] != Py_None) {
      before = &op_of(args[1], &other);
      if (before->block() != &block)
        throw UserError(ErrorKind::value, "ir", "before", "is not in this block");
    } else {
      before = block.terminator();
    }
    std::string name(text_arg(args[2], "name"));
    ir::Builder builder(*box->module, block);
    builder.set_insertion(block, before);
    ir::Context& c = eager::context();
    builder.set_location(args[5] == Py_None ? user_location(c)
                                            : ir::Location::name(c, text_arg(args[5], "location")));
    return wrap_op(box, create_op(builder, name, args[3], args[4], box));
  });
}

// execute(module, function name, inputs)
PyObject* execute(PyObject*, Args args, Py_ssize_t n) {
  return with(n, 3, [&] {
    ir::Module& module = module_of(args[0]);
    std::string_view name = text_arg(args[1], "function");
    ir::Func func = name.empty() ? module.main() : module.find(name);
    if (!func) {
      throw UserError(ErrorKind::key, "execute", "function",
                      name.empty() ? std::string("the module has no function")
                                   : str("there is no function '", name, "'"));
    }
    ir::verify(module);
    Ref fast = checked(PySequence_Fast(args[2], "expected a list of tensors"));
    std::vector<runtime::Array> inputs;
    std::vector<ir::Value> arguments = func.arguments();
    if (PySequence_Fast_GET_SIZE(fast.get()) != static_cast<Py_ssize_t>(arguments.size())) {
      throw UserError(ErrorKind::value, func.name(), "inputs",
                      str("expected ", arguments.size(), " tensors, got ",
                          PySequence_Fast_GET_SIZE(fast.get())));
    }
    std::vector<ir::Dim> symbols;
    std::vector<int64_t> sizes;
    std::vector<std::pair<ir::Dim, int64_t>> derived;
    for (size_t i = 0; i < arguments.size(); ++i) {
      PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), static_cast<Py_ssize_t>(i));
      Tensor t = is_tensor(item) ? tensor_of(item) : to_tensor(item, arguments[i].dtype());
      std::string place = str("input ", i);
      auto refuse = [&] {
        throw UserError(t.dtype() == arguments[i].dtype() ? ErrorKind::shape : ErrorKind::type,
                        func.name(), place,
                        str("expected ", to_string(arguments[i].type()), ", got ",
                            to_string(t.dtype()), list_str(t.dims())));
      };
      if (!arguments[i].type().is_tensor() || t.dtype() != arguments[i].dtype() ||
          t.rank() != arguments[i].rank())
        refuse();
      for (size_t a = 0; a < t.dims().size(); ++a) {
        ir::Dim dim = arguments[i].dims()[a];
        int64_t extent = t.dims()[a];
        if (dim.is_const()) {
          if (dim.constant() != extent) refuse();
        } else if (dim.is_symbol()) {
          auto known = std::ranges::find(symbols, dim);
          if (known == symbols.end()) {
            symbols.push_back(dim);
            sizes.push_back(extent);
          } else if (sizes[static_cast<size_t>(known - symbols.begin())] != extent) {
            refuse();
          }
        } else {
          derived.emplace_back(dim, extent);
        }
      }
      inputs.push_back(t.array());
    }
    for (auto [dim, extent] : derived) {
      int64_t value = ir::evaluate(dim, [&](ir::Dim symbol) {
        auto known = std::ranges::find(symbols, symbol);
        if (known == symbols.end()) {
          throw UserError(ErrorKind::not_supported, func.name(), "",
                          str("the size ", to_string(symbol), " is no extent of an input"));
        }
        return sizes[static_cast<size_t>(known - symbols.begin())];
      });
      if (value != extent) {
        throw UserError(ErrorKind::shape, func.name(), "inputs",
                        str("expected an extent ", to_string(dim), " = ", value, ", got ", extent));
      }
    }
    auto program = eager::compile(module, func, symbols, tier::tier(), eager::Ask::nothing);
    std::vector<runtime::Array> outputs(func.results().size());
    {
      ReleaseGil release;
      program->run(inputs, sizes, outputs);
    }
    // Results are the caller's own: never an input's memory nor the program's.
    return list_of(outputs,
                   [](const runtime::Array& output) {
                     runtime::Array copy = runtime::Array::dense(output.dims, output.dtype);
                     runtime::copy(output, copy);
                     return wrap(Tensor(std::move(copy)));
                   })
        .release();
  });
}

PyObject* dialects(PyObject*, PyObject*) {
  return guarded([&] {
    Ref dict = checked(PyDict_New());
    for (ir::Dialect* dialect : eager::context().dialects()) {
      std::vector<std::string_view> names;
      for (const ir::OpInfo& op : dialect->ops()) names.push_back(op.name);
      checked(PyDict_SetItem(
          dict.get(), to_str(dialect->name()).get(),
          list_of(names, [](std::string_view t) { return to_str(t).release(); }).get()));
    }
    return dict.release();
  });
}

PyObject* pages(PyObject*, PyObject*) {
  return guarded([] { return page_dicts(true).release(); });
}

#define PROA_FAST(function) \
  reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)), METH_FASTCALL, nullptr
PyMethodDef functions[] = {{"parse", PROA_FAST(parse)},
                           {"clone", PROA_FAST(clone)},
                           {"text", PROA_FAST(text)},
                           {"to_bytes", PROA_FAST(to_bytes)},
                           {"from_bytes", PROA_FAST(from_bytes)},
                           {"line", PROA_FAST(line)},
                           {"verify", PROA_FAST(check)},
                           {"module_op", PROA_FAST(module_op)},
                           {"guards", PROA_FAST(guards)},
                           {"alive", PROA_FAST(is_alive)},
                           {"op_name", PROA_FAST(op_name)},
                           {"op_operands", PROA_FAST(op_operands)},
                           {"op_results", PROA_FAST(op_results)},
                           {"op_attrs", PROA_FAST(op_attrs)},
                           {"op_set_attr", PROA_FAST(op_set_attr)},
                           {"op_set_operand", PROA_FAST(op_set_operand)},
                           {"op_regions", PROA_FAST(op_regions)},
                           {"op_parent", PROA_FAST(op_parent)},
                           {"op_block", PROA_FAST(op_block)},
                           {"op_next", PROA_FAST(op_next)},
                           {"op_prev", PROA_FAST(op_prev)},
                           {"op_location", PROA_FAST(op_location)},
                           {"op_traits", PROA_FAST(op_traits)},
                           {"op_walk", PROA_FAST(op_walk)},
                           {"op_erase", PROA_FAST(op_erase)},
                           {"block_ops", PROA_FAST(block_ops)},
                           {"block_arguments", PROA_FAST(block_arguments)},
                           {"block_parent", PROA_FAST(block_parent)},
                           {"value_type", PROA_FAST(value_type)},
                           {"value_definer", PROA_FAST(value_definer)},
                           {"value_index", PROA_FAST(value_index)},
                           {"value_uses", PROA_FAST(value_uses)},
                           {"value_replace", PROA_FAST(value_replace)},
                           {"create", PROA_FAST(create)},
                           {"execute", PROA_FAST(execute)},
                           {"dialects", dialects, METH_NOARGS, nullptr},
                           {"pages", pages, METH_NOARGS, nullptr},
                           {}};
#undef PROA_FAST

}  // namespace

int add_ir(PyObject* module) {
  return guarded_int([&] {
    Ref inner = checked(PyModule_New("proa._proa._ir"));
    checked(PyModule_AddObjectRef(inner.get(), "Handle", handle_class()));
    checked(add_dims(inner.get()));
    checked(PyModule_AddObjectRef(inner.get(), "Operator", operator_class()));
    checked(PyModule_AddFunctions(inner.get(), functions));
    checked(PyModule_AddFunctions(inner.get(), ir_pass_functions));
    checked(PyModule_AddFunctions(inner.get(), ir_operator_functions));
    checked(PyModule_AddObjectRef(module, "_ir", inner.get()));
    return PyDict_SetItemString(PyImport_GetModuleDict(), "proa._proa._ir", inner.get());
  });
}

}  // namespace proa::python
