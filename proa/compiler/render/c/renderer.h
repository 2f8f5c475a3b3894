// The renderer at work: the text, the names and the sizes of one kernel while it is written.
// Why a header of its own: loops and reductions are written in files of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proa/compiler/render/c/render.h"
#include "proa/compiler/render/c/straight.h"
#include "proa/ir/operation.h"

namespace proa::compiler::render {

class Renderer {
 public:
  explicit Renderer(ir::Func func) : func_(func) {}
  CKernel run();

 private:
  // Text.
  void line(std::string_view text) { straight_.line(text); }
  void open(std::string_view text);
  void close();
  std::string fresh(std::string_view prefix) { return straight_.fresh(prefix); }
  const std::string& name(ir::Value value) const { return straight_.name(value); }
  void set_name(ir::Value value, std::string label) { straight_.name(value, std::move(label)); }
  std::string size(ir::Dim d) { return straight_.size(d); }  // a number, or a word of the caller
  std::string address(ir::Operation& op, size_t first) { return straight_.address(op, first); }
  // How often a loop runs: its operand, else its extent.
  std::string count(ir::Operation& loop);

  // Loops.
  std::vector<ir::Operation*> parallel_nest() const;
  void find_work(ir::Block& body);
  void find_scratch(ir::Block& body);
  void head();
  void outside(const std::vector<ir::Operation*>& nest);
  void elements(const std::vector<ir::Operation*>& nest);
  void units(const std::vector<ir::Operation*>& nest);
  void beside(ir::Operation& loop, ir::Operation& inner);
  void indices(const std::vector<ir::Operation*>& nest);
  void inner_loop(ir::Operation& loop, std::string_view first, std::string_view stop,
                  bool rolled = false);
  void block(ir::Block& body);
  void operation(ir::Operation& op);
  CKernel finish();

  // Reductions: see reduce.cc.
  struct Lanes;
  std::vector<Lanes> lanes_of(ir::Operation& op);
  void reduce(ir::Operation& op);
  void groups(ir::Operation& op, std::vector<Lanes>& lanes, std::string_view from,
              std::string_view stop);
  void fetch_results(ir::Operation& op);
  void blocks(ir::Operation& op, std::vector<Lanes>& lanes);
  void join_elements(ir::Operation& op, std::vector<Lanes>& lanes);
  void add_total(const Lanes& r);
  void join_tree(const std::vector<Lanes>& lanes);
  void columns(ir::Operation& op);
  void fetch_rows(ir::Block& body, const std::string& i, const std::string& j);

  ir::Func func_;
  CKernel made_;
  Straight straight_{made_.words, true};
  std::vector<std::string> parameters_, arguments_;  // of the part that does the work
  int widest_ = 0;  // bits of the vectors that a loop asks for, where the processor has them
};

}  // namespace proa::compiler::render
