#include "proa/compiler/fuse/rooms.h"

#include "proa/compiler/fuse/index.h"
#include "proa/compiler/fuse/roles.h"
#include "proa/compiler/fuse/space.h"

namespace proa::compiler {

using namespace ir;

namespace {

class Sinker {
 public:
  explicit Sinker(Groups& groups) : groups_(groups), roles_(groups.roles()) {}

  // Element by element, read by one group alone and there where it was just computed: it becomes
  // part of that group, since nobody else waits for it. Such are an optimizer's moments before the
  // gradient comes.
  void sink(Group& group) {
    bool plain = !group.merged() && group.space.inner == 0 && !group.space.blocked;
    if (!plain || group.contracts || group.gathers || group.scatters || group.space.dims.empty())
      return;
    Group* reader = nullptr;
    for (Operation* op : group.ops) {
      for (Value result : op->results()) {
        if (!only_reader(result, group, reader)) return;
      }
    }
    if (reader == nullptr) return;
    Space both;
    if (!unite(group.space, reader->space, both) || both != reader->space) return;
    if (reader->contracts && group.space.dims != reader->space.dims) return;
    if (groups_.fit(group, *reader)) groups_.merge(group, *reader);
  }

 private:
  // Whether only members of the group and of `reader` (null: of any other one) read the value, and
  // element by element.
  bool only_reader(Value value, const Group& group, Group*& reader) const {
    bool only = true;
    value.each_use([&](Use& use) {
      if (!only) return;
      Operation* owner = use.owner;
      if (is_layout(*owner)) {
        only = only_reader(owner->result(), group, reader);
        return;
      }
      Group* home = groups_.group_of(owner);
      if (home == &group) return;
      only = home != nullptr && (reader == nullptr || reader == home) && !roles_.anchors(*owner) &&
             !roles_.gathers(*owner) && !home->scatters &&
             !(home->space.blocked && owner->is("prim.reduce")) && roles_.aligned(value);
      reader = home;
    });
    return only;
  }

  Groups& groups_;
  const Roles& roles_;
};

}  // namespace

void sink_into_readers(Groups& groups) {
  Sinker sinker(groups);
  for (auto it = groups.all().rbegin(); it != groups.all().rend(); ++it) sinker.sink(**it);
}

}  // namespace proa::compiler
