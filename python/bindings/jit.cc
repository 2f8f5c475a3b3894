// Functions of the user as graphs: made from a Python call, kept behind a capsule, run.

#include <cmath>

#include "proa/base/error.h"
#include "proa/eager/captured.h"
#include "proa/ir/stage.h"
#include "python/bindings/jit.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

constexpr const char* kName = "proa.Captured";
constexpr std::string_view kWhat = "to_static";
PyTypeObject* float_class;  // stands for a Python float under capture

}  // namespace

eager::Captured& captured_of(PyObject* capsule) {
  void* pointer = PyCapsule_GetPointer(capsule, kName);
  if (pointer == nullptr) throw PythonError{};
  return *static_cast<eager::Captured*>(pointer);
}

PyObject* wrap_captured(std::unique_ptr<eager::Captured> captured) {
  PyObject* capsule = PyCapsule_New(captured.get(), kName, [](PyObject* self) {
    delete static_cast<eager::Captured*>(PyCapsule_GetPointer(self, kName));
  });
  if (capsule != nullptr) captured.release();
  return capsule;
}

uint64_t guarded_form(const Tensor& t) {
  auto dims = t.dims();
  return static_cast<uint64_t>(t.dtype()) | static_cast<uint64_t>(dims.size()) << 8 |
         static_cast<uint64_t>(t.requires_grad()) << 15 | static_cast<uint64_t>(t.is_leaf()) << 16;
}

namespace {

std::vector<Tensor> tensors_of(PyObject* list) {
  Ref fast = checked(PySequence_Fast(list, "expected a list of tensors"));
  std::vector<Tensor> tensors;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), i);
    if (!is_tensor(item)) throw UserError(ErrorKind::type, kWhat, "", "expected tensors");
    tensors.push_back(tensor_of(item));
  }
  return tensors;
}

std::vector<double> floats_of(PyObject* list) {
  Ref fast = checked(PySequence_Fast(list, "expected a list of floats"));
  std::vector<double> numbers;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    numbers.push_back(PyFloat_AsDouble(PySequence_Fast_GET_ITEM(fast.get(), i)));
    if (PyErr_Occurred() != nullptr) throw PythonError{};
  }
  return numbers;
}

template <class Range, class F>
Ref list_of(const Range& range, F&& make) {
  Ref list = checked(PyList_New(0));
  for (const auto& item : range) checked(PyList_Append(list.get(), checked(make(item)).get()));
  return list;
}

// _jit_capture(name, body, tensors, fixed, floats, ints, optional_grads, asks): body(tensors,
// floats, sizes) gives the tensors that are results. None: optional gradients are wanted.
PyObject* capture(PyObject*, PyObject* args) {
  const char* name;
  PyObject *body, *tensors, *fixed, *floats, *ints;
  int optional = 0, asks = 0;
  if (!PyArg_ParseTuple(args, "sOOOOOpp", &name, &body, &tensors, &fixed, &floats, &ints, &optional,
                        &asks))
    return nullptr;
  return guarded([&]() -> PyObject* {
    eager::CaptureRequest request;
    request.name = name;
    request.optional_grads = optional != 0;
    request.asks = asks != 0;
    request.tensors = tensors_of(tensors);
    Ref masks = checked(PySequence_Fast(fixed, "expected a list of lists"));
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(masks.get()); ++i) {
      auto& mask = request.fixed.emplace_back();
      for (int64_t flag : as_ints(PySequence_Fast_GET_ITEM(masks.get(), i), kWhat, "fixed"))
        mask.push_back(flag != 0);
      mask.resize(static_cast<size_t>(request.tensors.at(static_cast<size_t>(i)).rank()));
    }
    request.floats = floats_of(floats);
    request.ints = as_ints(ints, kWhat, "ints");
    request.locate = user_location;
    auto run = [&](std::span<const Tensor> values, std::span<const Tensor> reals,
                   std::span<const ir::Dim> sizes) {
      PlainResults plain;
      Ref first = checked(PyList_New(0));
      for (size_t i = 0; i < values.size(); ++i) {
        PyTypeObject* given =
            Py_TYPE(checked(PySequence_GetItem(tensors, static_cast<Py_ssize_t>(i))).get());
        bool faced = face_type != nullptr && PyType_IsSubtype(given, face_type);
        PyObject* made = faced ? wrap_as(face_type, values[i]) : wrap(values[i]);
        checked(PyList_Append(first.get(), checked(made).get()));
      }
      Ref second = list_of(reals, [](const Tensor& t) { return wrap(t); });
      Ref third = list_of(sizes, [](ir::Dim d) { return wrap_dim(d); });
      Ref results(
          PyObject_CallFunctionObjArgs(body, first.get(), second.get(), third.get(), nullptr));
      if (const auto& need = eager::FunctionCapture::active()->need();
          need && (results || PyErr_ExceptionMatches(PyExc_Exception))) {
        PyErr_Clear();
        throw ir::NeedExtents(*need);
      }
      return tensors_of(checked(results.release()).get());
    };
    auto made = std::make_unique<eager::Captured>(request, run);
    if (made->wants_optional_grads()) Py_RETURN_NONE;
    return wrap_captured(std::move(made));
  });
}

// _jit_run(captured, tensors, floats, ints, numbers): the results, or why it does not fit. Where it
// does, numbers() gives the numbers that the graph asks for anew in each call.
PyObject* run(PyObject*, PyObject* args) {
  PyObject *capsule, *tensors, *floats, *ints, *numbers;
  if (!PyArg_ParseTuple(args, "OOOOO", &capsule, &tensors, &floats, &ints, &numbers))
    return nullptr;
  return guarded([&]() -> PyObject* {
    eager::Captured& captured = captured_of(capsule);
    std::vector<Tensor> operands = tensors_of(tensors), results;
    std::vector<double> reals = floats_of(floats);
    std::vector<int64_t> sizes = as_ints(ints, kWhat, "ints");
    auto ask = [&]() -> std::vector<double> {
      if (numbers == Py_None) return {};
      HoldGil gil;
      return floats_of(checked(PyObject_CallNoArgs(numbers)).get());
    };
    std::string reason;
    if (auto* capture = eager::FunctionCapture::active()) {
      results = captured.inlined(*capture, operands);
      return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
    }
    {
      ReleaseGil release;
      reason = captured.run(operands, reals, sizes, ask, results);
    }
    if (!reason.empty()) return to_str(reason).release();
    return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
  });
}

// The capture of a whole function that is open on this thread; a UserError where there is none.
eager::FunctionCapture& open_capture() {
  eager::FunctionCapture* active = eager::FunctionCapture::active();
  if (active == nullptr)
    throw UserError(ErrorKind::state, kWhat, "", "no function is captured on this thread");
  return *active;
}

// _jit_number(): a 0-d float64 tensor of the graph that each call gives anew.
PyObject* number(PyObject*, PyObject*) {
  return guarded([] { return wrap(open_capture().number()); });
}

// _jit_outside(function): calls it with values, whatever is captured around it.
PyObject* outside(PyObject*, PyObject* function) {
  return guarded([&] {
    eager::Capture::Suspended suspended;
    return checked(PyObject_CallNoArgs(function)).release();
  });
}

// _jit_only_where(condition, function): what it writes to tensors from outside holds where
// `condition` is true.
PyObject* only_where(PyObject*, PyObject* args) {
  PyObject *condition, *function;
  if (!PyArg_ParseTuple(args, "OO", &condition, &function)) return nullptr;
  return guarded([&]() -> PyObject* {
    if (!is_tensor(condition)) throw UserError(ErrorKind::type, kWhat, "", "expected a tensor");
    open_capture().only_where(tensor_of(condition),
                              [&] { checked(PyObject_CallNoArgs(function)); });
    Py_RETURN_NONE;
  });
}

// function(tensors): a list of tensors and, for those that are undefined, None.
std::vector<Tensor> given_by(PyObject* function, std::span<const Tensor> tensors) {
  Ref list = list_of(tensors, [](const Tensor& t) { return wrap(t); });
  Ref made = checked(PyObject_CallOneArg(function, list.get()));
  Ref fast = checked(PySequence_Fast(made.get(), "expected a list"));
  std::vector<Tensor> given;
  for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(fast.get()); ++k) {
    PyObject* item = PySequence_Fast_GET_ITEM(fast.get(), k);
    given.push_back(is_tensor(item) ? tensor_of(item) : Tensor());
  }
  return given;
}

// _jit_custom(name, inputs, forward, backward): the results of a call with a gradient of its own;
// see FunctionCapture::custom.
PyObject* custom(PyObject*, PyObject* args) {
  const char* name;
  PyObject *inputs, *forward, *backward;
  if (!PyArg_ParseTuple(args, "sOOO", &name, &inputs, &forward, &backward)) return nullptr;
  return guarded([&]() -> PyObject* {
    auto there = [&](std::span<const Tensor> given) { return given_by(forward, given); };
    auto back = [&](std::span<const Tensor> given) { return given_by(backward, given); };
    std::vector<Tensor> results = open_capture().custom(name, tensors_of(inputs), there, back);
    return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
  });
}

// _jit_host_call(number, inputs, like): results of the forms of `like`.
PyObject* host_call(PyObject*, PyObject* args) {
  long long number;
  PyObject *inputs, *like;
  if (!PyArg_ParseTuple(args, "LOO", &number, &inputs, &like)) return nullptr;
  return guarded([&]() -> PyObject* {
    std::vector<Tensor> results =
        open_capture().host_call(kHostKernel, number, tensors_of(inputs), tensors_of(like));
    return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
  });
}

// Bodies of control flow, behind capsules.
constexpr const char* kRegion = "proa.Region";
using SharedRegion = std::shared_ptr<eager::FunctionCapture::Region>;

SharedRegion& region_of(PyObject* capsule) {
  void* pointer = PyCapsule_GetPointer(capsule, kRegion);
  if (pointer == nullptr) throw PythonError{};
  return *static_cast<SharedRegion*>(pointer);
}

// _jit_region(parameters): opens a body; gives it and what stands for its parameters.
PyObject* region(PyObject*, PyObject* parameters) {
  return guarded([&]() -> PyObject* {
    std::vector<Tensor> arguments;
    auto made = std::make_unique<SharedRegion>(
        open_capture().open_region(tensors_of(parameters), arguments));
    Ref capsule = checked(PyCapsule_New(made.get(), kRegion, [](PyObject* self) {
      delete static_cast<SharedRegion*>(PyCapsule_GetPointer(self, kRegion));
    }));
    made.release();
    Ref list = list_of(arguments, [](const Tensor& t) { return wrap(t); });
    return PyTuple_Pack(2, capsule.get(), list.get());
  });
}

// _jit_enter(region) and _jit_leave().
PyObject* enter(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    open_capture().enter(region_of(capsule));
    Py_RETURN_NONE;
  });
}
PyObject* leave(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    open_capture().leave();
    Py_RETURN_NONE;
  });
}

// _jit_if(condition, then, its results, otherwise, its results): the results.
PyObject* if_op(PyObject*, PyObject* args) {
  PyObject *condition, *then, *first, *otherwise, *second;
  if (!PyArg_ParseTuple(args, "OOOOO", &condition, &then, &first, &otherwise, &second))
    return nullptr;
  return guarded([&] {
    std::vector<Tensor> results =
        open_capture().if_(tensor_of(condition), *region_of(then), tensors_of(first),
                           *region_of(otherwise), tensors_of(second));
    return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
  });
}

// _jit_while(carries, condition, what it gives, body, its results): the last carries.
PyObject* while_op(PyObject*, PyObject* args) {
  PyObject *carries, *condition, *holds, *body, *gives;
  if (!PyArg_ParseTuple(args, "OOOOO", &carries, &condition, &holds, &body, &gives)) return nullptr;
  return guarded([&] {
    std::vector<Tensor> results =
        open_capture().while_(tensors_of(carries), *region_of(condition), tensor_of(holds),
                              *region_of(body), tensors_of(gives));
    return list_of(results, [](const Tensor& t) { return wrap(t); }).release();
  });
}

// _jit_in_region(): whether a branch or loop is being captured.
PyObject* in_region(PyObject*, PyObject*) {
  eager::FunctionCapture* active = eager::FunctionCapture::active();
  return PyBool_FromLong(active != nullptr && active->in_region());
}

// _jit_tracing(): whether a whole function is captured on this thread.
PyObject* tracing(PyObject*, PyObject*) {
  return PyBool_FromLong(eager::FunctionCapture::active() != nullptr);
}

PyObject* texts(const std::vector<std::string>& lines) {
  return list_of(lines, [](const std::string& line) { return to_str(line).release(); }).release();
}

// _jit_info(captured): what it is made of.
PyObject* info(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    eager::Captured& captured = captured_of(capsule);
    Ref guards = checked(texts(captured.guards())),
        types = checked(texts(captured.argument_types()));
    return Py_BuildValue("{s:O,s:O,s:n,s:n,s:n,s:L}", "guards", guards.get(), "inputs", types.get(),
                         "operations", static_cast<Py_ssize_t>(captured.operations()), "outside",
                         static_cast<Py_ssize_t>(captured.outside()), "writes",
                         static_cast<Py_ssize_t>(captured.writes()), "random_calls",
                         static_cast<long long>(captured.random_calls()));
  });
}

// _jit_describe(tensor): what of it is a guard, in one number.
PyObject* describe(PyObject*, PyObject* object) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(object)) throw UserError(ErrorKind::type, kWhat, "", "expected a tensor");
    const Tensor& t = tensor_of(object);
    if (t.rank() > 40)
      throw UserError(ErrorKind::not_supported, kWhat, "", "a tensor of more than 40 axes");
    return PyLong_FromUnsignedLongLong(guarded_form(t));
  });
}

// _jit_state(): what of the thread and the process is a guard: recording, default dtype, autocast,
// passes that are off.
PyObject* state(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    long bits = (eager::grad_enabled() ? 1 : 0) | static_cast<long>(eager::default_float()) << 1;
    const eager::Autocast& autocast = eager::autocast();
    uint64_t settings = ir::stage_settings();
    if (!autocast.enabled && settings == 0) return PyLong_FromLong(bits);
    if (!autocast.enabled) return to_str(str(bits, " passes ", settings)).release();
    return to_str(str(bits, " passes ", settings, " autocast O", autocast.level, " ",
                      to_string(autocast.dtype), " white ", join(autocast.white, ","), " black ",
                      join(autocast.black, ",")))
        .release();
  });
}

// _jit_capturing(): whether calls of this thread go to a graph.
PyObject* capturing(PyObject*, PyObject*) {
  return PyBool_FromLong(eager::Capture::active() != nullptr);
}

// _jit_is_captured(tensor): whether it stands for a value of a graph.
PyObject* is_captured(PyObject*, PyObject* object) {
  return PyBool_FromLong(is_tensor(object) && tensor_of(object).impl()->captured != nullptr);
}

// _jit_where(): " (file:line)" of the user's code, while something is captured.
PyObject* where(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* {
    eager::Capture* active = eager::Capture::active();
    return to_str(active != nullptr ? active->where() : std::string()).release();
  });
}

// _jit_float_class(cls): objects of cls have the 0-d tensor of a Python float as `tensor`.
PyObject* set_float_class(PyObject*, PyObject* type) {
  if (!PyType_Check(type)) {
    PyErr_SetString(PyExc_TypeError, "expected a class");
    return nullptr;
  }
  float_class = reinterpret_cast<PyTypeObject*>(Py_NewRef(type));
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {{"_jit_capture", capture, METH_VARARGS, nullptr},
                           {"_jit_run", run, METH_VARARGS, nullptr},
                           {"_jit_number", number, METH_NOARGS, nullptr},
                           {"_jit_outside", outside, METH_O, nullptr},
                           {"_jit_only_where", only_where, METH_VARARGS, nullptr},
                           {"_jit_custom", custom, METH_VARARGS, nullptr},
                           {"_jit_host_call", host_call, METH_VARARGS, nullptr},
                           {"_jit_region", region, METH_O, nullptr},
                           {"_jit_enter", enter, METH_O, nullptr},
                           {"_jit_leave", leave, METH_NOARGS, nullptr},
                           {"_jit_if", if_op, METH_VARARGS, nullptr},
                           {"_jit_while", while_op, METH_VARARGS, nullptr},
                           {"_jit_in_region", in_region, METH_NOARGS, nullptr},
                           {"_jit_tracing", tracing, METH_NOARGS, nullptr},
                           {"_jit_info", info, METH_O, nullptr},
                           {"_jit_describe", describe, METH_O, nullptr},
                           {"_jit_state", state, METH_NOARGS, nullptr},
                           {"_jit_capturing", capturing, METH_NOARGS, nullptr},
                           {"_jit_is_captured", is_captured, METH_O, nullptr},
                           {"_jit_where", where, METH_NOARGS, nullptr},
                           {"_jit_float_class", set_float_class, METH_O, nullptr},
                           {}};

}  // namespace

std::optional<Tensor> captured_float(PyObject* object) {
  if (float_class == nullptr || !PyObject_TypeCheck(object, float_class)) return std::nullopt;
  Ref tensor = checked(PyObject_GetAttrString(object, "tensor"));
  if (!is_tensor(tensor.get()))
    throw UserError(ErrorKind::type, kWhat, "", "a captured float without a tensor");
  return tensor_of(tensor.get());
}

int add_jit(PyObject* module) {
  if (add_host_kernel(module) < 0) return -1;
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
