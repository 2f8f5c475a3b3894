// Windows that slide over spatial axes: sizes, strides, padding, channels first or last.
// Why: convolutions and pools read their arguments alike, and must refuse them alike.
#pragma once

#include <vector>

#include "proa/ops/composite.h"

namespace proa::ops {

// The spatial part of an operator over [n, c, spatial...] or [n, spatial..., c].
struct Window {
  int axes = 2;
  bool channels_last = false;
  std::vector<int64_t> kernel, stride, dilation;
  std::vector<Dim> low, high;  // padding by axis

  std::vector<int> to_first() const;  // the permutation that puts channels first
  std::vector<int> to_last() const;
};

// Reads "stride", "padding" (1, n, 2n or 2(n+2) integers, 'SAME' or 'VALID') and, where the page
// has it, "dilation". `kernel` may be empty where 'SAME' is not used.
Window window_of(const ir::AttrView& op, int axes, std::span<const Dim> x,
                 std::vector<int64_t> kernel, std::string_view stride_default = {});
bool is_channels_last(const ir::AttrView& op);
std::vector<Dim> channels_first(std::span<const Dim> dims, bool channels_last);
std::vector<Dim> as_before(std::span<const Dim> dims, bool channels_last);

// Outputs of a window along one axis; not negative. `ceil` counts a last, partial window too.
Dim window_count(Dim extent, Dim low, Dim high, int64_t kernel, int64_t stride, int64_t dilation,
                 bool ceil = false);

ir::AttrSpec format_attr(int axes);
ir::AttrSpec padding_attr();
ir::AttrSpec sizes_attr(std::string_view name, ir::Literal value = {},
                        std::vector<std::string_view> aliases = {}, double lowest = 1);
void need_spatial(Infer& op, int axes);  // x has axes + 2 dims

}  // namespace proa::ops
