"""Control flow on tensors: cond, while_loop, case, switch_case."""

from .control_flow import case, cond, switch_case, while_loop

__all__ = ["case", "cond", "switch_case", "while_loop"]
