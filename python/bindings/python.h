// What the binding files share: owned references, errors across the border, conversions.
// Why the plain C API: a call of an operator must cost tens of nanoseconds, and each of these files
// is about exactly one CPython protocol.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proa/eager/call.h"
#include "proa/eager/tensor.h"
#include "proa/ir/location.h"

namespace proa::python {

using eager::Tensor;

// An owned reference.
class Ref {
 public:
  Ref() = default;
  explicit Ref(PyObject* owned) : object_(owned) {}
  Ref(Ref&& other) noexcept : object_(other.release()) {}
  Ref& operator=(Ref&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  Ref(const Ref&) = delete;
  ~Ref() { Py_XDECREF(object_); }
  static Ref share(PyObject* borrowed) { return Ref(Py_XNewRef(borrowed)); }
  PyObject* get() const { return object_; }
  PyObject* release() { return std::exchange(object_, nullptr); }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

// A Python error is set already; the C++ side unwinds to the border.
struct PythonError {};
inline Ref checked(PyObject* owned) {
  if (owned == nullptr) throw PythonError{};
  return Ref(owned);
}
inline void checked(int status) {
  if (status < 0) throw PythonError{};
}

// The BufferError that the array API standard asks for where memory cannot be handed out.
[[noreturn]] void throw_export_error(std::string_view op, std::string_view argument,
                                     std::string_view message);
void set_error();  // of the exception in flight: translates it to a Python error

// The border: runs f, and turns C++ exceptions into Python's.
template <class F>
PyObject* guarded(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    set_error();
    return nullptr;
  }
}
template <class F>
int guarded_int(F&& f) noexcept {
  try {
    return f();
  } catch (...) {
    set_error();
    return -1;
  }
}

// Whether the interpreter is on its way out, or gone, and this is not the thread that ends it.
bool is_left_behind();

// Runs f, which may wait for the GIL. While the interpreter shuts down, CPython before 3.14 ends
// such a (daemon) thread with pthread_exit, whose unwinding would pass through destructors that
// need the GIL and end in an abort; and later there is nothing left to wait for. The thread sleeps
// here until the process is gone, as in 3.14.
template <class F>
auto outlive_shutdown(F&& f) noexcept {
  while (is_left_behind()) pause();
  try {
    return f();
  } catch (...) {  // C functions throw nothing else
    while (true) pause();
  }
}

class ReleaseGil {
 public:
  explicit ReleaseGil(bool release = true) : state_(release ? PyEval_SaveThread() : nullptr) {}
  ~ReleaseGil() {
    if (state_) outlive_shutdown([&] { PyEval_RestoreThread(state_); });
  }
  ReleaseGil(const ReleaseGil&) = delete;

 private:
  PyThreadState* state_;
};

class HoldGil {
 public:
  HoldGil() : state_(outlive_shutdown([] { return PyGILState_Ensure(); })) {}
  ~HoldGil() { PyGILState_Release(state_); }
  HoldGil(const HoldGil&) = delete;

 private:
  PyGILState_STATE state_;
};

std::string_view text_of(PyObject* unicode);  // UTF-8 of a str
Ref to_str(std::string_view text);

// A Python callable held by the tape: called and dropped with the GIL.
class Callable : public eager::Foreign {
 public:
  explicit Callable(PyObject* function) : function_(Py_NewRef(function)) {}
  ~Callable() override {
    HoldGil gil;
    Py_DECREF(function_);
  }
  PyObject* get() const { return function_; }

 private:
  PyObject* function_;
};

// Tensor objects.
extern PyTypeObject* tensor_type;
bool is_tensor(PyObject* object);
const Tensor& tensor_of(PyObject* object);  // the object must be a Tensor
// From here on the object stands for another tensor: what x.reshape_(...) and x.cast_(...) do.
void rebind(PyObject* target, const Tensor& value);
PyObject* wrap(Tensor tensor);  // new reference; None for an undefined one
PyObject* wrap_as(PyTypeObject* type, Tensor tensor);

// A face is a subclass of Tensor whose methods speak another dialect (proa.torch.Tensor): what a
// call makes of an operand with a face has it too. While this object lives, wrap() of its thread
// gives the face of the operands, if one of them (or of the items of a list among them) has it.
extern PyTypeObject* face_type;  // null until a face is announced
class ResultsOf {
 public:
  ResultsOf(PyObject* const* operands, Py_ssize_t count) {
    if (face_type != nullptr) look(operands, count);
  }
  explicit ResultsOf(PyObject* operand) : ResultsOf(&operand, 1) {}
  static PyTypeObject* face() { return face_type == nullptr ? nullptr : current(); }
  ~ResultsOf() {
    if (active_) leave();
  }
  ResultsOf(const ResultsOf&) = delete;

 private:
  void look(PyObject* const* operands, Py_ssize_t count);
  void leave();
  static PyTypeObject* current();
  bool active_ = false;
};

// Tensors that C++ makes meanwhile are plain, whatever call is going on around it.
class PlainResults {
 public:
  PlainResults();
  ~PlainResults();
  PlainResults(const PlainResults&) = delete;

 private:
  PyTypeObject* before_;
};

// DType objects: proa.float32 and so on.
PyObject* wrap_dtype(DType dtype);  // new reference
std::optional<DType> as_dtype(
    PyObject* object);  // DType, its name, numpy dtype, or Python's float, int, bool, complex
DType dtype_of(PyObject* object, std::string_view op, std::string_view argument);

// Data of any kind to a tensor: numbers, nested lists, arrays, tensors. `share`: NumPy's memory is
// not copied.
Tensor to_tensor(PyObject* data, std::optional<DType> dtype, bool share = false);
// What is written into memory of another dtype: complex numbers do not go into a real one.
Tensor cast_for(Tensor source, DType dtype, std::string_view op, std::string_view argument);
Tensor from_dlpack(PyObject* source);  // a capsule, or an object with __dlpack__
PyObject* to_numpy(const Tensor& tensor);
// Symbolic sizes, proa.ir.Dim: what x.shape has where an operator is traced.
std::optional<ir::Dim> as_dim(PyObject* object);  // of a Dim only
PyObject* wrap_dim(ir::Dim dim);                  // an int where it is a constant
ir::Attribute dims_attribute(PyObject* sequence, std::string_view op, std::string_view argument);
// A size was asked for as a number where it is a symbol; set as the Python error, or pending.
extern PyObject* size_not_known;
void keep_size_error();  // throws on if it is the pending one
// Where the user's own code stands: the innermost frame outside this package.
ir::Location user_location(ir::Context& context);
// The value of a symbolic size as the function that is being captured is called now: a guard from
// here on. Nothing where there is none.
std::optional<int64_t> size_as_number(ir::Dim dim);
// The 0-d tensor of an object that stands for a Python float in a function that is being captured.
std::optional<Tensor> captured_float(PyObject* object);
int64_t as_int(PyObject* object, std::string_view op, std::string_view argument);
std::vector<int64_t> as_ints(PyObject* object, std::string_view op, std::string_view argument);
bool is_number(PyObject* object);  // a Python or NumPy scalar, no Tensor
eager::Operand as_operand(PyObject* object, std::string_view op, std::string_view argument);

// Indexing: x[key] and x[key] = value.
PyObject* get_item(PyObject* tensor, PyObject* key);
int set_item(PyObject* tensor, PyObject* key, PyObject* value);

// Each adds its part to the module or to a type; negative: a Python error is set.
int add_errors(PyObject* module);
int add_dtypes(PyObject* module);
int add_tensor(PyObject* module);
int add_faces(PyObject* module);
int add_operators(PyObject* module);
int add_autograd(PyObject* module);
int add_convert(PyObject* module);
int add_dlpack(PyObject* module);
int add_runtime(PyObject* module);
int add_files(PyObject* module);
int add_pages(PyObject* module);
int add_dims(PyObject* module);
int add_jit(PyObject* module);
int add_jit_call(PyObject* module);
int add_package(PyObject* module);
int add_watch(PyObject* module);
int add_ir(PyObject* module);
int add_inference(PyObject* module);

}  // namespace proa::python
