// Threads, memory, random state, default dtype, autocast.

#include "python/bindings/python.h"

#include <unistd.h>

#include <algorithm>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/runtime/allocator.h"
#include "proa/runtime/device.h"
#include "proa/tier/compiled.h"
#include "proa/tier/contest.h"
#include "proa/tier/object_cache.h"
#include "proa/tier/tuning.h"

namespace proa::python {

// The main thread ends the interpreter, which drops tensors and their hooks on the way.
bool is_left_behind() { return Py_IsInitialized() == 0 && gettid() != getpid(); }

namespace {

// Asked between chunks of long work, with or without the GIL.
bool interrupted() {
  // A thread of our own never gets a signal; asking for the lock, it might wait for whoever waits
  // for it.
  if (PyGILState_GetThisThreadState() == nullptr) return false;
  HoldGil gil;
  return PyErr_CheckSignals() != 0;
}

PyObject* get_threads(PyObject*, PyObject*) { return PyLong_FromLong(num_threads()); }
PyObject* set_threads(PyObject*, PyObject* n) {
  return guarded([&]() -> PyObject* {
    set_num_threads(
        static_cast<int>(std::clamp<int64_t>(as_int(n, "set_num_threads", "n"), -1, 1 << 30)));
    Py_RETURN_NONE;
  });
}

PyObject* seed(PyObject*, PyObject* value) {
  return guarded([&]() -> PyObject* {
    eager::seed(static_cast<uint64_t>(as_int(value, "seed", "seed")));
    Py_RETURN_NONE;
  });
}
PyObject* get_rng(PyObject*, PyObject*) {
  eager::RngState state = eager::rng_state();
  return Py_BuildValue("(LL)", static_cast<long long>(state.seed),
                       static_cast<long long>(state.calls));
}
PyObject* set_rng(PyObject*, PyObject* tuple) {
  return guarded([&]() -> PyObject* {
    auto words = as_ints(tuple, "set_rng_state", "state");
    if (words.size() != 2)
      throw UserError(ErrorKind::value, "set_rng_state", "state", "expected (seed, calls)");
    eager::set_rng_state({static_cast<uint64_t>(words[0]), static_cast<uint64_t>(words[1])});
    Py_RETURN_NONE;
  });
}

PyObject* compiler_report(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    tier::Report now = tier::report();
    tier::ContestCounts counts = tier::contest_counts();
    tier::TuningCounts tunings = tier::tuning_counts();
    std::string_view tier = tier::to_string(tier::tier());
    auto size = [](std::string_view text) { return static_cast<Py_ssize_t>(text.size()); };
    auto number = [](int64_t n) { return static_cast<long long>(n); };
    return Py_BuildValue(
        "{s:s#,s:s#,s:L,s:L,s:L,s:d,s:L,s:L,s:L,s:s#,s:L,s:L,s:L,s:L,s:L,s:L,s:L,s:L,s:L,s:L,"
        "s:L,s:L,s:L}",
        "tier", tier.data(), size(tier), "compiler", now.compiler.data(), size(now.compiler),
        "compiled", number(now.compiled), "from_disk", number(now.from_disk), "from_memory",
        number(now.from_memory), "seconds", now.seconds, "kept", number(now.kept), "channels_last",
        number(now.channels_last), "fallbacks", number(now.fallbacks), "last_reason",
        now.last_reason.data(), size(now.last_reason), "programs", number(counts.programs),
        "waiting", number(counts.waiting), "timed", number(counts.timed), "won", number(counts.won),
        "lost", number(counts.lost), "failed", number(counts.failed), "choices",
        number(tunings.choices), "choices_from_disk", number(tunings.from_disk), "choices_timed",
        number(tunings.timed), "choices_rule", number(tunings.rule), "choices_rival",
        number(tunings.rival), "choices_damaged", number(tunings.damaged), "rivals",
        number(now.aside));
  });
}

PyObject* clear_cache(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    int64_t freed = tier::object_cache().clear();
    tier::clear_choices();
    return PyLong_FromLongLong(freed);
  });
}

PyObject* get_default(PyObject*, PyObject*) {
  return to_str(to_string(eager::default_float())).release();
}
PyObject* set_default(PyObject*, PyObject* dtype) {
  return guarded([&]() -> PyObject* {
    eager::set_default_float(dtype_of(dtype, "set_default_dtype", "d"));
    Py_RETURN_NONE;
  });
}

PyObject* memory_stats(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    auto s = runtime::allocator_of(kCpu).stats();
    return Py_BuildValue("{sLsLsLsLsL}", "in_use", static_cast<long long>(s.in_use), "peak",
                         static_cast<long long>(s.peak), "cached", static_cast<long long>(s.cached),
                         "held_peak", static_cast<long long>(s.held_peak), "allocations",
                         static_cast<long long>(s.allocations));
  });
}
PyObject* empty_cache(PyObject*, PyObject*) {
  runtime::allocator_of(kCpu).empty_cache();
  Py_RETURN_NONE;
}
PyObject* reset_peak(PyObject*, PyObject*) {
  runtime::allocator_of(kCpu).reset_peak();
  Py_RETURN_NONE;
}
PyObject* set_limit(PyObject*, PyObject* bytes) {
  return guarded([&]() -> PyObject* {
    std::optional<int64_t> limit;
    if (bytes != Py_None) limit = as_int(bytes, "set_memory_limit", "bytes");
    runtime::allocator_of(kCpu).set_limit(limit);
    Py_RETURN_NONE;
  });
}

std::vector<std::string> names_of(PyObject* iterable) {
  std::vector<std::string> names;
  Ref list = checked(PySequence_List(iterable));
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i)
    names.emplace_back(text_of(PyList_GET_ITEM(list.get(), i)));
  std::ranges::sort(names);
  return names;
}

// amp_state(enable, level, dtype, white, black) -> the state before, in the same form.
PyObject* amp_state(PyObject*, PyObject* args) {
  int enable, level;
  PyObject *dtype, *white, *black;
  if (!PyArg_ParseTuple(args, "piOOO", &enable, &level, &dtype, &white, &black)) return nullptr;
  return guarded([&]() -> PyObject* {
    const eager::Autocast& before = eager::autocast();
    auto list = [](const std::vector<std::string>& names) {
      Ref out = checked(PyList_New(0));
      for (const auto& n : names) checked(PyList_Append(out.get(), to_str(n).get()));
      return out;
    };
    Ref old_white = list(before.white), old_black = list(before.black);
    Ref old = checked(Py_BuildValue("(OisOO)", before.enabled ? Py_True : Py_False, before.level,
                                    std::string(to_string(before.dtype)).c_str(), old_white.get(),
                                    old_black.get()));
    eager::set_autocast({enable != 0, level, dtype_of(dtype, "amp_state", "dtype"), names_of(white),
                         names_of(black)});
    return old.release();
  });
}

PyMethodDef functions[] = {
    {"get_num_threads", get_threads, METH_NOARGS, "Threads that take part in a loop."},
    {"set_num_threads", set_threads, METH_O,
     "Sets how many threads take part in a loop. Results do not depend on it."},
    {"_clear_kernel_cache", clear_cache, METH_NOARGS, nullptr},
    {"compiler_report", compiler_report, METH_NOARGS,
     "Kernels that were compiled, found again, and fallbacks, as a dict."},
    {"seed", seed, METH_O, "Starts the random generator anew."},
    {"get_rng_state", get_rng, METH_NOARGS, "(seed, calls so far)."},
    {"set_rng_state", set_rng, METH_O, "Sets (seed, calls so far)."},
    {"get_default_dtype", get_default, METH_NOARGS,
     "The float dtype of Python numbers and created tensors."},
    {"set_default_dtype", set_default, METH_O,
     "Sets the float dtype of Python numbers and created tensors."},
    {"memory_stats", memory_stats, METH_NOARGS,
     "Bytes in use, at the peak and cached, and the count of allocations."},
    {"empty_cache", empty_cache, METH_NOARGS, "Gives cached memory back to the system."},
    {"reset_peak_memory", reset_peak, METH_NOARGS, "Starts the peak anew."},
    {"set_memory_limit", set_limit, METH_O,
     "A limit in bytes on memory in use and cached, or None."},
    {"amp_state", amp_state, METH_VARARGS,
     "amp_state(enable, level, dtype, white, black) gives the state before."},
    {}};

}  // namespace

int add_runtime(PyObject* module) {
  set_interrupt_check(interrupted);
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
