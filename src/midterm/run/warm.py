"""What the notebooks' processes are forked from: importing this imports once what every notebook needs.

The process must stay with one thread, or a fork of it could hang; so nothing here draws, reads or computes.
"""

import contextlib
import gc
import importlib

import nbformat

import midterm.run.process
import midterm.run.shell  # noqa: F401
from midterm.run.basis import Contents, package
from midterm.run.notebooks import to_preload

LAZY = (  # what libraries import by themselves when a notebook first runs, reads, checks or draws
    "IPython.core.completerlib",
    "IPython.core.pylabtools",
    "ipykernel.eventloops",
    "ipykernel.ipkernel",
    "PIL.JpegImagePlugin",
    "great_tables",
    "matplotlib.backends.backend_svg",
    "pandas.core.reshape.reshape",
    "pandas.io.formats.csvs",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "pandera.backends.pandas.register",
    "pandera.strategies.pandas_strategies",
    "papermill",
    "pyarrow.dataset",
    "pyarrow.pandas_compat",
)


for _name in (*LAZY, *to_preload()):
    with contextlib.suppress(ModuleNotFoundError):  # of `from a import b` both `a` and `a.b` are tried, and b may be no module
        importlib.import_module(_name)

nbformat.validate(nbformat.v4.new_notebook())  # builds the check of the format, which it keeps
LOADED = package(Contents())  # what was imported, in case the files change later
gc.collect()
gc.freeze()  # what is here by now is never garbage, so the forked processes need not look through it
