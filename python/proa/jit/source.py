"""The syntax tree of a function that runs, from the file it was written in.

Why not `inspect.getsource`: it looks for the module by the real path of every file that was ever
imported and splits the text into tokens, tens of milliseconds of the first call of a program whose
kernels are on the disk; and to take the indentation away it would change strings of several lines.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import linecache
import textwrap
import types
from collections.abc import Iterator


def last_line(code: types.CodeType) -> int:
    """The last line that has code of the function, or of one inside; dead code is never missed."""
    inner = (last_line(c) for c in code.co_consts if isinstance(c, types.CodeType))
    own = (line for _, _, line in code.co_lines() if line is not None)
    return max(itertools.chain(own, inner), default=code.co_firstlineno)


def indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def ends(lines: list[str], first: int, last: int) -> Iterator[int]:
    """Where the block from line `first` on may end: its code is there up to line `last`."""
    depth = indentation(lines[first])
    for end in range(last, len(lines)):
        if lines[end].strip() and indentation(lines[end]) <= depth:
            yield end
    yield len(lines)


def parse(text: str) -> ast.stmt | None:
    """Its first statement, on line 1 as the text has it."""
    if not text[:1].isspace():
        body = ast.parse(text).body
        return body[0] if body else None
    (block,) = ast.parse("if 1:\n" + text).body
    assert isinstance(block, ast.If)
    ast.increment_lineno(block.body[0], -1)
    return block.body[0]


def tree_of(function: types.FunctionType) -> ast.FunctionDef | None:
    """None where its text cannot be found. Line 1 is the first line of the function."""
    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)
    first = code.co_firstlineno - 1
    node = None
    if first < len(lines):
        for end in ends(lines, first, max(last_line(code), first + 1)):
            try:
                node = parse("".join(lines[first:end]))
            except SyntaxError:
                continue  # that was inside of brackets or of a string
            break
    else:  # an interpreter's prompt may know
        try:
            node = parse(textwrap.dedent(inspect.getsource(code)))
        except (OSError, TypeError, SyntaxError):
            return None
    if not isinstance(node, ast.FunctionDef) or node.name != code.co_name:
        return None
    return node
