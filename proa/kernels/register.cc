#include "proa/kernels/register.h"

#include <string_view>

#include "proa/base/environment.h"
#include "proa/base/error.h"
#include "proa/kernels/contract/contracts.h"
#include "proa/program/refusing.h"

// A family is one source of proa/kernels/reference; each exports its kernels under this name.
#define PROA_KERNEL_FAMILIES(F) \
  F(arg_reduce_kernels)         \
  F(binary_kernels)             \
  F(cast_kernels)               \
  F(contraction_kernels)        \
  F(create_kernels)             \
  F(exponential_kernels)        \
  F(image_kernels)              \
  F(index_kernels)              \
  F(layout_kernels)             \
  F(reduce_kernels)             \
  F(scan_kernels)               \
  F(sort_kernels)               \
  F(special_kernels)            \
  F(trigonometric_kernels)      \
  F(unary_kernels)              \
  F(window_kernels)

// Families that gain from registers of 64 bytes (proa_wide_kernels in cmake/ProaFloors.cmake).
#define PROA_KERNEL_FAMILIES_WIDE(F) \
  F(attention_kernels)               \
  F(conv_kernels)

// Families that are built once, since libraries of others do their work.
#define PROA_KERNEL_FAMILIES_ONCE(F) \
  F(fft_kernels)                     \
  F(linalg_kernels)

#define PROA_DECLARE(family) std::span<const program::KernelEntry> family();
#define PROA_ADD(family) table.add(family());

namespace proa::kernels {

PROA_KERNEL_FAMILIES_ONCE(PROA_DECLARE)

namespace baseline {
PROA_KERNEL_FAMILIES(PROA_DECLARE)
PROA_KERNEL_FAMILIES_WIDE(PROA_DECLARE)
static void add_all(program::KernelTable& table) {
  PROA_KERNEL_FAMILIES(PROA_ADD)
  PROA_KERNEL_FAMILIES_WIDE(PROA_ADD)
}
}  // namespace baseline

#if defined(__x86_64__)
namespace v3 {
PROA_KERNEL_FAMILIES(PROA_DECLARE)
PROA_KERNEL_FAMILIES_WIDE(PROA_DECLARE)
static void add_most(program::KernelTable& table) { PROA_KERNEL_FAMILIES(PROA_ADD) }
static void add_wide(program::KernelTable& table) { PROA_KERNEL_FAMILIES_WIDE(PROA_ADD) }
}  // namespace v3

namespace v4 {
PROA_KERNEL_FAMILIES_WIDE(PROA_DECLARE)
static void add_wide(program::KernelTable& table) { PROA_KERNEL_FAMILIES_WIDE(PROA_ADD) }
}  // namespace v4

static Isa find_isa() {
  if (!__builtin_cpu_supports("x86-64-v3")) return Isa::baseline;
  bool narrow = environment_word("PROA_PROCESSOR", {"x86-64-v3", "x86-64-v4"}) == "x86-64-v3";
  return __builtin_cpu_supports("x86-64-v4") && !narrow ? Isa::v4 : Isa::v3;
}

Isa best_isa() {
  static const Isa best = find_isa();
  return best;
}
#else
Isa best_isa() { return Isa::baseline; }
#endif

std::span<const std::string_view> native_targets() {
#if defined(__x86_64__)
  static constexpr std::string_view kTargets[] = {"x86-64-v4", "x86-64-v3"};
  if (best_isa() != Isa::baseline) {
    return std::span(kTargets).subspan(__builtin_cpu_supports("x86-64-v4") ? 0 : 1);
  }
#endif
  return {};
}

void register_isa(program::KernelTable& table, Isa isa) {
  PROA_CHECK(isa <= best_isa(), "this processor cannot run these kernels");
  PROA_KERNEL_FAMILIES_ONCE(PROA_ADD)
#if defined(__x86_64__)
  if (isa != Isa::baseline) {
    v3::add_most(table);
    return isa == Isa::v4 ? v4::add_wide(table) : v3::add_wide(table);
  }
#endif
  baseline::add_all(table);
}

void register_cpu(program::KernelTable& table) {
  register_isa(table, best_isa());
  program::add_refusing(baseline::index_kernels());
  program::add_refusing(linalg_kernels());
  for (auto contracts :
       {elementwise_contracts(), moving_contracts(), reducing_contracts(), algebra_contracts()}) {
    program::add_contracts(contracts);
  }
}

}  // namespace proa::kernels
