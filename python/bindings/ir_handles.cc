// Handles to pieces of IR, and what stands between IR and Python values: types, attributes.

#include "python/bindings/ir.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <unordered_map>

#include "proa/base/error.h"
#include "proa/eager/traced.h"
#include "proa/ir/dialect.h"
#include "proa/ir/end_watch.h"
#include "proa/ir/page.h"
#include "python/bindings/operators.h"

namespace proa::python {

namespace {

PyTypeObject* handle_type;

struct HandleObject {
  PyObject_HEAD
  Handle handle;
};

std::mutex cells_mutex;
// Every cell that some handle holds, by its operation. Cells are made and dropped with the lock of
// the interpreter held; operations end anywhere.
std::unordered_map<const ir::Operation*, OpCell*>& cells() {
  static auto map = new std::unordered_map<const ir::Operation*, OpCell*>();
  return *map;
}

void operation_ended(const ir::Operation* op) {
  std::lock_guard lock(cells_mutex);
  auto found = cells().find(op);
  if (found == cells().end()) return;
  found->second->op = nullptr;
  cells().erase(found);
}

std::shared_ptr<OpCell> cell_of(ir::Operation* op) {
  std::lock_guard lock(cells_mutex);
  auto [slot, fresh] = cells().try_emplace(op, nullptr);
  if (!fresh) return slot->second->shared_from_this();
  auto cell = std::make_shared<OpCell>(op);
  slot->second = cell.get();
  ir::watch_ends(operation_ended);
  return cell;
}

void destroy(PyObject* self) {
  reinterpret_cast<HandleObject*>(self)->handle.~Handle();
  PyTypeObject* type = Py_TYPE(self);
  type->tp_free(self);
  Py_DECREF(type);
}

// What makes two handles the same.
std::pair<const void*, int64_t> key_of(const Handle& h) {
  switch (h.kind) {
    case HandleKind::module: return {h.box.get(), -1};
    case HandleKind::op: return {h.cell.get(), -2};
    case HandleKind::block: return {h.block, -3};
    case HandleKind::result: return {h.cell.get(), h.index};
    case HandleKind::argument: return {h.argument, -4};
    case HandleKind::rewriter: return {h.rewriter.get(), -5};
    case HandleKind::context: return {h.context.get(), -6};
  }
  return {};
}

Py_hash_t hash(PyObject* self) {
  auto [pointer, index] = key_of(reinterpret_cast<HandleObject*>(self)->handle);
  auto value = static_cast<Py_hash_t>(reinterpret_cast<uintptr_t>(pointer) >> 4) * 31 + index;
  return value == -1 ? -2 : value;
}

PyObject* compare(PyObject* a, PyObject* b, int op) {
  if ((op != Py_EQ && op != Py_NE) || !PyObject_TypeCheck(b, handle_type)) Py_RETURN_NOTIMPLEMENTED;
  const Handle &x = reinterpret_cast<HandleObject*>(a)->handle,
               &y = reinterpret_cast<HandleObject*>(b)->handle;
  bool same = x.kind == y.kind && key_of(x) == key_of(y);
  return PyBool_FromLong(same == (op == Py_EQ));
}

[[noreturn]] void wrong_kind(std::string_view expected) {
  throw UserError(ErrorKind::type, "ir", "", str("expected ", expected));
}

void alive(const Handle& h) {
  if (h.box->module == nullptr)
    throw UserError(ErrorKind::state, "ir", "", "this module was lent to a pass that has ended");
}

ir::Block* wrapped_block(const Handle& h) {
  alive(h);
  if (h.cell->op == nullptr)
    throw UserError(ErrorKind::state, "ir", "", "the operation around this block was erased");
  if (h.region < h.cell->op->region_count()) {
    ir::Region& region = h.cell->op->region(h.region);
    for (size_t i = 0; i < region.block_count(); ++i) {
      if (&region.block(i) == h.block) return h.block;
    }
  }
  throw UserError(ErrorKind::state, "ir", "", "this block was erased");
}

}  // namespace

OpCell::~OpCell() {
  std::lock_guard lock(cells_mutex);
  if (op != nullptr) cells().erase(op);
  if (cells().empty()) ir::watch_ends(nullptr);
}

Handle block_handle(const std::shared_ptr<ModuleBox>& box, ir::Block* block) {
  Handle h{HandleKind::block, box};
  ir::Operation* parent = block->parent();
  h.cell = cell_of(parent);
  h.block = block;
  for (size_t i = 0; i < parent->region_count(); ++i) {
    if (&parent->region(i) == block->region()) h.region = static_cast<uint32_t>(i);
  }
  return h;
}

void not_driven(const std::shared_ptr<ModuleBox>& box) {
  if (box->driven > 0) {
    throw UserError(ErrorKind::state, "ir", "",
                    "patterns are at work on this module; change it through their rewriter");
  }
}

void need_arguments(Py_ssize_t got, Py_ssize_t wanted) {
  if (got != wanted) {
    throw UserError(ErrorKind::type, "ir", "", str("expected ", wanted, " arguments, got ", got));
  }
}

PyObject* wrap_handle(Handle handle) {
  PyObject* object = handle_type->tp_alloc(handle_type, 0);
  if (object == nullptr) throw PythonError{};
  new (&reinterpret_cast<HandleObject*>(object)->handle) Handle(std::move(handle));
  return object;
}

PyObject* wrap_op(const std::shared_ptr<ModuleBox>& box, ir::Operation* op) {
  if (op == nullptr) return Py_NewRef(Py_None);
  Handle h{HandleKind::op, box};
  h.cell = cell_of(op);
  return wrap_handle(std::move(h));
}

PyObject* wrap_value(const std::shared_ptr<ModuleBox>& box, ir::Value value) {
  if (!value) return Py_NewRef(Py_None);
  if (ir::Operation* definer = value.definer()) {
    Handle h{HandleKind::result, box};
    h.cell = cell_of(definer);
    h.index = value.index();
    return wrap_handle(std::move(h));
  }
  Handle h = block_handle(box, value.argument_block());
  h.kind = HandleKind::argument;
  h.index = value.index();
  h.argument = value.impl();
  return wrap_handle(std::move(h));
}

const Handle& handle_of(PyObject* object) {
  if (!PyObject_TypeCheck(object, handle_type)) wrong_kind("a piece of IR");
  return reinterpret_cast<HandleObject*>(object)->handle;
}

ir::Module& module_of(PyObject* object, std::shared_ptr<ModuleBox>* box) {
  const Handle& h = handle_of(object);
  if (h.kind != HandleKind::module) wrong_kind("a module");
  alive(h);
  if (box != nullptr) *box = h.box;
  return *h.box->module;
}

ir::Operation& op_of(PyObject* object, std::shared_ptr<ModuleBox>* box) {
  const Handle& h = handle_of(object);
  if (h.kind != HandleKind::op) wrong_kind("an operation");
  alive(h);
  if (h.cell->op == nullptr)
    throw UserError(ErrorKind::state, "ir", "", "this operation was erased");
  if (box != nullptr) *box = h.box;
  return *h.cell->op;
}

ir::Block& block_of(PyObject* object, std::shared_ptr<ModuleBox>* box) {
  const Handle& h = handle_of(object);
  if (h.kind != HandleKind::block) wrong_kind("a block");
  if (box != nullptr) *box = h.box;
  return *wrapped_block(h);
}

ir::Value value_of(PyObject* object, std::shared_ptr<ModuleBox>* box) {
  const Handle& h = handle_of(object);
  if (box != nullptr) *box = h.box;
  if (h.kind == HandleKind::result) {
    alive(h);
    if (h.cell->op == nullptr)
      throw UserError(ErrorKind::state, "ir", "", "the operation of this value was erased");
    return h.cell->op->result(h.index);
  }
  if (h.kind != HandleKind::argument) wrong_kind("a value");
  for (ir::Value argument : wrapped_block(h)->arguments()) {
    if (argument.impl() == h.argument) return argument;
  }
  throw UserError(ErrorKind::state, "ir", "", "this argument was erased");
}

std::vector<ir::Value> values_of(PyObject* list, const std::shared_ptr<ModuleBox>& box) {
  Ref fast = checked(PySequence_Fast(list, "expected a list of values"));
  std::vector<ir::Value> values;
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(fast.get()); ++i) {
    std::shared_ptr<ModuleBox> from;
    values.push_back(value_of(PySequence_Fast_GET_ITEM(fast.get(), i), &from));
    if (from != box)
      throw UserError(ErrorKind::value, "ir", "", "this value belongs to another module");
  }
  return values;
}

Ref type_object(ir::Type type) {
  if (!type.is_tensor()) return checked(Py_BuildValue("(N)", to_str(to_string(type)).release()));
  Ref dims = list_of(type.dims(), [](ir::Dim d) { return wrap_dim(d); });
  return checked(Py_BuildValue("(NO)", wrap_dtype(type.dtype()), dims.get()));
}

Ref attribute_object(ir::Attribute a) {
  using ir::AttrKind;
  if (!a) return Ref::share(Py_None);
  auto integer = [](int64_t v) { return PyLong_FromLongLong(v); };
  switch (a.kind()) {
    case AttrKind::unit: return Ref::share(Py_None);
    case AttrKind::boolean: return Ref(PyBool_FromLong(a.as_bool()));
    case AttrKind::integer: return checked(integer(a.as_int()));
    case AttrKind::real: return checked(PyFloat_FromDouble(a.as_real()));
    case AttrKind::complex:
      return checked(PyComplex_FromDoubles(a.as_complex().real(), a.as_complex().imag()));
    case AttrKind::string: return to_str(a.as_string());
    case AttrKind::dtype: return checked(wrap_dtype(a.as_dtype()));
    case AttrKind::dim: return checked(wrap_dim(a.as_dim()));
    case AttrKind::ints: return list_of(a.as_ints(), integer);
    case AttrKind::reals:
      return list_of(a.as_reals(), [](double v) { return PyFloat_FromDouble(v); });
    case AttrKind::dims: return list_of(a.as_dims(), [](ir::Dim d) { return wrap_dim(d); });
    case AttrKind::array:
      return list_of(a.as_array(), [](ir::Attribute x) { return attribute_object(x).release(); });
    case AttrKind::dict: {
      Ref dict = checked(PyDict_New());
      for (const ir::NamedAttr& item : a.as_dict()) {
        checked(PyDict_SetItem(dict.get(), to_str(item.name.view()).get(),
                               attribute_object(item.value()).get()));
      }
      return dict;
    }
    case AttrKind::type: return type_object(a.as_type());
    case AttrKind::tensor: {
      const ir::TensorData& data = a.as_tensor();
      return checked(wrap(eager::from_data(data.dims, data.dtype, data.bytes)));
    }
    case AttrKind::symbol: return to_str(str("@", a.as_string()));
    case AttrKind::custom: return to_str(to_string(a));
  }
  return Ref::share(Py_None);
}

ir::Attribute plain_attribute(std::string_view op, std::string_view name, PyObject* object) {
  using ir::Attribute;
  ir::Context& c = eager::context();
  if (object == Py_None) return {};
  if (PyBool_Check(object)) return Attribute::boolean(c, object == Py_True);
  if (PyLong_Check(object)) return Attribute::integer(c, as_int(object, op, name));
  if (PyFloat_Check(object)) return Attribute::real(c, PyFloat_AS_DOUBLE(object));
  if (PyUnicode_Check(object)) {
    std::string_view text = text_of(object);
    if (text.starts_with("@")) return Attribute::symbol(c, text.substr(1));
    return Attribute::string(c, text);
  }
  if (auto dim = as_dim(object)) return Attribute::dim(c, *dim);
  if (is_tensor(object)) {
    Tensor dense(runtime::to_dense(tensor_of(object).array()));
    auto owner = std::make_shared<Tensor>(dense);
    size_t size = static_cast<size_t>(dense.elements()) * size_of(dense.dtype());
    std::shared_ptr<char[]> bytes(new char[std::max<size_t>(size, 1)]);
    std::copy_n(dense.array().data, size, bytes.get());
    const void* data = bytes.get();
    return Attribute::tensor(
        c,
        {dense.dtype(), {dense.dims().begin(), dense.dims().end()}, std::move(bytes), data, size});
  }
  if (PyList_Check(object) || PyTuple_Check(object)) {
    bool reals = false;
    for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i) {
      Ref item = checked(PySequence_GetItem(object, i));
      reals |= PyFloat_Check(item.get()) != 0;
    }
    if (!reals) return dims_attribute(object, op, name);
    std::vector<double> values;
    for (Py_ssize_t i = 0; i < PySequence_Size(object); ++i) {
      Ref item = checked(PySequence_GetItem(object, i));
      values.push_back(PyFloat_AsDouble(item.get()));
      if (PyErr_Occurred()) throw PythonError{};
    }
    return Attribute::reals(c, values);
  }
  if (auto dtype = as_dtype(object)) return Attribute::dtype(c, *dtype);
  throw UserError(ErrorKind::type, op, name, "no attribute can be made of this value");
}

ir::AttrList attributes_of(const ir::OpInfo& info, PyObject* dict) {
  ir::AttrList attrs;
  if (dict == Py_None) return attrs;
  if (!PyDict_Check(dict))
    throw UserError(ErrorKind::type, info.name, "attributes", "expected a dict");
  PyObject *key, *value;
  Py_ssize_t at = 0;
  while (PyDict_Next(dict, &at, &key, &value)) {
    if (!PyUnicode_Check(key))
      throw UserError(ErrorKind::type, info.name, "attributes", "a name is a string");
    std::string name(text_of(key));
    attrs.set(eager::context().name(name), page_attribute(info, name, value, plain_attribute));
  }
  return attrs;
}

ir::Operation* create_op(ir::Builder& builder, std::string_view name, PyObject* operands,
                         PyObject* attrs, const std::shared_ptr<ModuleBox>& box) {
  const ir::OpInfo& info = builder.context().op(name);
  if (!info.page) {
    throw UserError(ErrorKind::not_supported, name, "",
                    "this operation has no page; it is made by parsing text");
  }
  Ref fast = checked(PySequence_Fast(operands, "expected a list of operands"));
  std::vector<ir::Value> values;
  std::vector<int64_t> segments;
  auto one = [&](PyObject* object) {
    std::shared_ptr<ModuleBox> from;
    values.push_back(value_of(object, &from));
    if (from != box)
      throw UserError(ErrorKind::value, name, "", "an operand belongs to another module");
  };
  Py_ssize_t count = PySequence_Fast_GET_SIZE(fast.get());
  const auto& specs = info.page->operands;
  if (count > static_cast<Py_ssize_t>(specs.size())) {
    throw UserError(ErrorKind::value, name, "",
                    str("takes at most ", specs.size(), " operands, got ", count));
  }
  for (size_t i = 0; i < specs.size(); ++i) {
    PyObject* given = static_cast<Py_ssize_t>(i) < count
                          ? PySequence_Fast_GET_ITEM(fast.get(), static_cast<Py_ssize_t>(i))
                          : Py_None;
    size_t before = values.size();
    if (PyList_Check(given) || PyTuple_Check(given)) {
      for (Py_ssize_t k = 0; k < PySequence_Size(given); ++k)
        one(checked(PySequence_GetItem(given, k)).get());
    } else if (given != Py_None) {
      one(given);
    }
    segments.push_back(static_cast<int64_t>(values.size() - before));
  }
  eager::TraceScope tracing;
  return builder.create(info, values, attributes_of(info, attrs), segments);
}

PyObject* handle_class() {
  static PyType_Slot slots[] = {{Py_tp_dealloc, reinterpret_cast<void*>(destroy)},
                                {Py_tp_hash, reinterpret_cast<void*>(hash)},
                                {Py_tp_richcompare, reinterpret_cast<void*>(compare)},
                                {0, nullptr}};
  static PyType_Spec spec = {"proa.IrHandle", sizeof(HandleObject), 0,
                             Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  if (handle_type == nullptr) handle_type = reinterpret_cast<PyTypeObject*>(PyType_FromSpec(&spec));
  if (handle_type == nullptr) throw PythonError{};
  return reinterpret_cast<PyObject*>(handle_type);
}

}  // namespace proa::python
