#include "module_random.h"

#include <bit>
#include <cmath>
#include <limits>

#include "proa/ir/builder.h"
#include "proa/ir/dialect.h"

namespace proa::ir {

namespace {

double any_double(Random& random) {
  switch (random.below(8)) {
    case 0: return 0.0;
    case 1: return -0.0;
    case 2: return std::numeric_limits<double>::infinity();
    case 3: return -std::numeric_limits<double>::infinity();
    case 4: return std::numeric_limits<double>::quiet_NaN();
    case 5: return static_cast<double>(random.between(-1000, 1000));
    default: return std::bit_cast<double>(random.next());
  }
}

}  // namespace

Dim RandomModules::dim(int depth) {
  auto symbol = [&] { return context.symbols().symbol(str("s", random.below(5))); };
  if (depth == 0) return random.below(2) == 0 ? symbol() : Dim(random.between(0, 9));
  switch (random.below(9)) {
    case 0: return dim(depth - 1) + dim(depth - 1);
    case 1: return dim(depth - 1) * dim(depth - 1);
    case 2: return floordiv(dim(depth - 1), Dim(random.between(1, 5)));
    case 3: return mod(dim(depth - 1), Dim(random.between(2, 9)));
    case 4: return max(dim(depth - 1), dim(depth - 1));
    case 5: return symbol();
    default: return random.between(0, 5000);
  }
}

Type RandomModules::tensor_type() {
  std::vector<Dim> dims(random.below(5));
  for (Dim& d : dims) d = dim();
  return Type::tensor(context, static_cast<DType>(random.below(kDTypeCount)), dims);
}

Type RandomModules::type() {
  switch (random.below(10)) {
    case 0: return Type::token(context);
    case 1: {
      std::vector<Attribute> parameters(random.below(3));
      for (Attribute& p : parameters) p = attribute(1);
      return Type::custom(context, "test.box", parameters);
    }
    default: return tensor_type();
  }
}

std::string RandomModules::text() {
  std::string text;
  for (uint64_t n = random.below(12); n > 0; --n) {
    constexpr std::string_view kPieces[] = {"a", "Z",  "\"",   "\\", "\n", "\t", "\r",
                                            "é", "語", "\xff", "\0", "%",  "//", "}"};
    text += random.below(4) == 0 ? std::string(1, static_cast<char>(random.below(256)))
                                 : std::string(kPieces[random.below(std::size(kPieces))]);
  }
  return text;
}

TensorData RandomModules::tensor() {
  auto dtype = static_cast<DType>(random.below(kDTypeCount));
  std::vector<int64_t> dims(random.below(3));
  size_t count = 1;
  for (int64_t& d : dims) {
    d = random.between(0, random.below(8) == 0 ? 40 : 4);
    count *= static_cast<size_t>(d);
  }
  auto bytes = std::make_shared<std::vector<uint8_t>>(count * size_of(dtype));
  bool zeros = random.below(4) == 0;
  for (uint8_t& byte : *bytes) {
    byte = zeros ? 0 : static_cast<uint8_t>(random.next());
    if (dtype == DType::boolean) byte &= 1;
  }
  const void* data = bytes->data();
  return {dtype, dims, bytes, data, count * size_of(dtype)};
}

Attribute RandomModules::attribute(int depth) {
  auto list = [&](auto make) {
    std::vector<decltype(make())> items(random.below(4));
    for (auto& item : items) item = make();
    return items;
  };
  switch (random.below(depth > 0 ? 17 : 14)) {
    case 0: return Attribute::unit(context);
    case 1: return Attribute::boolean(context, random.below(2) == 0);
    case 2: return Attribute::integer(context, static_cast<int64_t>(random.next()));
    case 3: return Attribute::real(context, any_double(random));
    case 4: return Attribute::complex(context, {any_double(random), any_double(random)});
    case 5: return Attribute::string(context, text());
    case 6: return Attribute::dtype(context, static_cast<DType>(random.below(kDTypeCount)));
    case 7: return Attribute::dim(context, dim());
    case 8:
      return Attribute::ints(context, list([&] { return static_cast<int64_t>(random.next()); }));
    case 9: return Attribute::reals(context, list([&] { return any_double(random); }));
    case 10: return Attribute::dims(context, list([&] { return dim(); }));
    case 11: return Attribute::tensor(context, tensor());
    case 12: return Attribute::symbol(context, "main");
    case 13: return Attribute::type(context, tensor_type());
    case 14: return Attribute::array(context, list([&] { return attribute(depth - 1); }));
    case 15: {
      AttrList items = attrs(depth - 1);
      return Attribute::dict(context, {items.items().begin(), items.items().end()});
    }
    default:
      return Attribute::custom(context, "test.note", list([&] { return attribute(depth - 1); }));
  }
}

AttrList RandomModules::attrs(int depth) {
  AttrList list;
  for (uint64_t n = random.below(4); n > 0; --n) {
    std::string name = random.below(5) == 0 ? text() : str("a", random.below(20));
    list.set(context.name(name), attribute(depth));
  }
  return list;
}

Location RandomModules::location(int depth) {
  auto number = [&] { return static_cast<int>(random.below(1000)); };
  switch (random.below(depth > 0 ? 6 : 4)) {
    case 0: return {};
    case 1: return Location::name(context, text());
    case 2:
    case 3:
      return Location::file(context, random.below(3) == 0 ? text() : "train.py", number(),
                            number() % 3);
    default: break;
  }
  std::vector<Location> parts(1 + random.below(3));
  for (Location& part : parts) part = location(depth - 1);
  return random.below(2) == 0 ? Location::stack(context, parts) : Location::fused(context, parts);
}

Operation* RandomModules::insert(Module&, Block& block, std::string_view name,
                                 std::vector<Value> operands, std::vector<Type> results,
                                 AttrList attrs, size_t regions) {
  OpState state;
  state.info = &context.op(name);
  state.location = location();
  state.operands = std::move(operands);
  state.results = std::move(results);
  state.attrs = std::move(attrs);
  state.regions = regions;
  Operation* op = Operation::create(state);
  block.append(op);
  return op;
}

void RandomModules::body(Module& module, Block& block, std::vector<Value> visible, int operations,
                         int depth, std::string_view terminator) {
  for (Value argument : block.arguments()) visible.push_back(argument);
  auto some = [&](uint64_t most) {
    std::vector<Value> values;
    for (uint64_t n = visible.empty() ? 0 : random.below(most + 1); n > 0; --n)
      values.push_back(random.pick(visible));
    return values;
  };
  Builder builder(module, block);
  for (int i = 0; i < operations; ++i) {
    builder.set_location(location());
    std::vector<Value> tensors;
    for (Value v : visible) {
      if (v.type().is_tensor() && !contains(kFloat8Set | bit(DType::boolean), v.dtype()))
        tensors.push_back(v);
    }
    Operation* made = nullptr;
    uint64_t choice = random.below(tensors.empty() ? 3 : 9);
    if (choice == 0) {
      made = insert(module, block, "test.sink", some(3), {}, attrs(), 0);
    } else if (choice == 1) {
      std::vector<Type> results(random.below(4));
      for (Type& t : results) t = type();
      made = insert(module, block, "test.source", {}, results, attrs(), 0);
    } else if (choice == 2 && depth > 0) {
      bool graph = random.below(4) == 0;
      std::vector<Type> results(random.below(2), type());
      made = insert(module, block, graph ? "test.graph" : "test.region", some(2), results, attrs(1),
                    random.below(3));
      for (size_t r = 0; r < made->region_count(); ++r) {
        for (uint64_t n = random.below(3); n > 0; --n) {
          Block& inner = made->region(r).add_block();
          for (uint64_t k = random.below(3); k > 0; --k) inner.add_argument(type());
          body(module, inner, visible, operations / 3, depth - 1,
               graph && random.below(2) ? "" : "test.yield");
        }
      }
    } else if (choice == 3) {
      made = builder.create("test.neg", std::vector{random.pick(tensors)});
    } else if (choice == 4) {
      Value x = random.pick(tensors);
      made = builder.create("test.add", std::vector{x, x});
    } else if (choice == 5) {
      std::vector<Value> operands = {random.pick(tensors), {}, {}};
      if (random.below(2) == 0) operands[1] = random.pick(tensors);
      if (random.below(2) == 0) operands[2] = random.pick(tensors);
      made = builder.create("test.norm", operands);
    } else if (choice == 6) {
      std::vector<Value> operands;
      std::vector<int64_t> segments = {static_cast<int64_t>(random.below(3)), 1,
                                       static_cast<int64_t>(random.below(3))};
      for (int64_t n = segments[0] + 1 + segments[2]; n > 0; --n)
        operands.push_back(random.pick(tensors));
      made = builder.create("test.two_lists", operands, {}, segments);
    } else if (choice == 7) {
      AttrList parts;
      parts.set(context.name("parts"), Attribute::integer(context, random.between(0, 3)));
      made = builder.create("test.split", std::vector{random.pick(tensors)}, parts);
    } else if (choice == 8) {
      AttrList shape;
      shape.set(context.name("shape"), Attribute::dims(context, tensor_type().dims()));
      made = builder.create("test.full", {}, shape);
    }
    if (made == nullptr) continue;
    for (Value result : made->results()) visible.push_back(result);
  }
  if (!terminator.empty()) insert(module, block, terminator, some(2), {}, {}, 0);
}

Module RandomModules::module(int operations) {
  Module module(context);
  // A function of this name is always there for attributes that refer to it.
  uint64_t functions = 1 + random.below(3);
  for (uint64_t f = 0; f < functions; ++f) {
    std::vector<Type> arguments(random.below(4));
    for (Type& t : arguments) t = type();
    Func func = module.add_func(f == 0                 ? "main"
                                : random.below(4) == 0 ? str("odd name ", f)
                                                       : str("f", f),
                                arguments);
    func.op()->set_location(location());
    if (random.below(3) == 0) func.op()->set_attr("note", attribute());
    if (random.below(2) == 0 && !arguments.empty()) {
      std::vector<Attribute> names;
      for (size_t i = 0; i < arguments.size(); ++i) {
        names.push_back(Attribute::string(context, random.below(8) == 0 ? text() : str("arg", i)));
      }
      func.op()->set_attr("arg_names", Attribute::array(context, names));
    }
    body(module, func.body(), {}, operations, 3, "builtin.return");
  }
  return module;
}

}  // namespace proa::ir
