// Plain safetensors files of tensors and text.

#include "python/bindings/python.h"

#include <cstring>

#include "proa/base/crc32c.h"
#include "proa/base/error.h"
#include "proa/base/file.h"
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

// Bytes of a Python object, held while this lives.
class View {
 public:
  explicit View(PyObject* object) {
    if (PyObject_GetBuffer(object, &view_, PyBUF_SIMPLE) != 0) throw PythonError{};
  }
  ~View() { PyBuffer_Release(&view_); }
  View(const View&) = delete;
  std::span<const std::byte> bytes() const {
    return {static_cast<const std::byte*>(view_.buf), static_cast<size_t>(view_.len)};
  }

 private:
  Py_buffer view_;
};

// _write_file(path, bytes): whole or not at all.
PyObject* write_bytes(PyObject*, PyObject* args) {
  PyObject *path, *data;
  if (!PyArg_ParseTuple(args, "O&O", PyUnicode_FSConverter, &path, &data)) return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    View view(data);
    std::string file = PyBytes_AS_STRING(path);
    {
      ReleaseGil release;
      std::span<const std::byte> bytes = view.bytes();
      write_file(file, std::span(&bytes, 1));
    }
    Py_RETURN_NONE;
  });
}

// _publish_folder(from, to): renamed and flushed.
PyObject* publish(PyObject*, PyObject* args) {
  PyObject *from, *to;
  if (!PyArg_ParseTuple(args, "O&O&", PyUnicode_FSConverter, &from, PyUnicode_FSConverter, &to))
    return nullptr;
  Ref from_owner(from), to_owner(to);
  return guarded([&]() -> PyObject* {
    std::string before = PyBytes_AS_STRING(from), after = PyBytes_AS_STRING(to);
    {
      ReleaseGil release;
      publish_folder(before, after);
    }
    Py_RETURN_NONE;
  });
}

// _checksum(bytes) and _file_checksum(path) -> (size, CRC-32C).
PyObject* checksum(PyObject*, PyObject* data) {
  return guarded([&] { return PyLong_FromUnsignedLong(crc32c(View(data).bytes())); });
}
PyObject* file_checksum(PyObject*, PyObject* arg) {
  PyObject* path;
  if (!PyUnicode_FSConverter(arg, &path)) return nullptr;
  Ref path_owner(path);
  return guarded([&]() -> PyObject* {
    std::string name = PyBytes_AS_STRING(path);
    size_t size = 0;
    uint32_t sum = 0;
    {
      ReleaseGil release;
      auto file = MappedFile::open(name);
      size = file->size();
      sum = crc32c(file->bytes());
    }
    return Py_BuildValue("(nk)", static_cast<Py_ssize_t>(size), static_cast<unsigned long>(sum));
  });
}

// _fail_file_calls(number, errno, stays): for tests; see base/file.h.
PyObject* fail_calls(PyObject*, PyObject* args) {
  long long number;
  int error, stays;
  if (!PyArg_ParseTuple(args, "Lip", &number, &error, &stays)) return nullptr;
  fail_file_calls(number, error, stays != 0);
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"_write_file", write_bytes, METH_VARARGS, nullptr},
    {"_publish_folder", publish, METH_VARARGS, nullptr},
    {"_checksum", checksum, METH_O, nullptr},
    {"_file_checksum", file_checksum, METH_O, nullptr},
    {"_fail_file_calls", fail_calls, METH_VARARGS, nullptr},
    {"save_safetensors", save, METH_VARARGS,
     "save_safetensors(path, tensors, metadata=None): one file, written whole or not at all."},
    {"load_safetensors", load, METH_O, "load_safetensors(path) -> (tensors, metadata)"},
    {}};

}  // namespace

int add_files(PyObject* module) { return PyModule_AddFunctions(module, functions); }

}  // namespace proa::python
