#include "proa/ir/parser.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <utility>

#include "proa/base/error.h"
#include "proa/ir/attribute_parser.h"
#include "proa/ir/dialect.h"
#include "proa/ir/printer.h"
#include "proa/ir/rules.h"
#include "proa/ir/spelling.h"
#include "proa/ir/symbols_text.h"
#include "proa/ir/verifier.h"

namespace proa::ir {

namespace {

// One operand as written: a value, "_", or a bracketed list for one of several variadic operands.
struct OperandItem {
  Token token;
  bool absent = false, bracketed = false;
  std::vector<Value> values;
};

// The names that are visible, function by function. Leaving a region forgets what it defined.
class Scope {
 public:
  struct Entry {
    Value value;
    Token token;
    bool forward;  // used before its definition, in a graph region
  };
  Entry* find(std::string_view name) {
    auto it = names_.find(name);
    return it == names_.end() ? nullptr : &it->second;
  }
  void add(std::string_view name, Entry entry) {
    names_.emplace(name, entry);
    order_.push_back(name);
  }
  size_t mark() const { return order_.size(); }
  // Forgets what was defined since; what is still used before its definition stays.
  void leave(size_t mark) {
    size_t kept = mark;
    for (size_t i = mark; i < order_.size(); ++i) {
      auto it = names_.find(order_[i]);
      if (it->second.forward) {
        order_[kept++] = order_[i];
      } else {
        names_.erase(it);
      }
    }
    order_.resize(kept);
  }
  const Entry* first_forward() {
    for (std::string_view name : order_) {
      if (Entry* entry = find(name); entry->forward) return entry;
    }
    return nullptr;
  }

 private:
  std::unordered_map<std::string_view, Entry> names_;  // keys point into the text
  std::vector<std::string_view> order_;
};

class Parser {
 public:
  Parser(std::string_view text, Context& context, const ParseOptions& options)
      : context_(context),
        options_(options),
        lexer_(text, options.file),
        attributes_(context, lexer_, options.max_depth) {}

  Module module();
  Type only_type();
  Attribute only_attribute();

 private:
  void operation(Block& block);
  void function(Block& block);
  void return_op(Block& block);
  void generic(Block& block);
  std::vector<Token> result_names();
  const OpInfo& op_info(const Token& name);
  std::vector<OperandItem> operand_items();
  Value use(const Token& name);
  void define(const Token& name, Value value);
  void define_results(Operation* op, std::span<const Token> names);
  void place_operands(OpState& state, std::vector<OperandItem>& items, const Token& name);
  void regions(Operation* op);
  void region(Region& region, bool graph);
  void block_arguments(Block& block, std::vector<Token>* names);
  void body(Block& block);
  std::vector<Type> result_types(const OpState& state, const Token& name, size_t count,
                                 std::span<const std::unique_ptr<Region>> regions);
  Location location(const Token& at);
  void expect_end();
  void check_forward();

  Context& context_;
  const ParseOptions& options_;
  Lexer lexer_;
  AttributeParser attributes_;
  Scope scope_;
  bool graph_ = false;  // operations of the region at hand are ordered by data
  Module* module_ = nullptr;
  // Stand for values until they are defined. Declared last: uses of them in an unfinished module
  // are cut before they go (see module()).
  std::vector<std::unique_ptr<ValueImpl>> forwards_;
};

Module Parser::module() {
  Module module(context_);
  module_ = &module;
  struct CutForwards {  // on an error, before the module and its uses go
    std::vector<std::unique_ptr<ValueImpl>>& forwards;
    ~CutForwards() {
      for (auto& forward : forwards) {
        while (forward->first_use != nullptr) forward->first_use->set(nullptr);
      }
    }
  } cut{forwards_};

  graph_ = true;
  bool wrapped = lexer_.accept("module");
  if (wrapped) {
    if (lexer_.accept("attrs")) module.op()->set_attrs(AttrList(attributes_.dict()));
    if (lexer_.token().is("loc")) module.op()->set_location(location(lexer_.token()));
    lexer_.expect('{');
  }
  parse_symbols(lexer_, attributes_, module);
  // A text without the word "module" is the body of one.
  while (wrapped ? !lexer_.token().is('}') : lexer_.token().kind != TokenKind::end) {
    operation(module.body());
  }
  if (wrapped) lexer_.expect('}');
  expect_end();
  check_forward();
  module_ = nullptr;
  return module;
}

void Parser::expect_end() {
  if (lexer_.token().kind != TokenKind::end) lexer_.fail_expected("the end of the text");
}

Type Parser::only_type() {
  Type type = attributes_.type();
  expect_end();
  return type;
}

Attribute Parser::only_attribute() {
  Attribute attribute = attributes_.attribute();
  expect_end();
  return attribute;
}

Location Parser::location(const Token& at) {
  if (!lexer_.accept("loc")) {
    std::string_view file = options_.file;
    if (file.empty()) file = "<text>";
    return Location::file(context_, file, at.line, at.column);
  }
  lexer_.expect('(');
  Location location = attributes_.location();
  lexer_.expect(')');
  return location;
}

void Parser::operation(Block& block) {
  const Token& token = lexer_.token();
  if (token.is("func")) return function(block);
  if (token.is("return")) return return_op(block);
  if (token.kind != TokenKind::word && token.kind != TokenKind::value) {
    lexer_.fail_expected("an operation");
  }
  generic(block);
}

void Parser::function(Block& block) {
  AttributeParser::Nested nested(attributes_);
  Token at = lexer_.token();
  lexer_.expect("func");
  Token name = lexer_.token();
  if (name.kind != TokenKind::function) lexer_.fail_expected("a function name, '@name'");
  std::string text(attributes_.attribute().as_string());

  OpState state;
  state.info = &context_.op("builtin.func");
  state.regions = 1;
  Operation* op = Operation::create(state);
  block.append(op);

  // Isolated: the names outside cannot be seen from inside.
  Scope outer = std::move(scope_);
  scope_ = Scope();
  bool outer_graph = std::exchange(graph_, false);
  Block& entry = op->region(0).add_block();
  std::vector<Token> tokens;
  block_arguments(entry, &tokens);
  std::vector<Attribute> names;
  bool named = false;
  for (const Token& token : tokens) {
    bool own = is_name(token.text);  // a number is the printer's choice and is not kept
    named |= own;
    names.push_back(Attribute::string(context_, own ? token.text : std::string_view()));
  }
  if (lexer_.accept("attrs")) {
    Token attrs = lexer_.token();
    AttrList given(attributes_.dict());
    for (std::string_view taken : {"name", "arg_names"}) {
      if (given.get(taken) && (named || taken == "name")) {
        lexer_.fail(attrs, str("attribute '", taken, "' is given by the function's head"));
      }
    }
    op->set_attrs(std::move(given));
  }
  op->set_attr("name", Attribute::string(context_, text));
  if (named) op->set_attr("arg_names", Attribute::array(context_, names));
  op->set_location(location(at));
  lexer_.expect('{');
  body(entry);
  lexer_.expect('}');
  check_forward();
  graph_ = outer_graph;
  scope_ = std::move(outer);
}

void Parser::return_op(Block& block) {
  Token at = lexer_.token();
  lexer_.expect("return");
  OpState state;
  state.info = &context_.op("builtin.return");
  if (lexer_.token().kind == TokenKind::value) {
    Token first = lexer_.token();
    lexer_.advance();
    // A bare "return" and, where its block should end, "%x = ...".
    if (lexer_.token().is('=')) lexer_.fail(first, "expected '}' behind return, got an operation");
    state.operands.push_back(use(first));
    while (lexer_.accept(',')) {
      Token name = lexer_.token();
      if (name.kind != TokenKind::value) lexer_.fail_expected("a value");
      lexer_.advance();
      state.operands.push_back(use(name));
    }
  }
  state.location = location(at);
  block.append(Operation::create(state));
}

std::vector<Token> Parser::result_names() {
  std::vector<Token> names;
  if (lexer_.token().kind != TokenKind::value) return names;
  do {
    if (lexer_.token().kind != TokenKind::value) lexer_.fail_expected("a value name");
    names.push_back(lexer_.token());
    lexer_.advance();
  } while (lexer_.accept(','));
  lexer_.expect('=');
  return names;
}

const OpInfo& Parser::op_info(const Token& name) {
  const OpInfo* known = context_.find_op(name.text);
  if (known != nullptr && known->dialect->name() != kUnregisteredDialect) return *known;
  if (!options_.allow_unregistered || known != nullptr) {
    if (known != nullptr) lexer_.fail(name, str("there is no operation '", name.text, "'"));
    try {
      return context_.op(name.text);
    } catch (const UserError& error) { lexer_.fail(name, error.message()); }
  }
  // Kept in a dialect of their own, so that a later strict parse refuses them again.
  Dialect* dialect = context_.find_dialect(kUnregisteredDialect);
  if (dialect == nullptr) {
    dialect = &context_.add_dialect(std::make_unique<Dialect>(context_, kUnregisteredDialect));
  }
  known = context_.find_op(str(kUnregisteredDialect, ".", name.text));
  return known != nullptr ? *known : dialect->add_op(name.text, 0);
}

void Parser::generic(Block& block) {
  AttributeParser::Nested nested(attributes_);
  Token at = lexer_.token();
  std::vector<Token> names = result_names();
  Token name = lexer_.token();
  if (name.kind != TokenKind::word) lexer_.fail_expected("an operation's name");
  OpState state;
  state.info = &op_info(name);
  lexer_.advance();
  std::vector<OperandItem> items = operand_items();
  if (lexer_.token().is('{')) state.attrs = AttrList(attributes_.dict());
  place_operands(state, items, name);

  // Regions stand before the result types, so the operation is made with types to be set below.
  struct Bodies {
    std::vector<std::unique_ptr<Region>> regions;
    ~Bodies() {  // on an error: blocks refer to each other, so all uses are cut before any goes
      for (auto& region : regions) region->clear();
    }
  } bodies;
  if (lexer_.accept('(')) {
    bool graph = state.info->has(Trait::graph_region);
    do {
      bodies.regions.push_back(std::make_unique<Region>());
      region(*bodies.regions.back(), graph);
    } while (lexer_.accept(','));
    lexer_.expect(')');
  }
  state.regions = bodies.regions.size();
  if (lexer_.accept(':')) {
    do { state.results.push_back(attributes_.type()); } while (lexer_.accept(','));
    if (state.results.size() != names.size()) {
      lexer_.fail(at, str(name.text, " has ", names.size(), " result names but ",
                          state.results.size(), " result types"));
    }
  } else if (!names.empty()) {
    state.results = result_types(state, name, names.size(), bodies.regions);
  }
  state.location = location(at);
  Operation* op = Operation::create(state);
  for (size_t r = 0; r < op->region_count(); ++r) op->region(r).take_body(*bodies.regions[r]);
  block.append(op);
  define_results(op, names);
}

std::vector<Type> Parser::result_types(const OpState& state, const Token& name, size_t count,
                                       std::span<const std::unique_ptr<Region>> regions) {
  if (!state.info->page || (state.regions != 0 && state.info->page->regions.empty())) {
    lexer_.fail_expected(
        str("':' and the result types (", name.text, " has no page to infer them from)"));
  }
  std::vector<Type> operands;
  for (Value value : state.operands) {
    if (!value.type()) {
      lexer_.fail_expected("':' and the result types (an operand is not defined yet)");
    }
    operands.push_back(value.type());
  }
  std::vector<Type> types;
  try {
    std::vector<int64_t> segments = checked_segments(*state.info, state.attrs, operands.size());
    std::vector<RegionTypes> inside;
    for (size_t r = 0; r < regions.size(); ++r)
      inside.push_back(region_types(*state.info, r, *regions[r]));
    types = infer(*state.info, state.attrs, operands, segments, module_->facts(), DType::f32,
                  context_, inside);
  } catch (const UserError& error) {
    lexer_.fail(name, error.what());
  } catch (const NeedStatic& need) { lexer_.fail(name, str(need.message, ", got a symbol")); }
  if (types.size() != count) {
    lexer_.fail(name, str(name.text, " has ", types.size(), " results, got ", count, " names"));
  }
  return types;
}

std::vector<OperandItem> Parser::operand_items() {
  std::vector<OperandItem> items;
  lexer_.expect('(');
  if (lexer_.accept(')')) return items;
  auto value = [&] {
    Token name = lexer_.token();
    if (name.kind != TokenKind::value) lexer_.fail_expected("a value, '%name'");
    lexer_.advance();
    return use(name);
  };
  do {
    OperandItem item;
    item.token = lexer_.token();
    if (lexer_.accept("_")) {
      item.absent = true;
    } else if (lexer_.accept('[')) {
      item.bracketed = true;
      if (!lexer_.accept(']')) {
        do { item.values.push_back(value()); } while (lexer_.accept(','));
        lexer_.expect(']');
      }
    } else {
      item.values.push_back(value());
    }
    items.push_back(std::move(item));
  } while (lexer_.accept(','));
  if (!lexer_.accept(')')) lexer_.fail_expected("',' or ')'");
  return items;
}

void Parser::place_operands(OpState& state, std::vector<OperandItem>& items, const Token& name) {
  const OpInfo& info = *state.info;
  for (const OperandItem& item : items) {
    state.operands.insert(state.operands.end(), item.values.begin(), item.values.end());
  }
  bool by_page = has_segments(info) && !state.attrs.get("segments");
  if (!by_page) {
    for (const OperandItem& item : items) {
      if (item.absent || item.bracketed) {
        lexer_.fail(item.token, str("the operands of ", info.name, " are plain values here"));
      }
    }
    return;
  }
  const auto& specs = info.page->operands;
  auto variadic = static_cast<size_t>(std::ranges::count_if(specs, &OperandSpec::variadic));
  // With one variadic operand its values stand bare, as many as are left over.
  size_t bare = 0;
  if (variadic == 1) {
    if (items.size() + 1 < specs.size()) {
      lexer_.fail(name, str(info.name, " takes at least ", specs.size() - 1, " operands, got ",
                            items.size()));
    }
    bare = items.size() + 1 - specs.size();
  } else if (items.size() != specs.size()) {
    lexer_.fail(name, str(info.name, " takes ", specs.size(),
                          " operands ('_' for an absent one), got ", items.size()));
  }
  std::vector<int64_t> counts;
  size_t next = 0;
  for (const OperandSpec& spec : specs) {
    if (spec.variadic && variadic == 1) {
      for (size_t k = 0; k < bare; ++k) {
        const OperandItem& item = items[next + k];
        if (item.absent || item.bracketed) lexer_.fail(item.token, "expected a value, '%name'");
      }
      counts.push_back(static_cast<int64_t>(bare));
      next += bare;
      continue;
    }
    const OperandItem& item = items[next++];
    if (item.bracketed != spec.variadic) {
      lexer_.fail(item.token, str("operand '", spec.name, "' is ",
                                  spec.variadic ? "a list, '[...]'" : "one value"));
    }
    if (item.absent && !spec.optional) {
      lexer_.fail(item.token,
                  str("operand '", spec.name, "' of ", info.name, " may not be absent"));
    }
    counts.push_back(static_cast<int64_t>(item.values.size()));
  }
  state.attrs.set(context_.name("segments"), Attribute::ints(context_, counts));
}

Value Parser::use(const Token& name) {
  if (Scope::Entry* entry = scope_.find(name.text)) return entry->value;
  if (!graph_) lexer_.fail(name, str("value %", name.text, " is not defined"));
  forwards_.push_back(std::make_unique<ValueImpl>());
  Value value(forwards_.back().get());
  scope_.add(name.text, {value, name, true});
  return value;
}

void Parser::define(const Token& name, Value value) {
  Scope::Entry* entry = scope_.find(name.text);
  if (entry == nullptr) return scope_.add(name.text, {value, name, false});
  if (!entry->forward) {
    lexer_.fail(name, str("value %", name.text, " is already defined in line ", entry->token.line));
  }
  entry->value.replace_uses(value);
  *entry = {value, name, false};
}

void Parser::define_results(Operation* op, std::span<const Token> names) {
  for (size_t i = 0; i < names.size(); ++i) define(names[i], op->result(i));
}

void Parser::check_forward() {
  if (const Scope::Entry* entry = scope_.first_forward()) {
    lexer_.fail(entry->token, str("value %", entry->token.text, " is used but never defined"));
  }
}

void Parser::block_arguments(Block& block, std::vector<Token>* names) {
  lexer_.expect('(');
  if (lexer_.accept(')')) return;
  do {
    Token name = lexer_.token();
    if (name.kind != TokenKind::value) lexer_.fail_expected("an argument, '%name: type'");
    lexer_.advance();
    lexer_.expect(':');
    Value argument = block.add_argument(attributes_.type());
    define(name, argument);
    if (names != nullptr) names->push_back(name);
  } while (lexer_.accept(','));
  if (!lexer_.accept(')')) lexer_.fail_expected("',' or ')'");
}

void Parser::region(Region& region, bool graph) {
  AttributeParser::Nested nested(attributes_);
  lexer_.expect('{');
  size_t mark = scope_.mark();
  // A value of a graph region may be used by what lies inside its operations before it is defined.
  bool outer_graph = std::exchange(graph_, graph || graph_);
  while (!lexer_.token().is('}')) {
    Block& block = region.add_block();
    if (lexer_.accept('^')) {
      block_arguments(block, nullptr);
      lexer_.expect(':');
    }
    body(block);
  }
  lexer_.expect('}');
  scope_.leave(mark);
  graph_ = outer_graph;
}

void Parser::body(Block& block) {
  while (!lexer_.token().is('}') && !lexer_.token().is('^')) operation(block);
}

}  // namespace

Module parse_module(std::string_view text, Context& context, const ParseOptions& options) {
  Module module = Parser(text, context, options).module();
  if (options.verify) verify(module);
  return module;
}

Type parse_type(std::string_view text, Context& context) {
  return Parser(text, context, {}).only_type();
}

Attribute parse_attribute(std::string_view text, Context& context) {
  return Parser(text, context, {}).only_attribute();
}

}  // namespace proa::ir
