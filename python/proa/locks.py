"""Locks of the whole process, which a child that forks has anew.

Why: the child has one thread. A lock that another thread held at the fork is never released there.
"""

from __future__ import annotations

import os
import threading
from typing import Any


class ProcessLock:
    """A lock that its own thread may take again, for `with`."""

    def __init__(self) -> None:
        self._held = _Held()
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        lock = self._lock
        lock.acquire()
        self._held.locks.append(lock)

    def __exit__(self, *error: object) -> None:
        self._held.locks.pop().release()  # what this thread held at a fork is that one still


class _Held(threading.local):
    def __init__(self) -> None:
        self.locks: list[Any] = []  # of threading
