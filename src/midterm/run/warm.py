"""What the notebooks' processes are forked from: importing this imports once what every notebook needs.

The process must stay with one thread, or a fork of it could hang; so nothing here draws, reads or computes.
"""

import contextlib
import importlib

import nbformat  # noqa: F401
import papermill  # noqa: F401

import midterm.run.process
import midterm.run.shell  # noqa: F401
from midterm.run.notebooks import to_preload

for _name in to_preload():
    with contextlib.suppress(ImportError):  # `from a import b`: b may be no module
        importlib.import_module(_name)
