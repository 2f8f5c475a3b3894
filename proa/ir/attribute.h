// Attributes: the constants that operations carry, uniqued in the Context.
// Why: op caches, CSE and the printer compare and hash them by pointer.
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "proa/base/dtype.h"
#include "proa/ir/context.h"
#include "proa/ir/symbol/dim.h"
#include "proa/ir/type.h"

namespace proa::ir {

enum class AttrKind : uint8_t {
  unit,
  boolean,
  integer,
  real,
  complex,
  string,
  dtype,
  dim,
  ints,
  reals,
  dims,
  array,
  dict,
  type,
  tensor,
  symbol,  // tensor: constant data; symbol: a reference to a function, "@name"
  custom,
};

struct AttrStorage;
class Attribute;

struct NamedAttr {
  Name name;
  // Storage of an Attribute; kept as a pointer so that this header needs no ordering tricks.
  const AttrStorage* storage = nullptr;
  inline Attribute value() const;
};

// The bytes of a constant tensor, row-major. Shared, immutable.
struct TensorData {
  DType dtype;
  std::vector<int64_t> dims;
  std::shared_ptr<const void> owner;
  const void* bytes;
  size_t size;  // in bytes
};

class Attribute {
 public:
  Attribute() = default;
  explicit Attribute(const AttrStorage* storage) : storage_(storage) {}

  static Attribute unit(Context&);
  static Attribute boolean(Context&, bool);
  static Attribute integer(Context&, int64_t);
  static Attribute real(Context&, double);  // NaNs of any payload are one value; -0 and +0 are two
  static Attribute complex(Context&, std::complex<double>);
  static Attribute string(Context&, std::string_view);
  static Attribute dtype(Context&, DType);
  static Attribute dim(Context&, Dim);
  static Attribute ints(Context&, std::span<const int64_t>);
  static Attribute reals(Context&, std::span<const double>);
  static Attribute dims(Context&, std::span<const Dim>);
  static Attribute array(Context&, std::span<const Attribute>);
  static Attribute dict(Context&, std::vector<NamedAttr>);
  static Attribute type(Context&, Type);
  static Attribute symbol(Context&, std::string_view function);
  // Small data (<= 1 KiB) is uniqued by contents, larger data by its owner.
  static Attribute tensor(Context&, TensorData);
  static Attribute custom(Context&, std::string_view full_name,
                          std::span<const Attribute> parameters);

  explicit operator bool() const { return storage_ != nullptr; }
  friend bool operator==(Attribute a, Attribute b) { return a.storage_ == b.storage_; }
  const AttrStorage* storage() const { return storage_; }

  AttrKind kind() const;
  bool is(AttrKind k) const { return storage_ && kind() == k; }

  // Each is an InternalError on another kind; as_real takes integers too, as_dims takes ints.
  bool as_bool() const;
  int64_t as_int() const;
  double as_real() const;
  std::complex<double> as_complex() const;  // any number
  std::string_view as_string() const;       // of string and symbol
  DType as_dtype() const;
  Dim as_dim() const;  // of dim and integer
  std::span<const int64_t> as_ints() const;
  std::span<const double> as_reals() const;
  std::vector<Dim> as_dims() const;             // of dims and ints
  std::span<const Attribute> as_array() const;  // of array; parameters of custom
  std::span<const NamedAttr> as_dict() const;   // sorted by name
  Type as_type() const;
  const TensorData& as_tensor() const;
  std::string_view custom_name() const;

 private:
  const AttrStorage* storage_ = nullptr;
};

inline Attribute NamedAttr::value() const { return Attribute(storage); }

std::string to_string(Attribute attribute);

// A list of named attributes kept sorted by name text, so that equal lists are equal sequences.
class AttrList {
 public:
  AttrList() = default;
  explicit AttrList(std::vector<NamedAttr> items);
  Attribute get(std::string_view name) const;  // null if absent
  void set(Name name, Attribute value);        // a null value removes
  std::span<const NamedAttr> items() const { return items_; }
  bool empty() const { return items_.empty(); }
  friend bool operator==(const AttrList& a, const AttrList& b);
  uint64_t hash() const;

 private:
  std::vector<NamedAttr> items_;
};

}  // namespace proa::ir
