// Traced operators: pages whose rules are not C++ but graphs, traced from a function over tensors.
// Why: an operator defined in Python becomes PIR when it is registered, so that shapes, gradients,
// passes and worker threads read its graph and never call Python.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "proa/eager/capture.h"
#include "proa/ir/page.h"
#include "proa/ir/samples.h"

namespace proa::eager {

// The function to be traced: operands of one call in the page's order, variadic ones flattened by
// segments, to results. A backward gets operands, results and cotangents, and gives one cotangent
// for each operand, undefined where there is none.
using TracedFunction = std::function<std::vector<Tensor>(
    std::span<const Tensor> values, const ir::AttrList& attrs, std::span<const int64_t> segments)>;

// Graphs are kept by dtypes, ranks, extents of 1, attributes and default float. One that needs
// extents as numbers is kept by all extents.
class TracedPage : public ir::Page {
 public:
  // `fields` without rules; its texts are copied. An empty backward: by decomposition, unless
  // fields.vjp says that there is none.
  TracedPage(ir::Page fields, TracedFunction forward, TracedFunction backward,
             Capture::Locate locate, ir::SampleList samples);
  ~TracedPage();

  size_t graphs() const;  // traced so far
  const ir::SampleList& own_samples() const { return samples_; }

  struct Form;   // what one graph is good for
  struct Graph;  // a function, and its backward
  // The graph for operands of these types (cast to where they meet); traced now if a TraceScope is
  // open, else a UserError(not_supported). Throws NeedStatic where only extents as numbers will do.
  const Graph& graph(std::span<const ir::Type> operands, const ir::AttrList& attrs,
                     std::span<const int64_t> segments, ir::Context& context) const;

 private:
  std::string_view text(std::string_view from);
  void keep(const ir::SampleList& samples);
  std::unique_ptr<Graph> trace(const Form& form, ir::Context& context) const;

  std::deque<std::string> texts_;
  TracedFunction forward_, backward_;
  Capture::Locate locate_;
  ir::SampleList samples_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Graph>> graphs_;
};

bool is_traced(const ir::Page& page);
// The samples of any page, traced or not.
ir::SampleList samples_of(const ir::Page& page);

// While one is open on a thread, forms not met before are traced; else they are refused. The door,
// and whoever builds IR from Python, open one: no pass does.
class TraceScope {
 public:
  TraceScope();
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;

 private:
  bool before_;
};

// Adds `page` to a dialect of the process's context, made if need be, after tracing each sample in
// every dtype in which it is legal. A sample that is legal in none is that error.
const ir::OpInfo& add_traced(std::string_view dialect, std::shared_ptr<const TracedPage> page);

}  // namespace proa::eager
