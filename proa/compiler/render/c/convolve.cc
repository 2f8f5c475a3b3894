#include "proa/compiler/render/c/convolve.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/base/numeric/text.h"
#include "proa/compiler/loop/dialect.h"
#include "proa/compiler/render/c/frame.h"
#include "proa/compiler/render/c/scalar.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::render {

using namespace ir;

namespace {

// How many parts the work is cut into, at most; the text cuts it into units by the sizes.
constexpr int64_t kParts = 64, kLineParts = 32;

// As the texts of convolve_plan.inc cut, in dims: what they take for a box bounds the scratch.
constexpr int64_t kPixels = 400, kLinePixels = 4096, kLineBox = 256, kFew = 64;

Dim part(Dim n, Dim most) {
  n = max(n, 1);
  return ceildiv(n, ceildiv(n, max(most, 1)));
}

Dim rounded(Dim bytes) { return ceildiv(bytes, 64) * 64; }

class Convolution {
  enum class Form : uint8_t { by_pixel, by_line, by_group, by_channel };

 public:
  Convolution(Func func, Operation& op)
      : func_(func),
        op_(op),
        dtype_(loop::element(op.operand(0).type())),
        wide_(dtype_ == DType::f64),
        same_(dtype_ == DType::f32 || wide_),
        last_(op.attr("last")),
        axes_(dims("out").size()) {}

  // The weights lie packed.
  CKernel run_packed() {
    packed_ = true;
    return run();
  }

  // How many numbers the packed weights are, where they can be packed once.
  std::optional<int64_t> packed_elements() {
    choose_form();
    if (form_ != Form::by_pixel) return std::nullopt;
    int users = 0;
    func_.arguments()[op_.operand(1).index()].each_use([&](Use&) { ++users; });
    bool known = users == 1 && dim("w_offset").is_const();
    for (Dim d : dims("w_strides")) known &= d.is_const();
    Dim panels = ceildiv(dim("outs"), wide_ ? 8 : 16), all = dim("groups") * panels;
    for (Dim d : dims("kernel")) all *= d;
    all = all * dim("channels") * (wide_ ? 8 : 16);
    return known ? all.as_const() : std::nullopt;
  }

  // Units are panels. The sizes of images do not matter here: they are 1.
  CKernel pack() {
    choose_form();
    made_.units = dim("groups") * ceildiv(dim("outs"), wide_ ? 8 : 16);
    made_.work = 1;
    for (Dim d : dims("kernel")) made_.work *= d;
    made_.work = made_.work * dim("channels") * 16;
    packed_ = true;
    for_pack_ = true;
    std::string text = describe();
    text += str(
        "void $(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, "
        "char *scratch) {\n  WORDS\n  const PN_CONV_ELEM *w = (const PN_CONV_ELEM *)buffers[0] + ",
        word(dim("w_offset")),
        ";\n  PN_CONV_REAL *to = (PN_CONV_REAL *)buffers[1];\n  pn_conv k;\n"
        "  describe(words, &k);\n  for (pn_i64 p = begin; p < end; ++p)\n"
        "    pn_conv_pack_weights(&k, w + p / k.panels * k.outs * k.w_o, p % k.panels,\n"
        "                         to + p * k.depth * PN_CONV_PANEL);\n}\n");
    return assemble(text);
  }

  CKernel run() {
    choose_form();
    Dim pixels = 1, depth = dim("channels");
    for (Dim d : dims("out")) pixels *= d;
    for (Dim d : dims("kernel")) depth *= d;
    Dim work = dim("batch") * pixels * dim("groups") * dim("outs") * depth;
    made_.units = parts();
    made_.work = floordiv(work, parts() * 16) + 1;
    made_.scratch = scratch();
    std::string finish = epilogue();  // before the words are listed
    std::string driver = str(describe(), finish, main());
    return assemble(driver);
  }

 private:
  Dim dim(std::string_view name) const { return op_.attr(name).as_dim(); }
  std::vector<Dim> dims(std::string_view name) const { return op_.attr(name).as_dims(); }
  // A word of its own, whatever other words are equal to it: so that one text serves all sizes.
  std::string word(Dim d) {
    made_.words.push_back(d);
    return str("d", made_.words.size() - 1);
  }

  // An extent of one of three axes, of which the last ones are there.
  Dim of(std::string_view name, size_t axis, int64_t fallback) const {
    if (axis < 3 - axes_) return fallback;
    return dims(name)[axis - (3 - axes_)];
  }

  // Only what is known before any size is: by pixel everything can be done.
  void choose_form() {
    auto all = [&](std::string_view name, int64_t value) {
      return std::ranges::all_of(dims(name), [&](Dim d) { return d.is_const(value); });
    };
    auto outs = dim("outs").as_const();
    if (!outs || *outs >= 4 || axes_ == 0) return;
    auto product = [&](std::string_view name, int64_t most) {  // `most` + 1 where it is more
      int64_t all = 1;
      for (Dim d : dims(name)) {
        int64_t extent = d.as_const().value_or(most + 1);
        all = extent > most ? most + 1 : std::min(all * extent, most + 1);
      }
      return all;
    };
    auto groups = dim("groups").as_const();
    bool depthwise = *outs == 1 && dim("channels").is_const(1) && groups && *groups >= 32 / real();
    int64_t taps = product("kernel", 256), pixels = product("out", kPixels);
    if (depthwise && taps <= 256 && (last_ || taps <= 2 * pixels)) {
      bool plain = taps <= 9 && all("gaps", 1);
      bool nine = of("kernel", 0, 1).is_const(1) && of("kernel", 1, 1).is_const(3) &&
                  of("kernel", 2, 1).is_const(3);
      for (size_t i = 0; i < axes_; ++i) {
        int64_t reach = dims("reaches")[i].as_const().value_or(INT64_MAX);
        plain &= dims("kernel")[i].is_const(1) || reach <= (nine ? 32 / real() : 1);
      }
      if (last_ || !plain || pixels <= kPixels) {
        form_ = Form::by_channel;
        return;
      }
      either_ = !std::ranges::all_of(dims("out"), [](Dim d) { return d.is_const(); });
    }
    Dim last = dims("kernel").back();
    if (taps <= 256 && last.as_const().value_or(33) <= 32) {
      form_ = Form::by_line;
    } else if (!dim("groups").is_const(1) && all("gaps", 1) && product("out", kFew) <= kFew) {
      form_ = Form::by_group;
    }
  }

  int64_t real() const { return wide_ ? 8 : 4; }
  int64_t parts() const { return form_ == Form::by_line ? kLineParts : kParts; }

  Dim reach(size_t axis, Dim box) const {
    return min(of("in", axis, 1), floordiv((box - 1) * of("strides", axis, 1) +
                                               (of("kernel", axis, 1) - 1) * of("reaches", axis, 1),
                                           of("gaps", axis, 1)) +
                                      1);
  }

  // Bytes of pn_conv_scratch, or more where sizes are not known.
  Dim scratch() const {
    Dim bytes = scratch(form_);
    return has_other() ? max(bytes, scratch(Form::by_channel)) : bytes;
  }
  Dim scratch(Form form) const {
    const int64_t real = this->real(), lanes = 32 / real, panel = 2 * lanes;
    Dim taps = of("kernel", 0, 1) * of("kernel", 1, 1) * of("kernel", 2, 1);
    Dim channels = max(dim("channels"), 1);
    Dim block = max(min(channels, floordiv(256, max(taps, 1))), 1);
    Dim blocks = ceildiv(channels, block);  // at least as many where windows are small
    auto count = blocks.as_const();
    auto window = taps.as_const();
    int64_t copies = count && window && *window <= 256 && *count <= 8 ? 1 : 2;
    if (form == Form::by_group) {
      Dim input = of("in", 0, 1) * of("in", 1, 1) * of("in", 2, 1) * 32;
      Dim kernel = of("kernel", 2, 1);
      // Cuts of a line; a block is at most 256 taps, or one line.
      return 4 * kFew * 32 + rounded(input) + rounded(max(kernel, 256) * 32) +
             rounded((2 * of("out", 2, 1) + 1) * (3 * kFew + 20) * 8) + 1024;
    }
    Dim boxes[3], room = form == Form::by_line ? kLinePixels : kPixels;
    for (size_t axis = 3; axis-- > 0;) {
      bool line = form == Form::by_line && axis == 2;
      boxes[axis] = part(of("out", axis, 1), line ? Dim(kLineBox) : room);
      room = floordiv(room, boxes[axis]);
    }
    if (form == Form::by_line) {
      Dim stride = of("strides", 2, 1), gap = of("gaps", 2, 1), lines = boxes[0] * boxes[1];
      Dim packed =
          block * reach(0, boxes[0]) * reach(1, boxes[1]) * (reach(2, boxes[2]) + 2 * stride);
      Dim vectors = floordiv(boxes[2], lanes) + 1 + gap;
      Dim kernel = of("kernel", 2, 1);
      Dim sums = lines * (boxes[2] + gap * (lanes + 1));  // apart, where the input has holes
      if (gap.is_const(1)) sums = kLinePixels;
      Dim zeros = boxes[2] * stride + 3 * of("reaches", 2, 1) + 4 * lanes;
      return kLinePixels * real + (copies - (gap.is_const(1) ? 1 : 0)) * rounded(sums * real) +
             rounded(packed * real) + rounded(32 * vectors * kernel) +
             rounded(8 * (2 * kernel * gap + 2 * gap + 1 + 2 * vectors + 2 * lines)) +
             rounded(48 * (boxes[0] + boxes[1])) + rounded(zeros * real) +
             rounded(channels * taps * real) + 2048;
    }
    Dim box = part(dim("batch"), room);
    if (form == Form::by_channel) block = panel;
    Dim packed = box * reach(0, boxes[0]) * reach(1, boxes[1]) * reach(2, boxes[2]) * block;
    int64_t most = taps.as_const().value_or(1) == 1 ? 8 : 4;
    Dim panels = max(min(ceildiv(dim("outs"), panel), most), 1);
    Dim longest = max(of("kernel", 2, 1), 256);  // taps of a block
    return (copies * kPixels * panel * real + rounded(longest * panel * real)) * panels +
           rounded(packed * real) + 2 * kPixels * 8 +
           rounded((boxes[0] + boxes[1] + boxes[2]) * 48) + kPixels * panel * real + 4096;
  }

  // What the text knows as pn_conv, from words.
  std::string describe() {
    std::string text = "static void describe(const pn_i64 *words, pn_conv *k) {\n  WORDS\n";
    std::vector<Dim> x = dims("x_strides"), w = dims("w_strides");
    auto of_images = [&](Dim d) { return for_pack_ ? Dim(1) : d; };
    for (size_t i = 0; i < 3; ++i) {
      std::string axis = str("  k->axis[", i, "].");
      auto set = [&](std::string_view field, Dim d) {
        text += str(axis, field, " = ", word(d), ";\n");
      };
      set("in", of_images(of("in", i, 1)));
      set("out", of_images(of("out", i, 1)));
      set("kernel", of("kernel", i, 1));
      set("stride", of_images(of("strides", i, 1)));
      set("low", of_images(of("low", i, 0)));
      set("gap", of_images(of("gaps", i, 1)));
      set("reach", of_images(of("reaches", i, 1)));
      size_t own = i + axes_ - 1;  // among all axes of x and w
      set("x", i < 3 - axes_ ? Dim(0) : of_images(x[own]));
      set("w", i < 3 - axes_ ? Dim(0) : w[own]);
    }
    auto set = [&](std::string_view field, Dim d) {
      text += str("  k->", field, " = ", word(d), ";\n");
    };
    set("batch", of_images(dim("batch")));
    for (std::string_view name : {"groups", "channels", "outs"}) set(name, dim(name));
    set("x_n", of_images(x[0]));
    set("x_c", of_images(x[1]));
    set("w_o", w[0]);
    set("w_c", w[1]);
    return text + "  pn_conv_plan(k);\n}\n";
  }

  // The region, for a piece: outputs times pixels that lie side by side.
  std::string epilogue() {
    std::string parameters;
    Straight body(made_.words);
    for (Value buffer : func_.arguments()) {
      bool written = false, used = false;
      buffer.each_use([&](Use& use) {
        written |= use.owner->is("loop.store");
        used |= use.owner != &op_;
      });
      if (!used) continue;
      std::string label = str("b", buffer.index());
      body.name(buffer, label);
      parameters += str(written ? "" : "const ", c_storage(loop::element(buffer.type())),
                        " *restrict ", label, ", ");
      arguments_ += str("buffers[", buffer.index(), "], ");
    }
    std::string constants = beside_text(body, func_, op_);
    Block& block = op_.region(0).block();
    body.name(block.argument(0), "sum");
    body.name(block.argument(1), "n");
    body.name(block.argument(2), "channel");
    std::string pixels;
    size_t indices = block.argument_count() - 3;
    for (size_t i = indices; i-- > 0;) {
      std::string label = str("at", i);
      body.name(block.argument(3 + i), label);
      if (i == 0) {
        pixels += str("      const pn_i64 ", label, " = rest;\n");
      } else {
        std::string extent = word(dims("out")[i]);
        pixels +=
            str("      const pn_i64 ", label, " = rest % ", extent, "; rest /= ", extent, ";\n");
      }
    }
    body.depth = 3;
    body.block(block);
    std::string_view type = c_type(dtype_);
    bool last = pixels_last();
    std::string sum = last ? "sums[p * PN_CONV_PANEL + o]" : "sums[o * stride + p]";
    if (!same_) sum = c_widen(dtype_, c_narrow(dtype_, sum));
    // One vector at a time: pieces of small images are short. Of a whole panel all at once.
    const int lanes = wide_ ? 4 : 8;
    auto vectors = [](int width) {
      return str("#pragma clang loop vectorize(enable) vectorize_width(", width,
                 ") interleave_count(1)\n");
    };
    std::string result = str("      const ", type, " sum = ", sum, ";\n", body.take()), loops;
    auto outputs = [&](std::string_view count, int width) {
      return str(vectors(width), "    for (pn_i64 o = 0; o < ", count,
                 "; ++o) {\n      const pn_i64 channel = out + o;\n", result, "    }\n");
    };
    if (last) {
      loops = str("  for (pn_i64 p = 0; p < pixels; ++p) {\n    pn_i64 rest = pixel + p;\n", pixels,
                  "    if (outs == PN_CONV_PANEL) {\n", outputs("PN_CONV_PANEL", 2 * lanes),
                  "    } else {\n", outputs("outs", lanes), "    }\n  }\n");
    } else {
      loops = str("  for (pn_i64 o = 0; o < outs; ++o) {\n    const pn_i64 channel = out + o;\n",
                  vectors(lanes),
                  "    for (pn_i64 p = 0; p < pixels; ++p) {\n      pn_i64 rest = pixel + p;\n",
                  pixels, result, "    }\n  }\n");
    }
    return str("static __attribute__((noinline)) void finish(", parameters,
               "const pn_i64 *words, const PN_CONV_REAL *restrict sums, pn_i64 stride, pn_i64 n, "
               "pn_i64 out, pn_i64 outs, pn_i64 pixel, pn_i64 pixels) {\n  WORDS\n",
               constants, loops, "}\n");
  }

  std::string main() {
    return str(
        "void $(void *const *buffers, const pn_i64 *words, pn_i64 begin, pn_i64 end, "
        "char *scratch) {\n  WORDS\n"
        "  const PN_CONV_ELEM *x = (const PN_CONV_ELEM *)buffers[",
        op_.operand(0).index(), "] + ", word(dim("x_offset")),
        ";\n  const PN_CONV_WEIGHT *w = (const PN_CONV_WEIGHT *)buffers[", op_.operand(1).index(),
        "]", packed_ ? std::string() : str(" + ", word(dim("w_offset"))),
        ";\n  pn_conv k;\n  pn_conv_box box;\n  pn_conv_piece piece;\n"
        "  describe(words, &k);\n  box.ready = box.packed = 0;\n  box.y = ",
        in_place(), ";\n  box.soon = ", soon(),
        ";\n  const pn_i64 last = "
        "end * k.units / ",
        parts(), ";\n  for (pn_i64 unit = begin * k.units / ", parts(),
        "; unit < last; ++unit) {\n"
        "    pn_conv_unit(&k, unit, x, w, scratch, &box);\n"
        "    for (pn_i64 i = 0; pn_conv_piece_of(&k, &box, scratch, i, &piece); ++i)\n"
        "      finish(",
        arguments_,
        "words, piece.value, box.stride, piece.n, piece.out, piece.outs, piece.pixel, "
        "piece.pixels);\n  }\n}\n");
  }

  // By line there are sizes for which vectors of channels do better.
  bool has_other() const { return either_ && form_ == Form::by_line; }

  // Whether pieces are pixels times outputs that lie side by side.
  bool pixels_last() const {
    return last_ && (form_ == Form::by_pixel || form_ == Form::by_channel);
  }

  // Where sums may be left at once: the region does nothing but store them.
  std::string in_place() const {
    Block& block = op_.region(0).block();
    Operation& first = *block.front();
    bool plain = same_ && form_ != Form::by_group && !pixels_last() && first.is("loop.store") &&
                 first.operand(0) == block.argument(0) && first.next()->is("loop.yield");
    return plain ? str("(PN_CONV_REAL *)buffers[", first.operand(1).index(), "]")
                 : std::string("0");
  }

  // A result by pixel, which is asked for before it is written.
  std::string soon() const {
    for (Operation& op : op_.region(0).block()) {
      bool result = op.is("loop.store") && loop::element(op.operand(1).type()) == dtype_;
      if (result && form_ == Form::by_pixel && !pixels_last())
        return str("(const PN_CONV_ELEM *)buffers[", op.operand(1).index(), "]");
    }
    return "0";
  }

  std::string head() const {
    std::string_view storage = c_storage(dtype_);
    std::string text =
        str("#define PN_CONV_ELEM ", storage, "\n#define PN_CONV_REAL ", wide_ ? "double" : "float",
            "\n#define PN_CONV_LANES ", wide_ ? 4 : 8, "\n#define PN_CONV_ALL(v) ",
            wide_ ? "{v, v, v, v}" : "{v, v, v, v, v, v, v, v}", "\n#define PN_CONV_WIDEN(e) ",
            same_ ? "(e)" : c_widen(dtype_, "(e)"), packed_ ? "" : "\n#define PN_CONV_PACKS",
            "\n#define PN_CONV_FORM ",
            form_ == Form::by_pixel     ? "PN_CONV_BY_PIXEL"
            : form_ == Form::by_line    ? "PN_CONV_BY_LINE"
            : form_ == Form::by_channel ? "PN_CONV_BY_CHANNEL"
                                        : "PN_CONV_BY_GROUP",
            has_other() ? "\n#define PN_CONV_OTHER PN_CONV_BY_CHANNEL" : "",
            pixels_last() ? "\n#define PN_CONV_LAST\n" : "\n");
    return same_ ? str("#define PN_CONV_SAME\n", text) : text;
  }

  CKernel assemble(const std::string& driver) {
    std::string all = str(head(), numeric::convolution(), words_macro(made_.words), driver);
    return named(std::move(made_), std::move(all), str(head(), driver));
  }

  Func func_;
  Operation& op_;
  DType dtype_;
  bool wide_, same_, last_;  // sums are f64; stored as they are summed; outputs side by side
  bool packed_ = false, for_pack_ = false;
  bool either_ = false;  // by line or by channel, as the sizes will say
  size_t axes_;
  Form form_ = Form::by_pixel;
  CKernel made_;
  std::string arguments_;  // of the epilogue
};

}  // namespace

Operation* convolution_of(Func kernel) {
  for (Operation& op : kernel.body()) {
    if (op.is("loop.convolve")) return &op;
  }
  return nullptr;
}

CKernel render_convolution(Func kernel) {
  return Convolution(kernel, *convolution_of(kernel)).run();
}

std::optional<PackedKernel> render_packed_convolution(Func kernel) {
  Operation* op = convolution_of(kernel);
  auto elements = Convolution(kernel, *op).packed_elements();
  if (!elements) return std::nullopt;
  DType dtype = loop::element(op->operand(1).type());
  return PackedKernel{.pack = Convolution(kernel, *op).pack(),
                      .kernel = Convolution(kernel, *op).run_packed(),
                      .weights = op->operand(1).index(),
                      .elements = *elements,
                      .dtype = dtype == DType::f64 ? dtype : DType::f32};
}

}  // namespace proa::compiler::render
