// Inspection: what a program that a file brought asks for, held against the memory that is there.
// Why apart from the schedule: a program that this process wrote is right by construction and is
// not asked again.
#pragma once

#include <string>

#include "proa/program/contract.h"
#include "proa/program/program.h"
#include "proa/runtime/array.h"

namespace proa::runtime {

// Bytes, counted from an array's first element: those from `low` on and below `high` belong to it.
struct Reach {
  int64_t low = 0, high = 0;
};

// Whether programs of this process are inspected too: tests ask for it, to see that no contract
// refuses what is right. The variable PROA_INSPECT=1 of the environment says so from the start.
bool inspects_all();
void inspect_all(bool on);

// Of one instruction. What does not hold is a UserError(io) that says where and what.
class Inspector {
 public:
  Inspector(const program::Program& program, size_t instruction)
      : program_(program), instruction_(instruction) {}

  [[noreturn]] void fail(std::string_view what) const;
  std::string place() const;

  // Extents of a slot: none negative, not more elements than any memory has.
  void extents(std::span<const int64_t> dims, DType dtype) const;
  // What a slot gets from outside has the dtype and the rank that the slot tells of.
  void form(const Array& given, int32_t slot) const;
  // Of a view of x that has not been made yet; `words` as they are in this run.
  void view(const Array& x, std::span<const int64_t> dims, program::AttrWords words) const;
  // The bytes that the elements of an array lie in, from its first element on.
  Reach reach(const Array& x) const;
  // That an array whose first element lies at `offset` stays inside of `memory`.
  void inside(const Array& x, int64_t offset, Reach memory) const;
  // What is stacked or taken apart along the first axis of a slot, `length` times.
  void steps(const Array& x, int64_t length) const;
  void same_dims(const Array& from, const Array& to) const;

 private:
  const program::Program& program_;
  size_t instruction_;
};

}  // namespace proa::runtime
