// Arrays in NumPy's own file format, .npy: read and written without Python.
// Why here: inputs and outputs of a deployed model come and go as such files, and a reader of bytes
// from strangers belongs beside the others.
//
//   6 bytes   "\x93NUMPY"
//   2 bytes   version: 1.0, 2.0 or 3.0
//   2 bytes   length of the header, little endian (4 bytes from version 2.0 on)
//   header    {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } padded with spaces
//   data      the elements
//
// Source: NumPy, numpy/lib/format.py. bfloat16 is stored as ml_dtypes stores it, as '<V2'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"

namespace proa::program {

struct NpyArray {
  DType dtype = DType::f32;
  std::vector<int64_t> dims;
  std::span<const std::byte> bytes;  // dense and row-major, aligned to an element
  std::shared_ptr<const void> owner;
};

// Whatever is wrong with a file is UserError(io) with its name, the offset and the reason; a dtype
// that Proa does not have (U16, structures, objects, big endian) is UserError(not_supported).
// read_npy maps the file.
NpyArray read_npy(const std::string& path);
// The bytes must outlive the result. `source` is the name in messages.
NpyArray parse_npy(std::span<const std::byte> bytes, std::string_view source);

// UserError(not_supported) for 8-bit floats, which NumPy cannot name.
void write_npy(const std::string& path, DType dtype, std::span<const int64_t> dims,
               std::span<const std::byte> bytes);
std::string npy_header(DType dtype, std::span<const int64_t> dims);

}  // namespace proa::program
