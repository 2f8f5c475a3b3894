// Package: a saved model, the `.proa` file — programs, weights, kernels and the module they came
// from. Why one file that is a safetensors file too: weights stay readable to every tool of the
// field, and what Proa adds lies beside them as U8 tensors named "__proa__.*".
//
// The layout is in docs/design/package.md. Everything is verified when a package is opened: a
// UserError(io) names the file, the place and the reason. No path leads out of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "proa/program/program.h"
#include "proa/program/safetensors.h"

namespace proa::program {

// Beside weights in the file: no weight may have such a name.
inline constexpr std::string_view kPackagePrefix = "__proa__.";

// An extent: a number, or a symbol of the package.
struct PackageDim {
  int64_t extent = 0;   // where symbol < 0
  int32_t symbol = -1;  // index into Package::symbols()
  bool operator==(const PackageDim&) const = default;
};

// A size that each call chooses, read from extents of the inputs.
struct PackageSymbol {
  std::string name;
  int64_t low = 0, high = INT64_MAX;
  bool operator==(const PackageSymbol&) const = default;
};

// An input or output as the caller sees it. Of an output, a dim without a symbol of the package may
// be one that the program computes: extent is -1 then.
struct PackageTensor {
  std::string name;
  DType dtype = DType::f32;
  std::vector<PackageDim> dims;
  bool operator==(const PackageTensor&) const = default;
};

// Machine code of one kernel of the compiled program.
struct PackageObject {
  std::string target;  // "x86-64-v3"
  std::string kernel;  // KernelText::name
  std::span<const std::byte> bytes;
};

// What constants alone decide (once.h), as kernels made it that were compiled for these targets,
// which lay it out as they read it.
struct PackagePacked {
  std::vector<std::string> targets;
  size_t program = 0;  // of with_inner(the compiled one)
  int32_t slot = -1;
  std::span<const std::byte> bytes;
};

class Package {
 public:
  // Maps the file: weights are read when they are touched, unless `verify`, which checks the
  // checksum of all of it.
  static std::shared_ptr<const Package> open(const std::string& path, bool verify = true);
  // Takes a copy of the bytes, so that weights are aligned. `source` is the name in messages.
  static std::shared_ptr<const Package> parse(std::span<const std::byte> bytes, std::string source,
                                              bool verify = true);

  // In the order of the program's inputs and outputs. Names differ.
  std::span<const PackageTensor> inputs() const { return inputs_; }
  std::span<const PackageTensor> outputs() const { return outputs_; }
  std::span<const PackageSymbol> symbols() const { return symbols_; }

  // On prebuilt kernels alone; always there. Its constants lie in the file and keep it mapped.
  const std::shared_ptr<const Program>& program() const { return program_; }
  // On kernels of the compiler, with their texts; null where none was stored. Same inputs, outputs
  // and constants.
  const std::shared_ptr<const Program>& compiled() const { return compiled_; }
  // What was compiled beforehand, for any target.
  std::span<const PackageObject> objects() const { return objects_; }
  // Null where there is none.
  const PackageObject* find_object(std::string_view target, std::string_view kernel) const;
  std::vector<std::string> targets() const;  // of the objects, each once
  // Whether all kernels of the compiled program are there for a target.
  bool holds(std::string_view target) const;

  std::span<const PackagePacked> packed() const { return packed_; }
  // As the target's kernels made it; the program is the compiled one or of those that it nests.
  // Null where it was not stored.
  const Constant* find_packed(std::string_view target, const Program& program, int32_t slot) const;

  // The module in the IR's binary form, which the program floor does not read; empty if none.
  std::span<const std::byte> module() const { return module_; }
  // The same of what the layer does while it is trained.
  std::span<const std::byte> train_module() const { return train_module_; }
  // All tensors of the file; weights are those whose names do not begin with kPackagePrefix.
  const SafetensorsFile& file() const { return file_; }
  std::vector<const SafetensorsEntry*> weights() const;
  const TextMap& metadata() const { return file_.metadata(); }
  size_t bytes() const { return bytes_; }  // of the whole file

 private:
  friend class PackageReader;
  Package() = default;
  SafetensorsFile file_;
  std::shared_ptr<const void> memory_;  // what the file's bytes lie in
  std::vector<PackageTensor> inputs_, outputs_;
  std::vector<PackageSymbol> symbols_;
  std::shared_ptr<const Program> program_, compiled_;
  std::vector<PackageObject> objects_;
  std::vector<std::string> held_;  // targets
  std::vector<PackagePacked> packed_;
  std::map<std::tuple<std::string, const Program*, int32_t>, Constant, std::less<>> by_slot_;
  std::span<const std::byte> module_, train_module_;
  size_t bytes_ = 0;
};

// What a package is made of. A constant of a program whose bytes are those of a weight is stored as
// a reference to it; others are stored beside the weights.
struct PackageContent {
  std::vector<PackageTensor> inputs, outputs;
  std::vector<PackageSymbol> symbols;
  std::shared_ptr<const Program> program, compiled;
  std::vector<SafetensorsTensor> weights;  // under their state_dict names
  std::vector<PackageObject> objects;
  std::vector<PackagePacked> packed;
  std::span<const std::byte> module, train_module;
  TextMap metadata;
};

// The same content gives the same bytes. Written whole or not at all.
void write_package(const std::string& path, const PackageContent& content);
std::vector<std::byte> package_bytes(const PackageContent& content);

}  // namespace proa::program
