"""A new evaluation: in, the name of a folder that holds nothing yet; out, a valid description in it, to be changed by hand."""

from __future__ import annotations

import re
from pathlib import Path

from midterm.description.corrections import FIELDS
from midterm.description.evaluation import SHIPPED
from midterm.errors import ConfigError, Problem
from midterm.files import replacing

TEMPLATES = Path(__file__).parent / "templates"
# What was different about an item in an earlier wave of the shipped evaluation is no part of a new one.
HISTORY = re.compile(rb"^( +)changes:\n(?:\1 +.*\n)+", re.MULTILINE)
# Nor is what was promised there.
TARGETS = re.compile(rb"^ +target: .*\n", re.MULTILINE)


def skeleton() -> dict[str, bytes]:
    """Return the files of a new evaluation by name: the description last, so that nothing half-made passes for one."""
    return {
        ".gitignore": (TEMPLATES / "gitignore").read_bytes(),
        "data/raw/README.md": (TEMPLATES / "raw-readme.md").read_bytes(),
        "config/codebook.yml": HISTORY.sub(b"", (SHIPPED / "codebook.yml").read_bytes()),
        "config/indicators.yml": TARGETS.sub(b"", (SHIPPED / "indicators.yml").read_bytes()),
        "config/corrections.csv": f"{','.join(FIELDS)}\n".encode(),
        "evaluation.yml": (TEMPLATES / "evaluation.yml").read_bytes(),
    }


def new_evaluation(folder: Path) -> None:
    """Write the files of a new evaluation; raise ConfigError when the folder holds anything or cannot be written."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            reason = "something stands here already; name a folder that does not exist yet, or an empty one"
            raise ConfigError(Problem(str(folder), rule="not_empty", reason=reason))
        for name, content in skeleton().items():
            with replacing(folder / name) as beside:
                beside.write_bytes(content)
    except OSError:
        reason = "this folder cannot be made or written; check the name, permissions and free space"
        raise ConfigError(Problem(str(folder), rule="not_written", reason=reason)) from None
