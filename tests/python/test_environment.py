"""docs/environment.md names every variable that the library reads, and no other."""

from __future__ import annotations

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]


def test_each_variable_is_documented() -> None:
    read = set()
    for folder in ("proa", "python/proa", "python/bindings"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix not in {".cc", ".h", ".py"}:
                continue
            text = path.read_text()
            read |= set(re.findall(r'(?:getenv|positive|environ\S*)[(\[]"(PROA_\w+)"', text))
    documented = re.findall(r"^\| `(PROA_\w+)`", (ROOT / "docs/environment.md").read_text(), re.M)
    assert {"PROA_TIER", "PROA_NUM_THREADS", "PROA_CACHE_DIR"} <= read
    assert sorted(documented) == sorted(read)
