// Proa's predictor for C, and for every language that can call C.
// Why C: a handle, a status and structs with their sizes stay the same from version to version,
// whatever the compiler; no exception leaves the library.
//
//   proa_config* config;
//   proa_config_create(&config);
//   proa_config_set_model(config, "digits.proa");
//   proa_predictor* predictor;
//   if (proa_predictor_create(config, &predictor) != PROA_OK) puts(proa_last_error());
//
// Every function that can fail gives a proa_status; proa_last_error() of the same thread says what
// was expected and what came. Handles may be used by one thread at a time: a thread that predicts
// beside others has a clone, which shares the weights. A struct's first field is its size, set by
// the caller, so that a program that was built against an older header goes on working.
#ifndef PROA_INFERENCE_C_API_H_
#define PROA_INFERENCE_C_API_H_

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PROA_API __attribute__((visibility("default")))
#else
#define PROA_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct proa_config proa_config;
typedef struct proa_predictor proa_predictor;

typedef enum proa_status {
  PROA_OK = 0,
  PROA_ERROR_VALUE = 1,         /* a legal type with an illegal value */
  PROA_ERROR_TYPE = 2,          /* a wrong dtype */
  PROA_ERROR_SHAPE = 3,         /* shapes that do not fit */
  PROA_ERROR_INDEX = 4,         /* an input, output or index that is out of range */
  PROA_ERROR_KEY = 5,           /* a name that is not there */
  PROA_ERROR_NOT_SUPPORTED = 6, /* refused here, with the reason */
  PROA_ERROR_MEMORY = 7,        /* out of memory, or over the limit */
  PROA_ERROR_IO = 8,            /* a file: missing, truncated, corrupt */
  PROA_ERROR_STATE = 9,         /* the right call at the wrong time */
  PROA_ERROR_INTERRUPTED = 10,
  PROA_ERROR_INTERNAL = 11 /* a fault of the library */
} proa_status;

typedef enum proa_dtype {
  PROA_BOOL = 0,
  PROA_UINT8 = 1,
  PROA_INT8 = 2,
  PROA_INT16 = 3,
  PROA_INT32 = 4,
  PROA_INT64 = 5,
  PROA_FLOAT16 = 6,
  PROA_BFLOAT16 = 7,
  PROA_FLOAT32 = 8,
  PROA_FLOAT64 = 9,
  PROA_COMPLEX64 = 10,
  PROA_COMPLEX128 = 11,
  PROA_FLOAT8_E4M3 = 12,
  PROA_FLOAT8_E5M2 = 13
} proa_dtype;

/* Dense, row-major elements. */
typedef struct proa_tensor {
  size_t struct_size; /* sizeof(proa_tensor) */
  void* data;
  const int64_t* dims; /* `rank` extents */
  int32_t rank;
  int32_t dtype; /* a proa_dtype */
} proa_tensor;

/* An input or output of a model. Its texts and lists live as long as the predictor. */
typedef struct proa_port {
  size_t struct_size; /* sizeof(proa_port) */
  const char* name;
  const int64_t* dims;        /* -1 where an extent is chosen by each run */
  const char* const* symbols; /* the names of such extents; null elsewhere. Equal names are equal
                                 extents */
  int32_t rank;
  int32_t dtype; /* a proa_dtype */
} proa_port;

typedef struct proa_statistics {
  size_t struct_size; /* sizeof(proa_statistics) */
  int64_t runs, failures;
  int64_t last_ns, least_ns, most_ns, total_ns; /* of runs that succeeded */
  int64_t last_bytes, peak_bytes; /* most that a run held at once, apart from weights and the
                                     caller's memory */
  int64_t copied_outputs; /* results that could not be computed where the caller wanted them */
  int64_t load_ns;
  int64_t stored_kernels, made_kernels; /* machine code of the file; made by the compiler */
  int32_t compiled;                     /* 1: the program on compiled kernels runs */
} proa_statistics;

PROA_API const char* proa_version(void); /* "0.1.0" */
PROA_API const char* proa_status_name(proa_status status);
PROA_API const char* proa_dtype_name(int32_t dtype); /* "float32"; null for none */
PROA_API size_t proa_dtype_size(int32_t dtype);      /* bytes of an element; 0 for none */
/* Of the last call of this thread that failed; "" before. Valid until its next failure. */
PROA_API const char* proa_last_error(void);

PROA_API proa_status proa_config_create(proa_config** config);
PROA_API void proa_config_destroy(proa_config* config);
PROA_API proa_status proa_config_set_model(proa_config* config, const char* path);
/* The content of a file. It must stay until the predictor is made, which copies it. */
PROA_API proa_status proa_config_set_model_bytes(proa_config* config, const void* data,
                                                 size_t size);
/* 0: weights are read when they are first used, and their checksums are not compared. */
PROA_API proa_status proa_config_set_verify(proa_config* config, int on);
/* Threads of a run, at most; 0: as many as the process has. Results do not depend on it. */
PROA_API proa_status proa_config_set_threads(proa_config* config, int threads);
/* Bytes that a run takes for what it computes; 0: no limit. */
PROA_API proa_status proa_config_set_memory_limit(proa_config* config, int64_t bytes);
/* Machine code in a file, and C text to compile, come from whoever wrote it and may do anything:
 * they run only with this. Without it the library's own kernels give the same results. */
PROA_API proa_status proa_config_allow_native_code(proa_config* config, int on);
/* The plug-in that compiles kernels which the file has not for this machine: a path; null: beside
 * this library; "": none. It is opened only when such a kernel is missing. */
PROA_API proa_status proa_config_set_compiler(proa_config* config, const char* path);
/* Runs the model once with zeros of these sizes when the predictor is made. */
PROA_API proa_status proa_config_add_warm_up(proa_config* config, const char* const* symbols,
                                             const int64_t* sizes, size_t count);
PROA_API proa_status proa_config_set_profile(proa_config* config, int on);

PROA_API proa_status proa_predictor_create(const proa_config* config, proa_predictor** predictor);
/* For another thread: shares weights and kernels; nothing is set in it. */
PROA_API proa_status proa_predictor_clone(const proa_predictor* predictor, proa_predictor** clone);
PROA_API void proa_predictor_destroy(proa_predictor* predictor);

PROA_API size_t proa_predictor_input_count(const proa_predictor* predictor);
PROA_API size_t proa_predictor_output_count(const proa_predictor* predictor);
PROA_API proa_status proa_predictor_input(const proa_predictor* predictor, size_t input,
                                          proa_port* port);
PROA_API proa_status proa_predictor_output(const proa_predictor* predictor, size_t output,
                                           proa_port* port);
PROA_API proa_status proa_predictor_find_input(const proa_predictor* predictor, const char* name,
                                               size_t* input);
PROA_API proa_status proa_predictor_find_output(const proa_predictor* predictor, const char* name,
                                                size_t* output);

/* The caller's memory is read by each run from now on; it is not copied. The dims are. */
PROA_API proa_status proa_predictor_set_input(proa_predictor* predictor, size_t input,
                                              const proa_tensor* tensor);
/* Results of each run from now on go into the caller's memory; null: into the predictor's own. */
PROA_API proa_status proa_predictor_set_output(proa_predictor* predictor, size_t output, void* data,
                                               int64_t bytes);
PROA_API proa_status proa_predictor_run(proa_predictor* predictor);
/* Of the last run. Valid until the next one. */
PROA_API proa_status proa_predictor_result(const proa_predictor* predictor, size_t output,
                                           proa_tensor* tensor);
PROA_API proa_status proa_predictor_statistics(const proa_predictor* predictor,
                                               proa_statistics* statistics);
/* Why the library's own kernels run where `compiled` is 0; "" where it is 1. */
PROA_API const char* proa_predictor_reason(const proa_predictor* predictor);
/* What all predictors with a profile did since the last time, as a trace for Chrome's viewer. */
PROA_API proa_status proa_write_trace(const char* path);

#ifdef __cplusplus
}
#endif

#endif /* PROA_INFERENCE_C_API_H_ */
