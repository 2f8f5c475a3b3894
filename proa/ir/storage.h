// The uniqued storages behind Type, Attribute and Location, and the tables that hold them.
// Why private to the floor: users see pointers only, so the layout may change.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "proa/ir/attribute.h"
#include "proa/ir/dialect.h"
#include "proa/ir/location.h"
#include "proa/ir/symbol/dim.h"
#include "proa/ir/type.h"

namespace proa::ir {

struct TypeStorage {
  Context* context = nullptr;
  uint64_t hash = 0;
  TypeKind kind = TypeKind::token;
  DType dtype = DType::f32;
  std::vector<Dim> dims;
  std::string name;
  std::vector<Attribute> parameters;
};

struct AttrStorage {
  Context* context = nullptr;
  uint64_t hash = 0;
  AttrKind kind = AttrKind::unit;
  int64_t integer = 0;              // boolean, integer, dtype; bits of a real
  std::complex<double> number = 0;  // real, complex
  std::string text;                 // string, symbol, name of custom
  std::vector<int64_t> ints;
  std::vector<double> reals;
  std::vector<Dim> dims;         // dim (one) and dims
  std::vector<Attribute> array;  // array, parameters of custom
  std::vector<NamedAttr> dict;
  Type type;
  std::unique_ptr<TensorData> tensor;
};

struct LocationStorage {
  uint64_t hash = 0;
  LocationKind kind = LocationKind::unknown;
  std::string text;
  int line = 0, column = 0;
  std::vector<Location> parts;
};

// A set of storages by content; the storages never move and live as long as the Context.
template <class S>
class UniqueTable {
 public:
  template <class Equal>
  const S* get(S candidate, Equal equal) {
    auto [begin, end] = index_.equal_range(candidate.hash);
    for (auto it = begin; it != end; ++it) {
      if (equal(*it->second, candidate)) return it->second;
    }
    storages_.push_back(std::move(candidate));
    const S* made = &storages_.back();
    index_.emplace(made->hash, made);
    return made;
  }

 private:
  std::deque<S> storages_;
  std::unordered_multimap<uint64_t, const S*> index_;
};

struct Context::Impl {
  std::recursive_mutex mutex;
  std::unordered_map<std::string, std::unique_ptr<std::string>> names;
  UniqueTable<TypeStorage> types;
  UniqueTable<AttrStorage> attrs;
  UniqueTable<LocationStorage> locations;
  SymbolArena symbols;
  std::vector<std::unique_ptr<Dialect>> owned;
  std::vector<Dialect*> dialects;
  std::unordered_map<std::string_view, const OpInfo*> ops;
};

}  // namespace proa::ir
