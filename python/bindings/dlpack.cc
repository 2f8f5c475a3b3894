// DLPack, both ways: the memory of a tensor for other libraries, and theirs for tensors.

#include "python/bindings/dlpack.h"

#include "proa/base/error.h"
#include "python/bindings/python.h"

namespace proa::python {

namespace {

constexpr char kPlain[] = "dltensor", kVersioned[] = "dltensor_versioned";

template <class Managed>
struct Export {
  explicit Export(const Tensor& t) : tensor(t), hold(t.array().buffer) {}
  Tensor tensor;
  runtime::OutsideHold hold;
  Managed managed = {};
  std::vector<int64_t> shape, strides;
};

DLDataType dl_dtype(DType dtype) {
  auto bits = static_cast<uint8_t>(size_of(dtype) * 8);
  switch (dtype) {
    case DType::boolean: return {kDLBool, bits, 1};
    case DType::u8: return {kDLUInt, bits, 1};
    case DType::bf16: return {kDLBfloat, bits, 1};
    case DType::f8e4m3:
    case DType::f8e5m2:
      throw UserError(ErrorKind::type, "__dlpack__", "", "float8 tensors cannot be exported");
    default: break;
  }
  if (is_int(dtype)) return {kDLInt, bits, 1};
  return {static_cast<uint8_t>(is_complex(dtype) ? kDLComplex : kDLFloat), bits, 1};
}

std::optional<DType> from_dl(DLDataType t) {
  if (t.lanes != 1) return std::nullopt;
  switch (t.code) {
    case kDLBool: return t.bits == 8 ? std::optional(DType::boolean) : std::nullopt;
    case kDLUInt: return t.bits == 8 ? std::optional(DType::u8) : std::nullopt;
    case kDLBfloat: return t.bits == 16 ? std::optional(DType::bf16) : std::nullopt;
    case kDLInt:
      if (t.bits == 8) return DType::i8;
      if (t.bits == 16) return DType::i16;
      if (t.bits == 32) return DType::i32;
      return t.bits == 64 ? std::optional(DType::i64) : std::nullopt;
    case kDLFloat:
      if (t.bits == 16) return DType::f16;
      if (t.bits == 32) return DType::f32;
      return t.bits == 64 ? std::optional(DType::f64) : std::nullopt;
    case kDLComplex:
      if (t.bits == 64) return DType::c64;
      return t.bits == 128 ? std::optional(DType::c128) : std::nullopt;
    default: return std::nullopt;
  }
}

template <class Managed>
void drop_capsule(PyObject* capsule) {
  constexpr const char* name = std::is_same_v<Managed, DLManagedTensor> ? kPlain : kVersioned;
  if (!PyCapsule_IsValid(capsule, name)) return;  // a consumer took it
  auto managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (managed->deleter != nullptr) managed->deleter(managed);
}

template <class Managed>
PyObject* capsule_of(const Tensor& t, uint64_t flags) {
  auto out = std::make_unique<Export<Managed>>(t);
  out->shape.assign(t.dims().begin(), t.dims().end());
  out->strides.assign(t.array().strides.begin(), t.array().strides.end());
  DLTensor& dl = out->managed.dl_tensor;
  dl.data = t.array().data;
  dl.device = {kDLCPU, 0};
  dl.ndim = t.rank();
  dl.dtype = dl_dtype(t.dtype());
  dl.shape = out->shape.data();
  dl.strides = out->strides.data();
  dl.byte_offset = 0;
  out->managed.manager_ctx = out.get();
  out->managed.deleter = [](Managed* m) { delete static_cast<Export<Managed>*>(m->manager_ctx); };
  constexpr bool plain = std::is_same_v<Managed, DLManagedTensor>;
  if constexpr (!plain) {
    out->managed.version = {1, 0};
    out->managed.flags = flags;
  }
  Ref capsule =
      checked(PyCapsule_New(&out->managed, plain ? kPlain : kVersioned, drop_capsule<Managed>));
  out.release();
  return capsule.release();
}

// (major, minor), (device type, device number): a pair of integers.
std::pair<int64_t, int64_t> pair_of(PyObject* object, std::string_view argument) {
  std::vector<int64_t> values = as_ints(object, "__dlpack__", argument);
  if (values.size() != 2) {
    throw UserError(ErrorKind::value, "__dlpack__", argument,
                    str("expected a pair of integers, got ", values.size()));
  }
  return {values[0], values[1]};
}

PyObject* export_dlpack(PyObject* self, PyObject* args, PyObject* kwargs) {
  PyObject *stream = Py_None, *max_version = Py_None, *device = Py_None, *copy = Py_None;
  static const char* names[] = {"stream", "max_version", "dl_device", "copy", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOOO", const_cast<char**>(names), &stream,
                                   &max_version, &device, &copy))
    return nullptr;
  return guarded([&]() -> PyObject* {
    Tensor t = tensor_of(self);
    if (stream != Py_None && as_int(stream, "__dlpack__", "stream") != -1) {
      throw UserError(ErrorKind::value, "__dlpack__", "stream",
                      "memory of the host has no streams: expected None");
    }
    if (device != Py_None && pair_of(device, "dl_device") != std::pair<int64_t, int64_t>{1, 0}) {
      throw_export_error("__dlpack__", "dl_device",
                         "this tensor can be exported to the host only: expected (1, 0)");
    }
    if (t.requires_grad()) {
      throw_export_error("__dlpack__", "",
                         "a tensor that requires a gradient cannot be exported; use x.detach()");
    }
    int copies = copy == Py_None ? 0 : PyObject_IsTrue(copy);
    checked(copies);
    if (copies) {
      runtime::Array made = runtime::Array::dense(t.array().dims, t.dtype());
      runtime::copy(t.array(), made);
      t = Tensor(std::move(made));
    }
    bool writable = t.array().buffer->writable();
    if (max_version != Py_None && pair_of(max_version, "max_version").first >= 1) {
      return capsule_of<DLManagedTensorVersioned>(
          t, (writable ? 0 : kDLFlagReadOnly) | (copies ? kDLFlagIsCopied : 0));
    }
    if (!writable) {
      throw_export_error("__dlpack__", "max_version",
                         "version 0 cannot say that memory is read-only; ask for (1, 0) or a copy");
    }
    return capsule_of<DLManagedTensor>(t, 0);
  });
}

PyObject* dlpack_device(PyObject*, PyObject*) {
  return Py_BuildValue("(ii)", static_cast<int>(kDLCPU), 0);
}

// Takes the memory over: the capsule's destructor will let it be.
template <class Managed>
Tensor taken(PyObject* capsule, const char* name, const char* used) {
  auto managed = static_cast<Managed*>(PyCapsule_GetPointer(capsule, name));
  if (managed == nullptr) throw PythonError{};
  bool writable = true;
  if constexpr (std::is_same_v<Managed, DLManagedTensorVersioned>) {
    if (managed->version.major > 1) {
      throw UserError(ErrorKind::not_supported, "from_dlpack", "ext_tensor",
                      str("expected DLPack of version 1 at most, got ", managed->version.major, ".",
                          managed->version.minor));
    }
    writable = (managed->flags & kDLFlagReadOnly) == 0;
  }
  const DLTensor& dl = managed->dl_tensor;
  auto dtype = from_dl(dl.dtype);
  if (!dtype)
    throw UserError(ErrorKind::type, "from_dlpack", "ext_tensor",
                    "its dtype has no counterpart here");
  if (dl.device.device_type != kDLCPU) {
    throw UserError(ErrorKind::not_supported, "from_dlpack", "ext_tensor",
                    "only memory of the host can be taken");
  }
  runtime::Array out;
  out.dtype = *dtype;
  int64_t step = 1;
  bool sane = dl.ndim >= 0 && (dl.ndim == 0 || dl.shape != nullptr);
  for (int i = 0; sane && i < dl.ndim; ++i) {
    sane = dl.shape[i] >= 0;
    out.dims.push_back(dl.shape[i]);
  }
  out.strides = runtime::Extents(out.dims.size(), 1);
  for (int i = sane ? dl.ndim : 0; i-- > 0;) {
    out.strides[static_cast<size_t>(i)] = dl.strides ? dl.strides[i] : step;
    sane &= !__builtin_mul_overflow(step, dl.shape[i], &step);
  }
  if (!sane || (step > 0 && dl.data == nullptr)) {
    throw UserError(ErrorKind::value, "from_dlpack", "ext_tensor",
                    "its shape or its memory is not valid");
  }
  char* data = static_cast<char*>(dl.data) + dl.byte_offset;
  checked(PyCapsule_SetName(capsule, used));
  out.buffer = runtime::Buffer::wrap(
      data, step * static_cast<int64_t>(size_of(*dtype)), kCpu,
      [](void* context) {
        HoldGil gil;
        auto m = static_cast<Managed*>(context);
        if (m->deleter) m->deleter(m);
      },
      managed, writable);
  out.data = data;
  return Tensor(std::move(out));
}

Ref capsule_from(PyObject* source) {
  Ref method(PyObject_GetAttrString(source, "__dlpack__"));
  if (!method) {
    PyErr_Clear();
    throw UserError(ErrorKind::type, "from_dlpack", "ext_tensor",
                    str("expected a DLPack capsule or an object with __dlpack__, got ",
                        Py_TYPE(source)->tp_name));
  }
  Ref none = checked(PyTuple_New(0));
  Ref newest = checked(Py_BuildValue("{s:(ii)}", "max_version", 1, 0));
  Ref capsule(PyObject_Call(method.get(), none.get(), newest.get()));
  if (!capsule && PyErr_ExceptionMatches(PyExc_TypeError)) {  // it knows version 0 only
    PyErr_Clear();
    capsule = Ref(PyObject_CallNoArgs(method.get()));
  }
  return checked(capsule.release());
}

PyObject* from_dlpack_python(PyObject*, PyObject* args, PyObject* kwargs) {
  PyObject *source, *device = Py_None, *copy = Py_None;
  static const char* names[] = {"ext_tensor", "device", "copy", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO", const_cast<char**>(names), &source,
                                   &device, &copy))
    return nullptr;
  return guarded([&]() -> PyObject* {
    int copies = copy == Py_None ? 0 : PyObject_IsTrue(copy);
    checked(copies);
    Tensor t = from_dlpack(source);
    if (copies) {
      runtime::Array made = runtime::Array::dense(t.array().dims, t.dtype());
      runtime::copy(t.array(), made);
      t = Tensor(std::move(made));
    }
    return wrap(std::move(t));
  });
}

template <class F>
PyCFunction keywords(F f) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(f));
}

PyMethodDef functions[] = {
    {"from_dlpack", keywords(from_dlpack_python), METH_VARARGS | METH_KEYWORDS,
     "from_dlpack(ext_tensor, device=None, copy=None)\n\nA tensor of the memory of any object with "
     "__dlpack__, or of a capsule: no copy unless asked for. Read-only memory stays read-only."},
    {}};

PyMethodDef dlpack = {"__dlpack__", keywords(export_dlpack), METH_VARARGS | METH_KEYWORDS,
                      "A DLPack capsule of this memory, of version 1 if max_version allows it."};
PyMethodDef device = {"__dlpack_device__", dlpack_device, METH_NOARGS,
                      "The DLPack device: (1, 0), the host."};

}  // namespace

Tensor from_dlpack(PyObject* source) {
  Ref capsule = PyCapsule_CheckExact(source) ? Ref::share(source) : capsule_from(source);
  if (PyCapsule_IsValid(capsule.get(), kVersioned))
    return taken<DLManagedTensorVersioned>(capsule.get(), kVersioned, "used_dltensor_versioned");
  if (PyCapsule_IsValid(capsule.get(), kPlain))
    return taken<DLManagedTensor>(capsule.get(), kPlain, "used_dltensor");
  throw UserError(ErrorKind::value, "from_dlpack", "ext_tensor",
                  "expected a DLPack capsule that nobody has taken yet");
}

int add_dlpack(PyObject* module) {
  auto type = reinterpret_cast<PyObject*>(tensor_type);
  Ref a(PyDescr_NewMethod(tensor_type, &dlpack)), b(PyDescr_NewMethod(tensor_type, &device));
  if (!a || !b || PyObject_SetAttrString(type, "__dlpack__", a.get()) < 0 ||
      PyObject_SetAttrString(type, "__dlpack_device__", b.get()) < 0) {
    return -1;
  }
  return PyModule_AddFunctions(module, functions);
}

}  // namespace proa::python
