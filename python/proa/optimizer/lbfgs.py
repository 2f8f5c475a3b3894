"""L-BFGS: a quasi-Newton method for smooth functions evaluated on all data at once.

It evaluates the function several times a step, so unlike the other optimizers its `step` takes a
closure. Nocedal & Wright, "Numerical optimization", 2nd ed. 2006: algorithms 7.4 and 7.5 (two-loop
recursion), 3.5 and 3.6 (line search for the strong Wolfe conditions).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Unpack

import proa
from proa.autograd import enable_grad
from proa.refusal import type_error, value_error

from .groups import GradClip, Parameters, l2_coefficient
from .lr import LRScheduler
from .optimizer import Optimizer, TorchNames, is_complex

if TYPE_CHECKING:
    from proa import Tensor

# The Wolfe conditions: sufficient decrease, and the curvature condition of quasi-Newton methods.
_DECREASE = 1e-4
_CURVATURE = 0.9
# A pair with less curvature than this would spoil the approximation of the inverse Hessian.
_LEAST_CURVATURE = 1e-10


class Point(NamedTuple):
    """A place on the search line: step length, value, gradient, and slope along the line."""

    step: float
    value: float
    gradient: Tensor
    slope: float


class LBFGS(Optimizer):
    """Limited-memory BFGS; `step(closure)`, where `closure` computes the loss and its gradients.

    Args:
        learning_rate: length of a step without a line search, first try of one with it.
        max_iter: iterations in one `step`.
        max_eval: evaluations of the closure in one `step`; 1.25 * max_iter by default.
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when neither loss nor parameters change more.
        history_size: pairs of steps and changes of the gradient that are kept.
        line_search_fn: None or "strong_wolfe".
    """

    def __init__(
        self,
        learning_rate: float | LRScheduler = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
        parameters: Parameters | None = None,
        weight_decay: Any = None,
        grad_clip: GradClip | None = None,
        name: str | None = None,
        **torch_names: Unpack[TorchNames],
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise value_error(
                f"[LBFGS] line_search_fn: expected None or 'strong_wolfe', got {line_search_fn!r}"
            )
        for argument, value in (("max_iter", max_iter), ("history_size", history_size)):
            if value < 1:
                raise value_error(f"[LBFGS] {argument}: expected 1 or more, got {value}")
        super().__init__(
            learning_rate, parameters, weight_decay, grad_clip, name, torch_names=torch_names
        )
        if len(self._groups) != 1:
            raise value_error("[LBFGS] parameters: expected one list of tensors, got groups")
        self._max_iter = max_iter
        self._max_eval = max_iter * 5 // 4 if max_eval is None else max_eval
        self._tolerance_grad = tolerance_grad
        self._tolerance_change = tolerance_change
        self._line_search = line_search_fn is not None
        self._pairs: deque[tuple[Tensor, Tensor]] = deque(maxlen=history_size)
        self._direction: Tensor | None = None
        self._length = 0.0
        self._gradient: Tensor | None = None

    def step(  # type: ignore[override]  # unlike the others it evaluates the loss itself
        self, closure: Callable[[], Tensor] | None = None
    ) -> Tensor:
        """Minimise; returns the loss at the start.

        `closure` clears the gradients, computes the loss, calls `backward` on it and returns it.
        """
        if closure is None:
            raise type_error("[LBFGS.step] closure: expected a function that returns the loss")
        with enable_grad():
            first = closure()
        value = float(first.item())
        gradient = self._flat_gradient()
        evaluations = 1
        for _ in range(self._max_iter):
            if self._largest(gradient) <= self._tolerance_grad:
                break
            fresh = self._direction is None
            direction = self._next_direction(gradient)
            slope = self._dot(gradient, direction)
            if slope > -self._tolerance_change:
                break
            length = self.get_lr()
            if fresh:
                length *= min(1.0, 1.0 / float(gradient.abs().sum().item()))
            before = value
            start = self._flat_value()
            line = Line(self, closure, start, direction)
            if self._line_search:
                point = line.search(Point(0.0, value, gradient, slope), length)
            else:
                point = line.at(length)
            line.move(point.step)
            self._direction, self._length, self._gradient = direction, point.step, gradient
            value, gradient = point.value, point.gradient
            evaluations += line.evaluations
            if (
                evaluations >= self._max_eval
                or self._largest(direction) * point.step <= self._tolerance_change
                or abs(value - before) < self._tolerance_change
            ):
                break
        return first

    def _next_direction(self, gradient: Tensor) -> Tensor:
        """Minus the gradient times the approximate inverse Hessian."""
        if self._direction is None or self._gradient is None:
            return -gradient
        with proa.no_grad():
            change = gradient - self._gradient
            moved = self._direction * self._length
            if self._dot(change, moved) > _LEAST_CURVATURE:
                self._pairs.append((moved, change))
            result = -gradient
            weights = []
            for moved, change in reversed(self._pairs):
                weight = self._dot(moved, result) / self._dot(change, moved)
                weights.append(weight)
                result = result - change * weight
            if self._pairs:
                moved, change = self._pairs[-1]
                result = result * (self._dot(change, moved) / self._dot(change, change))
            for (moved, change), weight in zip(self._pairs, reversed(weights)):
                back = self._dot(change, result) / self._dot(change, moved)
                result = result + moved * (weight - back)
            return result

    # Parameters as one vector

    def _flat_gradient(self) -> Tensor:
        group = self._groups[0]
        pairs = []
        with proa.no_grad():
            for param in group.params:
                grad = proa.zeros_like(param) if param.grad is None else param.grad
                coefficient = l2_coefficient(group.weight_decay)
                if coefficient is None:
                    grad = grad + group.weight_decay(param.detach())
                elif coefficient:
                    grad = grad + coefficient * param.detach()
                pairs.append((param, grad))
            if group.grad_clip is not None:
                pairs = group.grad_clip(pairs)
            return proa.concat([flat(grad) for _, grad in pairs])

    def _flat_value(self) -> Tensor:
        with proa.no_grad():
            return proa.concat([flat(param.detach()) for param in self._groups[0].params])

    def _set_flat(self, values: Tensor) -> None:
        offset = 0
        for param in self._groups[0].params:
            real = proa.as_real(param.detach()) if is_complex(param) else param
            count = int(real.size)
            part = values[offset : offset + count].reshape(real.shape)
            offset += count
            part = proa.as_complex(part) if is_complex(param) else part
            param._assign(part.astype(param.dtype).clone())

    @staticmethod
    def _dot(left: Tensor, right: Tensor) -> float:
        return float((left * right).sum().item())

    @staticmethod
    def _largest(values: Tensor) -> float:
        return float(values.abs().max().item())

    # State

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        if self._direction is not None:
            state["lbfgs"] = {
                "pairs": [list(pair) for pair in self._pairs],
                "direction": self._direction,
                "length": self._length,
                "gradient": self._gradient,
            }
        return state

    def set_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        rest = dict(state_dict)
        own = rest.pop("lbfgs", None)
        super().set_state_dict(rest)
        self._pairs.clear()
        self._direction, self._gradient = None, None
        if own is not None:
            self._pairs.extend((moved, change) for moved, change in own["pairs"])
            self._direction, self._gradient = own["direction"], own["gradient"]
            self._length = float(own["length"])

    set_dict = set_state_dict
    load_state_dict = set_state_dict


class Line:
    """The function along one direction from one point."""

    def __init__(
        self, owner: LBFGS, closure: Callable[[], Tensor], start: Tensor, direction: Tensor
    ) -> None:
        self.owner = owner
        self.closure = closure
        self.start = start
        self.direction = direction
        self.evaluations = 0

    def move(self, step: float) -> None:
        with proa.no_grad():
            self.owner._set_flat(self.start + self.direction * step)

    def at(self, step: float) -> Point:
        self.move(step)
        with enable_grad():
            value = float(self.closure().item())
        self.evaluations += 1
        gradient = self.owner._flat_gradient()
        return Point(step, value, gradient, self.owner._dot(gradient, self.direction))

    def search(self, start: Point, length: float, tries: int = 25) -> Point:
        """A point with the strong Wolfe conditions (algorithm 3.5), or the best one met."""
        last = start
        for attempt in range(tries):
            point = self.at(length)
            rises = point.value > start.value + _DECREASE * length * start.slope
            if rises or point.value != point.value or (attempt > 0 and point.value >= last.value):
                return self.zoom(start, last, point, tries)
            if abs(point.slope) <= -_CURVATURE * start.slope:
                return point
            if point.slope >= 0.0:
                return self.zoom(start, point, last, tries)
            last, length = point, 2.0 * length
        return last

    def zoom(self, start: Point, low: Point, high: Point, tries: int) -> Point:
        """Algorithm 3.6: `low` is the best so far, and a good point lies between the two."""
        for _ in range(tries):
            width = abs(high.step - low.step)
            if width * self.owner._largest(self.direction) < self.owner._tolerance_change:
                break
            point = self.at(minimum_between(low, high))
            rises = point.value > start.value + _DECREASE * point.step * start.slope
            if rises or point.value != point.value or point.value >= low.value:
                high = point
                continue
            if abs(point.slope) <= -_CURVATURE * start.slope:
                return point
            if point.slope * (high.step - low.step) >= 0.0:
                high = low
            low = point
        return low


def minimum_between(low: Point, high: Point) -> float:
    """Where the cubic through two points with their slopes is least (equation 3.59).

    Kept a tenth away from both ends, and in the middle where the cubic has no minimum.
    """
    middle = 0.5 * (low.step + high.step)
    gap = high.step - low.step
    bend = low.slope + high.slope - 3.0 * (high.value - low.value) / gap
    square = bend * bend - low.slope * high.slope
    if not 0.0 <= square < float("inf"):
        return middle
    root = square**0.5 if gap > 0.0 else -(square**0.5)
    divisor = high.slope - low.slope + 2.0 * root
    if divisor == 0.0:
        return middle
    best = high.step - gap * (high.slope + root - bend) / divisor
    least, most = sorted((low.step + 0.1 * gap, high.step - 0.1 * gap))
    return float(min(max(best, least), most))


def flat(tensor: Tensor) -> Tensor:
    """A tensor as one row of real numbers."""
    return (proa.as_real(tensor) if is_complex(tensor) else tensor).reshape([-1])
