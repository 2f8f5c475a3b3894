/* A saved model from C: opens it, feeds every input with a ramp of numbers, prints the results.
 *
 *   predict MODEL.proa [SIZE]     SIZE: of every extent that a run chooses (2)
 *
 * Built with what an installed Proa brings: see CMakeLists.txt beside it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proa/inference/c_api.h"

#define CHECK(call)                                                                      \
  do {                                                                                   \
    proa_status status = (call);                                                         \
    if (status != PROA_OK) {                                                             \
      fprintf(stderr, "predict: %s: %s\n", proa_status_name(status), proa_last_error()); \
      exit(1);                                                                           \
    }                                                                                    \
  } while (0)

/* 0, 1/16, 2/16, ... 15/16, 0, ... for floats; 0, 1, 0, 1, ... for all else. */
static void* ramp(int32_t dtype, int64_t count) {
  size_t width = proa_dtype_size(dtype);
  char* data = calloc(count > 0 ? (size_t)count : 1, width);
  if (data == NULL) exit(1);
  for (int64_t i = 0; i < count; ++i) {
    if (dtype == PROA_FLOAT32) ((float*)data)[i] = (float)(i % 16) / 16.0f;
    else if (dtype == PROA_FLOAT64) ((double*)data)[i] = (double)(i % 16) / 16.0;
    else if (dtype == PROA_INT64) ((int64_t*)data)[i] = i % 2;
    else if (width == 1) data[i] = (char)(i % 2);
  }
  return data;
}

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "predict MODEL.proa [SIZE]\n");
    return 2;
  }
  int64_t size = argc > 2 ? atoll(argv[2]) : 2;

  proa_config* config;
  CHECK(proa_config_create(&config));
  CHECK(proa_config_set_model(config, argv[1]));
  proa_predictor* predictor;
  CHECK(proa_predictor_create(config, &predictor));
  proa_config_destroy(config);

  size_t inputs = proa_predictor_input_count(predictor);
  void** memory = calloc(inputs > 0 ? inputs : 1, sizeof *memory);
  if (memory == NULL) return 1;
  for (size_t i = 0; i < inputs; ++i) {
    proa_port port = {sizeof port, NULL, NULL, NULL, 0, 0};
    CHECK(proa_predictor_input(predictor, i, &port));
    int64_t dims[64], count = 1;
    for (int32_t axis = 0; axis < port.rank; ++axis) {
      dims[axis] = port.dims[axis] >= 0 ? port.dims[axis] : size;
      count *= dims[axis];
    }
    memory[i] = ramp(port.dtype, count);
    proa_tensor tensor = {sizeof tensor, memory[i], dims, port.rank, port.dtype};
    CHECK(proa_predictor_set_input(predictor, i, &tensor));
  }

  CHECK(proa_predictor_run(predictor));

  for (size_t i = 0; i < proa_predictor_output_count(predictor); ++i) {
    proa_port port = {sizeof port, NULL, NULL, NULL, 0, 0};
    proa_tensor result = {sizeof result, NULL, NULL, 0, 0};
    CHECK(proa_predictor_output(predictor, i, &port));
    CHECK(proa_predictor_result(predictor, i, &result));
    printf("%s %s", port.name, proa_dtype_name(result.dtype));
    int64_t count = 1;
    for (int32_t axis = 0; axis < result.rank; ++axis) {
      printf(" %" PRId64, result.dims[axis]);
      count *= result.dims[axis];
    }
    printf("\n");
    for (int64_t j = 0; j < count && result.dtype == PROA_FLOAT32; ++j)
      printf("%a\n", (double)((const float*)result.data)[j]); /* every bit of it */
  }
  proa_statistics statistics;
  memset(&statistics, 0, sizeof statistics);
  statistics.struct_size = sizeof statistics;
  CHECK(proa_predictor_statistics(predictor, &statistics));
  fprintf(stderr, "%" PRId64 " run of %" PRId64 " us, %" PRId64 " bytes\n", statistics.runs,
          statistics.total_ns / 1000, statistics.peak_bytes);
  proa_predictor_destroy(predictor);
  for (size_t i = 0; i < inputs; ++i) free(memory[i]);
  free(memory);
  return 0;
}
