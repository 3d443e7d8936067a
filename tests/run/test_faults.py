"""Faults injected into real runs: whatever happens, no file is half-written and the next run ends as an undisturbed one."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import yaml

from factory import FEW, draft
from runs import Ran, differing, disturbed, every_file_is_whole, notebook_processes, nothing_half_written, run, send

pytestmark = pytest.mark.slow
MOMENTS: dict[str, Callable[[Path], bool]] = {
    "before the first notebook": lambda folder: (folder / ".midterm/runs.sqlite").exists(),
    "while cleaning": lambda folder: any(folder.glob("data/processed/parts/responses/*/*")),
    "while measuring": lambda folder: any(folder.glob("data/processed/parts/indicators/*")),
    "while pooling": lambda folder: (folder / "reports/tables/indicators.csv").exists(),
    "while drawing": lambda folder: any(folder.glob("reports/figures/*.svg")),
    "while publishing": lambda folder: any(folder.glob("reports/report.*")),
}
TOGETHER = {"compare_alliances", "draw_all", "draw_alliance", "publish_report", "publish_tables"}
STOPS = tuple(zip(MOMENTS, (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL), strict=True))


def limited(folder: Path, **limits: dict[str, float]) -> Path:
    """Set limits in the description of an evaluation."""
    described = yaml.safe_load((folder / "evaluation.yml").read_text(encoding="utf-8"))
    described["limits"] = limits
    (folder / "evaluation.yml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    return folder


def goes_on(folder: Path, whole: Ran, done_before: set[str]) -> None:
    """Check that the next run does not do again what was done, and ends as an undisturbed run."""
    again = run(folder)
    assert again.status == 0, again.messages
    assert again.done.isdisjoint(done_before)
    assert differing(folder, whole.folder) == []
    nothing_half_written(folder)


def test_a_run_stopped_again_and_again_always_goes_on_from_there(whole: Ran, tmp_path: Path) -> None:
    folder, done = draft(5, FEW).write(tmp_path), set[str]()
    for moment, how in STOPS:
        ran = disturbed(folder, send(how, lambda moment=moment: MOMENTS[moment](folder)))  # type: ignore[misc]
        assert ran.status == (-signal.SIGKILL if how is signal.SIGKILL else 1), (moment, ran.messages)
        assert ran.done.isdisjoint(done), moment
        every_file_is_whole(folder)
        assert not (folder / "reports/run.json").exists()
        if how is not signal.SIGKILL:
            nothing_half_written(folder)
            assert "Run again to complete the rest" in ran.messages
        done |= ran.done
    assert len(done) > 8
    goes_on(folder, whole, done)


def test_nothing_runs_on_when_the_batch_is_killed(tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    left: list[psutil.Process] = []

    def kill(process: int) -> bool:
        left[:] = notebook_processes(process)
        return bool(left) and send(signal.SIGKILL, lambda: MOMENTS["while measuring"](folder))(process)

    disturbed(folder, kill)
    gone, alive = psutil.wait_procs(left, timeout=10)
    assert gone
    assert not alive


def test_a_notebooks_process_that_is_killed_is_named_and_the_others_finish(whole: Ran, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)

    def kill_one(process: int) -> bool:
        is_drawing = any(folder.glob("reports/figures/*.svg"))
        running = notebook_processes(process) if is_drawing else []
        for each in running[:1]:
            each.kill()
        return bool(running)

    ran = disturbed(folder, kill_one)
    assert ran.status == 1
    killed = {line.split(":")[0] for line in ran.messages.splitlines() if "its process was killed (SIGKILL)" in line}
    assert len(killed) == 1, ran.messages
    assert {label.split()[0] for label in ran.failed - killed} <= TOGETHER  # which may not do without it
    assert len(ran.failed | ran.done) == 17
    nothing_half_written(folder)
    goes_on(folder, whole, {label for label in ran.done if label.split()[0] not in TOGETHER})


def test_the_process_that_all_are_forked_from_may_be_killed(whole: Ran, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)

    def kill_source(process: int) -> bool:
        source = [child for child in psutil.Process(process).children() if notebook_processes(process) and child.children()]
        for each in source:
            each.kill()
        return bool(source)

    ran = disturbed(folder, kill_source)
    assert len(ran.failed) <= 2  # what was under way; a notebook that had just begun may outlive it, and then ends well
    assert len(ran.failed | ran.done) == 17
    assert ran.status == (1 if ran.failed else 0)
    nothing_half_written(folder)
    assert run(folder).status == 0
    assert differing(folder, whole.folder) == []


def test_steps_that_exceed_their_limits_are_named_and_the_others_finish(whole: Ran, tmp_path: Path) -> None:
    folder = limited(draft(5, FEW).write(tmp_path), compare_waves={"minutes": 0.003}, publish_report={"gigabytes": 0.2})
    ran = run(folder)
    assert (ran.status, ran.failed) == (1, {"compare_waves noord", "compare_waves zuid", "publish_report"})
    assert ran.messages.count("took longer than its limit of 0.003 minutes") == 2
    assert "took more memory than its limit of 0.2 GB" in ran.messages
    assert len(ran.done) == 14
    assert not list(folder.glob("data/processed/parts/change/*"))
    nothing_half_written(folder)
    shutil.copy(whole.folder / "evaluation.yml", folder / "evaluation.yml")
    assert run(folder).status == 0
    assert differing(folder, whole.folder) == []


def test_a_limit_for_a_step_that_there_is_not_is_refused(tmp_path: Path) -> None:
    ran = run(limited(draft().write(tmp_path), compare_wave={"minutes": 1}))
    assert ran.status == 2
    assert "limits.compare_wave: 'compare_wave' is no step; the nearest valid name is 'compare_waves'" in ran.messages


def test_a_second_run_at_once_is_refused_with_the_firsts_process_and_the_first_ends_well(whole: Ran, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    second: list[tuple[int, Ran]] = []

    def run_too(process: int) -> bool:
        if notebook_processes(process):
            second.append((process, run(folder)))
        return bool(second)

    first = disturbed(folder, run_too)
    process, refused = second[0]
    assert refused.status == 2
    assert f"a run of this evaluation is under way (process {process})" in refused.messages
    assert first.status == 0
    assert differing(folder, whole.folder) == []


def test_a_file_that_may_not_grow_is_named_and_nothing_is_cut_off(whole: Ran, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    ran = run(folder, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)))
    assert ran.status == 1
    assert ran.failed
    assert "a file grew larger than this system lets it" in ran.messages
    nothing_half_written(folder)
    goes_on(folder, whole, set())


@contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Callable[[str], None]]:
    """Give a disk of its own to ``folder``, and what changes it; skip where this user may not mount one."""
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "midterm-test", folder], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("this user may not mount a small disk (tmpfs), which a full or read-only disk needs")
    try:
        yield lambda option: subprocess.run(["mount", "-o", f"remount,{option}", folder], check=True) and None
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_full_disk_is_named_leaves_nothing_cut_off_and_the_next_run_goes_on(whole: Ran, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 100) as change:
        folder = draft(5, FEW).write(tmp_path / "disk")
        for kilobytes in (150, 1200, 3000):
            change(f"size={kilobytes}k")
            ran = run(folder)
            assert ran.status in (1, 2), kilobytes
            assert "No space left on device" in ran.messages or "disk is full" in ran.messages, ran.messages
            every_file_is_whole(folder)
        change("size=200m")
        goes_on(folder, whole, set())


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_done(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 200_000) as change:
        folder = draft(5, FEW).write(tmp_path / "disk")
        change("ro")
        ran = run(folder)
        assert ran.status == 2
        assert "nothing can be written here (Read-only file system)" in ran.messages
        change("rw")
        assert run(folder, "--only", "clean_frameworks").status == 0


def test_inputs_that_change_during_the_run_are_seen_by_the_next(whole: Ran, tmp_path: Path) -> None:
    folder = draft(5, FEW).write(tmp_path)
    survey = folder / "data/raw/survey-2025.csv"
    right = survey.read_bytes()
    survey.write_bytes(right.replace(b'"A1"', b'"A2"'))

    def correct(_: int) -> bool:
        if MOMENTS["while measuring"](folder):
            survey.write_bytes(right)
            return True
        return False

    disturbed(folder, correct)
    assert "clean_survey 2025" in run(folder).done
    assert differing(folder, whole.folder) == []
