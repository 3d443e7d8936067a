"""The same steps on a cluster: a scheduler and two workers in processes of their own, one of them killed midway."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from factory import FEW, draft
from runs import Ran, command, differing, disturbed, every_file_is_whole, nothing_half_written, run, send

pytestmark = pytest.mark.slow
DASK = Path(sys.executable).with_name("dask")


class Cluster:
    """dask's own commands, as docs/cluster.md has them."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        self.workers = [self._start("worker", self.address, "--nthreads", "1", "--no-dashboard", "--local-directory", folder) for _ in range(2)]

    def _start(self, *arguments: str | Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen([DASK, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder)

    def ready(self) -> None:
        """Wait for both workers."""
        from distributed import Client

        with Client(self.address, timeout=60) as client:
            client.wait_for_workers(2, timeout=60)

    def stop(self) -> None:
        """End it all."""
        for process in [*self.workers, self.scheduler]:
            for each in [*psutil.Process(process.pid).children(recursive=True), process] if process.poll() is None else []:
                each.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "dask").mkdir()
    started = Cluster(tmp_path / "dask")
    try:
        started.ready()
        yield started
    finally:
        started.stop()


def test_a_worker_that_is_killed_midway_costs_nothing_but_time(whole: Ran, cluster: Cluster, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path / "evaluation")

    def kill_worker(_: int) -> bool:
        if not any(folder.glob("data/processed/parts/indicators/*")):
            return False
        for each in [*psutil.Process(cluster.workers[0].pid).children(recursive=True), cluster.workers[0]]:
            each.kill()
        return True

    ran = disturbed(folder, kill_worker, "--cluster", cluster.address)
    assert ran.status == 0, ran.messages
    assert len(ran.done) == 17
    nothing_half_written(folder)
    assert differing(folder, whole.folder) == []
    assert json.loads((folder / "reports/run.json").read_text(encoding="utf-8"))["cluster"] == cluster.address


def test_an_interrupt_ends_what_the_workers_run(whole: Ran, cluster: Cluster, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path / "evaluation")
    ran = disturbed(folder, send(signal.SIGINT, lambda: any(folder.glob("data/processed/parts/indicators/*"))), "--cluster", cluster.address)
    assert ran.status == 1
    time.sleep(3)  # a worker looks each second whether its run still holds the lock
    running = [each for worker in cluster.workers for each in psutil.Process(worker.pid).children(recursive=True) if "/notebooks" in each.cwd()]
    assert running == []
    every_file_is_whole(folder)
    again = run(folder)
    assert again.done.isdisjoint(ran.done)
    assert differing(folder, whole.folder) == []


def test_a_scheduler_that_is_lost_is_said_and_the_next_run_goes_on(whole: Ran, cluster: Cluster, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path / "evaluation")

    def kill_scheduler(_: int) -> bool:
        if any(folder.glob("data/processed/parts/indicators/*")):
            cluster.scheduler.kill()
            return True
        return False

    ran = disturbed(folder, kill_scheduler, "--cluster", cluster.address)
    assert ran.status == 1
    assert "its scheduler was lost" in ran.messages
    again = run(folder)
    assert (again.status, again.done & ran.done) == (0, set())
    assert differing(folder, whole.folder) == []


def test_an_address_where_nothing_answers_is_a_wrong_call(tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    ran = subprocess.run([*command(folder)[:3], "--cluster", "no-address"], capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "no scheduler answers at no-address" in ran.stderr
    assert not (folder / "reports").exists()


def test_nothing_of_it_is_imported_without_it() -> None:
    look = "import sys, midterm.run.call, midterm.run.process; print([name for name in ('distributed', 'dask') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout.strip() == "[]"
