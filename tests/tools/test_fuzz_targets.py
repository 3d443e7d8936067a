"""What is fuzzed on demand holds for what fuzzing starts from, and the runner names the same targets."""

from __future__ import annotations

import pytest

import fuzz
import fuzz_targets


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, target in fuzz_targets.TARGETS.items() for seed in (*target.seeds, b"")])
def test_every_target_holds_for_the_inputs_that_fuzzing_starts_from(name: str, seed: bytes) -> None:
    fuzz_targets.TARGETS[name].check(seed)


def test_a_broken_law_is_an_error() -> None:
    with pytest.raises(AssertionError, match="so it is"):
        fuzz_targets.hold(False, "so it is")


def test_the_runner_knows_every_target_and_runs_one_input_again(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(fuzz.TARGETS) == set(fuzz_targets.TARGETS)
    assert fuzz.main(["decode", b"weet ik niet".hex()]) == 0
    assert capsys.readouterr().out == "decode: holds for this input\n"
    assert fuzz.main(["dekode", "00"]) == 2
