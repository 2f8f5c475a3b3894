// proa.ir, passes: pipelines run from Python, passes and patterns written there. An exception of a
// callback goes through the pass manager as it is, with its traceback.

#include "proa/base/error.h"
#include "proa/eager/evaluate.h"
#include "proa/ir/pass_manager.h"
#include "python/bindings/ir.h"

namespace proa::python {

namespace {

using Args = PyObject* const*;

// A callable that C++ keeps. Passes stay for the life of the process, as those of C++ do.
using Callable = std::shared_ptr<PyObject>;

Callable callable_of(PyObject* object, std::string_view what) {
  if (!PyCallable_Check(object)) throw UserError(ErrorKind::type, what, "", "expected a function");
  return Callable(Py_NewRef(object), [](PyObject* held) {
    if (Py_IsInitialized() == 0) return;
    HoldGil gil;
    Py_DECREF(held);
  });
}

// The boxes of the modules that Python has given to a pass manager, so that a pass of Python gets
// the module that its caller holds.
std::vector<std::shared_ptr<ModuleBox>>& running() {
  static auto boxes = new std::vector<std::shared_ptr<ModuleBox>>();
  return *boxes;
}

class Running {
 public:
  explicit Running(std::shared_ptr<ModuleBox> box) : box_(std::move(box)) {
    running().push_back(box_);
  }
  ~Running() { std::erase(running(), box_); }
  Running(const Running&) = delete;

 private:
  std::shared_ptr<ModuleBox> box_;
};

// A box for a module that a pass is handed; one that C++ owns is lent until `done`.
struct Lent {
  std::shared_ptr<ModuleBox> box;
  bool borrowed = false;
  explicit Lent(ir::Module& module) {
    for (const auto& known : running()) {
      if (known->module == &module) box = known;
    }
    if (box) return;
    borrowed = true;
    box = std::make_shared<ModuleBox>();
    box->module = &module;
  }
  ~Lent() {
    if (borrowed) box->module = nullptr;
  }
  Lent(const Lent&) = delete;
};

std::string text_arg(PyObject* object, std::string_view name) {
  if (!PyUnicode_Check(object)) throw UserError(ErrorKind::type, "ir", name, "expected a string");
  return std::string(text_of(object));
}

ir::PassContext& context_of(PyObject* object) {
  const Handle& h = handle_of(object);
  if (h.kind != HandleKind::context)
    throw UserError(ErrorKind::type, "ir", "", "expected a pass context");
  if (*h.context == nullptr)
    throw UserError(ErrorKind::state, "ir", "", "this context was lent to a pass that has ended");
  return **h.context;
}

ir::Rewriter& rewriter_of(PyObject* object, std::shared_ptr<ModuleBox>* box) {
  const Handle& h = handle_of(object);
  if (h.kind != HandleKind::rewriter)
    throw UserError(ErrorKind::type, "ir", "", "expected a rewriter");
  if (*h.rewriter == nullptr)
    throw UserError(ErrorKind::state, "ir", "",
                    "this rewriter was lent to a pattern that has ended");
  *box = h.box;
  return **h.rewriter;
}

// register_pass(name, purpose, options as [(name, default, doc)], function(module, context))
PyObject* register_pass(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 4);
    ir::Pass pass;
    pass.name = text_arg(args[0], "name");
    pass.purpose = text_arg(args[1], "purpose");
    bool plain = !pass.name.empty();
    for (char c : pass.name)
      plain &= (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!plain) {
      throw UserError(ErrorKind::value, "register_pass", "name",
                      str("expected lower-case letters, digits and dashes, got '", pass.name, "'"));
    }
    Ref options = checked(PySequence_Fast(args[2], "expected a list of options"));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(options.get()); ++i) {
      const char *name, *value, *doc;
      if (!PyArg_ParseTuple(PySequence_Fast_GET_ITEM(options.get(), i), "sss", &name, &value, &doc))
        throw PythonError{};
      pass.options.push_back({name, value, doc});
    }
    Callable function = callable_of(args[3], "register_pass");
    pass.run = [function](ir::Module& module, ir::PassContext& context) {
      HoldGil gil;
      Lent lent(module);
      auto place = std::make_shared<ir::PassContext*>(&context);
      Handle handle{HandleKind::context, lent.box};
      handle.context = place;
      Ref given = checked(wrap_handle(Handle(HandleKind::module, lent.box)));
      Ref how = checked(wrap_handle(std::move(handle)));
      Ref done(PyObject_CallFunctionObjArgs(function.get(), given.get(), how.get(), nullptr));
      *place = nullptr;
      if (!done) throw PythonError{};
    };
    ir::register_pass(std::move(pass));
    Py_RETURN_NONE;
  });
}

PyObject* passes(PyObject*, PyObject*) {
  return guarded([&] {
    Ref list = checked(PyList_New(0));
    for (const ir::Pass* pass : ir::all_passes()) {
      Ref options = checked(PyList_New(0));
      for (const ir::PassOption& option : pass->options) {
        Ref one = checked(
            Py_BuildValue("(sss)", option.name.c_str(), option.value.c_str(), option.doc.c_str()));
        checked(PyList_Append(options.get(), one.get()));
      }
      Ref one =
          checked(Py_BuildValue("(ssO)", pass->name.c_str(), pass->purpose.c_str(), options.get()));
      checked(PyList_Append(list.get(), one.get()));
    }
    return list.release();
  });
}

Ref record_object(const ir::PassRecord& record) {
  Ref statistics = checked(PyDict_New());
  for (auto& [name, value] : record.statistics) {
    checked(PyDict_SetItemString(statistics.get(), name.c_str(),
                                 Ref(PyLong_FromLongLong(value)).get()));
  }
  Ref reports = checked(PyList_New(0));
  for (const std::string& line : record.reports)
    checked(PyList_Append(reports.get(), to_str(line).get()));
  Ref changed = record.changed ? Ref(PyBool_FromLong(*record.changed)) : Ref::share(Py_None);
  return checked(Py_BuildValue("(sddOOO)", record.pass.c_str(), record.seconds,
                               record.verify_seconds, changed.get(), statistics.get(),
                               reports.get()));
}

// run(module, pipeline, verify, watch, dump or None, reproducer, strict) -> (records, table)
PyObject* run(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 7);
    std::shared_ptr<ModuleBox> box;
    ir::Module& module = module_of(args[0], &box);
    if (box->driven > 0) {
      throw UserError(ErrorKind::state, "run", "",
                      "patterns are at work on this module; no pass can run on it");
    }
    ir::PassManagerConfig config;
    config.verify = PyObject_IsTrue(args[2]) == 1;
    config.watch_changes = PyObject_IsTrue(args[3]) == 1;
    if (args[4] != Py_None) {
      Callable dump = callable_of(args[4], "run");
      config.dump_changed = [dump](std::string_view text) {
        checked(PyObject_CallFunctionObjArgs(dump.get(), to_str(text).get(), nullptr));
      };
    }
    config.reproducer = text_arg(args[5], "reproducer");
    config.strict = PyObject_IsTrue(args[6]) == 1;
    config.evaluator = eager::evaluator();
    ir::PassManager manager(std::move(config));
    manager.add_pipeline(text_arg(args[1], "pipeline"));
    Running guard(box);
    manager.run(module);
    Ref records = checked(PyList_New(0));
    for (const ir::PassRecord& record : manager.records())
      checked(PyList_Append(records.get(), record_object(record).get()));
    return Py_BuildValue("(NN)", records.release(), to_str(manager.timing_table()).release());
  });
}

PyObject* reproducer_pipeline(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 1);
    auto pipeline = ir::reproducer_pipeline(text_arg(args[0], "text"));
    if (!pipeline) Py_RETURN_NONE;
    return to_str(*pipeline).release();
  });
}

// drive(module, context or None, [(name, root, benefit, generates, function(op, rewriter))],
// budget, strict) -> (changed, converged, rewrites, dead, reports)
PyObject* drive(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 5);
    std::shared_ptr<ModuleBox> box;
    ir::Module& module = module_of(args[0], &box);
    if (box->driven > 0) {
      throw UserError(ErrorKind::state, "rewrite", "",
                      "patterns are at work on this module already");
    }
    ir::PatternSet patterns;
    Ref list = checked(PySequence_Fast(args[2], "expected a list of patterns"));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i) {
      const char *name, *root;
      int benefit;
      PyObject *generates, *function;
      if (!PyArg_ParseTuple(PySequence_Fast_GET_ITEM(list.get(), i), "ssiOO", &name, &root,
                            &benefit, &generates, &function))
        throw PythonError{};
      if (*root != '\0') module.context().op(root);  // a name that is not there says so
      ir::Pattern pattern{name, root, benefit, {}, {}};
      Ref made = checked(PySequence_Fast(generates, "expected a list of names"));
      for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(made.get()); ++k) {
        pattern.generates.push_back(text_arg(PySequence_Fast_GET_ITEM(made.get(), k), "generates"));
        module.context().op(pattern.generates.back());
      }
      Callable apply = callable_of(function, name);
      pattern.apply = [apply, box](ir::Operation& op, ir::Rewriter& rewriter) {
        auto place = std::make_shared<ir::Rewriter*>(&rewriter);
        Handle handle{HandleKind::rewriter, box};
        handle.rewriter = place;
        Ref given = checked(wrap_op(box, &op));
        Ref how = checked(wrap_handle(std::move(handle)));
        int64_t before = rewriter.changes();
        Ref done(PyObject_CallFunctionObjArgs(apply.get(), given.get(), how.get(), nullptr));
        *place = nullptr;
        if (!done) throw PythonError{};
        // Whether it changed anything is what it did, whatever it says.
        return rewriter.changes() != before;
      };
      patterns.add(std::move(pattern));
    }
    ir::PassContext own;
    own.set_strict(PyObject_IsTrue(args[4]) == 1);
    ir::PassContext& context = args[1] == Py_None ? own : context_of(args[1]);
    ir::GreedyOptions options;
    options.budget = as_int(args[3], "rewrite", "budget");
    struct Driving {
      ModuleBox& box;
      explicit Driving(ModuleBox& b) : box(b) { ++box.driven; }
      ~Driving() { --box.driven; }
    } driving(*box);
    ir::GreedyResult result = ir::rewrite_greedily(module, patterns, context, options);
    Ref reports = checked(PyList_New(0));
    for (const std::string& line : own.reports())
      checked(PyList_Append(reports.get(), to_str(line).get()));
    return Py_BuildValue("(NNLLN)", PyBool_FromLong(result.changed),
                         PyBool_FromLong(result.converged), static_cast<long long>(result.rewrites),
                         static_cast<long long>(result.dead), reports.release());
  });
}

// rewriter_create(rewriter, name, operands, attrs)
PyObject* rewriter_create(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 4);
    std::shared_ptr<ModuleBox> box;
    ir::Rewriter& rewriter = rewriter_of(args[0], &box);
    return wrap_op(box, create_op(rewriter, text_arg(args[1], "name"), args[2], args[3], box));
  });
}

bool holds(const ir::Operation& outer, const ir::Operation* inner) {
  for (; inner != nullptr; inner = inner->parent()) {
    if (inner == &outer) return true;
  }
  return false;
}

// rewriter_replace(rewriter, op, values)
PyObject* rewriter_replace(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 3);
    std::shared_ptr<ModuleBox> box, from;
    ir::Rewriter& rewriter = rewriter_of(args[0], &box);
    ir::Operation& op = op_of(args[1], &from);
    std::vector<ir::Value> values = values_of(args[2], box);
    if (from != box)
      throw UserError(ErrorKind::value, op.name(), "", "this operation is of another module");
    if (op.name().starts_with("builtin.") || op.info().has(ir::Trait::terminator))
      throw UserError(ErrorKind::not_supported, op.name(), "", "it holds the module together");
    if (values.size() != op.result_count()) {
      throw UserError(ErrorKind::value, op.name(), "values",
                      str("expected ", op.result_count(), " values, got ", values.size()));
    }
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].type() != op.result(i).type()) {
        throw UserError(
            ErrorKind::value, op.name(), "values",
            str("a result of type ", to_string(op.result(i).type()),
                " cannot be replaced by a value of type ", to_string(values[i].type())));
      }
      ir::Operation* inside = values[i].definer() != nullptr ? values[i].definer()
                                                             : values[i].argument_block()->parent();
      if (holds(op, inside)) {
        throw UserError(ErrorKind::value, op.name(), "values",
                        "an operation cannot be replaced by what it defines itself");
      }
    }
    rewriter.replace(op, values);
    Py_RETURN_NONE;
  });
}

PyObject* rewriter_erase(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 2);
    std::shared_ptr<ModuleBox> box, from;
    ir::Rewriter& rewriter = rewriter_of(args[0], &box);
    ir::Operation& op = op_of(args[1], &from);
    if (from != box)
      throw UserError(ErrorKind::value, op.name(), "", "this operation is of another module");
    if (op.name().starts_with("builtin.") || op.info().has(ir::Trait::terminator))
      throw UserError(ErrorKind::not_supported, op.name(), "", "it holds the module together");
    if (!op.unused())
      throw UserError(ErrorKind::state, op.name(), "", "its results are used; replace them first");
    rewriter.erase(op);
    Py_RETURN_NONE;
  });
}

// rewriter_fuse(rewriter, ops): what is made from now on carries the locations of all of these.
PyObject* rewriter_fuse(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 2);
    std::shared_ptr<ModuleBox> box;
    ir::Rewriter& rewriter = rewriter_of(args[0], &box);
    Ref list = checked(PySequence_Fast(args[1], "expected a list of operations"));
    std::vector<ir::Operation*> ops;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(list.get()); ++i)
      ops.push_back(&op_of(PySequence_Fast_GET_ITEM(list.get(), i)));
    rewriter.fuse_locations(ops);
    Py_RETURN_NONE;
  });
}

PyObject* option(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&] {
    need_arguments(n, 2);
    return to_str(context_of(args[0]).text(text_arg(args[1], "option"))).release();
  });
}

PyObject* report(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 2);
    context_of(args[0]).report(text_arg(args[1], "line"));
    Py_RETURN_NONE;
  });
}

PyObject* count(PyObject*, Args args, Py_ssize_t n) {
  return guarded([&]() -> PyObject* {
    need_arguments(n, 3);
    context_of(args[0]).count(text_arg(args[1], "statistic"), as_int(args[2], "count", "n"));
    Py_RETURN_NONE;
  });
}

}  // namespace

#define PROA_FAST(function) \
  reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function)), METH_FASTCALL, nullptr
PyMethodDef ir_pass_functions[] = {{"register_pass", PROA_FAST(register_pass)},
                                   {"passes", passes, METH_NOARGS, nullptr},
                                   {"run", PROA_FAST(run)},
                                   {"reproducer_pipeline", PROA_FAST(reproducer_pipeline)},
                                   {"drive", PROA_FAST(drive)},
                                   {"rewriter_create", PROA_FAST(rewriter_create)},
                                   {"rewriter_replace", PROA_FAST(rewriter_replace)},
                                   {"rewriter_erase", PROA_FAST(rewriter_erase)},
                                   {"rewriter_fuse", PROA_FAST(rewriter_fuse)},
                                   {"option", PROA_FAST(option)},
                                   {"report", PROA_FAST(report)},
                                   {"count", PROA_FAST(count)},
                                   {}};
#undef PROA_FAST

}  // namespace proa::python
