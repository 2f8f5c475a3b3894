"""Graphs recorded from models of PaddlePaddle: read, written as Python functions, run, compared."""
