// What the operators' C++ functions take: views of tensors, numbers and lists, written in place.
// Why views of types that are only declared: a header of functions costs next to nothing to
// include; they live as long as the call that they are written in.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace proa {

namespace eager {
class Tensor;
}
using eager::Tensor;  // proa/eager/tensor.h
enum class DType : uint8_t;

// A plain number that keeps its kind: a whole one beside an integer tensor leaves it an integer.
class Number {
 public:
  enum class Kind : uint8_t { none, boolean, integer, real, complex };
  Number() = default;
  Number(bool value) : kind_(Kind::boolean), integer_(value), real_(value) {}
  template <class T>
    requires std::is_integral_v<T>
  Number(T value)
      : kind_(Kind::integer),
        integer_(static_cast<int64_t>(value)),
        real_(static_cast<double>(value)) {}
  template <class T>
    requires std::is_floating_point_v<T>
  Number(T value) : kind_(Kind::real), real_(static_cast<double>(value)) {}
  static Number complex(double real, double imag) {
    Number number(real);
    number.kind_ = Kind::complex;
    number.imag_ = imag;
    return number;
  }
  Kind kind() const { return kind_; }
  int64_t integer() const { return integer_; }
  double real() const { return real_; }
  double imag() const { return imag_; }

 private:
  Kind kind_ = Kind::none;
  int64_t integer_ = 0;
  double real_ = 0, imag_ = 0;
};

// A tensor that may be left out: {} or a tensor without memory.
class OptionalTensor {
 public:
  OptionalTensor() = default;
  OptionalTensor(const Tensor& tensor) : tensor_(&tensor) {}
  const Tensor* tensor() const { return tensor_; }

 private:
  const Tensor* tensor_ = nullptr;
};

// A tensor, or a number that takes the dtype of the tensors beside it.
class TensorOrNumber {
 public:
  TensorOrNumber() = default;
  TensorOrNumber(const Tensor& tensor) : tensor_(&tensor) {}
  TensorOrNumber(Number number) : number_(number) {}
  template <class T>
    requires std::is_arithmetic_v<T>
  TensorOrNumber(T number) : number_(number) {}
  const Tensor* tensor() const { return tensor_; }
  const Number& number() const { return number_; }

 private:
  const Tensor* tensor_ = nullptr;
  Number number_;
};

// Several tensors: concat({a, b}), or a vector.
class Tensors {
 public:
  Tensors(const std::initializer_list<Tensor>& list) : data_(std::data(list)), size_(list.size()) {}
  template <class List>
    requires requires(const List& list) {
      { list.data() } -> std::same_as<const Tensor*>;
    }
  Tensors(const List& list) : data_(list.data()), size_(list.size()) {}
  const Tensor* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  const Tensor* data_;
  size_t size_;
};

// One element, several, or {}: the page's default, or an empty list where it has none. An empty
// vector always is an empty list.
template <class T>
class ListOf {
 public:
  enum class Kind : uint8_t { none, one, many };
  ListOf() = default;
  template <class U>
    requires(std::is_integral_v<T> ? std::is_integral_v<U> : std::is_arithmetic_v<U>)
  ListOf(U one) : kind_(Kind::one), one_(static_cast<T>(one)), size_(1) {}
  ListOf(const std::initializer_list<T>& many)
      : kind_(Kind::many), data_(std::data(many)), size_(many.size()) {}
  template <class List>
    requires requires(const List& list) {
      { list.data() } -> std::convertible_to<const T*>;
    }
  ListOf(const List& many) : kind_(Kind::many), data_(many.data()), size_(many.size()) {}
  Kind kind() const { return kind_; }
  const T* data() const { return kind_ == Kind::one ? &one_ : data_; }
  size_t size() const { return size_; }

 private:
  Kind kind_ = Kind::none;
  T one_{};
  const T* data_ = nullptr;
  size_t size_ = 0;
};
using Ints = ListOf<int64_t>;
using Reals = ListOf<double>;

// Integers, or a word ("same", "valid").
class Padding : public Ints {
 public:
  using Ints::Ints;
  Padding(const char* word) : word_(word) {}
  Padding(std::string_view word) : word_(word) {}
  std::string_view word() const { return word_; }

 private:
  std::string_view word_;
};

// The results of an operator that gives as many as its attributes ask for.
class Results : public std::vector<Tensor> {
 public:
  using std::vector<Tensor>::vector;
  explicit Results(std::vector<Tensor> results);
  operator Tensor() const;  // the only one; UserError(type) where there are several
};

}  // namespace proa
