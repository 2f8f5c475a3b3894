// gather and scatter. Updates of one element are taken in ascending order of their position,
// whatever the threads: these share out batch elements and columns of the rows, never the updates
// of a place.

#include <algorithm>
#include <cstring>
#include <vector>

#include "proa/base/error.h"
#include "proa/base/numeric/half.h"
#include "proa/base/thread_pool.h"
#include "proa/kernels/reference/formulas.h"
#include "proa/kernels/reference/move.h"

namespace proa::kernels::PROA_ISA {

namespace {

constexpr int64_t kGrain = 16384;     // elements worth a thread
constexpr int64_t kPiece = 8192;      // elements of a long row copied at a time
constexpr int64_t kColumns = 128;     // of a row, one thread's share in a scatter
constexpr int64_t kBatchEnough = 16;  // batch elements that alone keep the threads busy
constexpr size_t kCoordinates = 512;  // of the index, read at a time
constexpr int64_t kUpdates = 1024;    // elements of the updates, read at a time

enum class Mode : int64_t { clamp, drop, wrap, raise, from_end };

struct Word128 {
  uint64_t low, high;
};

int64_t product(std::span<const int64_t> dims) {
  int64_t n = 1;
  for (int64_t d : dims) n *= d;
  return n;
}

Extents dense_strides(const TensorRef& x) {
  Extents strides(static_cast<size_t>(x.rank), 1);
  for (size_t i = strides.size(); i-- > 1;) strides[i - 1] = strides[i] * x.dims[i];
  return strides;
}

// The axes of an indexed tensor by role, and the index that goes with it. A position is a batch
// element and a place in the index; it names a row, which is what remains of the tensor.
struct Indexed {
  Extents batch_dims, batch_strides, extents, steps, row_dims, row_strides;
  Operand index;
  Mode mode;
  int64_t batches = 1, places = 1, row = 1;  // places: of one batch element

  Indexed(const TensorRef& x, std::span<const int64_t> strides, const TensorRef& index_tensor,
          std::span<const int64_t> axes, int64_t batch, int64_t mode_word)
      : index(index_tensor), mode(static_cast<Mode>(mode_word)) {
    Extents named;
    for (int64_t axis : axes) {
      if (axis < 0) axis += x.rank;
      named.push_back(axis);
      extents.push_back(x.dims[axis]);
      steps.push_back(strides[static_cast<size_t>(axis)]);
    }
    for (int64_t i = 0; i < x.rank; ++i) {
      if (i >= batch && std::find(named.begin(), named.end(), i) != named.end()) continue;
      (i < batch ? batch_dims : row_dims).push_back(x.dims[i]);
      (i < batch ? batch_strides : row_strides).push_back(strides[static_cast<size_t>(i)]);
    }
    batches = product(batch_dims);
    row = product(row_dims);
    for (int64_t i = batch; i + 1 < index_tensor.rank; ++i) places *= index_tensor.dims[i];
  }

  int64_t batch_offset(int64_t b) const {
    int64_t offset = 0;
    for (size_t i = batch_dims.size(); i-- > 0;) {
      offset += b % batch_dims[i] * batch_strides[i];
      b /= batch_dims[i];
    }
    return offset;
  }

  // Never returns: the operator that was called adds its name and its argument's.
  [[noreturn, gnu::noinline]] void refuse(int64_t c, int64_t extent) const {
    std::string range =
        extent == 0 ? std::string("there are none")
                    : str("expected ", mode == Mode::from_end ? -extent : 0, "..", extent - 1);
    throw UserError(ErrorKind::index, "", "",
                    str("index ", c, " is out of range for size ", extent, ": ", range));
  }

  bool raises() const { return mode == Mode::raise || mode == Mode::from_end; }

  // Where no element is moved, wrong coordinates are refused all the same.
  void check_all() const {
    if (raises() && batches * places > 0) {
      for_positions(0, batches * places, [](int64_t, int64_t, bool) {});
    }
  }

  // Adds to `offset` where the coordinates lead; false where that is nowhere.
  bool locate(const int64_t* coordinates, int64_t& offset) const {
    for (size_t i = 0; i < extents.size(); ++i) {
      int64_t c = coordinates[i], extent = extents[i];
      if (static_cast<uint64_t>(c) >= static_cast<uint64_t>(extent)) {
        if (raises()) {
          if (mode == Mode::raise || c >= 0 || c < -extent) refuse(c, extent);
          c += extent;
        } else if (mode == Mode::drop || extent == 0) {
          return false;
        } else if (mode == Mode::clamp) {
          c = c < 0 ? 0 : extent - 1;
        } else {
          c %= extent;
          if (c < 0) c += extent;
        }
      }
      offset += c * steps[i];
    }
    return true;
  }

  // Calls body(position, offset of its row, whether there is one) for positions begin .. end in
  // order.
  template <class Body>
  void for_positions(int64_t begin, int64_t end, Body body) const {
    size_t k = extents.size();
    PROA_CHECK(k <= kCoordinates, k, " axes");
    int64_t buffer[kCoordinates];
    auto block = static_cast<int64_t>(k == 0 ? kCoordinates : kCoordinates / k);
    int64_t b = begin / places, left = places - begin % places, base = batch_offset(b);
    auto width = static_cast<int64_t>(k);
    for (int64_t p = begin; p < end; p += block) {
      int64_t n = std::min(block, end - p);
      const int64_t* coordinates = buffer;
      if (k > 0) {
        coordinates = static_cast<const int64_t*>(index.take(p * width, n * width, buffer));
      }
      for (int64_t i = 0; i < n; ++i, coordinates += k) {
        if (left == 0) {
          base = batch_offset(++b);
          left = places;
        }
        --left;
        int64_t offset = base;
        bool inside = locate(coordinates, offset);
        body(p + i, offset, inside);
      }
    }
  }
};

// gather

template <class Word>
void gather_elements(const Indexed& x, const Word* from, Word* to) {
  parallel_for(x.batches * x.places, kGrain / 2, [&](int64_t begin, int64_t end) {
    x.for_positions(begin, end, [&](int64_t position, int64_t offset, bool inside) {
      to[position] = inside ? from[offset] : Word{};
    });
  });
}

void gather_rows(const Indexed& x, const char* from, char* to, int64_t size) {
  bool dense = Operand(nullptr, static_cast<size_t>(size), x.row_dims, x.row_strides).dense();
  int64_t pieces = (x.row - 1) / kPiece + 1, grain = std::max<int64_t>(1, kGrain / x.row);
  auto copy = [&](int64_t position, int64_t offset, bool inside, int64_t begin, int64_t end) {
    char* target = to + (position * x.row + begin) * size;
    auto bytes = static_cast<size_t>((end - begin) * size);
    if (!inside) {
      std::memset(target, 0, bytes);
    } else if (dense) {
      std::memcpy(target, from + (offset + begin) * size, bytes);
    } else {
      Operand row(from + offset * size, static_cast<size_t>(size), x.row_dims, x.row_strides);
      const void* source = row.take(begin, end - begin, target);
      if (source != target) std::memcpy(target, source, bytes);
    }
  };
  if (pieces == 1) {
    parallel_for(x.batches * x.places, grain, [&](int64_t begin, int64_t end) {
      x.for_positions(begin, end, [&](int64_t position, int64_t offset, bool inside) {
        copy(position, offset, inside, 0, x.row);
      });
    });
    return;
  }
  parallel_for(x.batches * x.places * pieces, 1, [&](int64_t begin, int64_t end) {
    x.for_positions(
        begin / pieces, (end - 1) / pieces + 1, [&](int64_t position, int64_t offset, bool inside) {
          int64_t first = std::max(begin, position * pieces) - position * pieces;
          int64_t last = std::min(end, (position + 1) * pieces) - position * pieces;
          copy(position, offset, inside, first * kPiece, std::min(x.row, last * kPiece));
        });
  });
}

void gather(const KernelArgs& args) {
  const TensorRef &x = args.in[0], &out = args.out[0];
  Indexed indexed(x, {x.strides, static_cast<size_t>(x.rank)}, args.in[1], args.attrs.ints(0),
                  args.attrs.integer(1), args.attrs.integer(2));
  if (out.elements() == 0) return indexed.check_all();
  auto size = static_cast<int64_t>(size_of(x.dtype));
  if (indexed.row != 1) return gather_rows(indexed, x.as<const char>(), out.as<char>(), size);
  auto by = [&]<class Word>(Word*) {
    gather_elements(indexed, x.as<const Word>(), out.as<Word>());
  };
  switch (size) {
    case 1: return by(static_cast<uint8_t*>(nullptr));
    case 2: return by(static_cast<uint16_t*>(nullptr));
    case 4: return by(static_cast<uint32_t*>(nullptr));
    case 8: return by(static_cast<uint64_t*>(nullptr));
    default: return by(static_cast<Word128*>(nullptr));
  }
}

// scatter

struct Set {
  template <class T>
  T operator()(T, T b) const {
    return b;
  }
};

template <class T>
T widened(T x) {
  return x;
}
float widened(Float16 x) { return numeric::to_f32(x); }
float widened(BFloat16 x) { return numeric::to_f32(x); }

// A row of the result: runs of elements `step` apart.
struct Runs {
  std::vector<int64_t> starts;
  int64_t length = 1, step = 1;

  explicit Runs(const Indexed& x) {
    Extents dims, strides;
    for (size_t i = 0; i < x.row_dims.size(); ++i) {
      size_t n = dims.size();
      if (x.row_dims[i] == 1) continue;
      if (n > 0 && strides[n - 1] == x.row_strides[i] * x.row_dims[i]) {
        dims[n - 1] *= x.row_dims[i];
        strides[n - 1] = x.row_strides[i];
      } else {
        dims.push_back(x.row_dims[i]);
        strides.push_back(x.row_strides[i]);
      }
    }
    starts.push_back(0);
    for (size_t i = 0; i + 1 < dims.size(); ++i) {
      std::vector<int64_t> more;
      for (int64_t start : starts) {
        for (int64_t k = 0; k < dims[i]; ++k) more.push_back(start + k * strides[i]);
      }
      starts = std::move(more);
    }
    if (!dims.empty()) {
      length = dims.back();
      step = strides.back();
    }
  }

  // Calls body(first element, elements) for the columns begin .. end, in order.
  template <class Body>
  void for_columns(int64_t begin, int64_t end, Body body) const {
    int64_t run = begin / length, at = begin % length;
    for (; begin < end; ++run, at = 0) {
      int64_t n = std::min(length - at, end - begin);
      body(starts[static_cast<size_t>(run)] + at * step, n);
      begin += n;
    }
  }
};

// T is what the result is computed in, U what the updates are stored in.
template <class T, class U, class F>
void scatter_into(const Indexed& x, T* out, const TensorRef& updates) {
  Runs runs(x);
  Operand source(updates);
  int64_t share = x.batches >= kBatchEnough ? x.row : std::min(x.row, kColumns);
  int64_t shares = (x.row - 1) / share + 1;
  int64_t grain = std::max<int64_t>(1, kGrain / (x.places * share));
  parallel_for(x.batches * shares, grain, [&](int64_t begin, int64_t end) {
    // Several short rows at a time, or a piece of a long one.
    int64_t whole = share == x.row && x.row <= kUpdates ? kUpdates / x.row : 1;
    std::vector<U> buffer(static_cast<size_t>(kUpdates));
    for (int64_t unit = begin, units; unit < end; unit += units) {
      units = shares == 1 ? end - unit : 1;
      int64_t first = unit / shares * x.places, last = first + units * x.places;
      int64_t column = unit % shares * share, column_end = std::min(x.row, column + share);
      const U* rows = nullptr;
      int64_t ready = first;  // rows before this one have been read
      x.for_positions(first, last, [&](int64_t position, int64_t offset, bool inside) {
        if (whole > 1 && position == ready) {
          int64_t n = std::min(whole, last - position);
          rows = static_cast<const U*>(source.take(position * x.row, n * x.row, buffer.data()));
          ready += n;
        }
        const U* row = rows;
        if (whole > 1) rows += x.row;
        if (!inside) return;
        T* target = out + offset;
        for (int64_t c = column; c < column_end; c += kUpdates) {
          int64_t c_end = std::min(column_end, c + kUpdates);
          if (whole == 1) {
            row =
                static_cast<const U*>(source.take(position * x.row + c, c_end - c, buffer.data()));
          }
          runs.for_columns(c, c_end, [&](int64_t at, int64_t n) {
            T* y = target + at;
            if (runs.step == 1) {
              for (int64_t i = 0; i < n; ++i) y[i] = F{}(y[i], widened(row[i]));
            } else {
              for (int64_t i = 0; i < n; ++i)
                y[i * runs.step] = F{}(y[i * runs.step], widened(row[i]));
            }
            row += n;
          });
        }
      });
    }
  });
}

// f16 and bf16: the whole in f32, rounded once at the end.
template <class E, class F>
void scatter_narrow(const Indexed& x, const TensorRef& out, const TensorRef& updates) {
  E* y = out.as<E>();
  std::vector<float> wide(static_cast<size_t>(out.elements()));
  parallel_for(out.elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) wide[static_cast<size_t>(i)] = numeric::to_f32(y[i]);
  });
  scatter_into<float, E, F>(x, wide.data(), updates);
  parallel_for(out.elements(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = numeric::narrow<E>(wide[static_cast<size_t>(i)]);
  });
}

void scatter_set(const Indexed& x, const TensorRef& out, const TensorRef& updates) {
  auto by = [&]<class Word>(Word* y) { scatter_into<Word, Word, Set>(x, y, updates); };
  switch (size_of(out.dtype)) {
    case 1: return by(out.as<uint8_t>());
    case 2: return by(out.as<uint16_t>());
    case 4: return by(out.as<uint32_t>());
    case 8: return by(out.as<uint64_t>());
    default: return by(out.as<Word128>());
  }
}

template <class F>
void scatter_numbers(const Indexed& x, const TensorRef& out, const TensorRef& updates) {
  auto by = [&]<class T>(T* y) { scatter_into<T, T, F>(x, y, updates); };
  switch (out.dtype) {
    case DType::u8: return by(out.as<uint8_t>());
    case DType::i8: return by(out.as<int8_t>());
    case DType::i16: return by(out.as<int16_t>());
    case DType::i32: return by(out.as<int32_t>());
    case DType::i64: return by(out.as<int64_t>());
    case DType::f16: return scatter_narrow<Float16, F>(x, out, updates);
    case DType::bf16: return scatter_narrow<BFloat16, F>(x, out, updates);
    case DType::f32: return by(out.as<float>());
    case DType::f64: return by(out.as<double>());
    default: break;
  }
  if constexpr (std::is_same_v<F, Add> || std::is_same_v<F, Mul>) {
    if (out.dtype == DType::c64) return by(out.as<C64>());
    if (out.dtype == DType::c128) return by(out.as<C128>());
  }
  PROA_CHECK(false, "no scatter of ", to_string(out.dtype));
}

void scatter(const KernelArgs& args) {
  enum { set, add, mul, min, max };
  const TensorRef &x = args.in[0], &updates = args.in[2], &out = args.out[0];
  Extents strides = dense_strides(out);
  if (out.data != x.data) {
    std::span<const int64_t> dims(x.dims, static_cast<size_t>(x.rank));
    move(dims, size_of(x.dtype), {x.data, {x.strides, dims.size()}}, {out.data, strides});
  }
  Indexed indexed(out, strides, args.in[1], args.attrs.ints(1), args.attrs.integer(2),
                  args.attrs.integer(3));
  if (out.elements() == 0 || updates.elements() == 0) return indexed.check_all();
  switch (args.attrs.integer(0)) {
    case set: return scatter_set(indexed, out, updates);
    case add: return scatter_numbers<Add>(indexed, out, updates);
    case mul: return scatter_numbers<Mul>(indexed, out, updates);
    case min: return scatter_numbers<Min>(indexed, out, updates);
    default: return scatter_numbers<Max>(indexed, out, updates);
  }
}

constexpr KernelEntry kKernels[] = {
    {"prim.gather", gather},
    {"prim.scatter", scatter},
};

}  // namespace

std::span<const KernelEntry> index_kernels() { return kKernels; }

}  // namespace proa::kernels::PROA_ISA
