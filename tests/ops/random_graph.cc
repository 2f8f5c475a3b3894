#include "random_graph.h"

#include <algorithm>

#include "cases.h"
#include "proa/base/error.h"
#include "proa/eager/call.h"
#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ops/control.h"
#include "proa/ops/expr.h"

namespace proa::test {

namespace {

using ops::operator+;
using ops::operator-;
using ops::operator*;

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
    if (random_() % 8 == 0) return control();
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

  // A branch or a loop around a few primitives over one shape.
  void control() {
    constexpr DType kDTypes[] = {DType::f32, DType::f64, DType::bf16, DType::f16};
    ir::Arg arg = ir::T(random_() % 2 == 0 ? std::vector<int64_t>{3, 4} : std::vector<int64_t>{5});
    DType dtype = kDTypes[random_() % 4];
    ir::Expr x{operand(arg, dtype), &builder_}, y{operand(arg, dtype), &builder_};
    ir::Expr inputs[] = {x, y};
    uint64_t choice = random_();
    auto body = [&](ir::Builder&, std::span<const ir::Expr> in) {
      return std::vector<ir::Expr>{mixed(choice, in[0], in[1])};
    };
    std::vector<ir::Expr> made;
    switch (random_() % 3) {
      case 0: {
        ir::Expr condition{operand(ir::T(DType::boolean, {}), DType::boolean), &builder_};
        auto other = [&](ir::Builder&, std::span<const ir::Expr> in) {
          return std::vector<ir::Expr>{mixed(choice / 7, in[1], in[0])};
        };
        made = ops::if_(condition, inputs, body, other);
        break;
      }
      case 1: {
        ir::Expr carries[] = {ops::constant(builder_, DType::i64, 0), x};
        auto limit = static_cast<double>(random_() % 4);
        made = ops::while_loop(
            builder_, carries, {&y, 1},
            [&](ir::Builder&, std::span<const ir::Expr> in) {
              return std::vector<ir::Expr>{ops::compare("lt", in[0], limit)};
            },
            [&](ir::Builder&, std::span<const ir::Expr> in) {
              return std::vector<ir::Expr>{in[0] + 1, mixed(choice, in[1], in[2])};
            });
        made.erase(made.begin());
        break;
      }
      default:
        made = ops::scan_loop(
            builder_, ir::Dim(static_cast<int64_t>(random_() % 4)), {&x, 1}, {}, {&y, 1},
            [&](ir::Builder&, std::span<const ir::Expr> in) {  // step, carry, constant
              ir::Expr next = mixed(choice, in[1], in[2]);
              return std::vector<ir::Expr>{next, next * 0.5};
            },
            random_() % 2 == 0);
    }
    for (ir::Expr e : made) values_.push_back(e.value);
  }

  static ir::Expr mixed(uint64_t choice, ir::Expr a, ir::Expr b) {
    ir::Expr first = choice % 3 == 0   ? a * b
                     : choice % 3 == 1 ? ops::tanh(a) + b
                                       : ops::maximum(a, b) - a * 0.5;
    int last[] = {a.rank() - 1};
    if (choice / 3 % 3 == 0)
      return first * ops::broadcast_in(ops::reduce("sum", first, last), a.dims(), leading(a));
    return choice / 3 % 3 == 1 ? ops::tanh(first) : first;
  }
  static std::vector<int> leading(ir::Expr a) {
    std::vector<int> axes;
    for (int i = 0; i + 1 < a.rank(); ++i) axes.push_back(i);
    return axes;
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

// What results need, where `cut` are arguments whose values are known.
RandomGraph copied(const RandomGraph& graph, const std::vector<ir::Value>& results,
                   const std::vector<std::pair<ir::Value, Array>>& cut) {
  ir::Func from = graph.module.main();
  std::vector<ir::Operation*> needed;
  std::vector<ir::Value> open(results.begin(), results.end()), arguments;
  auto is_cut = [&](ir::Value v) {
    return std::ranges::any_of(cut, [&](const auto& c) { return c.first == v; });
  };
  while (!open.empty()) {
    ir::Value v = open.back();
    open.pop_back();
    if (is_cut(v) || v.definer() == nullptr) {
      if (std::ranges::find(arguments, v) == arguments.end()) arguments.push_back(v);
      continue;
    }
    if (std::ranges::find(needed, v.definer()) != needed.end()) continue;
    needed.push_back(v.definer());
    for (ir::Value operand : v.definer()->operands()) open.push_back(operand);
  }
  std::ranges::sort(needed, [](ir::Operation* a, ir::Operation* b) { return a->is_before(b); });
  RandomGraph made{ir::Module(graph.module.context()), {}};
  std::vector<ir::Type> types;
  for (ir::Value v : arguments) types.push_back(v.type());
  ir::Func func = made.module.add_func("main", types);
  ir::ValueMap map;
  std::vector<ir::Value> own = from.arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    map.set(arguments[i], func.arguments()[i]);
    auto at = std::ranges::find(own, arguments[i]);
    if (at != own.end()) {
      made.inputs.push_back(graph.inputs[static_cast<size_t>(at - own.begin())]);
      continue;
    }
    for (const auto& [value, array] : cut) {
      if (value == arguments[i]) made.inputs.push_back(array);
    }
  }
  for (ir::Operation* op : needed) func.body().append(ir::clone(*op, map));
  std::vector<ir::Value> returned;
  for (ir::Value v : results) returned.push_back(map.at(v));
  ir::Builder(made.module, func.body()).create_return(returned);
  return made;
}

// Operations first, then results.
std::pair<size_t, size_t> size(const RandomGraph& graph) {
  size_t operations = 0;
  for (ir::Operation& op : graph.module.main().body())
    operations += !op.info().has(ir::Trait::terminator);
  return {operations, graph.module.main().results().size()};
}

std::vector<ir::Value> all_values(const RandomGraph& graph) {
  std::vector<ir::Value> values;
  for (ir::Operation& op : graph.module.main().body()) {
    if (op.info().has(ir::Trait::terminator)) continue;
    for (ir::Value v : op.results()) values.push_back(v);
  }
  return values;
}

}  // namespace

std::optional<SymbolicGraph> symbolic_form(const RandomGraph& graph) {
  ir::Context& context = graph.module.context();
  SymbolicGraph made{ir::Module(context), {}, {}};
  ir::Func from = graph.module.main();
  std::vector<ir::Type> types;
  for (ir::Type type : from.argument_types()) {
    std::vector<ir::Dim> dims;
    for (ir::Dim d : type.dims()) {
      int64_t n = d.constant();
      dims.push_back(n > 1 ? context.symbols().symbol(str("n", n)) : d);
      if (n < 2 || std::ranges::find(made.sizes, n) != made.sizes.end()) continue;
      made.symbols.push_back(dims.back());
      made.sizes.push_back(n);
    }
    types.push_back(type.with_dims(dims));
  }
  if (made.symbols.empty()) return std::nullopt;
  ir::Func func = made.module.add_func("main", types);
  ir::Builder builder(made.module, func.body());
  ir::ValueMap map;
  for (size_t i = 0; i < types.size(); ++i) map.set(from.arguments()[i], func.arguments()[i]);
  try {
    for (ir::Operation& op : from.body()) {
      if (op.info().has(ir::Trait::terminator)) continue;
      if (op.region_count() != 0) return std::nullopt;
      std::vector<ir::Value> operands;
      for (ir::Value v : op.operands()) operands.push_back(map.at(v));
      ir::AttrList attrs;
      for (const ir::NamedAttr& item : op.attrs().items()) {
        if (item.name.view() != "segments") attrs.set(item.name, item.value());
      }
      ir::Operation* copy = builder.create(op.info(), operands, attrs, ir::segments_of(op));
      for (size_t i = 0; i < op.result_count(); ++i) map.set(op.result(i), copy->result(i));
    }
  } catch (const ir::NeedStatic&) { return std::nullopt; } catch (const UserError&) {
    return std::nullopt;  // what numbers prove and symbols cannot
  }
  std::vector<ir::Value> results;
  for (ir::Value v : from.results()) results.push_back(map.at(v));
  builder.create_return(results);
  return made;
}

RandomGraph reduced(const RandomGraph& graph, FunctionRef<bool(const RandomGraph&)> fails) {
  RandomGraph best = copied(graph, graph.module.main().results(), {});
  if (!fails(best)) return best;
  for (bool smaller = true; smaller;) {
    smaller = false;
    auto take = [&](RandomGraph next) {
      if (size(next) >= size(best) || !fails(next)) return false;
      best = std::move(next);
      return smaller = true;
    };
    std::vector<ir::Value> results = best.module.main().results();
    for (size_t i = 0; i < results.size() && results.size() > 1; ++i) {
      std::vector<ir::Value> fewer = results;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (take(copied(best, fewer, {}))) break;
    }
    if (smaller) continue;
    // Everything that is computed, and what a graph without one of these values gives.
    std::vector<ir::Value> values = all_values(best);
    RandomGraph open = copied(best, values, {});
    ir::Module plain = after(open.module, "decompose");
    std::vector<Array> arrays = run(plain, plain.main(), open.inputs);
    for (size_t i = values.size(); i-- > 0 && !smaller;) {
      if (std::ranges::find(results, values[i]) != results.end()) continue;
      (void)take(copied(best, results, {{values[i], arrays[i]}}));
    }
    for (size_t i = 0; i < values.size() && !smaller; ++i) {  // or a result that comes earlier
      if (std::ranges::find(results, values[i]) == results.end())
        (void)take(copied(best, {values[i]}, {}));
    }
  }
  return best;
}

RandomGraph random_graph(Random& random, int steps) {
  RandomGraph graph{ir::Module(eager::context()), {}};
  Maker maker(graph, random);
  for (int i = 0; i < steps; ++i) maker.step();
  maker.finish();
  return graph;
}

}  // namespace proa::test
