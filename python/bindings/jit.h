// What the two ways of calling a captured function share.
// Why apart from python.h: only they know graphs of whole functions.
#pragma once

#include <memory>

#include "proa/eager/captured.h"
#include "python/bindings/python.h"

namespace proa::python {

eager::Captured& captured_of(PyObject* capsule);
PyObject* wrap_captured(std::unique_ptr<eager::Captured> captured);  // a capsule
inline constexpr const char* kHostKernel = "proa.host";              // calls Python: host_call.cc
int add_host_kernel(PyObject* module);
uint64_t guarded_form(const Tensor& tensor);  // what of it is a guard, in one number; rank <= 40

}  // namespace proa::python
