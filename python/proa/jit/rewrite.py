"""Functions of the user with their control flow as calls of `control`.

Why the source and not the running code: `if` on a tensor asks it for a bool, and which of two ways
there are is written nowhere but in the text. What cannot be rewritten (a generator, a lambda, code
without source) runs as it is, and a tensor that is asked for its value says so with the line.
"""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import sysconfig
import types
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import control
from .source import tree_of

HELPER = "__proa"
VALUE, DONE = "__proa_value", "__proa_done"
FUNCTION = "__proa_function"
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_own = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
_codes: weakref.WeakKeyDictionary[types.CodeType, types.CodeType | None] = (
    weakref.WeakKeyDictionary()
)
_made: weakref.WeakSet[types.CodeType] = weakref.WeakSet()  # rewritten, inner functions included


def walk(nodes: Iterable[ast.AST], skip: tuple[type, ...] = SCOPES) -> Iterable[ast.AST]:
    """The nodes and what is in them, in any order, but not inside of other scopes."""
    todo = list(nodes)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, skip):
            todo += ast.iter_child_nodes(node)


def reads(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read, in inner scopes too."""
    found = (n for node in nodes for n in ast.walk(node))
    return {n.id for n in found if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def yields(node: ast.FunctionDef) -> bool:
    return contains(node.body, ast.Yield, ast.YieldFrom)


def sees_names(node: ast.AST) -> bool:
    """Whether it asks for its own variables by name, which inner functions would hide."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            asked = call.func.id in ("locals", "eval", "exec")
            if asked or (call.func.id in ("vars", "dir") and not call.args):
                return True
    return False


def contains(nodes: Iterable[ast.AST], *kinds: type) -> bool:
    return any(isinstance(node, kinds) for node in walk(nodes))


def jumps(nodes: Iterable[ast.AST]) -> bool:
    """Whether a break or continue of the loop around stands among the statements."""
    return any(
        isinstance(n, (ast.Break, ast.Continue))
        for n in walk(nodes, (*SCOPES, ast.For, ast.While))
    )


def never_ends(node: ast.While) -> bool:
    """Whether only a return leaves the loop."""
    inside = walk(node.body, (*SCOPES, ast.For, ast.While))
    always = isinstance(node.test, ast.Constant) and bool(node.test.value)
    return always and not any(isinstance(n, ast.Break) for n in inside)


def assigned(nodes: Iterable[ast.AST]) -> list[str]:
    """Names that the statements bind, in their own scope."""
    names: dict[str, None] = {}

    def visit(node: ast.AST) -> None:
        if isinstance(node, COMPREHENSIONS):  # only `:=` binds outside of it
            for inner in walk(ast.iter_child_nodes(node)):
                if isinstance(inner, ast.NamedExpr):
                    visit(inner.target)
            return
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names[node.name] = None
            return
        if isinstance(node, ast.Lambda):
            return
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            names[node.id] = None
        if isinstance(node, ast.ExceptHandler) and node.name:
            names[node.name] = None
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            names[node.name] = None
        if isinstance(node, ast.MatchMapping) and node.rest:
            names[node.rest] = None
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = None
        for child in ast.iter_child_nodes(node):
            visit(child)

    for node in nodes:
        visit(node)
    return list(names)


def name(text: str, store: bool = False) -> ast.Name:
    return ast.Name(text, ast.Store() if store else ast.Load())


def assign(text: str, value: ast.expr) -> ast.stmt:
    return ast.Assign([name(text, True)], value)


def helper(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(name(HELPER), function, ast.Load()), list(arguments), [])


def later(value: ast.expr) -> ast.Lambda:
    none = ast.arguments([], [], None, [], [], None, [])
    return ast.Lambda(none, value)


def function_of(text: str, taken: ast.arguments, body: Sequence[ast.stmt]) -> ast.FunctionDef:
    made = ast.FunctionDef(text, taken, list(body), [])
    if "type_params" in ast.FunctionDef._fields:  # from Python 3.12 on
        made.type_params = []  # type: ignore[attr-defined]
    return made


class Expressions(ast.NodeTransformer):
    """`and`, `or`, `not`, conditional expressions, chains of comparisons, calls."""

    def __init__(self, first: str | None) -> None:
        self.first = first  # the function's first argument, for super()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        self.generic_visit(node)  # a name that inner functions set may have no annotation
        made = ast.Pass() if node.value is None else ast.Assign([node.target], node.value)
        return ast.copy_location(made, node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        self.generic_visit(node)
        if node.exc is not None:
            node.exc = helper("raises", node.exc)
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if contains(node.values, ast.NamedExpr):
            return node
        function = "and_" if isinstance(node.op, ast.And) else "or_"
        return helper(function, node.values[0], *map(later, node.values[1:]))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return helper("not_", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if contains([node.body, node.orelse], ast.NamedExpr):
            return node
        return helper("choose", node.test, later(node.body), later(node.orelse))

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        simple = all(isinstance(c, (ast.Name, ast.Constant)) for c in node.comparators[:-1])
        if len(node.ops) == 1 or not simple or contains([node], ast.NamedExpr):
            return node
        sides = [node.left, *node.comparators]
        pairs: list[ast.expr] = [
            ast.Compare(sides[i], [op], [sides[i + 1]]) for i, op in enumerate(node.ops)
        ]
        return helper("and_", pairs[0], *map(later, pairs[1:]))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name):
            if node.func.id == "super" and not node.args and self.first is not None:
                node.args = [name("__class__"), name(self.first)]
            if node.func.id in ("super", "locals", "globals", "vars", "eval", "exec"):
                return node
        if isinstance(node.func, (ast.Name, ast.Attribute)):
            node.func = helper("call", node.func)
        return node


class Rewriter:
    """Of one function."""

    def __init__(self, node: ast.FunctionDef) -> None:
        self.count = 0
        arguments = [*node.args.posonlyargs, *node.args.args]
        every = [*arguments, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        self.parameters = {a.arg for a in every if a is not None}
        self.expressions = Expressions(arguments[0].arg if arguments else None)
        self.globals = {
            n for g in walk(node.body) if isinstance(g, ast.Global) for n in g.names
        }
        self.outer = {
            n for g in walk(node.body) if isinstance(g, ast.Nonlocal) for n in g.names
        }

    def function(self, node: ast.FunctionDef) -> None:
        body = self.lowered(node.body)
        bound = [n for n in assigned(body) if n not in self.parameters | self.globals | self.outer]
        node.body = self.block(body, True)
        if bound:  # local names, though only inner functions set them
            never: list[ast.stmt] = [assign(n, ast.Constant(None)) for n in bound]
            node.body.insert(0, ast.If(ast.Constant(False), never, []))

    def fresh(self, what: str) -> str:
        self.count += 1
        return f"__proa_{what}_{self.count}"

    # Jumps become flags

    def lowered(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        for node in body:
            if isinstance(node, (ast.For, ast.While)):
                out += self.loop(node)
                continue
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(node, field, None)
                if isinstance(inner, list) and not isinstance(node, SCOPES):
                    setattr(node, field, self.lowered(inner))
            for handler in getattr(node, "handlers", []):
                handler.body = self.lowered(handler.body)
            out.append(node)
        return out

    def loop(self, node: ast.For | ast.While) -> list[ast.stmt]:
        returns = contains(node.body, ast.Return)
        endless = isinstance(node, ast.While) and never_ends(node)
        body, orelse = self.lowered(node.body), self.lowered(node.orelse)
        out: list[ast.stmt] = []
        node.body, node.orelse = body, []
        stop = None
        if returns or jumps(body):
            stop, skip = self.fresh("stop"), self.fresh("skip")
            node.body = [assign(skip, ast.Constant(False)), *self.guarded(body, stop, skip)]
            out.append(assign(stop, ast.Constant(False)))
            if returns:
                out += [assign(DONE, ast.Constant(False)), assign(VALUE, ast.Constant(None))]
            if isinstance(node, ast.While):
                go_on = ast.UnaryOp(ast.Not(), name(stop))
                node.test = ast.BoolOp(ast.And(), [go_on, node.test])
        node.stop = stop  # type: ignore[union-attr]
        out.append(node)
        if returns and endless:
            out.append(ast.Return(name(VALUE)))
        elif returns:
            out.append(ast.If(name(DONE), [ast.Return(name(VALUE))], []))
        if orelse and stop is not None:
            out.append(ast.If(ast.UnaryOp(ast.Not(), name(stop)), orelse, []))
        else:
            out += orelse
        for made in out:
            ast.copy_location(made, node)
        return out

    def guarded(self, body: Sequence[ast.stmt], stop: str, skip: str) -> list[ast.stmt]:
        """The statements with flags set where they jump, and what follows under the flags."""
        out: list[ast.stmt] = []
        for i, node in enumerate(body):
            true = ast.Constant(True)
            if isinstance(node, ast.Break):
                out.append(ast.copy_location(assign(stop, true), node))
                return out
            if isinstance(node, ast.Continue):
                out.append(ast.copy_location(assign(skip, true), node))
                return out
            if isinstance(node, ast.Return):
                value = node.value or ast.Constant(None)
                for made in (assign(VALUE, value), assign(DONE, true), assign(stop, true)):
                    out.append(ast.copy_location(made, node))
                return out
            inner = isinstance(node, (ast.For, ast.While))
            if inner or not (jumps([node]) or contains([node], ast.Return)):
                out.append(node)
                continue
            for field in ("body", "orelse", "finalbody"):
                part = getattr(node, field, None)
                if isinstance(part, list):
                    setattr(node, field, self.guarded(part, stop, skip))
            for handler in getattr(node, "handlers", []):
                handler.body = self.guarded(handler.body, stop, skip)
            out.append(node)
            rest = self.guarded(body[i + 1 :], stop, skip)
            if rest:
                either = ast.BoolOp(ast.Or(), [name(stop), name(skip)])
                test = ast.UnaryOp(ast.Not(), either)
                out.append(ast.copy_location(ast.If(test, rest, []), node))
            return out
        return out

    # Statements become calls

    def block(self, body: Sequence[ast.stmt], flat: bool) -> list[ast.stmt]:
        """`flat`: what follows the statements may become part of a branch that returns."""
        out: list[ast.stmt] = []
        for i, node in enumerate(body):
            made: list[ast.stmt]
            if isinstance(node, ast.If) and contains([node], ast.Return):
                if flat:
                    made = self.returning(node, body[i + 1 :])
                    out += [ast.copy_location(one, node) for one in made]
                    return out
                test = self.expression(node.test)
                node.test = helper("plain", test, ast.Constant("a return inside of with or try"))
                node.body = self.block(node.body, False)
                node.orelse = self.block(node.orelse, False)
                made = [node]
            elif isinstance(node, ast.If):
                made = self.branching(node)
            elif isinstance(node, ast.While):
                made = self.repeating(node)
            elif isinstance(node, ast.For):
                made = self.iterating(node)
            elif isinstance(node, (ast.With, ast.Try)):
                made = [self.inner(node)]
            elif isinstance(node, ast.FunctionDef):
                if not yields(node):
                    Rewriter(node).function(node)
                made = [node]
            elif isinstance(node, (ast.ClassDef, ast.AsyncFunctionDef, ast.Match)):
                made = [node]
            else:
                made = [self.expressions.visit(node)]
            out += [ast.copy_location(one, node) for one in made]
        return out

    def inner(self, node: ast.With | ast.Try) -> ast.stmt:
        if isinstance(node, ast.With):
            for item in node.items:
                item.context_expr = self.expression(item.context_expr)
        node.body = self.block(node.body, False)
        if isinstance(node, ast.Try):
            node.orelse = self.block(node.orelse, False)
            node.finalbody = self.block(node.finalbody, False)
            for handler in node.handlers:
                handler.body = self.block(handler.body, False)
        return node

    def expression(self, node: ast.expr) -> ast.expr:
        made: ast.expr = self.expressions.visit(node)
        return made

    def define(
        self, text: str, body: Sequence[ast.stmt], flat: bool, arguments: Sequence[str] = ()
    ) -> ast.stmt:
        """An inner function of these statements, which binds the outer function's names."""
        bound = [n for n in assigned(body) if n not in arguments]
        inside = self.block(body, flat) or [ast.Pass()]
        head: list[ast.stmt] = []
        shared = [n for n in bound if n not in self.globals]
        if shared:
            head.append(ast.Nonlocal(shared))
        if len(shared) != len(bound):
            head.append(ast.Global([n for n in bound if n in self.globals]))
        taken = ast.arguments([], [ast.arg(a) for a in arguments], None, [], [], None, [])
        return function_of(text, taken, [*head, *inside])

    def access(
        self, names: Sequence[str], used: Iterable[ast.AST]
    ) -> tuple[list[ast.stmt], list[ast.expr]]:
        """How helpers read and set variables, and read others that `used` reads: statements before,
        and four arguments."""
        setter = self.fresh("set")
        values = "__proa_values"
        body: list[ast.stmt] = [ast.Pass()]
        if names:
            targets: list[ast.expr] = [name(n, True) for n in names]
            body = [
                ast.Nonlocal(list(names)),
                ast.Assign([ast.Tuple(targets, ast.Store())], name(values)),
            ]
        taken = ast.arguments([], [ast.arg(values)], None, [], [], None, [])
        shown = [control.RETURNED if n == VALUE else n for n in names]
        texts: list[ast.expr] = [ast.Constant(n) for n in shown]
        getters: list[ast.expr] = [later(name(n)) for n in names]
        return [function_of(setter, taken, body)], [
            ast.Tuple(getters, ast.Load()),
            name(setter),
            ast.Tuple(texts, ast.Load()),
            ast.Tuple([later(name(n)) for n in sorted(reads(used) - {*names})], ast.Load()),
        ]

    def returning(self, node: ast.If, rest: Sequence[ast.stmt]) -> list[ast.stmt]:
        then, otherwise = self.fresh("then"), self.fresh("else")
        out: list[ast.stmt] = []
        follow: list[ast.stmt] = []
        names = self.variables([node, *rest])
        before, access = self.access(names, [node, *rest])
        if rest:
            after = self.fresh("rest")
            out.append(self.define(after, rest, True))
            call = ast.Call(name(after), [], [])
            follow = [ast.copy_location(ast.Return(call), node)]
        test = self.expression(node.test)
        # What follows is a call, made anew for each way.
        for text, body in ((then, node.body), (otherwise, node.orelse)):
            ends = bool(body) and isinstance(body[-1], ast.Return)
            more = [] if ends else [ast.fix_missing_locations(one) for one in copied(follow)]
            out.append(self.define(text, [*body, *more], True))
        result = helper("returned", test, name(then), name(otherwise), *access)
        return [*out, *before, ast.Return(result)]

    def variables(self, body: Sequence[ast.stmt]) -> list[str]:
        return [n for n in assigned(body) if n not in self.globals]

    def branching(self, node: ast.If) -> list[ast.stmt]:
        then, otherwise = self.fresh("then"), self.fresh("else")
        names = self.variables([*node.body, *node.orelse])
        before, access = self.access(names, [*node.body, *node.orelse])
        test = self.expression(node.test)
        return [
            self.define(then, node.body, False),
            self.define(otherwise, node.orelse, False),
            *before,
            ast.Expr(helper("if_", test, name(then), name(otherwise), *access)),
        ]

    def repeating(self, node: ast.While) -> list[ast.stmt]:
        step = self.fresh("step")
        names = self.variables([ast.Expr(node.test), *node.body])
        before, access = self.access(names, [node])
        test: ast.expr
        if contains([node.test], ast.NamedExpr):
            asked = self.fresh("test")
            before.append(self.define(asked, [ast.Return(node.test)], False))
            test = name(asked)
        else:
            test = later(self.expression(node.test))
        return [
            self.define(step, node.body, False),
            *before,
            ast.Expr(helper("while_", test, name(step), *access)),
        ]

    def iterating(self, node: ast.For) -> list[ast.stmt]:
        step, item = self.fresh("step"), self.fresh("item")
        stop = getattr(node, "stop", None)
        target = ast.copy_location(ast.Assign([node.target], name(item)), node)
        body = [target, *node.body]
        names = self.variables(body)
        before, access = self.access(names, body)
        items = self.expression(node.iter)
        stopped = later(name(stop) if stop else ast.Constant(False))
        return [
            self.define(step, body, False, [item]),
            *before,
            ast.Expr(helper("for_", items, name(step), stopped, *access)),
        ]


def copied(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [
        ast.copy_location(ast.Return(ast.Call(name(s.value.func.id), [], [])), s)
        for s in statements
        if isinstance(s, ast.Return)
        and isinstance(s.value, ast.Call)
        and isinstance(s.value.func, ast.Name)
    ]


class Mangle(ast.NodeTransformer):
    """Private names of a class, as they are inside of it."""

    def __init__(self, owner: str) -> None:
        self.owner = owner.lstrip("_")

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr.startswith("__") and not node.attr.endswith("__") and self.owner:
            node.attr = f"_{self.owner}{node.attr}"
        return node


def class_of(qualname: str) -> str:
    """The innermost class around a function: its parts are not followed by <locals>."""
    parts = qualname.split(".")
    found = [a for a, b in itertools.pairwise(parts) if "<locals>" not in (a, b)]
    return found[-1] if found else ""


def rewritten(node: ast.FunctionDef, function: types.FunctionType) -> types.CodeType:
    """The code of `node`, the tree of `function`, when its control flow is calls."""
    code = function.__code__
    node.decorator_list = []
    Mangle(class_of(function.__qualname__)).visit(node)
    Rewriter(node).function(node)
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    for argument in (*every, node.args.vararg, node.args.kwarg):
        if argument is not None:
            argument.annotation = None
    node.returns = None
    node.name = FUNCTION  # its own name is a variable from outside in it
    free = [ast.arg(n) for n in (HELPER, *code.co_freevars)]
    taken = ast.arguments([], free, None, [], [], None, [])
    factory = function_of("__proa_factory", taken, [node])
    module = ast.fix_missing_locations(ast.Module([factory], []))
    ast.increment_lineno(module, code.co_firstlineno - 1)
    compiled = compile(module, code.co_filename, "exec")
    (made,) = codes_in(compiled)
    (inner,) = (c for c in codes_in(made) if c.co_name == FUNCTION)
    return inner.replace(co_name=code.co_name, co_qualname=code.co_qualname)


def codes_in(code: types.CodeType) -> list[types.CodeType]:
    return [c for c in code.co_consts if isinstance(c, types.CodeType)]


def new_code(function: types.FunctionType) -> types.CodeType | None:
    """The code of the rewritten function; None where there is nothing to rewrite it from."""
    code = function.__code__
    flags = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
    if code.co_flags & flags or code.co_name == "<lambda>":
        return None
    node = tree_of(function)
    if node is None or sees_names(node):
        return None
    try:
        inner = rewritten(node, function)
    except RecursionError:  # hundreds of branches in one another
        return None
    todo = [inner]
    while todo:
        _made.add(todo[-1])
        todo += codes_in(todo.pop())
    return inner


def convert(function: types.FunctionType) -> types.FunctionType:
    """The function, rewritten if it is the user's own and can be."""
    code = function.__code__
    module = function.__module__ or ""
    if module == "proa" or module.startswith("proa.") or code.co_filename.startswith(_own):
        return function
    if code in _made:
        return function
    if code not in _codes:
        _codes[code] = new_code(function)
    inner = _codes[code]
    if inner is None:
        return function
    cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
    cells[HELPER] = types.CellType(control)
    closure = tuple(cells[n] for n in inner.co_freevars)
    made = types.FunctionType(
        inner, function.__globals__, function.__name__, function.__defaults__, closure
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__qualname__, made.__module__ = function.__qualname__, function.__module__
    made.__dict__.update(function.__dict__)
    return made


def call(function: Any) -> Any:
    """What is called instead of `function` by rewritten code."""
    if type(function) in (type, types.BuiltinFunctionType):
        return control.BUILTINS.get(function, function)
    if isinstance(function, types.FunctionType):
        return convert(function)
    if isinstance(function, types.MethodType):
        return bound(function.__func__, function.__self__, function)
    if type(function) is functools.partial:
        return functools.partial(call(function.func), *function.args, **function.keywords)
    return bound(inspect.getattr_static(type(function), "__call__", None), function, function)


def bound(method: Any, owner: Any, plain: Any) -> Any:
    """`plain`, which is `method` of `owner`; rewritten if that can be."""
    made = convert(method) if isinstance(method, types.FunctionType) else method
    return plain if made is method else types.MethodType(made, owner)


control.call = call  # type: ignore[attr-defined]  # rewritten code knows one name
Converter = Callable[[Any], Any]
