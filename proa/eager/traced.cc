#include "proa/eager/traced.h"

#include <algorithm>

#include "proa/base/error.h"
#include "proa/ir/dialect.h"
#include "proa/ir/rules.h"
#include "proa/ops/expr.h"

namespace proa::eager {

using namespace ir;

namespace {

thread_local bool may_trace = false;

const TracedPage& traced(const Page& page) { return static_cast<const TracedPage&>(page); }

std::vector<Type> types_of(std::span<const Value> values) {
  std::vector<Type> types;
  for (Value value : values) types.push_back(value.type());
  return types;
}

// Copies the body of `graph` to the builder's place, for arguments that may have other sizes:
// every operation is made anew by its page, so that shapes and guards are those of the arguments.
std::vector<Value> replay(const Func& graph, std::span<const Value> arguments, Builder& builder) {
  std::vector<std::pair<Dim, Dim>> sizes;
  ValueMap map;
  std::vector<Value> inner = graph.arguments();
  for (size_t i = 0; i < inner.size(); ++i) {
    map.set(inner[i], arguments[i]);
    for (size_t a = 0; a < inner[i].dims().size(); ++a) {
      if (!inner[i].dims()[a].is_const())
        sizes.emplace_back(inner[i].dims()[a], arguments[i].dims()[a]);
    }
  }
  Context& context = builder.context();
  DimMap to_actual = [&](Dim symbol) {
    for (auto& [from, to] : sizes) {
      if (from == symbol) return to;
    }
    return symbol;
  };
  auto actual = [&](Attribute attr) {
    if (attr.is(AttrKind::dim))
      return Attribute::dim(context, substitute(attr.as_dim(), to_actual));
    if (!attr.is(AttrKind::dims)) return attr;
    std::vector<Dim> dims = attr.as_dims();
    for (Dim& dim : dims) dim = substitute(dim, to_actual);
    return Attribute::dims(context, dims);
  };
  Location here = builder.location();
  std::vector<Value> results;
  for (const Operation& op : graph.body()) {
    std::vector<Value> operands;
    for (Value operand : op.operands()) operands.push_back(map.at(operand));
    if (op.info().has(Trait::terminator)) {
      results = std::move(operands);
      break;
    }
    AttrList attrs;
    for (const NamedAttr& attr : op.attrs().items()) {
      if (attr.name.view() != "segments") attrs.set(attr.name, actual(attr.value()));
    }
    Location parts[] = {here, op.location()};
    builder.set_location(Location::fused(context, parts));
    Operation* made = builder.create(op.info(), operands, std::move(attrs), segments_of(op));
    for (size_t i = 0; i < made->result_count(); ++i) map.set(op.result(i), made->result(i));
  }
  builder.set_location(here);
  return results;
}

}  // namespace

TraceScope::TraceScope() : before_(std::exchange(may_trace, true)) {}
TraceScope::~TraceScope() { may_trace = before_; }

struct TracedPage::Form {
  std::vector<Type> types;  // with symbols, or with extents where `by_extents`
  AttrList attrs;
  std::vector<int64_t> segments;
  DType default_float;
  bool by_extents = false;

  bool operator==(const Form& other) const {
    return types == other.types && segments == other.segments &&
           default_float == other.default_float && by_extents == other.by_extents &&
           attrs == other.attrs;
  }
};

struct TracedPage::Graph {
  Form form;
  std::unique_ptr<Module> forward;   // null: extents are needed as numbers
  std::unique_ptr<Module> backward;  // operands, results, cotangents to `gives`
  std::vector<int> gives;            // operands that get a cotangent
  std::string needs;                 // why extents are needed
};

namespace {

// Each operand where it meets the others, as expand() casts it.
std::vector<Type> met_types(const Page& page, std::span<const Type> types,
                            std::span<const int64_t> segments, DType default_float) {
  std::vector<Type> met(types.begin(), types.end());
  if (page.dtypes.meet != DTypeRule::Meet::promote &&
      page.dtypes.meet != DTypeRule::Meet::promote_float)
    return met;
  std::vector<size_t> which;
  size_t flat = 0;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    for (int64_t k = 0; k < segments[i]; ++k, ++flat) {
      if (page.operands[i].meets) which.push_back(flat);
    }
  }
  if (which.empty()) return met;
  DType dtype = types[which[0]].dtype();
  for (size_t i : which) dtype = promote(dtype, types[i].dtype());
  if (page.dtypes.meet == DTypeRule::Meet::promote_float && !is_inexact(dtype))
    dtype = default_float;
  for (size_t i : which) met[i] = met[i].with_dtype(dtype);
  return met;
}

void traced_shape(Infer& op) {
  const TracedPage& page = traced(op.page());
  std::vector<Type> types;
  std::vector<int64_t> segments;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    int n = op.count(static_cast<int>(i));
    segments.push_back(n);
    for (int k = 0; k < n; ++k) {
      Type type = op.type(static_cast<int>(i), k);
      if (!type.is_tensor()) {
        op.fail(ErrorKind::type, page.operands[i].name,
                str("expected a tensor, got ", to_string(type)));
      }
      types.push_back(type);
    }
  }
  types = met_types(page, types, segments, op.default_float());
  const TracedPage::Graph& graph = page.graph(types, op.attrs(), segments, op.context());
  Module scratch(op.context());
  scratch.facts() = op.facts();
  Func func = scratch.add_func("body", types);
  Builder builder(scratch, func.body());
  std::vector<Value> arguments = func.arguments();
  for (Value result : replay(graph.forward->main(), arguments, builder)) op.result(result.type());
  op.facts() = scratch.facts();
}

void traced_decompose(Decompose& op) {
  const TracedPage& page = traced(op.page());
  std::vector<Value> operands;
  std::vector<int64_t> segments;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    segments.push_back(op.count(static_cast<int>(i)));
    for (Expr e : op.ins(static_cast<int>(i))) operands.push_back(e.value);
  }
  Builder& builder = op.builder();
  const TracedPage::Graph& graph =
      page.graph(types_of(operands), op.attrs(), segments, builder.context());
  for (Value result : replay(graph.forward->main(), operands, builder)) op.out({result, &builder});
}

void traced_backward(Vjp& op) {
  const TracedPage& page = traced(op.page());
  Builder& builder = op.builder();
  std::vector<Value> values;
  std::vector<Type> types;
  std::vector<int64_t> segments;
  for (size_t i = 0; i < page.operands.size(); ++i) {
    segments.push_back(op.count(static_cast<int>(i)));
    for (Expr e : op.ins(static_cast<int>(i))) {
      values.push_back(e.value);
      types.push_back(e.value.type());
    }
  }
  types = met_types(page, types, segments, builder.context().default_float());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = ops::cast({values[i], &builder}, types[i].dtype()).value;
  const TracedPage::Graph& graph = page.graph(types, op.attrs(), segments, builder.context());
  auto count = static_cast<int>(op.result_count());
  for (int k = 0; k < count; ++k) values.push_back(op.result(k).value);
  for (int k = 0; k < count; ++k) {
    values.push_back(op.has_cotangent(k) ? op.cotangent(k).value
                                         : ops::zeros_like(op.result(k)).value);
  }
  std::vector<Value> made = replay(graph.backward->main(), values, builder);
  for (size_t g = 0; g < made.size(); ++g) {
    int flat = graph.gives[g];
    for (int i = 0; i < static_cast<int>(segments.size()); ++i) {
      auto n = static_cast<int>(segments[static_cast<size_t>(i)]);
      if (flat < n) {
        op.set(i, flat, {made[g], &builder});
        break;
      }
      flat -= n;
    }
  }
}

std::string types_text(std::span<const Type> types) {
  std::vector<std::string> texts;
  for (Type type : types) texts.push_back(to_string(type));
  return texts.empty() ? "(none)" : join(texts, ", ");
}

// What a graph may hold: operations by page, without regions, whose sizes follow from the operands.
void check_graph(const Page& page, const Func& func) {
  SmallVector<Dim, 6> known, used;
  for (Value argument : func.arguments()) {
    for (Dim dim : argument.dims()) collect_symbols(dim, known);
  }
  for (const Operation& op : func.body()) {
    if (op.region_count() != 0) {
      throw UserError(ErrorKind::not_supported, page.name, "",
                      str(op.name(), " has a body of its own and cannot be traced (",
                          to_string(op.location()), ")"));
    }
    used.clear();
    for (Value result : op.results()) {
      if (!result.type().is_tensor()) continue;
      for (Dim dim : result.dims()) collect_symbols(dim, used);
    }
    for (Dim symbol : used) {
      if (std::ranges::find(known, symbol) == known.end()) {
        throw UserError(ErrorKind::not_supported, page.name, "",
                        str("the sizes of ", op.name(), " depend on values and cannot be traced (",
                            to_string(op.location()), ")"));
      }
    }
  }
}

// Runs `function` on tensors that stand for `types`, into a new module's main.
std::unique_ptr<Module> run(const Page& page, const TracedFunction& function,
                            std::span<const Type> types, const AttrList& attrs,
                            std::span<const int64_t> segments, Capture::Locate locate,
                            Context& context, std::vector<int>* gives) {
  auto module = std::make_unique<Module>(context);
  Func func = module->add_func("main", types);
  {
    NoGrad no_grad;
    Capture capture(*module, func.body(), locate);
    std::vector<Tensor> arguments;
    for (Value argument : func.arguments()) arguments.push_back(capture.tensor(argument));
    std::vector<Tensor> results = function(arguments, attrs, segments);
    std::vector<Value> values;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!results[i]) {
        PROA_CHECK(gives != nullptr, page.name, " gave no result");
        continue;
      }
      values.push_back(capture.value(results[i], page.name, "result"));
      if (gives != nullptr) gives->push_back(static_cast<int>(i));
    }
    capture.builder().create_return(values);
  }
  check_graph(page, func);
  return module;
}

// A cotangent may have more leading axes than its operand, and other sizes where the operand has 1:
// autodiff adds them up. Nothing else.
void check_cotangents(const Page& page, const Module& backward, std::span<const int> gives) {
  Func func = backward.main();
  std::vector<Value> results = func.results();
  for (size_t g = 0; g < gives.size(); ++g) {
    Type given = results[g].type(), wanted = func.argument_types()[static_cast<size_t>(gives[g])];
    bool fits = given.rank() >= wanted.rank() && is_inexact(given.dtype());
    for (int a = 1; fits && a <= wanted.rank(); ++a) {
      Dim have = given.dims()[static_cast<size_t>(given.rank() - a)],
          want = wanted.dims()[static_cast<size_t>(wanted.rank() - a)];
      fits = want.is_const(1) || backward.facts().prove_eq(have, want) != Truth::no;
    }
    if (!fits) {
      throw UserError(ErrorKind::shape, page.name, "vjp",
                      str("the cotangent of operand ", gives[g], ", ", to_string(wanted),
                          ", came as ", to_string(given)));
    }
  }
}

}  // namespace

TracedPage::TracedPage(Page fields, TracedFunction forward, TracedFunction backward,
                       Capture::Locate locate, SampleList given_samples)
    : Page(std::move(fields)),
      forward_(std::move(forward)),
      backward_(std::move(backward)),
      locate_(locate) {
  auto own = [this](std::string_view& from) { from = text(from); };
  auto own_all = [&](std::vector<std::string_view>& list) { std::ranges::for_each(list, own); };
  own(name);
  own_all(aliases);
  own(doc);
  own(signature);
  own(sharding);
  own_all(result_names);
  for (OperandSpec& spec : operands) {
    own(spec.name);
    own_all(spec.aliases);
  }
  for (AttrSpec& spec : attrs) {
    own(spec.name);
    own_all(spec.aliases);
    own(spec.value.text);
    own_all(spec.choices);
  }
  own(vjp.reason);
  keep(given_samples);
  shape = traced_shape;
  decompose = traced_decompose;
  if (backward_) {
    vjp = {.backward = traced_backward};
  } else if (vjp.reason.empty()) {
    vjp = by_decomposition();
  }
}

TracedPage::~TracedPage() = default;

std::string_view TracedPage::text(std::string_view from) { return texts_.emplace_back(from); }

void TracedPage::keep(const SampleList& given) {
  auto own_attrs = [this](SampleAttrs attrs) {
    for (auto& [attr, value] : attrs) {
      attr = text(attr);
      value.text = text(value.text);
    }
    return attrs;
  };
  for (const Sample& sample : given.legal())
    samples_.ok_list(sample.operands, own_attrs(sample.attrs)).gradient = sample.gradient;
  for (const WrongSample& sample : given.wrong())
    samples_.wrong_list(sample.operands, own_attrs(sample.attrs), sample.kind, text(sample.says));
}

bool is_traced(const Page& page) { return page.decompose == traced_decompose; }

SampleList samples_of(const Page& page) {
  if (is_traced(page)) return traced(page).own_samples();
  SampleList samples;
  if (page.samples != nullptr) page.samples(samples);
  return samples;
}

size_t TracedPage::graphs() const {
  std::lock_guard lock(mutex_);
  return graphs_.size();
}

const TracedPage::Graph& TracedPage::graph(std::span<const Type> operands, const AttrList& attrs,
                                           std::span<const int64_t> segments,
                                           Context& context) const {
  Form form;
  form.attrs = attrs;
  form.attrs.set(context.name("segments"), {});
  form.segments.assign(segments.begin(), segments.end());
  form.default_float = context.default_float();
  bool sized = true;
  size_t symbols = 0;
  for (Type type : operands) {
    std::vector<Dim> dims;
    for (Dim dim : type.dims()) {
      sized &= dim.is_const();
      // An extent of 1 may be broadcast where another symbol may not: it is a form of its own.
      dims.push_back(dim.is_const(1) ? dim : context.symbols().symbol(str("s", symbols++)));
    }
    form.types.push_back(type.with_dims(dims));
  }
  while (true) {
    {
      std::lock_guard lock(mutex_);
      for (const auto& graph : graphs_) {
        if (!(graph->form == form)) continue;
        if (graph->forward) return *graph;
        if (!sized) throw NeedStatic{graph->needs};
        form.by_extents = true;
        form.types.assign(operands.begin(), operands.end());
        break;
      }
      if (form.by_extents) {
        for (const auto& graph : graphs_) {
          if (graph->form == form) return *graph;
        }
      }
    }
    if (!may_trace) {
      throw UserError(ErrorKind::not_supported, name, "",
                      str("was not traced for operands of types ", types_text(form.types),
                          " with these attributes; a call of it traces them"));
    }
    std::unique_ptr<Graph> made = trace(form, context);
    std::lock_guard lock(mutex_);
    bool known = std::ranges::any_of(graphs_, [&](const auto& g) { return g->form == form; });
    if (!known) graphs_.push_back(std::move(made));  // else another thread was faster
  }
}

std::unique_ptr<TracedPage::Graph> TracedPage::trace(const Form& form, Context& context) const {
  auto graph = std::make_unique<Graph>();
  graph->form = form;
  try {
    graph->forward =
        run(*this, forward_, form.types, form.attrs, form.segments, locate_, context, nullptr);
    std::vector<Value> results = graph->forward->main().results();
    if (static_cast<int>(results.size()) != this->results) {
      throw UserError(
          ErrorKind::value, name, "",
          str("the page says ", this->results, " results, the function gave ", results.size()));
    }
    if (backward_) {
      std::vector<Type> types = form.types;
      for (int twice = 0; twice < 2; ++twice) {
        for (Value result : results) types.push_back(result.type());
      }
      graph->backward =
          run(*this, backward_, types, form.attrs, form.segments, locate_, context, &graph->gives);
      check_cotangents(*this, *graph->backward, graph->gives);
    }
  } catch (const NeedStatic& need) {
    if (form.by_extents) throw InternalError(str("[", name, "] ", need.message));
    graph->forward.reset();
    graph->backward.reset();
    graph->needs = need.message;
  }
  return graph;
}

namespace {

bool is_name(std::string_view text) {
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Attribute to_attribute(Context& context, const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::required:
    case Literal::Kind::none: return {};
    case Literal::Kind::boolean: return Attribute::boolean(context, value.integer != 0);
    case Literal::Kind::integer: return Attribute::integer(context, value.integer);
    case Literal::Kind::real: return Attribute::real(context, value.real);
    case Literal::Kind::text: return Attribute::string(context, value.text);
    case Literal::Kind::dtype: return Attribute::dtype(context, static_cast<DType>(value.integer));
    case Literal::Kind::ints: return Attribute::ints(context, value.ints);
    case Literal::Kind::reals: return Attribute::reals(context, value.reals);
  }
  return {};
}

// Infers, and so traces, one sample in one dtype.
void trace_sample(const OpInfo& info, const Sample& sample, DType dtype, Context& context) {
  std::vector<Type> types;
  std::vector<int64_t> segments;
  for (const auto& args : sample.operands) {
    segments.push_back(static_cast<int64_t>(args.size()));
    for (const Arg& arg : args) {
      std::vector<Dim> dims(arg.dims.begin(), arg.dims.end());
      types.push_back(Type::tensor(context, arg.dtype.value_or(dtype), dims));
    }
  }
  AttrList attrs;
  for (const auto& [name, value] : sample.attrs)
    attrs.set(context.name(name), to_attribute(context, value));
  Facts facts(context.symbols());
  TraceScope tracing;
  infer(info, attrs, types, segments, facts, context.default_float(), context);
}

void trace_samples(const OpInfo& info, const TracedPage& page, Context& context) {
  DTypeSet dtypes = page.operands.empty() ? bit(DType::f32) : page.operands[0].dtypes;
  const SampleList& samples = page.own_samples();
  for (size_t i = 0; i < samples.legal().size(); ++i) {
    bool legal = false;
    std::optional<UserError> refused;
    for (int t = 0; t < kDTypeCount; ++t) {
      auto dtype = static_cast<DType>(t);
      if (!contains(dtypes, dtype) || dtype == DType::f8e4m3 || dtype == DType::f8e5m2) continue;
      auto named = [&](const UserError& error) {
        return UserError(error.kind(), page.name, str("sample ", i, " in ", to_string(dtype)),
                         error.what());
      };
      try {
        trace_sample(info, samples.legal()[i], dtype, context);
        legal = true;
      } catch (const UserError& error) {
        // Operators in the body may take fewer dtypes than the page says: one must do.
        if (error.kind() != ErrorKind::type && error.kind() != ErrorKind::not_supported)
          throw named(error);
        if (!refused) refused = named(error);
      }
    }
    if (!legal && refused) throw *refused;
  }
}

}  // namespace

const OpInfo& add_traced(std::string_view dialect, std::shared_ptr<const TracedPage> page) {
  Context& c = context();
  std::string full = str(dialect, ".", page->name);
  if (!is_name(dialect) || !is_name(page->name)) {
    throw UserError(ErrorKind::value, "register_operator", "name",
                    str("expected 'dialect.operator' in letters, digits and _, got '", full, "'"));
  }
  if (dialect == "builtin" || dialect == "prim" || dialect == "tensor") {
    throw UserError(ErrorKind::value, "register_operator", "name",
                    str("the dialect '", dialect, "' is Proa's own; choose another name"));
  }
  if (c.find_op(full) != nullptr) {
    throw UserError(ErrorKind::value, "register_operator", "name",
                    str("'", full, "' is registered already"));
  }
  OpInfo probe;
  probe.name = full;
  probe.page = page;
  probe.traits = Trait::pure | Trait::composite;
  trace_samples(probe, *page, c);
  Dialect* home = c.find_dialect(dialect);
  if (home == nullptr) home = &c.add_dialect(std::make_unique<Dialect>(c, dialect));
  return home->add_page(std::move(page), probe.traits);
}

}  // namespace proa::eager
