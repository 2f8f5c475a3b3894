#include "proa/ir/replace_sizes.h"

#include <utility>
#include <vector>

#include "proa/ir/attribute.h"
#include "proa/ir/context.h"
#include "proa/ir/operation.h"
#include "proa/ir/type.h"

namespace proa::ir {

namespace {

void replace_sizes(Operation& op, Context& context, const DimMap& map) {
  AttrList attrs = op.attrs();
  for (const NamedAttr& item : op.attrs().items())
    attrs.set(item.name, replace_sizes(context, item.value(), map));
  op.set_attrs(std::move(attrs));
  for (Value result : op.results()) result.set_type(replace_sizes(result.type(), map));
  for (size_t r = 0; r < op.region_count(); ++r) {
    for (size_t b = 0; b < op.region(r).block_count(); ++b) {
      Block& block = op.region(r).block(b);
      for (size_t i = 0; i < block.argument_count(); ++i)
        block.argument(i).set_type(replace_sizes(block.argument(i).type(), map));
    }
  }
}

}  // namespace

Type replace_sizes(Type type, const DimMap& map) {
  if (!type.is_tensor() || type.is_static()) return type;
  std::vector<Dim> dims(type.dims().begin(), type.dims().end());
  for (Dim& dim : dims) dim = substitute(dim, map);
  return type.with_dims(dims);
}

Attribute replace_sizes(Context& context, Attribute attr, const DimMap& map) {
  switch (attr.kind()) {
    case AttrKind::dim: return Attribute::dim(context, substitute(attr.as_dim(), map));
    case AttrKind::dims: {
      std::vector<Dim> dims = attr.as_dims();
      for (Dim& dim : dims) dim = substitute(dim, map);
      return Attribute::dims(context, dims);
    }
    case AttrKind::type: return Attribute::type(context, replace_sizes(attr.as_type(), map));
    case AttrKind::array: {
      std::vector<Attribute> items(attr.as_array().begin(), attr.as_array().end());
      for (Attribute& item : items) item = replace_sizes(context, item, map);
      return Attribute::array(context, items);
    }
    default: return attr;
  }
}

void replace_sizes(Module& module, const DimMap& map) {
  for (Func func : module.funcs())
    func.op()->walk([&](Operation* op) { replace_sizes(*op, module.context(), map); });
}

}  // namespace proa::ir
