#include "proa/compiler/render/c/frame.h"

#include <utility>

#include "proa/base/hash.h"

namespace proa::compiler::render {

using namespace ir;

std::string beside_text(Straight& body, Func kernel, const Operation& op) {
  body.depth = 1;
  for (Operation& other : kernel.body()) {
    if (&other != &op) body.operation(other);
  }
  return body.take();
}

std::string indices_text(Straight& body, std::span<const Dim> extents, std::string_view number,
                         std::string_view indent) {
  std::string text;
  for (size_t axis = extents.size(); axis-- > 0;) {
    if (axis == 0) {
      text += str(indent, "const pn_i64 ", number, "0 = ", number, ";\n");
    } else {
      std::string extent = body.word(extents[axis]);
      text += str(indent, "const pn_i64 ", number, axis, " = ", number, " % ", extent, "; ", number,
                  " /= ", extent, ";\n");
    }
  }
  return text;
}

std::string words_macro(std::span<const Dim> words) {
  std::string text = "#define WORDS";
  for (size_t i = 0; i < words.size(); ++i) text += str(" const pn_i64 d", i, " = words[", i, "];");
  return text + "\n";
}

CKernel named(CKernel made, std::string text, std::string_view calls) {
  made.name = kernel_name(hash_bytes(text.data(), text.size()));
  std::string numeric = calls.empty() ? texts_of(text) : texts_of(calls);
  text.replace(text.rfind("void $(") + 5, 1, made.name);
  made.text = numeric + text;
  return made;
}

}  // namespace proa::compiler::render
