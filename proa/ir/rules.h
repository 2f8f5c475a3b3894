// What the rules of a page are handed: Infer (shapes, dtypes, checks), Decompose, Augment, Vjp,
// Cost. Why: a rule is written once over symbolic dims and sees the same few words in every mode.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "proa/ir/builder.h"
#include "proa/ir/page.h"
#include "proa/ir/symbol/facts.h"
#include "proa/ir/symbol/need.h"

namespace proa::ir {

// Attributes by name, with the page's default where the operation has none.
class AttrView {
 public:
  AttrView(const Page& page, const AttrList& attrs) : page_(page), attrs_(attrs) {}
  const Page& page() const { return page_; }
  const AttrList& attrs() const { return attrs_; }
  bool has(std::string_view name) const;  // given, or with a default other than None
  bool boolean(std::string_view name) const;
  int64_t integer(std::string_view name) const;
  double real(std::string_view name) const;
  std::string_view text(std::string_view name) const;
  DType dtype_attr(std::string_view name) const;
  std::vector<int64_t> ints(std::string_view name) const;  // one integer counts as a list of one
  std::vector<double> reals(std::string_view name) const;
  std::vector<Dim> dims_attr(std::string_view name) const;
  Attribute raw(std::string_view name) const;  // as given; null if absent
  // An axis as 0..rank-1; out of range is a UserError(index) that names operator and argument.
  int axis(std::string_view name, int rank) const;
  int axis_of(std::string_view name, int64_t value, int rank) const;
  // Normalised, ascending, without duplicates (a duplicate is a UserError). Absent: all axes.
  std::vector<int> axes(std::string_view name, int rank) const;
  // One number stands for all n; otherwise exactly n, or a UserError.
  std::vector<int64_t> ints_n(std::string_view name, int n) const;
  [[noreturn]] void fail(ErrorKind kind, std::string_view argument, std::string_view message) const;

 private:
  const Page& page_;
  const AttrList& attrs_;
};

// What a region takes and gives: all that the rule of an operation with regions may ask of them.
struct RegionTypes {
  std::vector<Type> arguments, results;
};

// Operands in the order of the page; segments give how many each one has.
class Infer : public AttrView {
 public:
  Infer(const Page& page, const AttrList& attrs, std::span<const Type> operands,
        std::span<const int64_t> segments, Facts& facts, DType default_float, Context& context,
        std::span<const RegionTypes> regions = {});

  Context& context() const { return context_; }
  Facts& facts() const { return facts_; }
  int count(int operand) const;  // 0 for an absent optional one
  bool present(int operand) const { return count(operand) > 0; }
  Type type(int operand, int k = 0) const;
  DType dtype(int operand, int k = 0) const { return type(operand, k).dtype(); }
  std::span<const Dim> dims(int operand, int k = 0) const { return type(operand, k).dims(); }
  Dim dim(int operand, int axis) const;  // negative counts from the end
  int rank(int operand, int k = 0) const { return type(operand, k).rank(); }
  DType met() const { return met_; }  // where the operands meet
  DType default_float() const { return default_float_; }
  const RegionTypes& region(int i) const { return regions_[static_cast<size_t>(i)]; }

  // Proved false: a UserError(shape) on `argument`. Not provable: recorded as a guard.
  void require_eq(Dim a, Dim b, std::string_view argument, std::string_view message);
  void require_ge(Dim a, Dim b, std::string_view argument, std::string_view message);
  // NumPy's rule; an unknown pair is taken as equal, guarded. (symbol, 1) gives the symbol.
  std::vector<Dim> broadcast(std::span<const Dim> a, std::span<const Dim> b,
                             std::string_view argument);

  void result(std::span<const Dim> dims);  // dtype by the page's DTypeRule
  void result(std::span<const Dim> dims, DType dtype);
  void result(Type type);  // for results that are no tensors

  std::vector<Type> take_results() { return std::move(results_); }

 private:
  Context& context_;
  std::span<const Type> operands_;
  std::vector<int64_t> segments_;
  std::vector<int> offsets_;
  Facts& facts_;
  DType default_float_;
  DType met_ = DType::f32;
  std::vector<Type> results_;
  std::span<const RegionTypes> regions_;
  friend std::vector<Type> infer(const OpInfo&, const AttrList&, std::span<const Type>,
                                 std::span<const int64_t>, Facts&, DType, Context&,
                                 std::span<const RegionTypes>);
};

// Checks operands and attributes of an operation against its page and gives the result types.
std::vector<Type> infer(const OpInfo& info, const AttrList& attrs, std::span<const Type> operands,
                        std::span<const int64_t> segments, Facts& facts, DType default_float,
                        Context& context, std::span<const RegionTypes> regions = {});
// For `infer`, of region `index` of an operation. A region that is not one block which ends in
// return is a UserError.
RegionTypes region_types(const OpInfo& info, size_t index, const Region& region);
// The same dtype and dims, the dims as far as the facts prove it.
bool same_type(Type a, Type b, Facts& facts);
// The segments of an existing operation (attribute "segments", or one each).
std::vector<int64_t> segments_of(const Operation& op);

// A rule's view of an operation's operands as expressions to go on from.
class OperandView : public AttrView {
 public:
  OperandView(const Page& page, const AttrList& attrs, std::span<const Value> operands,
              std::span<const int64_t> segments, Builder& builder);
  Builder& builder() const { return builder_; }
  int count(int operand) const { return static_cast<int>(segments_[static_cast<size_t>(operand)]); }
  bool present(int operand) const { return count(operand) > 0; }
  Expr in(int operand, int k = 0) const;     // absent: a null Expr
  std::vector<Expr> ins(int operand) const;  // of a variadic one
  int flat_index(int operand, int k = 0) const;

 protected:
  Builder& builder_;
  std::vector<Value> operands_;
  std::vector<int64_t> segments_;
};

// Operands arrive already cast to the dtype where they meet (those that meet). Results must have
// the types that the page infers; a scalar dtype or broadcast mistake is an InternalError.
class Decompose : public OperandView {
 public:
  Decompose(const Page& page, const AttrList& attrs, std::span<const Value> operands,
            std::span<const int64_t> segments, std::span<const Type> results, Builder& builder);
  Type result_type(int k = 0) const { return result_types_[static_cast<size_t>(k)]; }
  size_t result_count() const { return result_types_.size(); }
  void out(Expr value) { outs_.push_back(value.value); }  // results in order
  const std::vector<Value>& outs() const { return outs_; }

 private:
  std::span<const Type> result_types_;
  std::vector<Value> outs_;
};

// The forward of an operation that also keeps named residuals for its backward rule.
class Augment : public Decompose {
 public:
  using Decompose::Decompose;
  void keep(std::string_view name, Expr value);
  const std::vector<std::pair<std::string_view, Value>>& kept() const { return kept_; }

 private:
  std::vector<std::pair<std::string_view, Value>> kept_;
};

class Vjp : public OperandView {
 public:
  Vjp(const Page& page, const AttrList& attrs, std::span<const Value> operands,
      std::span<const int64_t> segments, std::span<const Value> results,
      std::span<const Value> cotangents, std::span<const bool> needs,
      std::span<const std::pair<std::string_view, Value>> residuals, Builder& builder);
  Expr result(int k = 0) const;
  size_t result_count() const { return results_.size(); }
  bool has_cotangent(int k) const { return static_cast<bool>(cotangents_[static_cast<size_t>(k)]); }
  Expr cotangent(int k = 0)
      const;  // an absent one is null: ask has_cotangent first where there are several results
  Expr residual(std::string_view name) const;
  bool needs(int operand, int k = 0) const;
  // The driver sums a cotangent over broadcast axes and casts it to the operand's dtype (real part
  // where the operand is real); a rule only says the mathematics. Unset = no cotangent.
  void set(int operand, Expr cotangent) { set(operand, 0, cotangent); }
  void set(int operand, int k, Expr cotangent);
  const std::vector<Value>& cotangents_in() const {
    return given_;
  }  // by flat operand, null where unset

 private:
  std::span<const Value> results_, cotangents_;
  std::span<const bool> needs_;
  std::span<const std::pair<std::string_view, Value>> residuals_;
  std::vector<Value> given_;
};

class Cost : public AttrView {
 public:
  Cost(const Page& page, const AttrList& attrs, std::span<const Type> operands,
       std::span<const Type> results)
      : AttrView(page, attrs), operands_(operands), results_(results) {}
  Type operand(int flat) const { return operands_[static_cast<size_t>(flat)]; }
  Type result(int k = 0) const { return results_[static_cast<size_t>(k)]; }
  static Dim elements(Type type);
  void flops(Dim count) { flops_ = count; }
  Dim flops() const { return flops_; }
  Dim bytes() const;  // operands and results, once each

 private:
  std::span<const Type> operands_, results_;
  Dim flops_;
};

}  // namespace proa::ir
