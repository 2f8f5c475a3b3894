#include "proa/compiler/render/c/micro.h"

#include "proa/base/error.h"
#include "proa/compiler/render/c/scalar.h"

namespace proa::compiler::render {

namespace {

// c = c + a * b, of vectors.
std::string_view multiply_add(const Arithmetic& a) {
  if (a.dtype == DType::boolean) return "((c) | ((a) & (b)))";
  if (a.sum == "float") return "__builtin_ia32_vfmaddps256(a, b, c)";
  if (a.sum == "double") return "__builtin_ia32_vfmaddpd256(a, b, c)";
  return "((c) + (a) * (b))";
}

// The same of single numbers.
std::string_view multiply_add_one(const Arithmetic& a) {
  if (a.sum == "float") return "pn_fmaf(a, b, c)";
  if (a.sum == "double") return "pn_fma(a, b, c)";
  return multiply_add(a);
}

// Elements side by side in memory as a vector of sums.
std::string_view load_lanes(const Arithmetic& a) {
  if (a.wide) return "*(const vec_u *)p";
  switch (a.dtype) {
    case DType::f16: return "__builtin_ia32_vcvtph2ps256(*(const narrow_u *)p)";
    case DType::bf16: return "(vec)(__builtin_convertvector(*(const narrow_u *)p, bits) << 16)";
    default: return "__builtin_convertvector(*(const narrow_u *)p, vec)";
  }
}

constexpr std::string_view kTypes = R"(
typedef $sum vec __attribute__((vector_size(32)));
typedef $sum vec_u __attribute__((vector_size(32), aligned($align), may_alias));
typedef pn_u32 bits __attribute__((vector_size(32)));
typedef $narrow narrow_u __attribute__((vector_size($narrow_bytes), aligned($narrow_align), may_alias));
#define MULTIPLY_ADD(a, b, c) $multiply_add
#define MULTIPLY_ADD_ONE(a, b, c) $multiply_add_one
#define JOIN(a, b) ((a) $join (b))
#define SPLAT(x) ((vec){$splat})
static inline __attribute__((always_inline)) vec load_lanes(const $storage *p) { return $load; }
static inline __attribute__((always_inline)) void store_lanes($sum *p, vec x) { *(vec_u *)p = x; }
static inline __attribute__((always_inline)) $sum widen($storage x) { return $widen; }
)";

std::string types(const Arithmetic& a) {
  std::string splat = "x";
  for (int i = 1; i < a.lanes; ++i) splat += ", x";
  size_t size = size_of(a.dtype) / static_cast<size_t>(a.parts);
  bool half = a.dtype == DType::f16 || a.dtype == DType::bf16;
  std::string narrow_bytes = str(size * static_cast<size_t>(a.lanes)), align = str(size);
  std::string sum_align = a.lanes == 8 ? "4" : "8";
  std::string widen = half ? c_widen(a.dtype, "x") : str("(", a.sum, ")x");
  return fill(kTypes, {{"sum", a.sum},
                       {"storage", a.storage},
                       {"align", sum_align},
                       {"narrow", a.dtype == DType::f16 ? "short" : a.storage},
                       {"narrow_bytes", narrow_bytes},
                       {"narrow_align", align},
                       {"multiply_add", multiply_add(a)},
                       {"multiply_add_one", multiply_add_one(a)},
                       {"join", a.dtype == DType::boolean ? "|" : "+"},
                       {"splat", splat},
                       {"load", load_lanes(a)},
                       {"widen", widen}});
}

// One step of depth: b0 and b1 times an element of each row.
std::string step(const Arithmetic& a, int rows) {
  std::string text = str("    vec b0 = *(const vec_u *)b, b1 = *(const vec_u *)(b + ", a.lanes,
                         "), x; b += b_stride;\n");
  for (int i = 0; i < rows; ++i) {
    std::string s0 = str("s", i, "0"), s1 = str("s", i, "1"), from = str("a", i, "[at]");
    auto add = [&](const std::string& sum, std::string_view x, std::string_view b) {
      text += str("    ", sum, " = MULTIPLY_ADD(", x, ", ", b, ", ", sum, ");\n");
    };
    text += str("    x = SPLAT(", from, ");\n");
    add(s0, "x", "b0");
    if (a.parts == 1) {
      add(s1, "x", "b1");
      continue;
    }
    // re += ar*br; re -= ai*bi; im += ar*bi; im += ai*br.
    text += str("    vec y", i, " = SPLAT(a", i, "[at + 1]);\n");
    add(s0, str("-y", i), "b1");
    add(s1, "x", "b1");
    add(s1, str("y", i), "b0");
  }
  return text + "    at += depth_stride;\n";
}

constexpr std::string_view kMicro = R"(
static __attribute__((noinline)) void micro_$rows(pn_i64 depth, const $sum *a, pn_i64 row_stride, pn_i64 depth_stride, const $sum *b, pn_i64 b_stride, $sum *sums, pn_i64 first, const char *ahead, pn_i64 ahead_stride) {
$rows_of_a  vec $zeros;
  pn_i64 at = 0;
#pragma GCC unroll 1
  for (pn_i64 k = 0; k < depth; ++k, ahead += ahead_stride) {
    __builtin_prefetch(ahead, 0, 2);
$step  }
  if (first) {
$set  } else {
$add  }
}
)";

std::string micro(const Arithmetic& a, int rows) {
  std::string rows_of_a, zeros, set, add;
  for (int i = 0; i < rows; ++i) {
    rows_of_a += str("  const ", a.sum, " *a", i, " = a + ", i, " * row_stride;\n");
    for (int v = 0; v < 2; ++v) {
      std::string s = str("s", i, v), at = str("sums + ", i * a.panel + v * a.lanes);
      zeros += str(zeros.empty() ? "" : ", ", s, " = {0}");
      set += str("    store_lanes(", at, ", ", s, ");\n");
      add += str("    store_lanes(", at, ", JOIN(*(const vec_u *)(", at, "), ", s, "));\n");
    }
  }
  std::string number = str(rows);
  return fill(kMicro, {{"rows_of_a", rows_of_a},
                       {"rows", number},
                       {"sum", a.sum},
                       {"zeros", zeros},
                       {"step", step(a, rows)},
                       {"set", set},
                       {"add", add}});
}

// With registers of 64 bytes a row of a panel is one vector, and more rows go through together.
constexpr std::string_view kWideTypes = R"(
typedef $sum wide __attribute__((vector_size(64)));
typedef $sum wide_u __attribute__((vector_size(64), aligned($align), may_alias));
)";

constexpr std::string_view kWideMicro = R"(
static __attribute__((noinline, min_vector_width(512))) void micro_$rows(pn_i64 depth, const $sum *a, pn_i64 row_stride, const $sum *b, pn_i64 b_stride, $sum *sums, pn_i64 first, const char *ahead, pn_i64 ahead_stride) {
$rows_of_a  wide $zeros;
#pragma GCC unroll 1
  for (pn_i64 k = 0; k < depth; ++k, ahead += ahead_stride) {
    __builtin_prefetch(ahead, 0, 2);
    const wide x = *(const wide_u *)b;
    b += b_stride;
$step  }
  if (first) {
$set  } else {
$add  }
}
)";

std::string wide_micro(const Arithmetic& a, int rows) {
  std::string rows_of_a, zeros, step, set, add;
  for (int i = 0; i < rows; ++i) {
    rows_of_a += str("  const ", a.sum, " *a", i, " = a + ", i, " * row_stride;\n");
    zeros += str(i == 0 ? "" : ", ", "s", i, " = {0}");
    step += str("    s", i, " = (wide)__builtin_ia32_vfmadd", a.sum == "float" ? "ps" : "pd",
                "512_mask(a", i, "[k] - (wide){0}, x, s", i, ", -1, 4);\n");
    std::string at = str("*(wide_u *)(sums + ", i * a.panel, ")");
    set += str("    ", at, " = s", i, ";\n");
    add += str("    ", at, " = JOIN(", at, ", s", i, ");\n");
  }
  std::string number = str(rows);
  return fill(kWideMicro, {{"rows_of_a", rows_of_a},
                           {"rows", number},
                           {"sum", a.sum},
                           {"zeros", zeros},
                           {"step", step},
                           {"set", set},
                           {"add", add}});
}

constexpr std::string_view kChoice = R"(
#define MICRO_ROWS $most
static inline __attribute__((always_inline)) void micro(pn_i64 rows, pn_i64 depth, const $sum *a, pn_i64 row_stride, pn_i64 depth_stride, const $sum *b, pn_i64 b_stride, $sum *sums, pn_i64 first, const char *ahead, pn_i64 ahead_stride) {
  switch (rows) {
$cases  }
}
)";

constexpr std::string_view kPackWide = R"(
static __attribute__((noinline)) void pack_wide(const $storage *from, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *to) {
  if (width == $columns) {
    for (pn_i64 k = 0; k < depth; ++k, from += stride, to += $panel) {
      store_lanes(to, load_lanes(from));
      store_lanes(to + $lanes, load_lanes(from + $lanes));
    }
    return;
  }
  for (pn_i64 k = 0; k < depth; ++k, from += stride, to += $panel) {
    for (int j = 0; j < $columns; ++j) to[j] = j < width ? widen(from[j]) : 0;
  }
}
)";

constexpr std::string_view kPackWideComplex = R"(
static __attribute__((noinline)) void pack_wide(const $storage *from, pn_i64 stride, pn_i64 depth, pn_i64 width, $sum *to) {
  for (pn_i64 k = 0; k < depth; ++k, from += stride, to += $panel) {
    for (int j = 0; j < $columns; ++j) {
      to[j] = j < width ? from[2 * j] : 0;
      to[$lanes + j] = j < width ? from[2 * j + 1] : 0;
    }
  }
}
)";

constexpr std::string_view kPackDeep = R"(
typedef $sum half_u __attribute__((vector_size(16), aligned($align), may_alias));
#define HALF(p) (*(const half_u *)(p))
static inline __attribute__((always_inline)) void load_square(const $storage *from, const pn_i64 *offsets, vec *square) {
$transpose}
static __attribute__((noinline)) void pack_lanes(const $storage *from, const pn_i64 *offsets, pn_i64 depth, $sum *to, pn_i64 stride) {
  pn_i64 k = 0;
  for (; k + $lanes <= depth; k += $lanes) {
    vec square[$lanes];
    load_square(from + k, offsets, square);
    for (int l = 0; l < $lanes; ++l) store_lanes(to + (k + l) * stride, square[l]);
  }
  for (; k < depth; ++k) {
    for (int l = 0; l < $lanes; ++l) to[k * stride + l] = widen(from[offsets[l] + k]);
  }
}
static inline __attribute__((always_inline)) void pack_deep(const $storage *from, const pn_i64 *offsets, pn_i64 depth, $sum *to) {
  pack_lanes(from, offsets, depth, to, $panel);
  pack_lanes(from, offsets + $lanes, depth, to + $lanes, $panel);
}
)";

constexpr std::string_view kPackDeepComplex = R"(
static __attribute__((noinline)) void pack_deep(const $storage *from, const pn_i64 *offsets, pn_i64 depth, $sum *to) {
  for (pn_i64 k = 0; k < depth; ++k, to += $panel) {
    for (int j = 0; j < $columns; ++j) {
      to[j] = from[offsets[j] + 2 * k];
      to[$lanes + j] = from[offsets[j] + 2 * k + 1];
    }
  }
}
)";

// A square of lanes x lanes elements. Rows i and i + half are loaded into the two halves of a
// vector, which costs no shuffle where memory holds the sums' type; then each half is turned by
// pairs of rows and pairs of pairs.
std::string transpose(const Arithmetic& a) {
  std::string text;
  int n = a.lanes, half = n / 2;
  auto mix = [&](auto&& index) {
    std::string list;
    for (int l = 0; l < n; ++l) list += str(", ", index(l % half, l / half * half));
    return list;
  };
  auto define = [&](std::string_view to, const std::string& x, const std::string& y,
                    const std::string& lanes) {
    text += str("  ", to, " = __builtin_shufflevector(", x, ", ", y, lanes, ");\n");
  };
  std::string whole;
  for (int l = 0; l < n; ++l) whole += str(", ", l);
  for (int i = 0; i < half && a.wide; ++i) {
    for (int part = 0; part < n; part += half) {
      auto from = [&](int row) { return str("HALF(from + offsets[", row, "] + ", part, ")"); };
      define(str("vec a", i + part), from(i), from(i + half), whole);
    }
  }
  for (int i = 0; i < half && !a.wide; ++i) {
    for (int row : {i, i + half}) {
      text += str("  vec r", row, " = load_lanes(from + offsets[", row, "]);\n");
    }
    std::string x = str("r", i), y = str("r", i + half);
    define(str("vec a", i), x, y, mix([&](int l, int high) { return high != 0 ? n + l : l; }));
    define(str("vec a", i + half), x, y,
           mix([&](int l, int high) { return half + (high != 0 ? n + l : l); }));
  }
  for (int part = 0; part < n; part += half) {
    if (half == 2) {
      std::string x = str("a", part), y = str("a", part + 1);
      define(str("square[", part, "]"), x, y, ", 0, 4, 2, 6");
      define(str("square[", part + 1, "]"), x, y, ", 1, 5, 3, 7");
      continue;
    }
    for (int i : {part, part + 2}) {
      std::string x = str("a", i), y = str("a", i + 1);
      define(str("vec b", i), x, y, ", 0, 8, 1, 9, 4, 12, 5, 13");
      define(str("vec b", i + 1), x, y, ", 2, 10, 3, 11, 6, 14, 7, 15");
    }
    for (int i : {0, 1}) {
      std::string x = str("b", part + i), y = str("b", part + i + 2);
      define(str("square[", part + 2 * i, "]"), x, y, ", 0, 1, 8, 9, 4, 5, 12, 13");
      define(str("square[", part + 2 * i + 1, "]"), x, y, ", 2, 3, 10, 11, 6, 7, 14, 15");
    }
  }
  return text;
}

// Eight rows of a in memory, terms side by side, times one vector of columns of b, [depth][lanes]:
// for results so low that the rows of the other operand fill one vector.
std::string across(const Arithmetic& a) {
  std::string rows, zeros, step, set, add;
  for (int i = 0; i < kAcrossRows; ++i) {
    rows += str("  const ", a.sum, " *a", i, " = a + offsets[", i, "];\n");
    zeros += str(i == 0 ? "" : ", ", "s", i, " = {0}");
    step += str("    s", i, " = MULTIPLY_ADD(SPLAT(a", i, "[k]), x, s", i, ");\n");
    std::string at = str("sums + ", i * a.lanes);
    set += str("    store_lanes(", at, ", s", i, ");\n");
    add += str("    store_lanes(", at, ", JOIN(*(const vec_u *)(", at, "), s", i, "));\n");
  }
  return fill(R"(
static __attribute__((noinline)) void micro_across(pn_i64 depth, const $sum *a, const pn_i64 *offsets, const $sum *b, $sum *sums, pn_i64 first) {
$rows  vec $zeros;
#pragma GCC unroll 1
  for (pn_i64 k = 0; k < depth; ++k, b += $lanes) {
    vec x = *(const vec_u *)b;
$step  }
  if (first) {
$set  } else {
$add  }
}
)",
              {{"sum", a.sum},
               {"rows", rows},
               {"zeros", zeros},
               {"lanes", str(a.lanes)},
               {"step", step},
               {"set", set},
               {"add", add}});
}

constexpr std::string_view kTurned = R"(
static __attribute__((noinline, min_vector_width(512))) void micro_turned_$rows(pn_i64 depth, const $sum *a, const pn_i64 *rows, const $sum *b, const pn_i64 *columns, $sum *sums, pn_i64 first) {
  const $sum *const lines[] = {$lines};
$rows_of_a  wide $zeros, x[$terms];
  pn_i64 k = 0;
#pragma GCC unroll 1
  for (; k + $terms <= depth; k += $terms) {
    turn_columns(lines, k, x);
$steps  }
  if (k < depth) {
    turn_columns(lines, depth - $terms, x);
#pragma GCC unroll 1
    for (; k < depth; ++k) {
      const wide last = x[k - depth + $terms];
$last    }
  }
  if (first) {
$set  } else {
$add  }
}
)";

std::string turned(const Arithmetic& a, int rows, int terms) {
  std::string lines, rows_of_a, zeros, steps, last, set, add;
  for (int j = 0; j < a.columns; ++j) lines += str(j == 0 ? "" : ", ", "b + columns[", j, "]");
  auto fma = [&](std::string& text, int i, const std::string& at, const std::string& x) {
    text += str("    s", i, " = (wide)__builtin_ia32_vfmadd", a.sum == "float" ? "ps" : "pd",
                "512_mask(a", i, "[", at, "] - (wide){0}, ", x, ", s", i, ", -1, 4);\n");
  };
  for (int t = 0; t < terms; ++t) {
    for (int i = 0; i < rows; ++i) fma(steps, i, str("k + ", t), str("x[", t, "]"));
  }
  for (int i = 0; i < rows; ++i) {
    rows_of_a += str("  const ", a.sum, " *a", i, " = a + rows[", i, "];\n");
    zeros += str(i == 0 ? "" : ", ", "s", i, " = {0}");
    fma(last, i, "k", "last");
    std::string at = str("*(wide_u *)(sums + ", i * a.panel, ")");
    set += str("    ", at, " = s", i, ";\n");
    add += str("    ", at, " = JOIN(", at, ", s", i, ");\n");
  }
  return fill(kTurned, {{"rows_of_a", rows_of_a},
                        {"rows", str(rows)},
                        {"sum", a.sum},
                        {"lines", lines},
                        {"zeros", zeros},
                        {"terms", str(terms)},
                        {"steps", steps},
                        {"last", last},
                        {"set", set},
                        {"add", add}});
}

}  // namespace

// A step's lines are quarters of 16 bytes of all columns: those that are `terms` apart make one
// vector, and pairs, then pairs of pairs, are turned within each quarter, so that columns end up in
// their order.
std::string turned_text(const Arithmetic& a) {
  const int terms = a.lanes / 2;
  std::string vec_lanes, wide_lanes, turn;
  for (int l = 0; l < a.lanes; ++l) vec_lanes += str(", ", l);
  for (int l = 0; l < a.panel; ++l) wide_lanes += str(", ", l);
  for (int i = 0; i < terms; ++i) {
    turn += str("  const wide r", i, " = quarters(");
    for (int l = 0; l < 4; ++l) turn += str(l == 0 ? "" : ", ", "b[", i + terms * l, "] + k");
    turn += ");\n";
  }
  auto mix = [&](const std::string& to, const std::string& x, const std::string& y, auto&& lane) {
    turn += str("  ", to, " = __builtin_shufflevector(", x, ", ", y);
    for (int l = 0; l < a.panel; ++l) {
      turn += str(", ",
                  l / terms * terms + lane(l % terms) % terms + lane(l % terms) / terms * a.panel);
    }
    turn += ");\n";
  };
  // In a quarter: lane `terms` and above are those of y.
  if (terms == 2) {
    mix("x[0]", "r0", "r1", [](int l) { return l * 2; });
    mix("x[1]", "r0", "r1", [](int l) { return l * 2 + 1; });
  } else {
    for (int i : {0, 2}) {
      std::string x = str("r", i), y = str("r", i + 1);
      mix(str("const wide low", i), x, y, [](int l) { return l / 2 + l % 2 * 4; });
      mix(str("const wide high", i), x, y, [](int l) { return 2 + l / 2 + l % 2 * 4; });
    }
    for (int i : {0, 1}) {
      std::string x = i == 0 ? "low0" : "high0", y = i == 0 ? "low2" : "high2";
      mix(str("x[", 2 * i, "]"), x, y, [](int l) { return l % 2 + l / 2 * 4; });
      mix(str("x[", 2 * i + 1, "]"), x, y, [](int l) { return 2 + l % 2 + l / 2 * 4; });
    }
  }
  return fill(R"(
static inline __attribute__((always_inline)) wide quarters(const $sum *p, const $sum *q, const $sum *r, const $sum *s) {
  const vec low = __builtin_shufflevector(HALF(p), HALF(q)$vec_lanes);
  const vec high = __builtin_shufflevector(HALF(r), HALF(s)$vec_lanes);
  return __builtin_shufflevector(low, high$wide_lanes);
}
static inline __attribute__((always_inline)) void turn_columns(const $sum *const *b, pn_i64 k, wide *x) {
$turn}
)",
              {{"sum", a.sum},
               {"vec_lanes", vec_lanes},
               {"wide_lanes", wide_lanes},
               {"turn", turn}}) +
         turned(a, 4, terms) + turned(a, 8, terms);
}

Arithmetic arithmetic_of(DType t) {
  Arithmetic a;
  a.dtype = t;
  a.storage = c_storage(t);
  switch (t) {
    case DType::f16:
    case DType::bf16: a.sum = "float"; break;
    case DType::f32:
    case DType::c64:
      a.storage = a.sum = "float";
      a.wide = true;
      break;
    case DType::f64:
    case DType::c128:
      a.storage = a.sum = "double";
      a.wide = true;
      break;
    case DType::i64: a.sum = "pn_u64"; break;
    case DType::boolean:
    case DType::u8:
    case DType::i8:
    case DType::i16:
    case DType::i32: a.sum = "pn_u32"; break;
    default: throw InternalError(str("no contraction of ", to_string(t)));
  }
  a.lanes = a.sum == "double" || a.sum == "pn_u64" ? 4 : 8;
  a.panel = 2 * a.lanes;
  a.parts = is_complex(t) ? 2 : 1;
  a.columns = a.panel / a.parts;
  return a;
}

std::string micro_types(const Arithmetic& a) { return types(a); }

namespace {

// All heights up to `most`, and the choice among them.
template <class Micro>
std::string heights(const Arithmetic& a, int most, std::string_view arguments, Micro micro) {
  std::string text, cases, highest = str(most);
  for (int rows = 1; rows <= most; ++rows) {
    text += micro(a, rows);
    std::string label = rows < most ? str("case ", rows) : str("default");
    cases += str("    ", label, ": micro_", rows, "(", arguments, "); break;\n");
  }
  return text + fill(kChoice, {{"sum", a.sum}, {"cases", cases}, {"most", highest}});
}

}  // namespace

std::string micro_texts(const Arithmetic& a) {
  std::string narrow = heights(
      a, kMicroRows,
      "depth, a, row_stride, depth_stride, b, b_stride, sums, first, ahead, ahead_stride", micro);
  if (a.parts == 2 || (a.sum != "float" && a.sum != "double")) return types(a) + narrow;
  std::string wide =
      heights(a, kWideMicroRows,
              "depth, a, row_stride, b, b_stride, sums, first, ahead, ahead_stride", wide_micro);
  std::string kinds = fill(kWideTypes, {{"sum", a.sum}, {"align", a.lanes == 8 ? "4" : "8"}});
  return str(types(a), "#if defined(__AVX512F__) && !defined(", kNarrow, ")", kinds, wide, "#else",
             narrow, "#endif\n");
}

std::string across_text(const Arithmetic& a) { return across(a); }

std::string pack_texts(const Arithmetic& a) {
  std::string columns = str(a.columns), panel = str(a.panel), lanes = str(a.lanes);
  std::string squares = a.parts == 1 ? transpose(a) : "";
  std::string text =
      str(a.parts == 1 ? kPackWide : kPackWideComplex, a.parts == 1 ? kPackDeep : kPackDeepComplex);
  return fill(text, {{"storage", a.storage},
                     {"sum", a.sum},
                     {"columns", columns},
                     {"panel", panel},
                     {"lanes", lanes},
                     {"align", a.lanes == 8 ? "4" : "8"},
                     {"transpose", squares}});
}

std::string fill(std::string_view text,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> names) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t next = text.find('$', at);
    out += text.substr(at, next - at);
    if (next == std::string_view::npos) break;
    size_t end = next + 1;
    while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || text[end] == '_')) ++end;
    std::string_view name = text.substr(next + 1, end - next - 1);
    bool found = false;
    for (auto [key, value] : names) {
      if (key != name) continue;
      out += value;
      found = true;
    }
    PROA_CHECK(found, "a text names $", name, ", which nobody gives");
    at = end;
  }
  return out;
}

}  // namespace proa::compiler::render
