// The one door: every operator call of eager goes through here, by page.
// Why one: checks, promotion, autocast, random keys, views, the tape and capture each happen in one
// place.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "proa/eager/tensor.h"
#include "proa/ir/dialect.h"
#include "proa/ops/attrs.h"

namespace proa::eager {

// An operand as the caller has it: a tensor, a plain number that takes the dtype of the tensors
// beside it, or nothing.
struct Operand {
  enum class Kind : uint8_t { absent, tensor, number } kind = Kind::absent;
  NumberKind number_kind = NumberKind::real;
  Tensor tensor;
  double real = 0, imag = 0;
  int64_t integer = 0;
  // A number may have a tensor: under capture, a 0-d f64 that stands for a Python float.
  std::optional<ir::Dim> size;  // under capture: an integer that is a symbolic size
  Operand() = default;
  Operand(Tensor t) : kind(t ? Kind::tensor : Kind::absent), tensor(std::move(t)) {}
  Operand(double v) : kind(Kind::number), real(v) {}
  Operand(int64_t v)
      : kind(Kind::number),
        number_kind(NumberKind::integer),
        real(static_cast<double>(v)),
        integer(v) {}
  Operand(int v) : Operand(static_cast<int64_t>(v)) {}
  explicit Operand(ir::Dim v) : kind(Kind::number), number_kind(NumberKind::integer), size(v) {}
};

// `operands` in the page's order, variadic ones flattened by `segments` (empty: one each).
std::vector<Tensor> call(const ir::OpInfo& op, std::span<const Operand> operands,
                         const ir::AttrList& attrs = {}, std::span<const int64_t> segments = {});
std::vector<Tensor> call(std::string_view full_name, std::initializer_list<Operand> operands,
                         const ops::Attrs& attrs = {});
Tensor call1(std::string_view full_name, std::initializer_list<Operand> operands,
             const ops::Attrs& attrs = {});

ir::Context& context();  // of the process, with all operators loaded

DType default_float();
void set_default_float(DType dtype);  // UserError(type) unless it is a float

// The generator: a seed, and the number of random calls since.
struct RngState {
  uint64_t seed = 0;
  uint64_t calls = 0;
};
RngState rng_state();
void set_rng_state(RngState state);
void seed(uint64_t value);
Tensor random_key(int64_t calls);  // (seed, number of the next call); so many calls have been made

// Whether a tensor over this memory may be written: a constant's memory belongs to its program, and
// a broadcast has several elements in one place.
bool can_be_written(const Array& array);

// Autocast (Paddle's amp): by thread. Operators in `white` take float operands in `dtype`, those in
// `black` in float32, others in the widest that comes (level 1) or `dtype` (level 2).
struct Autocast {
  bool enabled = false;
  int level = 1;
  DType dtype = DType::f16;
  std::vector<std::string> white, black;  // sorted
};
const Autocast& autocast();
void set_autocast(Autocast state);

}  // namespace proa::eager
