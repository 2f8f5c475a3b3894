// Contract: what a kernel demands of a call, asked before the kernel runs.
// Why apart from kernels: they trust their operands, which costs nothing where the compiler of this
// process wrote the program; a program that a file brought is asked for each set of sizes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "proa/base/dtype.h"
#include "proa/base/small_vector.h"
#include "proa/base/str.h"
#include "proa/program/kernel.h"

namespace proa::program {

// A call of a kernel with the sizes of a run, before there is any memory. What is asked and does
// not hold is a UserError(io) that names the instruction, the operand and what was expected.
//
// Whoever asks has seen to it that extents are not negative, that operands and results have at most
// kMostElements elements, and that strides stay inside of the memory. Outputs are dense.
class Call {
 public:
  static constexpr int64_t kMostElements = int64_t{1} << 40;
  using Axes = SmallVector<int, 8>;

  // An operand or a result, and how messages name it.
  struct Port {
    const Call* call;
    const TensorRef* ref;
    bool result;
    size_t number;

    int rank() const { return ref->rank; }
    DType dtype() const { return ref->dtype; }
    int64_t dim(int axis) const { return ref->dims[axis < 0 ? axis + ref->rank : axis]; }
    int64_t stride(int axis) const { return ref->strides[axis]; }
    std::span<const int64_t> dims() const { return {ref->dims, static_cast<size_t>(ref->rank)}; }

    const Port& of(DTypeSet dtypes) const;
    const Port& of(DType dtype) const { return of(bit(dtype)); }
    const Port& with_rank(int rank) const;
    const Port& with_rank_from(int least) const;
    const Port& with_dims(std::span<const int64_t> dims) const;
    const Port& like(const Port& other) const;  // dtype and dims
  };

  Call(std::string_view place, std::span<const TensorRef> in, std::span<const TensorRef> out,
       std::span<const int64_t> words, std::span<const int32_t> offsets)
      : place_(place), in_(in), out_(out), words_(words), offsets_(offsets) {}

  // First of all: how many there are of each. At least `operands`, where more are legal.
  void takes(size_t operands, size_t results, size_t attributes) const;
  void takes_some(size_t operands, size_t attributes) const;
  size_t operands() const { return in_.size(); }
  size_t results() const { return out_.size(); }

  Port in(size_t k) const;  // one that is present
  bool present(size_t k) const { return in_[k].rank >= 0; }
  Port out(size_t k) const { return {this, &out_[k], true, k}; }

  // Attribute k, below the number that was asked for.
  std::span<const int64_t> list(size_t k) const;
  std::span<const int64_t> list(size_t k, int count) const;
  std::span<const int64_t> list(size_t k, int count, int64_t low, int64_t high = INT64_MAX) const;
  int64_t number(size_t k, int64_t low, int64_t high) const;
  bool flag(size_t k) const;
  int axis(size_t k, int rank) const;
  Axes axes(size_t k, int rank) const;  // none twice, counted from the front

  template <class... Pieces>
  void require(bool holds, const Pieces&... pieces) const {
    if (!holds) [[unlikely]]
      fail(str(pieces...));
  }
  [[noreturn]] void fail(std::string_view what) const;
  // Sums and products of sizes and attributes; beyond int64 is an error too.
  int64_t add(int64_t a, int64_t b) const;
  int64_t multiply(int64_t a, int64_t b) const;

 private:
  std::string_view place_;
  std::span<const TensorRef> in_, out_;
  std::span<const int64_t> words_;
  std::span<const int32_t> offsets_;
};

// Returns where the call is one that the kernel may be given.
using ContractFn = void (*)(const Call&);

struct ContractEntry {
  std::string_view name;  // of the kernel
  ContractFn check = nullptr;
};

// Before the first program runs; what is known already is passed over.
void add_contracts(std::span<const ContractEntry> entries);
ContractFn contract_of(std::string_view kernel);  // null: none is stated

}  // namespace proa::program
