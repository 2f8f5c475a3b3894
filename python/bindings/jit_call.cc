// The short way of a call of a captured function: the last graphs, found by what the arguments are.

#include <algorithm>
#include <bit>
#include <memory>
#include <vector>

#include "proa/base/error.h"
#include "proa/eager/captured.h"
#include "proa/ir/stage.h"
#include "python/bindings/jit.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

constexpr const char* kName = "proa.CallCache";
constexpr size_t kKept = 8;

// What a call looks like. Only plain positional tensors, numbers and constants have a short way.
struct Shape {
  std::vector<uint64_t> words;
  std::vector<PyObject*> constants;  // borrowed
  std::vector<Tensor> tensors;
  std::vector<double> floats;
  std::vector<int64_t> ints;
  std::vector<PyObject*> seen;  // the tensors' objects
};

enum Tag : uint64_t { kTensor = 1, kAgain, kFloat, kInt, kConstant };

uint64_t state_word() {
  return (eager::grad_enabled() ? 1 : 0) | static_cast<uint64_t>(eager::default_float()) << 1;
}

// False where the call must take the long way.
bool read(PyObject* args, Shape& shape) {
  if (eager::Capture::active() != nullptr || eager::autocast().enabled) return false;
  shape.words.push_back(state_word());
  shape.words.push_back(ir::stage_settings());
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args); ++i) {
    PyObject* item = PyTuple_GET_ITEM(args, i);
    if (is_tensor(item)) {
      size_t at = 0;
      while (at < shape.seen.size() && shape.seen[at] != item) ++at;
      shape.words.push_back(reinterpret_cast<uintptr_t>(Py_TYPE(item)));
      if (at < shape.seen.size()) {
        shape.words.push_back(kAgain | at << 8);
        continue;
      }
      const Tensor& tensor = tensor_of(item);
      if (tensor.rank() > 40) return false;
      shape.words.push_back(kTensor);
      shape.words.push_back(guarded_form(tensor));
      shape.seen.push_back(item);
      shape.tensors.push_back(tensor);
    } else if (PyFloat_CheckExact(item)) {
      shape.words.push_back(kFloat);
      shape.floats.push_back(PyFloat_AS_DOUBLE(item));
    } else if (PyLong_CheckExact(item)) {
      int overflow = 0;
      long long value = PyLong_AsLongLongAndOverflow(item, &overflow);
      if (overflow != 0 || value < 2 || value >= 1LL << 62) return false;
      shape.words.push_back(kInt);
      shape.ints.push_back(value);
    } else if (item == Py_None || PyBool_Check(item) || PyUnicode_CheckExact(item)) {
      shape.words.push_back(kConstant);
      shape.words.push_back(reinterpret_cast<uintptr_t>(item));
      shape.constants.push_back(item);
    } else {
      return false;
    }
  }
  return true;
}

struct Known {
  std::vector<uint64_t> words;
  std::vector<Ref> constants;  // alive, so that no other object takes the address
  Ref graph;
  Ref record;         // a weak reference: a record may hold the function that remembers it
  bool held = false;  // it must be asked whether layers have changed
  std::vector<std::pair<size_t, uint64_t>> floats;  // values that are guards, as bits
  std::vector<std::pair<size_t, int64_t>> ints;
  Py_ssize_t made = -1;  // the result is this tensor of the graph
};

struct CallCache {
  std::vector<std::unique_ptr<Known>> known;  // the last one used first
};

CallCache& cache_of(PyObject* capsule) {
  void* pointer = PyCapsule_GetPointer(capsule, kName);
  if (pointer == nullptr) throw PythonError{};
  return *static_cast<CallCache*>(pointer);
}

bool fits(const Known& known, const Shape& shape) {
  if (known.words != shape.words) return false;
  for (auto [i, value] : known.floats) {
    if (std::bit_cast<uint64_t>(shape.floats[i]) != value) return false;
  }
  for (auto [i, value] : known.ints) {
    if (shape.ints[i] != value) return false;
  }
  return true;
}

Ref list_of(const std::vector<Tensor>& tensors) {
  Ref list = checked(PyList_New(static_cast<Py_ssize_t>(tensors.size())));
  for (size_t i = 0; i < tensors.size(); ++i)
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), checked(wrap(tensors[i])).release());
  return list;
}

PyObject* finish(Py_ssize_t only, PyObject* record_of, const Shape& shape,
                 std::vector<Tensor>& results) {
  if (only >= 0) return wrap(std::move(results[static_cast<size_t>(only)]));
  Ref made = list_of(results);
  Ref given = checked(PyList_New(0));
  for (PyObject* object : shape.seen) checked(PyList_Append(given.get(), object));
  Ref record = checked(PyObject_CallNoArgs(record_of));
  return PyObject_CallMethod(record.get(), "build", "OO", made.get(), given.get());
}

// _jit_cache(): what one captured function remembers.
PyObject* make_cache(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    return PyCapsule_New(new CallCache, kName, [](PyObject* self) {
      delete static_cast<CallCache*>(PyCapsule_GetPointer(self, kName));
    });
  });
}

// _jit_call(cache, args): the result, or NotImplemented where the long way must be taken.
PyObject* call(PyObject*, PyObject* const* given, Py_ssize_t count) {
  return guarded([&]() -> PyObject* {
    if (count != 2 || !PyTuple_Check(given[1]))
      throw UserError(ErrorKind::type, "to_static", "", "expected a cache and a tuple");
    CallCache& cache = cache_of(given[0]);
    Shape shape;
    if (cache.known.empty() || !read(given[1], shape)) Py_RETURN_NOTIMPLEMENTED;
    for (size_t i = 0; i < cache.known.size(); ++i) {
      Known& known = *cache.known[i];
      if (!fits(known, shape)) continue;
      // Other threads may forget it meanwhile.
      Ref graph = Ref::share(known.graph.get()), record_of = Ref::share(known.record.get());
      const Py_ssize_t made = known.made;
      if (known.held) {
        Ref record = checked(PyObject_CallNoArgs(record_of.get()));
        Ref reason = checked(PyObject_CallMethod(record.get(), "held_differ", nullptr));
        if (PyObject_IsTrue(reason.get()) != 0) continue;
      }
      std::vector<Tensor> results;
      eager::Captured& captured = captured_of(graph.get());
      bool done;
      {
        ReleaseGil release;
        auto none = [] { return std::vector<double>(); };
        done = captured.run(shape.tensors, shape.floats, shape.ints, none, results).empty();
      }
      if (!done) continue;  // other sizes; the next one may be for these
      // While the lock was given away, the list may have changed.
      for (size_t k = 1; k < cache.known.size(); ++k) {
        if (cache.known[k]->graph.get() != graph.get() || !fits(*cache.known[k], shape)) continue;
        std::rotate(cache.known.begin(), cache.known.begin() + static_cast<ptrdiff_t>(k),
                    cache.known.begin() + static_cast<ptrdiff_t>(k) + 1);
        break;
      }
      return finish(made, record_of.get(), shape, results);
    }
    Py_RETURN_NOTIMPLEMENTED;
  });
}

// _jit_remember(cache, args, graph, record, held, floats, ints, made): calls like this one run
// `graph`, where record().held_differ() says nothing; `made` is the result's number, or -1 where
// record().build makes it.
PyObject* remember(PyObject*, PyObject* given) {
  PyObject *capsule, *args, *graph, *record, *floats, *ints;
  int held;
  Py_ssize_t made;
  if (!PyArg_ParseTuple(given, "OO!OOpOOn", &capsule, &PyTuple_Type, &args, &graph, &record, &held,
                        &floats, &ints, &made))
    return nullptr;
  return guarded([&]() -> PyObject* {
    CallCache& cache = cache_of(capsule);
    Shape shape;
    if (!read(args, shape)) Py_RETURN_NONE;
    auto known = std::make_unique<Known>();
    known->words = shape.words;
    for (PyObject* constant : shape.constants) known->constants.push_back(Ref::share(constant));
    known->graph = Ref::share(graph);
    known->record = Ref::share(record);
    known->held = held != 0;
    known->made = made;
    for (int64_t i : as_ints(floats, "to_static", "floats")) {
      auto at = static_cast<size_t>(i);
      known->floats.emplace_back(at, std::bit_cast<uint64_t>(shape.floats.at(at)));
    }
    for (int64_t i : as_ints(ints, "to_static", "ints")) {
      auto at = static_cast<size_t>(i);
      known->ints.emplace_back(at, shape.ints.at(at));
    }
    std::erase_if(cache.known, [&](const auto& one) {
      return one->graph.get() == graph && one->words == shape.words;
    });
    if (cache.known.size() == kKept) cache.known.pop_back();
    cache.known.insert(cache.known.begin(), std::move(known));
    Py_RETURN_NONE;
  });
}

PyMethodDef functions[] = {
    {"_jit_cache", make_cache, METH_NOARGS, nullptr},
    {"_jit_call", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(call)), METH_FASTCALL,
     nullptr},
    {"_jit_remember", remember, METH_VARARGS, nullptr},
    {}};

}  // namespace

int add_jit_call(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
