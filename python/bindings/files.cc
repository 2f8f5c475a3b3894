// Plain safetensors files of tensors and text.

#include "python/bindings/python.h"

#include <cstring>

#include "proa/base/error.h"
#include "proa/program/safetensors.h"

namespace proa::python {

namespace {

program::TextMap text_map(PyObject* dict, std::string_view op) {
  program::TextMap map;
  if (dict == Py_None) return map;
  if (!PyDict_Check(dict))
    throw UserError(ErrorKind::type, op, "metadata", "expected a dict of strings");
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (!PyUnicode_Check(key) || !PyUnicode_Check(value)) {
      throw UserError(ErrorKind::type, op, "metadata", "expected strings as keys and values");
    }
    map.emplace(text_of(key), text_of(value));
  }
  return map;
}

PyObject* save(PyObject*, PyObject* args) {
  PyObject *path, *tensors, *metadata = Py_None;
  if (!PyArg_ParseTuple(args, "O&O!|O", PyUnicode_FSConverter, &path, &PyDict_Type, &tensors,
                        &metadata))
    return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    std::vector<Tensor> dense;
    std::vector<std::string> names;
    PyObject *key, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(tensors, &at, &key, &value)) {
      if (!PyUnicode_Check(key))
        throw UserError(ErrorKind::type, "save_safetensors", "tensors", "expected names as keys");
      names.emplace_back(text_of(key));
      Tensor t = is_tensor(value) ? tensor_of(value) : to_tensor(value, std::nullopt, true);
      dense.emplace_back(runtime::to_dense(t.array()));
    }
    std::vector<program::SafetensorsTensor> list;
    for (size_t i = 0; i < dense.size(); ++i) {
      auto bytes = reinterpret_cast<const std::byte*>(dense[i].array().data);
      list.push_back(
          {names[i],
           dense[i].dtype(),
           dense[i].dims(),
           {bytes, static_cast<size_t>(dense[i].elements()) * size_of(dense[i].dtype())}});
    }
    program::TextMap text = text_map(metadata, "save_safetensors");
    std::string file = PyBytes_AS_STRING(path);
    {
      ReleaseGil release;
      program::write_safetensors(file, list, text);
    }
    Py_RETURN_NONE;
  });
}

PyObject* load(PyObject*, PyObject* arg) {
  PyObject* path;
  if (!PyUnicode_FSConverter(arg, &path)) return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    std::string name = PyBytes_AS_STRING(path);
    std::vector<std::pair<std::string, Tensor>> tensors;
    program::TextMap metadata;
    {
      ReleaseGil release;
      auto file = program::SafetensorsFile::open(name);
      metadata = file.metadata();
      for (const auto& entry : file.entries()) {
        DType dtype = file.dtype(entry);
        auto bytes = file.data(entry);
        tensors.emplace_back(entry.name, eager::from_data(entry.dims, dtype, bytes.data()));
      }
    }
    Ref dict = checked(PyDict_New()), text = checked(PyDict_New());
    for (auto& [key, tensor] : tensors) {
      Ref object = checked(wrap(std::move(tensor)));
      checked(PyDict_SetItem(dict.get(), to_str(key).get(), object.get()));
    }
    for (auto& [key, value] : metadata)
      checked(PyDict_SetItem(text.get(), to_str(key).get(), to_str(value).get()));
    return Py_BuildValue("(OO)", dict.get(), text.get());
  });
}

PyMethodDef functions[] = {
    {"save_safetensors", save, METH_VARARGS,
     "save_safetensors(path, tensors, metadata=None): one file, written whole or not at all."},
    {"load_safetensors", load, METH_O, "load_safetensors(path) -> (tensors, metadata)"},
    {}};

}  // namespace

int add_files(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
