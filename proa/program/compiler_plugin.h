// The compiler as a shared library that the predictor opens: one C function.
// Why C and not kernel_provider.h: both sides may come from different compilers, and no exception
// crosses from one library into another.
#ifndef PROA_PROGRAM_COMPILER_PLUGIN_H_
#define PROA_PROGRAM_COMPILER_PLUGIN_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROA_COMPILER_PLUGIN_VERSION 1

/* program::CompiledFn: see kernel_provider.h. */
typedef void (*proa_compiled_fn)(void* const* buffers, const int64_t* words, int64_t begin,
                                 int64_t end, char* scratch);

typedef struct proa_compiler_plugin {
  size_t struct_size; /* of what the plug-in knows */
  /* Compiles a kernel, or finds it where it was compiled before. Null where that fails; then
   * `message` holds the reason, cut to `message_size` bytes with its end. The function stays valid
   * as long as the process. Safe to call from many threads at once. */
  proa_compiled_fn (*find)(const char* name, const char* text, size_t text_size, char* message,
                           size_t message_size);
} proa_compiler_plugin;

/* The one exported name, "proa_compiler_plugin_get". Null for a version that it does not know. */
typedef const proa_compiler_plugin* (*proa_compiler_plugin_get_fn)(int version);

#ifdef __cplusplus
}
#endif

#endif /* PROA_PROGRAM_COMPILER_PLUGIN_H_ */
