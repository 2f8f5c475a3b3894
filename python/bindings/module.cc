// The extension module proa._proa.

#include "python/bindings/python.h"

namespace {

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "proa._proa",
                          "The core of Proa: tensors, operators, gradients.",
                          -1,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

}  // namespace

PyMODINIT_FUNC PyInit__proa() {
  using namespace proa::python;
  Ref module(PyModule_Create(&definition));
  if (!module) return nullptr;
  for (auto add : {add_errors, add_dtypes, add_tensor, add_faces, add_convert, add_dlpack,
                   add_operators, add_autograd, add_runtime, add_files, add_pages, add_ir, add_jit,
                   add_jit_call, add_package, add_watch, add_inference}) {
    if (add(module.get()) < 0) return nullptr;
  }
  return module.release();
}
