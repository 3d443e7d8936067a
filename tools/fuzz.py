"""Fuzzing on demand: in, how many seconds; out, what was run, and for every broken law the input that breaks it.

``fuzz.py SECONDS`` shares the time among the targets, each in a process of its own, as the fuzzer (libFuzzer, by atheris)
ends with its process. ``fuzz.py TARGET HEX`` runs one input again.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LIMITS = ("-timeout=20", "-rss_limit_mb=2048", "-max_len=512", "-print_final_stats=1")
TARGETS = ("decode", "boxes", "numbers", "times", "names", "headings", "delimited", "description")


def main(arguments: list[str]) -> int:
    """Share the seconds among the targets, or run one target; return 1 when a law was broken."""
    if len(arguments) == 1 and arguments[0].isdecimal():
        seconds = max(int(arguments[0]) // len(TARGETS), 1)
        broken = [target for target in TARGETS if _is_broken(target, seconds)]
        return int(bool(broken))
    if len(arguments) == 2 and arguments[0] in TARGETS:
        return _again(*arguments)
    if len(arguments) > 2 and arguments[0] in TARGETS:
        _fuzz(*arguments)
    print(f"fuzz.py SECONDS, or fuzz.py TARGET HEX (one of {', '.join(TARGETS)})", file=sys.stderr)
    return 2


def _is_broken(target: str, seconds: int) -> bool:
    """Fuzz one target in a process of its own, and tell what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, target, folder, *LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={folder}/found-"]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env={**os.environ, "TMPDIR": folder})  # noqa: S603
        found = sorted(Path(folder).glob("found-*"))
        ran = re.search(r"stat::number_of_executed_units: (\d+)", done.stderr)
        print(f"{target}: {int(ran[1]) if ran else 0:,} inputs", flush=True)
        for path in found:
            said = re.findall(r"^[\w.]*(?:Error|Exception)\b.*|^ALARM: .*|.*out-of-memory.*", done.stdout + done.stderr, flags=re.MULTILINE)
            print(f"  broken: {said[0] if said else path.name}\n  again: tools/fuzz.py {target} {path.read_bytes().hex() or '00'}", flush=True)
        if done.returncode and not found:
            print(done.stderr[-2000:], file=sys.stderr)
    return done.returncode != 0


def _fuzz(target: str, folder: str, *flags: str) -> None:
    """Fuzz one target until its time is over; never returns."""
    import atheris

    with atheris.instrument_imports(include=["midterm", "fuzz_targets"]):
        import fuzz_targets

    chosen = fuzz_targets.TARGETS[target]
    corpus = Path(folder, "corpus")
    corpus.mkdir()
    for number, seed in enumerate(chosen.seeds):
        (corpus / str(number)).write_bytes(seed)
    words = Path(folder, "words")
    words.write_text("".join('"' + "".join(f"\\x{byte:02x}" for byte in token) + '"\n' for token in fuzz_targets.TOKENS), encoding="ascii")
    atheris.Setup([sys.argv[0], *flags, f"-dict={words}", str(corpus)], chosen.check)
    atheris.Fuzz()


def _again(target: str, written: str) -> int:
    """Run one input again, with the whole traceback where it breaks a law."""
    import fuzz_targets

    fuzz_targets.TARGETS[target].check(bytes.fromhex(written))
    print(f"{target}: holds for this input")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
