"""The documents that follow from the description: in, codebook, tables and models; out, data dictionary and JSON Schemas.

``python tools/document.py`` writes them below docs/, with the index of methods and the page of measured rates
(``document_methods.py``); a test keeps them equal to what is written here.
"""

from __future__ import annotations

import json
from pathlib import Path

from document_figures import figures_page
from document_methods import calibration_page, method_index
from document_plan import plan_picture
from markdown_tables import table as _table
from midterm.collect.questionnaire import questionnaire
from midterm.description import Evaluation, load_evaluation
from midterm.description.codebook import Codebook
from midterm.description.evaluation_file import EvaluationFile
from midterm.description.indicators import Indicators
from midterm.tables import DECLARED

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = {"evaluation": EvaluationFile, "codebook": Codebook, "indicators": Indicators}


def documents(evaluation: Evaluation) -> dict[str, str]:
    """Return every generated document: path relative to the repository -> content."""
    schemas = {f"docs/schema/{name}.schema.json": json.dumps(model.model_json_schema(), indent=1, ensure_ascii=False) + "\n" for name, model in SCHEMAS.items()}
    made = {"docs/data-dictionary.md": data_dictionary(evaluation), "docs/method-index.md": method_index(), "docs/calibration.md": calibration_page()}
    return {**schemas, **made, "docs/figures.md": figures_page(evaluation), "docs/figures/plan.svg": plan_picture()}


def data_dictionary(evaluation: Evaluation) -> str:
    """Return the data dictionary: the questionnaire, the framework form, the code frame, the indicators and the tables."""
    parts = [
        "# Data dictionary",
        "Made from `config/codebook.yml`, `config/indicators.yml` and `src/midterm/tables.py` by `tools/document.py`; do not edit by hand.",
    ]
    return "\n\n".join([*parts, *_items(evaluation), *_form(evaluation), *_indicators(evaluation), *_tables()]) + "\n"


def _items(evaluation: Evaluation) -> list[str]:
    parts = ["## Questionnaire"]
    dutch = {asked.item.id: asked for block in questionnaire(evaluation.codebook, "nl") for asked in block.items}
    for block in questionnaire(evaluation.codebook, "en"):
        rows = []
        for asked in block.items:
            item, scale = asked.item, evaluation.codebook.scales[asked.item.scale]
            codes = "; ".join(
                [
                    *(f"{'/'.join(entry.codes)} = {entry.value:g}" for entry in scale.answers),
                    *(f"{'/'.join(entry.codes)} = {entry.kind}" for entry in scale.missing),
                ]
            )
            changed = "; ".join(f"{wave}: {wording}" for wave, wording in dutch[item.id].changed)
            wording = dutch[item.id].wording + (f" ({changed})" if changed else "")
            rows.append(
                [
                    f"`{item.id}`",
                    f"`{item.column}`",
                    wording,
                    asked.wording,
                    f"{scale.low:g}-{scale.high:g}",
                    codes,
                    "reversed" if item.reversed else "",
                    ", ".join(item.waves) or "all",
                ]
            )
        parts += [
            f"### {block.title} (`{block.block.id}`, {block.block.kind})",
            _table(["item", "column", "nl", "en", "scale", "codes", "direction", "waves"], rows),
        ]
    return parts


def _form(evaluation: Evaluation) -> list[str]:
    form, interviews = evaluation.codebook.framework, evaluation.codebook.interviews
    parts = []
    if form:
        lists = {
            "levels": form.levels,
            "units": form.units,
            "directions": form.directions,
            "reporting": form.reporting,
            "statuses": form.statuses,
            "bottlenecks": form.bottlenecks,
        }
        parts += ["## Framework workbook", _table(["field", "nl", "en"], [[f"`{field}`", text.nl, text.en] for field, text in form.columns.items()])]
        parts.append(
            _table(
                ["list", "id", "nl", "en"], [[name, f"`{entry.id}`", entry.label.nl, entry.label.en] for name, entries in lists.items() for entry in entries]
            )
        )
    if interviews:
        codes = [["theme", entry] for entry in interviews.themes] + [["group", entry] for entry in interviews.groups]
        parts += ["## Interviews", _table(["kind", "id", "nl", "en"], [[kind, f"`{entry.id}`", entry.label.nl, entry.label.en] for kind, entry in codes])]
        parts.append(
            _table(
                ["rating", "codes", "nl", "en"], [[f"{entry.value:g}", " ".join(entry.codes), entry.label.nl, entry.label.en] for entry in interviews.ratings]
            )
        )
    return parts


def _indicators(evaluation: Evaluation) -> list[str]:
    rows = [
        [
            f"`{entry.id}`",
            entry.label.nl,
            entry.label.en,
            entry.statistic,
            ", ".join(f"`{item}`" for item in entry.items),
            entry.better,
            f"{entry.margin:g}",
            "yes" if entry.id in evaluation.plan.primary else "",
        ]
        for entry in evaluation.indicators
    ]
    return ["## Indicators", _table(["indicator", "nl", "en", "statistic", "items", "better", "margin", "primary"], rows)]


def _tables() -> list[str]:
    parts = ["## Tables"]
    for table in DECLARED:
        rows = [[f"`{name}`", kind, meaning] for name, (kind, meaning) in table.columns.items()]
        parts += [f"### `{table.folder}/{table.name}`", f"One row: {table.row}.", _table(["column", "type", "meaning"], rows)]
    return parts


if __name__ == "__main__":
    for name, content in documents(load_evaluation(ROOT)).items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(content, encoding="utf-8")
