// The end of operations, heard by one watcher.
// Why: handles from outside (Python) must not outlive what they name, and any pass may erase it.
// Why not a mark on each operation: nearly always nobody watches, and then it costs one load.
#pragma once

namespace proa::ir {

class Operation;

// `watcher` is called for every operation of the process that is destroyed from now on, on the
// thread that does it; null ends that.
using EndWatcher = void (*)(const Operation* op);
void watch_ends(EndWatcher watcher);

}  // namespace proa::ir
