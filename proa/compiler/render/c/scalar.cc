#include "proa/compiler/render/c/scalar.h"

#include <cstdio>
#include <cstring>
#include <vector>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

using Names = std::span<const std::string>;

constexpr DTypeSet kRendered = kAnySet;

bool is_half(DType t) { return t == DType::f16 || t == DType::bf16; }
bool is_short(DType t) { return contains(kIntSet, t) && size_of(t) < 4; }

// The suffix by which the numeric texts name a type.
std::string_view suffix(DType t) {
  switch (t) {
    case DType::f64: return "f64";
    case DType::c64: return "c64";
    case DType::c128: return "c128";
    case DType::i64: return "i64";
    case DType::f16:
    case DType::bf16:
    case DType::f32: return "f32";
    default: return "i32";
  }
}

// A float rounded to the narrow dtype and widened again; other dtypes as they are.
std::string rounded(DType t, const std::string& text) {
  if (!is_half(t)) return text;
  return c_widen(t, c_narrow(t, text));
}

// Integers narrower than int compute in 32 bits and are cut back.
std::string cut(DType t, const std::string& text) {
  return is_short(t) ? str("(", c_type(t), ")(", text, ")") : text;
}

// Of integers without a sign, so that overflow wraps.
std::string wrapping(DType t, std::string_view op, const std::string& a, const std::string& b) {
  std::string_view wide = size_of(t) == 8 ? "pn_u64" : "pn_u32";
  return str("(", c_type(t), ")((", wide, ")", a, " ", op, " (", wide, ")", b, ")");
}

std::string pair(DType t, const std::string& re, const std::string& im) {
  return str("(", c_type(t), "){", re, ", ", im, "}");
}

std::string minus(DType complex, const std::string& x) {
  return str(complex == DType::c64 ? "pn_minus_f32(" : "pn_minus_f64(", x, ")");
}

std::string arithmetic(std::string_view op, DType t, const std::string& a, const std::string& b) {
  std::string_view sign = op == "add" ? "+" : op == "sub" ? "-" : "*";
  if (is_int(t)) return wrapping(t, sign, a, b);
  if (!is_complex(t)) return rounded(t, str(a, " ", sign, " ", b));
  if (op != "mul") {
    return pair(t, str(a, ".re ", sign, " ", b, ".re"), str(a, ".im ", sign, " ", b, ".im"));
  }
  // The minus by its bits, as in the reference: see pn_minus_f32.
  return pair(t, str(a, ".re * ", b, ".re + ", minus(t, str(a, ".im * ", b, ".im"))),
              str(a, ".re * ", b, ".im + ", a, ".im * ", b, ".re"));
}

std::string division(DType t, const std::string& a, const std::string& b) {
  if (is_int(t)) return cut(t, str("pn_div_floor_", suffix(t), "(", a, ", ", b, ")"));
  if (is_complex(t)) return str("pn_div_", suffix(t), "(", a, ", ", b, ")");
  return rounded(t, str(a, " / ", b));
}

std::string comparison(std::string_view kind, DType t, const std::string& a, const std::string& b) {
  constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
      {"eq", "=="}, {"ne", "!="}, {"lt", "<"}, {"le", "<="}, {"gt", ">"}, {"ge", ">="}};
  std::string_view sign;
  for (auto [name, text] : kSigns) {
    if (name == kind) sign = text;
  }
  if (!is_complex(t)) return str("(pn_u8)(", a, " ", sign, " ", b, ")");
  std::string same = str("((", a, ".re == ", b, ".re) & (", a, ".im == ", b, ".im))");
  return kind == "eq" ? str("(pn_u8)", same) : str("(pn_u8)!", same);
}

std::string bits(std::string_view op, DType t, const std::string& a, const std::string& b) {
  std::string_view sign = op == "and" ? "&" : op == "or" ? "|" : "^";
  return str("(", c_type(t), ")(", a, " ", sign, " ", b, ")");
}

std::string shift(const Operation& op, DType t, const std::string& a, const std::string& b) {
  Attribute logical = op.attr("logical");
  if (op.is("prim.shr") && logical && logical.as_bool()) {
    // As in the reference: within 32 or 64 bits; a negative count is a huge one.
    std::string_view wide = size_of(t) == 8 ? "pn_u64" : "pn_u32";
    std::string_view own = size_of(t) == 8   ? "pn_u64"
                           : size_of(t) == 4 ? "pn_u32"
                           : size_of(t) == 2 ? "pn_u16"
                                             : "pn_u8";
    int64_t width = 8 * static_cast<int64_t>(size_of(t));
    std::string count = str("(", wide, ")", b);
    return str("(", c_type(t), ")(", count, " < ", width, "u ? (", wide, ")(", own, ")", a, " >> (",
               count, " & ", width - 1, "u) : 0)");
  }
  return cut(t, str(op.is("prim.shl") ? "pn_shl_" : "pn_shr_", suffix(t), "(", a, ", ", b, ")"));
}

// A function of the numeric texts: one f16 result comes from the text that knows that it will be
// rounded again.
std::string function(std::string_view name, DType t, const std::string& arguments) {
  if (t == DType::f16) return rounded(t, str("pn_", name, "_to_f16(", arguments, ")"));
  return rounded(t, str("pn_", name, "_", suffix(t), "(", arguments, ")"));
}

std::string negation(DType t, const std::string& x) {
  if (is_complex(t)) return pair(t, str("-", x, ".re"), str("-", x, ".im"));
  return is_int(t) ? wrapping(t, "-", "0", x) : str("-", x);
}

std::string absolute(DType t, const std::string& x) {
  if (is_int(t)) return str(x, " < 0 ? ", negation(t, x), " : ", x);
  if (!is_complex(t)) return str("pn_abs_", suffix(t), "(", x, ")");
  return str(t == DType::c64 ? "pn_hypot_f32(" : "pn_hypot_f64(", x, ".re, ", x, ".im)");
}

std::string sign(DType t, const std::string& x) {
  if (is_int(t)) return str("(", c_type(t), ")((", x, " > 0) - (", x, " < 0))");
  return is_complex(t) ? "" : str("pn_sign_", suffix(t), "(", x, ")");
}

// One rounding to f32 or f64, so that the narrow dtypes may take theirs behind it.
std::string exact(std::string_view name, DType t, const std::string& x) {
  if (is_complex(t)) return "";
  return rounded(t, str("pn_", name, "_", suffix(t), "(", x, ")"));
}

std::string finite(DType t, const std::string& x) {
  auto one = [&](const std::string& part) {
    bool wide = t == DType::f64 || t == DType::c128;
    return wide ? str("(pn_abs_f64(", part, ") < pn_inf_f64())")
                : str("(pn_abs_f32(", part, ") < pn_inf_f32())");
  };
  if (!is_complex(t)) return str("(pn_u8)", one(x));
  return str("(pn_u8)(", one(x + ".re"), " & ", one(x + ".im"), ")");
}

std::string not_a_number(DType t, const std::string& x) {
  if (!is_complex(t)) return str("(pn_u8)(", x, " != ", x, ")");
  return str("(pn_u8)((", x, ".re != ", x, ".re) | (", x, ".im != ", x, ".im))");
}

constexpr std::string_view kRealFunctions[] = {"expm1", "log1p", "erf", "erfc", "erfinv", "lgamma"};
constexpr std::string_view kFunctions[] = {"exp",  "log",   "sin",   "cos",  "tan",
                                           "tanh", "sinh",  "cosh",  "asin", "acos",
                                           "atan", "asinh", "acosh", "atanh"};

bool listed(std::span<const std::string_view> list, std::string_view name) {
  for (std::string_view item : list) {
    if (item == name) return true;
  }
  return false;
}

std::string unary(std::string_view name, DType t, const std::string& x) {
  if (name == "neg") return negation(t, x);
  if (name == "abs") return absolute(t, x);
  if (name == "sign") return sign(t, x);
  if (name == "floor" || name == "ceil" || name == "round") return exact(name, t, x);
  if (name == "rsqrt") return exact(name, t, x);
  if (name == "sqrt") {
    return is_complex(t) ? str("pn_sqrt_", suffix(t), "(", x, ")") : exact(name, t, x);
  }
  if (name == "not") {
    return t == DType::boolean ? str("(pn_u8)(", x, " == 0)") : str("(", c_type(t), ")~", x);
  }
  if (name == "is_finite") return finite(t, x);
  if (name == "is_nan") return not_a_number(t, x);
  if (name == "conj") return pair(t, x + ".re", str("-", x, ".im"));
  if (name == "real") return x + ".re";
  if (name == "imag") return x + ".im";
  if (listed(kFunctions, name)) return function(name, t, x);
  if (listed(kRealFunctions, name)) return is_complex(t) ? "" : function(name, t, x);
  return "";
}

// Between real dtypes, as numeric::cast.
std::string real_cast(DType from, DType to, const std::string& x) {
  if (from == to) return x;
  bool wide = from == DType::f64, from_float = is_float(from);
  if (to == DType::boolean) return str("(pn_u8)(", x, " != 0)");
  if (is_half(to)) {
    std::string_view name = to == DType::f16 ? "f16" : "bf16";
    if (from_float && !wide) return rounded(to, x);
    std::string exactly = wide                 ? x
                          : from == DType::i64 ? str("pn_f64_of_i64_to_odd(", x, ")")
                                               : str("(double)", x);
    return c_widen(to, str("pn_", name, "_of_f64(", exactly, ")"));
  }
  if (from_float && is_int(to)) {
    std::string_view source = wide ? "f64" : "f32";
    if (size_of(to) == 8) return str("pn_i64_of_", source, "(", x, ")");
    if (size_of(to) == 4) return str("pn_i32_of_", source, "(", x, ")");
    std::string_view range = to == DType::u8   ? "0, 255"
                             : to == DType::i8 ? "-128, 127"
                                               : "-32768, 32767";
    return str("(", c_type(to), ")pn_clamp_i32_of_", source, "(", x, ", ", range, ")");
  }
  return str("(", c_type(to), ")", x);
}

std::string cast(DType from, DType to, const std::string& x) {
  if (!is_complex(from) && !is_complex(to)) return real_cast(from, to, x);
  if (from == to) return x;
  if (!is_complex(from)) return pair(to, real_cast(from, real_of(to), x), "0");
  if (to == DType::boolean) return str("(pn_u8)((", x, ".re != 0) | (", x, ".im != 0))");
  if (!is_complex(to)) return real_cast(real_of(from), to, x + ".re");
  std::string_view part = c_type(real_of(to));
  return pair(to, str("(", part, ")", x, ".re"), str("(", part, ")", x, ".im"));
}

std::string binary(const Operation& op, std::string_view name, DType t, const std::string& a,
                   const std::string& b) {
  if (name == "add" || name == "sub" || name == "mul") return arithmetic(name, t, a, b);
  if (name == "div") return division(t, a, b);
  if (name == "max" || name == "min") return is_complex(t) ? "" : c_extreme(name == "max", t, a, b);
  if (name == "compare") return comparison(op.attr("kind").as_string(), t, a, b);
  if (name == "and" || name == "or" || name == "xor") return bits(name, t, a, b);
  if (name == "shl" || name == "shr") return shift(op, t, a, b);
  if (name == "complex") return pair(op.result().dtype(), a, b);
  if (name == "atan2") return is_complex(t) ? "" : function(name, t, str(a, ", ", b));
  std::string arguments = str(a, ", ", b);
  if (name == "rem") {
    if (is_int(t)) return cut(t, str("pn_rem_floor_", suffix(t), "(", arguments, ")"));
    return rounded(t, str("pn_rem_", suffix(t), "(", arguments, ")"));
  }
  if (name == "pow") {
    return is_int(t) ? cut(t, str("pn_pow_", suffix(t), "(", arguments, ")"))
                     : function(name, t, arguments);
  }
  return "";
}

}  // namespace

std::string_view c_type(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::u8: return "pn_u8";
    case DType::i8: return "signed char";
    case DType::i16: return "short";
    case DType::i32: return "pn_i32";
    case DType::i64: return "pn_i64";
    case DType::f16:
    case DType::bf16:
    case DType::f32: return "float";
    case DType::f64: return "double";
    case DType::c64: return "pn_c64";
    case DType::c128: return "pn_c128";
    default: return "";
  }
}

std::string_view c_storage(DType dtype) { return is_half(dtype) ? "pn_u16" : c_type(dtype); }

std::string c_widen(DType dtype, std::string_view stored) {
  if (dtype == DType::f16) return str("pn_f32_of_f16(", stored, ")");
  if (dtype == DType::bf16) return str("pn_f32_of_bf16(", stored, ")");
  return str(stored);
}

std::string c_narrow(DType dtype, std::string_view value) {
  if (dtype == DType::f16) return str("pn_f16_of_f32(", value, ")");
  if (dtype == DType::bf16) return str("pn_bf16_of_f32(", value, ")");
  return str(value);
}

std::string c_extreme(bool max, DType t, const std::string& a, const std::string& b) {
  std::string_view less = max ? " > " : " < ", mix = max ? " & " : " | ";
  if (is_int(t)) return str(a, less, b, " ? ", a, " : ", b);
  bool wide = t == DType::f64;
  std::string bits = wide ? "pn_bits_f64(" : "pn_bits_f32(",
              of = wide ? "pn_f64_of(" : "pn_f32_of(";
  return str(a, " != ", a, " ? ", a, " : (", a, " == ", b, " ? ", of, bits, a, ")", mix, bits, b,
             ")) : (", a, less, b, " ? ", a, " : ", b, "))");
}

std::string c_scalar(const Operation& op, Names x) {
  if (op.info().dialect->name() != "prim" || op.result_count() != 1 || op.operand_count() == 0) {
    return "";
  }
  for (Value operand : op.operands()) {
    if (!contains(kRendered, operand.dtype())) return "";
  }
  DType result = op.result().dtype(), t = op.operand(0).dtype();
  if (!contains(kRendered, result)) return "";
  std::string_view name = op.name().substr(5);
  if (name == "cast") return cast(t, result, x[0]);
  if (name == "select") return str(x[0], " != 0 ? ", x[1], " : ", x[2]);
  if (name == "fma") {
    if (is_complex(t) || is_int(t)) return "";
    std::string_view fma = t == DType::f64 ? "pn_fma(" : "pn_fmaf(";
    return is_half(t) ? "" : str(fma, x[0], ", ", x[1], ", ", x[2], ")");
  }
  if (op.operand_count() == 1) return unary(name, t, x[0]);
  if (op.operand_count() == 2) return binary(op, name, t, x[0], x[1]);
  return "";
}

bool c_renders(const Operation& op) {
  static const std::vector<std::string> names = {"a", "b", "c"};
  return op.operand_count() <= names.size() && !c_scalar(op, names).empty();
}

std::string c_literal(DType dtype, const void* element) {
  auto hex = [](uint64_t word) {
    char text[32];
    std::snprintf(text, sizeof text, "0x%llxu", static_cast<unsigned long long>(word));
    return std::string(text);
  };
  uint64_t word = 0;
  auto real = [&](const void* from, bool wide) {
    word = 0;
    std::memcpy(&word, from, wide ? 8 : 4);
    return wide ? str("pn_f64_of(", hex(word), "ll)") : str("pn_f32_of(", hex(word), ")");
  };
  switch (dtype) {
    case DType::f32: return real(element, false);
    case DType::f64: return real(element, true);
    case DType::c64:
      return pair(dtype, real(element, false), real(static_cast<const char*>(element) + 4, false));
    case DType::c128:
      return pair(dtype, real(element, true), real(static_cast<const char*>(element) + 8, true));
    default: break;
  }
  std::memcpy(&word, element, size_of(dtype));
  if (is_half(dtype)) return c_widen(dtype, hex(word));
  return str("(", c_type(dtype), ")", hex(word), size_of(dtype) == 8 ? "ll" : "");
}

}  // namespace proa::compiler::render
