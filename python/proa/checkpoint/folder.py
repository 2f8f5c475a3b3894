"""A folder of checkpoints: one folder a step, published whole, checked when it is read.

    step_00001000/
        model.safetensors    one file for each entry of the state, as proa.save writes it
        optimizer.safetensors
        manifest.json        step, files, their sizes and checksums; written last
    .step_00002000.tmp/      being written, or left by a writer that was killed
    .lock                    held by whoever writes

A step appears under its name when all of it is on the disk. Until then the last one stands.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import threading
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

import proa

from .. import _proa
from ..framework.nest import Decoder, Encoder, NestError
from ..framework.saving import _KEY, checked_path
from ..refusal import type_error, value_error

_FORMAT = 1
_MANIFEST = "manifest.json"
_NAME = re.compile(r"step_(\d{8,})")
_ENTRY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_ENDING = ".safetensors"


class CheckpointInfo(NamedTuple):
    """One checkpoint that is there.

    Attributes:
        step: its number.
        path: its folder.
        metadata: what save was given beside the state.
    """

    step: int
    path: str
    metadata: dict[str, Any]


class _Entry(NamedTuple):
    """A part of the state as it will be written."""

    tensors: dict[str, Any]
    text: str


class CheckpointFolder:
    """Writes and reads checkpoints of a training run.

    Args:
        path: the folder; it is made.
        keep: how many of the newest stay; None keeps all.
        asynchronous: write in the background. save() then takes as long as copying the tensors,
            unless the one before is not written yet, which it waits for first.
    """

    def __init__(
        self, path: str | os.PathLike[str], keep: int | None = 3, asynchronous: bool = True
    ) -> None:
        self.path = checked_path("CheckpointFolder", path)
        if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 1):
            raise value_error(f"[CheckpointFolder] keep: expected None or at least 1, got {keep!r}")
        self.keep = keep
        self.asynchronous = asynchronous
        self._writer: threading.Thread | None = None
        self._error: BaseException | None = None
        os.makedirs(self.path, exist_ok=True)

    def save(
        self, step: int, state: Mapping[str, Any], metadata: Mapping[str, Any] | None = None
    ) -> None:
        """Write `state` as the checkpoint of `step`; an earlier one of this step is replaced.

        An error of a write in the background is raised here, or by wait(), afterwards.

        Args:
            step: a number from 0 on.
            state: name -> what proa.save takes: state dicts of layers, optimizers, schedulers and
                loaders, get_rng_state(), numbers. Each becomes a file of its name.
            metadata: plain JSON beside it.
        """
        if isinstance(step, bool) or not isinstance(step, int) or step < 0:
            raise value_error(
                f"[CheckpointFolder.save] step: expected a number from 0 on, got {step!r}"
            )
        if not isinstance(state, Mapping):
            raise type_error(
                f"[CheckpointFolder.save] state: expected a dict, got {type(state).__name__}"
            )
        for name in state:
            if not isinstance(name, str) or not _ENTRY.fullmatch(name) or len(name) > 100:
                raise value_error(
                    "[CheckpointFolder.save] state: expected names of letters, digits, '_', '-' "
                    f"and '.', got {name!r}"
                )
        about = json.loads(json.dumps(dict(metadata or {}), allow_nan=False))
        entries = {name: self._encoded(value) for name, value in state.items()}
        self.wait()
        if not self.asynchronous:
            self._write(step, entries, about)
            return
        copies = {name: _copied(entry) for name, entry in entries.items()}
        self._writer = threading.Thread(
            target=self._write_behind, args=(step, copies, about), name="proa checkpoint"
        )
        self._writer.start()

    def wait(self) -> None:
        """Until nothing is being written. Raises what went wrong since the last call."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.join()
        error, self._error = self._error, None
        if error is not None:
            raise error

    def __enter__(self) -> CheckpointFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.wait()

    def steps(self) -> list[int]:
        """Of the checkpoints that are there, in order; damaged ones are among them."""
        names = {self._final(name) for name in os.listdir(self.path)}
        found = (_NAME.fullmatch(name) for name in names)
        return sorted(int(match[1]) for match in found if match is not None)

    def latest(self) -> CheckpointInfo | None:
        """The newest that is whole; None where there is none. A damaged one is warned of."""
        for step in reversed(self.steps()):
            try:
                return self._checked(step)
            except _proa.FileError as error:
                warnings.warn(f"checkpoint of step {step} is left out: {error}", stacklevel=2)
        return None

    def load(self, step: int | None = None, return_numpy: bool = False) -> dict[str, Any]:
        """The state that was saved: of `step`, or of the newest that is whole.

        Raises FileError where it is not there or damaged; each file is checked before it is read.
        """
        self.wait()
        info = self.latest() if step is None else self._checked(step)
        if info is None:
            raise _proa.FileError(
                f"[CheckpointFolder.load] there is no whole checkpoint in {self.path!r}"
            )
        state = {}
        for name in self._manifest(info.step)["files"]:
            file = os.path.join(info.path, name)
            tensors, texts = _proa.load_safetensors(file)
            try:
                state[name.removesuffix(_ENDING)] = Decoder(tensors, return_numpy).decode(
                    texts[_KEY]
                )
            except (KeyError, NestError) as error:
                raise _proa.FileError(f"[CheckpointFolder.load] {file!r}: {error}") from None
        return state

    # ---- reading ----

    def _folder(self, step: int) -> str:
        return os.path.join(self.path, f"step_{step:08d}")

    @staticmethod
    def _final(name: str) -> str:
        """The name of a checkpoint that stands aside while it is replaced."""
        aside = name.startswith(".step_") and name.endswith(".old")
        return name[1:].removesuffix(".old") if aside else name

    def _place(self, step: int) -> str:
        """Where the checkpoint lies: aside, if whoever was replacing it was killed."""
        folder = self._folder(step)
        aside = os.path.join(self.path, f".step_{step:08d}.old")
        return aside if os.path.isdir(aside) and not os.path.isdir(folder) else folder

    def _manifest(self, step: int) -> dict[str, Any]:
        path = os.path.join(self._place(step), _MANIFEST)
        try:
            with open(path, "rb") as file:
                head, _, body = file.read().partition(b"\n")
        except OSError as error:
            raise _proa.FileError(f"cannot read {path}: {error.strerror}") from None
        if head != _head(body):
            raise _proa.FileError(f"cannot read {path}: it does not match its checksum")
        told = json.loads(body)
        if told["format"] > _FORMAT:
            raise _proa.FileError(
                f"cannot read {path}: it is of version {told['format']}, and this Proa reads up to "
                f"{_FORMAT}"
            )
        if told["step"] != step:
            raise _proa.FileError(f"cannot read {path}: it is of step {told['step']}")
        return dict(told)

    def _checked(self, step: int) -> CheckpointInfo:
        told, folder = self._manifest(step), self._place(step)
        for name, (size, checksum) in told["files"].items():
            file = os.path.join(folder, name)
            found = _proa._file_checksum(file)
            if found[0] != size:
                raise _proa.FileError(
                    f"cannot read {file}: it has {found[0]} bytes, and {size} were written"
                )
            if found[1] != checksum:
                raise _proa.FileError(f"cannot read {file}: it does not match its checksum")
        return CheckpointInfo(step, folder, told["metadata"])

    # ---- writing ----

    @staticmethod
    def _encoded(value: Any) -> _Entry:
        encoder = Encoder()
        text = encoder.encode(value)
        return _Entry(encoder.tensors, text)

    def _write_behind(self, step: int, entries: dict[str, _Entry], about: Any) -> None:
        try:
            self._write(step, entries, about)
        except BaseException as error:
            self._error = error

    def _write(self, step: int, entries: dict[str, _Entry], about: Any) -> None:
        with open(os.path.join(self.path, ".lock"), "ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._clear_out()
            final = self._folder(step)
            work = os.path.join(self.path, f".{os.path.basename(final)}.tmp")
            try:
                os.mkdir(work)
                files = {}
                for name, entry in entries.items():
                    file = os.path.join(work, name + _ENDING)
                    _proa.save_safetensors(file, entry.tensors, {_KEY: entry.text})
                    files[name + _ENDING] = _proa._file_checksum(file)
                body = json.dumps(
                    {"format": _FORMAT, "step": step, "files": files, "metadata": about}
                ).encode()
                _proa._write_file(os.path.join(work, _MANIFEST), _head(body) + b"\n" + body)
                if os.path.lexists(final):
                    self._replace(final, work)
                else:
                    _proa._publish_folder(work, final)
            finally:
                shutil.rmtree(work, ignore_errors=True)
            self._forget()

    def _replace(self, final: str, work: str) -> None:
        """Two names cannot change hands at once: for a moment the older one stands aside, under a
        name that _clear_out gives back.
        """
        aside = os.path.join(self.path, f".{os.path.basename(final)}.old")
        _proa._publish_folder(final, aside)
        try:
            _proa._publish_folder(work, final)
        except BaseException:
            if not os.path.lexists(final):
                os.rename(aside, final)
            raise
        shutil.rmtree(aside, ignore_errors=True)

    def _clear_out(self) -> None:
        """What writers left that were killed. The lock is held, so none of it is in use."""
        for name in os.listdir(self.path):
            path = os.path.join(self.path, name)
            if name.startswith(".step_") and name.endswith(".tmp"):
                shutil.rmtree(path, ignore_errors=True)
            elif name.startswith(".step_") and name.endswith(".old"):
                final = os.path.join(self.path, self._final(name))
                if os.path.lexists(final):
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    os.rename(path, final)

    def _forget(self) -> None:
        """Older ones than `keep` go, each under another name first: none is seen in half."""
        steps = self.steps()
        for step in steps[: -self.keep] if self.keep is not None else []:
            folder = self._folder(step)
            gone = os.path.join(self.path, f".{os.path.basename(folder)}.tmp")
            os.rename(folder, gone)
            shutil.rmtree(gone, ignore_errors=True)

    def __repr__(self) -> str:
        return f"CheckpointFolder({self.path!r}, keep={self.keep}, steps={self.steps()})"


def _head(body: bytes) -> bytes:
    return b"proa checkpoint, CRC-32C %08x" % _proa._checksum(body)


def _copied(entry: _Entry) -> _Entry:
    """The tensors as they are now, whatever training does to them afterwards."""
    with proa.no_grad():
        tensors = {
            name: np.array(value) if isinstance(value, np.ndarray) else value.clone()
            for name, value in entry.tensors.items()
        }
    return _Entry(tensors, entry.text)
