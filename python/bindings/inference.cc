// Predictors of saved models, behind a capsule; proa.inference gives them Paddle's names.

#include <cstring>

#include "proa/base/error.h"
#include "proa/base/file.h"
#include "proa/inference/describe.h"
#include "proa/inference/predictor.h"
#include "proa/inference/trace.h"
#include "proa/runtime/allocator.h"
#include "proa/tier/compiled.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

using inference::Predictor;
using runtime::Array;

constexpr const char* kName = "proa.Predictor";
constexpr std::string_view kWhat = "predictor";

// A predictor, and the memory that its runs read or write.
struct Held {
  std::unique_ptr<Predictor> predictor;
  std::vector<Tensor> inputs, outputs;
};

Held& held_of(PyObject* capsule) {
  void* pointer = PyCapsule_GetPointer(capsule, kName);
  if (pointer == nullptr) throw PythonError{};
  return *static_cast<Held*>(pointer);
}

PyObject* capsule_of(std::unique_ptr<Predictor> predictor) {
  auto held = std::make_unique<Held>();
  held->inputs.resize(predictor->inputs().size());
  held->outputs.resize(predictor->outputs().size());
  held->predictor = std::move(predictor);
  PyObject* capsule = PyCapsule_New(held.get(), kName, [](PyObject* self) {
    delete static_cast<Held*>(PyCapsule_GetPointer(self, kName));
  });
  if (capsule != nullptr) held.release();
  return capsule;
}

inference::Sizes sizes_of(PyObject* dict) {
  inference::Sizes sizes;
  if (!PyDict_Check(dict))
    throw UserError(ErrorKind::type, kWhat, "sizes", "expected a dict of sizes by name");
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (!PyUnicode_Check(key))
      throw UserError(ErrorKind::type, kWhat, "sizes", "expected names as keys");
    sizes.emplace_back(text_of(key), as_int(value, kWhat, "sizes"));
  }
  return sizes;
}

// _inference_open(model, verify, threads, memory_limit, native, compiler, warm_up, profile): model
// is a path or bytes; compiler: None, or the path of a plug-in, or "" for none.
PyObject* open(PyObject*, PyObject* args) {
  PyObject *model, *compiler, *warm_up;
  int verify, threads, native, profile;
  long long limit;
  if (!PyArg_ParseTuple(args, "OpiLpOOp", &model, &verify, &threads, &limit, &native, &compiler,
                        &warm_up, &profile))
    return nullptr;
  return guarded([&]() -> PyObject* {
    inference::Config config;
    if (PyBytes_Check(model)) {
      char* data;
      Py_ssize_t size;
      checked(PyBytes_AsStringAndSize(model, &data, &size));
      config.bytes = std::as_bytes(std::span(data, static_cast<size_t>(size)));
    } else {
      PyObject* path;
      checked(PyUnicode_FSConverter(model, &path) - 1);
      Ref owner(path);
      config.model = PyBytes_AS_STRING(path);
    }
    config.verify = verify != 0;
    config.threads = threads;
    config.memory_limit = limit;
    config.allow_native_code = native != 0;
    config.profile = profile != 0;
    if (compiler == Py_None) {
      config.provider = &tier::kernel_provider();
    } else {
      config.compiler = text_of(compiler);
      config.allow_compiler = !config.compiler.empty();
    }
    Ref list = checked(PySequence_List(warm_up));
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i)
      config.warm_up.push_back(sizes_of(PyList_GET_ITEM(list.get(), i)));
    std::unique_ptr<Predictor> predictor;
    {
      ReleaseGil release;
      predictor = std::make_unique<Predictor>(config);
    }
    return capsule_of(std::move(predictor));
  });
}

PyObject* clone(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* { return capsule_of(held_of(capsule).predictor->clone()); });
}

Ref ports(std::span<const program::PackageTensor> tensors, const program::Package& package) {
  Ref list = checked(PyList_New(0));
  for (const auto& tensor : tensors) {
    Ref dims = checked(PyList_New(0));
    for (const auto& dim : tensor.dims) {
      Ref item = dim.symbol < 0 ? checked(PyLong_FromLongLong(dim.extent))
                                : to_str(package.symbols()[static_cast<size_t>(dim.symbol)].name);
      checked(PyList_Append(dims.get(), checked(item.release()).get()));
    }
    Ref row = checked(Py_BuildValue("(NNN)", to_str(tensor.name).release(),
                                    wrap_dtype(tensor.dtype), dims.release()));
    checked(PyList_Append(list.get(), row.get()));
  }
  return list;
}

// _inference_ports(predictor): (name, dtype, extents or their names) of inputs, then of outputs.
PyObject* list_ports(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    const Predictor& predictor = *held_of(capsule).predictor;
    const program::Package& package = predictor.engine().package();
    return Py_BuildValue("(NN)", ports(predictor.inputs(), package).release(),
                         ports(predictor.outputs(), package).release());
  });
}

// _inference_set_input(predictor, index, tensor, copy): its memory is read by each run, or copied.
PyObject* set_input(PyObject*, PyObject* args) {
  PyObject *capsule, *tensor;
  Py_ssize_t index;
  int copy;
  if (!PyArg_ParseTuple(args, "OnOp", &capsule, &index, &tensor, &copy)) return nullptr;
  return guarded([&]() -> PyObject* {
    Held& held = held_of(capsule);
    if (!is_tensor(tensor)) throw UserError(ErrorKind::type, kWhat, "data", "expected a tensor");
    Tensor given = tensor_of(tensor);
    auto input = static_cast<size_t>(index);
    bool dense = given.array().is_dense();
    if (!dense && copy == 0 && input < held.inputs.size()) {
      throw UserError(
          ErrorKind::value, kWhat, held.predictor->inputs()[input].name,
          "expected dense memory to share, got a strided view; copy_from_cpu copies it");
    }
    Array array = runtime::to_dense(given.array());
    inference::View view{array.data, array.dtype, array.dims};
    if (copy != 0 && dense) {
      held.predictor->copy_input(input, view);
      held.inputs[input] = {};
    } else {
      held.predictor->set_input(input, view);
      held.inputs[input] = Tensor(std::move(array));
    }
    Py_RETURN_NONE;
  });
}

// _inference_set_output(predictor, index, tensor or None): results are written into its memory.
PyObject* set_output(PyObject*, PyObject* args) {
  PyObject *capsule, *tensor;
  Py_ssize_t index;
  if (!PyArg_ParseTuple(args, "OnO", &capsule, &index, &tensor)) return nullptr;
  return guarded([&]() -> PyObject* {
    Held& held = held_of(capsule);
    auto output = static_cast<size_t>(index);
    if (tensor == Py_None) {
      held.predictor->set_output(output, nullptr, 0);
      held.outputs[output] = {};
      Py_RETURN_NONE;
    }
    if (!is_tensor(tensor)) throw UserError(ErrorKind::type, kWhat, "data", "expected a tensor");
    Tensor given = tensor_of(tensor);
    const Array& array = given.array();
    if (output < held.outputs.size()) {
      const program::PackageTensor& made = held.predictor->outputs()[output];
      if (array.dtype != made.dtype) {
        throw UserError(
            ErrorKind::type, kWhat, made.name,
            str("expected memory of ", to_string(made.dtype), ", got ", to_string(array.dtype)));
      }
      if (!array.is_dense() || !array.buffer->writable()) {
        throw UserError(ErrorKind::value, kWhat, made.name,
                        "expected dense memory that may be written, got other memory");
      }
    }
    held.predictor->set_output(output, array.data, runtime::tensor_bytes(array.dims, array.dtype));
    held.outputs[output] = Tensor(array);  // whatever becomes of the user's tensor
    Py_RETURN_NONE;
  });
}

PyObject* run(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    Held& held = held_of(capsule);
    {
      ReleaseGil release;
      held.predictor->run();
    }
    for (const Tensor& written : held.outputs) {
      if (written) written.array().buffer->bump_version();
    }
    Py_RETURN_NONE;
  });
}

// _inference_output(predictor, index): a tensor over the result.
PyObject* output(PyObject*, PyObject* args) {
  PyObject* capsule;
  Py_ssize_t index;
  if (!PyArg_ParseTuple(args, "On", &capsule, &index)) return nullptr;
  return guarded([&]() -> PyObject* {
    Held& held = held_of(capsule);
    auto output = static_cast<size_t>(index);
    Array array = held.predictor->output(output);
    if (!array.buffer) array.buffer = held.outputs[output].array().buffer;  // the user's own memory
    return wrap(Tensor(std::move(array)));
  });
}

PyObject* statistics(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    const Predictor& predictor = *held_of(capsule).predictor;
    const inference::Statistics& s = predictor.statistics();
    const inference::Kernels& k = predictor.kernels();
    Ref dict = checked(PyDict_New());
    auto put = [&](const char* name, Ref value) {
      checked(PyDict_SetItemString(dict.get(), name, checked(value.release()).get()));
    };
    const std::pair<const char*, int64_t> figures[] = {
        {"runs", s.runs},
        {"failures", s.failures},
        {"last_ns", s.last_ns},
        {"least_ns", s.least_ns},
        {"most_ns", s.most_ns},
        {"total_ns", s.total_ns},
        {"last_bytes", s.last_bytes},
        {"peak_bytes", s.peak_bytes},
        {"copied_outputs", s.copied_outputs},
        {"load_ns", predictor.engine().load_ns()},
        {"stored_kernels", k.stored},
        {"made_kernels", k.made},
        {"prebuilt_kernels", k.prebuilt},
    };
    for (auto [name, value] : figures) put(name, Ref(PyLong_FromLongLong(value)));
    put("compiled", Ref(PyBool_FromLong(k.compiled)));
    put("reason", to_str(k.reason));
    return dict.release();
  });
}

PyObject* trace(PyObject*, PyObject*) {
  return guarded([&]() -> PyObject* { return to_str(inference::take_trace()).release(); });
}

// _inference_describe(predictor, source, sizes)
PyObject* describe(PyObject*, PyObject* args) {
  PyObject *capsule, *sizes;
  const char* source;
  if (!PyArg_ParseTuple(args, "OsO", &capsule, &source, &sizes)) return nullptr;
  return guarded([&]() -> PyObject* {
    const auto& package = held_of(capsule).predictor->engine().package();
    return to_str(inference::describe(package, source, sizes_of(sizes))).release();
  });
}

PyMethodDef functions[] = {{"_inference_open", open, METH_VARARGS, nullptr},
                           {"_inference_clone", clone, METH_O, nullptr},
                           {"_inference_ports", list_ports, METH_O, nullptr},
                           {"_inference_set_input", set_input, METH_VARARGS, nullptr},
                           {"_inference_set_output", set_output, METH_VARARGS, nullptr},
                           {"_inference_run", run, METH_O, nullptr},
                           {"_inference_output", output, METH_VARARGS, nullptr},
                           {"_inference_statistics", statistics, METH_O, nullptr},
                           {"_inference_trace", trace, METH_NOARGS, nullptr},
                           {"_inference_describe", describe, METH_VARARGS, nullptr},
                           {}};

}  // namespace

int add_inference(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
