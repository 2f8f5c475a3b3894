#include "proa/compiler/emit/emit.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/compiler/loop/in_place.h"
#include "proa/compiler/loop/kernels.h"
#include "proa/compiler/render/c/contract.h"
#include "proa/compiler/render/c/convolve.h"
#include "proa/compiler/render/c/render.h"
#include "proa/compiler/sizes.h"
#include "proa/ir/caller.h"
#include "proa/ir/dialect.h"
#include "proa/ir/page.h"
#include "proa/ir/rules.h"
#include "proa/ir/symbol/compile_dims.h"
#include "proa/ir/symbol/facts.h"
#include "proa/program/refusing.h"

namespace proa::compiler {

using namespace ir;
using namespace program;

namespace {

class Emitter {
 public:
  Emitter(const Module& module, const loop::Kernels& kernels, const Sizes& sizes, Program& program,
          const render::Tilings& tilings)
      : module_(module), kernels_(kernels), sizes_(sizes), program_(program), tilings_(tilings) {}

  void run(Func func, std::span<const Dim> given, std::span<const int32_t> held) {
    symbols_.assign(given.begin(), given.end());
    program_.sources.assign(given.size(), {});
    take_arguments(func.body());
    for (int32_t input : held)
      held_.push_back(func.body().arguments()[static_cast<size_t>(input)].impl());
    block(func.body());
    finish(func.return_op());
  }

  // The body of a region: arguments, then values from outside are not allowed (isolated), and the
  // symbols are those of the parent.
  void run_region(Block& body, std::span<const Dim> symbols) {
    symbols_.assign(symbols.begin(), symbols.end());
    program_.sources.assign(symbols.size(), {});
    for (Value argument : body.arguments()) program_.inputs.push_back(slot(argument));
    block(body);
    finish(body.terminator());
  }

 private:
  void take_arguments(Block& body) {
    for (Value argument : body.arguments()) {
      program_.inputs.push_back(slot(argument));
      auto dims = argument.dims();
      for (size_t axis = 0; axis < dims.size(); ++axis) {
        if (!dims[axis].is_symbol() || known(dims[axis])) continue;
        symbols_.push_back(dims[axis]);
        program_.sources.push_back(
            {static_cast<int32_t>(program_.inputs.size() - 1), static_cast<int32_t>(axis)});
      }
    }
  }

  bool known(Dim symbol) const { return std::ranges::find(symbols_, symbol) != symbols_.end(); }

  int32_t slot(Value value) {
    auto [it, fresh] =
        slots_.try_emplace(value.impl(), static_cast<int32_t>(program_.slots.size()));
    if (fresh) {
      Slot made;
      made.dtype = value.dtype();
      for (Dim d : value.dims()) made.dims.push_back(dim(d));
      program_.slots.push_back(std::move(made));
    }
    return it->second;
  }

  int32_t dim(Dim d) {
    d = sizes_.canonical(d);
    auto [it, fresh] = dim_index_.try_emplace(d.bits(), static_cast<int32_t>(dims_.size()));
    if (fresh) dims_.push_back(d);
    return it->second;
  }

  void block(Block& body) {
    for (Operation* op = body.front(); op != nullptr; op = op->next()) {
      if (op->info().has(Trait::terminator)) continue;
      std::vector<Operation*> alike = batch_at(op);
      if (alike.size() < 2) {
        operation(*op);
      } else {
        launch_all(alike);
        op = alike.back();
      }
    }
  }

  // The launches of one batch that begin here, which the pass of that name has brought together.
  static std::vector<Operation*> batch_at(Operation* op) {
    std::vector<Operation*> members;
    Attribute number = op->is("loop.launch") ? op->attr("batch") : Attribute();
    for (; number && op != nullptr && op->is("loop.launch") && op->attr("batch") == number;
         op = op->next()) {
      members.push_back(op);
    }
    return members;
  }

  void operation(Operation& op) {
    if (op.is("prim.constant")) return constant(op);
    if (op.is("prim.call")) return call(op);
    if (op.is("loop.launch")) return launch(op);
    Instruction made;
    made.name = op.is("prim.custom_call") ? op.attr("target").as_string() : op.name();
    made.location = line_of(op.location());
    made.in = operand_slots(op);
    if (op.is("prim.barrier")) {
      for (size_t i = 0; i < op.result_count(); ++i) {
        Instruction one = made;
        one.kind = InstructionKind::alias;
        one.in = {made.in[i]};
        one.out = {slot(op.result(i))};
        program_.code.push_back(std::move(one));
      }
      return;
    }
    for (Value result : op.results()) made.out.push_back(slot(result));
    if (made.kind == InstructionKind::kernel) made.flops = flops(op, Dim(1));
    if (op.info().page != nullptr && may_refuse(op.name())) {
      made.operations = str(name_in(called_location(op, module_.context())));
    }
    if (view(op, made)) {
      made.kind = InstructionKind::view;
    } else if (op.info().has(Trait::structured)) {
      structured(op, made);
    } else if (op.is("prim.as_dim")) {
      bind(op, made);
    } else if (op.is("prim.shape_assert")) {
      made.kind = InstructionKind::assert_;
      std::string_view caller = name_in(called_location(op, module_.context()));
      made.operations =
          str(caller.substr(0, caller.find(' ')), " ", op.attr("message").as_string());
    }
    attributes(op, made);
    if (made.kind == InstructionKind::view) count_axes_from_the_front(op, made);
    program_.code.push_back(std::move(made));
  }

  // The executor takes views with axes of 0..rank-1; kernels do this for themselves.
  static void count_axes_from_the_front(Operation& op, Instruction& made) {
    size_t attr = made.view == ViewKind::broadcast ? 1 : 0;  // in the order of the page
    bool axes = made.view == ViewKind::transpose || made.view == ViewKind::broadcast ||
                made.view == ViewKind::reverse;
    if (!axes) return;
    for (auto i = made.offsets[attr]; i < made.offsets[attr + 1]; ++i) {
      int64_t& axis = made.words[static_cast<size_t>(i)];
      if (axis < 0) axis += op.result().rank();
    }
  }

  static std::string line_of(Location location) {
    bool known = location.storage() != nullptr && location.kind() != LocationKind::name;
    return known ? to_string(location) : std::string();
  }

  std::vector<int32_t> operand_slots(Operation& op) {
    std::vector<int32_t> in;
    std::vector<int64_t> segments;
    if (Attribute a = op.attr("segments")) segments.assign(a.as_ints().begin(), a.as_ints().end());
    if (segments.empty()) {
      for (Value operand : op.operands()) in.push_back(slot(operand));
      return in;
    }
    size_t flat = 0;
    for (size_t i = 0; i < segments.size(); ++i) {
      bool variadic = op.info().page && op.info().page->operands[i].variadic;
      if (segments[i] == 0 && !variadic) in.push_back(-1);
      for (int64_t k = 0; k < segments[i]; ++k) in.push_back(slot(op.operand(flat++)));
    }
    return in;
  }

  void constant(Operation& op) {
    const TensorData& data = op.attr("value").as_tensor();
    program_.constants.push_back(
        {slot(op.result()), data.dtype, data.dims, data.owner, data.bytes, data.size});
  }

  void call(Operation& op) {
    Func callee = module_.find(op.attr("callee").as_string());
    PROA_CHECK(callee, "call of an unknown function @", op.attr("callee").as_string());
    PROA_CHECK(++depth_ < 64, "functions call each other without end");
    auto outer = std::move(slots_);
    slots_.clear();
    std::vector<Value> arguments = callee.arguments();
    for (size_t i = 0; i < arguments.size(); ++i) {
      slots_[arguments[i].impl()] = outer.at(op.operand(i).impl());
    }
    block(callee.body());
    std::vector<int32_t> results;
    for (Value result : callee.results()) results.push_back(slot(result));
    slots_ = std::move(outer);
    for (size_t i = 0; i < results.size(); ++i) slots_[op.result(i).impl()] = results[i];
    --depth_;
  }

  // Of an operation as its page counts them, or of all that loops do, `times` over.
  Dim count_flops(Operation& op, Dim times) {
    Dim sum = 0;
    for (size_t r = 0; r < op.region_count(); ++r) {
      Dim inside = times;
      for (std::string_view name : {"extent", "width"}) {
        if (Attribute a = op.attr(name)) inside = inside * a.as_dim();
      }
      bool contracts = op.is("loop.contract");  // its region 1 is run for x, 2 for y
      for (std::string_view name : {"batch", r == 2 ? "n" : "m", r == 0 ? "n" : "k"}) {
        if (!contracts) break;
        for (Dim d : op.attr(name).as_dims()) inside = inside * d;
      }
      if (op.is("loop.scatter")) {  // regions of the result's elements, then of the updates
        inside = inside * op.attr("row").as_dim();
        for (std::string_view name : {"batch", r < 2 ? "axes" : "places"}) {
          for (Dim d : op.attr(name).as_dims()) inside = inside * d;
        }
      }
      if (contracts && r == 0) {
        Dim depth = inside * Dim(2);
        for (Dim d : op.attr("k").as_dims()) depth = depth * d;
        sum = sum + depth;
      }
      if (op.is("loop.reduce") || op.is("loop.columns")) sum = sum + inside;
      for (Operation& inner : op.region(r).block()) sum = sum + count_flops(inner, inside);
    }
    if (op.info().page == nullptr || op.region_count() > 0) return sum;
    std::vector<Type> operands, results;
    for (Value v : op.operands()) operands.push_back(v.type());
    for (Value v : op.results()) results.push_back(v.type());
    Cost cost(*op.info().page, op.attrs(), operands, results);
    if (op.info().page->cost != nullptr) {
      op.info().page->cost(cost);
    } else {
      for (Type type : results) cost.flops(cost.flops() + Cost::elements(type));
    }
    return sum + cost.flops() * times;
  }
  int32_t flops(Operation& op, Dim times) {
    try {
      flops_.push_back(count_flops(op, times));
    } catch (const Error&) { return -1; }  // a count beyond what sizes can say
    return static_cast<int32_t>(flops_.size() - 1);
  }
  int32_t flops_of_all(const std::vector<Operation*>& launches) {
    try {
      Dim sum = 0;
      for (Operation* op : launches) { sum = sum + count_flops(*kernels_.of(*op).op(), Dim(1)); }
      flops_.push_back(sum);
    } catch (const Error&) { return -1; }
    return static_cast<int32_t>(flops_.size() - 1);
  }
  void compile_flops() {
    std::span<const Dim> symbols(symbols_);
    if (program_.is_static) symbols = {};
    for (Dim& d : flops_) {
      SmallVector<Dim, 6> used;
      collect_symbols(d, used);
      for (Dim symbol : used) {
        if (std::ranges::find(symbols, symbol) == symbols.end()) d = 0;
      }
    }
    program_.flops = compile_dims(flops_, symbols, {}).program;
  }

  // The primitives of a kernel in their order, each once: "dot, add, tanh".
  static void collect_names(Operation& op, std::vector<std::string>& names) {
    std::string_view name = op.name();
    if (name == "loop.reduce") name = op.attr("kind").as_string();
    if (name == "loop.contract") name = "dot";
    if (name == "loop.scatter") name = "scatter";
    if (name.starts_with("prim.")) name.remove_prefix(5);
    bool told = !name.starts_with("loop.") && !name.starts_with("builtin.") && name != "constant";
    told = told && !op.info().has(Trait::terminator);
    if (told && std::ranges::find(names, name) == names.end()) names.emplace_back(name);
    for (size_t r = 0; r < op.region_count(); ++r) {
      for (Operation& inner : op.region(r).block()) collect_names(inner, names);
    }
  }
  static std::string names_of(Func loops) {
    std::vector<std::string> names;
    for (Operation& op : loops.body()) collect_names(op, names);
    constexpr size_t kShown = 6;
    bool more = names.size() > kShown;
    names.resize(std::min(names.size(), kShown));
    return str(join(names, ", "), more ? ", ..." : "");
  }

  void take_kernel(Instruction& made, render::CKernel& kernel) {
    made.kind = InstructionKind::compiled;
    made.name = kernel.name;
    made.kernel = static_cast<int32_t>(program_.kernels.size());
    program_.kernels.push_back({std::move(kernel.name), std::move(kernel.text)});
    made.offsets = {0, static_cast<int32_t>(made.words.size())};
  }

  // Constants, and arguments that mostly have the values of the call before.
  bool stays(Value value) const {
    Operation* definer = value.definer();
    return definer != nullptr ? definer->is("prim.constant")
                              : std::ranges::find(held_, value.impl()) != held_.end();
  }

  // Weights that stay are packed by an instruction of their own, which runs once (program/once.h).
  render::CKernel with_packed_weights(Operation& op, Func loops, Instruction& made) {
    Operation* conv = render::convolution_of(loops);
    Operation* reader = conv != nullptr ? conv : render::contraction_of(loops);
    std::optional<render::PackedKernel> packed;
    if (reader != nullptr && stays(op.operand(reader->operand(1).index()))) {
      packed = conv != nullptr ? render::render_packed_convolution(loops)
                               : render::render_packed_contraction(loops, tilings_);
    }
    if (!packed) return render::render_c(loops, tilings_);
    Instruction pack;
    int32_t& from = made.in[packed->weights];
    pack.in = {from};
    from = static_cast<int32_t>(program_.slots.size());
    pack.out = {from};
    program_.slots.push_back({packed->dtype, {dim(Dim(packed->elements))}});
    pack.location = made.location;
    pack.operations = "pack weights";
    for (Dim d : {packed->pack.units, packed->pack.work, packed->pack.scratch}) word(pack, d);
    for (Dim d : packed->pack.words) word(pack, d);
    take_kernel(pack, packed->pack);
    program_.code.push_back(std::move(pack));
    return std::move(packed->kernel);
  }

  // The kernel's text, and before its own words what the executor must know to cut the work.
  void launch(Operation& op) {
    Func loops = kernels_.of(op);
    Instruction made;
    made.location = line_of(op.location());
    made.in = operand_slots(op);
    render::CKernel kernel = with_packed_weights(op, loops, made);
    for (Value result : op.results()) made.out.push_back(slot(result));
    for (Dim d : {kernel.units, kernel.work, kernel.scratch}) word(made, d);
    for (Dim d : kernel.words) word(made, d);
    for (render::CKernel& rival : kernel.rivals)
      made.rivals.push_back(as_rival(made, kernel, rival));
    made.in_place = loop::in_place(loops, made.in.size());
    made.flops = flops(*loops.op(), Dim(1));
    made.operations = names_of(loops);
    take_kernel(made, kernel);
    program_.code.push_back(std::move(made));
  }

  // Words that both kernels share were found out for the first one already.
  Rival as_rival(const Instruction& own, const render::CKernel& kernel, render::CKernel& rival) {
    Instruction made;
    for (Dim d : {rival.units, rival.work, rival.scratch}) word(made, d);
    for (size_t i = 0; i < rival.words.size(); ++i) {
      if (rival.words[i] != kernel.words[i]) {
        word(made, rival.words[i]);
        continue;
      }
      auto at = static_cast<int32_t>(made.words.size());
      auto patch = std::ranges::find(own.patches, at, &std::pair<int32_t, int32_t>::first);
      if (patch != own.patches.end()) made.patches.push_back(*patch);
      made.words.push_back(own.words[made.words.size()]);
    }
    return {std::string(rival.tiling),
            {std::move(rival.name), std::move(rival.text)},
            std::move(made.words),
            std::move(made.patches)};
  }

  // Launches of one text as one instruction: see render::repeated.
  void launch_all(const std::vector<Operation*>& ops) {
    Instruction made;
    std::vector<render::CKernel> kernels;
    std::vector<Location> lines;
    Dim units = 0, work = 1, scratch = 0;
    size_t inputs = ops[0]->operand_count(), outputs = ops[0]->result_count();
    for (Operation* op : ops) {
      Func loops = kernels_.of(*op);
      auto part = static_cast<int32_t>(kernels.size());
      for (auto [in, out] : loop::in_place(loops, inputs)) {
        made.in_place.emplace_back(in + part * static_cast<int32_t>(inputs),
                                   out + part * static_cast<int32_t>(outputs));
      }
      kernels.push_back(render::render_c(loops));
      PROA_CHECK(kernels.back().name == kernels[0].name, "a batch of several kernels");
      units = units + kernels.back().units;
      work = max(work, kernels.back().work);
      scratch = max(scratch, kernels.back().scratch);
      for (Value operand : op->operands()) made.in.push_back(slot(operand));
      for (Value result : op->results()) made.out.push_back(slot(result));
      if (op->location().storage()) lines.push_back(op->location());
      made.operations = str(names_of(loops), ", ", kernels.size(), " times");
    }
    for (Dim d : {units, work, scratch}) word(made, d);
    word(made, Dim(static_cast<int64_t>(kernels.size())));
    for (const render::CKernel& kernel : kernels) word(made, kernel.units);
    for (const render::CKernel& kernel : kernels) {
      for (Dim d : kernel.words) word(made, d);
    }
    Location line = Location::fused(module_.context(), lines);
    made.location = line_of(line);
    made.flops = flops_of_all(ops);
    render::CKernel kernel = render::repeated(kernels[0], inputs, outputs);
    take_kernel(made, kernel);
    program_.code.push_back(std::move(made));
  }

  void structured(Operation& op, Instruction& made) {
    if (op.is("prim.if")) made.kind = InstructionKind::if_;
    else if (op.is("prim.while")) made.kind = InstructionKind::while_;
    else if (op.is("prim.scan_loop")) made.kind = InstructionKind::scan_loop;
    else throw InternalError(str("no instruction runs ", op.name()));
    if (made.kind == InstructionKind::scan_loop) {
      std::span<const int64_t> segments = op.attr("segments").as_ints();
      made.carries = static_cast<int32_t>(segments[0]);
      made.scanned = static_cast<int32_t>(segments[1]);
    }
    for (size_t r = 0; r < op.region_count(); ++r) {
      made.programs.push_back(std::make_shared<Program>());
      Emitter(module_, kernels_, sizes_, *made.programs.back(), tilings_)
          .run_region(op.region(r).block(), symbols_);
    }
  }

  // A gradient binds the number of a loop's steps again, where its stacks may have told it already.
  void bind(Operation& op, Instruction& made) {
    Dim symbol = op.attr("symbol").as_dim();
    auto at = std::ranges::find(symbols_, symbol);
    made.symbol = static_cast<int32_t>(at - symbols_.begin());
    if (Attribute low = op.attr("low")) made.low = low.as_int();
    if (Attribute high = op.attr("high")) made.high = high.as_int();
    if (at != symbols_.end()) {
      made.kind = InstructionKind::rebind;
      return;
    }
    made.kind = InstructionKind::bind;
    bound_.push_back(symbols_.size());
    symbols_.push_back(symbol);
    program_.sources.push_back({});
  }

  static bool view(Operation& op, Instruction& made) {
    if (op.is("prim.reshape")) made.view = ViewKind::reshape;
    else if (op.is("prim.transpose")) made.view = ViewKind::transpose;
    else if (op.is("prim.broadcast")) made.view = ViewKind::broadcast;
    else if (op.is("prim.slice")) made.view = ViewKind::slice;
    else if (op.is("prim.reverse")) made.view = ViewKind::reverse;
    else return false;
    return true;
  }

  void word(Instruction& made, Dim d) {
    if (auto value = module_.facts().canonical(d).as_const()) {
      made.words.push_back(*value);
    } else {
      made.patches.emplace_back(static_cast<int32_t>(made.words.size()), dim(d));
      made.words.push_back(0);
    }
  }

  // See AttrWords for the form.
  void attributes(Operation& op, Instruction& made) {
    made.offsets.push_back(0);
    if (!op.info().page) return;
    for (const AttrSpec& spec : op.info().page->attrs) {
      Attribute a = op.attr(spec.name);
      if (a) {
        attribute(a, spec, made);
      } else {
        fallback(spec, made);
      }
      made.offsets.push_back(static_cast<int32_t>(made.words.size()));
    }
  }

  void attribute(Attribute a, const AttrSpec& spec, Instruction& made) {
    auto& words = made.words;
    switch (a.kind()) {
      case AttrKind::boolean: words.push_back(a.as_bool()); break;
      case AttrKind::integer:
        words.push_back(spec.form == AttrForm::real
                            ? std::bit_cast<int64_t>(static_cast<double>(a.as_int()))
                            : a.as_int());
        break;
      case AttrKind::real: words.push_back(std::bit_cast<int64_t>(a.as_real())); break;
      case AttrKind::dtype: words.push_back(static_cast<int64_t>(a.as_dtype())); break;
      case AttrKind::string: words.push_back(choice(spec, a.as_string())); break;
      case AttrKind::ints: words.insert(words.end(), a.as_ints().begin(), a.as_ints().end()); break;
      case AttrKind::reals:
        for (double r : a.as_reals()) words.push_back(std::bit_cast<int64_t>(r));
        break;
      case AttrKind::dim: word(made, a.as_dim()); break;
      case AttrKind::dims:
        for (Dim d : a.as_dims()) word(made, d);
        break;
      default: break;  // tensors, types and names are no business of kernels
    }
  }

  static int64_t choice(const AttrSpec& spec, std::string_view text) {
    for (size_t i = 0; i < spec.choices.size(); ++i) {
      if (spec.choices[i] == text) return static_cast<int64_t>(i);
    }
    return -1;
  }

  static void fallback(const AttrSpec& spec, Instruction& made) {
    const Literal& value = spec.value;
    switch (value.kind) {
      case Literal::Kind::boolean:
      case Literal::Kind::dtype: made.words.push_back(value.integer); break;
      case Literal::Kind::integer:
        made.words.push_back(spec.form == AttrForm::real
                                 ? std::bit_cast<int64_t>(static_cast<double>(value.integer))
                                 : value.integer);
        break;
      case Literal::Kind::real: made.words.push_back(std::bit_cast<int64_t>(value.real)); break;
      case Literal::Kind::text: made.words.push_back(choice(spec, value.text)); break;
      case Literal::Kind::ints:
        made.words.insert(made.words.end(), value.ints.begin(), value.ints.end());
        break;
      case Literal::Kind::reals:
        for (double r : value.reals) made.words.push_back(std::bit_cast<int64_t>(r));
        break;
      case Literal::Kind::none:
      case Literal::Kind::required: break;
    }
  }

  void finish(Operation* terminator) {
    for (Value result : terminator->operands()) program_.outputs.push_back(slot(result));
    release_lists();
    for (Dim symbol : symbols_) program_.symbols.emplace_back(symbol.name());
    program_.is_static = std::ranges::all_of(dims_, [](Dim d) { return d.is_const(); }) &&
                         module_.facts().guards().empty();
    compile_flops();
    if (program_.is_static) {
      for (Dim d : dims_) program_.dims.push_back(d.constant());
      return;
    }
    // A dim with a symbol that no argument gives and no instruction binds cannot be computed.
    for (Dim d : dims_) {
      SmallVector<Dim, 6> used;
      collect_symbols(d, used);
      for (Dim symbol : used) {
        PROA_CHECK(known(symbol), "the size ", to_string(symbol), " has no source");
      }
    }
    bound_.push_back(symbols_.size());
    for (size_t count : bound_) program_.stages.push_back(stage(count));
  }

  // The dim table as far as the first `count` symbols give it; the rest is zero until a later
  // stage.
  Program::Stage stage(size_t count) const {
    std::span<const Dim> symbols(symbols_.data(), count);
    auto computable = [&](Dim d) {
      SmallVector<Dim, 6> used;
      collect_symbols(d, used);
      return std::ranges::all_of(
          used, [&](Dim s) { return std::ranges::find(symbols, s) != symbols.end(); });
    };
    std::vector<Dim> dims = dims_;
    for (Dim& d : dims) {
      if (!computable(d)) d = 0;
    }
    std::vector<Guard> guards;
    for (const Guard& guard : module_.facts().guards()) {
      if (computable(guard.a) && computable(guard.b)) guards.push_back(guard);
    }
    CompiledDims compiled = compile_dims(dims, symbols, guards);
    Program::Stage made;
    made.dims = std::move(compiled.program);
    for (const Guard& guard : compiled.checks) {
      made.guards.push_back(guard.message.empty() ? str("the sizes must satisfy ", to_string(guard))
                                                  : guard.message);
    }
    return made;
  }

  // Each slot is released after its last reader, but for inputs, outputs and constants.
  void release_lists() {
    std::vector<bool> held(program_.slots.size());
    for (int32_t s : program_.inputs) held[static_cast<size_t>(s)] = true;
    for (int32_t s : program_.outputs) held[static_cast<size_t>(s)] = true;
    for (const Constant& c : program_.constants) held[static_cast<size_t>(c.slot)] = true;
    for (auto it = program_.code.rbegin(); it != program_.code.rend(); ++it) {
      for (auto* list : {&it->in, &it->out}) {
        for (int32_t s : *list) {
          if (s < 0 || held[static_cast<size_t>(s)]) continue;
          held[static_cast<size_t>(s)] = true;
          it->release.push_back(s);
        }
      }
    }
  }

  const Module& module_;
  const loop::Kernels& kernels_;
  const Sizes& sizes_;
  Program& program_;
  const render::Tilings& tilings_;
  std::vector<Dim> symbols_, dims_, flops_;
  std::vector<const ValueImpl*> held_;  // arguments; see program::Terms
  std::unordered_map<const ValueImpl*, int32_t> slots_;
  std::unordered_map<uint64_t, int32_t> dim_index_;
  std::vector<size_t> bound_;  // symbols known before each bind
  int depth_ = 0;
};

}  // namespace

std::shared_ptr<Program> emit(const Module& module, Func func, std::span<const Dim> symbols,
                              std::span<const int32_t> held, const render::Tilings& tilings) {
  auto program = std::make_shared<Program>();
  Sizes sizes(module);
  Emitter(module, loop::Kernels(module), sizes, *program, tilings).run(func, symbols, held);
  return program;
}

}  // namespace proa::compiler
