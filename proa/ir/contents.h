// Contents: the elements of small integer tensors as dims, row-major, where they are known.
// Why: arithmetic on shapes vanishes: a reshape by a computed shape becomes one by symbolic dims.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "proa/ir/rules.h"

namespace proa::ir {

// Larger tensors are data, not shapes.
inline constexpr int64_t kMostContents = 64;

// What the contents rule of a page is handed. A rule that cannot tell gives nothing.
class Contents : public AttrView {
 public:
  using Known = std::optional<std::vector<Dim>>;

  Contents(const Page& page, const AttrList& attrs, std::span<const Value> operands,
           std::span<const int64_t> segments, std::span<const Known> known,
           std::span<const Value> results);
  Type type(int operand, int k = 0) const;
  Type result_type(int k = 0) const { return results_[static_cast<size_t>(k)].type(); }
  int count(int operand) const { return static_cast<int>(segments_[static_cast<size_t>(operand)]); }
  const std::vector<Dim>* of(int operand, int k = 0) const;  // null where unknown
  void result(std::vector<Dim> dims) { result(0, std::move(dims)); }
  void result(int k, std::vector<Dim> dims);
  const Known& given(int k) const { return given_[static_cast<size_t>(k)]; }

 private:
  size_t flat(int operand, int k) const;
  std::span<const Value> operands_;
  std::span<const int64_t> segments_;
  std::span<const Known> known_;
  std::span<const Value> results_;
  std::vector<Known> given_;
};

// The elements of an integer tensor, found through the operations that define it; nothing where its
// dims are symbolic, it is larger than kMostContents, or its value comes from data.
Contents::Known contents_of(Value value);

}  // namespace proa::ir
