#include "proa/ops/attrs.h"

#include <cmath>
#include <cstring>

#include "proa/base/error.h"

namespace proa::ops {

namespace {

// A binary float of `exponent` and `mantissa` bits, rounded once to nearest even. Without
// infinities (OCP e4m3) what is too large becomes NaN.
uint32_t encode(double value, int exponent, int mantissa, bool infinities) {
  const int bias = (1 << (exponent - 1)) - 1;
  const uint32_t top = ((1u << exponent) - 1) << mantissa;
  const uint32_t nan = infinities ? top | (1u << (mantissa - 1)) : top | ((1u << mantissa) - 1);
  const uint32_t overflow = infinities ? top : nan;
  const uint32_t sign = std::signbit(value) ? 1u << (exponent + mantissa) : 0;
  double magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | nan;
  if (std::isinf(value)) return sign | overflow;
  if (magnitude == 0) return sign;
  int e = std::max(std::ilogb(magnitude), 1 - bias);
  auto steps = static_cast<int64_t>(std::nearbyint(std::ldexp(magnitude, mantissa - e)));
  // A carry out of the mantissa raises the exponent by itself.
  int64_t bits =
      steps < (int64_t{1} << mantissa) ? steps : (int64_t{e + bias - 1} << mantissa) + steps;
  return sign | (bits >= static_cast<int64_t>(overflow) ? overflow : static_cast<uint32_t>(bits));
}

template <class E>
void put(char* to, E value) {
  std::memcpy(to, &value, sizeof(E));
}

template <class E>
void put_int(char* to, double value) {
  if (!(value == std::floor(value) && value >= -0x1p63 && value < 0x1p63)) {
    throw UserError(ErrorKind::type,
                    str("the number ", value, " is no integer, and the tensors beside it are"));
  }
  put(to, static_cast<E>(static_cast<int64_t>(value)));
}

void put_element(char* to, DType dtype, std::complex<double> z) {
  double value = z.real();
  switch (dtype) {
    case DType::boolean: return put(to, static_cast<uint8_t>(value != 0));
    case DType::u8: return put_int<uint8_t>(to, value);
    case DType::i8: return put_int<int8_t>(to, value);
    case DType::i16: return put_int<int16_t>(to, value);
    case DType::i32: return put_int<int32_t>(to, value);
    case DType::i64: return put_int<int64_t>(to, value);
    case DType::f16: return put(to, static_cast<uint16_t>(encode(value, 5, 10, true)));
    case DType::bf16: return put(to, static_cast<uint16_t>(encode(value, 8, 7, true)));
    case DType::f8e4m3: return put(to, static_cast<uint8_t>(encode(value, 4, 3, false)));
    case DType::f8e5m2: return put(to, static_cast<uint8_t>(encode(value, 5, 2, true)));
    case DType::f32: return put(to, static_cast<float>(value));
    case DType::f64: return put(to, value);
    case DType::c64: return put(to, std::complex<float>(z));
    case DType::c128: return put(to, z);
  }
}

}  // namespace

ir::TensorData scalar_data(DType dtype, std::complex<double> value) {
  std::shared_ptr<char[]> bytes(new char[size_of(dtype)]);
  put_element(bytes.get(), dtype, value);
  const void* data = bytes.get();
  return {dtype, {}, std::move(bytes), data, size_of(dtype)};
}

ir::TensorData dense_data(DType dtype, std::vector<int64_t> dims, std::span<const double> values) {
  size_t step = size_of(dtype), size = step * values.size();
  std::shared_ptr<char[]> bytes(new char[std::max<size_t>(size, 1)]);
  for (size_t i = 0; i < values.size(); ++i) put_element(bytes.get() + i * step, dtype, values[i]);
  const void* data = bytes.get();
  return {dtype, std::move(dims), std::move(bytes), data, size};
}

ir::Attribute to_attribute(ir::Context& context, const AttrValue& value) {
  using ir::Attribute;
  struct Maker {
    ir::Context& context;
    Attribute operator()(bool v) { return Attribute::boolean(context, v); }
    Attribute operator()(int64_t v) { return Attribute::integer(context, v); }
    Attribute operator()(double v) { return Attribute::real(context, v); }
    Attribute operator()(std::string_view v) { return Attribute::string(context, v); }
    Attribute operator()(DType v) { return Attribute::dtype(context, v); }
    Attribute operator()(const std::vector<int64_t>& v) { return Attribute::ints(context, v); }
    Attribute operator()(const std::vector<double>& v) { return Attribute::reals(context, v); }
    Attribute operator()(const std::vector<ir::Dim>& v) {
      std::vector<int64_t> constants;
      for (ir::Dim dim : v) {
        if (!dim.is_const()) return Attribute::dims(context, v);
        constants.push_back(dim.constant());
      }
      return Attribute::ints(context,
                             constants);  // one form for one value, so that equal ops merge
    }
    Attribute operator()(Attribute v) { return v; }
  };
  return std::visit(Maker{context}, value);
}

ir::AttrList to_list(ir::Context& context, const Attrs& attrs) {
  ir::AttrList list;
  for (const Attr& attr : attrs) {
    list.set(context.name(attr.name), to_attribute(context, attr.value));
  }
  return list;
}

}  // namespace proa::ops
