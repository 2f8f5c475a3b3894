"""A predictor that must run on machine code."""

from __future__ import annotations

from typing import Any

from proa.inference import Config, create_predictor


def predictor(path: str, threads: int = 2) -> Any:
    config = Config(path)
    config.allow_native_code()
    config.set_cpu_math_library_num_threads(threads)
    made = create_predictor(config)
    assert made.statistics()["compiled"], made.statistics()["reason"]
    return made
