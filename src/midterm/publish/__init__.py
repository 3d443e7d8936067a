"""Publishing: in, the tables of the contract; out, figures, workbook and report.

What an analyst calls from a notebook stands here, imported only when it is asked for, so that importing the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_ROOMS = {"draw": "drawing", "figure_list": "drawing", "estimate": "estimates", "level": "estimates"}
__all__ = sorted(_ROOMS)


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # By name, so that the batch does not take what a notebook needs of this package for all that is in it.
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
