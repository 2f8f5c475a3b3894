// The language of rules: expressions over tensors that emit primitives through a Builder.
// Why: a decomposition or a derivative should read like the formula on paper.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "proa/ir/rules.h"
#include "proa/ops/attrs.h"

namespace proa::ops {

using ir::Builder;
using ir::Dim;
using ir::Expr;
using Dims = std::span<const Dim>;
using Ints = std::span<const int64_t>;

// Elementwise. Dims are broadcast together by NumPy's rule (explicit prim.broadcast is emitted);
// dtypes must be equal. A number becomes a constant of the other side's dtype.
Expr operator+(Expr a, Expr b);
Expr operator-(Expr a, Expr b);
Expr operator*(Expr a, Expr b);
Expr operator/(Expr a, Expr b);  // integers: floor division
Expr operator+(Expr a, double b);
Expr operator-(Expr a, double b);
Expr operator*(Expr a, double b);
Expr operator/(Expr a, double b);
Expr operator+(double a, Expr b);
Expr operator-(double a, Expr b);
Expr operator*(double a, Expr b);
Expr operator/(double a, Expr b);
Expr operator-(Expr a);
// Of booleans; of integers bit by bit. Whether an Expr is absent is another question, `!e.value`,
// and the result here refuses to answer it.
struct Negation : Expr {
  explicit operator bool() const = delete;
};
Negation operator!(Expr a);
Expr operator&(Expr a, Expr b);
Expr operator|(Expr a, Expr b);
Expr operator^(Expr a, Expr b);

// Any unary or binary primitive by name, with broadcast: unary("exp", x), binary("pow", a, b).
Expr unary(std::string_view primitive, Expr x);
Expr binary(std::string_view primitive, Expr a, Expr b);
Expr compare(std::string_view kind, Expr a, Expr b);  // eq ne lt le gt ge
Expr compare(std::string_view kind, Expr a, double b);
Expr exp(Expr x);
Expr log(Expr x);
Expr sqrt(Expr x);
Expr rsqrt(Expr x);
Expr tanh(Expr x);
Expr sin(Expr x);
Expr cos(Expr x);
Expr erf(Expr x);
Expr abs(Expr x);
Expr sign(Expr x);
Expr pow(Expr a, Expr b);
Expr maximum(Expr a, Expr b);
Expr minimum(Expr a, Expr b);
Expr maximum(Expr a, double b);
Expr minimum(Expr a, double b);
Expr fma(Expr a, Expr b, Expr c);
Expr select(Expr condition, Expr a, Expr b);  // broadcast
Expr cast(Expr x, DType dtype);               // the same value if the dtype is the same
Expr conj(Expr x);                            // the same value if x is real
Expr real(Expr x);                            // the same value if x is real
Expr imag(Expr x);                            // zeros if x is real
Expr make_complex(Expr re, Expr im);

// Create.
Expr constant(Builder& b, DType dtype, double value);                // 0-d
Expr constant(Builder& b, DType dtype, std::complex<double> value);  // 0-d, of a complex dtype
Expr constant(Builder& b, ir::TensorData data);
Expr full(Builder& b, Dims dims, DType dtype, double value);
Expr full_like(Expr x, double value);
Expr zeros_like(Expr x);
Expr iota(Builder& b, DType dtype, Dims dims, int axis);
Expr dim_value(Builder& b, Dim dim,
               DType dtype);  // an extent (>= 0), symbolic or not, as a 0-d tensor

// Layout. Each gives back its operand where nothing would change.
Expr reshape(Expr x, Dims dims);
Expr transpose(Expr x, std::span<const int> permutation);
Expr swap_axes(Expr x, int a, int b);
Expr move_axis(Expr x, int from, int to);
Expr broadcast_to(Expr x, Dims dims);  // NumPy's rule, aligned at the end
Expr broadcast_in(Expr x, Dims dims, std::span<const int> axes);
Expr unsqueeze(Expr x, int axis);
Expr squeeze(Expr x, int axis);
Expr slice(Expr x, Dims starts, Dims limits, Ints strides = {});
Expr slice_axis(Expr x, int axis, Dim start, Dim limit, int64_t stride = 1);
Expr pad(Expr x, Expr value, Dims low, Dims high, Ints interior);
Expr concat(std::span<const Expr> parts, int axis);
Expr reverse(Expr x, std::span<const int> axes);
std::vector<Dim> broadcast_dims(Builder& b, Dims x,
                                Dims y);  // NumPy's rule; an unknown pair is guarded

// Reduce over axes (any set: runs of adjacent axes are reduced innermost first).
Expr reduce(std::string_view kind, Expr x, std::span<const int> axes, bool keepdim = false);
Expr sum(Expr x, std::span<const int> axes, bool keepdim = false);
Expr sum(Expr x, int axis, bool keepdim = false);
Expr max(Expr x, int axis, bool keepdim = false);
// The transpose of a broadcast that added axes and widened others from 1; all stay, with extent 1.
// One copy is itself, since to sum one element makes +0 of -0.
Expr sum_copies(Expr x, std::span<const int> added, std::span<const int> widened);
Expr sum_to(Expr x, Dims dims);  // the transpose of broadcast_to
Expr scan(std::string_view kind, Expr x, int axis,
          bool reversed = false);                                   // sum prod max min logsumexp
Expr linear_scan(Expr a, Expr b, int axis, bool reversed = false);  // y[i] = a[i] * y[i-1] + b[i]

// Contraction. dot: result dims are (batch, free of a, free of b).
Expr dot(Expr a, Expr b, Ints batch_a, Ints batch_b, Ints contract_a, Ints contract_b);
Expr matmul(Expr a, Expr b);  // NumPy's matmul for rank >= 2, batches broadcast

Expr gather(Expr x, Expr index, Ints axes, int64_t batch, std::string_view mode = "clamp");
Expr scatter(std::string_view kind, Expr x, Expr index, Expr updates, Ints axes, int64_t batch,
             std::string_view mode = "drop");
// One element of x for each index along `axis`, all other axes running together; and its transpose,
// which adds updates into x. Both take an index of the same rank as x.
Expr take_along(Expr x, Expr index, int axis, std::string_view mode = "clamp");
Expr add_along(Expr x, Expr index, Expr updates, int axis, std::string_view mode = "drop");

// Any operation by its full name; operands in the page's order, null for an absent optional one.
std::vector<Expr> call(Builder& b, std::string_view full_name, std::span<const Expr> operands,
                       const Attrs& attrs = {}, std::span<const int64_t> segments = {});
Expr call1(std::string_view full_name, std::initializer_list<Expr> operands,
           const Attrs& attrs = {});

int64_t static_dim(Expr x, int axis);  // throws ir::NeedStatic if it is symbolic

}  // namespace proa::ops
