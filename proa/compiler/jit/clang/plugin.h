// The C face of the compiler plug-in: a kernel text in, an object out.
// Why a plug-in: clang and LLVM are 200 MB that a process should load only when it compiles, with
// none of their symbols in sight of others.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Compiles C text for the processor (of clang's -target-cpu). Calls `object` with the bytes of a
// relocatable object, or `error` with what the compiler said; each at most once. Returns 0 on
// success. May be called from several threads at once.
typedef int (*proa_compile_fn)(const char* text, size_t size, const char* processor,
                               void (*object)(void* user, const void* bytes, size_t size),
                               void (*error)(void* user, const char* message), void* user);

// The plug-in exports one function of that type under this name.
#define PROA_COMPILE_SYMBOL "proa_compile_c"

#ifdef __cplusplus
}
#endif
