// Packages, the `.proa` files: captured functions written and read.

#include "proa/program/package.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/eager/function.h"
#include "proa/eager/traced.h"
#include "proa/ir/binary.h"
#include "proa/ir/symbol/facts.h"
#include "proa/tier/prebuilt.h"
#include "proa/tier/stored.h"
#include "proa/transform/decompose.h"
#include "proa/transform/optimize.h"
#include "python/bindings/jit.h"

namespace proa::python {

namespace {

using Slot = eager::CaptureSlot;
using Effect = eager::CaptureEffect;
using Opened = std::shared_ptr<const program::Package>;

constexpr const char* kPackage = "proa.Package";
constexpr std::string_view kSave = "jit.save", kLoad = "jit.load";

template <class F>
void each(PyObject* list, F&& f) {
  Ref fast = checked(PySequence_Fast(list, "expected a list"));
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i)
    f(PySequence_Fast_GET_ITEM(fast.get(), i));
}

std::string string_of(PyObject* object) {
  if (!PyUnicode_Check(object)) throw UserError(ErrorKind::type, kSave, "", "expected a string");
  return std::string(text_of(object));
}

std::vector<std::string> strings_of(PyObject* list) {
  std::vector<std::string> strings;
  each(list, [&](PyObject* item) { strings.push_back(string_of(item)); });
  return strings;
}

// _package_parts(captured): what a file has to tell of it.
PyObject* parts(PyObject*, PyObject* capsule) {
  return guarded([&]() -> PyObject* {
    eager::Captured& captured = captured_of(capsule);
    Ref slots = checked(PyList_New(0)), effects = checked(PyList_New(0)),
        tracked = checked(PyList_New(0));
    for (const Slot& slot : captured.slots()) {
      Ref object =
          slot.kind == Slot::Kind::tensor ? checked(wrap(slot.tensor)) : Ref::share(Py_None);
      checked(PyList_Append(slots.get(), object.get()));
    }
    for (const Effect& effect : captured.effects()) {
      Ref target = checked(wrap(effect.tensor));
      const char* kind = effect.kind == Effect::Kind::assign ? "assign" : "write";
      Ref pair = checked(Py_BuildValue("(sO)", kind, target.get()));
      checked(PyList_Append(effects.get(), pair.get()));
    }
    for (bool flag : captured.tracked())
      checked(PyList_Append(tracked.get(), flag ? Py_True : Py_False));
    return Py_BuildValue("{s:n,s:n,s:O,s:O,s:O,s:L,s:s}", "tensors",
                         static_cast<Py_ssize_t>(captured.tensor_count()), "results",
                         static_cast<Py_ssize_t>(captured.result_count()), "slots", slots.get(),
                         "effects", effects.get(), "tracked", tracked.get(), "random_calls",
                         static_cast<long long>(captured.random_calls()), "beyond",
                         captured.beyond_a_file().c_str());
  });
}

// _package_identity(tensor): the same number for Python objects that are one tensor.
PyObject* identity(PyObject*, PyObject* object) {
  return guarded([&]() -> PyObject* {
    if (!is_tensor(object)) throw UserError(ErrorKind::type, kSave, "", "expected a tensor");
    return PyLong_FromVoidPtr(tensor_of(object).impl());
  });
}

// A weight as it lies in memory, dense.
struct Weight {
  std::string name;
  const eager::TensorImpl* tensor;
  runtime::Array array;
};

std::vector<Weight> weights_of(PyObject* dict) {
  std::vector<Weight> weights;
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (!is_tensor(value)) throw UserError(ErrorKind::type, kSave, "", "expected tensors");
    const Tensor& tensor = tensor_of(value);
    weights.push_back({string_of(key), tensor.impl(), runtime::to_dense(tensor.array())});
  }
  return weights;
}

std::span<const std::byte> bytes_of(const runtime::Array& array) {
  return {reinterpret_cast<const std::byte*>(array.data),
          static_cast<size_t>(array.elements()) * size_of(array.dtype)};
}

// The graph with its parameters as constants, which lie in the memory of the weights.
ir::Module with_constants(const eager::Captured& captured, std::span<const Weight> weights) {
  ir::Module module = captured.module().clone();
  ir::Context& context = module.context();
  ir::Func func = module.main();
  for (size_t k = captured.slots().size(); k-- > 0;) {
    const Slot& slot = captured.slots()[k];
    if (slot.kind == Slot::Kind::key) continue;
    auto weight = std::ranges::find(weights, slot.tensor.impl(), &Weight::tensor);
    PROA_CHECK(weight != weights.end(), "a parameter that is not stored");
    const runtime::Array& array = weight->array;
    auto bytes = bytes_of(array);
    ir::TensorData data{array.dtype,
                        {array.dims.begin(), array.dims.end()},
                        std::make_shared<runtime::BufferRef>(array.buffer),
                        bytes.data(),
                        bytes.size()};
    ir::OpState state;
    state.info = &context.op("prim.constant");
    size_t index = captured.tensor_count() + k;
    state.results = {func.body().argument(index).type()};
    state.attrs.set(context.name("value"), ir::Attribute::tensor(context, std::move(data)));
    ir::Operation* op = ir::Operation::create(state);
    func.body().insert(op, func.body().front());
    func.body().argument(index).replace_uses(op->result());
    func.body().erase_argument(index);
  }
  return module;
}

// Dropout and the like take a key that they need in training alone.
void drop_key(const eager::Captured& captured, ir::Func func) {
  ir::Block& body = func.body();
  if (body.argument_count() == captured.tensor_count()) return;
  if (!body.argument(captured.tensor_count()).unused()) {
    throw UserError(
        ErrorKind::not_supported, kSave, "",
        str(captured.name(), ": its evaluation draws random numbers, which a predictor cannot do"));
  }
  body.erase_argument(captured.tensor_count());
}

// A result of the user's: one that the graph makes, or an argument as it is given.
struct Output {
  std::string name;
  bool given;
  size_t index;

  ir::Value of(ir::Func func) const {
    std::vector<ir::Value> all = given ? func.arguments() : func.results();
    PROA_CHECK(index < all.size(), "a result that is not there");
    return all[index];
  }
};

std::vector<Output> outputs_of(PyObject* list) {
  std::vector<Output> outputs;
  each(list, [&](PyObject* item) {
    const char* name;
    int given;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(item, "spn", &name, &given, &index)) throw PythonError{};
    outputs.push_back({name, given != 0, static_cast<size_t>(index)});
  });
  return outputs;
}

// What callers are told of inputs and outputs.
class Signature {
 public:
  explicit Signature(const ir::Module& module) : module_(module) {}

  void add(program::PackageContent& content, size_t tensors, const std::vector<std::string>& inputs,
           const std::vector<Output>& outputs) {
    ir::Func main = module_.main();
    std::vector<ir::Type> arguments = main.argument_types();
    PROA_CHECK(inputs.size() == tensors, "names are missing");
    for (size_t i = 0; i < tensors; ++i)
      content.inputs.push_back(tensor(inputs[i], arguments[i], true, content));
    for (const Output& output : outputs)
      content.outputs.push_back(tensor(output.name, output.of(main).type(), false, content));
  }

 private:
  program::PackageTensor tensor(const std::string& name, ir::Type type, bool input,
                                program::PackageContent& content) {
    program::PackageTensor made{name, type.dtype(), {}};
    for (ir::Dim dim : type.dims()) {
      auto known = std::ranges::find(symbols_, dim);
      if (dim.is_const()) {
        made.dims.push_back({dim.constant(), -1});
      } else if (known != symbols_.end()) {
        made.dims.push_back({0, static_cast<int32_t>(known - symbols_.begin())});
      } else if (input) {
        made.dims.push_back({0, static_cast<int32_t>(symbols_.size())});
        symbols_.push_back(dim);
        ir::Interval bounds = module_.facts().bounds(dim);
        content.symbols.push_back(
            {std::string(dim.name()), std::max<int64_t>(bounds.lo, 0), bounds.hi});
      } else {
        made.dims.push_back({-1, -1});
      }
    }
    return made;
  }

  const ir::Module& module_;
  std::vector<ir::Dim> symbols_;
};

program::TextMap texts_of(PyObject* dict) {
  program::TextMap map;
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value)) map.emplace(string_of(key), string_of(value));
  return map;
}

// _package_save(path, captured, captured in training or None, names of inputs, outputs as (name,
// whether it is an argument, its number there or among the results), weights, targets, metadata,
// whether packed weights are stored): why there is no compiled program, or "".
PyObject* save(PyObject*, PyObject* args) {
  PyObject *path, *graph, *training, *inputs, *outputs, *dict, *targets, *metadata;
  int pack;
  if (!PyArg_ParseTuple(args, "O&OOOOO!OO!p", PyUnicode_FSConverter, &path, &graph, &training,
                        &inputs, &outputs, &PyDict_Type, &dict, &targets, &PyDict_Type, &metadata,
                        &pack))
    return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    eager::Captured& captured = captured_of(graph);
    eager::Captured* trained = training == Py_None ? nullptr : &captured_of(training);
    std::vector<Weight> weights = weights_of(dict);
    std::vector<std::string> wanted = strings_of(targets);
    program::PackageContent content;
    content.metadata = texts_of(metadata);
    std::vector<Output> results = outputs_of(outputs);
    Signature(captured.module()).add(content, captured.tensor_count(), strings_of(inputs), results);
    std::string file = PyBytes_AS_STRING(path);
    tier::Stored stored;
    {
      ReleaseGil release;
      ir::Module lowered = with_constants(captured, weights);
      std::vector<ir::Value> returned;
      for (const Output& output : results) returned.push_back(output.of(lowered.main()));
      lowered.main().return_op()->set_operands(returned);
      transform::decompose(lowered, tier::has_kernel);
      transform::optimize(lowered);
      drop_key(captured, lowered.main());
      stored = tier::stored(lowered, lowered.main(), wanted, pack != 0);
      content.program = stored.prebuilt;
      content.compiled = stored.compiled;
      for (const auto& object : stored.objects)
        content.objects.push_back({object.target, object.kernel, object.bytes});
      for (const auto& one : stored.packed)
        content.packed.push_back({one.targets, one.program, one.slot, bytes_of(one.value)});
      for (const Weight& weight : weights) {
        content.weights.push_back({weight.name, weight.array.dtype,
                                   std::span(weight.array.dims.begin(), weight.array.dims.end()),
                                   bytes_of(weight.array)});
      }
      std::vector<std::byte> module = ir::write_binary(captured.module()), train_module;
      if (trained != nullptr) train_module = ir::write_binary(trained->module());
      content.module = module;
      content.train_module = train_module;
      program::write_package(file, content);
    }
    return to_str(stored.reason).release();
  });
}

Ref described(std::span<const program::PackageTensor> tensors, const program::Package& package) {
  Ref list = checked(PyList_New(0));
  for (const program::PackageTensor& tensor : tensors) {
    Ref dims = checked(PyList_New(0));
    for (const program::PackageDim& dim : tensor.dims) {
      Ref item = dim.symbol >= 0 ? to_str(package.symbols()[static_cast<size_t>(dim.symbol)].name)
                                 : checked(PyLong_FromLongLong(dim.extent));
      checked(PyList_Append(dims.get(), item.get()));
    }
    Ref row = checked(Py_BuildValue("(sNO)", tensor.name.c_str(),
                                    to_str(to_string(tensor.dtype)).release(), dims.get()));
    checked(PyList_Append(list.get(), row.get()));
  }
  return list;
}

// _package_open(path): (package, metadata, weights, {"inputs", "outputs", "targets", "compiled"}).
PyObject* open(PyObject*, PyObject* arg) {
  PyObject* path;
  if (!PyUnicode_FSConverter(arg, &path)) return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    std::string name = PyBytes_AS_STRING(path);
    auto opened = std::make_unique<Opened>();
    std::vector<std::pair<std::string, Tensor>> tensors;
    {
      ReleaseGil release;
      *opened = program::Package::open(name);
      const program::Package& package = **opened;
      for (const auto* entry : package.weights()) {
        tensors.emplace_back(entry->name,
                             eager::from_data(entry->dims, package.file().dtype(*entry),
                                              package.file().bytes(*entry).data()));
      }
    }
    const program::Package& package = **opened;
    Ref weights = checked(PyDict_New()), texts = checked(PyDict_New()),
        targets = checked(PyList_New(0));
    for (auto& [key, tensor] : tensors) {
      Ref object = checked(wrap(std::move(tensor)));
      checked(PyDict_SetItem(weights.get(), to_str(key).get(), object.get()));
    }
    for (const auto& [key, value] : package.metadata())
      checked(PyDict_SetItem(texts.get(), to_str(key).get(), to_str(value).get()));
    for (const std::string& target : package.targets())
      checked(PyList_Append(targets.get(), to_str(target).get()));
    Ref inputs = described(package.inputs(), package);
    Ref outputs = described(package.outputs(), package);
    Ref told = checked(Py_BuildValue("{s:O,s:O,s:O,s:O,s:O}", "inputs", inputs.get(), "outputs",
                                     outputs.get(), "targets", targets.get(), "compiled",
                                     package.compiled() ? Py_True : Py_False, "trains",
                                     package.train_module().empty() ? Py_False : Py_True));
    Ref capsule = checked(PyCapsule_New(opened.get(), kPackage, [](PyObject* self) {
      delete static_cast<Opened*>(PyCapsule_GetPointer(self, kPackage));
    }));
    opened.release();
    return PyTuple_Pack(4, capsule.get(), texts.get(), weights.get(), told.get());
  });
}

// _package_graph(package, training, name, tensors, results, slots, effects, tracked, random calls):
// the graph, to be run with _jit_run. A slot that is None is the random key.
PyObject* graph(PyObject*, PyObject* args) {
  PyObject *capsule, *slots, *effects, *tracked;
  const char* name;
  int training;
  Py_ssize_t tensors, results;
  long long random_calls;
  if (!PyArg_ParseTuple(args, "OpsnnOOOL", &capsule, &training, &name, &tensors, &results, &slots,
                        &effects, &tracked, &random_calls))
    return nullptr;
  return guarded([&]() -> PyObject* {
    void* pointer = PyCapsule_GetPointer(capsule, kPackage);
    if (pointer == nullptr) throw PythonError{};
    const program::Package& package = **static_cast<Opened*>(pointer);
    auto bytes = training != 0 ? package.train_module() : package.module();
    if (tensors < 0 || results < 0 || random_calls < 0)
      throw UserError(ErrorKind::value, kLoad, "", "a count below zero");
    eager::CapturedParts parts{name,
                               ir::read_binary(bytes, eager::context(), str(name, ": the module")),
                               static_cast<size_t>(tensors),
                               static_cast<size_t>(results),
                               {},
                               {},
                               {},
                               random_calls};
    each(slots, [&](PyObject* item) {
      Slot& slot = parts.slots.emplace_back();
      if (item == Py_None) {
        slot.kind = Slot::Kind::key;
      } else if (is_tensor(item)) {
        slot.tensor = tensor_of(item);
      } else {
        throw UserError(ErrorKind::type, kLoad, "slots", "expected tensors");
      }
    });
    each(effects, [&](PyObject* item) {
      const char* kind;
      PyObject* target;
      if (!PyArg_ParseTuple(item, "sO", &kind, &target)) throw PythonError{};
      if (!is_tensor(target))
        throw UserError(ErrorKind::type, kLoad, "effects", "expected tensors");
      Effect& effect = parts.effects.emplace_back();
      effect.kind = std::string_view(kind) == "assign" ? Effect::Kind::assign : Effect::Kind::write;
      effect.tensor = tensor_of(target);
    });
    each(tracked, [&](PyObject* item) { parts.tracked.push_back(PyObject_IsTrue(item) == 1); });
    return wrap_captured(std::make_unique<eager::Captured>(std::move(parts)));
  });
}

PyMethodDef functions[] = {
    {"_package_identity", identity, METH_O, nullptr}, {"_package_parts", parts, METH_O, nullptr},
    {"_package_save", save, METH_VARARGS, nullptr},   {"_package_open", open, METH_O, nullptr},
    {"_package_graph", graph, METH_VARARGS, nullptr}, {}};

}  // namespace

int add_package(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
