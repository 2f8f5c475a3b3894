// Attention on each set of instructions, whose registers differ in width: the bits are the same.

#include <gtest/gtest.h>

#include <bit>
#include <random>

#include "call.h"

namespace proa::kernels::test {
namespace {

template <class T>
Tensor numbers(DType dtype, const Dims& dims, std::mt19937& random) {
  Tensor made(dtype, dims);
  std::normal_distribution<double> normal;
  std::vector<T> values(static_cast<size_t>(made.elements()));
  for (T& value : values) value = static_cast<T>(normal(random));
  return {dtype, dims, values};
}

struct Sizes {
  int64_t queries, keys, width, depth;
};

template <class T>
void compare(DType dtype, const Sizes& s, bool causal) {
  std::mt19937 random(static_cast<uint32_t>(s.queries + s.keys + s.width));
  auto make = [&](Dims dims) { return numbers<T>(dtype, dims, random); };
  Dims output{2, 3, s.queries, s.depth}, row{2, 3, s.queries, 1};
  std::vector<Tensor> in{make({2, 3, s.queries, s.width}), make({2, 3, s.keys, s.width}),
                         make({2, 3, s.keys, s.depth})};
  std::vector<Dims> gradients{in[0].dims, in[1].dims, in[2].dims};
  in.push_back(make({2, 3, s.queries, s.keys}));  // a mask that is added
  const Words attrs{{causal ? 1 : 0}, {std::bit_cast<int64_t>(0.3)}};
  auto forward = [&](Isa isa) {
    return call(isa, "tensor.attention_forward", in, attrs, {dtype, dtype}, {output, row});
  };
  std::vector<Tensor> expected = forward(Isa::baseline);
  std::vector<Tensor> more = in;
  more.push_back(expected[1]);
  more.push_back(make(row));
  more.push_back(make(output));
  auto backward = [&](Isa isa) {
    return call(isa, "tensor.attention_backward", more, attrs, {dtype, dtype, dtype}, gradients);
  };
  std::vector<Tensor> expected_gradients = backward(Isa::baseline);
  for (Isa isa : {Isa::v3, Isa::v4}) {
    std::vector<Tensor> made = forward(isa), made_gradients = backward(isa);
    for (size_t i = 0; i < made.size(); ++i) {
      EXPECT_TRUE(same_bits(made[i], expected[i]))
          << s.queries << " x " << s.keys << ", result " << i << ", set " << static_cast<int>(isa);
    }
    for (size_t i = 0; i < made_gradients.size(); ++i) {
      EXPECT_TRUE(same_bits(made_gradients[i], expected_gradients[i]))
          << s.queries << " x " << s.keys << ", gradient " << i << ", set "
          << static_cast<int>(isa);
    }
  }
}

TEST(Attention, EachSetOfInstructionsGivesTheSameBits) {
  const Sizes sizes[] = {{1, 1, 1, 1},      {6, 64, 8, 16},   {97, 65, 16, 24},  {130, 200, 32, 32},
                         {100, 70, 64, 48}, {3, 1100, 5, 17}, {260, 300, 20, 7}, {5, 9, 300, 70}};
  for (const Sizes& s : sizes) {
    for (bool causal : {false, true}) {
      compare<float>(DType::f32, s, causal);
      compare<double>(DType::f64, s, causal);
    }
  }
}

}  // namespace
}  // namespace proa::kernels::test
