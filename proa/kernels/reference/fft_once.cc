// fft, by pocketfft: one axis after another, the lines of each cut along another axis.

#include <pocketfft_hdronly.h>

#include <algorithm>
#include <complex>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/thread_pool.h"
#include "proa/program/kernel.h"

namespace proa::kernels {

namespace {

using program::KernelArgs;
using program::TensorRef;

// Elements and lines worth a thread: each chunk computes the factors of its transform anew.
constexpr int64_t kGrain = 65536;
constexpr int64_t kLines = 16;

// Memory by axes, strides in elements.
struct Form {
  std::vector<int64_t> dims, strides;

  static Form of(const TensorRef& x) {
    return {{x.dims, x.dims + x.rank}, {x.strides, x.strides + x.rank}};
  }
  static Form dense(std::span<const int64_t> extents) {
    Form f{{extents.begin(), extents.end()}, std::vector<int64_t>(extents.size(), 1)};
    for (size_t i = extents.size(); i-- > 1;) f.strides[i - 1] = f.strides[i] * extents[i];
    return f;
  }
  pocketfft::stride_t bytes(size_t element) const {
    pocketfft::stride_t s;
    for (int64_t stride : strides) s.push_back(stride * static_cast<int64_t>(element));
    return s;
  }
};

// Calls body(shape, offset in `from`, offset in `to`) for parts of `dims` that are cut along the
// greatest axis other than `axis`.
template <class Body>
void for_parts(const std::vector<int64_t>& dims, size_t axis, const Form& from, const Form& to,
               Body body) {
  pocketfft::shape_t whole(dims.begin(), dims.end());
  size_t cut = axis;
  int64_t count = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    count *= dims[i];
    if (i != axis && (cut == axis || dims[i] > dims[cut])) cut = i;
  }
  if (cut == axis || count <= kGrain) return body(whole, int64_t{0}, int64_t{0});
  int64_t slice = count / dims[cut], lines = slice / dims[axis];
  int64_t grain = std::max((kGrain - 1) / slice + 1, (kLines - 1) / lines + 1);
  parallel_for(dims[cut], grain, [&](int64_t begin, int64_t end) {
    pocketfft::shape_t part = whole;
    part[cut] = static_cast<size_t>(end - begin);
    body(part, begin * from.strides[cut], begin * to.strides[cut]);
  });
}

template <class T>
void transform(const Form& from, const std::complex<T>* x, const Form& to, std::complex<T>* y,
               size_t axis, bool forward) {
  using C = std::complex<T>;
  for_parts(from.dims, axis, from, to,
            [&](const pocketfft::shape_t& shape, int64_t in, int64_t out) {
              pocketfft::c2c(shape, from.bytes(sizeof(C)), to.bytes(sizeof(C)), {axis}, forward,
                             x + in, y + out, T(1));
            });
}

template <class T>
void run(const KernelArgs& args) {
  enum { forward, inverse, r2c, c2r };
  using C = std::complex<T>;
  const TensorRef &x = args.in[0], &out = args.out[0];
  int64_t kind = args.attrs.integer(0);
  std::vector<size_t> axes;
  for (int64_t axis : args.attrs.ints(1)) {
    axes.push_back(static_cast<size_t>(axis < 0 ? axis + x.rank : axis));
  }
  Form from = Form::of(x), to = Form::dense({out.dims, static_cast<size_t>(out.rank)});
  size_t last = axes.back();

  if (kind == forward || kind == inverse) {
    auto* y = out.as<C>();
    for (size_t i = 0; i < axes.size(); ++i) {
      if (i == 0) transform<T>(from, x.as<const C>(), to, y, axes[i], kind == forward);
      if (i > 0) transform<T>(to, y, to, y, axes[i], kind == forward);
    }
  } else if (kind == r2c) {
    auto* source = x.as<const T>();
    auto* y = out.as<C>();
    for_parts(from.dims, last, from, to,
              [&](const pocketfft::shape_t& shape, int64_t a, int64_t b) {
                pocketfft::r2c(shape, from.bytes(sizeof(T)), to.bytes(sizeof(C)), last, true,
                               source + a, y + b, T(1));
              });
    for (size_t i = 0; i + 1 < axes.size(); ++i) transform<T>(to, y, to, y, axes[i], true);
  } else {
    auto* source = x.as<const C>();
    std::vector<C> spectrum;
    for (size_t i = 0; i + 1 < axes.size(); ++i) {
      Form dense = Form::dense(from.dims);
      if (i == 0) spectrum.resize(static_cast<size_t>(x.elements()));
      transform<T>(from, source, dense, spectrum.data(), axes[i], false);
      from = dense;
      source = spectrum.data();
    }
    auto* y = out.as<T>();
    for_parts(to.dims, last, from, to, [&](const pocketfft::shape_t& shape, int64_t a, int64_t b) {
      pocketfft::c2r(shape, from.bytes(sizeof(C)), to.bytes(sizeof(T)), last, false, source + a,
                     y + b, T(1));
    });
  }
}

void fft(const KernelArgs& args) {
  if (args.out[0].elements() == 0) return;
  DType dtype = real_of(args.in[0].dtype);
  if (dtype == DType::f32) return run<float>(args);
  if (dtype == DType::f64) return run<double>(args);
  PROA_CHECK(false, "no fft of ", to_string(args.in[0].dtype));
}

constexpr program::KernelEntry kKernels[] = {{"prim.fft", fft}};

}  // namespace

std::span<const program::KernelEntry> fft_kernels() { return kKernels; }

}  // namespace proa::kernels
