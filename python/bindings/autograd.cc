// backward, grad, recording on and off, hooks.

#include "python/bindings/python.h"

#include "proa/base/error.h"
#include "proa/eager/capture.h"
#include "proa/eager/holdings.h"
#include "proa/eager/node.h"

namespace proa::python {

namespace {

std::vector<Tensor> tensors_of(PyObject* object, std::string_view op, std::string_view argument) {
  std::vector<Tensor> out;
  if (object == nullptr || object == Py_None) return out;
  if (is_tensor(object)) return {tensor_of(object)};
  Ref fast(PySequence_Fast(object, "expected a sequence"));
  if (!fast) {
    PyErr_Clear();
    throw UserError(ErrorKind::type, op, argument,
                    str("expected a Tensor or a list of Tensors, got ", Py_TYPE(object)->tp_name));
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), i);
    if (item == Py_None) {
      out.emplace_back();
    } else if (is_tensor(item)) {
      out.push_back(tensor_of(item));
    } else {
      throw UserError(ErrorKind::type, op, argument,
                      str("expected Tensors, got ", Py_TYPE(item)->tp_name));
    }
  }
  return out;
}

bool truth(PyObject* object, bool fallback) {
  if (object == nullptr || object == Py_None) return fallback;
  int on = PyObject_IsTrue(object);
  checked(on);
  return on != 0;
}

// What is captured asks Python where the user's code stands.
bool capturing() { return eager::Capture::active() != nullptr; }

PyObject* tensor_backward(PyObject* self, PyObject* args, PyObject* kwargs) {
  PyObject *seed = Py_None, *retain = Py_None, *create = Py_None;
  static const char* names[] = {"grad_tensor", "retain_graph", "create_graph", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOO", const_cast<char**>(names), &seed, &retain,
                                   &create))
    return nullptr;
  return guarded([&]() -> PyObject* {
    std::vector<Tensor> outputs{tensor_of(self)},
        seeds = tensors_of(seed, "backward", "grad_tensor");
    eager::BackwardOptions options;
    options.create_graph = truth(create, false);
    options.retain_graph = truth(retain, options.create_graph);
    {
      ReleaseGil release(!capturing());
      eager::backward(outputs, seeds, options);
    }
    Py_RETURN_NONE;
  });
}

PyObject* module_backward(PyObject*, PyObject* args, PyObject* kwargs) {
  PyObject *tensors, *seeds = Py_None, *retain = Py_None;
  static const char* names[] = {"tensors", "grad_tensors", "retain_graph", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO", const_cast<char**>(names), &tensors,
                                   &seeds, &retain))
    return nullptr;
  return guarded([&]() -> PyObject* {
    auto outputs = tensors_of(tensors, "backward", "tensors");
    auto given = tensors_of(seeds, "backward", "grad_tensors");
    eager::BackwardOptions options;
    options.retain_graph = truth(retain, false);
    {
      ReleaseGil release(!capturing());
      eager::backward(outputs, given, options);
    }
    Py_RETURN_NONE;
  });
}

PyObject* module_grad(PyObject*, PyObject* args, PyObject* kwargs) {
  PyObject *outputs, *inputs, *seeds = Py_None, *retain = Py_None, *create = Py_None,
                              *only = Py_None, *unused = Py_None, *without = Py_None;
  static const char* names[] = {"outputs",      "inputs",       "grad_outputs",
                                "retain_graph", "create_graph", "only_inputs",
                                "allow_unused", "no_grad_vars", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OOOOOO", const_cast<char**>(names), &outputs,
                                   &inputs, &seeds, &retain, &create, &only, &unused, &without))
    return nullptr;
  return guarded([&]() -> PyObject* {
    auto from = tensors_of(outputs, "grad", "outputs"), to = tensors_of(inputs, "grad", "inputs");
    auto given = tensors_of(seeds, "grad", "grad_outputs");
    eager::BackwardOptions options;
    options.create_graph = truth(create, false);
    options.retain_graph = truth(retain, options.create_graph);
    options.allow_unused = truth(unused, false);
    std::vector<Tensor> found;
    {
      ReleaseGil release(!capturing());
      found = eager::grad(from, to, given, options);
    }
    Ref list = checked(PyList_New(static_cast<Py_ssize_t>(found.size())));
    for (size_t i = 0; i < found.size(); ++i) {
      PyObject* item = wrap(std::move(found[i]));
      if (item == nullptr) return nullptr;
      PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), item);
    }
    return list.release();
  });
}

PyObject* is_enabled(PyObject*, PyObject*) { return PyBool_FromLong(eager::grad_enabled()); }

PyObject* set_enabled(PyObject*, PyObject* on) {
  int value = PyObject_IsTrue(on);
  if (value < 0) return nullptr;
  return PyBool_FromLong(eager::set_grad_enabled(value != 0));
}

// An exception of a hook, carried through C++ as a UserError would lose its type and traceback; so
// the Python error stays set in the thread and the border leaves it alone.
PyObject* add_hook(PyObject*, PyObject* args) {
  PyObject *self, *function;
  if (!PyArg_ParseTuple(args, "OO", &self, &function)) return nullptr;
  return guarded([&]() -> PyObject* {
    if (!is_tensor(self) || !PyCallable_Check(function)) {
      throw UserError(ErrorKind::type, "register_hook", "hook", "expected a callable");
    }
    const Tensor& t = tensor_of(self);
    if (!t.requires_grad()) {
      throw UserError(ErrorKind::state, "register_hook", "",
                      "this tensor does not require a gradient (stop_gradient is True)");
    }
    auto held = std::make_shared<Callable>(function);
    auto run = [held = held.get()](const Tensor& g) -> Tensor {
      HoldGil gil;
      Ref argument = checked(wrap(g));
      Ref result = checked(
          outlive_shutdown([&] { return PyObject_CallOneArg(held->get(), argument.get()); }));
      if (result.get() == Py_None) return Tensor();
      if (!is_tensor(result.get())) {
        throw UserError(
            ErrorKind::type, "register_hook", "hook",
            str("a hook must return a Tensor or None, got ", Py_TYPE(result.get())->tp_name));
      }
      return tensor_of(result.get());
    };
    return PyLong_FromLongLong(eager::add_hook(t, {run, held}));
  });
}

PyObject* remove_hook(PyObject*, PyObject* args) {
  PyObject* self;
  long long handle;
  if (!PyArg_ParseTuple(args, "OL", &self, &handle)) return nullptr;
  return guarded([&] { return PyBool_FromLong(eager::remove_hook(tensor_of(self), handle)); });
}

// A node whose backward is written in Python (autograd.PyLayer).
class PythonNode : public eager::Node, public std::enable_shared_from_this<PythonNode> {
 public:
  PythonNode(uint64_t sequence, std::string name, PyObject* backward,
             std::span<const Tensor> inputs)
      : Node(sequence), name_(std::move(name)), backward_(std::make_shared<Callable>(backward)) {
    for (const Tensor& t : inputs) {
      edges.push_back(t ? eager::edge_of(t) : eager::Edge{});
      inputs_.push_back(t ? Input{{t.dims().begin(), t.dims().end()}, t.dtype()} : Input{});
    }
  }
  std::string_view name() const override { return name_; }
  void holdings(eager::Holdings& sum) const override {
    Node::holdings(sum);
    sum.add(backward_);
  }

  // The memory of result `i`. A tensor with its place on the tape would hold this node.
  void save(const Tensor& result, int i) { saved_.push_back({result.array(), i}); }

  std::vector<Tensor> apply(std::vector<Tensor> cotangents, bool keep) override {
    if (freed_) {
      throw UserError(
          ErrorKind::state, name_, "",
          "backward runs a second time over the same graph, whose saved values are freed; "
          "say retain_graph=True the first time");
    }
    HoldGil gil;
    Ref results = checked(PyList_New(static_cast<Py_ssize_t>(saved_.size())));
    for (size_t i = 0; i < saved_.size(); ++i) {
      Tensor result(saved_[i].array);
      result.impl()->edge.set({shared_from_this(), saved_[i].place});
      PyObject* item = wrap(std::move(result));
      if (item == nullptr) throw PythonError{};
      PyList_SET_ITEM(results.get(), static_cast<Py_ssize_t>(i), item);
    }
    Ref list = checked(PyList_New(static_cast<Py_ssize_t>(cotangents.size())));
    for (size_t i = 0; i < cotangents.size(); ++i) {
      PyObject* item = wrap(cotangents[i]);
      if (item == nullptr) throw PythonError{};
      PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), item);
    }
    Ref result = checked(outlive_shutdown([&] {
      return PyObject_CallFunctionObjArgs(static_cast<Callable&>(*backward_).get(), list.get(),
                                          results.get(), nullptr);
    }));
    if (!keep) {
      freed_ = true;
      saved_.clear();
      backward_.reset();
    }
    std::vector<Tensor> out = tensors_of(result.get(), name_, "backward");
    if (out.size() != edges.size()) {
      throw UserError(ErrorKind::value, name_, "backward",
                      str("expected a gradient for each of ", edges.size(), " tensor inputs, got ",
                          out.size()));
    }
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] && edges[i].node) {
        out[i] = eager::fit_gradient(std::move(out[i]), inputs_[i].dims, inputs_[i].dtype, name_,
                                     "backward");
      }
    }
    return out;
  }

 private:
  struct Input {
    std::vector<int64_t> dims;
    DType dtype = DType::f32;
  };
  struct Saved {
    runtime::Array array;
    int place;
  };
  std::string name_;
  std::shared_ptr<eager::Foreign> backward_;  // a Callable
  std::vector<Input> inputs_;
  std::vector<Saved> saved_;
  bool freed_ = false;
};

// _record(name, inputs, outputs, backward, saved): the outputs become results of one node of the
// tape. backward(gradients, results) is called with those results, by number, that `saved` lists.
PyObject* record(PyObject*, PyObject* args) {
  const char* name;
  PyObject *inputs, *outputs, *backward, *saved;
  if (!PyArg_ParseTuple(args, "sOOOO!", &name, &inputs, &outputs, &backward, &PyList_Type, &saved))
    return nullptr;
  return guarded([&]() -> PyObject* {
    auto from = tensors_of(inputs, name, "inputs"), to = tensors_of(outputs, name, "outputs");
    auto node = std::make_shared<PythonNode>(eager::next_sequence(), name, backward, from);
    node->outputs = to.size();
    for (size_t i = 0; i < to.size(); ++i) {
      if (to[i] && is_inexact(to[i].dtype())) to[i].impl()->edge.set({node, static_cast<int>(i)});
    }
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(saved); ++k) {
      long place = PyLong_AsLong(PyList_GET_ITEM(saved, k));
      if (place == -1 && PyErr_Occurred() != nullptr) return nullptr;
      auto i = static_cast<size_t>(place);
      if (i < to.size() && to[i]) node->save(to[i], static_cast<int>(place));
    }
    Py_RETURN_NONE;
  });
}

template <class F>
PyCFunction keywords(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

PyMethodDef functions[] = {
    {"backward", keywords(module_backward), METH_VARARGS | METH_KEYWORDS,
     "backward(tensors, grad_tensors=None, retain_graph=False)\n\nAdds gradients to the leaves."},
    {"grad", keywords(module_grad), METH_VARARGS | METH_KEYWORDS,
     "grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, "
     "only_inputs=True, allow_unused=False, no_grad_vars=None)\n\nGradients of outputs with "
     "respect to inputs, as a list."},
    {"is_grad_enabled", is_enabled, METH_NOARGS, "Whether operations are recorded."},
    {"_set_grad_enabled", set_enabled, METH_O, nullptr},
    {"_add_hook", add_hook, METH_VARARGS, nullptr},
    {"_remove_hook", remove_hook, METH_VARARGS, nullptr},
    {"_record", record, METH_VARARGS, nullptr},
    {}};

PyMethodDef method = {"backward", keywords(tensor_backward), METH_VARARGS | METH_KEYWORDS,
                      "backward(grad_tensor=None, retain_graph=False)\n\nAdds gradients of this "
                      "tensor to the leaves."};

}  // namespace

int add_autograd(PyObject* module) {
  Ref descriptor(PyDescr_NewMethod(tensor_type, &method));
  if (!descriptor || PyObject_SetAttrString(reinterpret_cast<PyObject*>(tensor_type), "backward",
                                            descriptor.get()) < 0)
    return -1;
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
