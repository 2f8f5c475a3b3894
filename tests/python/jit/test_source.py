"""The text of functions: what stands in the file, whatever its form."""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import types

import pytest
from proa.jit import to_static
from proa.jit.source import tree_of

import proa

TEXT = '''
import functools


def plain(x):
    return x


def dead(x):
    return x
    if x:
        y = (
            1
        )
# a remark in the first column


def lines(x):
    text = """
first
  second
    third""" + (
"last"
)
    return (
        text, x
    )


def one(x): return x


def keep(f):
    return f


@keep
@functools.partial(
    keep
)
def decorated(
    x,
    y=(
1,
    ),
):
    def inner(z):
        return (z,
# beside

                x)

    return inner


class Outer:
    class Inner:
        def method(self, x):
            text = """of the
method"""
            if x:
                return text
            else:
                pass

        def last(self):
            """Only this."""
        async_ = 1


def end(x):
    while x:
        x -= 1
        continue
    else:
        ...'''


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> types.ModuleType:
    path = tmp_path_factory.mktemp("source") / "written.py"
    path.write_text(TEXT)
    spec = importlib.util.spec_from_file_location("written", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_function_is_what_the_whole_file_says(written: types.ModuleType) -> None:
    assert written.__file__ is not None
    whole = ast.parse(pathlib.Path(written.__file__).read_text())
    expected = {n.name: n for n in ast.walk(whole) if isinstance(n, ast.FunctionDef)}
    methods = written.Outer.Inner
    functions = [
        written.plain, written.lines, written.one, written.keep, written.decorated,
        written.decorated(1), methods.method, methods.last, written.end,
    ]  # fmt: skip
    for function in functions:
        node = tree_of(function)
        wanted = expected[function.__name__]
        assert node is not None and ast.dump(node) == ast.dump(wanted), function.__name__
        first = min([wanted.lineno, *(d.lineno for d in wanted.decorator_list)])
        assert node.body[-1].lineno + first - 1 == wanted.body[-1].lineno
    node = tree_of(written.dead)
    assert node is not None and ast.dump(node.body[0]) == ast.dump(expected["dead"].body[0])


def test_what_has_no_text_or_another_one() -> None:
    space: dict[str, types.FunctionType] = {}
    exec("def nowhere(x):\n    return x", space)
    assert tree_of(space["nowhere"]) is None
    other = types.FunctionType(tree_of.__code__.replace(co_name="another"), {})
    assert tree_of(other) is None


def test_strings_of_several_lines_keep_their_lines() -> None:
    seen = []

    @to_static
    def function(x: proa.Tensor) -> proa.Tensor:
        text = """
        indented
    less"""
        seen.append(text)
        if x.sum() > 0:
            return x + len(text)
        return x

    assert function(proa.ones([2])).tolist() == [1.0 + len(seen[0])] * 2
    assert seen[0] == "\n        indented\n    less"
