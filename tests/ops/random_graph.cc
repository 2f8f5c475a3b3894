#include "random_graph.h"

#include <algorithm>

#include "cases.h"
#include "proa/base/error.h"
#include "proa/eager/call.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ops/expr.h"

namespace proa::test {

namespace {

struct Step {
  const ir::OpInfo* info;
  ir::Sample sample;
};

// Pages whose results depend on values in their shape, whose errors depend on values (a matrix that
// is singular), or which draw numbers: their operands are not what a graph happens to give.
bool fit(const ir::OpInfo& info) {
  if (!info.page || !info.page->samples || info.has(ir::Trait::structured)) return false;
  if (info.page->effects != ir::Effects::none) return false;
  return (info.page->faces & ir::kLinalg) == 0;
}

const std::vector<Step>& steps_of_pages() {
  static const auto* steps = [] {
    auto* list = new std::vector<Step>();
    for (const ir::OpInfo& info : eager::context().find_dialect("tensor")->ops()) {
      if (!fit(info)) continue;
      ir::SampleList samples;
      info.page->samples(samples);
      for (const ir::Sample& sample : samples.legal()) list->push_back({&info, sample});
    }
    return list;
  }();
  return *steps;
}

// Values of any kind may stand in the place of these.
bool free(const ir::Arg& arg) {
  return !arg.dtype && !arg.number && arg.fill != ir::Fill::index && arg.fill != ir::Fill::values &&
         arg.fill != ir::Fill::spd;
}

class Maker {
 public:
  Maker(RandomGraph& graph, Random& random)
      : graph_(graph),
        random_(random),
        func_(graph.module.add_func("main", {})),
        builder_(graph.module, func_.body()) {}

  void step() {
    const auto& steps = steps_of_pages();
    const Step& step = steps[random_() % steps.size()];
    const ir::Page& page = *step.info->page;
    std::vector<DType> dtypes = dtypes_under_test(page, step.sample.operands);
    DType dtype = dtypes[random_() % dtypes.size()];
    if (contains(kFloat8Set, dtype)) return;
    ir::Module scratch(graph_.module.context());
    Case c =
        make_case(graph_.module.context(), page, step.sample.operands, step.sample.attrs, dtype);
    c.segments.resize(page.operands.size());
    try {
      infer(*step.info, c.attrs, c.operands, c.segments, scratch.facts(), DType::f32,
            graph_.module.context());
    } catch (const UserError&) { return; }  // a dtype that the attributes refuse
    std::vector<ir::Value> operands;
    for (const auto& list : step.sample.operands) {
      for (const ir::Arg& arg : list) operands.push_back(operand(arg, arg.dtype.value_or(dtype)));
    }
    ir::Operation* op = builder_.create(*step.info, operands, c.attrs, c.segments);
    for (ir::Value result : op->results()) {
      if (result.type().is_tensor() && result.type().is_static()) values_.push_back(result);
    }
  }

  // Returns what nobody reads, and now and then a value that is read too.
  void finish() {
    std::vector<ir::Value> results;
    for (ir::Value v : values_) {
      if (v.unused() || random_() % 8 == 0) results.push_back(v);
    }
    builder_.create_return(results);
  }

 private:
  ir::Value operand(const ir::Arg& arg, DType dtype) {
    if (free(arg) && random_() % 4 != 0) {
      if (ir::Value v = made(arg, dtype)) return v;
    }
    Array values = make_values(arg, dtype, random_);
    std::vector<ir::Dim> dims(arg.dims.begin(), arg.dims.end());
    ir::Value argument =
        func_.body().add_argument(ir::Type::tensor(builder_.context(), dtype, dims));
    graph_.inputs.push_back(values);
    values_.push_back(argument);
    return argument;
  }

  // An earlier value brought to the shape and dtype that is due.
  ir::Value made(const ir::Arg& arg, DType dtype) {
    int64_t count = 1;
    for (int64_t n : arg.dims) count *= n;
    for (int attempt = 0; attempt < 8 && !values_.empty(); ++attempt) {
      ir::Value v = values_[values_.size() - 1 - random_() % std::min<size_t>(values_.size(), 12)];
      if (is_complex(v.dtype()) != is_complex(dtype) || contains(kFloat8Set, v.dtype())) continue;
      int64_t have = ir::product(v.dims()).constant();
      if (have < count) continue;
      ir::Expr x{v, &builder_};
      std::vector<ir::Dim> dims(arg.dims.begin(), arg.dims.end());
      if (!std::ranges::equal(x.dims(), dims)) {
        ir::Dim flat(have);
        x = ops::reshape(x, {&flat, 1});
        if (have != count) x = ops::slice_axis(x, 0, 0, count);
        x = ops::reshape(x, dims);
      }
      return ops::cast(x, dtype).value;
    }
    return {};
  }

  RandomGraph& graph_;
  Random& random_;
  ir::Func func_;
  ir::Builder builder_;
  std::vector<ir::Value> values_;
};

}  // namespace

RandomGraph random_graph(Random& random, int steps) {
  RandomGraph graph{ir::Module(eager::context()), {}};
  Maker maker(graph, random);
  for (int i = 0; i < steps; ++i) maker.step();
  maker.finish();
  return graph;
}

}  // namespace proa::test
