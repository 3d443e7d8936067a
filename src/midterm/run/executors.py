"""Where the notebooks run: in, how many or the address of a cluster; out, an executor of the standard library's kind.

On one machine that is threads which each mind one notebook's process; on several it is dask's own, and all that is ours is to
say in a sentence when it cannot be had.
"""

from __future__ import annotations

import logging
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from midterm.errors import ConfigError, Problem


@contextmanager
def this_machine(jobs: int) -> Iterator[tuple[Executor, int]]:
    """Give ``jobs`` threads, and how many; when the block is interrupted, what is under way is ended and cleared before this returns."""
    threads = ThreadPoolExecutor(jobs)
    try:
        yield threads, jobs
    except BaseException:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # clearing up takes a moment, and is not to be left halfway
        waiting = threading.Thread(target=threads.shutdown, kwargs={"cancel_futures": True})
        waiting.start()
        while waiting.is_alive():
            for process in multiprocessing.active_children():
                process.kill()
            waiting.join(0.1)
        raise
    threads.shutdown()


@contextmanager
def cluster(address: str, jobs: int | None, say: Callable[[str], None]) -> Iterator[tuple[Executor, int]]:
    """Give the executor of the dask scheduler at ``address``, and how many notebooks it runs at a time; raise ConfigError when there is none.

    When the block is interrupted, the workers see within a second that the run has let go of its lock, and end what they run.
    """
    try:
        from distributed import Client
    except ImportError:
        reason = "a cluster needs the library `distributed`; install midterm with its extra `cluster`"
        raise ConfigError(Problem("--cluster", rule="no_cluster", reason=reason)) from None
    logging.disable()  # what the engine has to say of a lost connection is said below in a sentence
    try:
        client = Client(address, timeout=10)
    except (OSError, ValueError, TypeError) as error:
        reason = f"no scheduler answers at {address} ({type(error).__name__}); start one with `dask scheduler` and name its address"
        raise ConfigError(Problem("--cluster", rule="no_cluster", reason=reason)) from None
    try:
        places = sum(client.nthreads().values())
        if not places:
            say(f"Waiting for workers at {address}.")
        yield client.get_executor(pure=False), min(jobs or places, places) or 1
    finally:
        client.close(timeout=2)
        logging.disable(logging.NOTSET)
