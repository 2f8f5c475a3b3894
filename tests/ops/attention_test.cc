// The kernels of attention give the bits of the decompositions: over sizes around the edges of
// blocks, tiles, chains and groups, strides, masks, and values that are not finite.

#include <gtest/gtest.h>

#include <limits>

#include "proa/base/str.h"
#include "proa/base/thread_pool.h"
#include "proa/eager/call.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "run_ir.h"

namespace proa::test {
namespace {

struct Setting {
  int64_t batch = 1, heads = 2, queries = 5, keys = 5, width = 8, depth = 8;
  bool causal = false;
  enum { none, boolean, added } mask = none;
  DType dtype = DType::f32;
  bool wild = false;  // infinities and NaNs among the values
};

std::string name_of(const Setting& s) {
  return str(s.batch, "x", s.heads, " queries ", s.queries, " keys ", s.keys, " width ", s.width,
             " depth ", s.depth, s.causal ? " causal" : "", " mask ", int(s.mask), " ",
             to_string(s.dtype), s.wild ? " wild" : "");
}

template <class T>
void make_wild(Array& a, Random& random) {
  const T values[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                      std::numeric_limits<T>::quiet_NaN(), T(-0.0)};
  for (int64_t n = a.elements() / 16; n > 0; --n) {
    reinterpret_cast<T*>(a.data)[random() % static_cast<uint64_t>(a.elements())] =
        values[random() % 4];
  }
}

class Attention : public ::testing::Test {
 protected:
  ir::Context& context_ = eager::context();
  Random random_{20261122};

  Array values(std::initializer_list<int64_t> dims, const Setting& s) {
    std::vector<int64_t> list(dims);
    Array a = some_values(list, s.dtype, random_);
    if (s.wild)
      s.dtype == DType::f32 ? make_wild<float>(a, random_) : make_wild<double>(a, random_);
    return a;
  }

  std::vector<Array> operands(const Setting& s, bool backward) {
    std::vector<Array> made{values({s.batch, s.heads, s.queries, s.width}, s),
                            values({s.batch, s.heads, s.keys, s.width}, s),
                            values({s.batch, s.heads, s.keys, s.depth}, s)};
    std::vector<int64_t> scores{s.batch, s.heads, s.queries, s.keys};
    if (s.mask == Setting::boolean) made.push_back(some_values(scores, DType::boolean, random_));
    if (s.mask == Setting::added) made.push_back(some_values(scores, s.dtype, random_));
    if (!backward) return made;
    made.push_back(values({s.batch, s.heads, s.queries, 1}, s));
    made.push_back(values({s.batch, s.heads, s.queries, 1}, s));
    made.push_back(values({s.batch, s.heads, s.queries, s.depth}, s));
    return made;
  }

  void check(const Setting& s, bool backward) {
    std::vector<Array> inputs = operands(s, backward);
    std::vector<ir::Type> types;
    for (const Array& a : inputs) {
      std::vector<ir::Dim> dims(a.dims.begin(), a.dims.end());
      types.push_back(ir::Type::tensor(context_, a.dtype, dims));
    }
    ir::Module module(context_);
    ir::Func func = module.add_func("main", types);
    ir::Builder builder(module, func.body());
    ir::AttrList attrs;
    attrs.set(context_.name("is_causal"), ir::Attribute::boolean(context_, s.causal));
    attrs.set(context_.name("scale"), ir::Attribute::real(context_, -0.37));
    std::vector<int64_t> segments{1, 1, 1, s.mask == Setting::none ? 0 : 1};
    if (backward) segments.insert(segments.end(), {1, 1, 1});
    std::string_view name = backward ? "tensor.attention_backward" : "tensor.attention_forward";
    std::vector<ir::Value> arguments = func.arguments();
    builder.create_return(builder.create(context_.op(name), arguments, attrs, segments)->results());

    std::vector<Array> whole = run(module, module.main(), inputs);
    ir::Module pieces = after(module, "decompose");
    EXPECT_EQ(difference(run(pieces, pieces.main(), inputs), whole), "")
        << name << " " << name_of(s);
  }
  void check(const Setting& s) {
    check(s, false);
    check(s, true);
  }
};

TEST_F(Attention, AroundTheEdgesOfBlocks) {
  for (int64_t keys : {0, 1, 15, 16, 63, 64, 65, 128, 130}) {
    for (int64_t queries : {0, 1, 7, 64, 95, 96, 97}) {
      for (bool causal : {false, true}) {
        check({.queries = queries, .keys = keys, .width = 5, .depth = 19, .causal = causal});
      }
    }
  }
}

TEST_F(Attention, OverChainsAndGroups) {
  for (bool causal : {false, true}) {
    check({.heads = 1, .queries = 300, .keys = 200, .width = 16, .depth = 16, .causal = causal});
    check({.heads = 1, .queries = 513, .keys = 520, .width = 8, .depth = 3, .causal = causal});
    check({.heads = 1, .queries = 1100, .keys = 1100, .width = 4, .depth = 4, .causal = causal});
    check({.heads = 1, .queries = 3, .keys = 2100, .width = 4, .depth = 4, .causal = causal});
    check({.heads = 1, .queries = 4200, .keys = 70, .width = 4, .depth = 4, .causal = causal});
    check({.heads = 1, .queries = 3, .keys = 9, .width = 257, .depth = 300, .causal = causal});
    check({.heads = 1, .queries = 2, .keys = 3, .width = 4700, .depth = 4100, .causal = causal});
  }
}

TEST_F(Attention, MasksAndDtypes) {
  for (DType dtype : {DType::f32, DType::f64}) {
    for (bool causal : {false, true}) {
      for (auto mask : {Setting::none, Setting::boolean, Setting::added}) {
        check({.batch = 2,
               .queries = 100,
               .keys = 90,
               .causal = causal,
               .mask = mask,
               .dtype = dtype});
      }
    }
  }
}

TEST_F(Attention, ValuesThatAreNotFinite) {
  for (DType dtype : {DType::f32, DType::f64}) {
    for (bool causal : {false, true}) {
      check({.queries = 140, .keys = 150, .causal = causal, .dtype = dtype, .wild = true});
      check({.heads = 1,
             .queries = 1030,
             .keys = 1090,
             .width = 3,
             .depth = 3,
             .causal = causal,
             .dtype = dtype,
             .wild = true});
    }
  }
}

TEST_F(Attention, AnyNumberOfThreads) {
  int before = num_threads();
  for (int threads : {1, 2, 3, 7}) {
    set_num_threads(threads);
    check({.batch = 2, .heads = 3, .queries = 200, .keys = 130, .causal = true});
  }
  set_num_threads(before);
}

}  // namespace
}  // namespace proa::test
