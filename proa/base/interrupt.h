// HoldInterrupts: a stretch of work that Ctrl-C may not cut in two.
// Why: what overwrites memory that it was given must come to its end, or not begin.
#pragma once

namespace proa {

// While one lives, parallel_for and throw_if_interrupted() do not ask in this thread; whoever asks
// afterwards learns of it.
class HoldInterrupts {
 public:
  HoldInterrupts();
  ~HoldInterrupts();
  HoldInterrupts(const HoldInterrupts&) = delete;
};

}  // namespace proa
