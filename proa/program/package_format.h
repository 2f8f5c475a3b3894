// What writer and reader of packages agree on; docs/design/package.md has it as tables.
// Why apart: the two are files of their own.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "proa/base/bytes.h"
#include "proa/program/package.h"

namespace proa::program {

inline constexpr std::string_view kProgramTensor = "__proa__.program";
inline constexpr std::string_view kConstantsTensor = "__proa__.constants";
inline constexpr std::string_view kKernelsTensor = "__proa__.kernels";
inline constexpr std::string_view kModuleTensor = "__proa__.module";
inline constexpr std::string_view kTrainModuleTensor = "__proa__.module.train";
inline constexpr std::string_view kObjectsPrefix = "__proa__.objects.";  // then the target
inline constexpr std::string_view kPackedTensor = "__proa__.packed";
inline constexpr std::string_view kPackedPrefix = "__proa__.packed.";  // then its number
inline constexpr std::string_view kProgramMagic = "PROAPROG";
inline constexpr std::string_view kKernelsMagic = "PROAKERN";
inline constexpr std::string_view kObjectsMagic = "PROAOBJS";
inline constexpr std::string_view kPackedMagic = "PROAPACK";
inline constexpr uint64_t kPackageVersion = 1;
inline constexpr size_t kPackageAlignment = 64;

// What programs share and refer to by number: constants and texts of kernels.
struct ProgramTables {
  std::vector<Constant> constants;  // their slots mean nothing
  std::vector<KernelText> kernels;

  uint64_t number(const Constant& constant);
  uint64_t number(const KernelText& kernel);
};

// Programs with all that they nest, as a flat list, inner ones first; so reading needs no
// recursion. Constants and kernels go to the tables.
void write_programs(ByteWriter& out, std::span<const std::shared_ptr<const Program>> programs,
                    ProgramTables& tables);
// Verified (verify.h). There are `count` of them at the top.
std::vector<std::shared_ptr<const Program>> read_programs(ByteReader& in, size_t count,
                                                          const ProgramTables& tables);

}  // namespace proa::program
