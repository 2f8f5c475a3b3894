"""Passes and patterns from Python, and pipelines of passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .. import _proa
from .._proa import _ir
from .structure import Module, Operation, Value, operand_handles

PassFunction = Callable[[Module, "PassContext"], None]
RewriteFunction = Callable[[Operation, "Rewriter"], Any]
_P = TypeVar("_P", bound=PassFunction)


class PassContext:
    """What a pass is handed beside the module: its options, and where it reports to."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _ir.Handle) -> None:
        self._handle = handle

    def option(self, name: str) -> str:
        """The value given for an option, or its default, as text."""
        return _ir.option(self._handle, name)

    def report(self, line: str) -> None:
        """A line for whoever reads the record of this run."""
        _ir.report(self._handle, line)

    def count(self, statistic: str, n: int = 1) -> None:
        """Adds to a number of the record."""
        _ir.count(self._handle, statistic, n)


class Rewriter:
    """What a pattern changes the module with: new operations go in front of the matched one."""

    __slots__ = ("_handle",)

    def __init__(self, handle: _ir.Handle) -> None:
        self._handle = handle

    def create(
        self,
        name: str,
        operands: Sequence[Any] = (),
        attributes: Mapping[str, Any] | None = None,
    ) -> Operation:
        """A new operation, which the pattern must have declared in `generates`."""
        attrs = None if attributes is None else dict(attributes)
        return Operation(_ir.rewriter_create(self._handle, name, operand_handles(operands), attrs))

    def replace(self, op: Operation, values: Value | Operation | Sequence[Value]) -> None:
        """Each result of `op` becomes the value at its place; `op` goes."""
        given: Sequence[Any] = [values] if isinstance(values, Value | Operation) else list(values)
        _ir.rewriter_replace(self._handle, op._handle, operand_handles(given))

    def erase(self, op: Operation) -> None:
        """Erases an operation whose results are unused."""
        _ir.rewriter_erase(self._handle, op._handle)

    def fuse_locations(self, ops: Sequence[Operation]) -> None:
        """Operations made from now on carry the locations of all of these."""
        _ir.rewriter_fuse(self._handle, [op._handle for op in ops])


@dataclass(frozen=True)
class Pattern:
    """A local rewrite: what it looks for, and what it does there."""

    name: str
    root: str
    benefit: int
    generates: tuple[str, ...]
    apply: RewriteFunction

    def __call__(self, op: Operation, rewriter: Rewriter) -> Any:
        return self.apply(op, rewriter)


def pattern(
    root: str, *, benefit: int = 1, generates: Sequence[str] = (), name: str | None = None
) -> Callable[[RewriteFunction], Pattern]:
    """Makes a pattern of a function (op, rewriter).

    The function changes the module through the rewriter, or does nothing where it does not fit.

    Args:
        root: the full name of the operation to look for; empty: any.
        benefit: higher goes first; among equals, the one listed first.
        generates: full names of all operations that it may create; others are an InternalError.
        name: for reports; by default the function's.
    """

    def made(function: RewriteFunction) -> Pattern:
        own = str(name or getattr(function, "__name__", "pattern"))
        return Pattern(own, root, benefit, tuple(generates), function)

    return made


@dataclass(frozen=True)
class RewriteResult:
    """What the greedy driver did."""

    changed: bool
    converged: bool
    rewrites: int
    dead: int
    reports: list[str]


def rewrite(
    module: Module,
    patterns: Sequence[Pattern],
    context: PassContext | None = None,
    *,
    budget: int = 0,
    strict: bool = False,
) -> RewriteResult:
    """Applies patterns greedily until none fits, and takes away what has become dead.

    While it runs, the module can be changed through the rewriter only.

    Args:
        module: changed in place.
        patterns: made by @pattern.
        context: of the pass that calls this: gets the statistics and reports.
        budget: rewrites after which it gives up, and reports which patterns took most of them;
            0: 1000, and 16 for each operation.
        strict: a budget used up is an InternalError.
    """

    def bound(one: Pattern) -> Callable[[_ir.Handle, _ir.Handle], None]:
        def call(op: _ir.Handle, rewriter: _ir.Handle) -> None:
            one.apply(Operation(op), Rewriter(rewriter))

        return call

    changed, converged, rewrites, dead, reports = _ir.drive(
        module._handle,
        None if context is None else context._handle,
        [(p.name, p.root, p.benefit, list(p.generates), bound(p)) for p in patterns],
        budget,
        strict,
    )
    return RewriteResult(changed, converged, rewrites, dead, reports)


def register_pass(
    name: str, purpose: str, options: Mapping[str, tuple[str, str]] | None = None
) -> Callable[[_P], _P]:
    """Registers a function (module, context) as a pass, for run(), pipelines and the command line.

    Args:
        name: lower-case letters, digits and dashes: "mydialect-fuse".
        purpose: one line.
        options: by name: (default as text, what it does).

    Raises:
        ArgumentValueError: a pass of this name is there already.
    """
    listed = [(key, value, doc) for key, (value, doc) in (options or {}).items()]

    def registered(function: _P) -> _P:
        def call(module: _ir.Handle, context: _ir.Handle) -> None:
            try:
                function(Module(module), PassContext(context))
            except Exception as error:
                if hasattr(error, "add_note"):
                    error.add_note(f"in pass '{name}'")
                raise

        _ir.register_pass(name, purpose, listed, call)
        return function

    return registered


@dataclass(frozen=True)
class PassInfo:
    """A registered pass."""

    name: str
    purpose: str
    options: dict[str, tuple[str, str]]


def passes() -> list[PassInfo]:
    """All passes, of C++ and of Python, by name; options as {name: (default, doc)}."""
    return [
        PassInfo(name, purpose, {key: (value, doc) for key, value, doc in options})
        for name, purpose, options in _ir.passes()
    ]


@dataclass(frozen=True)
class PassRecord:
    """How one pass of a run went."""

    name: str
    seconds: float
    verify_seconds: float
    changed: bool | None
    statistics: dict[str, int]
    reports: list[str]


@dataclass(frozen=True)
class Report:
    """How a run went: a record for each pass, and the same as a table."""

    records: list[PassRecord] = field(default_factory=list)
    table: str = ""

    def __str__(self) -> str:
        return self.table


def run(
    module: Module,
    pipeline: str | Sequence[str],
    *,
    verify: bool = True,
    timing: bool = False,
    dump_changed: Callable[[str], Any] | None = None,
    reproducer: str = "",
    strict: bool = False,
) -> Report:
    """Runs passes on a module, in place.

    Args:
        module: changed in place; where a pass fails, it is as that pass left it.
        pipeline: names of passes, each with options in braces where it has any:
            ["canonicalize", "fold{limit=3}"], or the same as one text "canonicalize,fold{limit=3}".
        verify: the module before the first pass and behind each one.
        timing: the report says for each pass whether it changed the module.
        dump_changed: gets the module's text behind each pass that changed it, such as `print`.
        reproducer: a path to write the module before a failing pass to, with the rest of the
            pipeline; see replay().
        strict: what a pass would only report is an error.

    Raises:
        NameNotFoundError: no such pass or option; nothing has run then.
        Exception: whatever a pass of Python raised, with its own traceback.
    """
    text = pipeline if isinstance(pipeline, str) else ",".join(pipeline)
    records, table = _ir.run(
        module._handle, text, verify, timing, dump_changed, reproducer, strict
    )
    return Report([PassRecord(*record) for record in records], table)


def replay(text: str) -> str:
    """The pipeline in the head of a reproducer.

    Raises:
        ArgumentValueError: the text is no reproducer.
    """
    found = _ir.reproducer_pipeline(text)
    if found is None:
        raise _proa.ArgumentValueError(
            "[replay] text: it has no pipeline in its first line, so it is no reproducer"
        )
    return found
