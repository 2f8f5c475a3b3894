#include "proa/runtime/once.h"

#include "proa/program/once.h"
#include "proa/runtime/allocator.h"

namespace proa::runtime {

std::shared_ptr<const program::Program> after_once(std::shared_ptr<const program::Program> program,
                                                   const program::KernelTable& kernels,
                                                   Device device, program::KernelProvider* provider,
                                                   Origin origin) {
  if (device == kNull) return program;
  auto once = program::split_once(*program);
  if (!once) return program;
  std::vector<Array> made(once->slots.size());
  Executable(once->first, kernels, device, provider, origin).run({}, {}, made);
  for (size_t i = 0; i < made.size(); ++i) {
    auto array = std::make_shared<Array>(made[i]);
    program::Constant constant{.slot = once->slots[i],
                               .dtype = array->dtype,
                               .dims = {array->dims.begin(), array->dims.end()},
                               .owner = array,
                               .bytes = array->data,
                               .size = 0};
    constant.size = static_cast<size_t>(tensor_bytes(constant.dims, constant.dtype));
    once->rest->constants.push_back(std::move(constant));
  }
  return once->rest;
}

}  // namespace proa::runtime
