"""Parameter groups: which parameters an optimizer trains, and with which settings.

All that may go wrong in what the user hands over is refused here, once and by name, so that the
step itself is free of checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import proa
from proa.refusal import type_error, value_error

if TYPE_CHECKING:
    from proa import Tensor

Parameters = Iterable["Tensor"] | Iterable[Mapping[str, Any]]
GradClip = Callable[[list[tuple["Tensor", "Tensor"]]], Any]


@dataclass
class ParamGroup:
    """Some parameters and the settings they share.

    `scale` multiplies the optimizer's learning rate; `hyper` holds beta1, momentum and the like.
    """

    params: list[Tensor]
    scale: float = 1.0
    weight_decay: Any = None
    grad_clip: GradClip | None = None
    hyper: dict[str, Any] = field(default_factory=dict)


def read_groups(
    owner: str,
    parameters: Parameters | None,
    weight_decay: Any,
    grad_clip: GradClip | None,
    hyper: dict[str, Any],
) -> list[ParamGroup]:
    """The groups that `parameters` describes: one for a plain list, one for each dict."""
    if parameters is None:
        raise type_error(
            f"[{owner}] parameters: expected a list of tensors or of dicts, got None; "
            "pass layer.parameters()"
        )
    if isinstance(parameters, (proa.Tensor, Mapping, str)):
        raise type_error(
            f"[{owner}] parameters: expected a list of tensors or of dicts, "
            f"got a single {type(parameters).__name__}"
        )
    entries: list[Any] = list(parameters)
    if not entries:
        raise value_error(f"[{owner}] parameters: expected at least one, got an empty list")
    groups = []
    if isinstance(entries[0], Mapping):
        for entry in entries:
            groups.append(read_group(owner, entry, weight_decay, grad_clip, hyper))
    else:
        groups.append(ParamGroup(entries, 1.0, weight_decay, grad_clip, dict(hyper)))
    seen: set[int] = set()
    for group in groups:
        checked_decay(owner, group.weight_decay)
        if group.grad_clip is not None and not callable(group.grad_clip):
            raise type_error(
                f"[{owner}] grad_clip: expected a clip such as nn.ClipGradByGlobalNorm, "
                f"got {type(group.grad_clip).__name__}"
            )
        for param in group.params:
            if not isinstance(param, proa.Tensor):
                raise type_error(
                    f"[{owner}] parameters: expected tensors, got {type(param).__name__}"
                )
            if id(param) in seen:
                raise value_error(
                    f"[{owner}] parameters: expected each tensor once, got {param.name!r} twice"
                )
            seen.add(id(param))
    return groups


def read_group(
    owner: str,
    entry: Any,
    weight_decay: Any,
    grad_clip: GradClip | None,
    hyper: dict[str, Any],
) -> ParamGroup:
    if not isinstance(entry, Mapping) or "params" not in entry:
        raise type_error(
            f"[{owner}] parameters: expected every group to be a dict with the key 'params', "
            f"got {type(entry).__name__}"
        )
    known = {"params", "learning_rate", "weight_decay", "grad_clip", *hyper}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise value_error(
            f"[{owner}] parameters: expected a group's keys among {sorted(known)}, got {unknown}"
        )
    params = entry["params"]
    return ParamGroup(
        [params] if isinstance(params, proa.Tensor) else list(params),
        float(entry.get("learning_rate", 1.0)),
        entry.get("weight_decay", weight_decay),
        entry.get("grad_clip", grad_clip),
        {key: entry.get(key, value) for key, value in hyper.items()},
    )


def checked_decay(owner: str, decay: object) -> None:
    """Refuse a weight decay that is neither a number nor a regularizer."""
    if decay is None or is_regularizer(decay):
        return
    if isinstance(decay, bool) or not isinstance(decay, (int, float)):
        raise type_error(
            f"[{owner}] weight_decay: expected a number, L1Decay or L2Decay, "
            f"got {type(decay).__name__}"
        )


def is_regularizer(decay: object) -> bool:
    from proa.regularizer import WeightDecayRegularizer

    return isinstance(decay, WeightDecayRegularizer)


def l2_coefficient(decay: Any) -> float | None:
    """The coefficient of an L2 decay (a number means L2); None for a penalty of another kind."""
    if decay is None:
        return 0.0
    if isinstance(decay, (int, float)):
        return float(decay)
    from proa.regularizer import L2Decay

    return float(decay.coeff) if isinstance(decay, L2Decay) else None
