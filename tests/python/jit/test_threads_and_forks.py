"""Captures beside other threads, and in children of a process that captures."""

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import proa.nn as nn
import pytest
from proa.jit import to_static

import proa


def test_layers_of_other_threads_are_no_guards():
    own, other = nn.Linear(4, 4), nn.Linear(4, 4)
    x = proa.ones([2, 4])
    inside, done = threading.Event(), threading.Event()

    def beside():
        inside.wait()
        other(x)
        done.set()

    def f(x):
        inside.set()
        assert done.wait(30)
        return own(x) * 2

    thread = threading.Thread(target=beside)
    thread.start()
    captured = to_static(f)
    captured(x)
    thread.join()
    other.eval()
    np.testing.assert_array_equal(captured(x).numpy(), (own(x) * 2).numpy())
    assert len(captured.captures()) == 1
    own.eval()
    captured(x)
    assert len(captured.captures()) == 2


CHILD = """
    import os, signal, threading
    import proa, proa.nn
    from proa.jit import to_static

    inside, go_on = threading.Event(), threading.Event()

    def slow(x):
        inside.set()
        go_on.wait()
        return x * 2

    x = proa.ones([2, 3])
    thread = threading.Thread(target=lambda: to_static(slow)(x))
    thread.start()
    inside.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        layer = proa.nn.Linear(3, 4)
        right = to_static(lambda x: layer(x) + 1)(x).shape == [2, 4]
        os._exit(0 if right else 1)
    status = os.waitpid(child, 0)[1]
    go_on.set()
    thread.join()

    def forks(x):  # the lock is its own at the fork, in both
        global child
        child = os.fork()
        return x + 1

    y = to_static(forks)(x)
    assert y.numpy().sum() == 12
    if child == 0:
        signal.alarm(20)
        to_static(lambda x: x - 1)(x)
        os._exit(0)
    print(status, os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_captures_while_its_parent_does():
    code = textwrap.dedent(CHILD)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["0", "0"], (done.stdout, done.stderr, signal.SIGALRM)
