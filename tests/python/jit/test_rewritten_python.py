"""Rewritten functions do what they did before: Python's own library is the reference."""

import _pydecimal
import argparse
import ast
import configparser
import contextlib
import difflib
import email
import fractions
import functools
import gc
import html.parser
import io
import ipaddress
import pprint
import random
import shlex
import statistics
import string
import textwrap
import tokenize
import types
import urllib.parse
import weakref

import numpy as np
import pytest
from proa.jit import rewrite, to_static

import proa
from proa import nn

COUNT = 0


def generators(n):
    def every(k):
        for i in range(k):
            if i % 2:
                yield i
            else:
                yield -i

    return list(every(n))


def annotations(n):
    if n:
        x: int = 5
    else:
        x: int = 6
    y: int
    for i in range(n):
        y: int = i
        if i:
            z: float = y + 0.5
    return x if n < 2 else (x, y, z)


def deletes(n):
    x = y = 1
    if n:
        del x
        x = 4
    else:
        del y
    try:
        return x, y
    except UnboundLocalError:
        return x


def walrus(n):
    if (m := n + 1) > 2 and (k := m * 2):
        return m, k
    while (n := n + 1) < 7:
        if n:
            out = [q for q in range(3) if (w := q)]
    return n, out, w


def matches(n):
    for v in (n, [n, 1, 2], {"k": n, "l": 1}, "s"):
        if n:
            match v:
                case [a, *b]:
                    c = 1
                case {"k": a, **b}:
                    c = 2
                case int() as a:
                    b = c = 3
    return (a, b, c) if n else v


def inner_state(n):
    total = 0

    def add(by=1, *, k=2):
        nonlocal total
        if by:
            total += by * k
        else:
            total -= 1
        return total

    add(0)
    for i in range(n):
        add(i, k=i)
    return total


def recursive(n):
    return 1 if n <= 1 else n * recursive(n - 1)


def mutual(n):
    def even(k):
        return True if k == 0 else odd(k - 1)

    def odd(k):
        if k == 0:
            return False
        return even(k - 1)

    return even(n)


def own_names(n):
    x = n
    if x:
        return sorted(locals())
    return eval("x + 1")


def cleans_up(n):
    out = []
    for i in range(n):
        try:
            if i == 2:
                return out, "r"
            if i == 1:
                raise ValueError(i)
            continue
        except ValueError as e:
            out.append(str(e))
        finally:
            out.append(i)
        with contextlib.nullcontext() as q:
            while True:
                if i:
                    break
            out.append(q)
    else:
        out.append("else")
    return out


def global_count(n):
    global COUNT
    if n:
        COUNT = n
    else:
        COUNT += 1
    return COUNT


class Base:
    def __init__(self, n):
        self.n = n

    def name(self):
        return ("base", self.n)


class Derived(Base):
    __secret = 4

    def recursive(self):  # the name of a global that it calls
        return recursive(self.n)

    def name(self):
        def own():
            return self.__secret

        if self.n:
            for i in range(2):
                if i:
                    r = super().name()
        else:
            r = super().name()
        return r, own(), self.recursive()

    @classmethod
    def made(cls, n):
        return cls(n) if n else cls(7)


def methods(n):
    return Derived.made(n).name()


OWN = [generators, annotations, deletes, walrus, matches, inner_state, recursive, mutual, own_names,
       cleans_up, global_count, methods]


@pytest.mark.parametrize("function", OWN, ids=lambda f: f.__name__)
def test_what_python_does(function):
    global COUNT
    for n in (0, 1, 2, 5):
        COUNT = 0
        want = function(n)
        COUNT = 0
        assert rewrite.call(function)(n) == want


def json_like():
    return pprint.pformat({i: [*range(i * 5), str(i), (i, None)] for i in range(6)}, width=40)


def parses():
    parser = argparse.ArgumentParser(prog="x")
    parser.add_argument("--a", type=int, default=3, choices=[3, 4], help="of a " * 20)
    parser.add_argument("b", nargs="+")
    parser.add_mutually_exclusive_group().add_argument("-v", action="store_true")
    return parser.format_help(), sorted(parser.parse_args(["--a", "4", "q", "r"]).__dict__.items())


def configures():
    config = configparser.ConfigParser()
    config.read_string("[a]\nb=%(c)s\nc=1\n[d]\ne: multi\n  line\n")
    return {k: dict(config.items(k)) for k in config.sections()}


def decimals():
    a, b = _pydecimal.Decimal("1.2345678901234567890"), _pydecimal.Decimal("-3e5")
    made = (a + b, a * b, a / b, (-b).sqrt(), a.exp(), a.ln(), a**a, divmod(b, a), a.compare(b))
    return [*map(str, made), hash(a), format(b, "015,.3f"), b.to_eng_string()]


def mails():
    text = ('To: "C, D" <c@d>\nSubject: =?utf-8?q?h=C3=A9?=\nContent-Type: multipart/mixed; '
            "boundary=x\n\n--x\nContent-Type: text/plain\n\nhi\n--x--\n")
    made = email.message_from_string(text)
    return made.as_string(), [p.get_content_type() for p in made.walk()]


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.out = []

    def handle_starttag(self, tag, attrs):
        if attrs:
            self.out.append((tag, attrs))
        else:
            self.out.append(tag)

    def handle_data(self, data):
        self.out.append(data)


def pages():
    page = Page()
    page.feed('<a href="x&amp;y">t<b>u</b><!-- c --></a>&lt;<script>1<2</script>')
    page.close()
    return page.out


def texts():
    words = "the quick brown-fox  jumps " * 9
    return (
        textwrap.fill(words, 33, initial_indent="*", subsequent_indent="  "),
        textwrap.shorten(words, 20),
        shlex.split('a "b c" d\\ e # f', comments=True),
        string.Formatter().format("{0!r:>{w}} {x[a]}", "q", w=5, x={"a": 1}),
        [*difflib.ndiff(["one\n", "two"], ["ore\n", "tree\n"])],
        ast.unparse(ast.parse("def f(a, *b, c=1, **d):\n  return [x for x in a if x] or (yield)")),
        [t.string for t in tokenize.generate_tokens(io.StringIO("x = f'{y}' # z\n").readline)],
        urllib.parse.urljoin("http://a/b/c/d", "../e?x"),
        [*map(str, ipaddress.ip_network("10.0.0.0/29").subnets(1))],
    )


def numbers():
    draw, data = random.Random(3), [1, 2, 2.5, 3, 9]
    return (
        fractions.Fraction("3/7") ** 3,
        fractions.Fraction(355, 113).limit_denominator(10),
        statistics.stdev(data),
        statistics.quantiles(data),
        draw.sample(range(100), 4),
        draw.gauss(0, 1),
        draw.vonmisesvariate(0, 4),
    )


LIBRARY = [json_like, parses, configures, decimals, mails, pages, texts, numbers]


@pytest.mark.parametrize("function", LIBRARY, ids=lambda f: f.__name__)
def test_the_library_of_python_does_what_it_did(function, monkeypatch):
    """All that it calls is rewritten too, hundreds of functions."""
    want = function()
    monkeypatch.setattr(rewrite, "_own", ("/nowhere",))
    before = len(rewrite._made)
    assert rewrite.call(function)() == want
    assert len(rewrite._made) > before + 5


def array(*values):
    return proa.to_tensor(np.array(values, "float32"))


def power(x, n):
    if n <= 1:
        return x
    return x * power(x, n - 1)


def outer(x):
    def scaled(y, k=2):
        if y.sum() > 0:
            y = y * k
        return y + 1

    def twice(y):
        return scaled(y) * 2

    return twice(scaled(x))


def relu(x):
    return nn.functional.relu(x)


class Net(nn.Layer):
    def relu(self, x):
        return relu(x) + 1

    def forward(self, x):
        def block(y):
            return self.relu(y) * 3

        return block(x)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_captured_functions_call_themselves_and_those_inside(n):
    for x in (array(1, -2, 3), array(-4, 1, 2)):
        np.testing.assert_array_equal(to_static(power)(x, n).numpy(), power(x, n).numpy())
        np.testing.assert_array_equal(to_static(outer)(x).numpy(), outer(x).numpy())
        np.testing.assert_array_equal(to_static(Net())(x).numpy(), Net()(x).numpy())


def test_private_names_in_a_function_of_a_method():
    class Trainer:
        def __init__(self):
            self.__scale = 3.0

        def run(self, x):
            @to_static
            def step(y):
                return y * self.__scale if y.sum() > 0 else y

            return step(x)

    assert Trainer().run(array(1, 2)).tolist() == [3, 6]


def test_hundreds_of_branches():
    lines = "".join(f"    if x == {i}: return {i}\n" for i in range(500))
    name = "<hundreds of branches>"
    text = f"def f(x):\n{lines}    return -1\n"
    import linecache

    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {"__name__": "mine"}
    exec(compile(text, name, "exec"), scope)
    assert rewrite.call(scope["f"])(499) == 499


def test_functions_that_were_captured_are_freed():
    def make():
        big = proa.ones([1000])

        def inner(x, n=3):
            return x * big if n == 0 else inner(x, n - 1)

        to_static(inner)(proa.ones([1000]))
        return weakref.ref(inner), weakref.ref(big)

    held = make()
    gc.collect()
    assert [r() for r in held] == [None, None]


def test_wrapped_functions_keep_their_attributes():
    def plain(x):
        return x + 1 if x.sum() > 0 else x

    @functools.wraps(plain)
    def wrapper(*args):
        return plain(*args) * 2

    wrapper.kind = "wrapped"
    assert isinstance(rewrite.call(wrapper), types.FunctionType)
    assert rewrite.call(wrapper).kind == "wrapped"
    assert to_static(wrapper)(array(1, 2)).tolist() == [4, 6]
