#include "proa/compiler/loop/dialect.h"

#include <algorithm>
#include <optional>

#include "proa/base/error.h"
#include "proa/compiler/loop/scatter.h"
#include "proa/ir/dialect.h"

namespace proa::compiler::loop {

using namespace ir;

namespace {

constexpr std::string_view kBuffer = "loop.buffer";

[[noreturn]] void fail(const Operation& op, std::string_view argument, std::string_view message) {
  throw UserError(ErrorKind::value, op.name(), argument, message);
}

bool is_dim(Attribute a) { return a.is(AttrKind::dim) || a.is(AttrKind::integer); }

bool is_scalar(Value value) { return value.type().is_tensor() && value.rank() == 0; }

void check_extent(const Operation& op) {
  if (!is_dim(op.attr("extent"))) fail(op, "extent", "expected a dim");
}

// One block, whose arguments count.
const Block& counted_body(const Operation& op, size_t indices = 1) {
  if (op.region_count() != 1 || op.region(0).block_count() != 1) {
    fail(op, "body", "expected one region of one block");
  }
  const Block& body = op.region(0).block();
  bool good = body.argument_count() == indices;
  for (size_t i = 0; good && i < indices; ++i) {
    good = is_scalar(body.argument(i)) && body.argument(i).dtype() == DType::i64;
  }
  if (!good) fail(op, "body", str("expected ", indices, " indices of type i64[]"));
  return body;
}

bool is_count(Value value) { return is_scalar(value) && value.dtype() == DType::i64; }

void check_count(const Operation& op) {
  if (op.operand_count() > 1 || (op.operand_count() == 1 && !is_count(op.operand(0)))) {
    fail(op, "count", "expected at most one number of type i64[]");
  }
}

void verify_for(const Operation& op, Facts&) {
  check_extent(op);
  counted_body(op);
  check_count(op);
  if (op.result_count() != 0) fail(op, "", "a loop has no results");
}

// The yield at the end, of one scalar or more.
const Operation& check_yield(const Operation& op, const Block& body) {
  constexpr std::string_view kKinds[] = {"sum", "prod", "max", "min", "and", "or", "xor"};
  Attribute kind = op.attr("kind");
  if (!kind.is(AttrKind::string) ||
      std::ranges::find(kKinds, kind.as_string()) == std::end(kKinds)) {
    fail(op, "kind", "expected one of sum, prod, max, min, and, or, xor");
  }
  Operation* end = body.terminator();
  if (end == nullptr || !end->is("loop.yield") || end->operand_count() == 0) {
    fail(op, "body", "expected loop.yield of a value or more at its end");
  }
  for (Value value : end->operands()) {
    if (!is_scalar(value)) fail(op, "body", "expected loop.yield of scalars");
  }
  return *end;
}

void verify_reduce(const Operation& op, Facts&) {
  check_extent(op);
  check_count(op);
  const Operation& end = check_yield(op, counted_body(op));
  bool same = op.result_count() == end.operand_count();
  for (size_t i = 0; same && i < op.result_count(); ++i) {
    same = op.result(i).type() == end.operand(i).type();
  }
  if (!same) fail(op, "", "a result and the value that is yielded must be scalars of one dtype");
}

void verify_columns(const Operation& op, Facts&) {
  check_extent(op);
  if (!op.attr("width").is(AttrKind::integer)) fail(op, "width", "expected a number");
  const Operation& end = check_yield(op, counted_body(op, 2));
  if (op.result_count() != 0) fail(op, "", "totals go to buffers");
  if (op.operand_count() != 2 + end.operand_count() || !is_count(op.operand(0)) ||
      !is_count(op.operand(1))) {
    fail(op, "", "expected the numbers of rows and columns, and a buffer for each total");
  }
  for (size_t i = 0; i < end.operand_count(); ++i) {
    Type type = op.operand(2 + i).type();
    if (!is_buffer(type) || element(type) != end.operand(i).dtype()) {
      fail(op, "totals", "expected a !loop.buffer of the dtype that is yielded");
    }
  }
}

// Operands from `first` on: the buffer, then its indices.
void check_address(const Operation& op, size_t first) {
  if (op.operand_count() <= first || !is_buffer(op.operand(first).type())) {
    fail(op, "buffer", "expected a !loop.buffer");
  }
  size_t indices = op.operand_count() - first - 1;
  for (size_t i = 0; i < indices; ++i) {
    Value index = op.operand(first + 1 + i);
    if (!is_scalar(index) || index.dtype() != DType::i64) {
      fail(op, "indices", str("expected i64[], got ", to_string(index.type())));
    }
  }
  Attribute strides = op.attr("strides");
  bool listed = strides.is(AttrKind::dims) || strides.is(AttrKind::ints);
  if (!listed || strides.as_dims().size() != indices) {
    fail(op, "strides", str("expected a stride for each of ", indices, " indices"));
  }
  if (!is_dim(op.attr("offset"))) fail(op, "offset", "expected a dim");
}

void verify_load(const Operation& op, Facts&) {
  check_address(op, 0);
  if (op.result_count() != 1 || !is_scalar(op.result()) ||
      op.result().dtype() != element(op.operand(0).type())) {
    fail(op, "", "the result must be a scalar of the buffer's dtype");
  }
}

void verify_store(const Operation& op, Facts&) {
  if (op.operand_count() == 0 || !is_scalar(op.operand(0))) fail(op, "value", "expected a scalar");
  check_address(op, 1);
  if (op.operand(0).dtype() != element(op.operand(1).type())) {
    fail(op, "value", "its dtype must be that of the buffer");
  }
  if (op.result_count() != 0) fail(op, "", "a store has no result");
}

std::vector<Dim> dims_of(const Operation& op, std::string_view name) {
  Attribute dims = op.attr(name);
  if (!dims.is(AttrKind::dims) && !dims.is(AttrKind::ints)) fail(op, name, "expected dims");
  return dims.as_dims();
}

// The dtype of what an operand's elements are: its buffer's, or that of what a region computes.
DType multiplied(const Operation& op, size_t operand, size_t indices) {
  if (op.region_count() == 1) return element(op.operand(operand).type());
  const Region& region = op.region(1 + operand);
  Operation* end = region.block_count() == 1 ? region.block().terminator() : nullptr;
  if (end == nullptr || !end->is("loop.yield") || end->operand_count() > 1) {
    fail(op, "body", "expected loop.yield of an operand's element, or of nothing");
  }
  if (end->operand_count() == 0) return element(op.operand(operand).type());
  bool good = is_scalar(end->operand(0)) && region.block().argument_count() == indices;
  for (Value argument : region.block().arguments()) good = good && is_count(argument);
  if (!good) fail(op, "body", str("expected ", indices, " indices, and a scalar of them"));
  return end->operand(0).dtype();
}

void verify_contract(const Operation& op, Facts&) {
  if (op.operand_count() != 2 || !is_buffer(op.operand(0).type()) ||
      !is_buffer(op.operand(1).type()) || op.result_count() != 0) {
    fail(op, "", "expected two buffers and no result");
  }
  size_t batch = dims_of(op, "batch").size(), m = dims_of(op, "m").size(),
         n = dims_of(op, "n").size(), k = dims_of(op, "k").size();
  auto check = [&](std::string_view name, std::string_view offset, size_t free) {
    if (dims_of(op, name).size() != batch + free + k) {
      fail(op, name, str("expected a stride for each of ", batch + free + k, " axes"));
    }
    if (!is_dim(op.attr(offset))) fail(op, offset, "expected a dim");
  };
  check("x_strides", "x_offset", m);
  check("y_strides", "y_offset", n);
  if ((op.region_count() != 1 && op.region_count() != 3) || op.region(0).block_count() != 1) {
    fail(op, "body", "expected one region of one block, or three");
  }
  DType of_x = multiplied(op, 0, batch + m + k), of_y = multiplied(op, 1, batch + n + k);
  if (of_x != of_y) fail(op, "", "expected two operands of one dtype");
  const Block& body = op.region(0).block();
  size_t indices = batch + m + n;
  if (body.argument_count() != 1 + indices) {
    fail(op, "body", str("expected the sum and ", indices, " indices as arguments"));
  }
  for (size_t i = 0; i <= indices; ++i) {
    DType dtype = i == 0 ? of_x : DType::i64;
    if (!is_scalar(body.argument(i)) || body.argument(i).dtype() != dtype) {
      fail(op, "body", str("expected argument ", i, " of type ", to_string(dtype), "[]"));
    }
  }
}

void verify_convolve(const Operation& op, Facts&) {
  if (op.operand_count() != 2 || !is_buffer(op.operand(0).type()) ||
      op.operand(0).type() != op.operand(1).type() || op.result_count() != 0) {
    fail(op, "", "expected two buffers of one dtype and no result");
  }
  for (std::string_view name : {"groups", "batch", "channels", "outs", "x_offset", "w_offset"}) {
    if (!is_dim(op.attr(name))) fail(op, name, "expected a dim");
  }
  size_t axes = dims_of(op, "out").size();
  if (axes > 3) fail(op, "out", "expected at most 3 spatial axes");
  for (std::string_view name : {"in", "kernel", "strides", "low", "high", "gaps", "reaches"}) {
    if (dims_of(op, name).size() != axes) {
      fail(op, name, str("expected a dim for each of ", axes, " spatial axes"));
    }
  }
  for (std::string_view name : {"x_strides", "w_strides"}) {
    if (dims_of(op, name).size() != axes + 2) {
      fail(op, name, str("expected a stride for each of ", axes + 2, " axes"));
    }
  }
  if (op.region_count() != 1 || op.region(0).block_count() != 1) {
    fail(op, "body", "expected one region of one block");
  }
  const Block& body = op.region(0).block();
  size_t count = body.argument_count();
  if (count != 4 && count != 3 + axes) {
    fail(op, "body",
         str("expected the sum, the sample, the channel, and one index of the pixel or ", axes,
             " as arguments"));
  }
  for (size_t i = 0; i < count; ++i) {
    DType dtype = i == 0 ? element(op.operand(0).type()) : DType::i64;
    if (!is_scalar(body.argument(i)) || body.argument(i).dtype() != dtype) {
      fail(op, "body", str("expected argument ", i, " of type ", to_string(dtype), "[]"));
    }
  }
}

// One of the regions of a scatter: scalars of these dtypes as arguments, and one that it yields, or
// none.
void check_region(const Operation& op, size_t number, std::string_view name,
                  const std::vector<DType>& arguments, std::optional<DType> yielded) {
  const Region& region = op.region(number);
  if (region.block_count() != 1) fail(op, name, "expected one block");
  const Block& body = region.block();
  bool good = body.argument_count() == arguments.size();
  for (size_t i = 0; good && i < arguments.size(); ++i)
    good = is_scalar(body.argument(i)) && body.argument(i).dtype() == arguments[i];
  if (!good) {
    std::string expected;
    for (DType dtype : arguments) expected += str(expected.empty() ? "" : ", ", to_string(dtype));
    fail(op, name, str("expected scalars as arguments: ", expected));
  }
  Operation* end = body.terminator();
  good = end != nullptr && end->is("loop.yield") && end->operand_count() == (yielded ? 1u : 0u);
  if (good && yielded) good = is_scalar(end->operand(0)) && end->operand(0).dtype() == *yielded;
  if (good) return;
  fail(op, name,
       yielded ? str("expected loop.yield of ", to_string(*yielded), "[]")
               : std::string("expected loop.yield of nothing"));
}

void verify_scatter(const Operation& op, Facts&) {
  if (op.operand_count() != 1 || !is_buffer(op.operand(0).type()) ||
      element(op.operand(0).type()) != DType::i64 || op.result_count() != 0) {
    fail(op, "index", "expected one buffer of i64, and no result");
  }
  constexpr std::string_view kModes[] = {"clamp", "drop", "wrap", "raise", "from_end"};
  Attribute mode = op.attr("mode");
  if (!mode.is(AttrKind::string) ||
      std::ranges::find(kModes, mode.as_string()) == std::end(kModes)) {
    fail(op, "mode", "expected one of clamp, drop, wrap, raise, from_end");
  }
  size_t batch = dims_of(op, "batch").size(), axes = dims_of(op, "axes").size(),
         places = dims_of(op, "places").size();
  for (std::string_view name : {"row", "offset"}) {
    if (!is_dim(op.attr(name))) fail(op, name, "expected a dim");
  }
  if (dims_of(op, "strides").size() != batch + places + 1) {
    fail(op, "strides",
         str("expected a stride for each of ", batch + places, " axes and for the coordinates"));
  }
  if (op.region_count() != 4) fail(op, "", "expected regions: result, start, update, join");
  const Region& first = op.region(0);
  bool some = first.block_count() == 1 && first.block().argument_count() > 0 &&
              is_scalar(first.block().argument(0));
  if (!some) fail(op, "result", "expected a result as its first argument");
  DType dtype = first.block().argument(0).dtype(), sum = joined_in(dtype);
  std::vector<DType> of_result(batch + axes + 1, DType::i64),
      of_update(batch + places + 1, DType::i64);
  check_region(op, 1, "start", of_result, dtype);
  check_region(op, 2, "update", of_update, dtype);
  check_region(op, 3, "join", {sum, sum}, sum);
  of_result.insert(of_result.begin(), dtype);
  check_region(op, 0, "result", of_result, std::nullopt);
}

void verify_scratch(const Operation& op, Facts&) {
  check_extent(op);
  if (op.result_count() != 1 || !is_buffer(op.result().type())) {
    fail(op, "", "the result must be a !loop.buffer");
  }
}

// Scalars of an index expression: a dim as a number.
void verify_size(const Operation& op, Facts&) {
  if (!is_dim(op.attr("dim"))) fail(op, "dim", "expected a dim");
  if (op.result_count() != 1 || !is_scalar(op.result()) || op.result().dtype() != DType::i64) {
    fail(op, "", "the result must be of type i64[]");
  }
}

void verify_launch(const Operation& op, Facts&) {
  if (!op.attr("kernel").is(AttrKind::symbol)) fail(op, "kernel", "expected a function's name");
}

}  // namespace

Type buffer(Context& context, DType dtype) {
  Attribute parameter = Attribute::dtype(context, dtype);
  return Type::custom(context, kBuffer, std::span(&parameter, 1));
}

bool is_buffer(Type type) {
  return type && type.kind() == TypeKind::custom && type.name() == kBuffer &&
         type.parameters().size() == 1 && type.parameters()[0].is(AttrKind::dtype);
}

DType element(Type buffer) {
  PROA_CHECK(is_buffer(buffer), "not a buffer: ", to_string(buffer));
  return buffer.parameters()[0].as_dtype();
}

void load(Context& context) {
  if (context.find_dialect("loop") != nullptr) return;
  auto dialect = std::make_unique<Dialect>(context, "loop");
  dialect->add_op("for", 0).verify = verify_for;
  dialect->add_op("reduce", 0).verify = verify_reduce;
  dialect->add_op("columns", 0).verify = verify_columns;
  dialect->add_op("yield", static_cast<uint32_t>(Trait::terminator));
  dialect->add_op("load", 0).verify = verify_load;
  dialect->add_op("store", 0).verify = verify_store;
  dialect->add_op("contract", 0).verify = verify_contract;
  dialect->add_op("convolve", 0).verify = verify_convolve;
  dialect->add_op("scatter", 0).verify = verify_scatter;
  dialect->add_op("scratch", 0).verify = verify_scratch;
  dialect->add_op("size", static_cast<uint32_t>(Trait::pure)).verify = verify_size;
  // Between tensors: a fused group, and then the call of its kernel.
  dialect->add_op("group", Trait::isolated | Trait::pure);
  dialect->add_op("launch", static_cast<uint32_t>(Trait::pure)).verify = verify_launch;
  context.add_dialect(std::move(dialect));
}

}  // namespace proa::compiler::loop
