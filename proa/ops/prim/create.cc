// Primitives that make tensors from nothing: constants, indices, random bits.

#include <cstring>

#include "proa/ops/prim/prim.h"

namespace proa::ops {

namespace {

using namespace prim;  // NOLINT: the words of the pages

void constant_shape(Infer& op) {
  const ir::TensorData& data = op.raw("value").as_tensor();
  op.result(std::vector<Dim>(data.dims.begin(), data.dims.end()), data.dtype);
}

template <class E>
std::vector<Dim> integers(const ir::TensorData& data) {
  std::vector<Dim> dims;
  for (size_t i = 0; i < data.size / sizeof(E); ++i) {
    E value;
    std::memcpy(&value, static_cast<const char*>(data.bytes) + i * sizeof(E), sizeof(E));
    dims.emplace_back(static_cast<int64_t>(value));
  }
  return dims;
}

void constant_contents(Contents& c) {
  const ir::TensorData& data = c.raw("value").as_tensor();
  switch (data.dtype) {
    case DType::u8: return c.result(integers<uint8_t>(data));
    case DType::i8: return c.result(integers<int8_t>(data));
    case DType::i16: return c.result(integers<int16_t>(data));
    case DType::i32: return c.result(integers<int32_t>(data));
    case DType::i64: return c.result(integers<int64_t>(data));
    default: return;
  }
}

// The value of a sample is written as a number (0-d) or a list (1-d): int64 or float64 data.
void constant_samples(SampleList& s) {
  s.ok({}, {{"value", 2.5}});
  s.ok({}, {{"value", -0.0}});
  s.ok({}, {{"value", 7}});
  s.ok({}, {{"value", std::vector<int64_t>{}}}).note = "0-size";
  s.ok({}, {{"value", std::vector<int64_t>{3, 1, 2}}});
  s.ok({}, {{"value", ir::Literal::list({0.5, -1.5})}});
  s.wrong({}, {}, ErrorKind::value, "required");
  s.wrong({}, {{"value", "1.0"}}, ErrorKind::type, "constant data");
  s.wrong({}, {{"value", true}}, ErrorKind::type, "constant data");
  s.wrong({}, {{"value", DType::f32}}, ErrorKind::type, "constant data");
  s.wrong({}, {{"value", 1.0}, {"dtype", DType::f32}}, ErrorKind::key, "no such argument");
  s.wrong({}, {{"value", 1.0}, {"shape", std::vector<int64_t>{2}}}, ErrorKind::key,
          "no such argument");
}

void iota_shape(Infer& op) {
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  DType dtype = op.dtype_attr("dtype");
  if (!contains(kRealSet, dtype)) {
    op.fail(ErrorKind::type, "dtype",
            str("expected an integer or floating-point dtype, got ", to_string(dtype)));
  }
  op.axis("axis", static_cast<int>(dims.size()));
  op.result(dims);
}

void iota_contents(Contents& c) {
  std::vector<Dim> shape(c.result_type().dims().begin(), c.result_type().dims().end());
  auto axis = static_cast<size_t>(c.axis("axis", static_cast<int>(shape.size())));
  int64_t inner = product(std::span(shape).subspan(axis + 1)).constant();
  int64_t extent = shape[axis].constant(), count = product(shape).constant();
  std::vector<Dim> dims;
  for (int64_t i = 0; i < count; ++i) dims.emplace_back(i / inner % extent);
  c.result(std::move(dims));
}

void iota_samples(SampleList& s) {
  using Dims = std::vector<int64_t>;
  for (DType t : {DType::i64, DType::i32, DType::u8, DType::f32, DType::f64, DType::bf16}) {
    s.ok({}, {{"dtype", t}, {"shape", Dims{7}}, {"axis", 0}});
    s.ok({}, {{"dtype", t}, {"shape", Dims{2, 3, 4}}, {"axis", 1}});
  }
  s.ok({}, {{"dtype", DType::i64}, {"shape", Dims{0}}, {"axis", 0}});
  s.ok({}, {{"dtype", DType::f32}, {"shape", Dims{3, 0, 2}}, {"axis", -1}});
  s.ok({}, {{"dtype", DType::f32}, {"shape", Dims{2, 1, 3, 2}}, {"axis", 3}});
  s.wrong({}, {{"dtype", DType::i64}, {"shape", Dims{}}, {"axis", 0}}, ErrorKind::index, "0-d");
  s.wrong({}, {{"dtype", DType::i64}, {"shape", Dims{3}}, {"axis", 1}}, ErrorKind::index,
          "out of range");
  s.wrong({}, {{"dtype", DType::i64}, {"shape", Dims{3}}, {"axis", -2}}, ErrorKind::index,
          "out of range");
  s.wrong({}, {{"dtype", DType::i64}, {"shape", Dims{-3}}, {"axis", 0}}, ErrorKind::shape,
          "at least 0");
  s.wrong({}, {{"dtype", DType::boolean}, {"shape", Dims{3}}, {"axis", 0}}, ErrorKind::type,
          "floating-point");
  s.wrong({}, {{"dtype", DType::c64}, {"shape", Dims{3}}, {"axis", 0}}, ErrorKind::type,
          "floating-point");
  s.wrong({}, {{"shape", Dims{3}}, {"axis", 0}}, ErrorKind::value, "required");
}

void rng_shape(Infer& op) {
  if (op.rank(0) != 1)
    op.fail(ErrorKind::shape, "key", str("expected shape [2], got ", to_string(op.dims(0))));
  expect_eq(op, op.dim(0, 0), 2, "key",
            [&] { return str("expected shape [2], got ", to_string(op.dims(0))); });
  DType dtype = op.dtype_attr("dtype");
  if (dtype != DType::i32 && dtype != DType::i64) {
    op.fail(ErrorKind::type, "dtype", str("expected int32 or int64, got ", to_string(dtype)));
  }
  std::vector<Dim> dims = op.dims_attr("shape");
  require_extents(op, dims, "shape");
  op.result(dims);
}

void rng_samples(SampleList& s) {
  using Dims = std::vector<int64_t>;
  Arg key = V(DType::i64, {2}, {42, 7});
  for (DType t : {DType::i32, DType::i64}) {
    for (const Dims& dims : {Dims{}, Dims{0}, Dims{5}, Dims{3, 4}, Dims{2, 3, 5}}) {
      s.ok({key}, {{"dtype", t}, {"shape", dims}});
    }
  }
  s.ok({V(DType::i64, {2}, {-1, 0})}, {{"dtype", DType::i32}, {"shape", Dims{9}}}).note =
      "a negative seed";
  s.wrong({key}, {{"dtype", DType::f32}, {"shape", Dims{2}}}, ErrorKind::type, "int32 or int64");
  s.wrong({key}, {{"dtype", DType::u8}, {"shape", Dims{2}}}, ErrorKind::type, "int32 or int64");
  s.wrong({key}, {{"dtype", DType::i32}}, ErrorKind::value, "required");
  s.wrong({key}, {{"dtype", DType::i32}, {"shape", Dims{-1}}}, ErrorKind::shape, "at least 0");
  s.wrong({V(DType::i64, {3}, {1, 2, 3})}, {{"dtype", DType::i32}, {"shape", Dims{2}}},
          ErrorKind::shape, "expected shape [2]");
  s.wrong({V(DType::i64, {}, {1})}, {{"dtype", DType::i32}, {"shape", Dims{2}}}, ErrorKind::shape,
          "expected shape [2]");
  s.wrong({V(DType::i32, {2}, {1, 2})}, {{"dtype", DType::i32}, {"shape", Dims{2}}},
          ErrorKind::type, "dtype");
  s.wrong({absent()}, {{"dtype", DType::i32}, {"shape", Dims{2}}}, ErrorKind::value, "required");
}

}  // namespace

std::vector<Page> create_pages() {
  return {
      {.name = "constant",
       .doc = "A tensor whose elements are written in the program.\n"
              "Args:\n  value: the data, with its dtype and shape.\n"
              "Returns:\n  the data.\n"
              "Errors:\n  TypeError where value is no data.",
       .operands = {},
       .attrs = {{.name = "value", .form = AttrForm::tensor}},
       .dtypes = by_shape_rule(),
       .shape = constant_shape,
       .contents = constant_contents,
       .vjp = not_differentiable("it has no operands"),
       .decompose = primitive(),
       .sharding = "-> ...",
       .cost = no_flops,
       .samples = constant_samples},
      {.name = "iota",
       .doc = "Each element is its own index along one axis. Integers wrap modulo 2^bits; floating "
              "point is rounded once from the 64-bit index.\n"
              "Args:\n  dtype: integer or floating point.\n  shape: extents of the result.\n  "
              "axis: which index is taken; negative counts from the end.\n"
              "Returns:\n  a tensor of that dtype and shape.\n"
              "Errors:\n  IndexError for an axis out of range (0-d has none), ShapeError for a "
              "negative extent, TypeError for other dtypes.",
       .operands = {},
       .attrs = {{.name = "dtype", .form = AttrForm::dtype},
                 {.name = "shape", .form = AttrForm::shape},
                 {.name = "axis", .form = AttrForm::axis}},
       .dtypes = meets(Meet::none, Result::attr),
       .shape = iota_shape,
       .contents = iota_contents,
       .vjp = not_differentiable("it has no operands"),
       .decompose = primitive(),
       .sharding = "-> ...; @axis: offset",
       .cost = no_flops,
       .samples = iota_samples},
      {.name = "rng_bits",
       .doc = "Random bits: Philox4x32-10 with the key as its 64-bit key and call number, counted "
              "by the row-major index of the element. Element i of int32 is word i mod 4 of block "
              "i div 4; element i of int64 is the words 2 (i mod 2), low, and 2 (i mod 2) + 1, "
              "high, of block i div 2. A number depends on the key and its own index alone, so it "
              "is the same fused or not, on any thread count.\n"
              "Args:\n  key: int64[2] = (seed, call number).\n  dtype: int32 or int64, holding the "
              "bit patterns.\n  shape: extents of the result.\n"
              "Returns:\n  a tensor of that dtype and shape.\n"
              "Errors:\n  ShapeError for a key of another shape or a negative extent, TypeError "
              "for another dtype.\n"
              "Source:\n  Salmon et al. 2011, Parallel random numbers: as easy as 1, 2, 3.",
       .operands = {{.name = "key", .dtypes = kIndexSet, .meets = false}},
       .attrs = {{.name = "dtype", .form = AttrForm::dtype},
                 {.name = "shape", .form = AttrForm::shape}},
       .dtypes = meets(Meet::none, Result::attr),
       .shape = rng_shape,
       .vjp = not_differentiable("bits have no derivative"),
       .decompose = primitive(),
       .sharding = "k -> ...; ...: offset",
       .cost = [](Cost& c) { c.flops(Cost::elements(c.result()) * Dim(20)); },
       .samples = rng_samples},
  };
}

}  // namespace proa::ops
