"""Checkpoints: the state of a training run as folders that survive whatever ends the process."""

from .folder import CheckpointFolder, CheckpointInfo

__all__ = ["CheckpointFolder", "CheckpointInfo"]
