#include "proa/ops/window.h"

namespace proa::ops {

bool is_channels_last(const ir::AttrView& op) { return op.text("data_format").ends_with("C"); }

std::vector<Dim> channels_first(std::span<const Dim> dims, bool channels_last) {
  std::vector<Dim> out(dims.begin(), dims.end());
  if (channels_last) {
    out.insert(out.begin() + 1, out.back());
    out.pop_back();
  }
  return out;
}

std::vector<Dim> as_before(std::span<const Dim> dims, bool channels_last) {
  std::vector<Dim> out(dims.begin(), dims.end());
  if (channels_last) {
    out.push_back(out[1]);
    out.erase(out.begin() + 1);
  }
  return out;
}

std::vector<int> Window::to_first() const {
  std::vector<int> order{0, axes + 1};
  for (int i = 1; i <= axes; ++i) order.push_back(i);
  return order;
}

std::vector<int> Window::to_last() const {
  std::vector<int> order{0};
  for (int i = 2; i <= axes + 1; ++i) order.push_back(i);
  order.push_back(1);
  return order;
}

Window window_of(const ir::AttrView& op, int axes, std::span<const Dim> x,
                 std::vector<int64_t> kernel, std::string_view stride_default) {
  Window w;
  w.axes = axes;
  w.channels_last = is_channels_last(op);
  w.kernel = std::move(kernel);
  auto n = static_cast<size_t>(axes);
  w.stride = op.has("stride") || stride_default.empty() ? op.ints_n("stride", axes)
                                                        : op.ints_n(stride_default, axes);
  bool dilates = false;
  for (const auto& spec : op.page().attrs) dilates |= spec.name == "dilation";
  w.dilation = dilates ? op.ints_n("dilation", axes) : std::vector<int64_t>(n, 1);

  ir::Attribute padding = op.raw("padding");
  if (padding && padding.is(ir::AttrKind::string)) {
    bool same = padding.as_string() == "SAME" || padding.as_string() == "same";
    std::vector<Dim> spatial = channels_first(x, w.channels_last);
    for (size_t i = 0; i < n; ++i) {
      if (!same) {
        w.low.emplace_back(0);
        w.high.emplace_back(0);
        continue;
      }
      Dim extent = spatial[i + 2];
      int64_t reach = (w.kernel[i] - 1) * w.dilation[i] + 1;
      Dim total =
          max(Dim(0), (ceildiv(extent, w.stride[i]) - 1) * Dim(w.stride[i]) + Dim(reach) - extent);
      w.low.push_back(floordiv(total, 2));
      w.high.push_back(total - floordiv(total, 2));
    }
    return w;
  }
  std::vector<int64_t> given = op.ints("padding");
  if (given.size() == 2 * n + 4) {  // pairs for every axis of x: batch and channels are not padded
    size_t first = w.channels_last ? 2 : 4;
    std::vector<int64_t> spatial(given.begin() + static_cast<ptrdiff_t>(first),
                                 given.begin() + static_cast<ptrdiff_t>(first + 2 * n));
    int64_t all = 0, inner = 0;
    for (int64_t v : given) all += v;
    for (int64_t v : spatial) inner += v;
    if (all != inner)
      op.fail(ErrorKind::value, "padding",
              str("batch and channels cannot be padded, got ", list_str(given)));
    given = spatial;
  }
  if (given.size() == 2 * n && n > 0) {
    for (size_t i = 0; i < n; ++i) {
      w.low.emplace_back(given[2 * i]);
      w.high.emplace_back(given[2 * i + 1]);
    }
  } else if (given.size() == 1 || given.size() == n) {
    for (size_t i = 0; i < n; ++i) {
      w.low.emplace_back(given[given.size() == 1 ? 0 : i]);
      w.high.push_back(w.low.back());
    }
  } else {
    op.fail(ErrorKind::value, "padding",
            str("expected 1, ", n, " or ", 2 * n, " integers, 'SAME' or 'VALID', got ",
                list_str(given)));
  }
  for (int64_t v : given) {
    if (v < 0)
      op.fail(ErrorKind::value, "padding",
              str("expected integers of at least 0, got ", list_str(given)));
  }
  return w;
}

Dim window_count(Dim extent, Dim low, Dim high, int64_t kernel, int64_t stride, int64_t dilation,
                 bool ceil) {
  Dim room = extent + low + high - Dim((kernel - 1) * dilation + 1);
  if (!ceil) return max(Dim(0), floordiv(room, stride) + 1);
  // The last window must begin inside the input or its left padding.
  Dim count = floordiv(room + Dim(stride - 1), stride) + 1;
  Dim begins = floordiv(extent + low - 1, stride) + 1;
  return max(Dim(0), min(count, begins));
}

ir::AttrSpec format_attr(int axes) {
  ir::AttrSpec spec{.name = "data_format", .form = AttrForm::string};
  if (axes == 1) {
    spec.value = "NCL";
    spec.choices = {"NCL", "NLC"};
  } else if (axes == 2) {
    spec.value = "NCHW";
    spec.choices = {"NCHW", "NHWC"};
  } else {
    spec.value = "NCDHW";
    spec.choices = {"NCDHW", "NDHWC"};
  }
  return spec;
}

ir::AttrSpec padding_attr() {
  return {.name = "padding",
          .form = AttrForm::padding,
          .value = 0,
          .choices = {"SAME", "VALID", "same", "valid"}};
}

ir::AttrSpec sizes_attr(std::string_view name, ir::Literal value,
                        std::vector<std::string_view> aliases, double lowest) {
  return {.name = name,
          .aliases = std::move(aliases),
          .form = AttrForm::ints,
          .value = std::move(value),
          .lowest = lowest};
}

void need_spatial(Infer& op, int axes) {
  if (op.rank(0) != axes + 2) {
    op.fail(ErrorKind::shape, "x",
            str("expected ", axes + 2, " dims (batch, channels and ", axes,
                " spatial axes), got shape ", to_string(op.dims(0))));
  }
}

}  // namespace proa::ops
