"""The page on figures in JupyterLab: in, the registry of figures; out, docs/figures.md. A test runs the code that stands in it."""

from __future__ import annotations

from markdown_tables import table
from midterm.description import Evaluation
from midterm.publish.drawing import families

PAGE = """# Figures in JupyterLab

Made by `tools/document.py` from the registry of figures; do not edit by hand.

After a run (`midterm run`), `make lab` opens JupyterLab. Three lines draw any figure of the set, in a notebook anywhere in the
evaluation's folder:

```python
from midterm.publish import draw
chart = draw("forest_cooperation", language="en")
chart
```

What is shown is the figure with its alt text and caption, and the mark of synthetic data where the data are. The first argument
is the figure, the second the alliance; `wave` shows what there was at that wave, with everything later left out; without
`language` it is the first language of the evaluation; `evaluation` names another evaluation's folder.

```python
draw("waves", "zonnewijzer", wave="2024", language="nl")
```

A name that is not known is answered with the nearest one that is. Only what the evaluation's audience may see is drawn
(`publication.audience`): a result on too few persons is not in the figure, as in the report.

## Changing a figure

Underneath is an ordinary matplotlib figure. What was changed is what is shown and saved:

```python
axes = chart.figure.axes[1]
axes.axvline(0.5, color="#8e3b00", linestyle="--")
chart = chart.saying(alt=chart.words.alt + " A dashed line marks half a point.")
chart
```

`chart.figure.axes[0]` covers the whole figure and holds title, names and notes; the others hold the data. `chart.data` has the numbers
drawn, `chart.words` title, subtitle, source, note and alt text. Alt text and caption follow from the tables, not from what was
changed by hand, so `saying` gives the new ones. `save` writes SVG, PNG, the numbers as CSV, and the words as JSON:

```python
chart.save("my-work", "my_figure")  # my-work/reports/figures/my_figure.en.png and the three others
```

The figures of the report are made anew by each run; save a changed one under a name of its own.

## The figures

`figure_list()` gives the list for your evaluation with every name; `INDICATOR` stands for an indicator's id, as in `forest_cooperation`.

```python
from midterm.publish import figure_list
figure_list()
```

{figures}

## One estimate

```python
from midterm.publish import estimate, level
estimate("cooperation", "klimop", language="en")
```

shows the planned change with its interval, persons, verdict, remarks and method; `level("cooperation", "klimop", "2024")` shows the value
in one wave. `str()` of it is the report's own sentence; `.value`, `.low`, `.high`, `.n`, `.verdict`, `.method` and `.flag` are there to compute
with. A result on too few persons has the words in its place and no number.

```python
level("incident_share", language="en").sentence
```

## Colours, font and audience

They are settings in `evaluation.yml`, for all figures, the factsheets and the report at once:

```yaml
publication:
  audience: public          # or internal: results on fewer persons, and a mark on everything that says so
  internal_minimum: 5       # the fewest persons for an internal audience; plan.public_minimum is that for the public
  colours: ["#8e3b00", "#e08214", "#bdbdbd", "#5aa0d0", "#154273"]   # from unfavourable to favourable
  font:                     # four files of your own font; without it the vendored Source Sans 3
    name: My Sans
    regular: fonts/MySans-Regular.ttf
    italic: fonts/MySans-Italic.ttf
    semibold: fonts/MySans-Semibold.ttf
    bold: fonts/MySans-Bold.ttf
```

The first and the last colour are also those of text, so they must be dark enough; `midterm check` says when they are not.
Nothing is said by colour alone: signs, places and words say it too.

## The annex workbook

`reports/annex.nl.xlsx` and `annex.en.xlsx` hold the tables for the annex of the report: a cover, a list of contents, notes on every column, remark and
method, and one table a sheet. Numbers are numbers, text is text whatever it begins with, and "n<10" stands where a result would be on too
few persons.
"""


def figures_page(evaluation: Evaluation) -> str:
    """Return the page, with the figures that an evaluation has; those of each indicator as one row."""
    rows = [[f"`{name}`", *map(str, row)] for name, row in zip(families(evaluation).index, families(evaluation).to_numpy(), strict=True)]
    return PAGE.replace("{figures}", table(["figure", "shows", "drawn for", "tables"], rows))
