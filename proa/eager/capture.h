// Capture: while one is open on a thread, operator calls append to its graph instead of running.
// Why at the one door: whoever traces Python (operators defined there, later whole steps) sees the
// same checks, promotion and numbers as a call that runs.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "proa/eager/call.h"
#include "proa/ir/builder.h"

namespace proa::eager {

class Capture {
 public:
  // Where the user's code stands, asked for each operation; may be null.
  using Locate = ir::Location (*)(ir::Context& context);

  // Operations go to the end of `block`, which outlives the capture. One that is open already on
  // this thread waits until this one is closed. Autocast is off meanwhile.
  Capture(ir::Module& module, ir::Block& block, Locate locate);
  virtual ~Capture();  // its tensors say from now on that their trace has ended
  Capture(const Capture&) = delete;

  static Capture* active();  // of this thread; null: calls run
  // Calls run while one of these lives, whatever is captured around it.
  class Suspended {
   public:
    Suspended();
    ~Suspended();
    Suspended(const Suspended&) = delete;

   private:
    Capture* before_;
  };

  // A tensor that stands for a value of the graph. Its dtype and rank are known, its extents where
  // they are constants, its contents never.
  Tensor tensor(ir::Value value);
  // The value that a tensor stands for; a tensor with contents becomes a constant. One of another
  // trace, or a constant that wants a gradient, is a UserError(state) on `argument`.
  virtual ir::Value value(const Tensor& tensor, std::string_view op, std::string_view argument);
  Tensor constant(const Tensor& tensor);  // its contents as they are now

  virtual std::vector<Tensor> call(const ir::OpInfo& op, std::span<const Tensor> operands,
                                   const ir::AttrList& attrs, std::span<const int64_t> segments);
  // The key of one call of a random operator; a UserError where all calls would have the same.
  virtual Tensor random_key(std::string_view op);
  // What reads contents in Python comes here first, whatever tensor it reads.
  virtual void reading() {}
  virtual Tensor detach(const Tensor& tensor);
  // A write in place as a new value; false: this capture has none, and memory is written.
  virtual bool write(const Tensor& dst, const Tensor& src, std::string_view op);
  virtual bool assign(const Tensor& dst, const Tensor& src);  // the same for new memory
  // The result of an index expression, which is a view.
  virtual void view(const Tensor& result, const Tensor& of);
  ir::Builder& builder();  // at the user's place
  std::string where();     // " (file:line)" of the user's place; may be empty

 protected:
  const std::vector<Tensor>& made() const { return kept_; }     // all that stand for values
  const Autocast& outer_autocast() const { return autocast_; }  // as it was before
  virtual ir::Value outside(const Tensor& tensor, std::string_view op, std::string_view argument);

 private:
  ir::Builder builder_;
  Locate locate_;
  Capture* before_;
  Autocast autocast_;
  std::vector<Tensor> kept_;  // alive, so that no other tensor takes the address of one
  std::unordered_set<const TensorImpl*> own_;
};

// The dims of a tensor: those of its value if it stands for one, else its extents.
std::vector<ir::Dim> symbolic_dims(const Tensor& tensor);
std::string shape_text(const Tensor& tensor);
// Whether two tensors have one shape. Under capture extents that may differ are guarded to be
// equal, since `why`.
bool same_shape(const Tensor& a, const Tensor& b, std::string_view why);

// `value` with the dims of `target`, broadcast where need be, as a write asks for.
Tensor expanded_to(const Tensor& value, const Tensor& target, std::string_view op,
                   std::string_view argument);

// One entry of an index, as Python's x[...] has it. A slice without a bound has nothing in it.
struct IndexItem {
  enum class Kind : uint8_t { position, slice, new_axis } kind = Kind::slice;
  std::optional<ir::Dim> start = {}, stop = {};  // a position stands in `start`
  int64_t step = 1;
};
// x[items], for a tensor under capture; axes without an item are whole. An extent that is a symbol
// gives a guard where a position may be out of range.
Tensor captured_index(const Tensor& x, std::span<const IndexItem> items);

}  // namespace proa::eager
