// What runs and the compiler tell: events of a profile, values that are not finite, passes, plans.

#include "proa/runtime/watch.h"
#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/eager/budget.h"
#include "proa/ir/printer.h"
#include "proa/ir/stage.h"
#include "proa/tier/workshop.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

std::string place() {
  HoldGil gil;
  return ir::to_string(user_location(eager::context()));
}

PyObject* watch(PyObject*, PyObject* args) {
  const char* what;
  int on;
  if (!PyArg_ParseTuple(args, "sp", &what, &on)) return nullptr;
  return guarded([&]() -> PyObject* {
    std::string_view name = what;
    bool before = false;
    auto set = [&](runtime::Watch bit) {
      before = (runtime::watched() & bit) != 0;
      runtime::set_watch(bit, on != 0);
    };
    if (name == "time") set(runtime::kWatchTime);
    else if (name == "finite") set(runtime::kWatchFinite);
    else if (name == "plans") set(runtime::kWatchPlans);
    else throw UserError(ErrorKind::key, "watch", "what", str("there is no '", name, "'"));
    return PyBool_FromLong(before);
  });
}

PyObject* events(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    constexpr const char* kKinds[] = {"call", "kernel", "part", "user"};
    Ref list = checked(PyList_New(0));
    for (const runtime::Event& e : runtime::take_events()) {
      Ref row = checked(
          Py_BuildValue("(sNiLLLLN)", kKinds[static_cast<size_t>(e.kind)], to_str(e.name).release(),
                        static_cast<int>(e.thread), static_cast<long long>(e.begin),
                        static_cast<long long>(e.end), static_cast<long long>(e.flops),
                        static_cast<long long>(e.bytes), to_str(e.location).release()));
      checked(PyList_Append(list.get(), row.get()));
    }
    return list.release();
  });
}

PyObject* now(PyObject*, PyObject*) { return PyLong_FromLongLong(runtime::now_ns()); }

// profile_range(name, begin): an event of the user's, from begin until now.
PyObject* range(PyObject*, PyObject* args) {
  const char* name;
  long long begin;
  if (!PyArg_ParseTuple(args, "sL", &name, &begin)) return nullptr;
  return guarded([&]() -> PyObject* {
    runtime::Event event{.kind = runtime::Event::Kind::user,
                         .begin = begin,
                         .end = runtime::now_ns(),
                         .name = name,
                         .location = place()};
    if (runtime::watched() & runtime::kWatchTime) runtime::tell(std::move(event));
    Py_RETURN_NONE;
  });
}

Ref texts(const std::vector<std::string>& lines) {
  Ref list = checked(PyList_New(0));
  for (const std::string& line : lines) checked(PyList_Append(list.get(), to_str(line).get()));
  return list;
}

PyObject* plans(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* { return texts(runtime::take_plans()).release(); });
}

PyObject* passes_off(PyObject*, PyObject* names) {
  return guarded([&]() -> PyObject* {
    Ref before = texts(ir::passes_off());
    if (names != Py_None) {
      std::vector<std::string> off;
      Ref list = checked(PySequence_List(names));
      for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i)
        off.emplace_back(text_of(PyList_GET_ITEM(list.get(), i)));
      ir::set_passes_off(std::move(off));
    }
    return before.release();
  });
}

PyObject* group_limit(PyObject*, PyObject* limit) {
  return guarded([&]() -> PyObject* {
    int64_t before = ir::group_limit();
    ir::set_group_limit(as_int(limit, "group_limit", "limit"));
    return PyLong_FromLongLong(before);
  });
}

// memory_budget(bytes): of what is compiled on this thread from now on; 0: none. Gives the one
// before.
PyObject* memory_budget(PyObject*, PyObject* bytes) {
  return guarded([&]() -> PyObject* {
    return PyLong_FromLongLong(
        eager::set_memory_budget(as_int(bytes, "to_static", "memory_budget")));
  });
}

// memory_plan(): of the last program that was compiled within a budget: bytes before and after.
PyObject* memory_plan(PyObject*, PyObject*) {
  eager::BudgetReport r = eager::budget_report();
  return Py_BuildValue("(LLL)", static_cast<long long>(r.before), static_cast<long long>(r.after),
                       static_cast<long long>(r.copies));
}

class Stages : public ir::StageListener {
 public:
  void stage(std::string_view name, const ir::Module& module) override {
    ir::PrintOptions options{.locations = true};
    told.emplace_back(name, ir::print(module, options));
  }
  std::vector<std::pair<std::string, std::string>> told;
};

thread_local std::unique_ptr<Stages> stages;

// stages(True): from now on this thread's passes are told; stages(False): what they told.
PyObject* listen(PyObject*, PyObject* on) {
  return guarded([&]() -> PyObject* {
    if (PyObject_IsTrue(on) != 0) {
      stages = std::make_unique<Stages>();
      ir::set_stage_listener(stages.get());
      Py_RETURN_NONE;
    }
    ir::set_stage_listener(nullptr);
    Ref list = checked(PyList_New(0));
    if (stages) {
      for (const auto& [name, text] : stages->told) {
        Ref row = checked(Py_BuildValue("(NN)", to_str(name).release(), to_str(text).release()));
        checked(PyList_Append(list.get(), row.get()));
      }
    }
    stages.reset();
    return list.release();
  });
}

// settle_compiler(stop): waits for what is compiled in the background; then nothing is any more.
PyObject* settle(PyObject*, PyObject* stop) {
  bool ends = PyObject_IsTrue(stop) != 0;
  return guarded([&]() -> PyObject* {
    ReleaseGil release;
    tier::settle(ends);
    Py_RETURN_NONE;
  });
}

PyMethodDef functions[] = {{"_watch", watch, METH_VARARGS, nullptr},
                           {"_events", events, METH_NOARGS, nullptr},
                           {"_memory_budget", memory_budget, METH_O, nullptr},
                           {"_memory_plan", memory_plan, METH_NOARGS, nullptr},
                           {"_now", now, METH_NOARGS, nullptr},
                           {"_range", range, METH_VARARGS, nullptr},
                           {"_plans", plans, METH_NOARGS, nullptr},
                           {"_passes_off", passes_off, METH_O, nullptr},
                           {"_group_limit", group_limit, METH_O, nullptr},
                           {"_stages", listen, METH_O, nullptr},
                           {"_settle_compiler", settle, METH_O, nullptr},
                           {}};

}  // namespace

int add_watch(PyObject* module) {
  if (PyModule_AddFunctions(module, functions) < 0) return -1;
  runtime::set_locator(place);
  int known = guarded_int([] {
    if (environment_switch("PROA_CHECK_NAN", false))
      runtime::set_watch(runtime::kWatchFinite, true);
    return 0;
  });
  if (known < 0) return -1;
  // Before the interpreter goes: a compiler at work must not meet the end of the process.
  Ref atexit(PyImport_ImportModule("atexit"));
  if (!atexit) return -1;
  Ref stop(PyObject_GetAttrString(module, "_settle_compiler"));
  Ref done(PyObject_CallMethod(atexit.get(), "register", "OO", stop.get(), Py_True));
  return done ? 0 : -1;
}

}  // namespace proa::python
