#include "proa/kernels/reference/elementwise.h"

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/thread_pool.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kBlock = 512;
constexpr size_t kMaxSize = 16;

__attribute__((noinline)) void run_blocks(const Elementwise& job, std::span<const Operand> in,
                                          char* out, size_t out_size, int64_t begin, int64_t end) {
  alignas(64) char taken[3][kBlock * kMaxSize];
  alignas(64) char wide[3][kBlock * kMaxSize];
  alignas(64) char result[kBlock * kMaxSize];
  for (int64_t at = begin; at < end; at += kBlock) {
    int64_t n = end - at < kBlock ? end - at : kBlock;
    const void* from[3];
    for (size_t k = 0; k < in.size(); ++k) {
      from[k] = in[k].take(at, n, taken[k]);
      if (job.widen[k]) {
        job.widen[k](wide[k], &from[k], n, 0);
        from[k] = wide[k];
      }
    }
    char* to = out + at * static_cast<int64_t>(out_size);
    if (job.narrow) {
      job.loop(result, from, n, job.parameter);
      const void* results[1] = {result};
      job.narrow(to, results, n, 0);
    } else {
      job.loop(to, from, n, job.parameter);
    }
  }
}

void run_range(const Elementwise& job, std::span<const Operand> in, char* out, size_t out_size,
               int64_t begin, int64_t end) {
  bool direct = job.narrow == nullptr;
  const void* from[3] = {};
  for (size_t k = 0; k < in.size() && direct; ++k) {
    direct = in[k].dense() && job.widen[k] == nullptr;
    if (direct) from[k] = in[k].take(begin, end - begin, nullptr);
  }
  if (!direct) return run_blocks(job, in, out, out_size, begin, end);
  job.loop(out + begin * static_cast<int64_t>(out_size), from, end - begin, job.parameter);
}

struct WidenF16 {
  float operator()(Float16 x) const { return numeric::to_f32(x); }
};
struct WidenBF16 {
  float operator()(BFloat16 x) const { return numeric::to_f32(x); }
};
struct WidenE4M3 {
  float operator()(Float8E4M3 x) const { return numeric::to_f32(x); }
};
struct WidenE5M2 {
  float operator()(Float8E5M2 x) const { return numeric::to_f32(x); }
};
template <class T>
struct Narrow {
  T operator()(float x) const { return numeric::narrow<T>(x); }
};

}  // namespace

Loop widen_loop(DType narrow) {
  switch (narrow) {
    case DType::f16: return loop1<Float16, float, WidenF16>;
    case DType::bf16: return loop1<BFloat16, float, WidenBF16>;
    case DType::f8e4m3: return loop1<Float8E4M3, float, WidenE4M3>;
    case DType::f8e5m2: return loop1<Float8E5M2, float, WidenE5M2>;
    default: return nullptr;
  }
}

Loop narrow_loop(DType narrow) {
  switch (narrow) {
    case DType::f16: return loop1<float, Float16, Narrow<Float16>>;
    case DType::bf16: return loop1<float, BFloat16, Narrow<BFloat16>>;
    case DType::f8e4m3: return loop1<float, Float8E4M3, Narrow<Float8E4M3>>;
    case DType::f8e5m2: return loop1<float, Float8E5M2, Narrow<Float8E5M2>>;
    default: return nullptr;
  }
}

void run_elementwise(const Elementwise& job, std::span<const Operand> in, void* out,
                     size_t out_size, int64_t count) {
  auto* to = static_cast<char*>(out);
  if (count <= job.grain) {
    if (count > 0) run_range(job, in, to, out_size, 0, count);
    return;
  }
  parallel_for(count, job.grain,
               [&](int64_t begin, int64_t end) { run_range(job, in, to, out_size, begin, end); });
}

namespace {

// Apart from run_loops, whose frame stays small.
__attribute__((noinline)) void run_operands(const KernelArgs& args, Loop loop, bool narrow,
                                            int64_t grain, int64_t parameter, size_t skip) {
  const TensorRef& out = args.out[0];
  DType dtype = args.in[skip].dtype;
  Elementwise job{.loop = loop, .parameter = parameter, .grain = grain};
  Operand in[3];
  for (size_t k = 0; k < args.in.size(); ++k) {
    in[k] = Operand(args.in[k]);
    in[k].put_in_order();
    if (narrow && k >= skip) job.widen[k] = widen_loop(dtype);
  }
  if (narrow && out.dtype == dtype) job.narrow = narrow_loop(dtype);
  run_elementwise(job, {in, args.in.size()}, out.data, size_of(out.dtype), out.elements());
}

}  // namespace

void run_loops(const KernelArgs& args, const LoopSet& loops, int64_t grain, int64_t parameter,
               size_t skip) {
  const TensorRef& out = args.out[0];
  DType dtype = args.in[skip].dtype;
  Loop loop = loops.of[static_cast<int>(dtype)];
  bool narrow = false;
  if (loop == nullptr) {
    narrow = dtype == DType::f16 || dtype == DType::bf16;
    if (narrow) loop = loops.of[static_cast<int>(DType::f32)];
    if (dtype == DType::f16 && loops.to_f16) loop = loops.to_f16;
    PROA_CHECK(loop, "no loop of ", args.op, " for ", to_string(dtype));
  }
  // Small and dense: nothing but the loop.
  int64_t count = 1;
  for (int i = 0; i < out.rank; ++i) count *= out.dims[i];
  if (!narrow && count <= grain) {
    const void* from[3];
    bool dense = true;
    for (size_t k = 0; k < args.in.size(); ++k) {
      const TensorRef& x = args.in[k];
      int64_t expected = 1;
      for (int i = x.rank; i-- > 0;) {
        dense = dense && (x.dims[i] == 1 || x.strides[i] == expected);
        expected *= x.dims[i];
      }
      from[k] = x.data;
    }
    if (dense || count == 0) {
      if (count > 0) loop(out.data, from, count, parameter);
      return;
    }
  }
  run_operands(args, loop, narrow, grain, parameter, skip);
}

}  // namespace proa::kernels::PROA_ISA
