// Straight: the text of operations without loops: loads, stores, sizes and scalar primitives.
// Why apart: loops, contractions and whatever else has a region for one element write it alike.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "proa/base/str.h"
#include "proa/ir/module.h"

namespace proa::compiler::render {

class Straight {
 public:
  // Sizes become words of the kernel, which are appended to `words`; those that are constants too
  // in addresses, unless `numbers`.
  explicit Straight(std::vector<ir::Dim>& words, bool numbers = false)
      : words_(words), numbers_(numbers) {}

  void name(ir::Value value, std::string text) { names_[value.impl()] = std::move(text); }
  const std::string& name(ir::Value value) const;
  bool knows(ir::Value value) const { return names_.contains(value.impl()); }
  void operation(ir::Operation& op);
  void block(ir::Block& body);

  // A size that is no constant is a word: d0, d1, ...
  std::string size(ir::Dim d);
  std::string word(ir::Dim d);  // also where it is a constant
  // offset + the sum of index * stride.
  std::string address(ir::Operation& op, size_t first);

  void line(std::string_view text);
  std::string fresh(std::string_view prefix) { return str(prefix, count_++); }
  std::string take() { return std::move(text_); }
  int depth = 1;  // of the indentation

 private:
  // With the primitive's name behind it. The user's lines stand in the program beside the kernel:
  // a text that named them would be another one for each line that asks for the same.
  void define(ir::Operation& op, std::string_view text);

  std::vector<ir::Dim>& words_;
  bool numbers_;
  std::string text_;
  int count_ = 0;
  std::unordered_map<const ir::ValueImpl*, std::string> names_;
};

// The numeric texts that `body` calls, with the prelude before them.
std::string texts_of(std::string_view body);

}  // namespace proa::compiler::render
