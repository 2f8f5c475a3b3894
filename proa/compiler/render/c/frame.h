// Frame: what stands around one large operation in a kernel's text: numbers that all elements
// share, indices from their number, words, the name.
// Why: products, convolutions and scatters each fill their own texts, but frame them alike.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "proa/compiler/render/c/render.h"
#include "proa/compiler/render/c/straight.h"

namespace proa::compiler::render {

// What stands beside `op` in a kernel.
std::string beside_text(Straight& body, ir::Func kernel, const ir::Operation& op);
// The indices of some axes, NUMBER0 and on, from their number, which is used up.
std::string indices_text(Straight& body, std::span<const ir::Dim> extents, std::string_view number,
                         std::string_view indent);
// WORDS: the words of a kernel by name.
std::string words_macro(std::span<const ir::Dim> words);
// The kernel with this text, whose function is called "$" yet, behind the numeric texts that it
// calls, or those of `calls`.
CKernel named(CKernel made, std::string text, std::string_view calls = {});

}  // namespace proa::compiler::render
