"""Finding what went wrong: values that are not finite, passes off, bisection, the page."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import proa.nn.functional as F  # noqa: N812
import pytest

import proa

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checking() -> Iterator[None]:
    proa.set_flags({"FLAGS_check_nan_inf": True})
    yield
    proa.set_flags({"FLAGS_check_nan_inf": False})


def line_of(function: Any, text: str) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(i for i, line in enumerate(lines) if text in line)


def first_bad(x: Any) -> Any:
    y = proa.exp(x) - 1
    z = proa.log(y)  # of 0
    return proa.tanh(z) + 1


def test_eager_names_the_operation_and_the_line(checking: None) -> None:
    place = f"test_finding_faults.py:{line_of(first_bad, 'proa.log')}"
    with pytest.raises(ValueError, match=r"\[log\].*NaN or infinity") as caught:
        first_bad(proa.to_tensor([0.0, 1.0]))
    assert place in str(caught.value)
    first_bad(proa.to_tensor([0.5, 1.0]))


def test_captured_names_the_same(checking: None) -> None:
    place = f"test_finding_faults.py:{line_of(first_bad, 'proa.log')}"
    f = proa.jit.to_static(first_bad)
    with pytest.raises(ValueError, match=r"\[log\].*NaN or infinity") as caught:
        f(proa.to_tensor([0.0, 1.0]))
    assert place in str(caught.value)
    good = proa.to_tensor([0.5, 1.0, 2.0])
    assert f(good).numpy().tobytes() == first_bad(good).numpy().tobytes()


def test_what_was_asked_for_is_no_fault(checking: None) -> None:
    x = proa.to_tensor([[1.0, 2.0], [3.0, 4.0]])
    mask = proa.to_tensor([[True, False], [True, True]])
    masked = proa.where(mask, x, proa.full([2, 2], float("-inf")))
    assert np.isfinite(F.softmax(masked).numpy()).all()


def test_a_gradient_is_checked(checking: None) -> None:
    x = proa.to_tensor([0.0, 4.0])
    x.stop_gradient = False
    y = proa.sqrt(x).sum()
    with pytest.raises(ValueError, match=r"\[sqrt \(backward\)\]"):
        y.backward()


def test_half_precision_overflow_is_found(checking: None) -> None:
    x = proa.full([4], 300.0, "float16")
    with pytest.raises(ValueError, match=r"\[multiply\]"):
        x * x


def test_the_environment_switches_it_on() -> None:
    program = "import proa; proa.log(proa.to_tensor([0.0]))"
    for value, code in (("1", 1), ("0", 0)):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PROA_CHECK_NAN": value},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
    assert proa.get_flags("FLAGS_check_nan_inf") == {"FLAGS_check_nan_inf": False}
    with pytest.raises(ValueError, match="there is no"):
        proa.set_flags({"FLAGS_nothing": 1})


def block(x: Any, w: Any) -> Any:
    h = F.gelu(proa.matmul(F.layer_norm(x, [x.shape[1]]), w))
    return F.softmax(h * 2 + 1), proa.sum(h * h, axis=0)


PASSES = ["dce", "canonicalize", "cse", "fuse"]


@pytest.mark.parametrize("off", [[], *([name] for name in PASSES), PASSES])
def test_passes_may_be_off_and_change_no_bit(off: list[str]) -> None:
    rng = np.random.default_rng(1)
    x = proa.to_tensor(rng.normal(size=(5, 33)).astype(np.float32))
    w = proa.to_tensor(rng.normal(size=(33, 17)).astype(np.float32))
    expected = [r.numpy().tobytes() for r in block(x, w)]
    before = proa.compiler.report().compiled + proa.compiler.report().from_memory
    with proa.compiler.passes_off(off):
        found = [r.numpy().tobytes() for r in proa.jit.to_static(block)(x, w)]
    assert found == expected
    made = proa.compiler.report().compiled + proa.compiler.report().from_memory - before
    if "fuse" in off:
        assert proa.get_flags("FLAGS_passes_off") == {"FLAGS_passes_off": ""}
        assert made == 0
    with pytest.raises(KeyError, match="fuze"), proa.compiler.passes_off(["fuze"]):
        pass


def test_bisect_finds_nothing_where_nothing_is() -> None:
    x, w = proa.randn([6, 20]), proa.randn([20, 8])
    x.stop_gradient = False
    assert proa.compiler.bisect(block, x, w, gradient=True) is None


BROKEN = """
import sys, numpy as np, proa
import proa.nn.functional as F
def f(x, y):
    a = F.softmax(x)
    b = proa.sum(proa.tanh(y) * y, axis=0)
    return a, b
rng = np.random.default_rng(0)
x = proa.to_tensor(rng.normal(size=(4, 9)).astype(np.float32))
y = proa.to_tensor(rng.normal(size=(7, 5)).astype(np.float32))
found = proa.compiler.bisect(f, x, y)
assert found is not None
print(found.culprit, found.results)
print(found.location)
print(found.text)
"""


def test_bisect_finds_the_kernel_that_is_wrong(tmp_path: Path) -> None:
    # A C compiler that computes half as much again where a kernel calls tanh.
    compiler = tmp_path / "broken-cc"
    compiler.write_text(
        f"""#!{sys.executable}
import os, subprocess, sys
for name in sys.argv[1:]:
    if os.path.isfile(name) and os.path.getsize(name) > 0:
        text = open(name).read()
        at = text.rfind("= pn_tanh")
        if at >= 0:
            text = text[:at] + "= 1.5f * pn_tanh" + text[at + len("= pn_tanh"):]
            open(name, "w").write(text)
sys.exit(subprocess.run(["cc", *sys.argv[1:]]).returncode)
"""
    )
    compiler.chmod(0o755)
    variables = {
        **os.environ,
        "PROA_JIT": "cc",
        "CC": str(compiler),
        "PROA_CACHE_DIR": "",
    }
    done = subprocess.run(
        [sys.executable, "-c", BROKEN], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    first, place, *text = done.stdout.splitlines()
    assert first == "kernel [1]"
    assert "pn_tanh" in "\n".join(text)
    assert "<string>:6" in place


class Page(HTMLParser):
    """What must be true of the page: closed elements, nothing from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        for name, value in attrs:
            assert name not in ("src", "href") or (value or "").startswith("#")
        if tag not in ("meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check_page(path: Path) -> str:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    assert page.open == []
    assert page.seen.count("svg") >= 2 and page.seen.count("rect") > 2
    return "".join(page.text)


def test_the_page_shows_passes_kernels_memory_and_time(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    proa.compiler.view(block, [proa.randn([6, 20]), proa.randn([20, 8])], str(path))
    text = check_page(path)
    for expected in ("tensor.gelu", "prim.dot", "loop.for", "lower bound by liveness", "pn_i64",
                     "Trace of a run", "cse", "test_finding_faults.py"):
        assert expected in text, expected


def test_the_tool_writes_a_page(tmp_path: Path) -> None:
    path = tmp_path / "small.html"
    command = [sys.executable, str(ROOT / "tools" / "proa-view"), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "network" in check_page(path)


def test_kernels_of_two_builds_are_compared(tmp_path: Path) -> None:
    tool = [sys.executable, str(ROOT / "tools" / "proa-replay")]
    program = tmp_path / "cases.py"
    program.write_text(
        "import os, proa\n"
        "k = float(os.environ.get('K', '2'))\n"
        "def cases():\n"
        "    return {'exp': (lambda x: proa.exp(x) * k, (proa.ones([3]),)),\n"
        "            'sum': (lambda x: proa.sum(x), (proa.ones([3]),))}\n"
    )
    for name, k in (("a", "2"), ("b", "2"), ("c", "3")):
        subprocess.run(
            [*tool, "dump", str(tmp_path / name), str(program)],
            env={**os.environ, "K": k},
            check=True,
        )
    same = subprocess.run(
        [*tool, "compare", str(tmp_path / "a"), str(tmp_path / "b")], check=False
    )
    assert same.returncode == 0
    other = subprocess.run(
        [*tool, "compare", str(tmp_path / "a"), str(tmp_path / "c")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert other.returncode == 1
    assert "== exp" in other.stdout and "== sum" not in other.stdout


@pytest.mark.parametrize("words", [["proa-view", "page.html"], ["proa-replay", "dump", "texts"]])
def test_a_build_that_is_asked_for_is_taken(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "proa.py").write_text("raise SystemExit('another build')\n")
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / words[0]), *words[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "another build"
