"""IPython's shell in this process: in, a cell's source; out, the messages that an ordinary kernel would send.

The shell, its display hook and its publisher are those of ipykernel, so that what a cell shows is the same; only the session
that they send through hands each message over instead of writing it to a socket.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell
from jupyter_client.session import Session
from traitlets.config import Config

INLINE = "module://matplotlib_inline.backend_inline"
Listener = Callable[[dict[str, Any]], object]


class _Handed(Session):
    """A session that hands its messages to ``listener``, packed and unpacked as on their way through a socket."""

    listener: Listener

    def send(self, _stream: object, msg_or_type: Any, content: Any = None, parent: Any = None, **_: object) -> dict[str, Any]:  # type: ignore[override]
        message: dict[str, Any] = msg_or_type if isinstance(msg_or_type, dict) else self.msg(msg_or_type, content, parent=parent)
        handed = {**message, "content": self.unpack(self.pack(message["content"]))}
        self.listener(handed)
        return handed


class _Stream:
    """Standard output or error of the cells; what is written is sent as one message when it is flushed."""

    encoding, errors = "utf-8", "strict"

    def __init__(self, name: str, session: _Handed) -> None:
        self.name = f"<{name}>"
        self._kind, self._session, self._written = name, session, list[str]()

    def write(self, text: str) -> int:
        self._written.append(text)
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        self._written.extend(lines)

    def flush(self) -> None:
        text, self._written = "".join(self._written), []
        if text:
            self._session.send(None, "stream", {"name": self._kind, "text": text})

    def isatty(self) -> bool:
        return False

    def writable(self) -> bool:
        return True


class _NoLoop:
    """What the shell asks of a kernel when a cell calls ``exit()``: that there is no loop to stop."""

    eventloop = None


@contextmanager
def shell(listener: Listener) -> Iterator[ZMQInteractiveShell]:
    """Give a new shell that sends all messages to ``listener``; raise RuntimeError when this process has a shell already."""
    if ZMQInteractiveShell.initialized():
        raise RuntimeError("this process has a shell already; call papermill from a process without one, or with its own engine")
    before = sys.stdout, sys.stderr, sys.displayhook, sys.argv, list(sys.path), dict(os.environ), sys.modules.get("__main__")
    session = _Handed(key=b"")
    session.listener = listener
    opened = ZMQInteractiveShell.instance(config=Config(HistoryManager={"enabled": False}), kernel=_NoLoop(), compiler_class=XCachingCompiler, user_ns={})
    hook: Any = opened.displayhook
    publisher: Any = opened.display_pub
    hook.session = publisher.session = session
    hook.topic = b"execute_result"
    try:
        sys.stdout, sys.stderr, sys.argv = _Stream("stdout", session), _Stream("stderr", session), [""]
        _show_figures_inline(opened)
        _show_frames_whole()
        yield opened
    finally:
        sys.stdout, sys.stderr, sys.displayhook, sys.argv, sys.path[:] = before[:5]
        os.environ.clear()
        os.environ.update(before[5])
        if before[6] is not None:
            sys.modules["__main__"] = before[6]
        opened.atexit_operations()
        atexit.unregister(opened.atexit_operations)
        ZMQInteractiveShell.clear_instance()


def _show_frames_whole() -> None:
    """Do what pandas does when it is imported in a kernel, where it was imported before there was a shell: show up to 20 columns."""
    if "pandas" in sys.modules:
        import pandas as pd

        pd.set_option("display.max_columns", 20)


def _show_figures_inline(opened: ZMQInteractiveShell) -> None:
    """Do what a kernel does: figures are shown below the cell, also where matplotlib was imported before there was a shell."""
    os.environ["MPLBACKEND"] = INLINE
    if "matplotlib" in sys.modules:
        from IPython.core.pylabtools import activate_matplotlib
        from matplotlib_inline.backend_inline import configure_inline_support

        activate_matplotlib(INLINE)
        configure_inline_support(opened, INLINE)
